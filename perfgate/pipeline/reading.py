"""How files of other tools are to be read: what the command line says, as a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.formats.detect import named
from perfgate.formats.foreign import Given
from perfgate.formats.record import Options

if TYPE_CHECKING:
    from perfgate.core.metrics import Direction
    from perfgate.core.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the user said about files of other tools."""

    source: str = ""
    """Name of their format; empty: their content tells."""
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
            ("--direction", self.direction, None),
            ("--min-time", self.min_time, Options().min_time),
            ("--tolerance", self.tolerance, Options().tolerance),
        )
        return [word for flag, value, default in told if value != default for word in (flag, str(value))]


def given_of(reading: Reading, policy: Policy) -> Given:  # noqa: ARG001
    """Return how files are to be read.

    Raises:
        CannotDecideError: there is no such format.
    """
    return Given(
        format=named(reading.source) if reading.source else None,
        options=Options(better=reading.direction, min_time=reading.min_time, tolerance=reading.tolerance),
    )
