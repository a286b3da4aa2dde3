"""What the project's own gate measures: collecting five thousand run files."""

from __future__ import annotations

import tempfile

from bench_collect import write_files

from perfgate.collect import collect
from perfgate.formats.discovery import RunReader, find
from perfgate.measure import measure_run_context

FILES = 5_000
SLOWER = 0
"""Percent of the files that are collected once more; gate_canary.py raises it, to see the gate fail."""


def main() -> None:
    """Collect once; the files are made before, and not measured."""
    with tempfile.TemporaryDirectory() as folder:
        write_files(folder, FILES)
        with measure_run_context(benchmark="collect", rows_used=FILES):
            found, _ = find([f"{folder}/*.json"])
            collected = collect(RunReader(columns="with digests").read(found))
            if SLOWER:
                collect(RunReader(columns="with digests").read(found[: FILES * SLOWER // 100]))
    if sum(s.ok for s in collected.seen) != FILES:
        raise SystemExit("not all files were collected")


if __name__ == "__main__":
    main()
