"""How far an A/B comparison is, for whoever watches it; nothing here decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.core.finding import Finding
    from perfgate.gate.judge import Judgement


class Standing(Struct, frozen=True, kw_only=True):
    """How far a comparison is, between two runs."""

    names: tuple[str, str]
    """What the base is, and the head: a short hash, "working tree", or a command."""
    done: int
    """Runs done of both sides, warm-up included."""
    total: int
    """Runs of both sides at the most, warm-up included."""
    warmup: int
    """Runs of each side before the measured ones, >= 0."""
    runs: tuple[int, int]
    """Measured runs done, of the base and of the head, of all combinations of parameters together."""
    combinations: int = 1
    """How many combinations of parameters each round measures, >= 1."""
    combination: str = ""
    """The one that is measured next, in words; empty: there are no parameters, or all is done."""
    most: int
    """Measured runs of each side at the most, >= 1, of each combination."""
    a_round: int
    """Measured runs of each side in a round, >= 1, of each combination."""
    may_stop_early: bool
    """May an interim analysis end it before the most runs?"""
    is_over: bool
    """Was the last run done?"""
    is_decided: bool | None
    """Did the last interim analysis find that more runs change nothing? None: there was none yet."""
    estimate: Callable[[], Finding | None]
    """Judges the runs so far, for display alone, and returns the gated value that looks worst. It takes milliseconds
    the first time; None: too few runs, or none is gated."""

    @property
    def rounds(self) -> int:
        """How many rounds there are at the most."""
        return -(-self.most // self.a_round)

    @property
    def round(self) -> int:
        """The round that is measured now, or was the last one, from 1 on."""
        whole, rest = divmod(min(self.runs), self.a_round * self.combinations)
        return max(1, min(whole + (1 if rest or not self.is_over else 0), self.rounds))


def worst_gated(judgement: Judgement) -> Finding | None:
    """Return the gated value that looks worst, or the first of equal ones; None: none has a change."""
    return next((f for f in judgement.findings if f.level == "fail" and f.method and f.change is not None), None)
