"""Reading logs of any size, as ratios in one run: CPU time of whole processes, and peak memory.

Run it by hand: `python tests/benchmarks/bench_logs.py [MB] [--before PATH] [--kinds a,b] [--repeat N]`. Each kind of
log is made in a temporary folder; `perfgate collect` reads it, and bare loops read the same file. `--before` names
another checkout, which reads it, too. Commands are interleaved; figures are medians.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
BEGIN = 1_795_221_493.0
"""Seconds since 1970 of the first row."""

MAPS = """
[[map]]
name = "requests"
files = ["map.jsonl", "map.csv"]
benchmark = "{route}"
ok = "status"
time = "at"
values = [{ value = "took_ms" }, { value = "size_bytes" }]
"""
JSON_LOOP = "import json, sys\nwith open(sys.argv[1]) as f:\n  for line in f:\n    json.loads(line)"
MSGSPEC_LOOP = (
    "import msgspec, sys\ndecode = msgspec.json.Decoder().decode\n"
    "with open(sys.argv[1], 'rb') as f:\n  for line in f:\n    decode(line)"
)
CSV_LOOP = (
    "import csv, sys\nwith open(sys.argv[1], newline='') as f:\n  for row in csv.DictReader(f):\n    float(row['{}'])"
)


def stamps(step: float) -> Iterator[str]:
    """Yield points in time to the millisecond, `step` seconds apart."""
    at = BEGIN
    while True:
        yield datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        at += step


def predictions() -> Iterator[str]:
    """Yield lines of `perfgate.monitor.PredictionLog`, about 290 bytes each."""
    rng = random.Random(7)
    for i, at in enumerate(stamps(0.01)):
        inference, logging = rng.gauss(45, 6), rng.gauss(12, 2)
        yield (
            f'{{"event": "prediction_metrics", "timestamp": "{at}", "series_id": "sensor_{i % 7}", '
            f'"model_version": "v{i % 3}", "latency_inference_ms": {inference}, "latency_logging_ms": {logging}, '
            f'"latency_total_ms": {inference + logging}, "cache_hit": {"true" if i % 5 else "false"}, '
            f'"anomaly": false, "ok": {"true" if i % 100 else "false"}}}\n'
        )


def mapped() -> Iterator[str]:
    """Yield lines of a log that a map of the configuration reads, about 280 bytes each."""
    rng = random.Random(7)
    for i, at in enumerate(stamps(0.01)):
        yield (
            f'{{"at": "{at}", "level": "INFO", "logger": "app.requests", "route": "/page/{i % 8}", '
            f'"took_ms": {rng.gauss(90, 9):.1f}, "size_bytes": {900 + i % 50}, "status": {200 if i % 100 else 500}, '
            f'"user": {{"id": "u-{i % 9973:05d}", "plan": "free"}}, "trace": "{rng.getrandbits(64):016x}", '
            f'"tags": ["web", "eu-1"], "message": "answered", "thread": "worker-{i % 4}"}}\n'
        )


def k6_points() -> Iterator[str]:
    """Yield points of `k6 run --out json`, about 300 bytes each."""
    rng = random.Random(7)
    trends = ("duration", "blocked", "connecting", "sending", "waiting", "receiving")
    for name in trends:
        yield (
            f'{{"type":"Metric","data":{{"name":"http_req_{name}","type":"trend","contains":"time","thresholds":[],'
            f'"submetrics":null}},"metric":"http_req_{name}"}}\n'
        )
    yield (
        '{"type":"Metric","data":{"name":"http_req_failed","type":"rate","contains":"default","thresholds":[],'
        '"submetrics":null},"metric":"http_req_failed"}\n'
    )
    for i, at in enumerate(stamps(0.01)):
        good = i % 100 > 0
        tags = (
            f'"tags":{{"expected_response":"{"true" if good else "false"}","group":"","method":"GET",'
            f'"name":"http://127.0.0.1:8000/page","proto":"HTTP/1.1","scenario":"default",'
            f'"status":"{200 if good else 500}","url":"http://127.0.0.1:8000/page"}}'
        )
        begin = f'"type":"Point","data":{{"time":"{at[:-1]}{rng.getrandbits(19):06d}Z"'
        yield "".join(
            f'{{"metric":"http_req_{name}",{begin},"value":{rng.gauss(20, 2):.6f},{tags}}}}}\n' for name in trends
        )
        yield f'{{"metric":"http_req_failed",{begin},"value":{int(not good)},{tags}}}}}\n'


def table() -> Iterator[str]:
    """Yield a CSV file that a map of the configuration reads."""
    rng = random.Random(7)
    yield "at,route,took_ms,status,message,thread,size_bytes,open\n"
    for i, at in enumerate(stamps(0.01)):
        status = 200 if i % 100 else 500
        yield f"{at},/page/{i % 8},{rng.gauss(90, 9):.1f},{status},OK,Group 1-{i % 4},{900 + i % 50},4\n"


def jtl() -> Iterator[str]:
    """Yield samples of JMeter as CSV, about 110 bytes each."""
    rng = random.Random(7)
    yield (
        "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,"
        "sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n"
    )
    at = int(BEGIN * 1000)
    for i in range(1 << 62):
        took, good = int(rng.gauss(90, 9)), i % 100 > 0
        yield (
            f"{at + i * 10},{took},page {i % 8},{200 if good else 500},OK,Group 1-{i % 4},text,"
            f"{'true' if good else 'false'},,{900 + i % 50},120,4,4,http://127.0.0.1:8000/page,{took - 3},0,{i % 3}\n"
        )


KINDS: dict[str, tuple[str, Callable[[], Iterator[str]], dict[str, str]]] = {
    "predictions": ("predictions.jsonl", predictions, {"json.loads": JSON_LOOP, "msgspec": MSGSPEC_LOOP}),
    "map": ("map.jsonl", mapped, {"json.loads": JSON_LOOP, "msgspec": MSGSPEC_LOOP}),
    "k6": ("points.ndjson", k6_points, {"json.loads": JSON_LOOP, "msgspec": MSGSPEC_LOOP}),
    "csv-map": ("map.csv", table, {"csv.DictReader": CSV_LOOP.format("took_ms")}),
    "jtl": ("samples.jtl", jtl, {"csv.DictReader": CSV_LOOP.format("elapsed")}),
}
"""Of each kind of log: the file's name, its lines, and the loops that it is compared with."""


def write(path: Path, lines: Iterator[str], size: int) -> None:
    """Write lines until a file has a size in bytes."""
    with path.open("w", buffering=1 << 20) as file:
        while size > 0:
            line = next(lines)
            file.write(line)
            size -= len(line)


def measured(command: list[str], folder: str, root: Path) -> tuple[float, int]:
    """Return CPU seconds, user and system, and peak memory in bytes of one process."""
    environ = {**os.environ, "PYTHONPATH": str(root)}
    child = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"exit {child.returncode}: {' '.join(command)}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def compare(kind: str, size: int, before: Path | None, repeat: int) -> None:
    """Print speed, ratios and peak memory of reading one kind of log."""
    name, lines, loops = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "perfgate.toml").write_text(MAPS)
        write(Path(folder, name), lines(), size)
        ours = [sys.executable, "-m", "perfgate", "collect", name]
        commands = {"perfgate": (ours, ROOT)} | ({"before": (ours, before)} if before else {})
        commands |= {loop: ([sys.executable, "-c", body, name], ROOT) for loop, body in loops.items()}
        small = Path(folder, "small")
        small.mkdir()
        Path(small, "perfgate.toml").write_text(MAPS)
        write(Path(small, name), lines(), 100_000)
        for command, root in commands.values():  # compiles what the figures should not hold
            measured(command, str(small), root)
        found: dict[str, list[tuple[float, int]]] = {label: [] for label in commands}
        for _ in range(repeat):
            for label, (command, root) in commands.items():
                found[label].append(measured(command, folder, root))
        real = Path(folder, name).stat().st_size
    print(f"{kind}, {real / 1e6:.0f} MB")
    cost = statistics.median(c for c, _ in found["perfgate"])
    for label, costs in found.items():
        mine = statistics.median(c for c, _ in costs)
        peak = max(p for _, p in costs)
        print(
            f"  {label:15} {mine:7.2f} s CPU, {real / 1e6 / mine:6.0f} MB/s a core, "
            f"{mine / cost:5.2f} x perfgate, peak {peak / 1e6:4.0f} MB"
        )


def main() -> None:
    """Print the figures of each kind."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mb", type=int, nargs="?", default=300)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as compiled:
        os.environ["PYTHONPYCACHEPREFIX"] = compiled
        for kind in asked.kinds.split(","):
            compare(kind, asked.mb * 1_000_000, asked.before and asked.before.resolve(), asked.repeat)


if __name__ == "__main__":
    main()
