"""`perfgate ab --for-bisect`: a commit that cannot be judged is skipped by `git bisect run`, and never blamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Project

JOB = ("ab", "--base", "good", "--for-bisect", "-n", "5")


@pytest.fixture
def history(project: Project) -> Project:
    project.git("init", "-q", "-b", "main")
    project.write("perfgate.toml", '[defaults]\nthreshold = "+60%"\n')
    scripts = ["sleep 0.02", "sleep 0.02 # 1", "exit 7", "exit 8", "sleep 0.02 # 4", "sleep 0.3", "sleep 0.3 # 6"]
    for number, script in enumerate(scripts):
        project.write("job.sh", script + "\n")
        project.commit(f"c{number}")
        if number == 0:
            project.git("tag", "good")
    return project


@pytest.mark.slow
def test_a_commit_that_does_not_start_is_skipped_and_the_slow_one_is_found(history: Project) -> None:
    history.git("bisect", "start", "HEAD", "good")
    call = ("python3", "-m", "perfgate", *JOB, "--", "sh", "job.sh")
    done = history.command("git", "bisect", "run", *call)
    assert "c5" in history.git("show", "-s", "--format=%s", "refs/bisect/bad"), str(done)


def test_a_commit_that_cannot_be_judged_is_125_and_a_wrong_call_ends_the_search(history: Project) -> None:
    history.git("checkout", "-q", "main~4")
    outcome = history.cli(*JOB, "--", "sh", "job.sh")
    assert outcome.code == 125, str(outcome)
    assert "[command-failed]" in outcome.cause
    assert history.cli(*JOB, "--nosuch", "--", "sh", "job.sh").code == 128
    assert history.cli("ab", "--base", "good", "-n", "5", "--", "sh", "job.sh", "--for-bisect").code == 2
