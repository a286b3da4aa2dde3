"""The real command line for a judge that hands out pull requests as files: `write`, `command`, `read`.

The environment says how a pull request is checked:

    EVAL_MODE       same      both sides were measured in turns, in one session
                    one       the current runs are one fresh session (default)
                    confirm   what the first session does not clear is checked with the second, too
                    confirm2  and what the second does not clear with a third
    EVAL_THRESHOLD  accepted worsening of p50 (default +5%)
    EVAL_INPUT      profile   current sessions as profile files (default; faster)
                    runs      current sessions as one summary file a run

A family is `{benchmark: {"baseline": [...], "current": [...], "second": [...], "third": [...]}}`, each a
list of runs `{"run_id", "session", "elapsed_sec"}`; `third` may be absent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from sides import IN_TURNS, ROWS, profile_of, started  # noqa: E402 - also loaded by path, from elsewhere

from perfgate.core.finding import WHOLE_SUITE  # noqa: E402 - see above
from perfgate.core.run import UNSPECIFIED  # noqa: E402 - see above
from perfgate.store.codec import encode_baseline, encode_profiles, file_name  # noqa: E402 - see above

if TYPE_CHECKING:
    from perfgate.core.profile import Profile

Run = dict[str, Any]
STEPS = {"same": ("current",), "one": ("current",), "confirm": ("current", "second"),
         "confirm2": ("current", "second", "third")}  # fmt: skip
UNSURE = {"suspected", "regressed"}
_KEPT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "EVAL_MODE", "EVAL_INPUT")
_LATER = 100  # the current sessions' numbers begin here


def mode() -> str:
    """Return how a pull request is checked."""
    return os.environ.get("EVAL_MODE", "one")


def _takes_runs() -> bool:
    return os.environ.get("EVAL_INPUT", "profile") == "runs"


def write(directory: Path, family: dict[str, dict[str, list[Run]]]) -> None:
    """Lay out a pull request: configuration, baselines, and a file or a folder for each current session."""
    threshold = os.environ.get("EVAL_THRESHOLD", "+5%")
    (directory / "perfgate.toml").write_text(
        f'exclude = ["*:peak_memory"]\n[defaults]\nthreshold = "{threshold}"\n', encoding="utf-8"
    )
    folder = directory / "baselines" / UNSPECIFIED
    folder.mkdir(parents=True)
    for benchmark, sides in family.items():
        profile = _profile(benchmark, sides["baseline"])
        (folder / file_name(benchmark, ())).write_bytes(encode_baseline(profile))
    for place, step in enumerate(STEPS[mode()]):
        if _takes_runs():
            _write_runs(directory / step, step, family, _LATER + place)
        else:
            profiles = tuple(_profile(b, s[step], step, _LATER + place) for b, s in family.items())
            (directory / f"{step}.json").write_bytes(encode_profiles(profiles))


def _profile(benchmark: str, runs: list[Run], step: str = "", first: int = 0) -> Profile:
    """Return what runs amount to; the sessions of a baseline count down in time, `s9` before `s8`."""
    sessions: dict[str, list[float]] = {}
    for run in sorted(runs, key=_age, reverse=True):
        sessions.setdefault(_session(run, step), []).append(run["elapsed_sec"])
    return profile_of(benchmark, sessions, first)


def _age(run: Run) -> int:
    return int(run["session"].removeprefix("s"))


def _session(run: Run, step: str) -> str:
    """Return a session's name: that of both sides when they were measured in turns, else one of its own."""
    return IN_TURNS if mode() == "same" else f"{step or 'base'}-{run['session']}"


def _write_runs(folder: Path, step: str, family: dict[str, dict[str, list[Run]]], number: int) -> None:
    folder.mkdir()
    for benchmark, sides in family.items():
        for run in sides[step]:
            summary = {
                "run_id": run["run_id"], "benchmark": benchmark, "session": _session(run, step),
                "started_at": started(number), "elapsed_sec": run["elapsed_sec"], "rows_used": ROWS,
                "peak_memory_mb": 0,
            }  # fmt: skip
            (folder / f"{run['run_id']}.json").write_text(json.dumps(summary), encoding="utf-8")


def command(directory: Path) -> list[str]:
    """Return the command that checks the pull request: this file, as a program."""
    return [sys.executable, str(Path(__file__).resolve())]


def read(directory: Path, process: object) -> dict[str, dict[str, str]]:
    """Return what the last check said of each benchmark.

    A check that fails because all benchmarks moved together is told of the last one,
    since a failing pull request is known by its benchmarks.
    """
    said = statuses(directory)[-1]
    names = [name for name, _ in said if name != WHOLE_SUITE]
    failed = {name if name != WHOLE_SUITE else max(names) for name, status in said if status == "regressed"}
    return {name: {"p50": "fail" if name in failed else "pass", "p95": "pass"} for name in names}


def statuses(directory: Path) -> list[list[tuple[str, str]]]:
    """Return for each check that was made the status of the time's p50 of each benchmark, and of the suite."""
    paths = [directory / f"report-{step}.json" for step in STEPS[mode()]]
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]
    return [
        [(f["benchmark"], f["status"]) for f in d["findings"] if (f["metric"], f["statistic"]) == ("elapsed", "p50")]
        for d in documents
    ]


def _check(step: str, earlier: list[str]) -> int:
    """Check one session; those that did not clear the pull request before it confirm or refute."""
    given = [step] if _takes_runs() else ["--current", f"{step}.json"]
    words = [sys.executable, "-m", "perfgate", "check", *given, "--report", f"report-{step}.json"]
    words += [word for path in earlier for word in ("--confirm", path)]
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    done = subprocess.run(words, env={**environment, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, check=False)
    return done.returncode


def main() -> int:
    """Check the pull request of the working directory, session after session while something is in doubt."""
    earlier: list[str] = []
    code = 0
    for step in STEPS[mode()]:
        code = _check(step, earlier)
        earlier.append(f"report-{step}.json")
        if code not in {0, 1} or not UNSURE & {status for _, status in statuses(Path())[-1]}:
            break
    return code


if __name__ == "__main__":
    sys.exit(main())
