"""Collecting ten thousand run files, as ratios in one run: CPU time against floors and a peer.

Run it by hand: `python tests/benchmarks/bench_collect.py [FILES]`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPEAT = 5
PANDAS_FILES = 500  # the peer is slow: its cost is scaled up from these
METRICS = 3  # elapsed, peak memory, CPU; throughput is derived

FLOOR = "for p in paths:\n  with open(p, 'rb') as f:\n    f.read()"
RAW_FLOOR = "for p in paths:\n  fd = os.open(p, os.O_RDONLY)\n  os.read(fd, 4096)\n  os.close(fd)"
OURS = (
    "from perfgate.collect import collect\nfrom perfgate.formats.discovery import RunReader, find\n"
    "begin = time.process_time()\n"
    "found, _ = find([sys.argv[1] + '/*.json'])\nreader = RunReader()\ncollected = collect(reader.read(found))\n"
    "assert sum(s.ok for s in collected.seen) == len(found) and not reader.problems"
)
PANDAS = (
    f"import pandas\nbegin = time.process_time()\nfor p in paths[:{PANDAS_FILES}]:\n  pandas.read_json(p, typ='series')"
)
WRAP = """
import os, sys, time
paths = sorted(e.path for e in os.scandir(sys.argv[1]))
begin = time.process_time()
{body}
cost = time.process_time() - begin
peak = next(int(l.split()[1]) for l in open('/proc/self/status') if l.startswith('VmHWM'))
print(cost, peak * 1024)
"""


def write_files(folder: str, count: int) -> int:
    """Write run summaries of about 500 bytes and return the size of one."""
    environment = {
        "os": "linux",
        "distro": "debian-12",
        "arch": "x64",
        "cpus": "2",
        "cpu_model": "EPYC",
        "machine": "1a2b3c4d",
    }
    size = 0
    for i in range(count):
        summary = {
            "run_id": f"20261121T{i:06d}Z-{i:08x}", "elapsed_sec": round(0.412 + 997e-9 * i, 3),
            "rows_used": 1000 + i % 7,
            "peak_memory_mb": 45.6, "schema": "perfgate/run/1", "benchmark": f"model_{i % 8}",
            "status": "ok",
            "started_at": f"2026-11-21T01:58:44.{i:06d}Z", "session": f"local-1a2b3c4d-{i % 3}-456",
            "elapsed_ns": 412_000_000 + 997 * i, "peak_memory_bytes": 45_600_000 + i, "memory_source": "vmhwm",
            "cpu_sec": 0.4 + i * 1e-6, "environment": environment,
        }  # fmt: skip
        text = json.dumps(summary)
        size = len(text)
        Path(folder, f"run-{i:06d}.json").write_text(text)
    return size


def measured(body: str, folder: str) -> tuple[float, int]:
    """Return CPU seconds and peak memory in bytes of one process."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", WRAP.format(body=body), folder], env=environ, capture_output=True, text=True, check=True
    )
    cost, peak = done.stdout.split()
    return float(cost), int(peak)


def main() -> None:
    """Print the ratios."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        size = write_files(folder, count)
        bodies = {
            "open, read, close": FLOOR,
            "os.open, os.read, os.close": RAW_FLOOR,
            "perfgate": OURS,
            "pandas.read_json": PANDAS,
        }
        costs: dict[str, list[float]] = {name: [] for name in bodies}
        peaks: dict[str, int] = {}
        for _ in range(REPEAT):
            for name, body in bodies.items():
                cost, peaks[name] = measured(body, folder)
                costs[name].append(cost * (count / min(PANDAS_FILES, count) if name == "pandas.read_json" else 1))
    medians = {name: statistics.median(c) for name, c in costs.items()}
    print(f"{count:,} files of {size} bytes")
    for name, cost in medians.items():
        print(f"{name:28} {cost / count * 1e6:8.1f} us CPU a file, peak {peaks[name] / 1e6:6.1f} MB")
    ours = medians["perfgate"]
    allowed = 60e6 + 32 * count * METRICS
    print(f"CPU / (open, read, close)             {ours / medians['open, read, close']:.2f}   (goal 2)")
    print(f"CPU / (os.open, os.read, os.close)    {ours / medians['os.open, os.read, os.close']:.2f}")
    print(f"pandas.read_json loop / ours          {medians['pandas.read_json'] / ours:.0f}   (goal at least 20)")
    print(f"peak memory / (60 MB + 32 B a value)  {peaks['perfgate'] / allowed:.2f}   (goal 1)")


if __name__ == "__main__":
    main()
