"""Checking many benchmarks: CPU time and peak memory of the whole command, as ratios in one run against peers.

Run it by hand: `python tests/benchmarks/bench_check.py [BENCHMARKS ...]`; the peers see 5,000. A peer that is not on
PATH is left out: benchstat, pytest-benchmark, and for the floor a Python with scipy (`PYTHON_OF_PEERS`). `REPEAT` says
how many rounds there are.
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
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRON = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith(("GITHUB_", "PERFGATE_"))}
ENVIRON |= {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
PERFGATE = (sys.executable, "-m", "perfgate")
CHECK = (*PERFGATE, "check", "--baseline", "base.json", "b.json")
OF_FILES = (*PERFGATE, "check", "--baseline", "a.json", "b.json")
"""Both sides as their tool wrote them: a profile file of 20,000 benchmarks is larger than perfgate reads."""
PEER_PYTHON = os.environ.get("PYTHON_OF_PEERS", sys.executable)
SIZES = (500, 1_000, 5_000, 20_000)
COMPARED = 5_000
REPEAT = int(os.environ.get("REPEAT", "5"))
VALUES = 10
NOISE = 0.03
"""Spread of the values on logs."""
FLOOR = """
import json, scipy.stats
sides = [json.load(open(f"{side}.json"))["benchmarks"] for side in "ab"]
a, b = ([one["stats"]["data"] for one in side] for side in sides)
assert len(scipy.stats.mannwhitneyu(a, b, axis=1).pvalue) == len(a)
"""
"""Both files read and one array call: nothing is paired, judged or shown."""


def write_sides(folder: Path, count: int) -> None:
    """Write two files of pytest-benchmark with the same benchmarks, and the same values for benchstat."""
    rng = random.Random(11)
    centres = [10 ** rng.uniform(-5, -1) for _ in range(count)]
    for side in "ab":
        items, lines = [], ["goos: linux", "goarch: amd64", "pkg: p"]
        for i, centre in enumerate(centres):
            data = [centre * rng.lognormvariate(0, NOISE) for _ in range(VALUES)]
            stats = {
                "min": min(data), "max": max(data), "mean": sum(data) / VALUES, "stddev": 0, "rounds": VALUES,
                "median": sorted(data)[VALUES // 2], "iqr": 0, "q1": 0, "q3": 0, "iqr_outliers": 0,
                "stddev_outliers": 0, "outliers": "0;0", "ld15iqr": 0, "hd15iqr": 0, "ops": 1, "total": sum(data),
                "data": data, "iterations": 1,
            }  # fmt: skip
            items.append({
                "group": None, "name": f"t{i}", "fullname": f"tests/test_x.py::t{i}", "params": None, "param": None,
                "extra_info": {}, "options": {}, "stats": stats,
            })  # fmt: skip
            lines += [f"BenchmarkT{i} 1 {value * 1e9:.1f} ns/op" for value in data]
        about = {
            "machine_info": {"node": "n", "cpu": {"brand_raw": "x"}}, "version": "5.3.1",
            "commit_info": {"id": side * 40, "time": "2026-01-01T00:00:00+00:00", "dirty": False, "project": "p",
                            "branch": "main"},
            "datetime": "2026-01-01T00:00:00+00:00",
        }  # fmt: skip
        (folder / f"{side}.json").write_text(json.dumps({**about, "benchmarks": items}))
        (folder / f"{side}.txt").write_text("\n".join(lines) + "\n")
    subprocess.run((*PERFGATE, "collect", "a.json", "-o", "base.json"), cwd=folder, env=ENVIRON, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip


def measured(command: tuple[str, ...], folder: Path) -> tuple[float, float]:
    """Return CPU seconds (user and system) and peak memory in MB of one process."""
    environ = ENVIRON if command[:3] == PERFGATE else {**ENVIRON, "PYTHONPATH": ""}
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"exit code {process.returncode}: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3


def peers() -> dict[str, tuple[str, ...]]:
    """Return the commands that are here, by name."""
    found: dict[str, tuple[str, ...]] = {}
    if benchstat := shutil.which("benchstat"):
        found["benchstat"] = (benchstat, "a.txt", "b.txt")
    if compare := shutil.which("pytest-benchmark"):
        found["pytest-benchmark compare"] = (compare, "compare", "a.json", "b.json")
    if not subprocess.run((PEER_PYTHON, "-c", "import scipy"), capture_output=True, check=False).returncode:
        found["json.load, mannwhitneyu"] = (PEER_PYTHON, "-c", FLOOR)
    return found


def main() -> None:
    """Print CPU time, peak memory and ratios."""
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    with tempfile.TemporaryDirectory() as parent:
        folders = {count: Path(parent, str(count)) for count in sizes}
        commands: dict[str, tuple[tuple[str, ...], Path]] = {"perfgate --version": ((*PERFGATE, "--version"), ROOT)}
        for count, folder in folders.items():
            folder.mkdir()
            with ProcessPoolExecutor(1) as writer:  # a child's peak memory is never below that of its parent
                writer.submit(write_sides, folder, count).result()
            if count <= COMPARED:
                commands[f"check {count:,}"] = CHECK, folder
            commands[f"check of files {count:,}"] = OF_FILES, folder
        if COMPARED in folders:
            where = folders[COMPARED]
            commands[f"check {COMPARED:,} --report-dir"] = (*CHECK, "--report-dir", "reports"), where
            commands |= {name: (command, where) for name, command in peers().items()}
        costs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(REPEAT):
            for name, (command, folder) in commands.items():
                costs[name].append(measured(command, folder))
    medians = {name: statistics.median(cpu for cpu, _ in of) for name, of in costs.items()}
    for name, of in costs.items():
        print(f"{name:26} {medians[name]:7.2f} s CPU, peak {max(peak for _, peak in of):6.1f} MB")
    ours = f"check {COMPARED:,}"
    for name in peers() if ours in medians else ():
        print(f"{ours} / {name}: {medians[ours] / medians[name]:.2f}")
    for one, other in pairwise(sizes):
        times = medians[f"check of files {other:,}"] / medians[f"check of files {one:,}"]
        print(f"check of files {other:,} / {one:,}: {times:.2f} ({other / one:.1f} times the benchmarks)")


if __name__ == "__main__":
    main()
