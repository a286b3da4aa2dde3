"""Changes that were really made and deployed, not slowed by us: one workload, both versions called in turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from draws import draw
from experiment import Setting, Share
from gate import outcomes
from peers import PEERS, runs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sources import Calls

THRESHOLDS = ("+5%", "+3%")


def score_deployed(deployed: Mapping[str, Calls], count: int, seed: int) -> dict[str, dict[str, Share]]:
    """Return how often a gate fails: gate -> how the versions differ -> share of pull requests."""
    scores: dict[str, dict[str, Share]] = {}
    for said, calls in deployed.items():
        requests = draw(calls, (seed, said), count=count, rows=1, sessions=1, runs=Setting.runs)
        for threshold in THRESHOLDS:
            failed = sum(bool(outcomes(r, threshold, in_turns=True)[0].failed) for r in requests)
            scores.setdefault(f"perfgate, threshold {threshold}", {})[said] = Share(failed, count)
        values = runs_of(requests)
        for name, rule in PEERS.items():
            scores.setdefault(name, {})[said] = Share(int(rule(*values).sum()), count)
    return scores
