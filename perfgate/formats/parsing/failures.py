"""Times of files that mix calls which failed with those which did not: failing must never look fast."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.core.policy import STATISTICS
from perfgate.core.quantile import Quantile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perfgate.formats.parsing.record import Record

SHARES = {int(name[1:]) / 100: name for name in STATISTICS}
"""Shares of the quantiles that a rule or a budget may name."""
_MIXED = {"failures-mixed", "nonzero-exit"}
_NEGLIGIBLE = 0.01  # of all calls: moves a quantile by less than a hundredth of a rank
_SLACK = 1e-9  # of a share, which may be written as 0.95 or as 95 / 100


def highest_rate(records: Iterable[Record]) -> float:
    """Return the highest share of failures in a file, for tools that count them beside their benchmarks."""
    return max((r.values[0] for r in records if _is_rate(r)), default=0.0)


def rate_of(records: Iterable[Record], of_file: float) -> float:
    """Return the share of failures in one benchmark, that of the whole file when it has none of its own."""
    return next((r.values[0] for r in records if _is_rate(r)), of_file)


def _is_rate(r: Record) -> bool:
    return r.metric == "error_rate" and r.kind == "value"


def without_failures(r: Record, rate: float) -> Record:
    """Return samples without those of failed calls.

    Where the file says which these are, they are left out; else as many of the fastest,
    since failing is often fast, and must not make a time look better.
    """
    if r.kind != "samples" or not r.values:
        return r
    if r.failed:
        failed = set(r.failed)
        kept = [v for i, v in enumerate(r.values) if i not in failed]
        return replace(r, values=kept) if kept else r
    if rate <= 0 or not _MIXED & set(r.flags) or (r.better, r.unit) != ("lower", "s"):
        return r
    return replace(r, values=sorted(r.values)[min(round(rate * len(r.values)), len(r.values) - 1) :])


def stated_quantiles(r: Record, rate: float) -> Iterator[Quantile]:
    """Yield the quantiles that a tool states, as far as they are those of calls that did not fail.

    When a share e of all calls failed, the q-quantile of the others lies, at the worst,
    where the tool states its (e + q (1 - e))-quantile: between the one that it states
    for q and the next one beyond. Up to one failure in a hundred that is no difference.
    """
    is_mixed = rate > _NEGLIGIBLE and _MIXED & set(r.flags) and (r.better, r.unit) == ("lower", "s")
    shares = [q for q, _ in r.quantiles]
    values = [v for _, v in r.quantiles]
    for share, value in r.quantiles:
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
