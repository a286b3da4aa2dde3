"""What is to be judged: one row for each benchmark, metric and statistic, with what governs it."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.comparability import compare_metrics
from perfgate.core.finding import Finding
from perfgate.core.measured import MEASURED
from perfgate.core.metrics import ELAPSED, THROUGHPUT, Metric, explains
from perfgate.core.policy import Policy, Ruling, gates_nothing_by_default
from perfgate.core.profile import MetricProfile, Profile, title
from perfgate.core.reasons import sentence
from perfgate.core.statistic import P50, QUANTILE_OF, STATISTICS
from perfgate.core.text.units import parse_change
from perfgate.stats.quantiles import quantile, runs_needed_for_bound
from perfgate.stats.tails import BOUND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.finding import Status

_SHOWN_TAIL = frozenset({ELAPSED.name})
_OF_VALUES = (P50, "p95")
"""The only statistics that may be rows of raw values where no rule names another one."""
_FIRST = frozenset(m.name for m in MEASURED if m.is_gated)
_ROUNDED = 2e-5  # relative difference of a product of two numbers that a file keeps with six digits
_CLASSIC_TAIL = parse_change("+3%")  # plain percentiles without a rule: the classic p95 gate

RUNS_NEEDED = {name: runs_needed_for_bound(q, BOUND) for name, q in QUANTILE_OF.items() if name != P50}
"""Runs from which on a tail has an upper bound at 95 %: 59 for p95."""


class Row(Struct, frozen=True, kw_only=True):
    """One thing to judge."""

    base: Profile | None
    """The baseline of the benchmark; None when it has none."""
    current: Profile | None
    """What was measured now; None when nothing was."""
    base_metric: MetricProfile | None
    """The metric in the baseline; None when it is not there."""
    current_metric: MetricProfile | None
    """The metric as it was measured now; None when it was not."""
    metric: Metric
    """What is compared."""
    statistic: str
    """``p50``, ``p95``, …"""
    ruling: Ruling
    """What governs it."""

    @property
    def profile(self) -> Profile:
        """The side that exists, the current one first."""
        side = self.current or self.base
        if side is None:  # pragma: no cover - a row is made from a profile
            raise ValueError("a row without a profile")
        return side


def rows_of(base: Profile | None, current: Profile | None, policy: Policy) -> Iterator[Row]:
    """Yield the rows of one benchmark, metric by metric, p50 first.

    p50 is judged for every metric; p95 of the time is always shown; other statistics
    appear when a rule names them. Throughput that perfgate derives from time and rows is
    no row of its own where the other side cannot have it and the time reports why.
    """
    present = current or base
    if present is None:
        return
    titled = title(*present.key)
    metrics = _metrics(base, current)
    by_name = [{m.metric.name: m for m in p.metrics} if p else {} for p in (base, current)]
    is_primary = gates_nothing_by_default(m.name for m in metrics)
    for metric in metrics:
        if explains(metric.name) or policy.excludes(present.benchmark, titled, metric.name):
            continue
        sides = by_name[0].get(metric.name), by_name[1].get(metric.name)
        plain = any(p is not None and p.quantiles for p in sides)
        repeats_time = metric.name == THROUGHPUT.name and _is_time_to_say(base, current, policy)
        for statistic in STATISTICS if policy.rules or plain else _OF_VALUES:
            rule = policy.rule_for(present.benchmark, titled, metric.name, statistic)
            named = rule is not None and rule.statistic != P50
            if plain and not _is_stated(sides, statistic):
                continue
            if named or plain or statistic == P50 or (statistic == "p95" and metric.name in _SHOWN_TAIL):
                ruling = policy.ruling(present.benchmark, titled, metric, statistic, is_primary=is_primary)
                if repeats_time and ruling.level != "fail":
                    continue
                if plain and rule is None:
                    stated = [s for s in STATISTICS if _is_stated(sides, s)]
                    main = policy.ruling(present.benchmark, titled, metric, P50, is_primary=is_primary)
                    is_of_tool = any(p is not None and p.stated for p in sides)
                    ruling = (
                        _of_tool(ruling, statistic, stated, main) if is_of_tool else _classic(ruling, statistic, stated)
                    )
                yield Row(
                    base=base,
                    current=current,
                    base_metric=sides[0],
                    current_metric=sides[1],
                    metric=metric,
                    statistic=statistic,
                    ruling=ruling,
                )


def _is_time_to_say(base: Profile | None, current: Profile | None, policy: Policy) -> bool:
    """Can one side not have the throughput that was derived on the other one, and does the time report it?

    A throughput that a program or a file states is a metric like any other, whatever its name.
    """
    sides = [p for p in (base, current) if p]
    having = [p for p in sides if p.metric(THROUGHPUT.name)]
    if len(sides) == len(having) or len(having) != 1 or not _is_derived(having[0]):
        return False
    titled = title(*having[0].key)
    is_compared = policy.ruling(having[0].benchmark, titled, ELAPSED, P50).workload == "same"
    return is_compared and not policy.excludes(having[0].benchmark, titled, ELAPSED.name)


def _is_derived(profile: Profile) -> bool:
    """Is each value of the throughput the rows of its session by the time of the same run?"""
    rates, times = (profile.metric(name) for name in (THROUGHPUT.name, ELAPSED.name))
    if not rates or not times or rates.quantiles or times.quantiles:
        return False
    by_session = {s.session: s.values for s in times.samples}
    rows = {s.id: s.rows_used for s in profile.sessions}
    for s in rates.samples:
        taken, counts = by_session.get(s.session, ()), rows.get(s.session, ())
        if len(taken) != len(s.values) or not all(
            _is_one_of(counts, rate * time) for rate, time in zip(s.values, taken, strict=True)
        ):
            return False
    return True


def _is_one_of(counts: tuple[int, ...], value: float) -> bool:
    """Is a value one of some counts, which ascend, as exactly as a file keeps it?"""
    at = bisect_left(counts, value)
    return any(math.isclose(value, count, rel_tol=_ROUNDED) for count in counts[max(0, at - 1) : at + 1])


def _metrics(base: Profile | None, current: Profile | None) -> list[Metric]:
    """Return the metrics of both sides by name, the baseline's word first."""
    found: dict[str, Metric] = {}
    for profile in (base, current):
        for m in profile.metrics if profile else ():
            found.setdefault(m.metric.name, m.metric)
    return [found[name] for name in sorted(found, key=lambda n: (n not in _FIRST, n))]


def _is_stated(sides: tuple[MetricProfile | None, MetricProfile | None], statistic: str) -> bool:
    """Does a side that holds plain percentiles state this one?"""
    return any(statistic in dict(m.quantiles) for m in sides if m is not None and m.quantiles)


def _of_tool(ruling: Ruling, statistic: str, stated: list[str], main: Ruling) -> Ruling:
    """Return the default for quantiles that a tool states: those of values; without p50, the first counts."""
    return main if statistic == stated[0] != P50 else ruling


def _classic(ruling: Ruling, statistic: str, stated: list[str]) -> Ruling:
    """Return the default for plain percentiles: p95 +3 %; the others are shown."""
    gated = statistic == "p95" or (statistic == P50 and "p95" not in stated)
    return Ruling(
        threshold=_CLASSIC_TAIL if statistic == "p95" else ruling.threshold,
        floor=ruling.floor,
        method="threshold",
        level="fail" if gated else "info",
        workload=ruling.workload,
        resolution=ruling.resolution,
        origin="defaults for plain percentiles",
    )


def value_of(side: MetricProfile, statistic: str) -> float | None:
    """Return a statistic of one side, in the metric's unit; None where the file does not state it.

    Values of several sessions are taken together. A percentile that a file does not
    hold is never made up from others.
    """
    if side.quantiles:
        return dict(side.quantiles).get(statistic)
    pooled = side.pooled()
    return quantile(pooled, QUANTILE_OF[statistic]) if pooled else None


def count_of(side: MetricProfile | None) -> int:
    """Return how many values of a side were measured."""
    return side.count if side else 0


def is_tail_of_few(side: MetricProfile | None, statistic: str) -> bool:
    """Does a session of this side hold too few runs for the tail to have an upper bound?"""
    needed = RUNS_NEEDED.get(statistic, 1)
    return side is not None and any(len(s.values) < needed for s in side.samples)


def why_incomparable(row: Row, base: MetricProfile, current: MetricProfile) -> tuple[str, str] | None:
    """Return why the two sides of a row cannot be compared, as slug and sentence; None when they can."""
    if row.base is None or row.current is None:
        return None
    found = compare_metrics(base, current, (row.base, row.current), row.ruling.workload)
    return (found.slug, found.message) if found else None


def finding_of(
    row: Row,
    status: Status,
    reason: str,
    message: str = "",
    *,
    values: tuple[float | None, float | None] | None = None,
) -> Finding:
    """Return the finding of a row with its facts and its two values, as far as they exist.

    Args:
        row: what is judged.
        status: whether it holds.
        reason: slug of `perfgate.core.reasons`.
        message: one sentence; empty: the slug's own.
        values: baseline and current, in base units, where a method has them already; None: the row's.
    """
    base, current = row.base_metric, row.current_metric
    was, now = values or tuple(value_of(side, row.statistic) if side else None for side in (base, current))
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
        baseline=was,
        current=now,
        change=None,
        interval=None,
        limit=None,
        limit_text=limit_text(row.ruling.threshold.text, row.metric.better),
        n_baseline=count_of(base),
        n_current=count_of(current),
        sessions_baseline=len(base.samples) if base else 0,
        detectable=None,
        reason=reason,
        message=message or sentence(reason),
        rule=row.ruling.origin,
    )


def limit_text(text: str, better: str) -> str:
    """Return a threshold as it reads for the metric: the default ``+5%`` is ``-5%`` where higher is better."""
    return ("+" if better == "lower" else "-") + text.lstrip("+-")
