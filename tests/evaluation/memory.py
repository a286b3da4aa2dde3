"""Score the gate on recorded peaks of memory: the files' `#peak_rss` lines, of code that did not change.

python tests/evaluation/memory.py                   print a table
python tests/evaluation/memory.py --data DIR        on another folder of recorded noise
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not

from draws import draw, slowed
from experiment import Share
from gate import SUITE, after, outcomes
from noise import DATA, load_memory

from perfgate.core.metrics import PEAK_MEMORY

PULL_REQUESTS = 300
LARGER = 1.10


def main() -> int:
    """Print false alarms, and the share of a 10 % larger peak that fails, by machines, values and sessions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR")
    source = load_memory(parser.parse_args().data)
    print("| machines | gated values | sessions | false alarms | confirmed | +10 % found | confirmed |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for machine in ("m", ""):
        for rows in (2, 6):
            for sessions in (1, 3, 5):
                seed = ("memory", rows, sessions)
                drawn = draw(source, seed, count=PULL_REQUESTS, rows=rows, sessions=sessions, runs=10)
                cells = [_score(drawn, machine, confirmations) for confirmations in (0, 1)]
                shares = [f"{share.percent:.1f}" for pair in zip(*cells, strict=True) for share in pair]
                print(f"| {'one' if machine else 'others'} | {rows} | {sessions} | {' | '.join(shares)} |")
    return 0


def _score(drawn, machine, confirmations):
    """Return the share of unchanged pull requests that fail, and of those with one larger peak in which it is found."""
    found = []
    for factor in (1.0, LARGER):
        hits = 0
        for request in drawn:
            given = slowed(request, factor) if factor > 1.0 else request
            said = outcomes(given, "+5%", in_turns=False, metric=PEAK_MEMORY, machine=machine)
            failed = after(said, confirmations).failed - {SUITE}
            hits += 0 in failed if factor > 1.0 else bool(failed)
        found.append(Share(hits, len(drawn)))
    return found


if __name__ == "__main__":
    sys.exit(main())
