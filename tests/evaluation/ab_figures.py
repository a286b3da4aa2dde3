"""How `perfgate ab` does on a real program in a real git repository, judged on processor time.

Run it by hand: `python tests/evaluation/ab_figures.py`. It makes a repository with a small
program and a configuration that gates its processor time alone, and measures it with the
real command line: unchanged, and with more work in it. Prints alarms, finds and runs a side.

Arguments: repetitions unchanged (100), repetitions with a change (30).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOOPS = 700_000  # some 50 ms of processor time
PROGRAM = "total = 0\nfor i in range({}):\n    total += i * i % 7\n"
CONFIGURATION = """\
[[rule]]
metric = "cpu"
level = "fail"

[[rule]]
metric = "*"
level = "info"
"""
ENVIRON = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith(("GITHUB_", "PERFGATE_"))}
ENVIRON |= {f"GIT_{who}_{what}": "someone" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
ENVIRON["PYTHONPATH"] = str(ROOT)


def git(folder: Path, *words: str) -> None:
    """Run git."""
    subprocess.run(["git", *words], cwd=folder, check=True, env=ENVIRON, capture_output=True)


def once(folder: Path, factor: float, seed: int) -> tuple[int, int]:
    """Return the exit code of one comparison, and how many runs a side it took."""
    (folder / "job.py").write_text(PROGRAM.format(round(LOOPS * factor)), encoding="utf-8")
    words = ["ab", "--base", "HEAD", "--seed", str(seed), "--report", "r.json", "--", sys.executable, "job.py"]
    done = subprocess.run(
        [sys.executable, "-m", "perfgate", *words], cwd=folder, env=ENVIRON, capture_output=True, check=False
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    report = json.loads((folder / "r.json").read_text(encoding="utf-8"))
    (cpu,) = [m["values"] for p in report["samples"]["current"] for n, m in p["metrics"].items() if n == "cpu"]
    return done.returncode, len(next(iter(cpu.values())))


def main() -> None:
    """Print the figures."""
    unchanged, changed = ([int(word) for word in sys.argv[1:]] + [100, 30][len(sys.argv) - 1 :])[:2]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        git(folder, "init", "-q")
        (folder / "perfgate.toml").write_text(CONFIGURATION, encoding="utf-8")
        (folder / "job.py").write_text(PROGRAM.format(LOOPS), encoding="utf-8")
        (folder / ".gitignore").write_text("r.json\n", encoding="utf-8")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "Add a job")
        print("| work | repetitions | exit 1 | runs a side, mean |\n|---|--:|--:|--:|")
        for factor, repetitions in ((1.0, unchanged), (1.1, changed), (1.25, changed)):
            found = [once(folder, factor, seed) for seed in range(repetitions)]
            runs = sum(n for _, n in found) / len(found)
            print(f"| {factor - 1:+.0%} | {repetitions} | {sum(code for code, _ in found)} | {runs:.1f} |", flush=True)


if __name__ == "__main__":
    main()
