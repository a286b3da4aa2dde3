"""`perfgate init --ci github --history`: the scripts of the weekly workflow, run as a runner does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ledger_cases
import pytest
from history_cases import Suite, creep, write
from steps import Runner, load

from perfgate.core.policy import LEDGER

if TYPE_CHECKING:
    from pathlib import Path

    from support import Outcome, Project

JOB = "import time\n\ntime.sleep({})\n"
WORKFLOW = ".github/workflows/perf-history.yml"


def jobs(project: Project, *words: str) -> dict[str, dict[str, object]]:
    done = project.cli("init", "--ci", "github", "--history", *words)
    assert done.code == 0, str(done)
    assert "perf-history then runs each Monday" in done.stdout
    return dict(load(project.path(WORKFLOW))["jobs"])


def begin(project: Project) -> None:
    project.git("init", "-q", "-b", "main")
    project.write("job.py", JOB.format(0.02))
    project.write("perfgate.toml", 'exclude = ["*:peak_memory"]\n[defaults]\nthreshold = "+50%"\n')
    project.write(".gitignore", "perfgate-report/\noutputs/\n")
    project.commit("Begin")


def grow(project: Project, seconds: float, tag: str = "") -> None:
    """Commit a program of that speed, and then a change of nothing."""
    project.write("job.py", JOB.format(seconds))
    project.commit("Change the program")
    if tag:
        project.git("tag", tag)
    project.write("notes.txt", str(seconds))
    project.commit("Write notes")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("speeds", "tag", "expected"),
    [
        pytest.param((0.02, 0.2), "v1.0", (1, 1), id="crept"),
        pytest.param((0.02, 0.02), "v1.0", (0, 1), id="as-fast"),
        pytest.param((0.02, 0.2), "", (0, 0), id="no-tag"),
    ],
)
def test_todays_code_is_measured_beside_the_newest_tag(
    project: Project, tmp_path: Path, speeds: tuple[float, float], tag: str, expected: tuple[int, int]
) -> None:
    begin(project)
    job = jobs(project)["creep"]
    grow(project, speeds[0], tag)
    grow(project, speeds[1])
    code, said = Runner(tmp_path / "machine", project.root, {}).play(job)
    assert (code, len(list(project.path("perfgate-report").rglob("report.json")))) == expected, said
    assert ("::notice" in said) == (not tag)
    if tag:
        assert project.read_json("perfgate-report/report.json")["provenance"]["baselines"].startswith("v1.0")


def anchor(project: Project, tmp_path: Path) -> str:
    step = next(s for s in jobs(project)["creep"]["steps"] if s.get("id") == "anchor")
    done, outputs = Runner(tmp_path / "machine", project.root, {}).run(step)
    assert done.returncode == 0, done.stderr
    return outputs["commit"]


def test_the_commit_that_is_tagged_itself_is_compared_with_the_tag_before_it(project: Project, tmp_path: Path) -> None:
    begin(project)
    for name in ("v1.0", "v2.0"):
        project.write("notes.txt", name)
        project.commit("Release")
        project.git("tag", name)
    assert anchor(project, tmp_path) == "v1.0"


def test_without_a_tag_the_commit_50_before_it_is_the_anchor(project: Project, tmp_path: Path) -> None:
    begin(project)
    tree, head = project.git("rev-parse", "HEAD^{tree}"), project.git("rev-parse", "HEAD")
    for _ in range(52):
        head = project.git("commit-tree", tree, "-p", head, "-m", "Change")
    project.git("update-ref", "HEAD", head)
    assert anchor(project, tmp_path) == project.git("rev-parse", "HEAD~50")


def published(project: Project, tmp_path: Path) -> None:
    """Give a project a remote that holds all it has, and make it a checkout: without the ledger."""
    project.git("clone", "-q", "--mirror", str(project.root), str(tmp_path / "remote.git"))
    project.git("remote", "add", "origin", f"file://{tmp_path / 'remote.git'}")
    if project.git("for-each-ref", LEDGER):
        project.git("update-ref", "-d", LEDGER)


def play_history(project: Project, tmp_path: Path) -> tuple[Runner, str]:
    steps = jobs(project)["history"]["steps"]
    machine = Runner(tmp_path / "machine", project.root, {})
    code, said = machine.play({"steps": steps})
    assert code == 0, said
    conditions = {s["if"] for s in steps if "perfgate-history" in str(s)}
    assert conditions == {"${{ hashFiles('baselines/**/*.json') != '' || steps.ledger.outputs.found != '' }}"}
    return machine, project.path("perfgate-history/history.html").read_text()


def test_the_history_is_drawn_as_a_page_and_in_the_summary(project: Project, tmp_path: Path) -> None:
    write(project.root, Suite(levels={"encode": creep(0.004, 0.02)}), 24, tags={12: "v1.0"})
    published(project, tmp_path)
    machine, page = play_history(project, tmp_path)
    assert machine.facts["steps.ledger.outputs.found"] == "", "there is no ledger"
    assert page.startswith("<!doctype html>")
    assert "encode" in page
    assert "Worse than `v1.0` (1)" in (machine.root / "github_step_summary").read_text()


def test_the_history_of_a_ledger_is_drawn_without_any_baseline(project: Project, tmp_path: Path) -> None:
    begin(project)
    ledger_cases.write(project.root, ledger_cases.sessions(12, 3))
    published(project, tmp_path)
    machine, page = play_history(project, tmp_path)
    assert machine.facts["steps.ledger.outputs.found"] == "true"
    assert f"12 records of {LEDGER}" in page
    assert "12 sessions of 3 benchmarks" in (machine.root / "github_step_summary").read_text()


def test_a_remote_that_cannot_be_asked_for_a_ledger_is_no_remote_without_one(project: Project, tmp_path: Path) -> None:
    begin(project)
    project.git("remote", "add", "origin", f"file://{tmp_path / 'nowhere'}")
    (step,) = [s for s in jobs(project)["history"]["steps"] if s.get("id") == "ledger"]
    done, _ = Runner(tmp_path / "machine", project.root, {}).run(step)
    assert done.returncode != 0


def test_each_suite_has_a_history_and_a_proof_of_its_own(project: Project) -> None:
    for folder in ("services/api", "web"):
        project.path(folder).mkdir(parents=True)
    for job in jobs(project, "--runner", "own", "--suite", "services/api", "--suite", "web").values():
        legs = job["strategy"]["matrix"]["include"]
        assert [leg["folder"] for leg in legs] == ["services/api", "web"]
        (own,) = [s for s in job["steps"] if "perfgate " in s.get("run", "") and "pip" not in s["run"]]
        assert own["working-directory"] == "${{ matrix.folder }}"
        (sent,) = [s["with"] for s in job["steps"] if "upload-artifact" in s.get("uses", "")]
        assert sent["name"].endswith("-${{ matrix.suite }}")
        assert sent["path"].startswith("${{ matrix.folder }}/perfgate-")


SHARDS = "import sys, time\n\ntime.sleep({} if sys.argv[1].startswith('1') else 0.02)\n"


@pytest.mark.slow
def test_a_shard_that_crept_fails_the_job_after_all_shards_were_measured(project: Project, tmp_path: Path) -> None:
    begin(project)
    job = jobs(project, "--runner", "own", "--shards", "2")["creep"]
    for seconds in (0.02, 0.2):
        project.write("job.py", SHARDS.format(seconds))
        project.commit("Change the program")
        if seconds < 0.1:
            project.git("tag", "v1.0")
    project.write("notes.txt", "x")
    project.commit("Write notes")
    code, said = Runner(tmp_path / "machine", project.root, {}).play(job)
    assert (code, len(list(project.path("perfgate-report").rglob("report.json")))) == (1, 2), said


def refused(done: Outcome) -> bool:
    return (done.code, done.cause.rpartition(" ")[2]) == (2, "[usage]") and "--history" in done.cause


@pytest.mark.parametrize("place", ["gitlab", "laptop", "other"])
def test_other_systems_get_no_weekly_workflow(project: Project, place: str) -> None:
    done = project.cli("init", "--ci", place, "--history")
    assert refused(done), str(done)
    assert "--ci github" in done.block
    assert not project.path("perfgate.toml").exists()


def test_without_the_option_there_is_no_weekly_workflow(project: Project) -> None:
    assert project.cli("init", "--ci", "github").code == 0
    assert not project.path(WORKFLOW).exists()
