"""Which of many commits in a row made a value worse: probabilities, from noisy comparisons with the last good one."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.stats.quantiles import MAD_TO_SIGMA, mad, median

if TYPE_CHECKING:
    from collections.abc import Sequence

_FREEDOM = 4.0
"""Degrees of freedom of Student's t: one comparison that a burst of load spoils must not settle anything."""
_OF_MEDIAN = math.sqrt(math.pi / 2)
"""Standard error of a median over that of a mean, of normal values."""
_WIDER = 1.1
"""The spread is an estimate itself."""


class Step(Struct, frozen=True, kw_only=True):
    """What made the last commit worse than the good one: its size, and how well runs show it."""

    shift: float
    """Log ratio of the costs of the last commit and the good one, > 0.0."""
    spread: float
    """Standard deviation of the log cost of one run, > 0.0."""

    @classmethod
    def between(cls, good: Sequence[float], bad: Sequence[float], least_spread: float) -> Step:
        """Return the step between two commits.

        Args:
            good: costs of runs of the good one, > 0.0.
            bad: costs of runs of the last one, > 0.0.
            least_spread: below which the spread is not believed, > 0.0: two builds of equal code differ, too.
        """
        sides = [[math.log(cost) for cost in side] for side in (good, bad)]
        residuals = [value - median(side) for side in sides for value in side]
        return cls(
            shift=median(sides[1]) - median(sides[0]),
            spread=max(MAD_TO_SIGMA * mad(residuals), least_spread),
        )

    def evidence(self, was: Sequence[float], now: Sequence[float]) -> float:
        """Return the log of how much more likely the runs of two commits are if the step lies between than if not.

        Args:
            was: costs of the runs of the earlier commit, > 0.0.
            now: costs of those of the later one, measured interleaved with them, > 0.0.
        """
        change = math.log(median(now)) - math.log(median(was))
        error = _OF_MEDIAN * self.spread * math.sqrt(1 / len(was) + 1 / len(now)) * _WIDER
        return _log_density((change - self.shift) / error) - _log_density(change / error)


def _log_density(distance: float) -> float:
    """Return the log of the density of Student's t, up to a constant."""
    return -(_FREEDOM + 1) / 2 * math.log1p(distance * distance / _FREEDOM)


class Posterior:
    """How likely each of the commits after the good one is the first that has the step.

    Commits are numbered from the oldest, 0, to the last one, which has the step. A comparison of two commits says
    whether the first one with the step lies between them, the later one included. Where a commit cannot be measured,
    it and the next one cannot be distinguished: they form a group.

    Source:
        Bayesian search with noisy answers: M. Horstein (1963), "Sequential transmission using noiseless feedback",
        IEEE Transactions on Information Theory 9(3), 136-143: ask where half of the probability lies on each side.
    """

    def __init__(self, commits: int) -> None:
        """Begin with all commits alike.

        Args:
            commits: how many there are after the good one, the last one included, >= 1.
        """
        self._logs = [0.0] * commits
        self._closed: set[int] = set()

    def add(self, base: int, place: int, evidence: float) -> None:
        """Take account of a comparison of two commits.

        Args:
            base: the earlier one, >= -1; -1: the good commit.
            place: the later one.
            evidence: log of how much more likely it is if the step lies between, as `Step.evidence` gives it.
        """
        for each in range(base + 1, place + 1):
            self._logs[each] += evidence

    def close(self, place: int) -> None:
        """Take note that a commit cannot be measured."""
        self._closed.add(place)

    def chances(self) -> list[float]:
        """Return how likely each commit is the first with the step, 0.0 to 1.0; together 1.0."""
        most = max(self._logs)
        weights = [math.exp(log - most) for log in self._logs]
        total = math.fsum(weights)
        return [weight / total for weight in weights]

    def groups(self) -> list[range]:
        """Return the commits that cannot be distinguished, from the oldest on; nearly all of them stand alone."""
        ends = [k for k in range(len(self._logs)) if k not in self._closed or k == len(self._logs) - 1]
        starts = [0, *(end + 1 for end in ends)]
        return [range(start, end + 1) for start, end in zip(starts, ends, strict=False)]

    def likeliest(self) -> tuple[range, float]:
        """Return the group that most likely holds the first commit with the step, and how likely it does."""
        chances = self.chances()
        return max(
            ((group, math.fsum(chances[each] for each in group)) for group in self.groups()), key=lambda found: found[1]
        )

    def next(self) -> int | None:
        """Return the commit whose comparison halves the probability best; None: none is left that could."""
        reached = list(accumulate(self.chances()))
        open_ = [k for k in range(len(reached) - 1) if k not in self._closed]
        return min(open_, key=lambda k: abs(reached[k] - 0.5), default=None)

    def remaining(self, share: float) -> list[int]:
        """Return the fewest commits that hold so much of the probability, from the oldest on.

        Args:
            share: of the probability, 0.0 < share < 1.0.
        """
        chances = self.chances()
        order = sorted(range(len(chances)), key=lambda k: (-chances[k], k))
        reached = accumulate(chances[k] for k in order)
        count = next((n for n, sum_ in enumerate(reached, start=1) if sum_ >= share), len(order))
        return sorted(order[:count])
