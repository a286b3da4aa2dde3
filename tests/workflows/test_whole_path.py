"""From the command that is measured to the comment: the scripts of the written workflows, on a fork's pull request."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from comment_jobs import event
from fault_server import FaultyGitHub
from steps import Runner, action, load, merge_change, pull_request, scripts
from support import ROOT

from perfgate.pipeline.init.parts import Plan
from perfgate.pipeline.init.workflows import github
from perfgate.publish.actions import escape_data, escape_property

if TYPE_CHECKING:
    from support import Project

JOB = "import time\n\ntime.sleep({})\n"
PLAN = github(Plan())


def job(name: str) -> dict[str, object]:
    (found,) = yaml.safe_load(PLAN[f".github/workflows/{name}.yml"])["jobs"].values()
    return dict(found)


@pytest.fixture
def checkout(project: Project) -> Project:
    """What `actions/checkout` leaves of a pull request that makes the program ten times slower."""
    project.write("job.py", JOB.format(0.02))
    project.write("perfgate.toml", 'exclude = ["*:peak_memory"]\n')
    project.write(".gitignore", "perfgate-report/\noutputs/\n")
    project.git("init", "-q", "-b", "main")
    project.commit("Base")
    project.git("checkout", "-q", "-b", "topic")
    project.write("job.py", JOB.format(0.5))
    project.commit("Slow down")
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "--no-edit", "topic")
    return project


@pytest.mark.slow
def test_a_slow_pull_request_of_a_fork_fails_its_job_and_gets_one_comment(checkout: Project, tmp_path: Path) -> None:
    measuring = Runner(tmp_path / "measuring", checkout.root, {})
    (step,) = scripts(job("perf"))
    done, outputs = measuring.run(step)
    assert (done.returncode, outputs["verdict"]) == (1, "regression"), done.stdout + done.stderr
    assert "::error title=perfgate%3A job elapsed p50" in done.stdout

    hub = FaultyGitHub()
    hub.pull()
    told = tmp_path / "event.json"
    told.write_text(json.dumps(event()))
    apart = tmp_path / "apart"
    shutil.copytree(
        checkout.path("perfgate-report"), apart / "perfgate-report"
    )  # the artifact, in a job without the code
    variables = {"GITHUB_EVENT_NAME": "workflow_run", "GITHUB_EVENT_PATH": str(told), "GITHUB_API_URL": hub.url}
    commenting = Runner(tmp_path / "commenting", apart, {"github.token": "t0ken"}, variables)
    try:
        (step,) = scripts(job("perf-comment"))
        for _ in range(2):  # a second run changes nothing
            done, _ = commenting.run(step)
            assert done.returncode == 0, done.stdout + done.stderr
        (comment,) = hub.comments
        assert hub.sent("POST", "PATCH", "DELETE") == [("POST", "/repos/octo/app/issues/7/comments")]
    finally:
        hub.close()
    lines = comment["body"].splitlines()
    assert lines[0] == "<!-- perfgate:v1 id=default -->"
    assert lines[1] == "## ❌ perfgate: 1 performance regression"
    assert "| ❌ | `job` elapsed |" in comment["body"]
    assert "t0ken" not in done.stdout + done.stderr


PARTS = "import sys, time\n\ntime.sleep({{'1/2': {}, '2/2': 0.1}}[sys.argv[1]])\n"


def test_a_gate_that_died_before_its_report_leaves_one_red_step_alone(checkout: Project, tmp_path: Path) -> None:
    plan = github(Plan(forks=False))
    (job,) = yaml.safe_load(plan[".github/workflows/perf.yml"])["jobs"].values()
    comment = scripts(job)[-1]
    assert "perfgate comment" in comment["run"]
    facts = {"github.token": "t0ken", "github.event.pull_request.number": "7"}
    variables = {**pull_request(checkout, tmp_path), "GITHUB_REPOSITORY": "octo/app"}
    done, _ = Runner(tmp_path / "machine", checkout.root, facts, variables).run(comment)
    assert (done.returncode, done.stdout) == (0, "")
    assert "[comment-no-report]" in done.stderr


@pytest.mark.slow
def test_a_slow_shard_is_exit_1_a_dead_one_exit_2_and_unchanged_ones_pass(project: Project, tmp_path: Path) -> None:
    plan = github(Plan(runner="own", forks=False, shards=2))
    perf, baseline = (
        yaml.safe_load(plan[f".github/workflows/{name}.yml"])["jobs"] for name in ("perf", "perf-baseline")
    )
    assert baseline["baseline"]["needs"] == "measure"
    project.write("job.py", PARTS.format(0.1))
    project.write("perfgate.toml", 'exclude = ["*:peak_memory"]\n[defaults]\nthreshold = "+50%"\n')
    project.write(".gitignore", "outputs/\nperfgate-report/\nbaselines.patch\n")
    project.git("init", "-q", "-b", "main")
    project.commit("Code")

    def play(job: dict[str, object], name: str, part: str = "", **variables: str) -> tuple[int, str]:
        facts = {"matrix.shard": part, "inputs.reason": "another day"}
        return Runner(tmp_path / name, project.root, facts, variables).play(job)

    for day in "ab":
        for part in "12":
            code, said = play(baseline["measure"], f"{day}{part}", part, PERFGATE_SESSION=f"{day}-{part}")
            assert code == 0, said
        code, said = play(baseline["baseline"], f"{day}-refresh")
        assert code == 0, said
        assert project.path("baselines.patch").stat().st_size
        project.drop_runs("*")
        project.commit("A baseline")
    for name, seconds, wanted in (("unchanged", 0.1, 0), ("slow", 0.4, 1)):
        project.git("tag", name)
        merge_change(project, job_py=PARTS.format(seconds), other_py=name)
        event_of = pull_request(project, tmp_path)
        for part, expected in (("1", 2), ("2", wanted)):
            session = {"PERFGATE_SESSION": f"{name}-{part}"}
            code, said = play(perf["measure"], f"{name}{part}", part, **event_of, **session)
            assert code == 0, said
            code, said = play(perf["gate"], f"{name}{part}-gate", **event_of)
            assert code == expected, said
        project.git("reset", "-q", "--hard", name)
        project.drop_runs("*")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert plain != said  # a log shows colours
    regressed = plain.partition("Regressed (1)\n")[2].partition("\n\n")[0]
    assert "  job-1/2\n" in regressed
    assert "job-2/2" not in regressed


@pytest.mark.slow
def test_the_action_comments_as_the_workflow_does(checkout: Project, tmp_path: Path) -> None:
    hub = FaultyGitHub()
    hub.pull()
    told = tmp_path / "event.json"
    told.write_text(json.dumps(event()))
    facts = {"inputs.github-token": "t0ken", "inputs.id": "gate", "inputs.when": "always"}
    variables = {"GITHUB_EVENT_NAME": "workflow_run", "GITHUB_EVENT_PATH": str(told), "GITHUB_API_URL": hub.url}
    runner = Runner(tmp_path / "machine", checkout.root, facts, variables)
    step = action("perfgate-comment")["runs"]["steps"][-1]
    try:
        done, _ = runner.run(step)
        assert (done.returncode, hub.comments) == (0, []), "the first run ended before it had a report"
        assert "no report" in done.stdout + done.stderr
        assert checkout.cli("ab", "-n", "8", "--report-dir", str(tmp_path / "machine/temp/perfgate-artifact"),
                            "--base", "HEAD^1", "--", "python3", "job.py").code == 1  # fmt: skip
        done, _ = runner.run(step)
        assert done.returncode == 0, done.stdout + done.stderr
        assert [c["body"].splitlines()[0] for c in hub.comments] == ["<!-- perfgate:v1 id=gate -->"]
    finally:
        hub.close()


@pytest.mark.slow
def test_baselines_are_measured_and_proposed_as_a_pull_request(project: Project, tmp_path: Path) -> None:
    jobs = load(ROOT / ".github/workflows/baseline-refresh.yml")["jobs"]
    project.write("tests/benchmarks/gate_collect.py", JOB.format(0.02))
    project.write(".gitignore", "outputs/\nproposed/\n")
    project.git("init", "-q", "-b", "main")
    project.commit("Code")
    subprocess.run(["git", "clone", "-q", "--bare", str(project.root), str(tmp_path / "hub.git")], check=True)
    project.git("remote", "add", "origin", str(tmp_path / "hub.git"))
    facts = {"github.token": "t0ken", "github.run_id": "7", "inputs.reason": "a new machine; `id`"}
    runner = Runner(tmp_path / "machine", project.root, facts)
    for step in scripts(jobs["refresh"]):
        done, _ = runner.run(step)
        assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "machine/tools/gh").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$HOME/gh"\n')
    (tmp_path / "machine/tools/gh").chmod(0o755)
    project.path("proposed").mkdir()
    project.path("baselines.patch").rename(project.path("proposed/baselines.patch"))
    shutil.rmtree(project.path("baselines"))
    project.git("reset", "-q", "--hard")  # another job, another checkout
    (step,) = scripts(jobs["propose"])
    done, _ = runner.run(step)
    assert done.returncode == 0, done.stdout + done.stderr
    log = ["git", "-C", str(tmp_path / "hub.git"), "log", "-1", "--format=%s", "--stat", "perfgate/baselines-7"]
    told = subprocess.run(log, capture_output=True, text=True, check=True).stdout
    assert told.startswith("a new machine; `id`\n")
    assert "collect-" in told
    assert (tmp_path / "machine/gh").read_text().splitlines()[:4] == ["pr", "create", "--head", "perfgate/baselines-7"]


@pytest.mark.tools
def test_commands_are_escaped_as_github_itself_does() -> None:
    parts = os.environ.get("GITHUB_TEST_PARTS", "")
    core = Path(parts, "node_modules/@actions/core")
    node = shutil.which("node")
    if not parts or not core.exists() or node is None:
        pytest.skip("@actions/core is not installed (tests/github/install_parts.sh)")
    hostile = ["a:b,c%d", "x\ny", "\r\n", "::error::", "%0A", "##[group]x", "π\u202e", "a=b", " lead", "`|<b>"]
    script = (
        "const core = await import('@actions/core'); for (const t of JSON.parse(process.argv[1])) "
        "core.error(t, {title: t});"
    )
    words = [node, "--input-type=module", "-e", script, json.dumps(hostile)]
    done = subprocess.run(words, cwd=parts, capture_output=True, check=True)
    wanted = "".join(f"::error title={escape_property(t)}::{escape_data(t)}\n" for t in hostile)
    assert done.stdout.decode() == wanted
