"""The two arms of a canary: what each version of the service was seen to do."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.metrics import Metric
    from perfgate.stats.large_samples.distribution import Distribution

Key = tuple[str, str]
"""Benchmark, with its labels, and name of the metric."""


class Measure(Struct, frozen=True, kw_only=True):
    """One metric of one benchmark in one arm; one of the first three fields, or none, is set."""

    metric: Metric
    """Name, unit and direction."""
    whole: Distribution | None = None
    """All values, in the metric's unit."""
    share: tuple[int, int] | None = None
    """How many of how many, when it is a share that was counted."""
    value: float | None = None
    """The only value, of which nothing says how certain it is: a rate, a mean, a quotient of sums."""
    instances: tuple[Distribution, ...] = ()
    """The values by instance, where more than one is named; their order says nothing."""
    source: str = ""
    """How the values came about, where that is not the usual way."""

    @property
    def count(self) -> int:
        """How many values, or calls, are behind it."""
        if self.share is not None:
            return self.share[1]
        return len(self.whole) if self.whole is not None else int(self.value is not None)


class Arm(Struct, frozen=True, kw_only=True, dict=True):
    """One version of a service."""

    name: str
    """What messages call it."""
    measures: Mapping[Key, Measure]
    """By benchmark and metric."""
    first: str = ""
    """When its first request began, UTC; empty: unknown."""
    last: str = ""
    """When its last request began, UTC; empty: unknown."""
    is_named_by_file: bool = False
    """Are its benchmarks named after its files, which name none?"""
    is_dated: bool = False
    """Do all its files state the time of each row?"""
    digests: frozenset[str] = frozenset()
    """What its files hold, each as a short hash."""
    instances: int = 0
    """How many instances its rows name; 0: they name none."""

    @cached_property
    def _by_benchmark(self) -> dict[str, dict[str, Measure]]:
        """The measures by benchmark: each of thousands of series asks for its own."""
        found: dict[str, dict[str, Measure]] = {}
        for (benchmark, metric), measure in self.measures.items():
            found.setdefault(benchmark, {})[metric] = measure
        return found

    def benchmarks(self) -> list[str]:
        """Return what was measured, in the order of the files."""
        return list(self._by_benchmark)

    def of(self, benchmark: str) -> dict[str, Measure]:
        """Return the measures of one benchmark by name of the metric."""
        return self._by_benchmark.get(benchmark, {})
