"""Reading logs of a hundred thousand lines, as ratios in one run: CPU time against the bare decoder, and memory.

Run it by hand: `python tests/benchmarks/bench_formats.py [LINES]`. Each figure is the median of five processes;
memory is the peak of the process (VmHWM) less that of a process that reads a hundredth of the lines.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPEAT = 5
VALUES = 4  # of a prediction: three latencies and one answer from the cache or not
CELLS = 3  # of a request: time, size, status

BARE_JSON = (
    "import json\nbegin = time.process_time()\nwith open(path) as f:\n  for line in f:\n    json.loads(line)\ncount = 0"
)
BARE_CSV = (
    "import csv\nbegin = time.process_time()\nwith open(path, newline='') as f:\n"
    "  for row in csv.reader(f):\n    pass\ncount = 0"
)
OURS = (
    "from perfgate.core.sources.field_map import FieldMap, FieldValue\nfrom perfgate.formats.maps import format_of\n"
    "from perfgate.formats.readers.mapped import PREDICTION_LOG\nfrom perfgate.formats.contents import read\n"
    "from perfgate.formats.parsing.record import ForeignOptions\nfrom perfgate.formats.parsing.source import Source\n"
    "requests = FieldMap(name='requests', benchmark='label', ok='status',\n"
    "    values=(FieldValue(value='took_ms'), FieldValue(value='size_bytes')))\n"
    "begin = time.process_time()\n"
    "found = read(Source(path), format_of({map}), ForeignOptions())\n"
    "count = sum(r.n for r in found.records)"
)
WRAP = """
import sys, time
path = sys.argv[1]
{body}
cost = time.process_time() - begin
peak = next(int(l.split()[1]) for l in open('/proc/self/status') if l.startswith('VmHWM'))
print(cost, peak * 1024, count)
"""


def write_predictions(path: Path, count: int) -> None:
    """Write lines of a prediction log, about 200 bytes each."""
    rng = random.Random(7)
    with path.open("w") as file:
        for i in range(count):
            inference, logging = rng.gauss(45, 10), rng.gauss(12, 2)
            line = {
                "event": "prediction_metrics", "series_id": f"sensor_{i % 7}", "model_version": f"v{i % 3}",
                "latency_inference_ms": round(inference, 1), "latency_logging_ms": round(logging, 1),
                "latency_total_ms": round(inference + logging, 1), "cache_hit": i % 5 != 0, "anomaly": False,
            }  # fmt: skip
            file.write(json.dumps(line) + "\n")


def write_requests(path: Path, count: int) -> None:
    """Write a table of requests, one in a hundred failed."""
    rng = random.Random(7)
    with path.open("w") as file:
        file.write("at,label,took_ms,status,message,thread,size_bytes,open\n")
        for i in range(count):
            status = 500 if i % 100 == 0 else 200
            at = 1_795_221_493_660 + i
            file.write(f"{at},page {i % 8},{rng.gauss(90, 9):.1f},{status},OK,Group 1-{i % 4},{900 + i % 50},4\n")


def measured(body: str, path: Path) -> tuple[float, int, int]:
    """Return CPU seconds, peak memory in bytes, and the values that one process read."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WRAP.format(body=body), str(path)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    cost, peak, count = done.stdout.split()
    return float(cost), int(peak), int(count)


def compare(title: str, bare: str, ours: str, path: Path, small: Path) -> None:
    """Print the ratio of CPU time, and the memory for each value kept."""
    costs: dict[str, list[float]] = {bare: [], ours: []}
    for _ in range(REPEAT):
        for body, cost in costs.items():
            cost.append(measured(body, path)[0])
    _, peak, kept = measured(ours, path)
    _, floor, few = measured(ours, small)
    ratio = statistics.median(costs[ours]) / statistics.median(costs[bare])
    print(f"{title:32} CPU / bare decoder  {ratio:.2f}   (goal at most 3)")
    print(f"{'':32} memory a value kept {(peak - floor) / (kept - few):.1f} B   (8 of them the value itself)")


def main() -> None:
    """Print the ratios."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        log, short_log, table, short_table = (Path(folder, name) for name in ("a.jsonl", "b.jsonl", "a.csv", "b.csv"))
        write_predictions(log, count)
        write_predictions(short_log, count // 100)
        write_requests(table, count)
        write_requests(short_table, count // 100)
        predictions = OURS.replace("{map}", "PREDICTION_LOG")
        compare(f"prediction log, {count:,} lines", BARE_JSON, predictions, log, short_log)
        compare(f"CSV, {count:,} rows", BARE_CSV, OURS.replace("{map}", "requests"), table, short_table)


if __name__ == "__main__":
    main()
