"""The report is of unknown origin: read with bounds, checked, and it chooses nothing but the words."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from comment_jobs import MARKER, TOKEN, event, report_data
from fault_server import SHA

from perfgate.core.errors import CannotDecideError
from perfgate.pipeline.comment import LARGEST, read_verdicts
from perfgate.pipeline.report_io import read_verdict
from perfgate.render.comment import comment
from perfgate.schema import MOST_FAULTS

if TYPE_CHECKING:
    from support import Project


def fault(job, **asked):
    with pytest.raises(CannotDecideError) as caught:
        job.run(**asked)
    return caught.value.diagnostics[0]


def test_a_report_that_was_never_uploaded_is_a_note_after_a_workflow_run(job, hub, tmp_path):
    (tmp_path / "report.json").unlink()
    job.on("workflow_run", event())
    done = job.run(place=None)
    assert [n.slug for n in done.notes] == ["comment-no-report"]
    assert hub.asked == []


def test_a_report_that_the_same_job_never_wrote_is_a_note(job, hub, tmp_path):
    (tmp_path / "report.json").unlink()
    job.environ["GITHUB_ACTIONS"] = "true"
    assert [n.slug for n in job.run().notes] == ["comment-no-report"]
    assert hub.asked == []


def test_a_report_that_somebody_names_and_that_is_missing_is_an_error(job, tmp_path):
    (tmp_path / "report.json").unlink()
    assert fault(job).slug == "report-unreadable"


def text(**changes: object) -> bytes:
    return json.dumps({**report_data("regressed"), **changes}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"PK\x03\x04 a zip",
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        text(schema="perfgate/report/9"),
        text(verdict="pass", exit_code=0),
        text(exit_code=0),
        text(findings=[{}]),
        text(findings=None),
        text().replace(b'"change": ', b'"change": NaN, "x": '),
        text().replace(b'"change": ', b'"change": Infinity, "x": '),
        text().replace(b'"change": ', b'"change": 1e400, "x": '),
        text(pull_request=1),
    ],
    ids=lambda c: repr(c[:12]),
)
def test_a_report_that_is_faulty_is_an_error_and_nothing_is_sent(job, hub, tmp_path, content):
    (tmp_path / "report.json").write_bytes(content)
    assert fault(job).slug == "report-invalid"
    assert hub.asked == []


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "link to nothing", "giant"])
def test_only_a_regular_file_of_bounded_size_is_read(job, hub, tmp_path, kind):
    path = tmp_path / "report.json"
    if kind == "link":
        path.rename(tmp_path / "real.json")
        path.symlink_to("real.json")
    elif kind != "giant":
        path.unlink()
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    if kind == "link to nothing":
        path.symlink_to("/proc/self/nothing")
    if kind == "giant":
        os.truncate(path, 3 * 2**30)
    job.on("workflow_run", event())
    assert fault(job, place=None).slug == "report-unreadable"
    assert hub.asked == []


def test_a_report_that_is_wrong_in_a_million_places_is_told_and_not_held_in_memory(job, tmp_path):
    data = report_data("regressed")
    data["findings"] = [{"a": 1}] * 40_000
    (tmp_path / "report.json").write_text(json.dumps(data))
    with pytest.raises(CannotDecideError) as caught:
        job.run()
    assert 0 < len(caught.value.diagnostics) <= 30 * MOST_FAULTS


def test_what_a_report_says_of_places_is_not_heard(job, hub, tmp_path):
    hub.pull(8, sha=SHA, head="mallory:work")
    data = report_data("regressed")
    data["provenance"] |= {"reproduce": "--repo octo/other --pr 8", "current_commits": ["b" * 40]}
    data["findings"][0]["benchmark"] = "<!-- perfgate:v1 id=other -->\n#8 @ann https://example.org"
    (tmp_path / "report.json").write_text(json.dumps(data))
    job.on("workflow_run", event())
    job.run(place=None)
    assert [(c["issue"], c["body"].split("\n")[0]) for c in hub.comments] == [(7, MARKER)]


def test_five_thousand_rows_with_ten_sessions_behind_each_fit(settled, tmp_path):
    settled.write_runs(10, "now", benchmark="train", session="now")
    settled.cli("check", "--report", "report.json")
    data = settled.read_json("report.json")
    profile = max(data["samples"]["baseline"], key=lambda p: len(json.dumps(p)))
    row = max(data["findings"], key=lambda f: len(json.dumps(f)))
    names = [f"package.module.benchmark_{i:05d}" for i in range(2500)]
    data["findings"] = [{**row, "benchmark": n} for n in names * 2]
    data["samples"]["baseline"] = [{**profile, "benchmark": n} for n in names * 2]  # of five sessions each
    path = tmp_path / "large.json"
    path.write_text(json.dumps(data))
    assert path.stat().st_size < LARGEST
    assert "sessions" in profile


def run(project: Project, job, *words: str, **env: str):
    (project.root / "report.json").write_text(json.dumps(report_data("regressed")))
    return project.cli("comment", "report.json", *words, env={**job.environ, **env})


def test_a_process_comments_and_never_says_its_token(project, job, hub):
    done = run(project, job, "--repo", "octo/app", "--pr", "7")
    assert done.code == 0, str(done)
    assert done.stdout.startswith("created the comment https://github.com/octo/app/pull/7#issuecomment-")
    assert "`" in hub.comments[0]["body"]
    assert hub.comments[0]["body"].startswith(f"{MARKER}\n")
    assert TOKEN not in str(done)


def test_a_process_that_github_refuses_ends_with_2_and_one_error(project, job, hub):
    hub.faults = [("GET", (401, {"message": "Bad credentials"}, {}))]
    done = run(project, job, "--repo", "octo/app", "--pr", "7")
    assert done.code == 2
    assert done.stderr.startswith("cannot decide: GitHub did not take the comment: ")
    assert "401 Bad credentials [comment-failed]\n  hint: " in done.stderr
    assert done.stderr.count("cannot decide") == 1
    assert TOKEN not in str(done)


def test_a_process_without_anything_to_comment_on_says_so_and_ends_with_0(project, job):
    done = run(project, job, "--workflow-run", GITHUB_EVENT_NAME="push", GITHUB_EVENT_PATH=os.devnull)
    assert done.code == 2
    (project.root / "event.json").write_text("{}")
    done = run(project, job, "--workflow-run", GITHUB_EVENT_NAME="push", GITHUB_EVENT_PATH="event.json")
    assert done.code == 0
    assert done.stderr.startswith("note: no comment: ")
    assert done.stdout == ""


def test_a_dry_run_prints_the_comment_alone_on_stdout(project, job, hub):
    done = run(project, job, "--repo", "octo/app", "--pr", "7", "--dry-run", "--id", "nightly")
    assert done.code == 0
    assert done.stdout.startswith("<!-- perfgate:v1 id=nightly -->\n")
    assert done.stderr.startswith("would create a comment on https://github.com/octo/app/pull/7\n")
    assert hub.comments == []


@pytest.mark.parametrize("words", [[], ["--dry-run"]], ids=["refused", "shown"])
def test_nothing_that_a_report_says_is_a_command_of_the_runner(project, job, words):
    data = report_data("regressed")
    if words:
        data["findings"][0]["benchmark"] = "##[add-mask]x"
    else:
        data["##[add-mask]x"] = 1
    (project.root / "report.json").write_text(json.dumps(data))
    env = {**job.environ, "GITHUB_ACTIONS": "true"}
    done = project.cli("comment", "report.json", "--repo", "octo/app", "--pr", "7", *words, env=env)
    said = (done.stdout if words else done.stderr).splitlines()
    (at,) = [i for i, line in enumerate(said) if line.startswith("::stop-commands::")]
    end = said.index(f"::{said[at].rpartition('::')[2]}::")
    told = [i for i, line in enumerate(said) if "##[" in line]
    assert told
    assert all(at < i < end for i in told)


@pytest.mark.parametrize(
    "words",
    [[], ["--repo", "o/r"], ["--pr", "7"], ["--workflow-run", "--pr", "7"], ["--repo", "o", "--pr", "7"],
     ["--workflow-run", "--repo", "o/r", "--pr", "7"], ["--workflow-run", "--id", "A"], ["--workflow-run", "--id", ""],
     ["--repo", "o/r", "--pr", "0"]],
    ids=" ".join,
)  # fmt: skip
def test_a_command_line_that_names_no_place_or_no_sound_id_is_refused(project, job, hub, words):
    done = run(project, job, *words)
    assert done.code == 2
    assert hub.asked == []
    assert done.block.endswith("\n  hint: perfgate comment --help")


def test_reading_may_be_bounded_tighter_than_usual(tmp_path):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report_data("regressed")))
    with pytest.raises(CannotDecideError, match="larger than"):
        read_verdict(str(path), largest=100)


def further(tmp_path, number: int, *statuses: str) -> None:
    (tmp_path / str(number)).mkdir()
    (tmp_path / str(number) / "report.json").write_text(json.dumps(report_data(*statuses)))


def test_of_several_checks_of_a_job_the_worst_is_shown_and_the_others_are_named(job, tmp_path):
    job.report("unchanged")
    further(tmp_path, 2, "regressed")
    further(tmp_path, 3, "unchanged")
    shown, verdicts = read_verdicts(str(tmp_path / "report.json"))
    assert shown.name == "regression"
    assert [v.name for v in verdicts] == ["pass", "regression", "pass"]
    assert [n.place for n in shown.notes if n.slug == "other-report"] == [
        str(tmp_path / "report.json"), str(tmp_path / "3" / "report.json"),
    ]  # fmt: skip
    assert "another check of this job: pass" in comment([("", shown)], ident="x", run_page="")


@pytest.mark.parametrize("linked", ["2", "2/report.json"])
def test_a_further_report_behind_a_link_is_refused(job, tmp_path, linked):
    further(tmp_path, 9, "unchanged")
    (tmp_path / linked).parent.mkdir(exist_ok=True)
    (tmp_path / linked).symlink_to(tmp_path / "9" / ("report.json" if "/" in linked else ""))
    assert fault(job).slug == "report-unreadable"


@pytest.mark.parametrize(
    ("status", "conclusion", "is_odd"),
    [
        pytest.param("unchanged", "success", False, id="both-pass"),
        pytest.param("unchanged", "failure", True, id="a-pass-of-a-failed-run"),
        pytest.param("regressed", "failure", False, id="both-fail"),
        pytest.param("regressed", "success", True, id="a-regression-of-a-run-that-passed"),
        pytest.param("missing", "success", True, id="no-verdict-of-a-run-that-passed"),
        pytest.param("unchanged", None, False, id="not-known"),
    ],
)
def test_a_report_that_contradicts_the_run_is_said_in_the_comment(job, status, conclusion, is_odd):
    job.report(status)
    job.on("workflow_run", event(conclusion=conclusion))
    job.run(place=None, when="always")
    assert job.drawn is not None
    assert ("report-contradicts-run" in [n.slug for n in job.drawn.notes]) == is_odd
    drawn = comment([("", job.drawn)], ident="x", run_page="")
    assert ("the run counts, not the report" in drawn) == is_odd
    assert ("the run that measured ended" in drawn.partition("<details>")[0]) == is_odd


@pytest.mark.parametrize(("conclusion", "is_worth"), [("failure", True), ("success", False)])
def test_a_pass_of_a_run_that_failed_is_worth_a_first_comment(job, conclusion, is_worth):
    job.report("unchanged")
    job.on("workflow_run", event(conclusion=conclusion))
    outcome = job.run(place=None, when="regression", dry_run=True)
    assert outcome.line.startswith("would") == is_worth, outcome
