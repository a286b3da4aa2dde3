"""How often `perfgate bisect` names the right commit of real repositories, with real builds of a C program.

Run it by hand: `python tests/evaluation/bisect_real.py`. Each repository has 24 commits, each of which changes a
function, so that each build differs; one of them, drawn by chance, makes the loop do 20 % more work. Half of the
searches follow the processor time, the others count instructions, where Valgrind is installed.

Arguments: repositories (20).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMITS = 24
SLOWER = 1.2
LOOPS = {"--metric": 40_000_000, "--counts": 4_000_000}  # some 50 ms; under Valgrind some 500 ms
PROGRAM = """\
#include <stdio.h>
static unsigned part{number}(unsigned x) {{ return x * {number}u + {salt}u; }}
int main(void) {{
    unsigned total = 0;
    for (unsigned i = 0; i < {loops}u; i++) total = total * 31u + (i ^ (total >> 7));
    printf("%u\\n", part{number}(total));
    return 0;
}}
"""
ENVIRON = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith(("GITHUB_", "PERFGATE_"))}
ENVIRON |= {f"GIT_{who}_{what}": "someone" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
ENVIRON["PYTHONPATH"] = str(ROOT)


def git(folder: Path, *words: str) -> str:
    """Run git, and return what it prints."""
    return subprocess.run(
        ["git", *words], cwd=folder, check=True, env=ENVIRON, capture_output=True, text=True
    ).stdout.strip()


def once(folder: Path, seed: int, how: tuple[str, ...]) -> tuple[str, int, int]:
    """Return how a search ended, its runs, and how many commits were built."""
    rng = random.Random(seed)
    place = rng.randint(1, COMMITS)
    git(folder, "init", "-q")
    hashes = []
    for number in range(COMMITS + 1):
        loops = round(LOOPS[how[0]] * (SLOWER if number >= place else 1.0))
        text = PROGRAM.format(number=number, salt=rng.randint(1, 1_000_000), loops=loops)
        (folder / "job.c").write_text(text, encoding="utf-8")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", f"Change {number}")
        hashes.append(git(folder, "rev-parse", "HEAD"))
    words = ["bisect", "--good", hashes[0], *how, "--setup", "cc -O1 -o job job.c", "--format", "json", "--", "./job"]
    done = subprocess.run(
        [sys.executable, "-m", "perfgate", *words], cwd=folder, env=ENVIRON, capture_output=True, check=False
    )
    if not done.stdout:
        raise SystemExit(done.stderr.decode())
    found = json.loads(done.stdout)
    first = [commit["commit"] for commit in found["first"]]
    ending = "right" if first == [hashes[place]] else "wrong"
    return (ending if done.returncode == 0 else found["outcome"]), found["runs"], found["built"]


def main() -> None:
    """Print the figures."""
    repositories = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    ways: list[tuple[str, ...]] = [("--metric", "cpu"), ("--counts",)]
    if shutil.which("valgrind") is None:
        print("without --counts: Valgrind is not installed")
        ways.pop()
    print("| search | repositories | right | wrong | not found | runs, mean | builds, mean |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for place, how in enumerate(ways):
        seeds = range(place, repositories, len(ways))
        found = []
        for seed in seeds:
            with tempfile.TemporaryDirectory() as scratch:
                found.append(once(Path(scratch), seed, how))
        right, wrong = (sum(kind == word for kind, _, _ in found) for word in ("right", "wrong"))
        runs, builds = (sum(each[k] for each in found) / len(found) for k in (1, 2))
        row = (" ".join(how), len(found), right, wrong, len(found) - right - wrong, f"{runs:.0f}", f"{builds:.1f}")
        print(f"| `{row[0]}` | {' | '.join(map(str, row[1:]))} |", flush=True)


if __name__ == "__main__":
    main()
