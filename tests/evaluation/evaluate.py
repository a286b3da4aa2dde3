"""Score perfgate and the usual rules on recorded noise, and print the tables of docs/method.md.

python tests/evaluation/evaluate.py                   print the tables (two to three minutes)
python tests/evaluation/evaluate.py --check           and say whether docs/method.md holds the same
python tests/evaluation/evaluate.py --write           or put them, and the pictures, there
python tests/evaluation/evaluate.py --command-line    part of the draws through the real `perfgate check` instead
python tests/evaluation/evaluate.py --data DIR        on another folder of recorded noise
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not

from command_line import differences
from deployed import score_deployed
from experiment import IN_TURNS, Scale, Setting, run
from noise import DATA, load
from page import PAGE, filled, stale
from pictures import pictures
from tables import BENCHMARKS, settings, tables

_BY_PROCESS = 3  # pull requests of each data set and setting


def main() -> int:
    """Run the evaluation; 1 when something is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2); the figures are the same")
    parser.add_argument("--seed", type=int, default=Scale.seed, help="for other draws")
    what = parser.add_mutually_exclusive_group()
    for flag in ("--check", "--write", "--command-line"):
        what.add_argument(flag, action="store_true")
    options = parser.parse_args()
    if options.command_line:
        return _compare(options.data, options.seed)
    noise, scale = load(options.data), Scale(seed=options.seed)
    results = run(options.data, settings(), scale, options.jobs)
    found = tables(results, score_deployed(noise.deployed, scale.unchanged, scale.seed))
    for name, table in found.items():
        print(f"## {name}\n\n{table}")
    drawn = {PAGE.with_name(name): picture for name, picture in pictures(results).items()}
    if options.write:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
        for path, picture in drawn.items():
            path.write_text(picture, encoding="utf-8")
    if options.check:
        other = stale(PAGE.read_text(encoding="utf-8"), found)
        other += [p.name for p, picture in drawn.items() if not p.exists() or p.read_text(encoding="utf-8") != picture]
        print(f"{PAGE.name} is out of date: {', '.join(other)}; run with --write" if other else f"{PAGE.name} holds")
        return int(bool(other))
    return 0


def _compare(data: Path, seed: int) -> int:
    names = [each.name for each in load(data).sets]
    checked, told = differences(
        data, names, [Setting(sessions, BENCHMARKS) for sessions in (IN_TURNS, 1, 5)], _BY_PROCESS, seed
    )
    print("\n".join(told))
    print(f"{checked} pull requests checked by `perfgate check`, {len(told)} otherwise than in process")
    return int(bool(told))


if __name__ == "__main__":
    sys.exit(main())
