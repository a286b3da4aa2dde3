"""How files of other tools are read: one record from the command line to the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.metrics import Direction
    from perfgate.core.policy import Policy
    from perfgate.core.sources.series import Ratio

MIN_TIME = 0.1
"""Seconds: JUnit reports state whole milliseconds, so that a shorter test case is known to 1 % at best."""
TOLERANCE = 0.01
"""Share of the lines of a log that may be broken."""


class ForeignOptions(Struct, frozen=True, kw_only=True):
    """What the user says about files of other tools; a `ForeignReader` looks up its names."""

    source: str = ""
    """Name of their format; empty: detected by content."""
    map: str = ""
    """Name of the field map that reads them; empty: the maps that name the files."""
    direction: Direction | None = None
    """Which direction is better, for metrics whose file does not say it."""
    min_time: float = MIN_TIME
    """Seconds: shorter test cases of a JUnit report count as that long."""
    tolerance: float = TOLERANCE
    """Share of the lines of a log that may be broken, 0.0 to 1.0."""
    split_by: tuple[str, ...] = ()
    """Fields of rows that divide a benchmark by their values, such as the version that answered."""
    only: tuple[float, float] | None = None
    """First and last second, since 1970, of the rows that are read, where rows state their times; None: all are."""
    ratios: tuple[Ratio, ...] = ()
    """Shares of counters in others, as the configuration has them."""
    limited: Mapping[str, Direction] = field(default_factory=dict)
    """Metrics of Prometheus on which there is a budget -> which direction is better, as its limit says."""


def complete(options: ForeignOptions | None, policy: Policy) -> ForeignOptions:
    """Return the options with what the configuration says of files of other tools."""
    limited: dict[str, Direction] = {b.series: b.better for b in policy.budgets if b.series}
    return replace(options or ForeignOptions(), ratios=policy.ratios, limited=limited)
