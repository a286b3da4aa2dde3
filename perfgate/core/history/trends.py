"""What became of measured values: series of one value each, their steps, and what crept away."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from perfgate.core.profile import title
from perfgate.core.session_id import SessionId
from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from perfgate.core.history.past import BenchmarkHistory, Past, Reading
    from perfgate.core.metrics import Metric
    from perfgate.core.text.units import Change


class Point(Struct, frozen=True, kw_only=True):
    """One value of a series."""

    past: Past
    """The session it is of."""
    reading: Reading
    """What was measured."""

    @property
    def session(self) -> str:
        """The session without its batch: what was measured side by side with other benchmarks."""
        return SessionId.parse(self.past.session).session


class Section(Struct, frozen=True, kw_only=True):
    """Values of a series that can be compared with each other."""

    start: int
    """Place of its first value."""
    end: int
    """Place behind its last value."""
    cause: str
    """Why it begins; empty: with the series."""


class Series(Struct, frozen=True, kw_only=True):
    """The median of one metric of one benchmark over time."""

    benchmark: BenchmarkHistory
    """Whose it is."""
    metric: Metric
    """As it was measured last."""
    threshold: Change
    """Largest accepted worsening."""
    is_gated: bool
    """Does a worsening fail a check?"""
    points: tuple[Point, ...]
    """Oldest first, at least one."""
    sections: tuple[Section, ...]
    """They cover all points, oldest first."""

    @property
    def titled(self) -> str:
        """Name of the benchmark with its labels."""
        return title(self.benchmark.benchmark, self.benchmark.labels)

    @property
    def is_ratio(self) -> bool:
        """Are changes ratios? Else differences in the base unit: where a value is zero, or the threshold is one."""
        return self.threshold.is_relative and all(p.reading.p50 > 0.0 for p in self.points)

    @property
    def least(self) -> float:
        """The smallest change that counts, on the scale of `heights`."""
        if self.is_ratio:
            return math.log1p(self.threshold.amount)
        share = median([p.reading.p50 for p in self.points]) if self.threshold.is_relative else 1.0
        return self.threshold.amount * share

    def heights(self) -> list[float]:
        """Return the values on the scale on which they are compared: logs where changes are ratios."""
        values = [p.reading.p50 for p in self.points]
        return list(map(math.log, values)) if self.is_ratio else values


class Commits(NamedTuple):
    """Commits among which a change lies: those after the older one, up to the newer one."""

    older: str
    """Of the last session that lies before the change; empty: unknown."""
    newer: str
    """Of the first session that lies after it; empty: unknown."""


class Mark(Struct, frozen=True, kw_only=True):
    """One change of level."""

    at: int
    """Place of the first value after it."""
    before: float
    """Level before it, in base units: the median of up to 30 values that were measured there."""
    after: float
    """Level after it, in the same way. Of a suite both are ratios."""
    change: float
    """What it did by itself, less what the others did, as a ratio less one; where a value is zero, the difference in
    base units."""
    shift: float
    """What the others did from one level to the other, as a ratio less one: `after` is `before` with both of them."""
    p: float
    """Two-sided, of the rank test."""
    n_before: int
    """Values before it that were compared."""
    n_after: int
    """Values after it that were compared."""
    first: int
    """Place of the first value that it may begin with."""
    last: int
    """Place of the last value that it may begin with."""
    is_worse: bool
    """Is the level after it worse?"""
    is_open: bool
    """Is the newest level still worse than the one before it? Not where a break lies between them."""
    is_ended: bool
    """Does a break lie between it and the newest level? Then these are not compared."""
    likely: Commits
    """Of the sessions right before and after it."""
    widest: Commits
    """Of the sessions among which it lies in 98 of 100 cases."""
    environment: tuple[str, ...]
    """Facts of the environment that changed right there: ``python 3.11.7 → 3.12.1``."""
    nearby: tuple[str, ...]
    """Other facts of the environment that changed among the sessions where it may lie."""


class SlowChange(Struct, frozen=True, kw_only=True):
    """One change of level in many small parts: no single commit made it."""

    start: int
    """Place of the value from which on it rises or falls."""
    end: int
    """Place behind its last value."""
    before: float
    """Level where it begins, in base units: the median of up to 10 values of it."""
    after: float
    """Level where it ends, in the same way."""
    change: float
    """What it did by itself, less what the others did, as a ratio less one; where a value is zero, the difference in
    base units."""
    shift: float
    """What the others did in the same time, as a ratio less one."""
    is_worse: bool
    """Is the level where it ends worse?"""
    is_open: bool
    """Is the newest level still worse than the one where it begins? Not where a break lies between them."""
    is_ended: bool
    """Does a break lie between it and the newest level?"""

    @property
    def sessions(self) -> int:
        """How many values it has."""
        return self.end - self.start


class Crept(Struct, frozen=True, kw_only=True):
    """How the newest sessions compare with those of the anchor."""

    anchor: Past
    """The newest session of the anchor."""
    before: float
    """Level there, in base units."""
    after: float
    """Level now, in base units."""
    change: float
    """As a ratio less one."""
    is_worse: bool
    """Is it worse by more than chance, and by more than the threshold?"""


class Trend(Struct, frozen=True, kw_only=True):
    """What a series did over time."""

    series: Series
    """Its values."""
    marks: tuple[Mark, ...]
    """Oldest first."""
    slow: tuple[SlowChange, ...]
    """Oldest first; none covers a mark."""
    levels: tuple[tuple[int, int, float], ...]
    """The medians between two steps, of this value or of all together, and of each slow change: place of the first
    value, place behind the last, median in base units."""
    crept: Crept | None
    """None: there are too few comparable sessions since the anchor."""


class SinceAnchor(Struct, frozen=True, kw_only=True):
    """How the newest sessions of values compare with those of an anchor, and nothing else of their history."""

    anchor: str
    """What it is, in words."""
    anchor_ref: str
    """The same as git names it; empty: sessions are counted back."""
    values: tuple[tuple[Series, Crept | None], ...]
    """None: there are too few comparable sessions since the anchor."""


_DIGITS = 12


def prove_creep(anchor_ref: str, worst: Crept) -> str:
    """Return the command that measures the anchor's code and today's side by side.

    Args:
        anchor_ref: what git calls the anchor; empty: nothing.
        worst: of a value that is worse than at the anchor.
    """
    commit = worst.anchor.commit[:_DIGITS]
    known = commit if commit.isascii() and commit.isalnum() else "COMMIT"
    return f"perfgate ab --base {shlex.quote(anchor_ref or known)} -- CMD"


class SuiteTrend(Struct, frozen=True, kw_only=True):
    """What all benchmarks of a class of machine did together."""

    machine_class: str
    """Of all sessions."""
    metric: str
    """Name of the metric."""
    better: str
    """``lower`` or ``higher``."""
    sessions: tuple[Past, ...]
    """One of each session, oldest first."""
    shifts: tuple[float, ...]
    """As ratios less one, one for each session."""
    marks: tuple[Mark, ...]
    """Steps of the shift: a changed machine, or a change of everything."""
    slow: tuple[SlowChange, ...]
    """Slow changes of the shift."""
    since_anchor: float | None
    """Change of the newest sessions against the anchor, as a ratio less one; None: too few sessions."""
