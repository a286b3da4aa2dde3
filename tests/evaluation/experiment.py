"""Score perfgate and its peers on the same pull requests: which unchanged ones fail, which slow ones are found."""

from __future__ import annotations

import functools
import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from draws import PullRequest, draw, slowed
from gate import after, outcomes
from noise import STRESS, Noise, load
from peers import PEERS, runs_of
from sources import FRESH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

EFFECTS = {"+5 %": 1.05, "+10 %": 1.10, "+25 %": 1.25, "+50 %": 1.50, "+100 %": 2.00}
"""How much the first benchmarks of a pull request are slowed."""
UNCHANGED = "unchanged"
ASKED = "asked"
"""Unchanged pull requests of which the first session leaves something in doubt."""
IN_TURNS = 0
"""In place of a number of baseline sessions: both sides were measured in one."""
_MANY = 5  # benchmarks; pull requests of more are drawn half as often
_Z = 1.96  # of the normal law, for intervals of 95 %

Gate = tuple[str, int]
"""Who decides: ``perfgate`` and the confirmations it may ask for, or a peer's rule and 0."""


@dataclass(frozen=True)
class Setting:
    """How pull requests are measured and gated."""

    sessions: int
    """Of the baseline, or `IN_TURNS`."""
    benchmarks: int
    threshold: str = "+5%"
    runs: int = 10
    """Of each session, on either side."""
    slow: int = 1
    """Benchmarks that are slowed, of the effects."""


@dataclass(frozen=True)
class Scale:
    """How many pull requests are drawn for each data set."""

    unchanged: int = 300
    slowed: int = 100
    seed: int = 1

    def of(self, setting: Setting) -> Scale:
        """Return the scale of a setting: large pull requests take long, so that fewer of them have to do."""
        part = 2 if setting.benchmarks > _MANY else 1
        return Scale(self.unchanged // part, self.slowed // part, self.seed)


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def percent(self) -> float:
        """The share in percent."""
        return 100.0 * self.hits / self.of

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the share in percent (Wilson, 1927)."""
        p, z2 = self.hits / self.of, _Z**2 / self.of
        middle, reach = p + z2 / 2, _Z * math.sqrt((p * (1 - p) + z2 / 4) / self.of)
        return tuple(100.0 * max(0.0, min(1.0, (middle + side * reach) / (1 + z2))) for side in (-1, 1))

    def __add__(self, other: Share) -> Share:
        """Return both together."""
        return Share(self.hits + other.hits, self.of + other.of)


Scores = dict[Gate, dict[str, Share]]
"""Gate -> `UNCHANGED`, `ASKED` or an effect -> share of pull requests that fail (that are asked about again), or of the
slowed benchmarks that do."""


def score(requests: Sequence[PullRequest], setting: Setting, scale: Scale, *, peers: bool) -> Scores:
    """Return how perfgate, and its peers when wanted, decide about pull requests as drawn and with rows slowed."""
    in_turns = setting.sessions == IN_TURNS
    steps = 1 if in_turns else FRESH
    scores: Scores = {("perfgate", confirmations): {} for confirmations in range(steps)}
    for effect, factor in {UNCHANGED: 1.0, **EFFECTS}.items():
        taken = requests[: scale.unchanged if effect == UNCHANGED else scale.slowed]
        taken = [slowed(r, factor, setting.slow) for r in taken] if factor > 1 else taken
        said = [outcomes(r, setting.threshold, in_turns=in_turns) for r in taken]
        for confirmations in range(steps):
            failed = [after(s, confirmations).failed for s in said]
            slow = frozenset(range(setting.slow))
            hits = sum(bool(f) if effect == UNCHANGED else len(f & slow) for f in failed)
            of = 1 if effect == UNCHANGED else setting.slow
            scores["perfgate", confirmations][effect] = Share(hits, len(taken) * of)
        if effect == UNCHANGED:
            asked = Share(sum(not s[0].is_clean for s in said), len(taken))
            scores["perfgate", 0][ASKED] = asked
        for name, rule in PEERS.items() if peers else ():
            fails = rule(*runs_of(taken))
            hits = fails.any(axis=1) if effect == UNCHANGED else fails[:, 0]
            scores.setdefault((name, 0), {})[effect] = Share(int(hits.sum()), len(taken))
    return scores


@dataclass(frozen=True)
class Task:
    """One setting on one data set."""

    data: Path
    name: str
    setting: Setting
    scale: Scale
    peers: bool
    """Are the peers scored as well?"""

    def requests(self) -> list[PullRequest]:
        """Draw; the threshold has no part in it, so that two of them see the same pull requests."""
        source = next(s for s in _noise(self.data).sets if s.name == self.name)
        sessions, rows, runs = self.setting.sessions, self.setting.benchmarks, self.setting.runs
        return draw(
            source.apart if sessions else source.in_turns,
            (self.scale.seed, self.name, sessions, rows, runs),
            count=max(self.scale.unchanged, self.scale.slowed), rows=rows, sessions=max(1, sessions), runs=runs,
        )  # fmt: skip


@functools.cache
def _noise(data: Path) -> Noise:
    return load(data)


def _run(task: Task) -> tuple[Setting, str, Scores]:
    requests = task.requests()
    scores = score(requests, task.setting, task.scale, peers=task.peers) if requests else {}
    return task.setting, task.name, scores


@dataclass(frozen=True)
class Results:
    """Everything that was scored."""

    cells: Mapping[tuple[Setting, str], Scores]
    """By setting and data set; a data set that holds too few sessions for a setting has no scores."""
    scale: Scale

    def of(self, setting: Setting, gate: Gate, what: str, name: str = "") -> Share | None:
        """Return a share of one data set, or of all but the stress set, which weigh the same; None: of none."""
        found = [
            scores[gate][what]
            for (s, n), scores in self.cells.items()
            if s == setting and (n == name if name else n != STRESS) and what in scores.get(gate, {})
        ]
        return functools.reduce(Share.__add__, found) if found else None


def run(data: Path, settings: Iterable[tuple[Setting, bool]], scale: Scale, jobs: int) -> Results:
    """Score settings on the data sets of a folder; those with a flag with the peers, and on the stress set, too."""
    tasks = [
        Task(data, each.name, setting, scale.of(setting), full)
        for setting, full in settings
        for each in _noise(data).sets
        if full or each.name != STRESS
    ]
    tasks.sort(key=lambda t: -t.setting.sessions * t.setting.benchmarks)  # the long ones first
    if jobs == 1:
        done = list(map(_run, tasks))
    else:
        with ProcessPoolExecutor(jobs) as pool:
            done = list(pool.map(_run, tasks))
    return Results({(setting, name): scores for setting, name, scores in done}, scale)
