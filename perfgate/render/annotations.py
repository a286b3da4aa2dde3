"""Verdict -> annotations of GitHub Actions: what a reader of the run is shown without opening a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import Diagnostic, plain
from perfgate.core.finding import Finding, Status, Verdict
from perfgate.core.profile import title
from perfgate.core.reasons import hint_for, sentence
from perfgate.publish.actions import ANNOTATIONS, command
from perfgate.render.places import Files
from perfgate.report.verdict.headline import why_skipped
from perfgate.report.verdict.rounding import round_numbers
from perfgate.report.words import amount, percent

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 200  # characters of a name
_ALL_OF_THEM = "see the summary of the run, or report.md"


def annotate(verdict: Verdict, prefix: str | None) -> tuple[str, ...]:
    """Return workflow commands, at most ten of a level, worst first.

    What failed or could not be judged is an error, what is suspected or a fault of the
    gate a warning, what got better or is waived a notice, as is that nothing was measured.

    Args:
        verdict: what was found, worst first.
        prefix: the working directory relative to the repository's root, such as ``services/api``, so that a
            row is shown at its baseline's file; None: it is not in the repository.
    """
    files = None if prefix is None else Files(verdict)
    levels: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    for d in verdict.problems:
        levels["error"].append(command("error", {"title": f"perfgate: {d.slug}"}, _diagnostic_message(d)))
    for f in round_numbers(verdict).findings:
        level = _level(f, verdict)
        if level:
            path = files.of(f) if files else ""
            where = {"title": _title(f), "file": f"{prefix}/{path}" if prefix and path else path}
            levels[level].append(command(level, where, _message(f)))
    if verdict.is_skipped:
        words = plain("".join(span.text for span in why_skipped(verdict.skipped)))
        levels["notice"].append(command("notice", {"title": "perfgate: skipped"}, words))
    for d in verdict.notes:
        if d.level == "warning":
            levels["warning"].append(command("warning", {"title": f"perfgate: {d.slug}"}, _diagnostic_message(d)))
    return tuple(line for level, lines in levels.items() for line in _cap(level, lines))


def _cap(level: str, lines: list[str]) -> Iterable[str]:
    yield from lines[:ANNOTATIONS]
    if len(lines) > ANNOTATIONS:
        yield command(level, {"title": "perfgate"}, f"{len(lines) - ANNOTATIONS:,} more of this kind: {_ALL_OF_THEM}")


def _level(f: Finding, verdict: Verdict) -> str:
    if verdict.is_undecided(f) or verdict.fails(f):
        return "error"
    if f.status is Status.SUSPECTED:
        return "warning"
    return "notice" if f.status in {Status.WAIVED, Status.REMOVED, Status.IMPROVED} and f.level == "fail" else ""


def _title(f: Finding) -> str:
    """Return the row in words, on one line and not too long."""
    name = plain(title(f.benchmark, f.labels))
    name = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
    return f"perfgate: {name} {plain(f.metric)[:_LONGEST]} {f.statistic}"


def _message(f: Finding) -> str:
    """Return what happened to a row, and what to do."""
    words = [_change(f)] if f.change is not None else []
    words.append(plain(f.message or sentence(f.reason)))
    message, hint = "; ".join(words), hint_for(f.reason).replace("`", "")
    return f"{message}. Hint: {hint}" if hint else message


def _change(f: Finding) -> str:
    change = percent(f.change or 0.0, apart_from=f.limit)
    limit = f" (limit {plain(f.limit_text)})" if f.limit_text else ""
    if f.baseline is None or f.current is None:
        return f"{change}{limit}"
    values = f"{amount(f.baseline, f.unit, beside=f.current)} -> {amount(f.current, f.unit, beside=f.baseline)}"
    return f"{change}{limit}, {plain(values)}"


def _diagnostic_message(d: Diagnostic) -> str:
    place = f"{plain(d.place)}: " if d.place else ""
    hint = f". Hint: {plain(d.hint)}" if d.hint else ""
    return f"{place}{plain(d.message)}{hint}"
