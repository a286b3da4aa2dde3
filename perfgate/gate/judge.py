"""Profiles and baselines -> findings: the one place that decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.core.finding import Finding, Status
from perfgate.core.metrics import CPU, ELAPSED, PEAK_MEMORY, THROUGHPUT
from perfgate.core.policy import GATED_BY_DEFAULT
from perfgate.core.reasons import sentence
from perfgate.core.sessions import united
from perfgate.gate.methods.across_sessions import across_sessions
from perfgate.gate.methods.alpha import levels_of
from perfgate.gate.methods.buckets import is_undecidable
from perfgate.gate.methods.choose import decide, method_of
from perfgate.gate.methods.common_shift import Group, Logs, Suite, group_of, logs_of, suites_of
from perfgate.gate.methods.decision import STATUS_OF_CALL, Decision, Family, Method
from perfgate.gate.methods.same_session import is_hopeless, p_value
from perfgate.gate.methods.tails import said_of_few, shown_bounds
from perfgate.gate.methods.whole_suite import moved_together
from perfgate.gate.rows import P50, Row, count_of, incomparable, limit_text, rows_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfgate.core.policy import Policy
    from perfgate.core.profile import MetricProfile, Profile

Place = tuple[str, tuple[tuple[str, str], ...], str, str, str]
"""Which row: benchmark, labels, machine class, metric, statistic."""

_STATISTICAL = ("same-session", "across-sessions")
_TAIL_SHOWN = 0.25  # an ungated p95 is worth a word when it moved so much more than p50; few runs do less by themselves
_QUIET = (Status.UNCHANGED, "within-noise", "")
_POSITIVE = frozenset({ELAPSED.name, PEAK_MEMORY.name})
_MOST_SEVERE = (
    Status.REGRESSED,
    Status.OVER_BUDGET,
    Status.MISSING,
    Status.NOT_COMPARABLE,
    Status.INVALID,
    Status.SUSPECTED,
    Status.ADVISORY,
    Status.WAIVED,
    Status.NEW,
    Status.IMPROVED,
    Status.UNCHANGED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One benchmark on one class of machine: both sides as far as they exist."""

    base: Profile | None
    """Its baseline."""
    current: Profile | None
    """What was measured now."""
    absent: tuple[str, str] = ("no-runs", "")
    """Why nothing was measured, as slug and further facts; used when `current` is None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The findings, and what they say about the gate itself."""

    findings: tuple[Finding, ...]
    """Worst first."""
    gated: int
    """Rows that share the level."""
    unnamed: int
    """Gated rows whose two sides state no session and were taken for one."""
    plain: int
    """Gated rows judged by the plain ratio, whose false alarms nobody controls."""
    open: frozenset[Place]
    """Gated same-session rows that do not fail, but might with more runs; looked for when there are several looks."""


def judge(pairs: Sequence[Pair], policy: Policy, share: float | None = None) -> Judgement:
    """Judge every benchmark.

    Args:
        pairs: the benchmarks, both sides.
        policy: what is gated and how strictly.
        share: part of each same-session row's level that this look may spend, 0.0 < share < 1.0,
            when the same runs are looked at several times; None: this is the only look.
    """
    findings: list[Finding] = []
    ready: list[tuple[Row, Method]] = []
    for pair in _by_stretch(pairs):
        for row in rows_of(pair.base, pair.current, policy):
            if (early := _early(row, pair)) is not None:
                findings.extend(early)
            else:
                ready.append((row, method_of(row)))
    gated = [(r, m) for r, m in ready if m in _STATISTICAL and r.ruling.level == "fail"]
    family = Family(size=max(1, len(gated)), false_alarms=policy.false_alarms, share=share)
    together = [r for r, m in gated if m == "same-session" and r.statistic == P50]
    levels = dict(zip(map(id, together), levels_of([p_value(r) for r in together], family), strict=True))
    logs = {id(r): logs_of(r) for r, m in ready if m == "across-sessions"}
    suites = suites_of([(group_of(r), logs[id(r)]) for r, _ in ready if id(r) in logs])
    decisions = list(_decisions(ready, family, levels, logs, suites))
    for group, suite in suites.items():
        members = [(r, logs[id(r)]) for r, _ in ready if id(r) in logs and group_of(r) == group]
        findings.extend(moved_together(members, suite, family))
    settled = {id(r) for r, d in decisions if d.call == "worse"}
    return Judgement(
        findings=tuple(sorted([*findings, *(_finding(r, d) for r, d in decisions)], key=severity)),
        gated=len(gated),
        unnamed=sum(bool(r.current and not r.current.sessions[0].is_named) for r in together),
        plain=sum(r.ruling.level == "fail" and m == "threshold" for r, m in ready),
        open=frozenset(_place(r) for r in together if share and id(r) not in settled and not is_hopeless(r)),
    )


def _by_stretch(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Yield pairs in which a stretch of time is one session: its batches share their luck."""
    base = iter(united([p.base for p in pairs if p.base]))
    current = iter(united([p.current for p in pairs if p.current]))
    for p in pairs:
        yield replace(p, base=next(base) if p.base else None, current=next(current) if p.current else None)


def _decisions(
    ready: Sequence[tuple[Row, Method]], family: Family, levels: Mapping[int, float], logs: Mapping[int, Logs],
    suites: Mapping[Group, Suite],
) -> Iterator[tuple[Row, Decision]]:  # fmt: skip
    """Yield each row with its decision."""
    for row, method in ready:
        if method == "across-sessions":
            yield row, across_sessions(row, logs[id(row)], suites[group_of(row)], family)
        else:
            yield row, decide(row, method, family, level=levels.get(id(row)))


def severity(finding: Finding) -> tuple[object, ...]:
    """Return the key that sorts findings: worst status first, then the largest worsening, then by name."""
    worsening = 0.0
    if finding.change is not None and finding.status in {Status.REGRESSED, Status.SUSPECTED, Status.ADVISORY}:
        worsening = -finding.change if finding.better == "lower" else finding.change
    where = (finding.benchmark, finding.labels, finding.machine_class, finding.metric, finding.statistic)
    return (_MOST_SEVERE.index(finding.status), worsening, *where, finding.rule)


def _place(row: Row) -> Place:
    profile = row.profile
    return profile.benchmark, profile.labels, profile.machine_class, row.metric.name, row.statistic


def _early(row: Row, pair: Pair) -> list[Finding] | None:
    """Return the findings of a row that cannot be judged, None when it can. One row speaks for its metric."""
    base, current = row.side(row.base), row.side(row.current)
    if row.current is None:
        return [undecided(row, Status.MISSING, *pair.absent)] if _speaks(row) and not _is_aside(row) else []
    if row.base is None or base is None:
        return [_new(row)] if _speaks(row) and not _is_aside(row) else []
    if current is None:
        return [undecided(row, Status.MISSING, "no-values", "")] if _speaks(row) else []
    unlike = incomparable(row)
    if unlike:
        return [undecided(row, Status.NOT_COMPARABLE, *unlike)] if _speaks(row) else []
    if value_of(base, row.statistic) is None or value_of(current, row.statistic) is None:
        if value_of(base, row.statistic) is None and row.ruling.level != "fail":
            return []  # the baseline does not ask for it
        return [undecided(row, Status.MISSING, "no-statistic", f"a file states no {row.statistic}")]
    if (blurred := is_undecidable(row)) is not None:
        gated = row.ruling.level == "fail"
        return [undecided(row, Status.INVALID if gated else Status.UNCHANGED, *blurred)]
    if row.metric.name in _POSITIVE and (zero := _zero(row)):
        return [undecided(row, Status.INVALID, *zero)] if _speaks(row) else []
    if row.metric.name in GATED_BY_DEFAULT and row.metric.unit == "s" and (zero := _no_time(row)):
        return [undecided(row, Status.INVALID, *zero)] if _speaks(row) else []
    return None


def _speaks(row: Row) -> bool:
    """Does the row speak for its metric? Others of the same metric would only repeat it."""
    sides = [side for side in (row.side(row.base), row.side(row.current)) if side]
    return row.statistic == P50 or any(side.quantiles for side in sides)


def _is_aside(row: Row) -> bool:
    """Is the metric only shown beside the time, which speaks for the benchmark?"""
    aside = row.metric.name in {CPU.name, THROUGHPUT.name} and row.ruling.level != "fail"
    return aside and row.profile.metric(ELAPSED.name) is not None


def _zero(row: Row) -> tuple[str, str] | None:
    """Return why a time or a size of zero is no measurement."""
    sides = [s for s in (row.side(row.base), row.side(row.current)) if s]
    values = [v for s in sides for v in (*s.pooled(), *(q for _, q in s.quantiles))]
    if all(v > 0 for v in values):
        return None
    if row.metric.name == ELAPSED.name:
        return "zero-values", "a time of zero: the run is too short for three decimals of a second"
    return "zero-values", "a peak of zero: memory was not measured"


def _no_time(row: Row) -> tuple[str, str] | None:
    """Return why the times of another tool are none. Single zeros are legal there: some subtract their own share."""
    sides = [s for s in (row.side(row.base), row.side(row.current)) if s]
    if any(v < 0 for s in sides for v in (*s.pooled(), *(q for _, q in s.quantiles))):
        return "zero-values", "a negative time"
    middles = [value_of(s, row.statistic) for s in sides]
    if any(middles) and not all(middles) and row.ruling.threshold.is_relative:
        return "zero-values", "a time of zero on one side: too short for the tool's clock, or not measured"
    return None


def _finding(row: Row, decision: Decision) -> Finding:
    """Return the finding that a decision amounts to, the row's level considered."""
    status = STATUS_OF_CALL[decision.call]
    reason, message = decision.reason, decision.message
    level = row.ruling.level
    if decision.method == "":  # only shown: a tail that no method gates
        status, reason, message = _tail(row, decision)
    elif level != "fail":
        if status is Status.REGRESSED:
            status, reason, message = Status.ADVISORY, "not-gated", ""
        elif status is Status.SUSPECTED:
            status, reason, message = Status.UNCHANGED, "within-noise", ""
    empty = _blank(row, status, reason, message)
    return replace(
        empty,
        method=decision.method,
        baseline=decision.baseline,
        current=decision.current,
        change=decision.change,
        limit=decision.limit,
        interval=decision.interval,
        visible=decision.visible,
        evidence=(*decision.evidence, *shown_bounds(row)),
    )


def _tail(row: Row, decision: Decision) -> tuple[Status, str, str]:
    """Return what is said of a percentile that has too few runs to be gated."""
    asked = row.ruling.level == "fail"
    if decision.call == "worse":
        few = min((row.side(row.base), row.side(row.current)), key=_fewest)
        told = asked or _outran_the_median(row, decision)
        return (Status.ADVISORY, "tail-of-few", said_of_few(few, row.statistic)) if told else _QUIET
    return Status.UNCHANGED, decision.reason, decision.message


def _outran_the_median(row: Row, decision: Decision) -> bool:
    """Did the tail move far more than the median did? Otherwise it only repeats what p50 says."""
    base, current = row.side(row.base), row.side(row.current)
    was, now = (value_of(side, P50) if side else None for side in (base, current))
    if not was or not now or decision.change is None or decision.change == -1:
        return True
    apart = (1 + decision.change) * was / now
    return max(apart, 1 / apart) > 1 + _TAIL_SHOWN


def _fewest(side: MetricProfile | None) -> int:
    return min((len(s.values) for s in side.samples), default=0) if side else 0


def undecided(row: Row, status: Status, reason: str, message: str) -> Finding:
    """Return the finding of a row that could not be judged, with the values that are known."""
    return _blank(row, status, reason, message)


def _new(row: Row) -> Finding:
    return _blank(row, Status.NEW, "not-in-baseline", "")


def _blank(row: Row, status: Status, reason: str, message: str) -> Finding:
    """Return a finding with the row's facts and its two values."""
    base, current = row.side(row.base), row.side(row.current)
    threshold = row.ruling.threshold
    return Finding(
        benchmark=row.profile.benchmark,
        labels=row.profile.labels,
        machine_class=row.profile.machine_class,
        metric=row.metric.name,
        unit=row.metric.unit,
        better=row.metric.better,
        statistic=row.statistic,
        status=status,
        level=row.ruling.level,
        method="",
        baseline=value_of(base, row.statistic) if base else None,
        current=value_of(current, row.statistic) if current else None,
        change=None,
        interval=None,
        limit=None,
        limit_text=limit_text(threshold.text, row.metric.better),
        n_baseline=count_of(base),
        n_current=count_of(current),
        sessions_baseline=len(base.samples) if base else 0,
        visible=None,
        reason=reason,
        message=message or sentence(reason),
        rule=row.ruling.origin,
    )
