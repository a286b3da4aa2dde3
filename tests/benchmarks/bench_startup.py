"""Start-up as ratios in one run: `perfgate --help` and `perfgate check` against bare imports.

Run it by hand: `python tests/benchmarks/bench_startup.py`. Medians of interleaved
repetitions, so that a busy moment hits all commands alike.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEAT = 15
ROOT = Path(__file__).resolve().parents[2]
ENVIRON = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith(("GITHUB_", "PERFGATE_"))}
ENVIRON["PYTHONPATH"] = str(ROOT)
PERFGATE = (sys.executable, "-m", "perfgate")


def write_runs(folder: Path, prefix: str, shift: float) -> None:
    """Write twenty run summaries."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(20):
        summary = {
            "run_id": f"{prefix}-{i}",
            "elapsed_sec": 0.4 + shift + 0.001 * i,
            "rows_used": 1000,
            "peak_memory_mb": 50.5,
        }
        (folder / f"{prefix}-{i}.json").write_text(json.dumps(summary))


def timed(command: tuple[str, ...], folder: str) -> float:
    """Return the wall time of one process, in seconds."""
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=ENVIRON, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    return time.perf_counter() - begin


def main() -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder, "outputs", "model_runs")
        write_runs(runs, "base", 0.0)
        timed((*PERFGATE, "baseline", "refresh"), folder)
        write_runs(runs, "now", 0.002)
        commands = {
            "python -c pass": (sys.executable, "-c", "pass"),
            "import click": (sys.executable, "-c", "import click"),
            "import pandas": (sys.executable, "-c", "import pandas"),
            "perfgate --help": (*PERFGATE, "--help"),
            "perfgate check": (*PERFGATE, "check"),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(REPEAT):
            for name, command in commands.items():
                times[name].append(timed(command, folder))
    medians = {name: statistics.median(t) for name, t in times.items()}
    for name, value in medians.items():
        print(f"{name:18} {value * 1e3:7.1f} ms")
    print(f"perfgate --help / import click   {medians['perfgate --help'] / medians['import click']:.2f}   (goal 1.25)")
    print(f"perfgate check / import pandas   {medians['perfgate check'] / medians['import pandas']:.2f}   (goal 0.60)")


if __name__ == "__main__":
    main()
