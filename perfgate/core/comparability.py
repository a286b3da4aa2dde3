"""What may be compared: how two profiles differ, and whether one profile can be judged at all.

The rules stand here and nowhere else. A check, a refresh, a merge of shards, an audit and
`perfgate validate` ask them, so that none of them accepts what another one refuses.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import Diagnostic, error
from perfgate.core.metrics import (
    ALWAYS_POSITIVE,
    DEADLINE_MISS,
    ELAPSED,
    FUNCTION_CALLS,
    PEAK_MEMORY,
    THROUGHPUT,
    WORKLOAD_BOUND,
    Metric,
    explains,
)
from perfgate.core.policy import GATED_BY_DEFAULT, gates_nothing_by_default
from perfgate.core.profile import MetricProfile, Profile, title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.policy import Policy, Workload

BASELINE_AND_RUNS = ("in the baseline", "in the runs")
"""Where the two sides of a check or a refresh are, for messages."""
_ROWS_MATTER = WORKLOAD_BOUND | {THROUGHPUT.name}
_MOST_SHOWN = 3


class Mismatch(Struct, frozen=True, kw_only=True):
    """Why two profiles cannot be compared, or why no check can judge one."""

    slug: str
    """Such as ``unit-differs``: a slug of `perfgate.core.reasons` or of docs/messages.md."""
    metric: str
    """Name of the metric; empty when the whole benchmark is concerned."""
    message: str
    """One sentence without a final full stop."""

    def as_error(self, place: str, hint: str, *, details: str = "") -> Diagnostic:
        """Return the mismatch as an error.

        Args:
            place: a benchmark or a file.
            hint: what to do.
            details: further facts, added behind the sentence; empty: none.
        """
        slug = self.slug
        return error(slug, f"{self.message}: {details}" if details else self.message, place=place, hint=hint)


def compare_definitions(one: Metric, other: Metric, sides: tuple[str, str]) -> Mismatch | None:
    """Return how two definitions of a metric differ: by unit or by direction; None when they are equal.

    Args:
        one: the metric on the first side.
        other: the metric of the same name on the second side.
        sides: where each is defined, such as ``in the baseline``.
    """
    name = f'"{one.name}"'
    if one.unit != other.unit:
        message = f'the unit of {name} is "{one.unit}" {sides[0]}, but "{other.unit}" {sides[1]}'
        return Mismatch(slug="unit-differs", metric=one.name, message=message)
    if one.better != other.better:
        message = f"{one.better} is better for {name} {sides[0]}, but {other.better} {sides[1]}"
        return Mismatch(slug="direction-differs", metric=one.name, message=message)
    return None


_UNKNOWN = "unknown"
_UNSTATED = "an interpreter that is not stated"
EXIT_CODE = "exit code "
"""Begins the source of times of a program that always ended with one exit code: with another it did something else."""


def compare_methods(base: MetricProfile, current: MetricProfile) -> Mismatch | None:
    """Return by which different methods the values of two sides were measured; None when by one."""
    sources = sorted({*base.sources, *current.sources})
    if sources and all(s.startswith(EXIT_CODE) for s in sources):
        return _methods_mismatch(base.metric, sources)  # a program that begins to fail, or stops it, has its error rate
    if sources and not (base.quantiles or current.quantiles) and not (base.sources and current.sources):
        # One side does not state it: of memory it may be any method, of other metrics it is the usual one.
        is_unknown = base.metric.name in {PEAK_MEMORY.name, FUNCTION_CALLS.name}
        sources.append(_UNKNOWN if is_unknown else "single calls")
    return _methods_mismatch(base.metric, sources)


def _methods_mismatch(metric: Metric, sources: Sequence[str]) -> Mismatch | None:
    if len(sources) < 2:  # noqa: PLR2004 - one method, or none that is stated
        return None
    if metric.name == FUNCTION_CALLS.name:
        counted = ", and with ".join(_UNSTATED if s == _UNKNOWN else s for s in sources)
        message = f"function calls were counted with {counted}"
        return Mismatch(slug="counted-elsewhere", metric=metric.name, message=message)
    if metric.name == DEADLINE_MISS.name:
        return Mismatch(slug="source-differs", metric=metric.name, message=f"the traces had {' and '.join(sources)}")
    name = metric.name.replace("_", " ")
    message = f"{name} was measured by different methods ({', '.join(sources)})"
    return Mismatch(slug="source-differs", metric=metric.name, message=message)


def compare_rows(base: Profile, current: Profile) -> Mismatch | None:
    """Return how the workloads of two profiles differ; None when they are equal, or one is unknown."""
    was, now = (sorted({r for s in p.sessions for r in s.rows_used}) for p in (base, current))
    if was == now or not was or not now:
        return None
    message = f"the baseline's runs used {_list_rows(was)} rows, these runs {_list_rows(now)} rows"
    return Mismatch(slug="rows-differ", metric="", message=message)


def _list_rows(counts: Sequence[int]) -> str:
    """Return workloads in words, a long list cut."""
    text = ", ".join(f"{c:,}" for c in counts[:_MOST_SHOWN])
    return text + (f" and {len(counts) - _MOST_SHOWN} other counts of" if len(counts) > _MOST_SHOWN else "")


def compare_kinds(one: MetricProfile, other: MetricProfile, sides: tuple[str, str]) -> Mismatch | None:
    """Return why two profiles cannot be merged: only one of them holds raw values; None when they can.

    Args:
        one: a metric on the first side.
        other: the same metric on the second side.
        sides: where each is, such as ``in the baseline``.
    """
    if bool(one.stated) == bool(other.stated):
        return None
    kinds = ["only quantiles" if m.stated else "values" for m in (one, other)]
    name = one.metric.name
    message = f'"{name}" has {kinds[0]} {sides[0]}, but {kinds[1]} {sides[1]}'
    return Mismatch(slug="kinds-differ", metric=name, message=message)


def compare_metrics(
    base: MetricProfile, current: MetricProfile, profiles: tuple[Profile, Profile], workload: Workload
) -> Mismatch | None:
    """Return the first reason why a metric of two profiles cannot be compared; None when it can.

    Args:
        base: the metric in the baseline.
        current: the metric of the runs.
        profiles: the baseline and the profile of the runs.
        workload: must both have worked on the same rows?
    """
    found = compare_definitions(base.metric, current.metric, BASELINE_AND_RUNS) or compare_methods(base, current)
    if found is None and workload == "same":
        if base.metric.name in _ROWS_MATTER:
            return compare_rows(*profiles)
        if not any(map(_is_bound_to_rows, profiles)) and all(map(_states_rows, profiles)):
            return compare_rows(*profiles)
    return found


def _is_bound_to_rows(profile: Profile) -> bool:
    """Does the profile hold a metric whose amount depends on the rows? Else they are what its scores are means of."""
    return any(m.metric.name in _ROWS_MATTER for m in profile.metrics)


def _states_rows(profile: Profile) -> bool:
    return all(all(s.rows_used) for s in profile.sessions)


def needs_same_rows(profile: Profile, policy: Policy, *, gated_only: bool = False) -> bool:
    """Does a check require that all runs of the benchmark worked on the same rows?

    Args:
        profile: the benchmark with its metrics.
        policy: what is judged, and how.
        gated_only: ask only for metrics that can fail a check.
    """
    titled = title(*profile.key)
    is_primary = gates_nothing_by_default(m.metric.name for m in profile.metrics)
    rulings = [
        policy.ruling(profile.benchmark, titled, m.metric, "p50", is_primary=is_primary)
        for m in profile.metrics
        if m.metric.name in _ROWS_MATTER and not policy.excludes(profile.benchmark, titled, m.metric.name)
    ]
    return any(r.workload == "same" and (r.level == "fail" or not gated_only) for r in rulings)


def do_sessions_disagree(profile: Profile, policy: Policy) -> bool:
    """Did the sessions of a gated baseline work on different rows, so that no session can be like all of them?"""
    differ = len({s.rows_used for s in profile.sessions if s.rows_used}) > 1
    return differ and needs_same_rows(profile, policy, gated_only=True)


def why_unmeasured(metric: MetricProfile) -> Mismatch | None:
    """Return why a time or a size of zero is no measurement; None when all values are one."""
    name = metric.metric.name
    message = ""
    if name in ALWAYS_POSITIVE:
        if _least(metric) <= 0:
            message = "a peak of zero: memory was not measured"
            if name == ELAPSED.name:
                message = "a time of zero: the run is too short for three decimals of a second"
    elif name in GATED_BY_DEFAULT and metric.metric.unit == "s" and _least(metric) < 0:
        # Single zeros are legal in files of other tools: some subtract the cost of their own loop.
        message = "a negative time"
    return Mismatch(slug="zero-values", metric=name, message=message) if message else None


def _least(metric: MetricProfile) -> float:
    """Return the least value or quantile of a metric; infinite when it has none."""
    least = min([min(s.values, default=math.inf) for s in metric.samples], default=math.inf)
    return min(least, *(q for _, q in metric.quantiles)) if metric.quantiles else least


def find_flaws(profile: Profile, policy: Policy) -> list[Mismatch]:
    """Return why no check could judge a profile, whatever it is compared with; empty when it is sound.

    What the policy excludes is not judged, so that it is no flaw either; but values and
    quantiles of one metric cannot stand in one file at all.

    Args:
        profile: a baseline, or runs that shall become one.
        policy: what is judged, and how.
    """
    titled = title(*profile.key)
    found: list[Mismatch | None] = []
    for m in profile.metrics:
        if m.samples and m.stated:
            message = f'"{m.metric.name}" has values in some sessions, but only quantiles in others'
            found.append(Mismatch(slug="kinds-differ", metric=m.metric.name, message=message))
        if not policy.excludes(profile.benchmark, titled, m.metric.name) and not explains(m.metric.name):
            found += [_methods_mismatch(m.metric, m.sources), why_unmeasured(m)]
    if do_sessions_disagree(profile, policy):
        rows = sorted({r for s in profile.sessions for r in s.rows_used})
        message = f"its sessions worked on different rows (rows_used: {', '.join(f'{r:,}' for r in rows[:_MOST_SHOWN])}"
        message += ", …)" if len(rows) > _MOST_SHOWN else ")"
        found.append(Mismatch(slug="sessions-disagree", metric="", message=message))
    return [f for f in found if f is not None]
