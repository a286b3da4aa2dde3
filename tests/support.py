"""What the end-to-end tests share: a project in a folder of its own, and perfgate as a real process in it."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fork_server
from programs import programs_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent
RUNS = "outputs/model_runs"
_KEPT = ("LD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT")
_COUNTED = {
    "ab", "audit", "bisect", "comment", "compact", "completion", "merge", "runs", "waive", "--confirm",
    "--expect-shards", "--on-label", "--paths", "--results",
}  # fmt: skip
_LONGEST = 60.0  # seconds; a command that hangs is a failure, not a wait


def clean_environment(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment that knows no CI, no user's git and no setting of perfgate.

    Its `perfgate`, `python` and `python3` are those of the interpreter that runs the tests.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    kept |= {name: value for name, value in os.environ.items() if name.startswith("COV")}
    own = {
        "PATH": os.pathsep.join((str(programs_folder()), os.environ.get("PATH", os.defpath))),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "tester" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    if "PYTHONPATH" in variables:
        variables["PYTHONPATH"] = os.pathsep.join((variables["PYTHONPATH"], str(ROOT)))
    return {**kept, **own, **variables}


def counting(arguments: Sequence[str], *, is_asked: bool = False) -> dict[str, str]:
    """Return variables with which a process counts its lines, too, when those of the tests are counted.

    Only for the commands that are tested through processes alone: counting makes a start twice as slow.
    """
    if "coverage" not in sys.modules or not (is_asked or _COUNTED & set(arguments)):
        return {}
    counted = sys.modules["coverage"].Coverage.current()
    if counted is None:
        return {}
    return {"COVERAGE_PROCESS_START": str(ROOT / "pyproject.toml"), "COVERAGE_FILE": str(ROOT / ".coverage")}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a process left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def cause(self) -> str:
        """The first line of stderr."""
        return self.stderr.partition("\n")[0]

    @property
    def block(self) -> str:
        """The first line of stderr and those below it: details and hints."""
        lines = self.stderr.splitlines()
        end = next((i for i, line in enumerate(lines) if i and not line.startswith("  ")), len(lines))
        return "\n".join(lines[:end])

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


def assert_reads_alike(again: str, outcome: Outcome) -> None:
    """Hold a report that was drawn again against that of the check, which leaves faults and steps to stderr."""
    if outcome.code != 2:
        assert again == outcome.stdout
    else:
        lines = iter(again.splitlines())
        assert all(line in lines for line in outcome.stdout.splitlines()), again


class Project:
    """A folder with runs and baselines."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.longest = _LONGEST  # seconds after which a command that hangs is ended
        self.is_counted = False  # are the lines of its processes counted? (`counting`)
        self.root.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        return self.root / name

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def read_json(self, name: str) -> Any:
        return json.loads(self.path(name).read_text())

    def write_run(self, run_id: str, *, folder: str = RUNS, **keys: object) -> Path:
        """Write a run summary; without keys it holds the four of the contract alone."""
        summary = {"run_id": run_id, "elapsed_sec": 1.0, "rows_used": 1000, "peak_memory_mb": 100.0, **keys}
        return self.write(f"{folder}/{run_id}.json", json.dumps(summary))

    def write_runs(
        self, n: int, prefix: str = "run", elapsed: float = 1.0, spread: float = 0.01, seed: int = 1, **keys: object
    ) -> list[Path]:
        """Write `n` runs whose times spread by a share around `elapsed`, seeded."""
        dice = random.Random(f"{seed}-{prefix}-{keys.get('benchmark')}")
        return [
            self.write_run(
                f"{prefix}-{i:03d}",
                **{
                    "elapsed_sec": round(elapsed * dice.gauss(1, spread), 3),
                    "peak_memory_mb": round(100 * dice.gauss(1, 0.002), 1),
                    **keys,
                },
            )
            for i in range(n)
        ]

    def runs(self, pattern: str = "*") -> list[Path]:
        return sorted(self.path(RUNS).glob(f"{pattern}.json"))

    def change_runs(self, pattern: str, **keys: object) -> None:
        """Change keys of run files; None removes a key."""
        paths = self.runs(pattern)
        assert paths, f"no run is called {pattern}"
        for path in paths:
            changed = {**json.loads(path.read_text()), **keys}
            path.write_text(json.dumps({k: v for k, v in changed.items() if v is not None}))

    def drop_runs(self, pattern: str) -> None:
        for path in self.runs(pattern):
            path.unlink()

    def baseline_files(self) -> dict[str, bytes]:
        """Return every file below the baselines' folder by its relative name."""
        folder = self.path("baselines")
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    def baseline(self, benchmark: str) -> Path:
        """Return the baseline file of a benchmark."""
        return next(self.path("baselines").glob(f"*/{benchmark}-*.json"))

    def environment(self, **variables: str) -> dict[str, str]:
        return clean_environment(self.root, **variables)

    def cli(
        self, *arguments: str, env: dict[str, str] | None = None, input: str | None = None, cwd: str = "."  # noqa: A002 - as in subprocess
    ) -> Outcome:  # fmt: skip
        """Run perfgate as a process of its own, forked where its start says nothing (see `fork_server`)."""
        env = {**(env or {}), **counting(arguments, is_asked=self.is_counted)}
        if fork_server.needs_a_start(env):
            return self.started(*arguments, env=env, input=input, cwd=cwd)
        done = fork_server.run_forked(
            arguments, cwd=self.path(cwd), env=self.environment(**env), input=input, timeout=self.longest
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def started(
        self, *arguments: str, env: dict[str, str] | None = None, input: str | None = None, cwd: str = "."  # noqa: A002 - as in subprocess
    ) -> Outcome:  # fmt: skip
        """Run perfgate in an interpreter that is started for it, as users do."""
        return self.command(sys.executable, "-m", "perfgate", *arguments, env=env, input=input, cwd=cwd)

    def command(
        self, *words: str, env: dict[str, str] | None = None, input: str | None = None, cwd: str = "."  # noqa: A002 - as in subprocess
    ) -> Outcome:  # fmt: skip
        done = subprocess.run(
            words, cwd=self.path(cwd), env=self.environment(**(env or {})), input=input, capture_output=True,
            encoding="utf-8", errors="replace", timeout=self.longest, check=False,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout, done.stderr)

    def git(self, *words: str) -> str:
        done = self.command("git", *words)
        assert done.code == 0, f"git {' '.join(words)}: {done}"
        return done.stdout.strip()

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def copy_to(self, root: Path) -> Project:
        shutil.copytree(self.root, root, dirs_exist_ok=True, symlinks=True)
        return Project(root)


def make_green(project: Project) -> Project:
    """Fill a project whose check passes: two benchmarks, ten runs each in the baseline and beside it."""
    common = {"memory_source": "vmhwm", "metrics": {"queue": {"value": 5.0, "unit": "s"}}}
    for benchmark in ("train", "score"):
        project.write_runs(10, f"old-{benchmark}", benchmark=benchmark, **common)
    done = project.cli("baseline", "refresh")
    assert done.code == 0, str(done)
    for benchmark in ("train", "score"):
        project.write_runs(10, f"new-{benchmark}", benchmark=benchmark, **common)
    return project


def assert_cannot_decide(outcome: Outcome, place: str, cure: str) -> None:
    """Assert the form of every exit 2: the first block of stderr holds cause and place, and its hint the cure."""
    assert outcome.code == 2, str(outcome)
    assert outcome.cause.startswith("cannot decide: "), str(outcome)
    assert "Traceback" not in outcome.stdout + outcome.stderr, str(outcome)
    fact, _, hint = outcome.block.partition("\n  hint: ")
    assert re.fullmatch(r"cannot decide: .+ \[[a-z-]+\]", outcome.cause), str(outcome)
    assert re.search(place, fact), f"{place!r} is not in {fact!r}"
    assert re.search(cure, hint), f"{cure!r} is not in {hint!r}"


def opening(stdout: str) -> str:
    """Return what a report on a terminal says before its values and its verdict, in one line."""
    values = r"^(?:[A-Z].* \([\d,]+\)(?:,.*)?$|(?:PASS|REGRESSION|CANNOT DECIDE)  )"
    return " ".join(re.split(values, stdout, maxsplit=1, flags=re.MULTILINE)[0].split())


def verdict_of(stdout: str) -> str:
    """Return the verdict in a word and its sentence of a report on a terminal, in one line."""
    (found,) = re.findall(r"^(?:PASS|REGRESSION|CANNOT DECIDE)  .*(?:\n {6,}.*)*", stdout, re.MULTILINE)
    return " ".join(found.split())


def assert_green(outcome: Outcome) -> None:
    assert outcome.code == 0, str(outcome)
    assert outcome.stderr == "", str(outcome)
