"""Collecting run summaries: CPU time of whole commands as ratios in one run, and peak memory.

Run it by hand: `python tests/benchmarks/bench_collect.py [FILES [LINES]]`. What a file costs is the CPU time of many
files less that of a tenth of them, so that start-up does not count. The floor is a loop in C, where there is a gcc.
"""

from __future__ import annotations

import json
import os
import pstats
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[2]
REPEAT = 5
FILES, LINES = 100_000, 1_000_000
STEP = 386_413  # a prime: lines in another order
PARTS = 8  # functions of the profile that are printed
PANDAS_FILES = 500  # the peer is slow: its cost is scaled up from these
ENVIRON = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith(("GITHUB_", "PERFGATE_"))}
ENVIRON["PYTHONPATH"] = str(ROOT)
C_LOOP = """
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
static char content[65536];
int main(int count, char **words) {
    DIR *folder = opendir(words[1]);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        int file = openat(dirfd(folder), entry->d_name, O_RDONLY);
        if (file >= 0) {
            while (read(file, content, sizeof content) > 0) {}
            close(file);
        }
    }
    return folder == 0;
}
"""
LOOP = (
    "import os, sys\nfor name in os.listdir(sys.argv[1]):\n  fd = os.open(sys.argv[1] + '/' + name, os.O_RDONLY)\n"
    "  os.read(fd, 65536)\n  os.close(fd)"
)
PANDAS = (
    "import os, pandas, sys\nfor name in sorted(os.listdir(sys.argv[1]))[: int(sys.argv[2])]:\n"
    "  pandas.read_json(sys.argv[1] + '/' + name, typ='series')"
)
MSGSPEC = """
import sys
from array import array
import msgspec
class Summary(msgspec.Struct):
    run_id: str
    elapsed_sec: float
    rows_used: int
    peak_memory_mb: float
    benchmark: str
    started_at: str
    session: str
    elapsed_ns: int
    peak_memory_bytes: int
    memory_source: str
    cpu_sec: float
    environment: dict[str, str]
    schema: str
    status: str
decode = msgspec.json.Decoder(Summary).decode
groups = {}
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        run = decode(line)
        if sys.argv[2] == "columns":
            columns = groups.get((run.benchmark, run.session))
            if columns is None:
                columns = groups[run.benchmark, run.session] = array("d"), array("d"), array("d"), array("q")
            columns[0].append(run.elapsed_ns / 1e9)
            columns[1].append(run.peak_memory_bytes)
            columns[2].append(run.cpu_sec)
            columns[3].append(run.rows_used)
"""


class Cost(NamedTuple):
    """What a command costs."""

    cpu: float
    """User and system time of all its processes, in seconds."""
    wall: float
    """Seconds."""
    peak: int
    """Largest peak memory of its processes, in bytes."""


def write_files(folder: str, count: int) -> int:
    """Write run summaries of about 500 bytes and return the size of one."""
    size = 0
    for i, text in enumerate(summaries(range(count))):
        size = len(text)
        Path(folder, f"run-{i:06d}.json").write_text(text)
    return size


def summaries(numbers: Iterable[int]) -> Iterator[str]:
    """Yield run summaries of eight benchmarks in three sessions; their ids ascend as the numbers do."""
    environment = {
        "os": "linux",
        "distro": "debian-12",
        "arch": "x64",
        "cpus": "2",
        "cpu_model": "EPYC",
        "machine": "1a2b3c4d",
    }
    for i in numbers:
        summary = {
            "run_id": f"20261121T{i:06d}Z-{i:08x}", "elapsed_sec": round(0.412 + 997e-9 * i, 3),
            "rows_used": 1000 + i % 7,
            "peak_memory_mb": round(45.6 + i / 1e6, 1), "schema": "perfgate/run/1", "benchmark": f"model_{i % 8}",
            "status": "ok",
            "started_at": f"2026-11-21T01:58:44.{i:06d}Z", "session": f"local-1a2b3c4d-{i % 3}-456",
            "elapsed_ns": 412_000_000 + 997 * i, "peak_memory_bytes": 45_600_000 + i, "memory_source": "vmhwm",
            "cpu_sec": 0.4 + i * 1e-6, "environment": environment,
        }  # fmt: skip
        yield json.dumps(summary)


def measured(*command: str) -> Cost:
    """Return what one command costs."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(command, env=ENVIRON, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[:3]} failed")
    process.returncode = 0
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, wall, used.ru_maxrss * 1024)


def compare(commands: dict[str, tuple[str, ...]], repeat: int = REPEAT) -> dict[str, Cost]:
    """Return the medians of interleaved repetitions of some commands."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            costs[name].append(measured(*command))
    return {name: Cost(*map(statistics.median, zip(*found, strict=True))) for name, found in costs.items()}


def cost_of_a_file(found: dict[str, Cost], name: str, count: int) -> float:
    """Return seconds of CPU time a file: what many cost less what a tenth of them does, without the start-up."""
    return (found[name].cpu - found[f"{name}, few"].cpu) / (count - count // 10)


def write_few_and_many(folder: str, count: int) -> tuple[str, str, int]:
    """Return a folder of a tenth of so many files, one of all of them, and the size of a file."""
    few, many = f"{folder}/few", f"{folder}/many"
    for path, number in ((few, count // 10), (many, count)):
        os.mkdir(path)
        size = write_files(path, number)
    return few, many, size


def compile_floor(folder: str) -> tuple[str, ...]:
    """Return the command that reads all files of a folder: a loop in C, or in Python where there is no gcc."""
    if not shutil.which("gcc"):
        return sys.executable, "-c", LOOP
    Path(folder, "loop.c").write_text(C_LOOP)
    subprocess.run(["gcc", "-O2", "-o", f"{folder}/loop", f"{folder}/loop.c"], check=True)
    return (f"{folder}/loop",)


def compare_files(folder: str, count: int) -> None:
    """Print what a file costs."""
    few, many, size = write_few_and_many(folder, count)
    floor = compile_floor(folder)
    perfgate = (sys.executable, "-m", "perfgate", "collect")
    one = ("taskset", "-c", "0") if shutil.which("taskset") else ()
    commands = {
        "floor, few": (*floor, few),
        "floor": (*floor, many),
        "os.open, os.read, os.close in Python, few": (sys.executable, "-c", LOOP, few),
        "os.open, os.read, os.close in Python": (sys.executable, "-c", LOOP, many),
        "perfgate collect, few": (*perfgate, few),
        "perfgate collect": (*perfgate, many),
        "perfgate collect, on one processor": (*one, *perfgate, many),
        "perfgate collect -o": (*perfgate, many, "-o", f"{folder}/profile.json"),
        "pandas, none": (sys.executable, "-c", PANDAS, few, "0"),
        "pandas.read_json": (sys.executable, "-c", PANDAS, few, str(PANDAS_FILES)),
    }
    found = compare(commands)
    print(f"{count:,} files of {size} bytes less {count // 10:,}; the floor is {Path(floor[0]).name}")
    costs = {}
    for name in ("floor", "os.open, os.read, os.close in Python", "perfgate collect"):
        costs[name] = cost_of_a_file(found, name, count) * 1e6
        print(f"{name:40} {costs[name]:8.1f} us CPU a file, {costs[name] / costs['floor']:6.2f} x the floor")
    pandas = (found["pandas.read_json"].cpu - found["pandas, none"].cpu) / PANDAS_FILES * 1e6
    print(f"{'pandas.read_json':40} {pandas:8.1f} us CPU a file, {pandas / costs['perfgate collect']:6.0f} x perfgate")
    for name in (
        "perfgate collect, few",
        "perfgate collect",
        "perfgate collect, on one processor",
        "perfgate collect -o",
    ):
        cost = found[name]
        print(f"{name:40} {cost.cpu:6.2f} s CPU, {cost.wall:6.2f} s, {cost.peak / 1e6:6.1f} MB")
    wall = found["perfgate collect"].wall / found["perfgate collect, on one processor"].wall
    print(f"wall time of two processors / of one     {wall:8.2f}")


def compare_lines(folder: str, count: int) -> None:
    """Print what a line costs."""
    path, mixed = f"{folder}/runs.jsonl", f"{folder}/mixed.jsonl"
    for name, step in ((path, 1), (mixed, STEP)):
        with open(name, "w") as file:
            file.writelines(f"{text}\n" for text in summaries(i * step % count for i in range(count)))
    loop = (sys.executable, "-c", MSGSPEC, path)
    found = compare(
        {
            "msgspec, each line": (*loop, "decode"),
            "msgspec, to columns by group": (*loop, "columns"),
            "perfgate collect": (sys.executable, "-m", "perfgate", "collect", path),
            "the same, ids in any order": (sys.executable, "-m", "perfgate", "collect", mixed),
        },
        repeat=3,
    )
    print(f"\n{count:,} lines, {os.path.getsize(path) / 1e6:,.0f} MB")
    ours = found["perfgate collect"]
    for name, cost in found.items():
        print(f"{name:40} {cost.cpu:6.2f} s CPU, {cost.peak / 1e6:6.1f} MB; perfgate is {ours.cpu / cost.cpu:5.2f} x")
    profile(path, f"{folder}/profile")


def profile(path: str, into: str) -> None:
    """Print which functions take the time of `perfgate collect`; the profiler makes calls look dearer than they are."""
    command = (sys.executable, "-m", "cProfile", "-o", into, "-m", "perfgate", "collect", path)
    subprocess.run(command, env=ENVIRON, stdout=subprocess.DEVNULL, check=True)
    own: Counter[str] = Counter()
    for (_, _, name), cost in pstats.Stats(into).stats.items():  # type: ignore[attr-defined] # is there
        own[name] += cost[2]
    shares = (f"{name} {seconds / sum(own.values()):.0%}" for name, seconds in own.most_common(PARTS))
    print("its time by function:", ", ".join(shares))


def main() -> None:
    """Print the ratios."""
    files, lines, *_ = (*map(int, sys.argv[1:3]), *(FILES, LINES)[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory() as folder:
        compare_files(folder, files)
        compare_lines(folder, lines)


if __name__ == "__main__":
    main()
