"""How often `perfgate bisect` names the right commit, simulated with its own functions.

Run it by hand: `python tests/evaluation/bisect_figures.py`. A range of commits has one that makes the program slower.
The log of a run's time is that of its commit, noise of a normal distribution (CV), and 3 % of the runs 10 to 60 %
slower; the whole machine shifts by N(0, 3 %) between two measurings, alike for the runs that are interleaved. Search,
interim analyses and judgement are those of the product; only the running of programs is simulated.

Arguments: repetitions of a cell (300), seed (1).
"""

from __future__ import annotations

import math
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not

from perfgate.config import BUILT_IN
from perfgate.core.bisection import Bisection, Ends, Result, Skipped, Trial, Value
from perfgate.core.metrics import METRICS
from perfgate.core.profile import MetricProfile, Profile, Sample, Session
from perfgate.core.session_id import SessionId
from perfgate.gate.bisect.search import Compared, policy_for, search
from perfgate.gate.judge import Pair
from perfgate.gate.sequential import failures_of, judge_analysis, plan_analyses

_SLOW_RUNS = 0.03
_ROUNDS = 10
_SESSION = str(SessionId.interleaved("s", "c"))
_MOST_RUNS = 400


@dataclass(kw_only=True)
class World:
    """Simulated commits: a bench of `perfgate.pipeline.bisect.search`."""

    commits: int
    cv: float
    drift: float
    slower: dict[int, float]
    rng: random.Random
    broken: frozenset[int] = frozenset()
    runs: int = 0
    built: set[str] = field(default_factory=set)

    def level(self, commit: str) -> float:
        return sum(math.log1p(by) for place, by in self.slower.items() if place <= int(commit))

    def once(self, commit: str) -> float:
        slow = math.log(self.rng.uniform(1.1, 1.6)) if self.rng.random() < _SLOW_RUNS else 0.0
        return math.exp(self.level(commit) + self.rng.gauss(0.0, self.cv) + slow)

    def sides(self, base: str, head: str, runs: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return runs of both, which the machine's shift affects alike."""
        self.runs += 2 * runs
        self.built |= {base, head}
        shift = math.exp(self.rng.gauss(0.0, self.drift))
        first, second = (tuple(shift * self.once(commit) for _ in range(runs)) for commit in (base, head))
        return first, second

    def compare(self, base: str, head: str, ends: Ends | None) -> Compared | Skipped:
        if int(head) in self.broken or int(base) in self.broken:
            return Skipped(commit=head if int(head) in self.broken else base, reason="broken")
        policy = BUILT_IN if ends is None else policy_for(BUILT_IN, ends)
        values: list[tuple[float, ...]] = [(), ()]
        failed = {}
        for analysis in plan_analyses(_ROUNDS):
            more = self.sides(base, head, 2 * analysis.rounds - len(values[0]))
            values = [a + b for a, b in zip(values, more, strict=True)]
            pairs = (Pair(base=profile(values[0]), current=profile(values[1])),)
            judgement = judge_analysis(pairs, policy, analysis, failed)
            failed |= failures_of(judgement)
            if not judgement.rows_still_open:
                break
        return Compared(findings=judgement.findings, pairs=pairs)

    def measure(self, good: str, commit: str, value: Value, runs: int) -> Trial | Skipped:
        if int(commit) in self.broken:
            return Skipped(commit=commit, reason="broken")
        was, now = self.sides(good, commit, runs)
        return Trial(base=good, commit=commit, was=was, now=now)


def profile(values: tuple[float, ...], benchmark: str = "b") -> Profile:
    """Return runs of one side as they are collected."""
    runs = tuple(f"r{n}" for n in range(len(values)))
    session = Session(id=_SESSION, started_at="2026-01-31T00:00:00Z", machine="m", commit="", rows_used=(), runs=runs)
    metric = MetricProfile(metric=METRICS["elapsed"], sources=(), samples=(Sample(session=_SESSION, values=values),))
    return Profile(benchmark=benchmark, labels=(), machine_class="m", sessions=(session,), metrics=(metric,))


@dataclass(frozen=True, kw_only=True)
class Case:
    """One cell of the table."""

    commits: int = 64
    cv: float
    drift: float = 0.03
    slower: tuple[float, ...] = (0.10,)
    broken: float = 0.0


def once(case: Case, seed: object) -> tuple[str, int, int]:
    """Return how a search ended, its runs, and how many commits were built."""
    rng = random.Random(str(seed))
    places = rng.sample(range(1, case.commits + 1), len(case.slower))
    broken = frozenset(k for k in range(1, case.commits) if rng.random() < case.broken)
    world = World(
        commits=case.commits,
        cv=case.cv,
        drift=case.drift,
        slower=dict(zip(places, case.slower, strict=True)),
        rng=rng,
        broken=broken,
    )
    start = Bisection(good="0", commits=tuple(str(k) for k in range(1, case.commits + 1)), measuring="")
    result = search(
        start,
        world,
        may_go_on=lambda so_far: so_far.runs < _MOST_RUNS,
        keep=lambda *_: None,
    )
    return ending(result, {str(p) for p in places}), world.runs, len(world.built)


def ending(result: Result, right: set[str]) -> str:
    """Return the ending in one word."""
    if result.kind == "same":
        return "none"
    if result.kind == "group":
        return "range" if right & set(result.first) else "wrong"
    if result.kind != "found":
        return "unsure"
    return "right" if result.first[0] in right else "wrong"


def cell(task: tuple[Case, int, int]) -> str:
    """Return a row of the table."""
    case, repetitions, seed = task
    found = [once(case, (seed, n, case)) for n in range(repetitions)]
    shares = {
        word: 100 * sum(kind == word for kind, _, _ in found) / repetitions
        for word in ("right", "wrong", "range", "unsure", "none")
    }
    runs = sum(runs for _, runs, _ in found) / repetitions
    builds = sum(builds for _, _, builds in found) / repetitions
    words = " | ".join(f"{share:.1f}" for share in shares.values())
    return f"| {describe(case)} | {words} | {runs:.0f} | {builds:.1f} |"


def describe(case: Case) -> str:
    """Return the first cells of a row."""
    step = " and ".join(f"{by:+.0%}" for by in case.slower) or "none"
    broken = f", {case.broken:.0%} broken" if case.broken else ""
    return f"{case.commits}{broken} | {step} | {case.cv:.0%} | {case.drift:.0%}"


CASES = (
    *(Case(cv=cv) for cv in (0.01, 0.02, 0.03, 0.05)),
    *(Case(cv=cv, drift=0.0) for cv in (0.01, 0.03)),
    *(Case(cv=cv, slower=()) for cv in (0.01, 0.03, 0.05)),
    *(Case(cv=cv, slower=(0.25,)) for cv in (0.02, 0.05)),
    Case(cv=0.02, slower=(0.05,)),
    Case(cv=0.02, slower=(0.07, 0.06)),
    Case(cv=0.02, broken=0.2),
    Case(cv=0.02, commits=512),
    Case(cv=0.02, commits=1),
)


def main() -> None:
    """Print the table."""
    repetitions, seed = ([int(word) for word in sys.argv[1:]] + [300, 1][len(sys.argv) - 1 :])[:2]
    print("| commits | slower | CV | drift | right % | wrong % | range % | unsure % | none % | runs | builds |")
    print("|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    with ProcessPoolExecutor() as pool:
        for row in pool.map(cell, [(case, repetitions, seed) for case in CASES]):
            print(row, flush=True)


if __name__ == "__main__":
    main()
