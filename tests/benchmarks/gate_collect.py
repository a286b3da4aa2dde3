"""What the project's own gate measures: collecting five thousand run files."""

from __future__ import annotations

import tempfile
import time
from typing import TYPE_CHECKING

from bench_collect import write_files

from perfgate.collect import collect
from perfgate.formats.discovery import RunReader, find
from perfgate.measure import measure_run_context

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = 5_000
SLOWER = 0
"""Percent of CPU time that the measured part takes more; gate_canary.py raises it, to see the gate fail."""


def slow_down(began: float, percent: int, clock: Callable[[], float]) -> None:
    """Be busy for some percent of the time since `began`.

    Args:
        began: what the clock showed at the beginning, in seconds.
        percent: 0 does nothing.
        clock: seconds, such as those of CPU time.
    """
    if percent:
        now = clock()
        until = now + (now - began) * percent / 100
        while clock() < until:
            pass


def main() -> None:
    """Collect once; the files are made before, and not measured."""
    with tempfile.TemporaryDirectory() as folder:
        write_files(folder, FILES)
        with measure_run_context(benchmark="collect", rows_used=FILES):
            began = time.process_time()
            found, _ = find([f"{folder}/*.json"])
            collected = collect(RunReader(columns="with digests").read(found))
            slow_down(began, SLOWER, time.process_time)
    if sum(s.ok for s in collected.seen) != FILES:
        raise SystemExit("not all files were collected")


if __name__ == "__main__":
    main()
