"""The direction that the user names beside what files state: what is stated holds, and a contradiction is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from perfgate.core.errors import error
from perfgate.core.policy import GATED_BY_DEFAULT, gates_nothing_by_default

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.metrics import Direction
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Record

_ASKED = cast("Direction", "asked")
_SLUG = "direction-contradicts"
_OTHER: dict[Direction, Direction] = {"lower": "higher", "higher": "lower"}
_OF_UNIT: dict[str, tuple[str, Direction]] = {
    "s": ("a time", "lower"),
    "1/s": ("a rate", "higher"),
    "B/s": ("a rate", "higher"),
}


class Asked:
    """One ``--direction`` for all files of a call: where it is used, and what speaks against it."""

    def __init__(self, direction: Direction | None) -> None:
        """Start with no file read.

        Args:
            direction: what the user says; None: nothing.
        """
        self._direction = direction
        self._is_used = False
        self._stated: Diagnostic | None = None
        self.problems: list[Diagnostic] = []
        """Benchmarks whose unit says the opposite."""

    def marked(self, options: ForeignOptions) -> ForeignOptions:
        """Return the options for a reader: what it takes the direction for is recognised by it afterwards."""
        return replace(options, direction=_ASKED) if self._direction else options

    def settle(self, records: Sequence[Record], origin: str) -> tuple[Record, ...]:
        """Return the records of a file with the direction that was asked for, and note what speaks against it."""
        if self._direction is None:
            return tuple(records)
        asked = [r for r in records if r.better == _ASKED]
        self._is_used = self._is_used or any(not r.is_side for r in asked)
        self.problems.extend(self._against_units(asked, origin))
        judged = [r for r in records if not r.is_side and r.better not in {_ASKED, None}]
        takes_all = gates_nothing_by_default(r.metric for r in judged)
        for r in judged:
            if takes_all or r.metric in GATED_BY_DEFAULT:
                self.state(r.benchmark, r.metric, r.better or "lower", origin)
        return tuple(replace(r, better=self._direction) if r.better == _ASKED else r for r in records)

    def state(self, benchmark: str, metric: str, better: Direction, origin: str) -> None:
        """Take note of a direction that a file states for a value that is gated."""
        if self._direction and better != self._direction and self._stated is None:
            stated = f'the file states {better} for "{metric}" of "{benchmark}"'
            hint = "leave out --direction: it is for values whose direction no file states"
            self._stated = error(_SLUG, f"--direction says {self._direction}, and {stated}", place=origin, hint=hint)

    def faults(self) -> list[Diagnostic]:
        """Return what is wrong once all files are read; a direction that some file needs may differ from another's."""
        return self.problems if self._is_used or self._stated is None else [*self.problems, self._stated]

    def _against_units(self, asked: Sequence[Record], origin: str) -> Iterator[Diagnostic]:
        """Yield an error where the unit of a value says the opposite: two of them in one file need two directions."""
        known = [(r, *_OF_UNIT[r.unit]) for r in asked if not r.is_side and r.unit in _OF_UNIT]
        wrong = next(((r, what) for r, what, better in known if better != self._direction), None)
        if wrong is None or self._direction is None:
            return
        record, what = wrong
        other = _OTHER[self._direction]
        stated = f'"{record.benchmark}" is {what} ({record.unit}): {other} is better'
        hint = f"give --direction {other}"
        if any(better == self._direction for _, _, better in known):
            hint = "give times and rates in files of their own, or read the file by a map that states better for each"
        yield error(_SLUG, f"--direction says {self._direction}, and {stated}", place=origin, hint=hint)
