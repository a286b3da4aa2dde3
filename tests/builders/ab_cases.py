"""What the tests of `perfgate ab` share: a repository whose versions differ in how long they sleep."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from support import Outcome, Project

# Wide enough that a busy machine does not make a quiet program fail, nor hide a slow one: with five runs a side one
# that is held up by more than the difference is enough. These tests are about what is compared with what; how sure
# the verdict is has tests of its own.
CALM = '[defaults]\nthreshold = "+60%"\n'
FAST, SLOW = "sleep 0.02\n", "sleep 0.3\n"
REPORT = ("--report", "../r.json")
RUN = ("sh", "bench.sh")


def told(log: Path) -> str:
    """Return a line of shell that notes which side ran, where, and of which commit."""
    line = 'echo "$PERFGATE_SIDE|$(pwd -P)|$PERFGATE_COMMIT|${PERFGATE_WRITE:-1}"'
    return f"{line} >> {shlex.quote(str(log))}\n"


def versions(project: Project, base: str = FAST, head: str = FAST) -> Project:
    """Fill a project: a commit on `main` and one on the branch that is checked out, each with its bench.sh."""
    project.git("init", "-q", "-b", "main")
    project.write("perfgate.toml", CALM)
    project.write("bench.sh", base)
    project.commit("Base")
    project.git("checkout", "-q", "-b", "change")
    project.write("bench.sh", head)
    project.commit("Head")
    return project


def ab(project: Project, *words: str, runs: int | None = 2, cwd: str = ".", **env: str) -> Outcome:
    """Run `perfgate ab` with a temporary folder of its own, which has to be empty afterwards."""
    spare = project.root.parent / "spare"
    spare.mkdir(exist_ok=True)
    count = [] if runs is None else ["-n", str(runs)]
    before = listing(project) if (project.root / ".git").exists() else None
    outcome = project.cli("ab", *count, *words, cwd=cwd, env={"TMPDIR": str(spare), **env})
    assert list(spare.iterdir()) == [], str(outcome)
    if before is not None:
        assert listing(project) == before
    return outcome


def listing(project: Project) -> tuple[str, list[str]]:
    """Return what the repository knows of worktrees, and what it keeps about them."""
    told = project.git("worktree", "list")
    kept = project.root / ".git" / "worktrees"
    return told, sorted(p.name for p in kept.iterdir()) if kept.is_dir() else []


def report(project: Project) -> Any:
    """Return the report that `REPORT` asked for."""
    return project.read_json("../r.json")


def rows(project: Project) -> dict[str, Any]:
    """Return the p50 findings of the report by metric."""
    return {f["metric"]: f for f in report(project)["findings"] if f["statistic"] == "p50"}


def notes(project: Project) -> list[str]:
    """Return the names of the report's notes, but for the one that each comparison has."""
    return [n["slug"] for n in report(project)["notes"] if n["slug"] != "in-turns"]


def log_of(path: Path) -> list[list[str]]:
    """Return the lines that `told` wrote: side, folder, commit, and 0 for a warm-up run."""
    return [line.split("|") for line in path.read_text().splitlines()] if path.exists() else []


def begin(project: Project, *words: str, verb: str = "ab", **env: str) -> subprocess.Popen[bytes]:
    """Start `perfgate ab`, or another command, and return at once."""
    (project.root.parent / "spare").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "perfgate", verb, *words], cwd=project.root, stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL, env=project.environment(TMPDIR=str(project.root.parent / "spare"), **env),
        process_group=0,
    )  # fmt: skip
