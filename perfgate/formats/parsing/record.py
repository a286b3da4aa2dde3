"""What a foreign file says of one metric of one benchmark, before it becomes a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.metrics import Direction
    from perfgate.core.run import Labels

Kind = Literal["samples", "quantiles", "histogram", "value"]
Flag = Literal[
    "cpu-scaling",
    "debug-build",
    "failures-mixed",
    "nonzero-exit",
    "rounded",
    "saturated",
    "short",
    "snapshot",
    "unfinished",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One metric of one benchmark, in base units."""

    benchmark: str
    """The tool's full name of it, parameters included, as found."""
    metric: str
    """Such as ``time``, ``response_time``, ``throughput``, ``error_rate``."""
    unit: str | None
    """Base unit (``s``, ``B``, ``1/s``, ``B/s``, ``1``), or the file's own text; None: the file cannot say."""
    better: Direction | None
    """None: the file cannot say, so that the user must."""
    kind: Kind
    """``samples``: raw values. ``quantiles``: the tool's own. ``histogram``: counts by bucket.
    ``value``: a mean, a rate or a counter of the whole run."""
    n: int | None = None
    """How many measurements are behind it; None: the file does not say."""
    values: Sequence[float] = ()
    """The raw values of `samples`, in file order; of `value` the only one; else empty. Finite."""
    quantiles: tuple[tuple[float, float], ...] = ()
    """Of `quantiles` only: share (0.95) and value, ascending by share; what the file does not state is not here."""
    buckets: tuple[tuple[float, float], ...] = ()
    """Of `histogram` only: upper bound and *cumulative* count, ascending; the last bound may be infinite."""
    failed: tuple[int, ...] = ()
    """Of `samples`: which of the values are of calls that failed, by place; they are listed, and never judged."""
    is_mean: bool = False
    """Is each sample a mean over several calls? Means and single calls are never compared."""
    is_side: bool = False
    """Is it shown by `perfgate import` alone, and never judged? (User counters, bookkeeping of the tool.)"""
    is_derived: bool = False
    """Is it counted by the reader from marks of the single samples? It is judged, but no statement of the file."""
    flags: tuple[Flag, ...] = ()
    """What a reader should know about how the values were had."""
    started_at: str = ""
    """When the measuring began, as the file states it (ISO 8601); empty when it does not."""
    commit: str = ""
    """Version of the measured code; empty when the file does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A benchmark that the file names without a usable measurement: it failed, was skipped, or is broken."""

    benchmark: str
    """Its name, as in a record."""
    why: str
    """In a few words, such as ``failed`` or ``no values``."""
    metric: str = ""
    """The metric, when only that is unusable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user said beside the file."""

    better: Direction | None = None
    """Direction of metrics whose file cannot say it."""
    min_time: float = 0.1
    """Seconds: shorter test cases of a JUnit report are left out, since the tool rounds to milliseconds."""
    tolerance: float = 0.01
    """Share of lines of a log that may be broken, 0.0 to 1.0."""
    labels: Labels = ()
    """Labels for every benchmark of the file."""
