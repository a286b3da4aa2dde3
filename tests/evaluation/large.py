"""Score the gate on suites of 400 benchmarks: unchanged ones, and ones of which 20 became twice as slow.

python tests/evaluation/large.py                   print a table (an hour on the larger collection)
python tests/evaluation/large.py --data DIR        on another folder of recorded noise
python tests/evaluation/large.py --count 25        so many pull requests of each data set
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not

from draws import slowed
from experiment import Scale, Setting, Share, Task
from gate import after, outcomes
from noise import DATA, STRESS, load

BENCHMARKS, SLOW, TIMES, SESSIONS = 400, 20, 2.0, 5


def main() -> int:
    """Print for each data set what fails after one, two and three sessions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR")
    parser.add_argument("--count", type=int, default=100)
    options = parser.parse_args()
    names = [each.name for each in load(options.data).sets if each.name != STRESS]
    after_each = [f"{what}, {n}" for what in ("unchanged", "20 slower") for n in ("one session", "two", "three")]
    print(f"| data | {' | '.join(after_each)} | slower values found, one session |")
    print("|" + " --- |" * (len(after_each) + 2))
    with ProcessPoolExecutor(2) as pool:
        for name, cells in zip(names, pool.map(_score, [(options.data, n, options.count) for n in names]), strict=True):
            if cells:
                print(f"| {name} | {' | '.join(f'{share.percent:.1f}' for share in cells)} |")
    return 0


def _score(task):
    """Return the shares of a data set; none where it has too few benchmarks."""
    data, name, count = task
    setting = Setting(SESSIONS, BENCHMARKS, slow=SLOW)
    requests = Task(data, name, setting, Scale(count, count), peers=False).requests()
    if not requests:
        return []
    cells, found = [], 0
    for factor in (1.0, TIMES):
        said = [outcomes(slowed(r, factor, SLOW) if factor > 1 else r, "+5%", in_turns=False) for r in requests]
        failed = [[after(s, n).failed for s in said] for n in range(3)]
        cells += [Share(sum(map(bool, each)), len(requests)) for each in failed]
        found = sum(len(f & frozenset(range(SLOW))) for f in failed[0])
    return [*cells, Share(found, SLOW * len(requests))]


if __name__ == "__main__":
    sys.exit(main())
