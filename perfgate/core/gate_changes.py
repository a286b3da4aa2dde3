"""What a change does to the gate that judges it: baselines, configuration, waivers."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["baseline", "configuration", "waivers", "golden", "inputs"]
Edit = Literal["added", "changed", "removed", "unreadable"]


class Move(Struct, frozen=True, kw_only=True):
    """One value of the gate, before and after."""

    what: str
    """Which one: ``elapsed p50``, ``threshold``, ``level of train cpu p50 and 3 more rows``."""
    unit: str
    """Base unit of numbers; empty: they are counts, or text."""
    before: float | str | None
    """A number in base units, or words of the configuration; None: it was not there."""
    after: float | str | None
    """The same of the tree; None: it is not there any more."""
    change: float | None
    """After / before - 1 of numbers; None where the ratio does not exist."""
    laxer: bool | None
    """Does it let more pass than before? None: that is unknown."""


class GateChange(Struct, frozen=True, kw_only=True):
    """One file of the gate that is not as the commit has it which judges."""

    kind: Kind
    """What the file holds."""
    edit: Edit
    """What was done to it; ``unreadable``: it is there, but not valid."""
    path: str
    """The file in the tree, relative to the working directory."""
    name: str
    """The benchmark with its labels, of a baseline; else empty."""
    machine_class: str
    """Class of machine of a baseline; else empty."""
    moves: tuple[Move, ...]
    """Which values moved; empty when only others than p50 did, or when it is unknown."""

    @property
    def is_laxer(self) -> bool:
        """Does any part of it let more pass than before?"""
        return self.edit == "removed" or any(m.laxer for m in self.moves)
