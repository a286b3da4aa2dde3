"""What measuring a command costs and how true it is: `perfgate run` against hyperfine, and against itself.

Run it by hand: `python tests/benchmarks/bench_run.py [PART...]`, with hyperfine and a C compiler. Costs are ratios of
CPU time of whole processes, times are compared run by run, all interleaved, so that a busy moment hits all alike.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

REPEAT = 7
FEW, MANY = 50, 250
ROUNDS = 200
SESSIONS = 200
RUNS = 10_000
ENVIRON = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith(("GITHUB_", "PERFGATE_", "PYTHON"))}
SPIN = """
#include <stdlib.h>
#include <time.h>
int main(int count, char **words) {
    double wanted = atof(words[1]) / 1000;
    struct timespec now;
    do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    while (now.tv_sec + now.tv_nsec / 1e9 < wanted);
    return count != 2;
}
"""


def start_launcher():
    """Return what runs commands."""
    from perfgate.measure.command.run import Launcher

    return Launcher()


def cpu_of(command: list[str], folder: str) -> float:
    """Return the CPU seconds of a process and all that it waits for."""
    before = os.times()
    environ = {**ENVIRON, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": f"{folder}/bytecode"}
    subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=True)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def cost(folder: str) -> None:
    """Print the CPU time of a run of `true` beyond the start-up: the slope between few and many runs."""

    def perfgate(runs: int) -> float:
        shutil.rmtree(f"{folder}/out", ignore_errors=True)
        words = ["-m", "perfgate", "run", "--warmup", "0", "--out", "out", "-n", str(runs), "--", "true"]
        return cpu_of([sys.executable, *words], folder)

    def hyperfine(runs: int) -> float:
        return cpu_of(["hyperfine", "-N", "--warmup", "0", "-r", str(runs), "true"], folder)

    perfgate(1)
    slopes: dict[str, list[float]] = {"perfgate": [], "hyperfine": []}
    for _ in range(REPEAT):
        slopes["perfgate"].append((perfgate(MANY) - perfgate(FEW)) / (MANY - FEW))
        slopes["hyperfine"].append((hyperfine(5 * MANY) - hyperfine(FEW)) / (5 * MANY - FEW))
    ours, theirs = (statistics.median(values) for values in slopes.values())
    print(f"CPU time of a run of true: perfgate {ours * 1e3:.2f} ms, hyperfine -N {theirs * 1e3:.2f} ms")
    print(f"perfgate / hyperfine   {ours / theirs:.2f}   (goal 3)")


def reading(folder: str) -> None:
    """Print what both read of a program that takes 5 ms of CPU time."""
    command = [f"{folder}/spin", "5"]
    ours, theirs = [], []
    with start_launcher() as launcher:
        for number in range(ROUNDS + 1):
            values = [launcher.run(command).measured["elapsed"] for _ in range(3)]
            export = ["hyperfine", "-N", "--warmup", "0", "-r", "3", "--export-json", "times.json", " ".join(command)]
            subprocess.run(export, cwd=folder, capture_output=True, check=True)
            if number:
                ours += values
                theirs += json.loads(Path(folder, "times.json").read_bytes())["results"][0]["times"]
    for name, values in (("perfgate", ours), ("hyperfine", theirs)):
        parts = statistics.quantiles(values, n=20)
        print(f"{name:10} min {min(values) * 1e3:.3f}  p10 {parts[1] * 1e3:.3f}  p50 {parts[9] * 1e3:.3f} ms")
    difference = statistics.median(ours) - statistics.median(theirs)
    print(f"perfgate - hyperfine, p50   {difference * 1e3:+.3f} ms   (goal within 0.15)")


def bias(folder: str) -> None:
    """Print the mean difference of two equal sides, with one launcher for both and with one for each."""
    command = [f"{folder}/spin", "1"]
    rng = random.Random(1)
    found: dict[str, list[float]] = {"one launcher": [], "one each": []}
    for _ in range(SESSIONS):
        for name, differences in found.items():
            with start_launcher() as one, start_launcher() as other:
                launchers = (one, one if name == "one launcher" else other)
                sides: tuple[list[float], list[float]] = ([], [])
                for launcher in launchers:
                    launcher.run(command)
                for _ in range(5):
                    first = rng.randrange(2)
                    for side in (first, 1 - first, 1 - first, first):
                        sides[side].append(launchers[side].run(command).measured["elapsed"])
                differences.append(statistics.median(sides[1]) - statistics.median(sides[0]))
    for name, differences in found.items():
        error = statistics.stdev(differences) / SESSIONS**0.5
        print(f"A/A of 1 ms, {name:12}  {statistics.mean(differences) * 1e6:+.1f} ± {error * 1e6:.1f} us", end="  ")
        print(f"(standard deviation {statistics.stdev(differences) * 1e6:.0f} us)")


def leftovers(folder: str) -> None:
    """Print what ten thousand runs leave behind, and the least peak memory before and after."""
    tempfile.tempdir = folder
    descriptors, files = (len(os.listdir(place)) for place in ("/proc/self/fd", folder))
    with start_launcher() as launcher:
        first = min(launcher.run(["true"]).measured["peak_memory"] for _ in range(20))
        for _ in range(RUNS):
            if not launcher.run(["true"]).is_ok():
                raise SystemExit("a run failed")
        last = min(launcher.run(["true"]).measured["peak_memory"] for _ in range(20))
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    descriptors, files = (
        len(os.listdir("/proc/self/fd")) - descriptors,
        len(os.listdir(folder)) - files,
    )
    print(f"after {RUNS} runs: {len(children)} processes, {descriptors} descriptors, {files} files left", end="; ")
    print(f"peak memory of true {first / 1e6:.2f} and {last / 1e6:.2f} MB")


PARTS = {"cost": cost, "reading": reading, "bias": bias, "leftovers": leftovers}


def main() -> None:
    """Print all parts, or those that are named."""
    for tool in ("hyperfine", "cc"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is needed")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "spin.c")
        source.write_text(SPIN)
        subprocess.run(["cc", "-O2", "-static", "-o", "spin", str(source)], cwd=folder, check=True)
        for name in sys.argv[1:] or PARTS:
            PARTS[name](folder)


if __name__ == "__main__":
    main()
