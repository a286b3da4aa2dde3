"""Records of the search for the commit that made a value worse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.metrics import Metric

if TYPE_CHECKING:
    from perfgate.core.finding import Finding


class Value(Struct, frozen=True, kw_only=True):
    """The value that is followed through the commits: its p50."""

    benchmark: str
    """Name of the benchmark."""
    labels: tuple[tuple[str, str], ...]
    """Its parameters."""
    metric: str
    """Name of what is measured of it."""
    unit: str
    """Base unit of the metric."""
    better: Literal["lower", "higher"]
    """Which way is an improvement."""

    @property
    def key(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Which benchmark it is of."""
        return self.benchmark, self.labels

    @property
    def measured(self) -> Metric:
        """What is measured of it."""
        return Metric(name=self.metric, unit=self.unit, better=self.better)


class Ends(Struct, frozen=True, kw_only=True):
    """What the comparison of the good commit with the bad one showed."""

    value: Value
    """The value that is worse."""
    good: tuple[float, ...]
    """Of the runs of the good commit, > 0.0, in the metric's base unit."""
    bad: tuple[float, ...]
    """Of those of the bad one."""
    allowed: float
    """The threshold beyond which it is worse, a ratio of costs minus one, > 0.0."""


class Trial(Struct, frozen=True, kw_only=True):
    """Two commits, measured interleaved."""

    base: str
    """Full hash of the earlier one: the good commit, or the parent of a commit that is to be confirmed."""
    commit: str
    """Full hash of the later one."""
    was: tuple[float, ...]
    """Values of the runs of the earlier one, > 0.0."""
    now: tuple[float, ...]
    """Of those of the later one."""
    confirmed: bool | None = None
    """Did it confirm the likeliest commit? None: it was not made for that."""


class Skipped(Struct, frozen=True, kw_only=True):
    """A commit that cannot be measured."""

    commit: str
    """Full hash."""
    reason: str
    """Why, one sentence for people."""


class Bisection(Struct, frozen=True, kw_only=True):
    """A search, as far as it is; all that is known follows from what was measured."""

    good: str
    """Full hash of the good commit."""
    commits: tuple[str, ...]
    """Full hashes of those after it, the oldest first; the last one is the bad commit."""
    measuring: str
    """Digest of how it is measured: the command, its set-up, and the options that change a value."""
    ends: Ends | None = None
    """None: the ends were not compared yet."""
    trials: tuple[Trial, ...] = ()
    """In the order of their measuring."""
    skipped: tuple[Skipped, ...] = ()
    """Likewise."""

    @property
    def runs(self) -> int:
        """Runs of both sides in all trials."""
        return sum(len(trial.was) + len(trial.now) for trial in self.trials)

    def place(self, commit: str) -> int:
        """Return the number of a commit after the good one, from 0 on; -1 of any other, such as the good one."""
        return self.commits.index(commit) if commit in self.commits else -1

    def before(self, commit: str) -> str:
        """Return the one before a commit: of the oldest one the good commit."""
        place = self.place(commit)
        return self.commits[place - 1] if place > 0 else self.good

    def with_trial(self, trial: Trial) -> Bisection:
        """Return the search with one more trial."""
        return replace(self, trials=(*self.trials, trial))

    def without(self, skipped: Skipped) -> Bisection:
        """Return the search with a commit that cannot be measured."""
        return replace(self, skipped=(*self.skipped, skipped))


Kind = Literal["found", "same", "group", "undone", "unclear"]
"""How a search ends: one commit, confirmed; the ends do not differ; some commits, confirmed together, since others that
cannot be measured lie between them; one, whose change a later commit took back, so that it is not what makes the bad
one worse; none, since no likely one was confirmed, or runs or time were used up."""


class Result(Struct, frozen=True, kw_only=True):
    """What a search found."""

    kind: Kind
    bisection: Bisection
    """All that was measured."""
    chances: tuple[float, ...] = ()
    """How likely each commit is the first that is worse; empty when the ends do not differ."""
    first: tuple[str, ...] = ()
    """The commit that was found, or those that remain, the oldest first."""
    finding: Finding | None = None
    """Of the last comparison of a likely commit with its parent; None: there was none."""
    ends: tuple[Finding, ...] = ()
    """Of the comparison of the ends, worst first; empty when it was made earlier."""
    part: float = 1.0
    """Part of the whole step that the commit made, on logs; > 0.0."""


class Described(Struct, frozen=True, kw_only=True):
    """What a commit says of itself: data, which may hold anything but a null byte."""

    author: str
    date: str
    """Of the author, ``2026-01-31``."""
    subject: str
    """The first line of the message, cut to 300 characters."""
