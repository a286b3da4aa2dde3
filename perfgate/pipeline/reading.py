"""How files of other tools are to be read: what the command line says, as a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.formats.detect import named
from perfgate.formats.foreign import Given
from perfgate.formats.maps import format_of, map_for, map_named
from perfgate.formats.parsing.record import Options

if TYPE_CHECKING:
    from perfgate.core.metrics import Direction
    from perfgate.core.policy import Policy
    from perfgate.formats.catalog.format import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the user said about files of other tools."""

    source: str = ""
    """Name of their format; empty: their content tells."""
    map: str = ""
    """Name of the field map that reads them; empty: the maps that name the files."""
    direction: Direction | None = None
    """Which way is better, where the files do not say it."""
    min_time: float = Options().min_time
    """Seconds: shorter test cases of a JUnit report are left out."""
    tolerance: float = Options().tolerance
    """Share of broken lines of a log that is borne, 0.0 to 1.0."""

    def words(self) -> list[str]:
        """Return the options that say the same on the command line."""
        told = (
            ("--from", self.source, ""),
            ("--map", self.map, ""),
            ("--direction", self.direction, None),
            ("--min-time", self.min_time, Options().min_time),
            ("--tolerance", self.tolerance, Options().tolerance),
        )
        return [word for flag, value, default in told if value != default for word in (flag, str(value))]


def given_of(reading: Reading, policy: Policy) -> Given:
    """Return how files are to be read.

    Raises:
        CannotDecideError: there is no such format, or no such map.
    """

    def mapped(path: str) -> Format | None:
        found = map_for(path, policy.maps) if not reading.source else None
        return format_of(found) if found else None

    asked: Format | None = named(reading.source) if reading.source else None
    if reading.map:
        asked = format_of(map_named(reading.map, policy.maps))
    return Given(
        format=asked,
        mapped=mapped if policy.maps else None,
        options=Options(better=reading.direction, min_time=reading.min_time, tolerance=reading.tolerance),
    )
