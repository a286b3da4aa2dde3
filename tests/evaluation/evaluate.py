"""Score perfgate and the usual rules on recorded noise, and print the tables of docs/method.md.

python tests/evaluation/evaluate.py                   print the tables (two to three minutes)
python tests/evaluation/evaluate.py --check           ... and compare them with docs/method.md
python tests/evaluation/evaluate.py --write           ... and put them there
python tests/evaluation/evaluate.py --command-line    part of the draws through `perfgate check` as well
python tests/evaluation/evaluate.py --data DIR        on another folder of recorded noise
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not

from deployed import score_deployed
from experiment import Scale, run
from noise import DATA, load
from tables import settings, tables


def main() -> int:
    """Run the evaluation; 1 when something differs from what it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    scale = Scale()
    began = time.monotonic()
    results = run(options.data, settings(), scale, options.jobs)
    deployed = score_deployed(load(options.data).deployed, scale.unchanged, scale.seed)
    for name, table in tables(results, deployed).items():
        print(f"## {name}\n\n{table}")
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
