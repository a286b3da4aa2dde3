"""Record interleaved runs of one program against itself and against slower ones: tests/data/noise/ab_own.csv.gz.

python tests/evaluation/record_interleaved.py FILE.csv.gz [--rounds 200] [--neighbours 4]

Each run is a process of its own that counts for about 50 ms. The order within a round of four is that of `perfgate ab`.
Beside it, up to so many other processes are busy; how many changes at random every 5 to 30 seconds.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import platform
import random
import signal
import sys
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not

from perfgate.pipeline.ab.rounds import order_sides

SLOWER = (0, 3, 5, 10)
"""Percent more work on the side of the head."""
_ITERATIONS = 700_000  # about 50 ms
_PROGRAM = "total = 0\nfor i in range({}):\n    total += i * i % 7\n"
COLUMNS = ("slower_percent", "index", "side", "elapsed_ns", "cpu_ns")


def main() -> int:
    """Record one series for each effect."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--neighbours", type=int, default=0)
    options = parser.parse_args()
    neighbours = _Neighbours(options.neighbours)
    with gzip.open(options.file, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for slower in SLOWER:
            for index, side in enumerate(islice(order_sides(slower), 4 * options.rounds)):
                neighbours.change()
                writer.writerow((slower, index, side, *_run(slower if side == "head" else 0)))
    neighbours.keep(0)
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} CPUs, {options.file.name}")
    return 0


class _Neighbours:
    """Other processes that keep the machine busy, now more of them and now fewer."""

    def __init__(self, most: int) -> None:
        """Begin without one."""
        self._most = most
        self._random = random.Random(most)
        self._children: list[int] = []
        self._until = 0.0

    def change(self) -> None:
        """Change how many there are when it is time to."""
        if self._most and time.monotonic() > self._until:
            self._until = time.monotonic() + self._random.uniform(5.0, 30.0)
            self.keep(self._random.randint(0, self._most))

    def keep(self, count: int) -> None:
        """Start or stop processes until there are so many."""
        words = [sys.executable, "-I", "-c", "while True: pass"]
        while len(self._children) < count:
            self._children.append(os.posix_spawn(sys.executable, words, os.environ))
        while len(self._children) > count:
            child = self._children.pop()
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _run(slower: int) -> tuple[int, int]:
    """Return elapsed and CPU time of one run, in nanoseconds."""
    program = _PROGRAM.format(_ITERATIONS * (100 + slower) // 100)
    started = time.perf_counter_ns()
    child = os.posix_spawn(sys.executable, [sys.executable, "-I", "-c", program], os.environ)
    usage = os.wait4(child, 0)[2]
    return time.perf_counter_ns() - started, round((usage.ru_utime + usage.ru_stime) * 1e9)


if __name__ == "__main__":
    sys.exit(main())
