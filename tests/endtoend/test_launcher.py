"""Commands that measure start all runs from one process, which gives each what is its own and leaves nothing."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from ab_cases import ab, versions
from measured_programs import is_alive, wait_until
from support import assert_cannot_decide

if TYPE_CHECKING:
    from support import Project

NOTE = 'echo "$PPID|$(ps -o pgid= -p $$ | tr -d " ")|$PERFGATE_RECEIPT|$(pwd -P)" >> {}/log'


def log(project: Project) -> list[list[str]]:
    lines = [line.split("|") for line in (project.root.parent / "log").read_text().splitlines()]
    assert not any(is_alive(int(starter)) for starter, *_ in lines)
    return lines


def note(project: Project, text: str = "") -> tuple[str, ...]:
    return "--", "sh", "-c", NOTE.format(project.root.parent) + text


def test_all_runs_have_one_starter_and_each_its_own_variables(project: Project) -> None:
    outcome = project.cli("run", "-n", "3", "--warmup", "2", *note(project))
    assert outcome.code == 0, str(outcome)
    starters, groups, receipts, folders = (set(column) for column in zip(*log(project), strict=True))
    assert len(starters) == 1
    assert starters == groups
    assert len(receipts) == 5
    assert folders == {str(project.root)}


def test_all_combinations_of_parameters_have_one_starter(project: Project) -> None:
    outcome = project.cli("run", "-n", "2", "-L", "size", "1,2", *note(project, " && : {size}"))
    assert outcome.code == 0, str(outcome)
    assert len({starter for starter, *_ in log(project)}) == 1
    assert len(project.runs()) == 4


def test_both_sides_of_a_comparison_have_one_starter_and_each_its_own_folder(project: Project) -> None:
    versions(project)
    outcome = ab(project, *note(project), runs=3)
    assert outcome.code == 0, str(outcome)
    assert len({starter for starter, *_ in log(project)}) == 1
    assert len({folder for *_, folder in log(project)}) == 2


def test_after_a_run_that_left_a_process_behind_the_next_ones_have_a_group_of_their_own(project: Project) -> None:
    leave = f"; sleep 30 & echo $! >> {project.root.parent}/left"
    outcome = project.cli("run", "-n", "3", "--warmup", "0", *note(project, leave))
    assert outcome.code == 0, str(outcome)
    assert len({starter for starter, *_ in log(project)}) == 3
    for left in (project.root.parent / "left").read_text().split():
        assert is_alive(int(left))
        os.kill(int(left), signal.SIGKILL)


def test_a_run_that_kills_its_starter_is_one_clear_error(project: Project) -> None:
    place = project.root.parent
    end = f"; echo $$ > {place}/pid; [ $(wc -l < {place}/log) = 3 ] && kill -9 $PPID && sleep 30"
    outcome = project.cli("run", "-n", "4", "--warmup", "0", *note(project, f"{end}; true"))
    assert_cannot_decide(outcome, "the launcher was killed before it could report", "")
    assert "run 3 of 4" in outcome.block
    assert sorted(run["status"] for run in map(project.read_json, map(str, project.runs()))) == ["failed", "ok", "ok"]
    assert len(log(project)) == 3
    wait_until(lambda: not is_alive(int((place / "pid").read_text())))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_measurement_leaves_no_process_and_no_file(project: Project, number: int) -> None:
    spare = project.root.parent / "spare"
    spare.mkdir()
    text = f"sleep 300 & echo $PPID $$ $! > {project.root.parent}/part; mv ../part ../pids; wait"
    with subprocess.Popen(
        [sys.executable, "-m", "perfgate", "run", "--", "sh", "-c", text],
        cwd=project.root,
        env=project.environment(TMPDIR=str(spare)),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until((project.root.parent / "pids").exists)
        process.send_signal(number)
        error = process.communicate(timeout=30)[1]
    assert process.returncode == 2, error
    assert "Traceback" not in error
    for pid in (project.root.parent / "pids").read_text().split():
        wait_until(lambda pid=pid: not is_alive(int(pid)))
    assert list(spare.iterdir()) == []


def test_on_a_terminal_perfgate_stays_in_front_and_ctrl_c_ends_it_and_its_command(project: Project) -> None:
    place = project.root.parent
    (place / "code.py").write_text(
        "import os, time\nterminal = os.open('/dev/tty', os.O_RDWR)\n"
        "front = os.tcgetpgrp(terminal) == os.getpgid(int(os.environ['STARTER'])) != os.getpgid(0)\n"
        "open('../part', 'w').write(f'{os.getpid()} {os.getppid()} {front}'); os.rename('../part', '../pid')\n"
        "time.sleep(300)"
    )
    ours, theirs = pty.openpty()
    # The leader of a new session gets the terminal that it opens first.
    lead = ("sh", "-c", 'export STARTER=$$; exec "$@" < "$0"', os.ttyname(theirs))
    command = (sys.executable, "-m", "perfgate", "run", "--", sys.executable, "../code.py")
    with subprocess.Popen(
        [*lead, *command], cwd=project.root, env=project.environment(), stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        wait_until((place / "pid").exists)
        os.write(ours, b"\x03")
        error = process.communicate(timeout=30)[1]
    for descriptor in (ours, theirs):
        os.close(descriptor)
    own, starter, is_in_front = (place / "pid").read_text().split()
    assert is_in_front == "True"
    assert process.returncode == 2, error
    for pid in (own, starter):
        wait_until(lambda pid=pid: not is_alive(int(pid)))


def test_perfgate_that_is_killed_leaves_no_starter_behind_its_command(project: Project) -> None:
    text = f"echo $PPID $$ > {project.root.parent}/part; mv ../part ../pids; until [ -e ../go ]; do sleep 0.05; done"
    with subprocess.Popen(
        [sys.executable, "-m", "perfgate", "run", "-n", "5", "--", "sh", "-c", text],
        cwd=project.root,
        env=project.environment(),
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until((project.root.parent / "pids").exists)
        process.kill()
    (project.root.parent / "go").touch()
    for pid in (project.root.parent / "pids").read_text().split():
        wait_until(lambda pid=pid: not is_alive(int(pid)))


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_measurement_without_standard_streams_writes_its_runs(project: Project, closed: str) -> None:
    words = f"exec {sys.executable} -m perfgate run -n 2 -- sh -c 'echo out; echo err >&2' {closed}"
    project.command("sh", "-c", words)
    assert [run["status"] for run in map(project.read_json, map(str, project.runs()))] == ["ok", "ok"]
