"""Times of files that mix calls which failed with those which did not: failing must never look fast."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

from perfgate.core.policy import ERROR_RATE
from perfgate.core.statistic import QUANTILE_OF, Quantile
from perfgate.formats.parsing.record import Record, Share, Single, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfgate.formats.parsing.record import Quantiles, Samples

SHARES = {q: name for name, q in QUANTILE_OF.items()}
"""Shares of the quantiles that a rule or a budget may name."""
_MIXED = {"failures-mixed", "nonzero-exit"}
_NEGLIGIBLE = 0.01  # of all calls: moves a quantile by less than a hundredth of a rank
_SLACK = 1e-9  # of a share, which may be written as 0.95 or as 95 / 100


def all_failed(benchmark: str, metric: str, count: int, why: str, started_at: str = "") -> Iterator[Record | Skipped]:
    """Yield what is known of a benchmark of which every call failed: its error rate. Its times are unknown.

    Args:
        benchmark: its name.
        metric: the metric that is unknown.
        count: how many calls there were, >= 1.
        why: such as ``every request failed``.
        started_at: when it was measured; empty: unknown.
    """
    yield Skipped(benchmark=benchmark, metric=metric, why=why)
    yield Record(
        benchmark=benchmark,
        metric=ERROR_RATE,
        unit="1",
        better="lower",
        started_at=started_at,
        payload=Share(hits=count, of=count),
    )


def highest_rate(records: Iterable[Record]) -> float:
    """Return the highest share of failures in a file, for tools that count them beside their benchmarks."""
    return max((rate for r in records if (rate := _rate(r)) is not None), default=0.0)


def rate_of(records: Iterable[Record], of_file: float) -> float:
    """Return the share of failures in one benchmark, that of the whole file when it has none of its own."""
    return next((rate for r in records if (rate := _rate(r)) is not None), of_file)


def _rate(r: Record) -> float | None:
    return r.payload.value if r.metric == ERROR_RATE and isinstance(r.payload, (Single, Share)) else None


def without_failures(r: Record, samples: Samples, rate: float) -> Sequence[float]:
    """Return the samples of a record without those of failed calls.

    Where the file says which these are, they are left out; else as many of the fastest,
    since failing is often fast, and must not make a time look better.
    """
    values = samples.values
    if samples.failed:
        failed = set(samples.failed)
        return [v for i, v in enumerate(values) if i not in failed] or values
    if not values or rate <= 0 or not _is_mixed(r):
        return values
    return sorted(values)[min(round(rate * len(values)), len(values) - 1) :]


def _is_mixed(r: Record) -> bool:
    """Does a record hold times of calls of which some failed?"""
    return bool(_MIXED & set(r.flags)) and (r.better, r.unit) == ("lower", "s")


def stated_quantiles(r: Record, stated: Quantiles, rate: float) -> Iterator[Quantile]:
    """Yield the quantiles that a tool states, as far as they are those of calls that did not fail.

    When a share e of all calls failed, the q-quantile of the others is, at the worst,
    where the tool states its (e + q (1 - e))-quantile: between the one that it states
    for q and the next one beyond. Up to one failure in a hundred that is no difference.
    """
    is_mixed = rate > _NEGLIGIBLE and _is_mixed(r)
    shares = [q for q, _ in stated.points]
    values = [v for _, v in stated.points]
    for share, value in stated.points:
        name = SHARES.get(round(share, 9))
        if name is None:
            continue
        if not is_mixed:
            yield Quantile(name, value, value, value)
            continue
        needed = rate + share * (1 - rate)
        i = bisect_left(shares, needed - _SLACK)
        if i == len(shares):
            yield Quantile(name, values[-1], value, math.inf)
        else:
            part = (needed - shares[i - 1]) / (shares[i] - shares[i - 1]) if i else 1.0
            before = values[i - 1] if i else values[0]
            yield Quantile(name, before + min(part, 1.0) * (values[i] - before), value, values[i])
