"""What was compared with what, and what all benchmarks did together, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.finding import WHOLE_SUITE, Finding, Verdict
from perfgate.report.document import Line, name, strong, text
from perfgate.report.health import health
from perfgate.report.words import count, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LARGE_SHIFT = 0.10
"""A common shift beyond it is said first."""

_TOLD_SHIFT = 0.0005  # what rounds to nothing is not worth a line


def moved_far(verdict: Verdict) -> list[Line]:
    """Return a line for each gated metric in which the whole suite moved by more than `LARGE_SHIFT`."""
    told = (f for f in suite_findings(verdict) if f.level == "fail")
    return [_moved(f) for f in told if abs(f.change or 0.0) > LARGE_SHIFT]


def suite_findings(verdict: Verdict) -> list[Finding]:
    """Return the findings about what all benchmarks did together."""
    return [f for f in verdict.findings if f.benchmark == WHOLE_SUITE]


def _moved(f: Finding) -> Line:
    """Return the line that says that the whole suite moved."""
    rows = count(int(dict(f.evidence).get("rows", 0)), "benchmark")
    return (
        strong("The whole suite moved"),
        text(f": {percent(f.change or 0.0)} in "),
        name(_moving(f)),
        text(f" of all {rows} together, which is taken off each change below. Look for what they share: "),
        text("the machine, the interpreter, a library, a build flag."),
    )


def _moving(f: Finding) -> str:
    """Return what moved: the metric, with its statistic when that is a tail."""
    return f.metric if f.statistic == "p50" else f"{f.metric} {f.statistic}"


def compared(verdict: Verdict) -> Iterable[Line]:
    """Yield what was compared with what, and how to repeat it."""
    sides, suite = verdict.compared, verdict.suite
    yield (
        text("Baselines: "),
        name(sides.baselines),
        *_list(" from commit ", [c[:12] for c in sides.baseline_commits]),
    )
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
        rows = count(int(dict(f.evidence).get("rows", 0)), "benchmark")
        shift = f"{percent(f.change or 0.0)} over {rows}, taken off each change"
        yield text("Common shift of "), name(_moving(f)), text(f": {shift}")
    if suite.false_alarms is not None and suite.gated:
        yield (text(f"False alarms aimed at: no more than {suite.false_alarms:g} in 100 unchanged pull requests"),)
    yield text("Repeat with: "), name(sides.reproduce)
    yield (
        name(sides.tool),
        text("; Runs: baseline / current; Sees: the smallest worsening that would have failed"),
    )
    if any(dict(f.evidence).get("runs_needed") for f in verdict.findings):
        yield (text("~ marks a tail of too few runs: close to their maximum, no fact; ? a bound they do not have"),)


def _list(before: str, names: Sequence[str]) -> Line:
    """Return names in a row, a long list cut."""
    most = 5
    line: Line = (text(before),) if names and before else ()
    for i, one in enumerate(names[:most]):
        line += (text(", "), name(one)) if i else (name(one),)
    return (*line, text(f" and {len(names) - most} more")) if len(names) > most else line
