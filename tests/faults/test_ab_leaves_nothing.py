"""However a comparison ends, its worktrees and temporary files go with it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ab_cases import begin, listing, log_of, told, versions

if TYPE_CHECKING:
    from support import Project

_LONGEST = 20.0  # seconds
STOPPING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
FIRST, *OTHERS = STOPPING
ONE_FIRST = [FIRST, *(pytest.param(number, marks=pytest.mark.slow) for number in OTHERS)]


def wait_for(what, process):
    """Wait until something is so; the process must not end before."""
    deadline = time.monotonic() + _LONGEST
    while not what():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def assert_nothing_left(project, process, before):
    told_of = process.communicate(timeout=_LONGEST)[1].decode()
    assert process.returncode == 2, told_of
    assert "cannot decide: interrupted" in told_of
    assert list((project.root.parent / "spare").iterdir()) == []
    assert listing(project) == before


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("number", ONE_FIRST, ids=lambda n: n.name)
@pytest.mark.parametrize("side", ["base", "head"])
def test_stopped_while_a_side_runs(project: Project, number: signal.Signals, side: str) -> None:
    log = project.root.parent / "log"
    script = told(log) + f"echo $$ > {log}.pid; test $PERFGATE_SIDE != {side} || sleep 30\n"
    versions(project, script, script)
    before = listing(project)
    process = begin(project, "--head", "change", "--", "sh", "bench.sh")
    wait_for(lambda: side in [line[0] for line in log_of(log)], process)
    assert listing(project) != before
    process.send_signal(number)
    assert_nothing_left(project, process, before)
    assert not is_alive(int(Path(f"{log}.pid").read_text()))


@pytest.mark.parametrize("number", ONE_FIRST, ids=lambda n: n.name)
def test_stopped_while_it_is_set_up(project: Project, number: signal.Signals) -> None:
    log = project.root.parent / "log"
    versions(project)
    before = listing(project)
    words = f"sh -c 'test $PERFGATE_SIDE = head || (echo $$ > {log}; sleep 30)'"
    process = begin(project, "--setup", words, "--", "sh", "bench.sh")
    wait_for(lambda: log.exists() and log.read_text().strip(), process)
    process.send_signal(number)
    assert_nothing_left(project, process, before)
    assert not is_alive(int(log.read_text()))


@pytest.mark.slow
@pytest.mark.parametrize("number", STOPPING, ids=lambda n: n.name)
@pytest.mark.parametrize("patience", ["", "trap '' TERM; "], ids=["willing", "stubborn"])
def test_stopped_while_git_fills_a_worktree(project: Project, number: signal.Signals, patience: str) -> None:
    log = project.root.parent / "log"
    versions(project)
    project.git("config", "filter.lfs.smudge", "git-lfs smudge -- %f")
    slow = project.write("../programs/git-lfs", f"#!/bin/sh\n{patience}echo x > {log}; sleep 30; cat\n")
    slow.chmod(0o755)
    project.write(".git/info/attributes", "bench.sh filter=lfs\n")
    before = listing(project)
    path = os.pathsep.join((str(slow.parent), project.environment()["PATH"]))
    process = begin(project, "--head", "change", "--", "sh", "bench.sh", PATH=path)
    wait_for(log.exists, process)
    process.send_signal(number)
    assert_nothing_left(project, process, before)


BEGUN = """#!/bin/sh
case "$*" in *"worktree add"*)
    mkdir -p .git/worktrees/base; echo x > {log}; sleep 0.5; rmdir .git/worktrees/base .git/worktrees
esac
PATH={path} exec git "$@"
"""
"""What git does first for a worktree, slowly."""


@pytest.mark.parametrize("number", ONE_FIRST, ids=lambda n: n.name)
def test_stopped_while_git_begins_a_worktree(project: Project, number: signal.Signals) -> None:
    log = project.root.parent / "log"
    versions(project)
    before = listing(project)
    path = project.environment()["PATH"]
    slow = project.write("../programs/git", BEGUN.format(log=log, path=path))
    slow.chmod(0o755)
    process = begin(project, "--", "sh", "bench.sh", PATH=os.pathsep.join((str(slow.parent), path)))
    wait_for(log.exists, process)
    process.send_signal(number)
    assert_nothing_left(project, process, before)


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.0005, 0.002, 0.005])
def test_stopped_again_and_again(project: Project, pause: float) -> None:
    log = project.root.parent / "log"
    script = told(log) + "mkdir -p many && seq 2000 | sed 's|^|many/|' | xargs touch; sleep 30\n"
    versions(project, script, script)
    before = listing(project)
    process = begin(project, "--", "sh", "bench.sh")
    wait_for(lambda: log_of(log), process)
    for number in STOPPING * 100:
        if process.poll() is None:
            process.send_signal(number)
            time.sleep(pause)
    process.communicate(timeout=_LONGEST)
    assert process.returncode == 2
    assert list((project.root.parent / "spare").iterdir()) == []
    assert listing(project) == before


@pytest.mark.sampled
@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.05, 0.15, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.8])
def test_stopped_at_any_time(project: Project, delay: float) -> None:
    versions(project, "sleep 0.05\n", "sleep 0.05\n")
    before = listing(project)
    process = begin(project, "--head", "change", "--", "sh", "bench.sh")
    time.sleep(delay)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=_LONGEST)
    assert process.returncode in {2, -signal.SIGTERM}  # the latter before Python itself has begun
    assert list((project.root.parent / "spare").iterdir()) == []
    assert listing(project) == before
