"""The verdict in a heading, and in one sentence that never claims more than was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.finding import WHOLE_SUITE, ExitCode, Finding, Status, Verdict
from perfgate.gate.audit.wording import cost
from perfgate.report.document import Headline, Line, name, text
from perfgate.report.health import range_of
from perfgate.report.verdict.parts import judged
from perfgate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.finding import Skipped

_MOST_NAMES = 2
_MOST_GLOBS = 5
_UNDECIDED = {
    Status.MISSING: ("was not measured", "were not measured"),
    Status.NOT_COMPARABLE: ("cannot be compared", "cannot be compared"),
    Status.INVALID: ("cannot be judged", "cannot be judged"),
    Status.TOO_NOISY: ("is too noisy", "are too noisy"),
}
_COUNTED = ("suspected", "advisory", "waived", "improved", "noisy", "within", "unchanged")
"""Parts that are counted beside the sentence."""
_HOLDING = ("improved", "noisy", "within", "unchanged")
_FAILS = " The check does not pass."


def headline(verdict: Verdict, groups: Mapping[str, Sequence[Finding]]) -> Headline:
    """Return the verdict of a check, as a heading and as a sentence.

    Args:
        verdict: as `round_numbers` leaves it.
        groups: part -> its findings, as `parts.group` returns them.
    """
    if verdict.is_skipped:
        return Headline(verdict=verdict.name, title="skipped", line=why_skipped(verdict.skipped), counts=())
    describe = {
        ExitCode.CANNOT_DECIDE: _cannot_decide,
        ExitCode.REGRESSION: _regression,
        ExitCode.PASS: _pass,
    }[verdict.exit_code]
    title, line = describe(verdict, groups)
    return Headline(verdict=verdict.name, title=title, line=line, counts=_counts(verdict, groups))


def why_skipped(skipped: Skipped | None) -> Line:
    """Return why nothing was measured, in one sentence."""
    if skipped is None or not skipped.changed:
        return (text("Not measured: no file differs from the base."),)
    shown = [f'--paths "{glob}"' for glob in skipped.paths[:_MOST_GLOBS]]
    more = len(skipped.paths) - len(shown)
    of_all = f"none of the {skipped.changed:,} changed files is" if skipped.changed > 1 else "the changed file is not"
    line: Line = (text(f"Not measured: {of_all} among "), name(" ".join(shown)))
    return (*line, text(f"{f' and {more:,} more' if more else ''}."))


def _cannot_decide(verdict: Verdict, groups: Mapping[str, Sequence[Finding]]) -> tuple[str, Line]:
    undecided, failed = groups["undecided"], groups["failed"]
    faults, gated = len(verdict.problems), judged(verdict)
    if not undecided and not faults:
        words = "nothing was judged" if groups["new"] else "nothing was measured"
        return f"cannot decide, {words}", (text(f"{words[0].upper()}{words[1:]}.{_FAILS}"),)
    parts: list[Line] = []
    title = f"cannot decide, {count(faults, 'error')}"
    if undecided:
        number = len(set(gated).intersection(undecided))  # a metric that is only shown may be missing as well
        of_all = f"{number:,} of {count(len(gated), 'gated value')}" if number else count(len(undecided), "value")
        statuses = {f.status for f in undecided}
        one, many = _UNDECIDED[statuses.pop()] if len(statuses) == 1 else ("cannot be judged", "cannot be judged")
        benchmarks = list(dict.fromkeys(f.benchmark for f in undecided))
        parts.append(
            (text(f"{of_all} {one if (number or len(undecided)) == 1 else many} ("), *_names(undecided), text(")"))
        )
        title = f"cannot decide, {count(len(benchmarks), 'benchmark')} {one if len(benchmarks) == 1 else many}"
    if faults:
        parts.append((text(count(faults, "error")),))
    if failed:
        parts.append((text(f"{count(len(failed), 'value')} regressed"),))
    line: Line = parts[0] + tuple(span for part in parts[1:] for span in (text(", "), *part))
    passing = len(set(gated).difference(undecided, failed))
    rest = f" The other {passing:,} {'passes' if passing == 1 else 'pass'}." if passing and undecided else ""
    return title, (*line, text(f".{rest}{_FAILS}"))


def _names(findings: Sequence[Finding]) -> Line:
    """Return the benchmarks of findings, the first of many."""
    names = list(dict.fromkeys(f.benchmark for f in findings))
    line: Line = (text("benchmark " if len(names) == 1 else "benchmarks "),)
    for i, one in enumerate(names[:_MOST_NAMES]):
        line += (text(", "), name(one)) if i else (name(one),)
    more = len(names) - _MOST_NAMES
    return (*line, text(f" and {more:,} more")) if more > 0 else line


def _regression(verdict: Verdict, groups: Mapping[str, Sequence[Finding]]) -> tuple[str, Line]:
    failed, gated = groups["failed"], judged(verdict)
    if not failed:
        better = sum(map(verdict.fails, groups["improved"]))
        words = f"{better:,} of {count(len(gated), 'gated value')} improved, and "
        return (
            f"{count(better, 'improvement')} to keep",
            (text(words), name('on_improved = "fail"'), text(" asks to record it.")),
        )
    values = [f for f in failed if f.benchmark != WHOLE_SUITE]
    budgets = [f for f in values if f.method == "budget"]
    verb = "is" if len(values) == 1 else "are"
    if budgets and len(budgets) == len(values):
        words = f"{verb} beyond {'its budget' if len(values) == 1 else 'their budgets'}"
    else:
        words = f"{verb} worse by more than {_allowed(values)}"
    together = "All benchmarks together got worse." if len(values) < len(failed) else ""
    own = f"{len(values):,} of {count(len(gated), 'gated value')} {words}." if values else ""
    return count(len(failed), "performance regression"), (text(" ".join(filter(None, (own, together)))),)


def _allowed(values: Sequence[Finding]) -> str:
    """Return the threshold that values share; where they do not, that each has its own."""
    texts = {f.limit_text for f in values if f.method != "budget" and f.limit_text.endswith("%")}
    return (
        texts.pop().lstrip("+-") if len(texts) == 1 and all(f.limit_text.endswith("%") for f in values) else "allowed"
    )


def _pass(verdict: Verdict, groups: Mapping[str, Sequence[Finding]]) -> tuple[str, Line]:
    gated = judged(verdict)
    suspected, noisy, waived = (len(groups[part]) for part in ("suspected", "noisy", "waived"))
    title = f"no performance regressions except {waived:,} waived" if waived else "no performance regressions"
    title = f"pass, {count(noisy, 'value')} too noisy to judge" if noisy else title
    title = f"pass, {count(suspected, 'suspected regression')}" if suspected else title
    if verdict.introduces:
        title = "first measurement, nothing to compare with yet"
        return title, (text(f"{count(len(groups['new']), 'value')} measured, nothing to compare with yet."),)
    if not gated:
        return "no value is gated", (text("No value is gated, so that the check cannot fail. Check the rules."),)
    if all(f.reason == "below-least" for f in gated):
        words = "Every gated value is shorter than --min-time, so that the check cannot fail. Lower --min-time."
        return "no value can fail", (text(words),)
    words = f"{count(len(gated), 'gated value')}, {_worst(gated)}."
    if noisy:
        missed = f"changes beyond {verdict.resolution:+.0%} could go unnoticed"
        words = f"{words[:-1]}, but {noisy:,} too noisy to judge: {missed}."
    if any(f.benchmark == WHOLE_SUITE for f in groups["waived"]):
        words += " All benchmarks together are worse and waived."
    gone = len({f.key[:3] for f in groups["removed"]})
    words += f" {count(gone, 'benchmark')} removed." if gone else ""
    return title, (text(f"{words}{_sensitivity(gated, is_noisy=noisy > 0)}"),)


def _worst(gated: Sequence[Finding]) -> str:
    """Return what is the worst of the gated values of a pass."""
    waived = sum(f.status is Status.WAIVED for f in gated)
    if not waived:
        return "none significantly worse" if len(gated) > 1 else "not significantly worse"
    if len(gated) == 1:
        return "worse and waived"
    return f"{waived:,} worse and waived" + (", no other significantly worse" if waived < len(gated) else "")


def _sensitivity(gated: Sequence[Finding], *, is_noisy: bool) -> str:
    """Return the smallest detectable change, so that a pass is never more than it is.

    Args:
        gated: the judged values.
        is_noisy: does the sentence say already what could go unnoticed?
    """
    compared = [f for f in gated if f.method not in {"", "budget"} and f.benchmark != WHOLE_SUITE]
    if compared and all(f.reason == "few-runs" for f in compared):
        return " So few runs cannot prove a change of any size."
    costs = [cost(f.detectable) for f in compared if f.detectable is not None and f.detectable > -1.0]
    return f" Smallest detectable change: {range_of(costs)}." if costs and not is_noisy else ""


def _counts(verdict: Verdict, groups: Mapping[str, Sequence[Finding]]) -> tuple[tuple[str, int], ...]:
    """Return part -> how many values it has, of the parts that are counted beside the sentence.

    What the sentence has counted already is left out: what holds beside an error, and what is too noisy
    or waived of a pass.
    """
    counted = {ExitCode.CANNOT_DECIDE: _HOLDING, ExitCode.PASS: ("noisy", "waived")}.get(verdict.exit_code, ())
    return tuple((part, len(groups[part])) for part in _COUNTED if groups[part] and part not in counted)
