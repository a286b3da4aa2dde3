"""What the project's own gate measures beside time: what perfgate costs, as ratios to other work in the same run.

Both parts of a ratio run on the same machine at the same time, so that most of the machine is not in it. The
measuring is that of the bench scripts, whose figures stand in docs/performance.md; here it is repeated less often.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

import bench_collect
import bench_startup
import bench_tracing

from perfgate.measure import measure_run_context

REPEAT = 3
FILES = 10_000


def measure_startup() -> dict[str, float]:
    """Return the CPU time of whole commands against that of bare imports."""
    with tempfile.TemporaryDirectory() as folder:
        bench_startup.prepare_check(folder)
        spent = bench_startup.compare(bench_startup.COMMANDS, folder, REPEAT)
    return {
        "help": spent["perfgate --help"] / spent["import click"],
        "check": spent["perfgate check"] / spent["import pandas"],
    }


def measure_collecting() -> dict[str, float]:
    """Return the CPU time of a collected file against that of a file that a loop opens, reads and closes."""
    with tempfile.TemporaryDirectory() as folder:
        few, many, _ = bench_collect.write_few_and_many(folder, FILES)
        loop = (sys.executable, "-c", bench_collect.LOOP)
        collect = (sys.executable, "-m", "perfgate", "collect")
        found = bench_collect.compare(
            {"loop, few": (*loop, few), "loop": (*loop, many), "ours, few": (*collect, few), "ours": (*collect, many)},
            REPEAT,
        )
    one, other = (bench_collect.cost_of_a_file(found, name, FILES) for name in ("ours", "loop"))
    return {"collect": one / other}


def measure_tracing() -> dict[str, float]:
    """Return the CPU time of a span against two clock readings, and of one that is off against an empty `with`.

    In a process that nobody measures: `perfgate run` would add up its stages, which is no cost of a span.
    """
    code = "import json, gate_ratios; print(json.dumps(gate_ratios.compare_spans()))"
    folder = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=bench_startup.ENVIRON, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def compare_spans() -> dict[str, float]:
    """Return what `measure_tracing` does, measured in this process."""
    loops = (bench_tracing.pair, bench_tracing.nothing, bench_tracing.span, bench_tracing.span_off)
    spent = bench_tracing.costs_of(*loops)
    return {
        "span": spent[bench_tracing.span] / spent[bench_tracing.pair],
        "span-off": spent[bench_tracing.span_off] / spent[bench_tracing.nothing],
    }


def main() -> None:
    """Write one run summary for each ratio."""
    for name, ratio in {**measure_startup(), **measure_collecting(), **measure_tracing()}.items():
        with measure_run_context(benchmark=f"ratio.{name}") as run:
            run.record("ratio", ratio, unit="1", better="lower")
        print(f"ratio.{name}: {ratio:.3f}")


if __name__ == "__main__":
    main()
