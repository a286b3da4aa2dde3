"""Verdict -> document: what a reader needs, in the order of need. Words only; nothing is decided here."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from perfgate.core.finding import WHOLE_SUITE, ExitCode, Finding, Status, Verdict
from perfgate.core.metrics import is_of_stage
from perfgate.core.profile import title
from perfgate.core.reasons import hint_for, sentence
from perfgate.report.codec import ReportData, round_numbers
from perfgate.report.document import (
    BENCHMARK,
    METRIC,
    Block,
    Bullets,
    Column,
    Document,
    Entry,
    Fold,
    Heading,
    Line,
    Paragraph,
    Span,
    Table,
    name,
    strong,
    text,
)
from perfgate.report.gate_changes import list_gate_changes
from perfgate.report.provenance import describe_measurement, list_environment_changes, list_large_shifts
from perfgate.report.stages import attributions_of, fold_attributions
from perfgate.report.words import amount, count, detectable, percent, span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perfgate.core.errors import Diagnostic

_NONE = "–"
_BLIND = frozenset({"many-rows", "one-session", "too-noisy", "too-noisy-in-turns", "few-runs"})
_SHOWN_FIRST = frozenset(
    {
        "base-unknown",
        "baseline-renamed",
        "benchmarks-left-out",
        "files-joined",
        "gate-edited",
        "inputs-differ",
        "removed-beside-new",
        "report-contradicts-run",
        "results-left-behind",
        "runs-failed",
        "runs-of-another-commit",
        "runs-older",
        "same-as-baseline",
        "same-code",
        "sides-share",
    }
)
_LACKS = "base-lacks"
_UNJUDGED = frozenset({Status.NEW, Status.REMOVED})
PARTS = (
    "failed",
    "problems",
    "undecided",
    "removed",
    "suspected",
    "waived",
    "attributions",
    "refuted",
    "advisory",
    "noisy",
    "notes",
    "improved",
    "new",
    "unchanged",
    "stages",
    "shown",
)
"""The parts of a report that may grow, what a reader needs most first."""
_NO_FINDINGS = frozenset({"problems", "notes", "attributions"})
_PLAIN = {
    Status.SUSPECTED: "suspected",
    Status.WAIVED: "waived",
    Status.REMOVED: "removed",
    Status.NEW: "new",
}


def compose(verdict: Verdict) -> Document:
    """Return the report of a verdict."""
    verdict = round_numbers(verdict)
    return Document(data=ReportData(verdict), blocks=blocks_of(verdict, {}), verdict=verdict)


def sizes_of(verdict: Verdict) -> dict[str, int]:
    """Return how many values each part of a report has, by the part's name in `PARTS`; faults and notes among them."""
    found = {n: len(rows) for n, rows in _groups(verdict).items()}
    parts = {"problems": verdict.problems, "notes": _notes(verdict), "attributions": attributions_of(verdict)}
    return {**found, **{name: len(part) for name, part in parts.items()}}


def blocks_of(verdict: Verdict, most: Mapping[str, int]) -> tuple[Block, ...]:
    """Return the blocks of a report, with no more rows in its parts than there is room for.

    Args:
        verdict: as `round_numbers` leaves it.
        most: part -> rows, the first and worst of which are kept; a part that is not named is kept whole.
    """
    full = _groups(verdict)
    groups = {n: rows[: most.get(n, len(rows))] for n, rows in full.items()}
    first = [
        *(describe_diagnostic(d) for d in verdict.notes if d.slug in _SHOWN_FIRST),
        *list_environment_changes(verdict),
    ]
    first += list_large_shifts(verdict)
    blocks: list[Block] = [Paragraph(line=_headline(verdict, full, quiet=not first))]
    blocks += [Paragraph(line=line) for line in first]
    blocks += list_gate_changes(verdict)
    if verdict.introduces:
        what = "what is measured" if any(d.slug == _LACKS for d in verdict.notes) else "the gate"
        blocks.append(Paragraph(line=(text(f"This change introduces {what}: there is nothing to compare with yet."),)))
    blocks += _problems(verdict.problems[: most.get("problems", len(verdict.problems))])
    blocks += _section("Removed", groups["removed"], remarks=True)
    blocks += _section("Regressed", groups["failed"], remarks=True)
    blocks += _section("Could not be judged", groups["undecided"], remarks=True)
    blocks += _section("Suspected, not failing", groups["suspected"], remarks=True)
    blocks += fold_attributions(attributions_of(verdict, most.get("attributions")))
    blocks += _section("Suspected before, not confirmed", groups["refuted"], remarks=True)
    blocks += _section("Worse, and waived", groups["waived"], remarks=True)
    unknown = [f for f in groups["advisory"] if f.reason == "saturated"]
    blocks += _section("Worse, but not gated", [f for f in groups["advisory"] if f not in unknown], remarks=True)
    blocks += _section("Unknown, and not gated", unknown, remarks=True)
    blocks += _section("New", groups["new"], remarks=False)
    blocks += _section("Improved", groups["improved"], remarks=False)
    blocks += _hints(groups["improved"])
    blocks += _noisy(groups["noisy"])
    blocks += _fold("Unchanged", groups["unchanged"], len(full["unchanged"]))
    blocks += _fold("Stages that took longer", groups["stages"], len(full["stages"]))
    blocks += _fold("Too few runs to judge", groups["shown"], len(full["shown"]))
    rest = _notes(verdict)
    rest = rest[: most.get("notes", len(rest))]
    if rest:
        blocks += [Heading(line=(text("Notes"),)), Bullets(lines=rest)]
    blocks.append(
        Fold(summary=(text("How this was measured"),), blocks=(Bullets(lines=tuple(describe_measurement(verdict))),))
    )
    return tuple(blocks)


def _notes(verdict: Verdict) -> tuple[Line, ...]:
    return tuple(describe_diagnostic(d) for d in verdict.notes if d.slug not in _SHOWN_FIRST)


def _groups(verdict: Verdict) -> dict[str, list[Finding]]:
    """Return the findings by the section that they belong to."""
    groups: dict[str, list[Finding]] = {n: [] for n in PARTS if n not in _NO_FINDINGS}
    for f in verdict.findings:
        if f.benchmark != WHOLE_SUITE or f.status is not Status.UNCHANGED:
            groups[_group_of(f, verdict)].append(f)
    if groups["new"] and not verdict.baseline and not verdict.introduces:
        groups["new"] = _not_limited(groups["new"], [f for f in verdict.findings if f.method == "budget"])
    return groups


def _not_limited(new: Sequence[Finding], judged: Sequence[Finding]) -> list[Finding]:
    """Return the values without those that a budget judged: without baselines "new" says nothing more of them.

    A budget on a series of Prometheus may call the only metric of that series by a name of its own: then that of
    the same statistic and the same value is meant.
    """
    of_metric = {f.key for f in judged}
    names = {f.key for f in new}
    of_value = {(f.key[:3], f.statistic, f.current) for f in judged if f.key not in names}
    return [f for f in new if f.key not in of_metric and (f.key[:3], f.statistic, f.current) not in of_value]


def _group_of(f: Finding, verdict: Verdict) -> str:
    """Return the section of a finding."""
    if f.status is Status.IMPROVED:
        return "improved"
    if verdict.fails(f):
        return "failed"
    if verdict.is_undecided(f):
        return "undecided"
    if f.level == "fail" and f.reason == "not-confirmed":
        return "refuted"
    if f.level == "fail" and f.reason == "budget-of-few-calls":
        return "suspected"
    if f.status is Status.UNCHANGED:
        return _group_of_unchanged(f)
    if f.status is Status.ADVISORY and f.level == "info" and is_of_stage(f.metric):
        return "stages"  # it explains the time of the whole, which is judged
    return _PLAIN.get(f.status, "advisory")


def _group_of_unchanged(f: Finding) -> str:
    if f.level == "fail" and f.reason in _BLIND:
        return "noisy"
    # A tail of few runs only repeats what its median says.
    return "shown" if not f.method and _is_beyond_limit(f) else "unchanged"


def _say_nothing(verdict: Verdict) -> str:
    return "nothing was judged." if any(f.status is Status.NEW for f in verdict.findings) else "nothing was measured."


def _headline(verdict: Verdict, groups: dict[str, list[Finding]], *, quiet: bool) -> Line:
    """Return the first line: the verdict, and where to read on.

    Args:
        verdict: as `round_numbers` leaves it.
        groups: part -> its findings.
        quiet: no line stands between the first and the sections.
    """
    failed, undecided = len(groups["failed"]), len(groups["undecided"])
    judged = [
        f for f in verdict.findings if f.level == "fail" and f.status not in _UNJUDGED and f.benchmark != WHOLE_SUITE
    ]
    if verdict.exit_code is ExitCode.CANNOT_DECIDE:
        faults = len(verdict.problems)
        parts = [count(faults, "fault")] if faults else []
        parts += [f"{count(undecided, 'value')} could not be judged"] if undecided else []
        parts += [f"{count(failed, 'value')} regressed"] if failed else []
        words = f"{', '.join(parts)}. Fix the first item below." if parts else _say_nothing(verdict)
        return strong("Cannot decide"), text(f": {words}")
    if verdict.exit_code is ExitCode.REGRESSION and not failed:
        better = sum(map(verdict.fails, groups["improved"]))
        words = f"{better:,} of {count(len(judged), 'gated value')} improved, and"
        return (
            strong("Improvement to keep"),
            text(f": {words} "),
            name('on_improved = "fail"'),
            text(" asks to record it."),
        )
    if verdict.exit_code is ExitCode.REGRESSION:
        rows = sum(f.benchmark != WHOLE_SUITE for f in groups["failed"])
        together = ", and all benchmarks together" if rows else ", but all benchmarks together did"
        words = f"{rows:,} of {count(len(judged), 'gated value')} regressed"
        return strong("Regression"), text(f": {words}{together if rows < failed else ''}.")
    if verdict.introduces:
        return strong("Pass"), text(f": {count(len(groups['new']), 'value')} measured.")
    if not judged:
        return strong("Pass"), text(": no value is gated, so that the check cannot fail. Check the rules.")
    if all(f.reason == "below-least" for f in judged):
        words = "every gated value is shorter than --min-time, so that the check cannot fail. Lower --min-time."
        return strong("Pass"), text(f": {words}")
    return strong("Pass"), text(f": {count(len(judged), 'gated value')} measured, {_passed(groups, quiet=quiet)}")


def _gated(findings: Sequence[Finding]) -> list[Finding]:
    return [f for f in findings if f.level == "fail"]


def _passed(groups: dict[str, list[Finding]], *, quiet: bool) -> str:
    """Return what became of the gated values of a check that passes, and where to read on."""
    suspects, blind, waived, better = (len(groups[part]) for part in ("suspected", "noisy", "waived", "improved"))
    gone = len({f.key[:3] for f in groups["removed"]})
    held = f"{count(waived, 'is', 'are')} worse and waived, no other regressed" if waived else "none regressed"
    held += f", {better:,} improved" if better else ""
    held += f", {count(gone, 'benchmark')} removed." if gone else "."
    if suspects:
        return f"{held} {count(suspects, 'value is', 'values are')} suspected: see below."
    if blind and all(
        f.reason == "few-runs" for part in ("noisy", "unchanged", "improved") for f in _gated(groups[part])
    ):
        return f"{held} So few runs cannot prove a change of any size: see below."
    if blind:
        return f"{held} {blind:,} of them cannot detect a change as small as the threshold: see below."
    return held if quiet and not waived and not gone and not groups["refuted"] else f"{held} See below."


def _problems(problems: Sequence[Diagnostic]) -> list[Block]:
    if not problems:
        return []
    return [Heading(line=(text("Faults"),)), Bullets(lines=tuple(describe_diagnostic(d) for d in problems))]


def describe_diagnostic(d: Diagnostic) -> Line:
    """Return a diagnostic as a line; all of its words may come from data."""
    line: Line = (name(d.place), text(": ")) if d.place else ()
    line += (name(d.message), text(" ("), name(d.slug), text(")"))
    return (*line, text(". Hint: "), name(d.hint)) if d.hint else line


def _section(heading: str, findings: Sequence[Finding], *, remarks: bool) -> list[Block]:
    if not findings:
        return []
    entries = tuple(entry(f) for f in findings)
    blocks: list[Block] = [Heading(line=(text(heading),)), Table(columns=COLUMNS, entries=entries, remarks=remarks)]
    return [*blocks, *_hints(findings)] if remarks else blocks


def _hints(findings: Sequence[Finding]) -> list[Block]:
    """Return what to do, once for each reason, in the order of the rows."""
    reasons = dict.fromkeys(f.reason for f in findings if hint_for(f.reason))
    lines = [(text(f"{_capital(sentence(r))}: "), *_mark_names(hint_for(r))) for r in reasons]
    return [Paragraph(line=(text("What to do:"),)), Bullets(lines=tuple(lines))] if lines else []


def _mark_names(words: str) -> Line:
    """Return words of our own table, with what stands between backticks as names."""
    parts = words.split("`")
    return tuple(name(p) if i % 2 else text(p) for i, p in enumerate(parts) if p)


def _noisy(findings: Sequence[Finding]) -> list[Block]:
    """Return the gated values that hold, but whose smallest detectable change is larger than a change that matters."""
    if not findings:
        return []
    table = Table(columns=COLUMNS, entries=tuple(entry(f) for f in findings), remarks=False)
    return [Heading(line=(text("Small changes are not detected"),)), table, *_hints(findings)]


def _is_beyond_limit(f: Finding) -> bool:
    """Does a value look worse by more than its threshold?"""
    return f.change is not None and f.limit is not None and f.limit != 0 and f.change / f.limit > 1


def _fold(title: str, findings: Sequence[Finding], number: int) -> list[Block]:
    if not findings:
        return []
    table = Table(columns=COLUMNS, entries=tuple(entry(f) for f in findings), remarks=False)
    return [Fold(summary=(text(f"{title}: {count(number, 'value')}"),), blocks=(table,))]


def _benchmark(f: Finding) -> Span:
    return name(title(f.benchmark, f.labels))


def _metric(f: Finding) -> Span:
    return name(f"{f.metric} {f.statistic}")


def _baseline(f: Finding) -> Span:
    if f.baseline is None:
        return text(_NONE)
    return _cell(f, "baseline", f.baseline, f.current, apart=_must_differ(f))


def _current(f: Finding) -> Span:
    if f.current is None:
        return text(_NONE)
    budget = f.limit if f.method == "budget" else None
    beside = budget if budget is not None else f.baseline
    return _cell(f, "current", f.current, beside, apart=_must_differ(f) or budget is not None)


def _must_differ(f: Finding) -> bool:
    """Return whether two different values must read differently, as where a change matters.

    A baseline is stored with 6 digits, the current value is not.
    """
    return f.status not in {Status.UNCHANGED, Status.NEW}


def _change(f: Finding) -> Span:
    if f.change is None:
        return text(_NONE)
    changed = percent(f.change, apart_from=f.limit)
    return text(f"{changed} ({span(f.interval)})" if f.interval else changed)


def _limit(f: Finding) -> Span:
    return name(f.limit_text)


def _runs(f: Finding) -> Span:
    if f.benchmark == WHOLE_SUITE:
        return text(_NONE)
    was, now = _number(f.n_baseline, f.baseline), _number(f.n_current, f.current)
    return text(now if f.method == "budget" else f"{was} / {now}")


def _number(n: int, value: float | None) -> str:
    """Return how many values were measured; of quantiles that were stated nobody knows."""
    return f"{n:,}" if n or value is None else _NONE


def _detectable(f: Finding) -> Span:
    return text(_NONE if f.detectable is None else detectable(f.detectable))


BASELINE = Column(title="Baseline", kind="value")
CURRENT = Column(title="Current", kind="value")
CHANGE = Column(title="Change", kind="change", leads=True)
LIMIT = Column(title="Limit", kind="change", priority=2, label="limit", leads=True)
_CELLS: tuple[tuple[Column, Callable[[Finding], Span]], ...] = (
    (BENCHMARK, _benchmark),
    (METRIC, _metric),
    (BASELINE, _baseline),
    (CURRENT, _current),
    (CHANGE, _change),
    (LIMIT, _limit),
    (Column(title="Runs", kind="count", priority=2, label="runs"), _runs),
    (Column(title="Detectable", kind="change", label="detectable"), _detectable),
)
"""The columns of a report, each with what makes its cell of a finding. Every renderer draws what stands here."""
COLUMNS = tuple(column for column, _ in _CELLS)
"""The columns of a report, in order."""


@lru_cache(maxsize=1 << 10)  # a comment that has to be cut is composed several times
def entry(f: Finding) -> Entry:
    """Return a finding as a row, its numbers in one prefix."""
    return Entry(cells=tuple(cell(f) for _, cell in _CELLS), remark=_remark(f))


def _cell(f: Finding, side: str, value: float, beside: float | None, *, apart: bool) -> Span:
    """Return a value in words; a tail with its bounds, and marked when it has too few runs to be reliable."""
    words = amount(value, f.unit, beside=beside, apart=apart)
    evidence = f.evidence
    if (getattr(evidence, f"runs_{side}") or 0.0) < (evidence.runs_needed or 0.0):
        words = f"~{words}"
    ends = getattr(evidence, f"low_{side}"), getattr(evidence, f"high_{side}")
    if ends != (None, None):
        words += f" ({' … '.join('?' if end is None else amount(end, f.unit) for end in ends)})"
    # A unit that perfgate does not know comes from data.
    return text(words) if f.unit in {"s", "B", "1/s", "1"} else name(words)


def _remark(f: Finding) -> Line:
    """Return why, and what to do."""
    line: Line = (
        (text(_capital(sentence(f.reason))),)
        if f.reason and sentence(f.reason) != f.reason
        else (name(f.reason or f.status),)
    )
    if f.reason and sentence(f.reason) in f.message != sentence(f.reason):
        line = (name(_capital(f.message)),)  # the message says it all, with its facts
    elif f.message and f.message != sentence(f.reason):
        line += (text(": "), name(f.message))
    if f.method == "across-sessions" and f.benchmark != WHOLE_SUITE:
        line += (text(f"; judged against {count(f.sessions_baseline, 'earlier session')}"),)
    elif f.method == "same-session":
        line += (text("; judged as one session"),)
    elif f.method in {"threshold", "exact"}:
        line += (text("; judged exactly" if f.method == "exact" else "; judged by the plain ratio"),)
    return line


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
