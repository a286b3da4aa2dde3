"""Does the gate of the project turn red for a real slowdown, and stay green without one? It is tried, and counted.

python tests/benchmarks/gate_canary.py [--times 3] [--slower 25] [-- ARGUMENTS of perfgate ab]

In a clone of this repository, the head gets a comment (unchanged code) or takes so many percent more CPU time (a slower
one), and `perfgate ab` compares it with HEAD, as the workflow `perf` does with a pull request. Exits 0
when every slower head was red (exit code 1) and every unchanged one green (0), and 1 otherwise. In GitHub Actions the
counts are in the summary of the job, too.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEASURED = "tests/benchmarks/gate_collect.py"
SWITCH = re.compile(r"^SLOWER = \d+$", re.MULTILINE)


def change(text: str, slower: int, attempt: int) -> str:
    """Return the measured program, so many percent slower, and with a comment that differs each time.

    Raises:
        SystemExit: the program does not have the switch.
    """
    changed, found = SWITCH.subn(f"SLOWER = {slower}", text)
    if found != 1:
        raise SystemExit(f"{MEASURED} has {found} lines SLOWER = N in place of one")
    return f"{changed}# attempt {attempt}\n"


def compare(clone: str, options: list[str]) -> tuple[int, str]:
    """Return the exit code of `perfgate ab` and what it printed."""
    words = (
        sys.executable, "-m", "perfgate", "ab", "--base", "HEAD", "--benchmark", "collect", *options,
        "--", sys.executable, MEASURED,
    )  # fmt: skip
    # A relative path, so that each side has its own sources; the reports of the canary are not those of the job.
    environ = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("GITHUB_")}
    environ |= {"PYTHONPATH": ".", "COLUMNS": "100"}
    done = subprocess.run(words, cwd=clone, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def try_out(times: int, slower: int, options: list[str]) -> dict[int, list[int]]:
    """Return the exit codes of unchanged heads (0) and of slower ones, in the order of the attempts."""
    codes: dict[int, list[int]] = {0: [], slower: []}
    with tempfile.TemporaryDirectory() as folder:
        clone = f"{folder}/clone"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), clone], check=True)
        measured = Path(clone, MEASURED)
        text = measured.read_text(encoding="utf-8")
        for attempt in range(times):
            for percent, found in codes.items():
                measured.write_text(change(text, percent, attempt), encoding="utf-8")
                code, printed = compare(clone, options)
                found.append(code)
                if code != bool(percent):
                    print(printed)
                print(f"attempt {attempt + 1}, {percent} % slower: exit code {code}", flush=True)
                for row in (line for line in printed.splitlines() if " collect  " in line):
                    print(row, flush=True)
    return codes


def main() -> int:
    """Count, print and tell the job's summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--slower", type=int, default=25)
    parser.add_argument("options", nargs="*", metavar="ARGUMENTS")
    given = parser.parse_args()
    if not (1 <= given.times <= 1_000 and 1 <= given.slower <= 100):
        parser.error("--times must be 1 to 1000, and --slower 1 to 100")
    codes = try_out(given.times, given.slower, given.options)
    green, red = codes[0].count(0), codes[given.slower].count(1)
    lines = (
        f"{given.slower} % slower: {red} of {given.times} red",
        f"unchanged: {green} of {given.times} green",
    )
    print(*lines, sep="\n")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(summary, "a", encoding="utf-8") as file:
            file.write("".join(("### Canary of the gate\n\n", *(f"- {line}\n" for line in lines))))
    return 0 if green == red == given.times else 1


if __name__ == "__main__":
    sys.exit(main())
