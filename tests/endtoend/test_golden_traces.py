"""`perfgate golden` as a process: which files it believes, and what it says of edits."""

from __future__ import annotations

import json
import os
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from support import assert_cannot_decide, assert_green
from trace_cases import lines as lines_of

from perfgate.store.golden import file_name

if TYPE_CHECKING:
    from support import Project

FOLDER = "artifacts/golden"
HOUR = 3600 * 10**9
NOW = time.time_ns()
lines = partial(lines_of, began=NOW)
ONE = ("cart", 0, 9, ("load", 1, 5, ("query", 1, 2)))
TWICE = ("cart", 0, 9, ("load", 1, 5, ("query", 1, 2), ("query", 3, 4)))
OTHER = ("job", 0, 3)
CART, JOB = file_name("cart"), file_name("job")
GITHUB = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main", "GITHUB_EVENT_NAME": "pull_request"}
PUSH = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push"}


@pytest.fixture
def branch(project: Project) -> Project:
    """A branch beside the target branch, both at the commit that holds the golden files of two roots."""
    project.write("artifacts/traces/1.jsonl", lines(ONE, OTHER))
    assert project.cli("golden", "refresh").code == 0
    project.write(".gitignore", "artifacts/traces/\n")
    project.git("init", "-q", "-b", "main")
    project.commit("Golden files")
    project.git("update-ref", "refs/remotes/origin/main", "HEAD")
    project.git("checkout", "-q", "-b", "topic")
    return project


# --- traces that git holds ---


@pytest.mark.parametrize("attributes", ["", "*.jsonl text eol=crlf\n"], ids=["as-they-are", "converted"])
def test_committed_traces_decide_nothing_in_ci_and_are_a_warning_elsewhere(branch: Project, attributes: str) -> None:
    branch.write(".gitattributes", attributes)
    branch.git("add", "-f", "artifacts/traces")
    branch.commit("Hold traces")
    branch.path("artifacts/traces/1.jsonl").unlink()
    branch.git("checkout", "--", "artifacts/traces")
    outcome = branch.cli("golden", "check", env=PUSH)
    assert_cannot_decide(outcome, r"1\.jsonl: committed in git, and not changed since", "trace in this job")
    assert "[results-left-behind]" in outcome.stderr
    outside = branch.cli("golden", "check")
    assert outside.code == 0, str(outside)
    assert "warning: artifacts/traces/1.jsonl: committed in git" in outside.stderr
    branch.write("artifacts/traces/1.jsonl", lines(OTHER, ONE))
    assert_green(branch.cli("golden", "check", env=PUSH))


# --- traces of an earlier job, which git does not hold ---


@pytest.mark.parametrize(
    ("hours", "code"), [pytest.param(3, 0, id="of-this-morning"), pytest.param(5, 2, id="before-the-commit")]
)
def test_traces_of_hours_before_the_commit_decide_nothing_in_ci(branch: Project, hours: int, code: int) -> None:
    branch.write("artifacts/traces/1.jsonl", lines_of(ONE, OTHER, began=NOW - hours * HOUR))
    outcome = branch.cli("golden", "check", env=PUSH)
    assert outcome.code == code, str(outcome)
    assert ("cannot decide: artifacts/traces/1.jsonl: older than the commit" in outcome.stderr) is bool(code)
    assert_green(branch.cli("golden", "check"))


def test_a_root_that_only_an_earlier_job_traced_is_seen_in_a_file_that_traces_were_added_to(branch: Project) -> None:
    branch.write("artifacts/traces/1.jsonl", lines_of(OTHER, began=NOW - 9 * HOUR) + lines(OTHER, ONE).splitlines()[1])
    assert_cannot_decide(branch.cli("golden", "check", env=PUSH), "older than the commit", "remove old files of traces")


def test_traces_without_times_are_as_old_as_their_file(branch: Project) -> None:
    branch.write("artifacts/traces/1.jsonl", lines_of(ONE, OTHER, began=-(10**9)))
    assert branch.cli("golden", "check", env=PUSH).code == 0
    os.utime(branch.path("artifacts/traces/1.jsonl"), (NOW / 1e9 - 40_000,) * 2)
    assert_cannot_decide(branch.cli("golden", "check", env=PUSH), "older than the commit", "remove old files of traces")


# --- files that are nearly golden ---


@pytest.mark.parametrize("place", [f"{CART[:-5]}.JSON", f".{CART}", f"deep/er/{CART}", f"{CART}.txt", f"{CART}~"])
@pytest.mark.parametrize("is_golden", [True, False], ids=["golden", "other"])
def test_what_looks_like_a_golden_file_and_is_not_read_is_exit_code_2(
    branch: Project, place: str, is_golden: bool  # noqa: FBT001 - a parameter of a test
) -> None:  # fmt: skip
    content = branch.path(f"{FOLDER}/{CART}").read_bytes()
    branch.path(f"{FOLDER}/{CART}").unlink()
    branch.write(f"{FOLDER}/{place}", content if is_golden else b"{}")
    right = f'the file of the root "cart" is {FOLDER}/{CART}' if is_golden else f"only {FOLDER}/<name>.json is read"
    before = sorted(branch.path(FOLDER).rglob("*"))
    for command in ("check", "refresh"):
        outcome = branch.cli("golden", command)
        assert_cannot_decide(outcome, "no check reads it there", "move")
        assert f"cannot decide: {FOLDER}/{place}: " in outcome.stderr
        assert right in outcome.stderr
    assert sorted(branch.path(FOLDER).rglob("*")) == before


def test_other_files_beside_golden_ones_are_nothing_to_a_check(branch: Project) -> None:
    for name in ("README.md", ".gitattributes", "traces.jsonl", ".cart-1.json.1f-01234567.tmp"):
        branch.write(f"{FOLDER}/{name}", "")
    assert_green(branch.cli("golden", "check"))


# --- edits of golden files ---


def edit(project: Project) -> None:
    """Accept another structure of `cart`, remove `job` and add `page`, in a commit."""
    project.write("artifacts/traces/1.jsonl", lines(TWICE, ("page", 0, 2)))
    project.git("rm", "-q", f"{FOLDER}/{JOB}")
    assert project.cli("golden", "refresh").code == 0
    project.commit("Call it twice")


def test_what_a_change_edits_of_its_golden_files_is_said_before_anything_else(branch: Project) -> None:
    edit(branch)
    outcome = branch.cli("golden", "check", "--format", "json", env=GITHUB)
    assert outcome.code == 0, str(outcome)
    base = branch.git("rev-parse", "main")[:12]
    names = ", ".join(sorted((CART, JOB, file_name("page"))))
    said = f"this change edits the gate itself: 3 golden files ({names}); judged by its own, not by those of {base}"
    assert outcome.stderr.startswith(f"warning: {said} [gate-edited]\n")
    edited = {entry["file"]: entry["edit"] for entry in json.loads(outcome.stdout)["edited"]}
    assert edited == {
        f"{FOLDER}/{CART}": "changed", f"{FOLDER}/{JOB}": "removed", f"{FOLDER}/{file_name('page')}": "added"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("env", "base"),
    [
        pytest.param({}, "main", id="outside-ci"),
        pytest.param(PUSH, "main", id="no-change-under-review"),
        pytest.param({**GITHUB, "GITHUB_BASE_REF": "absent"}, "main", id="a-base-that-is-not-here"),
        pytest.param(GITHUB, "topic", id="no-edit"),
    ],
)
def test_nothing_is_said_of_edits_without_a_base_or_an_edit(branch: Project, env: dict[str, str], base: str) -> None:
    edit(branch)
    branch.git("update-ref", "refs/remotes/origin/main", base)
    assert_green(branch.cli("golden", "check", env=env))


def test_the_first_golden_files_edit_nothing(branch: Project) -> None:
    branch.git("checkout", "-q", "--orphan", "empty")
    branch.git("rm", "-q", "-r", "--cached", FOLDER)
    branch.git("commit", "-q", "-m", "No golden files")
    branch.git("update-ref", "refs/remotes/origin/main", "HEAD")
    branch.commit("Golden files")
    assert_green(branch.cli("golden", "check", env=GITHUB))


def test_a_base_that_refuses_edits_of_its_gate_refuses_those_of_golden_files(branch: Project) -> None:
    branch.write("perfgate.toml", 'baseline_changes = "refuse"\n')
    branch.commit("Refuse edits")
    branch.git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert_green(branch.cli("golden", "check", env=GITHUB))
    edit(branch)
    branch.write("perfgate.toml", 'baseline_changes = "allow"\n')
    outcome = branch.cli("golden", "check", env=GITHUB)
    assert_cannot_decide(outcome, "this change edits the gate itself: 3 golden files", "in a pull request of their own")
    assert "[gate-edit-refused]" in outcome.stderr


def test_a_broken_configuration_of_the_change_hides_no_edit(branch: Project) -> None:
    branch.write("perfgate.toml", 'baseline_changes = "refuse"\n')
    branch.commit("Refuse edits")
    branch.git("update-ref", "refs/remotes/origin/main", "HEAD")
    edit(branch)
    branch.write("perfgate.toml", "broken = [")
    outcome = branch.cli("golden", "check", "artifacts/traces/1.jsonl", "--golden", FOLDER, env=GITHUB)
    assert outcome.code == 2, str(outcome)
    assert "[gate-edit-refused]" in outcome.stderr


def test_golden_files_of_a_base_are_looked_for_where_its_own_configuration_is(branch: Project) -> None:
    branch.write("perfgate.toml", "")
    branch.commit("A configuration")
    branch.git("update-ref", "refs/remotes/origin/main", "HEAD")
    branch.write("sub/perfgate.toml", "")
    branch.write(f"sub/{FOLDER}/{CART}", branch.path(f"{FOLDER}/{CART}").read_bytes())
    branch.commit("Move the configuration")
    branch.write("traces.jsonl", lines(ONE))
    outcome = branch.cli("golden", "check", "../traces.jsonl", env=GITHUB, cwd="sub")
    assert outcome.code == 0, str(outcome)
    assert "this change edits the gate itself: 3 golden files" in outcome.stderr


# --- more than a check reads ---


def test_a_refresh_of_more_roots_than_a_check_reads_writes_nothing(project: Project) -> None:
    project.write("many.jsonl", lines(*[(f"GET /{i}", 0, 1) for i in range(10_000)]))
    project.write(f"{FOLDER}/{CART}", "{}")
    outcome = project.cli("golden", "refresh", "many.jsonl")
    assert_cannot_decide(outcome, "there would be 10,001 golden files", "name root spans by what they do")
    assert "1 of them of roots that no trace has" in outcome.cause
    assert "[golden-too-many]" in outcome.stderr
    assert [path.name for path in project.path(FOLDER).iterdir()] == [CART]


# --- the attributes that belong to the structure ---

TABLED = ("cart", 0, 9, ("query", {"table": "prices"}, 1, 2))
ELSEWHERE = ("cart", 0, 9, ("query", {"table": "users"}, 1, 2))


def test_a_refresh_without_attributes_keeps_those_that_the_golden_files_chose(project: Project) -> None:
    project.write("t.jsonl", lines(TABLED))
    assert project.cli("golden", "refresh", "t.jsonl", "--attribute", "table").code == 0
    chosen = project.path(f"{FOLDER}/{CART}").read_bytes()
    assert project.cli("golden", "refresh", "t.jsonl").code == 0
    assert project.path(f"{FOLDER}/{CART}").read_bytes() == chosen
    project.write("t.jsonl", lines(ELSEWHERE))
    assert project.cli("golden", "check", "t.jsonl").code == 1


def test_an_attribute_that_no_span_has_is_exit_code_2_and_writes_nothing(project: Project) -> None:
    project.write("t.jsonl", lines(TABLED))
    outcome = project.cli("golden", "refresh", "t.jsonl", "--attribute", "tabel")
    assert_cannot_decide(outcome, 'no span has the attribute "tabel"', "the spans have table")
    assert not project.path(FOLDER).exists()
