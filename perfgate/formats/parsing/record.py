"""What a reader yields: one record for each metric of each benchmark, before it becomes a run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from msgspec import Struct

from perfgate.stats.buckets import bucket_quantile
from perfgate.stats.cells import Cell, count_of_cells, spread
from perfgate.stats.quantiles import quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.metrics import Direction
    from perfgate.core.run import Labels

Kind = Literal["samples", "quantiles", "histogram", "value"]
Flag = Literal[
    "cpu-scaling",
    "debug-build",
    "exit-code",
    "failures-mixed",
    "gaps",
    "nonzero-exit",
    "rounded",
    "saturated",
    "settings",
    "short",
    "snapshot",
    "unfinished",
]


class Samples(Struct, frozen=True, kw_only=True):
    """The raw values."""

    kind: ClassVar[Kind] = "samples"
    values: Sequence[float]
    """In file order, in the record's unit; finite."""
    failed: tuple[int, ...] = ()
    """Positions of the values of failed calls; these are listed, and never judged."""
    stands_for: int = 0
    """How many measured values these stand for, each for an equal share; 0: each for itself."""
    cells: tuple[Cell, ...] = ()
    """Counts by cell in place of values, of so many that no reader keeps them."""

    @property
    def count(self) -> int:
        """How many measured values there are."""
        return count_of_cells(self.cells) if self.cells else self.stands_for or len(self.values)


class Quantiles(Struct, frozen=True, kw_only=True):
    """The quantiles that the tool computed."""

    kind: ClassVar[Kind] = "quantiles"
    points: tuple[tuple[float, float], ...]
    """Share (0.95 for p95) and value in the record's unit, ascending by share; only what the file states."""


class Histogram(Struct, frozen=True, kw_only=True):
    """Counts by bucket."""

    kind: ClassVar[Kind] = "histogram"
    buckets: tuple[tuple[float, float], ...]
    """Upper bound in the record's unit and *cumulative* count, ascending; the last bound may be infinite."""


class Single(Struct, frozen=True, kw_only=True):
    """One value of the whole run: a mean, a rate or a counter."""

    kind: ClassVar[Kind] = "value"
    value: float
    """In the record's unit; finite."""


class Share(Struct, frozen=True, kw_only=True):
    """How many of all calls: those that failed, or that the cache answered."""

    kind: ClassVar[Kind] = "value"
    hits: int
    """How many, 0 <= hits <= of."""
    of: int
    """Of how many, >= 1."""

    @property
    def value(self) -> float:
        """The share, 0.0 to 1.0."""
        return self.hits / self.of


Payload: TypeAlias = Samples | Quantiles | Histogram | Single | Share


class Record(Struct, frozen=True, kw_only=True):
    """One metric of one benchmark, in base units."""

    benchmark: str
    """The tool's full name of it, parameters included, as found."""
    metric: str
    """Such as ``time``, ``response_time``, ``throughput``, ``error_rate``."""
    unit: str | None
    """Base unit (``s``, ``B``, ``1/s``, ``B/s``, ``1``), or the file's own text; None: the file does not say."""
    better: Direction | None
    """Which direction is better; None: the file does not say, so that the user must."""
    payload: Payload
    """What was measured: `Samples`, `Quantiles`, a `Histogram`, a `Single` value or a `Share`."""
    n: int | None = None
    """Number of measurements behind it; None: as many as there are samples, else the file does not say."""
    rows: int = 0
    """How many examples or rows the benchmark worked on, where another number is another workload; 0: unknown."""
    is_mean: bool = False
    """Is each value a mean over several calls? Means and single calls are never compared."""
    source: str = ""
    """How the values came about, where two sides that differ in it cannot be compared; empty: as usual."""
    is_side: bool = False
    """Is it shown by `perfgate import` alone, and never judged? (User counters, bookkeeping of the tool.)"""
    is_derived: bool = False
    """Did the reader count it from marks of the single samples? It is judged, but the file does not state it."""
    flags: tuple[Flag, ...] = ()
    """How the values were measured, where a person should know it."""
    remark: str = ""
    """The same in words that name what is odd, such as a label; empty: nothing is."""
    started_at: str = ""
    """When the measurement began, as the file states it (ISO 8601); empty when it does not."""
    ended_at: str = ""
    """When the last of many measurements began, such as the last line of a log; empty when the file does not say."""
    commit: str = ""
    """Version of the measured code; empty when the file does not say."""
    least: float = 0.0
    """Values below it are compared as if they were it, in the record's unit; 0.0: all count."""
    labels: Labels = ()
    """What its rows hold in the fields that divide a benchmark (`ForeignOptions.split_by`), sorted by name."""
    period: tuple[float, float] | None = None
    """When the first and the last event behind its only value were, in seconds since 1970; None: not known."""
    weight: float = 0.0
    """By which sum its only value was divided, where it is a quotient of sums; 0.0: it is none."""
    machine: Labels = ()
    """What the file states of the machine (`machine.state_machine`); empty when it says nothing."""

    @property
    def count(self) -> int | None:
        """Number of measurements behind it; None: the file does not say."""
        if self.n is None and isinstance(self.payload, Samples):
            return self.payload.count
        if self.n is None and isinstance(self.payload, Share):
            return self.payload.of
        return self.n


class Skipped(Struct, frozen=True, kw_only=True):
    """A benchmark that the file names without a usable measurement: it failed, was skipped, or is broken."""

    benchmark: str
    """Its name, as in a record."""
    why: str
    """In a few words, such as ``failed`` or ``no values``."""
    metric: str = ""
    """The metric, when only that is unusable."""
    message: Diagnostic | None = None
    """What is printed of it, without a place; None: the name, then why."""


def describe(record: Record) -> dict[str, Any]:
    """Return a record as JSON data, as `perfgate import --dry-run --json` prints it.

    A quantile that the file does not give is None, never made up.
    """
    document: dict[str, Any] = {
        "benchmark": record.benchmark,
        "metric": record.metric,
        "unit": record.unit,
        "direction": record.better,
        "kind": record.payload.kind,
        "n": record.count,
        "p50": None,
        "p95": None,
    }
    match record.payload:
        case Samples(values=values, cells=cells):
            values = spread(cells) if cells else values
            ordered = sorted(values)
            document.update(p50=quantile(ordered, 0.5), p95=quantile(ordered, 0.95), samples=list(values))
            document["of"] = "means" if record.is_mean else "calls"
        case Quantiles(points=points):
            stated = dict(points)
            document.update(p50=stated.get(0.5), p95=stated.get(0.95), quantiles={f"{q:g}": v for q, v in points})
        case Histogram(buckets=buckets):
            p50, p95 = (bucket_quantile(buckets, q) for q in (0.5, 0.95))
            document.update(p50=p50[0], p95=p95[0], saturated=math.isinf(p95[2]))
            document["buckets"] = [[bound if math.isfinite(bound) else None, count] for bound, count in buckets]
        case Single(value=value) | Share(value=value):
            document["value"] = value
    if record.flags:
        document["flags"] = list(record.flags)
    if record.is_side:
        document["judged"] = False
    return document
