"""What the project's own gate counts exactly: what a clean check loads and opens, and the size of the wheel.

`python tests/benchmarks/gate_counts.py [check] [wheel]`: both, unless one is named. The wheel is built as pip does
it, which fetches the build system.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

import bench_startup

from perfgate.measure import measure_run_context

COUNTED = """
import atexit, sys
opened, before = [], set(sys.modules)
def audit(event, arguments):
    if event == "open":
        opened.append(arguments[0])
sys.addaudithook(audit)
atexit.register(lambda: print(len(set(sys.modules) - before), len(opened), file=sys.__stderr__))
sys.argv = ["perfgate", "check"]
from perfgate.__main__ import main
main()
"""
"""A check that ends with the numbers of modules that it loaded and of files that it opened, on stderr."""


def count_check() -> dict[str, int]:
    """Return how many modules a clean check loads, and how many files it opens, its bytecode in place."""
    with tempfile.TemporaryDirectory() as folder:
        bench_startup.prepare_check(folder)
        environ = {
            **bench_startup.ENVIRON,
            "PYTHONPATH": str(bench_startup.ROOT),
            "PYTHONPYCACHEPREFIX": f"{folder}/bytecode",
            "PYTHONDONTWRITEBYTECODE": "",
        }
        for _ in range(2):  # the first one compiles what it loads, and writes the bytecode
            done = subprocess.run(
                [sys.executable, "-c", COUNTED], cwd=folder, env=environ, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(f"the check ended with {done.returncode}: {done.stderr}")
    modules, opens = map(int, done.stderr.split()[-2:])
    return {"modules": modules, "opens": opens}


def weigh_wheel() -> int:
    """Return the size of the wheel in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        return bench_startup.build_wheel(folder).stat().st_size


def main() -> None:
    """Write a run summary for each thing that is counted."""
    wanted = set(sys.argv[1:]) or {"check", "wheel"}
    if unknown := wanted - {"check", "wheel"}:
        raise SystemExit(f"{min(unknown)}: name check, wheel or nothing")
    if "check" in wanted:
        counts = count_check()
        with measure_run_context(benchmark="count.check") as run:
            for name, count in counts.items():
                run.record(name, count, unit="1", better="lower")
        print(f"count.check: {counts['modules']} modules, {counts['opens']} files opened")
    if "wheel" in wanted:
        size = weigh_wheel()
        with measure_run_context(benchmark="count.wheel") as run:
            run.record("size", size, unit="B", better="lower")
        print(f"count.wheel: {size} bytes")


if __name__ == "__main__":
    main()
