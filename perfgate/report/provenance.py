"""What was compared with what, and what all benchmarks did together, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.core.finding import WHOLE_SUITE, Finding, Status, Verdict
from perfgate.report.document import Line, name, strong, text
from perfgate.report.health import health
from perfgate.report.words import count, percent
from perfgate.stats.sessions import MOST_SHIFT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LARGE_SHIFT = 0.10
"""A common shift beyond it is said first; so is one without which another row would not have held."""

_HOLDS = frozenset({Status.UNCHANGED, Status.IMPROVED})
_TOLD_SHIFT = 0.0005  # what rounds to nothing is not worth a line


def moved_far(verdict: Verdict) -> list[Line]:
    """Return a line for each gated metric in which the whole suite moved far, or far enough to decide a row."""
    told = ((f, _carried(f, verdict)) for f in suite_findings(verdict) if f.level == "fail")
    return [_moved(f, carried) for f, carried in told if carried or abs(f.change or 0.0) > LARGE_SHIFT]


def _carried(suite: Finding, verdict: Verdict) -> int:
    """Return how many gated rows hold that, as measured, lie beyond the limit at which they would be suspected."""
    rows = (f for f in verdict.findings if f.level == "fail" and f.status in _HOLDS and f.benchmark != WHOLE_SUITE)
    group = (suite.machine_class, suite.metric, suite.statistic)
    return sum(_is_beyond(f) for f in rows if (f.machine_class, f.metric, f.statistic) == group)


def _is_beyond(f: Finding) -> bool:
    """Is the change as measured, with the common shift in it, beyond the suspect limit?"""
    if not f.baseline or f.current is None:
        return False
    return f.is_worse(f.current / f.baseline - 1, f.suspect_limit)


def suite_findings(verdict: Verdict) -> list[Finding]:
    """Return the findings about what all benchmarks did together."""
    return [f for f in verdict.findings if f.benchmark == WHOLE_SUITE]


def _moved(f: Finding, carried: int) -> Line:
    """Return the line that says that the whole suite moved."""
    rows = count(int(f.evidence.rows or 0), "benchmark")
    without = f"{count(carried, 'row')} would be beyond the limit without that. " if carried else ""
    change = f.change or 0.0
    beyond = change > -1 and abs(math.log1p(change)) > MOST_SHIFT
    most = f", {percent(math.expm1(math.copysign(MOST_SHIFT, change)))} at most" if beyond else ""
    return (
        strong("The whole suite moved"),
        text(f": {percent(f.change or 0.0)} in "),
        name(_moving(f)),
        text(
            f" of all {rows} together, which is taken off each change below{most}. {without}Look for what they share: "
        ),
        text("the machine, the interpreter, a library, a build flag; "),
        name("perfgate ab"),
        text(" tells the code from the machine."),
    )


def _moving(f: Finding) -> str:
    """Return what moved: the metric, with its statistic when that is a tail."""
    return f.metric if f.statistic == "p50" else f"{f.metric} {f.statistic}"


def compared(verdict: Verdict) -> Iterable[Line]:
    """Yield what was compared with what, and how to repeat it."""
    sides, suite = verdict.compared, verdict.suite
    if sides.baselines:
        commits = _list(" from commit ", [c[:12] for c in sides.baseline_commits])
        yield text("Baselines: "), name(sides.baselines), *commits
    yield (
        text("Current: "),
        text(count(len(sides.sessions), "session") + " "),
        *_list("", sides.sessions),
        *_list(", commit ", [c[:12] for c in sides.current_commits]),
    )
    if line := health(verdict):
        yield line
    if sides.machine_classes:
        yield text("Machine class: "), *_list("", sides.machine_classes)
    yield text("Configuration: "), name(sides.policy)
    left = [
        f"{count(number, 'run')} {why}"
        for number, why in (
            (suite.baseline_runs, "that belong to the baseline"),
            (suite.superseded_runs, "that newer ones replace"),
            (suite.failed_runs, "that failed"),
        )
        if number
    ]
    if left:
        yield (text("Left out: " + ", ".join(left)),)
    if suite.excluded:
        yield text("Excluded by the configuration: "), *_list("", suite.excluded)
    for f in (f for f in suite_findings(verdict) if abs(f.change or 0.0) >= _TOLD_SHIFT):
        rows = count(int(f.evidence.rows or 0), "benchmark")
        shift = f"{percent(f.change or 0.0)} over {rows}, taken off each change"
        yield text("Common shift of "), name(_moving(f)), text(f": {shift}")
    if suite.false_alarms is not None and suite.gated:
        yield (text(f"False alarms aimed at: no more than {suite.false_alarms:g} in 100 unchanged pull requests"),)
    yield text("Repeat with: "), name(sides.reproduce)
    yield (
        name(sides.tool),
        text("; Runs: baseline / current; Sees: the smallest worsening that would have failed"),
    )
    if any(f.evidence.runs_needed for f in verdict.findings):
        yield (text("~ marks a tail of too few runs: close to their maximum, no fact; ? a bound they do not have"),)


def _list(before: str, names: Sequence[str]) -> Line:
    """Return names in a row, a long list cut."""
    most = 5
    line: Line = (text(before),) if names and before else ()
    for i, one in enumerate(names[:most]):
        line += (text(", "), name(one)) if i else (name(one),)
    return (*line, text(f" and {len(names) - most} more")) if len(names) > most else line
