"""Where pull requests are drawn from: recorded measurements of code that did not change.

A row is what one benchmark contributes: sessions of a baseline and current sessions, each a list of times in
seconds. Every source draws rows that share the luck of their sessions as far as the recorded ones did.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seeded_choices import SeededChoices

FRESH = 3
"""Current sessions: the first, and two that may confirm."""
_GUARD = 3  # sessions: no likely change of the code may lie that close to a window
_LEAST, _MOST = -0.7, 3.0  # residuals on logs are cut there: nothing is 20 times as slow by noise alone
_SMALLEST, _TIMES = 0.01, 10.0  # spreads inside a session where none were recorded: 1 % to 10 %

Session = list[float]
Row = tuple[list[Session], list[Session]]
"""Baseline sessions, oldest first, and current sessions."""
Recorded = "Mapping[str, Mapping[str, Sequence[float]]]"
"""Benchmark -> session -> times in seconds."""


class Source(Protocol):
    """Draws rows of unchanged benchmarks."""

    def rows(self, choices: SeededChoices, count: int, sessions: int, runs: int) -> list[Row]:
        """Return rows that belong together: at most `count`, none where this draw found no room for them.

        Args:
            choices: decides.
            count: how many rows are wanted, >= 1.
            sessions: of the baseline, >= 1; 1 where both sides are measured in turns.
            runs: of each session, on either side, >= 1.
        """


@dataclass(frozen=True)
class Launches:
    """Different sessions with many recorded runs: each gives some of its own."""

    recorded: Recorded
    shared: bool
    """Did all benchmarks of a session run beside each other?"""

    def rows(self, choices: SeededChoices, count: int, sessions: int, runs: int) -> list[Row]:
        """Return one row for each benchmark that has sessions enough."""
        need = sessions + FRESH
        long = {name: {s for s, v in by.items() if len(v) >= runs} for name, by in self.recorded.items()}
        common = choices.several(sorted(set.intersection(*long.values())), need)
        rows: list[Row] = []
        for name in choices.several(sorted(long), count):
            drawn = common if self.shared else choices.several(sorted(long[name]), need)
            if len(drawn) == need:
                values = [choices.several(self.recorded[name][session], runs) for session in drawn]
                rows.append((values[:sessions], values[sessions:]))
        return rows


@dataclass(frozen=True)
class Series:
    """One recorded value for each session; the runs inside it are simulated.

    A run is the session's value times a residual. Residuals have the shape of recorded
    ones, and for each row one size.
    """

    suites: Sequence[Mapping[str, Mapping[int, float]]]
    """For benchmarks that were measured beside each other: benchmark -> order of the session -> time in seconds."""
    barred: Mapping[str, Sequence[int]]
    """Benchmark -> orders at which the code may have changed."""
    shapes: Sequence[Sequence[float]]
    """Standardised residuals, on logs, of recorded sessions."""
    spreads: Sequence[float]
    """Recorded standard deviations inside a session, on logs; empty: 1 % to 10 %, evenly on logs."""

    def rows(self, choices: SeededChoices, count: int, sessions: int, runs: int) -> list[Row]:
        """Return one row for each benchmark that was measured throughout some consecutive sessions."""
        drawn = self.window(choices, count, sessions + FRESH, runs)
        return [(values[:sessions], values[sessions:]) for values in drawn]

    def window(self, choices: SeededChoices, count: int, need: int, each: int) -> list[list[Session]]:
        """Return the sessions of a random span of time for each benchmark that was measured throughout it.

        Args:
            choices: decides.
            count: most benchmarks.
            need: sessions.
            each: runs of a session.
        """
        suite = choices.one(self.suites)
        start = choices.one(sorted(set().union(*suite.values())))
        later = {name: sorted(o for o in values if o >= start) for name, values in sorted(suite.items())}
        later = {name: orders for name, orders in later.items() if self._is_quiet(name, orders[:need], need)}
        together = sorted(set.intersection(*map(set, later.values())))[:need] if later else []
        if len(together) < need:
            return []
        drawn = []
        for name in choices.several(list(later), count):
            shape = choices.one(self.shapes)
            spread = choices.one(self.spreads) if self.spreads else _SMALLEST * _TIMES ** choices.share()
            drawn.append([_simulated(choices, suite[name][o], spread, shape, each) for o in together])
        return drawn

    def _is_quiet(self, name: str, orders: Sequence[int], need: int) -> bool:
        if len(orders) < need:
            return False
        return not any(orders[0] - _GUARD <= o <= orders[-1] + _GUARD for o in self.barred[name])


def _simulated(choices: SeededChoices, value: float, spread: float, shape: Sequence[float], count: int) -> Session:
    residuals = (max(_LEAST, min(_MOST, spread * choices.one(shape))) for _ in range(count))
    return [value * math.exp(residual) for residual in residuals]


@dataclass(frozen=True)
class Dealt:
    """Both sides from one recorded session, whose runs are dealt out as measuring in turns would."""

    recorded: Recorded
    """Sessions that are long enough for both sides."""

    def rows(self, choices: SeededChoices, count: int, sessions: int, runs: int) -> list[Row]:
        """Return one row for each benchmark."""
        rows: list[Row] = []
        for name in choices.several(sorted(self.recorded), count):
            long = sorted(session for session, values in self.recorded[name].items() if len(values) >= 2 * runs)
            if long:
                dealt = choices.several(self.recorded[name][choices.one(long)], 2 * runs)
                rows.append(([dealt[:runs]], [dealt[runs:]]))
        return rows


@dataclass(frozen=True)
class DealtSeries:
    """Both sides from one session of a series."""

    series: Series

    def rows(self, choices: SeededChoices, count: int, sessions: int, runs: int) -> list[Row]:
        """Return one row for each benchmark of the session."""
        drawn = self.series.window(choices, count, 1, 2 * runs)
        return [([dealt[:runs]], [dealt[runs:]]) for (dealt,) in drawn]


@dataclass(frozen=True)
class Calls:
    """Two deployed versions that were measured in turns, call by call: the first is the baseline's."""

    calls: Mapping[str, Sequence[tuple[Session, Session]]]
    """Workload -> calls in the order of deployment, each with some runs of both versions."""

    def rows(self, choices: SeededChoices, count: int, sessions: int, runs: int) -> list[Row]:
        """Return one row for each workload: consecutive calls from a random one on."""
        rows: list[Row] = []
        for name in choices.several(sorted(self.calls), count):
            calls = self.calls[name]
            start = choices.below(len(calls))
            base: Session = []
            current: Session = []
            for old, new in [*calls[start:], *calls[:start]]:
                base += old
                current += new
                if min(len(base), len(current)) >= runs:
                    break
            rows.append(([base[:runs]], [current[:runs]]))
        return rows
