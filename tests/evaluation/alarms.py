"""Compare the false alarms that `perfgate audit` expects with those that really happen, on recorded noise.

python tests/evaluation/alarms.py                   print a line for each data set (some minutes)
python tests/evaluation/alarms.py --data DIR        on another folder of recorded noise
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not

from draws import PullRequest, draw
from experiment import Share
from gate import name_of, outcomes
from noise import DATA, load
from sides import profile_of

from perfgate.core.policy import Policy
from perfgate.core.run import UNSPECIFIED
from perfgate.core.text.units import parse_change
from perfgate.gate.audit.facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

THRESHOLD = "+5%"
_TODAY = "2026-12-31"


@dataclass(frozen=True)
class Compared:
    """What happened in a data set, and what its baselines had led to expect."""

    failed: Share
    """Unchanged pull requests that failed."""
    expected: float
    """The mean of what the audits of their baselines said, in percent."""

    @property
    def is_inside(self) -> bool:
        """Does the expectation lie in the 95 % interval of what happened?"""
        low, high = self.failed.interval()
        return low <= self.expected <= high


def compare(requests: Sequence[PullRequest]) -> Compared:
    """Audit the baselines of unchanged pull requests, and check them."""
    failed = sum(bool(outcomes(request, THRESHOLD, in_turns=False)[0].failed) for request in requests)
    expected = [_expected(request) for request in requests]
    return Compared(Share(failed, len(requests)), sum(expected) / len(expected))


def _expected(request: PullRequest) -> float:
    """Return how many of 100 unchanged pull requests fail, as the baselines of one say."""
    profiles = [
        profile_of(name_of(row), {f"base-{i}": values for i, values in enumerate(base)})
        for row, (base, _) in enumerate(request.rows)
    ]
    rate = facts_of(UNSPECIFIED, profiles, Policy(source="", threshold=parse_change(THRESHOLD)), _TODAY).alarms
    if rate is None:
        raise ValueError("a baseline of too few sessions")
    return 100 * rate.expected


def main() -> int:
    """Print a line for each data set; 1 when more than one lies outside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR")
    parser.add_argument("--rows", type=int, default=20, help="benchmarks of a pull request (default 20)")
    parser.add_argument("--sessions", type=int, default=5, help="of a baseline (default 5)")
    parser.add_argument("--count", type=int, default=300, help="pull requests of a data set (default 300)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    outside = 0
    for each in load(options.data).sets:
        seed = (options.seed, each.name)
        requests = draw(
            each.apart, seed, count=options.count, rows=options.rows, sessions=options.sessions, runs=10
        )  # fmt: skip
        if not requests:
            continue
        compared = compare(requests)
        low, high = compared.failed.interval()
        outside += not compared.is_inside
        told = f"{compared.failed.percent:5.1f} ({low:.1f} to {high:.1f}) failed, {compared.expected:.1f} expected"
        print(f"{each.name:8} {told}{'' if compared.is_inside else ', outside'}", flush=True)
    return int(outside > 1)


if __name__ == "__main__":
    sys.exit(main())
