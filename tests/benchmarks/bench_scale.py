"""Collecting large logs, as ratios in one run: CPU time and memory of whole process trees against peers.

Run it by hand: `python tests/benchmarks/bench_scale.py [ROWS] [PYTHON]`. PYTHON has dask[dataframe] and pyarrow;
with it nothing but a cluster of two processes is compared with Dask's own quantiles, which take minutes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

REPEAT = 3
PARTS = 16
QUANTILES = "[0.5, 0.95, 0.99]"
CONFIG = """
[[map]]
name = "rows"
benchmark = "benchmark"
labels = ["region"]
ok = "ok"
time = "at"
values = [{ value = "latency_ms" }]
"""
MAKE = """
import sys, duckdb
folder, rows, parts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
base = duckdb.connect(config={"threads": 2})
base.execute("SELECT setseed(0.4)")
for part in range(parts):
    first, last = rows * part // parts, rows * (part + 1) // parts
    base.execute(f'''COPY (SELECT 'bench_' || (i % 25) AS benchmark, 'r' || ((i // 25) % 4) AS region,
        random() > 0.01 AS ok,
        timestamp '2026-11-01' + INTERVAL (i % 7) DAY + INTERVAL (i % 86400) SECOND AS at,
        exp(3 + 0.5 * (random() + random() + random() - 1.5)) AS latency_ms FROM range({first}, {last}) t(i))
        TO '{folder}/{part:03}.parquet' ''')
"""
MAKE_JSON = """
import sys, duckdb
source, target = sys.argv[1:]
duckdb.execute(f"COPY (SELECT * FROM read_parquet('{source}/000.parquet')) TO '{target}/000.jsonl' (FORMAT json)")
"""
FEW, LINES = 1_000, 1_000_000
"""Rows of a log that costs its start, and of one in JSON lines."""
OWN = f"""
import sys, duckdb
print(len(duckdb.connect().execute('''SELECT benchmark, region, quantile_disc(latency_ms, {QUANTILES})
    FROM read_parquet(?) WHERE ok GROUP BY ALL''', [sys.argv[1] + '/*.parquet']).fetchall()))
"""
OWN_BY_DAY = OWN.replace("region, quantile", 'region, CAST("at" AS DATE), quantile')
CLUSTER = """
import sys, subprocess
from distributed import Client, LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        {body}
"""
OURS_ON_DASK = CLUSTER.format(
    body="subprocess.run([*sys.argv[2:], '--engine', 'dask', '--scheduler', cluster.scheduler_address], check=True)"
)
DASK = CLUSTER.format(
    body=f"""
        import dask.dataframe
        with Client(cluster):
            rows = dask.dataframe.read_parquet(sys.argv[1], columns=["benchmark", "region", "ok", "latency_ms"])
            held = rows[rows.ok].groupby(["benchmark", "region"])["latency_ms"]
            found = held.apply(lambda s: list(s.quantile({QUANTILES}, interpolation="lower")), meta=("q", "object"))
            print(len(found.compute()))
"""
)


def tree_of(root: int) -> list[int]:
    """Return the processes that a process started, and itself."""
    parents: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                stat = Path(entry.path, "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += parents.get(pid, [])
    return found


def memory_of(root: int) -> int:
    """Return the resident memory of a process tree in bytes."""
    total = 0
    for pid in tree_of(root):
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            continue
    return total


def cost_of(command: list[str]) -> tuple[float, int]:
    """Return CPU seconds and the peak of the resident memory in bytes of a command and all that it starts."""
    before = os.times()
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peak = [0]

    def watch() -> None:
        while running.poll() is None:
            peak[0] = max(peak[0], memory_of(running.pid))
            time.sleep(0.1)

    watching = threading.Thread(target=watch)
    watching.start()
    words = running.communicate()[0]
    watching.join()
    if running.returncode:
        raise SystemExit(f"{command[:3]} failed:\n{words[-2000:]}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return cpu, peak[0]


def main() -> None:
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 2_000_000
    peer = sys.argv[2] if len(sys.argv) > 2 else ""
    parts = max(PARTS, rows // 1_250_000)
    with tempfile.TemporaryDirectory() as folder:
        logs, config = Path(folder, "logs"), Path(folder, "perfgate.toml")
        logs.mkdir()
        config.write_text(CONFIG)
        subprocess.run([sys.executable, "-c", MAKE, str(logs), str(rows), str(parts)], check=True)
        small = {name: Path(folder, name) for name in ("few", "million", "lines")}
        for path in small.values():
            path.mkdir()
        for name, count in (("few", FEW), ("million", LINES)):
            subprocess.run([sys.executable, "-c", MAKE, str(small[name]), str(count), "1"], check=True)
        subprocess.run([sys.executable, "-c", MAKE_JSON, str(small["million"]), str(small["lines"])], check=True)
        command = [sys.executable, "-m", "perfgate", "collect", "--config", str(config), "--map", "rows"]
        command += ["-o", str(Path(folder, "profile.json"))]
        ours = [*command, str(logs)]
        commands = {
            "own": [sys.executable, "-c", OWN, str(logs)],
            "local": [*ours, "--engine", "local"],
            "own by day": [sys.executable, "-c", OWN_BY_DAY, str(logs)],
            "local by day": [*ours, "--engine", "local", "--by", "day"],
            f"local, {FEW:,} rows": [*command, str(small["few"]), "--engine", "local"],
            "the same by day": [*command, str(small["few"]), "--engine", "local", "--by", "day"],
            f"local, {LINES:,} rows in one file": [*command, str(small["million"]), "--engine", "local"],
            "the same as JSON lines": [*command, str(small["lines"]), "--engine", "local"],
        }
        if peer:
            commands = {}
            for name, script in (("dask", DASK), ("on dask", OURS_ON_DASK)):
                Path(folder, f"cluster of {name}.py").write_text(script)
            commands["dask"] = [peer, str(Path(folder, "cluster of dask.py")), str(logs)]
            commands["on dask"] = [sys.executable, str(Path(folder, "cluster of on dask.py")), str(logs), *ours]
        found: dict[str, list[tuple[float, int]]] = {name: [] for name in commands}
        for _ in range(REPEAT):
            for name, command in commands.items():
                found[name].append(cost_of(command))
    cpu = {name: statistics.median(c for c, _ in costs) for name, costs in found.items()}
    peak = {name: max(m for _, m in costs) / 1e6 for name, costs in found.items()}
    print(f"{rows:,} rows in {parts} files of Parquet, {REPEAT} rounds; CPU seconds, and peak memory of the processes")
    for name in commands:
        print(f"{name:32} {cpu[name]:7.2f} s {peak[name]:7.0f} MB")
    for one, other in (("local", "own"), ("local by day", "own by day"), ("on dask", "dask")):
        if one in cpu:
            ratios = [a[0] / b[0] for a, b in zip(found[one], found[other], strict=True)]
            print(f"{one} / {other}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
