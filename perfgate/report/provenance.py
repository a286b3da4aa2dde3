"""How a check was measured, and the common change of all benchmarks, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.core.finding import HOLDS, WHOLE_SUITE, ExitCode, Finding, Status, Verdict
from perfgate.report.document import Line, name, strong, text
from perfgate.report.health import health
from perfgate.report.words import count, percent
from perfgate.stats.sessions import MOST_SHIFT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LARGE_SHIFT = 0.10
"""A common change beyond it stands first; so does one without which another value would not have held."""

_HOLD = HOLDS | {Status.IMPROVED}
_MOST_FACTS = 6
_LONGEST_FACT = 60
_SMALLEST_SHIFT = 0.0005  # a smaller one is shown as 0: no line


def list_large_shifts(verdict: Verdict) -> list[Line]:
    """Return a line for each gated metric whose common change is large, or large enough to decide a value."""
    shifts = ((f, _held_by_shift(f, verdict)) for f in suite_findings(verdict) if f.level == "fail")
    return [_describe_shift(f, held) for f, held in shifts if held or abs(f.change or 0.0) > LARGE_SHIFT]


def _held_by_shift(suite: Finding, verdict: Verdict) -> int:
    """Return how many gated values hold that, as measured, are beyond the limit at which they would be suspected."""
    rows = (f for f in verdict.findings if f.level == "fail" and f.status in _HOLD and f.benchmark != WHOLE_SUITE)
    group = (suite.machine_class, suite.metric, suite.statistic)
    return sum(_is_beyond(f) for f in rows if (f.machine_class, f.metric, f.statistic) == group)


def _is_beyond(f: Finding) -> bool:
    """Is the change as measured, with the common change in it, beyond the suspect limit?"""
    if not f.baseline or f.current is None:
        return False
    return f.is_worse(f.current / f.baseline - 1, f.suspect_limit)


def suite_findings(verdict: Verdict) -> list[Finding]:
    """Return the findings about the common change of all benchmarks."""
    return [f for f in verdict.findings if f.benchmark == WHOLE_SUITE]


def _describe_shift(f: Finding, held: int) -> Line:
    """Return the line that says that all benchmarks changed together."""
    benchmarks = count(int(f.evidence.rows or 0), "benchmark")
    without = f"Without this, {count(held, 'value')} would be beyond the limit. " if held else ""
    change = f.change or 0.0
    beyond = change > -1 and abs(math.log1p(change)) > MOST_SHIFT
    most = f" (at most {percent(math.expm1(math.copysign(MOST_SHIFT, change)))})" if beyond else ""
    return (
        strong("All benchmarks changed together"),
        text(f": {percent(f.change or 0.0)} in "),
        name(_moving(f)),
        text(f" of all {benchmarks}, subtracted from each change below{most}. {without}Check what they share: "),
        text("the machine, the interpreter, a library, a build flag. "),
        name("perfgate ab"),
        text(" separates the code from the machine."),
    )


def _moving(f: Finding) -> str:
    """Return what changed: the metric, with its statistic when that is a tail."""
    return f.metric if f.statistic == "p50" else f"{f.metric} {f.statistic}"


def list_environment_changes(verdict: Verdict) -> list[Line]:
    """Return the line about the environment that stands above values that failed or are suspected; else nothing."""
    is_suspect = any(f.status is Status.SUSPECTED for f in verdict.findings)
    is_asked = verdict.exit_code is ExitCode.REGRESSION or (verdict.exit_code is ExitCode.PASS and is_suspect)
    line = _describe_environment(verdict) if is_asked else ()
    if not line:
        return []
    line += (text(". Rule this out first: "),)
    if verdict.current and all(s.is_interleaved for p in verdict.current for s in p.sessions):
        return [(*line, text("give both sides the same."))]
    return [(*line, name("perfgate ab"), text(" measures both sides in one environment."))]


def _describe_environment(verdict: Verdict) -> Line:
    """Return in what the environment differs from that of the baselines; empty when nothing is known to."""
    changes = verdict.compared.environment
    if not changes:
        return ()
    judged = len(
        {(f.benchmark, f.labels) for f in verdict.findings if f.baseline is not None and f.current is not None}
    )
    line: Line = (strong("Environment differs"), text(": "))
    for i, c in enumerate(changes[:_MOST_FACTS]):
        line += (text(", "),) if i else ()
        if c.fact == "command":
            line += (text("another command was measured"),)
        else:
            line += (name(c.fact), text(" "), name(_shorten(c.baseline)), text(" → "), name(_shorten(c.current)))
        if c.benchmarks < judged:
            line += (text(f" (in {c.benchmarks:,} of {count(judged, 'benchmark')})"),)
    rest = len(changes) - _MOST_FACTS
    return (*line, text(f" and {rest:,} more")) if rest > 0 else line


def _shorten(value: str) -> str:
    return value if len(value) <= _LONGEST_FACT else f"{value[: _LONGEST_FACT - 1]}…"


def describe_measurement(verdict: Verdict) -> Iterable[Line]:
    """Yield how both sides were measured, and how to repeat the check."""
    sides, suite = verdict.compared, verdict.suite
    if line := _describe_environment(verdict):
        yield line
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
            (suite.superseded_runs, "replaced by newer ones"),
            (suite.failed_runs, "that failed"),
        )
        if number
    ]
    if left:
        yield (text("Left out: " + ", ".join(left)),)
    if suite.excluded:
        yield text("Excluded by the configuration: "), *_list("", suite.excluded)
    for f in (f for f in suite_findings(verdict) if abs(f.change or 0.0) >= _SMALLEST_SHIFT):
        benchmarks = count(int(f.evidence.rows or 0), "benchmark")
        shift = f"{percent(f.change or 0.0)} over {benchmarks}, subtracted from each change"
        yield text("Common change of "), name(_moving(f)), text(f": {shift}")
    if suite.false_alarms is not None and suite.gated:
        yield (text(f"Target false-alarm rate: at most {suite.false_alarms:g} in 100 unchanged pull requests"),)
    yield text("Repeat with: "), name(sides.reproduce)
    if any(f.decision_interval for f in verdict.findings):
        yield (text("A value fails when its change is beyond the threshold and its interval wholly worse than 0"),)
    yield (name(sides.tool),)


def _list(before: str, names: Sequence[str]) -> Line:
    """Return names in a row, a long list cut."""
    most = 5
    line: Line = (text(before),) if names and before else ()
    for i, one in enumerate(names[:most]):
        line += (text(", "), name(one)) if i else (name(one),)
    return (*line, text(f" and {len(names) - most} more")) if len(names) > most else line
