"""Runs of another commit or CI run: what a cache or an earlier attempt left behind is never judged as this job's."""

from __future__ import annotations

import subprocess
import time

import pytest
from check_cases import CALM, Folder, baseline, slugs
from gate_cases import profile, session
from msgspec.structs import replace

from perfgate.measure.machine import facts
from perfgate.measure.machine.ci import MARKERS, find_ci_run
from perfgate.measure.summary import format_utc
from perfgate.pipeline import inputs
from perfgate.pipeline.check.origin import find_older
from perfgate.store.codec import encode_profiles

SLUG = "runs-of-another-commit"
JOB = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "70", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_JOB": "bench"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A repository with a baseline and two commits, outside CI."""
    for name in (*MARKERS, *JOB, "GITHUB_SHA", "PERFGATE_COMMIT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(facts, "_commit", None)
    monkeypatch.chdir(tmp_path)
    folder = Folder(tmp_path)
    folder.baseline(baseline())
    folder.commit()
    folder.commit()
    return folder


@pytest.fixture
def in_ci(folder, monkeypatch):
    """A job of GitHub Actions."""
    for name, value in JOB.items():
        monkeypatch.setenv(name, value)


def commit_of(ref: str = "HEAD") -> str:
    return subprocess.run(["git", "rev-parse", ref], check=True, capture_output=True, text=True).stdout.strip()


def merge(folder: Folder) -> None:
    """Check out the merge of a branch of one commit."""
    name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (["checkout", "-q", "-b", "side", "HEAD^"], ["commit", "-q", "--allow-empty", "-m", "side"],
                  ["checkout", "-q", "-"], ["merge", "-q", "--no-ff", "-m", "merge", "side"]):  # fmt: skip
        subprocess.run(["git", *name, *words], cwd=folder.path, check=True, capture_output=True)


@pytest.mark.usefixtures("in_ci")
def test_in_ci_runs_of_an_earlier_commit_cannot_be_judged(folder):
    folder.runs(CALM, commit=commit_of("HEAD^"))
    verdict = folder.check()
    assert (verdict.exit_code, slugs(verdict.problems)) == (2, [SLUG])
    (problem,) = verdict.problems
    assert problem.message == (
        f"runs of train were measured at commit {commit_of('HEAD^')[:12]}; this commit is {commit_of()[:12]}"
    )
    assert f"--runs-from {commit_of('HEAD^')[:12]}" in problem.hint


@pytest.mark.usefixtures("in_ci")
def test_what_tells_a_changed_tree_from_its_commit_is_shown_and_can_be_named(folder):
    changed = f"{commit_of()}-dirty"
    folder.runs(CALM, commit=changed)
    (problem,) = folder.check().problems
    assert f"at commit {changed[:12]}-dirty; this commit is {changed[:12]}" in problem.message
    named = problem.hint.rpartition("--runs-from ")[2]
    assert (named, folder.check(runs_from=named).problems) == (changed, ())


@pytest.mark.usefixtures("in_ci")
@pytest.mark.parametrize("ref", ["HEAD", "HEAD^2"])
def test_in_ci_runs_of_the_merge_or_of_the_merged_head_are_judged(folder, ref):
    merge(folder)
    folder.runs(CALM, commit=commit_of(ref))
    assert folder.check().exit_code == 0


@pytest.mark.usefixtures("in_ci")
def test_in_ci_runs_of_the_base_that_was_merged_into_are_of_another_commit(folder):
    merge(folder)
    folder.runs(CALM, commit=commit_of("HEAD^1"))
    assert slugs(folder.check().problems) == [SLUG]


@pytest.mark.usefixtures("in_ci")
def test_the_commit_that_ci_names_is_this_one_where_another_is_checked_out(folder, monkeypatch):
    monkeypatch.setenv("GITHUB_SHA", "d" * 40)
    folder.runs(CALM, commit="d" * 40)
    assert folder.check().exit_code == 0


@pytest.mark.usefixtures("in_ci")
def test_runs_that_state_no_commit_are_judged(folder):
    folder.runs(CALM, started_at=format_utc(time.time_ns()))
    assert folder.check().exit_code == 0


@pytest.mark.usefixtures("in_ci")
@pytest.mark.parametrize(
    ("session", "code"),
    [
        pytest.param("gha-70-2-bench-0a1b2c3d", 0, id="this-job"),
        pytest.param("gha-70-2-measure-0a1b2c3d", 0, id="another-job-of-the-run"),
        pytest.param("gha-70-1-bench-0a1b2c3d", 2, id="an-earlier-attempt"),
        pytest.param("gha-7-2-bench-0a1b2c3d", 2, id="another-run"),
        pytest.param("nightly", 0, id="a-name-given-by-hand"),
        pytest.param("local-0a1b2c3d-17-4711", 0, id="measured-outside-ci"),
    ],
)
def test_in_ci_runs_of_another_ci_run_cannot_be_judged(folder, session, code):
    folder.runs(CALM, commit=commit_of(), session=f"{session}/20260101T000000Z-1")
    verdict = folder.check()
    assert (verdict.exit_code, slugs(verdict.problems)) == (code, [SLUG] if code else [])


@pytest.mark.usefixtures("in_ci")
def test_runs_of_a_commit_that_was_named_are_judged_from_whatever_ci_run(folder):
    folder.runs(CALM, commit=commit_of("HEAD^"), session="gha-1-1-bench-0a1b2c3d/1")
    assert folder.check(runs_from="HEAD^").exit_code == 0


@pytest.mark.usefixtures("in_ci")
def test_with_a_named_commit_runs_of_any_other_cannot_be_judged(folder):
    folder.runs(CALM, commit=commit_of("HEAD"))
    assert slugs(folder.check(runs_from="HEAD^").problems) == [SLUG]
    assert slugs(folder.check(runs_from="nowhere").problems) == ["ref-unreadable"]


def test_outside_ci_a_warning_says_it(folder):
    folder.runs(CALM, commit=commit_of("HEAD^"))
    verdict = folder.check()
    assert verdict.exit_code == 0
    (warning,) = (d for d in verdict.notes if d.slug == SLUG)
    assert (warning.level, "--runs-from" in warning.hint) == ("warning", False)


@pytest.mark.usefixtures("in_ci")
def test_profiles_in_place_of_runs_are_held_against_the_same_commit(folder):
    folder.runs(CALM, commit=commit_of("HEAD^"))
    collection, _, _ = inputs.read_runs((), inputs.read_settings(None))
    folder.write("now.json", encode_profiles(collection.profiles).decode())
    assert slugs(folder.check(current="now.json").problems) == [SLUG]


@pytest.mark.parametrize(
    ("variables", "run"),
    [
        ({"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "b"}, "gha-7-1-"),
        ({"GITLAB_CI": "true", "CI_PIPELINE_ID": "8", "CI_JOB_ID": "81"}, "gitlab-8-"),
        ({"JENKINS_URL": "here", "BUILD_TAG": "jenkins-a/b-3"}, "jenkins-jenkins-a-b-3-"),
        ({"TF_BUILD": "True", "BUILD_BUILDID": "9", "SYSTEM_JOBID": "j"}, "azure-9-"),
        ({"BUILDKITE": "true", "BUILDKITE_JOB_ID": "j"}, ""),
        ({"GITHUB_ACTIONS": "true"}, ""),
        ({"CI": "true"}, ""),
        ({}, ""),
    ],
    ids=["github", "gitlab", "jenkins", "azure", "no-run-of-buildkite", "nothing-stated", "unknown-ci", "laptop"],
)
def test_every_session_of_a_ci_run_begins_with_the_name_of_the_run(variables, run):
    system, this = find_ci_run(variables)
    assert this == run
    assert not run or (facts.find_session(variables).startswith(run) and run.startswith(system))


@pytest.mark.parametrize(("started", "found"), [("2026-01-31T12:00:00Z", ["runs-older"]), ("2026-02-01T09:00:00Z", [])])
def test_runs_that_are_older_than_their_baseline_are_said(started, found):
    sides = [
        replace(profile({"elapsed": [1.0]}), sessions=(replace(session(name), started_at=at),))
        for name, at in (("base", "2026-02-01T10:00:00Z"), ("now", started))
    ]
    assert [d.slug for d in find_older([sides[1]], [sides[0]])] == found
    assert find_older([sides[1]], []) == []


@pytest.mark.usefixtures("in_ci")
def test_runs_of_a_commit_that_only_they_know_are_judged_when_it_is_named_as_the_hint_does(folder):
    folder.runs(CALM, commit="c0ffee" * 6 + "c0ff")
    (problem,) = folder.check().problems
    short = problem.hint.rpartition("--runs-from ")[2]
    assert short == "c0ffeec0ffee"
    assert folder.check(runs_from=short).exit_code == 0
    assert folder.check(runs_from="C0FFEE").exit_code == 0


@pytest.mark.parametrize("unknown", ["dead", "no-such-branch", "c0"])
def test_a_commit_that_neither_git_nor_a_run_knows_is_an_error_that_names_those_of_the_runs(folder, unknown):
    folder.runs(CALM, commit="c0ffee" * 6 + "c0ff")
    (problem,) = folder.check(runs_from=unknown).problems
    assert (problem.slug, problem.place) == ("ref-unreadable", "--runs-from")
    assert problem.message == f'neither git nor a run knows a commit "{unknown}"'
    assert problem.hint == "the runs state c0ffeec0ffee; name one of these, or measure again"
