"""Start-up as ratios of CPU time in one run: `perfgate --help` and `perfgate check` against bare imports.

Run it by hand: `python tests/benchmarks/bench_startup.py`. Medians of interleaved
repetitions, so that a busy moment hits all commands alike. The last two rows are of the wheel,
installed once as pip does and once as uv does, which compiles nothing.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

REPEAT = 15
ROOT = Path(__file__).resolve().parents[2]
ENVIRON = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith(("GITHUB_", "PERFGATE_"))}
PERFGATE = (sys.executable, "-m", "perfgate")
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
COMMANDS = {
    "import click": ((sys.executable, "-c", "import click"), str(ROOT)),
    "import pandas": ((sys.executable, "-c", "import pandas"), str(ROOT)),
    "perfgate --help": ((*PERFGATE, "--help"), str(ROOT)),
    "perfgate check": ((*PERFGATE, "check"), str(ROOT)),
}
"""Each with the folder that perfgate is imported from."""


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


def cost(command: tuple[str, ...], folder: str, package: str) -> float:
    """Return the CPU time of one process, in seconds.

    Args:
        command: the process.
        folder: where it runs.
        package: the folder that perfgate is imported from.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environ = {**ENVIRON, "PYTHONPATH": package}
    if package != str(ROOT):
        environ["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def build_wheel(folder: str) -> Path:
    """Build the wheel as an installation from the repository does, and return its file."""
    subprocess.run([*PIP, "wheel", "--no-deps", "--wheel-dir", f"{folder}/dist", str(ROOT)], check=True)
    (wheel,) = Path(folder, "dist").glob("*.whl")
    return wheel


def install(folder: str) -> tuple[str, str]:
    """Build the wheel, and return the folders of two installations of it: compiled by pip, and not."""
    wheel = str(build_wheel(folder))
    for name, options in (("compiled", ()), ("bare", ("--no-compile",))):
        subprocess.run([*PIP, "install", "--no-deps", *options, "--target", f"{folder}/{name}", wheel], check=True)
    return f"{folder}/compiled", f"{folder}/bare"


def prepare_check(folder: str) -> None:
    """Leave baselines of twenty runs in a folder, and twenty other runs to check."""
    runs = Path(folder, "outputs", "model_runs")
    write_runs(runs, "base", 0.0)
    cost((*PERFGATE, "baseline", "refresh"), folder, str(ROOT))
    write_runs(runs, "now", 0.002)


def compare(commands: dict[str, tuple[tuple[str, ...], str]], folder: str, repeat: int = REPEAT) -> dict[str, float]:
    """Return the median CPU time of each command, in seconds; their repetitions are interleaved.

    Args:
        commands: by name, each with the folder that perfgate is imported from.
        folder: where they run.
        repeat: how often, beside a first time that fills the caches.
    """
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(repeat + 1):
        for name, (command, package) in commands.items():
            spent = cost(command, folder, package)
            if turn:
                times[name].append(spent)
    return {name: statistics.median(t) for name, t in times.items()}


def main() -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        prepare_check(folder)
        compiled, bare = install(folder)
        commands = {
            "python -c pass": ((sys.executable, "-c", "pass"), str(ROOT)),
            **COMMANDS,
            "check, compiled": ((*PERFGATE, "check"), compiled),
            "check, not compiled": ((*PERFGATE, "check"), bare),
        }
        medians = compare(commands, folder)
    for name, value in medians.items():
        print(f"{name:20} {value * 1e3:7.1f} ms of CPU")
    for part, whole, goal in (
        ("perfgate --help", "import click", 1.25),
        ("perfgate check", "import pandas", 0.42),
        ("check, not compiled", "check, compiled", 1.25),
    ):
        print(f"{part} / {whole}: {medians[part] / medians[whole]:.2f}   (goal {goal})")


if __name__ == "__main__":
    main()
