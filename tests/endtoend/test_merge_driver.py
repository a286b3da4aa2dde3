"""Two branches that each add a session to one baseline: by the merge driver, after a conflict, where it stops."""

from __future__ import annotations

import pytest
from support import Project, assert_green

DAYS = {"mon": "2026-05-04T07:00:00Z", "tue": "2026-05-05T07:00:00Z", "wed": "2026-05-06T07:00:00Z"}


def add_day(project: Project, day: str) -> None:
    """Measure both benchmarks on a day, refresh and commit."""
    for benchmark in ("solve", "parse"):
        keys = {"benchmark": benchmark, "session": day, "started_at": DAYS[day]}
        project.write_runs(5, f"{day}-{benchmark}", folder=f"measured-{day}", **keys)
    done = project.cli("baseline", "refresh", f"measured-{day}")
    assert done.code == 0, str(done)
    project.commit(day)


def sessions_of(project: Project, benchmark: str) -> list[str]:
    return list(project.read_json(str(project.baseline(benchmark).relative_to(project.root)))["sessions"])


@pytest.fixture
def branches(project: Project) -> Project:
    """A repository whose branches `one` and `two` each add a session to the same baselines."""
    project.write(".gitignore", "measured-*\noutputs/\n")
    project.git("init", "-q", "-b", "main")
    add_day(project, "mon")
    for branch, day in (("one", "wed"), ("two", "tue")):
        project.git("checkout", "-q", "-b", branch, "main")
        add_day(project, day)
    return project


def set_up(project: Project) -> None:
    """Set up the project on both branches."""
    for branch in ("one", "two"):
        project.git("checkout", "-q", branch)
        assert_green(project.cli("init", "--ci", "laptop"))
        project.commit("Set up")


@pytest.mark.parametrize(("into", "other"), [("one", "two"), ("two", "one")])
def test_after_init_git_merges_the_sessions_of_both_branches(branches: Project, into: str, other: str) -> None:
    set_up(branches)
    branches.git("checkout", "-q", into)
    branches.git("merge", "-q", "--no-edit", other)
    for benchmark in ("solve", "parse"):
        assert sessions_of(branches, benchmark) == ["mon", "tue", "wed"]
    assert_green(branches.cli("validate"))
    assert branches.git("status", "--short") == ""


def test_both_directions_of_a_merge_give_the_same_bytes(branches: Project) -> None:
    set_up(branches)
    found = []
    for into, other in (("one", "two"), ("two", "one")):
        branches.git("checkout", "-q", "--detach", into)
        branches.git("merge", "-q", "--no-edit", other)
        found.append(branches.baseline_files())
    assert found[0] == found[1]


def test_a_rebase_merges_too(branches: Project) -> None:
    set_up(branches)
    branches.git("checkout", "-q", "two")
    branches.git("rebase", "-q", "one")
    assert sessions_of(branches, "solve") == ["mon", "tue", "wed"]


def test_without_the_driver_a_conflict_is_merged_afterwards(branches: Project) -> None:
    branches.git("checkout", "-q", "one")
    assert branches.command("git", "merge", "-q", "two").code == 1
    done = branches.cli("baseline", "merge")
    assert_green(done)
    assert done.stdout.count("merged baselines/") == 2
    branches.git("add", "baselines")
    branches.git("commit", "-q", "-m", "Merge")
    assert sessions_of(branches, "parse") == ["mon", "tue", "wed"]
    assert branches.cli("baseline", "merge").stdout == "Nothing to merge: no baseline is in conflict.\n"


@pytest.mark.parametrize("has_driver", [True, False])
def test_a_baseline_that_one_side_started_anew_stays_a_conflict(branches: Project, has_driver: bool) -> None:  # noqa: FBT001 - a case
    if has_driver:
        set_up(branches)
    branches.git("checkout", "-q", "one")
    branches.write_runs(5, "anew", elapsed=0.2, folder="measured-anew", benchmark="solve", session="late",
                        started_at="2026-05-07T07:00:00Z")  # fmt: skip
    assert branches.cli("baseline", "refresh", "--replace", "measured-anew").code == 0
    branches.commit("Start anew")
    merging = branches.command("git", "merge", "two")
    assert merging.code == 1
    assert "CONFLICT" in merging.stdout
    marks = branches.baseline("solve").read_text()
    assert "<<<<<<<" in marks
    assert ">>>>>>>" in marks
    done = branches.cli("baseline", "merge")
    assert done.code == 2
    assert "[merge-conflict]" in done.stderr
    assert "started the baseline anew" in done.cause
    assert branches.baseline("solve").read_text() == marks
    if has_driver:
        assert sessions_of(branches, "parse") == ["mon", "tue", "wed"]


def test_the_driver_called_by_hand_writes_ours_or_leaves_marks(branches: Project) -> None:
    versions = []
    for name, commit in (("base", "main"), ("ours", "one"), ("theirs", "two")):
        path = str(branches.baseline("solve").relative_to(branches.root))
        versions.append(branches.write(name, branches.git("show", f"{commit}:{path}") + "\n"))
    assert_green(branches.cli("baseline", "merge", "base", "ours", "theirs"))
    assert list(branches.read_json("ours")["sessions"]) == ["mon", "tue", "wed"]
    branches.write("theirs", "{}")
    done = branches.cli("baseline", "merge", "base", "ours", "theirs", "baselines/x.json")
    assert done.code == 2
    assert "baselines/x.json (theirs)" in done.cause
    assert "<<<<<<< ours" in branches.path("ours").read_text()


def test_init_names_the_driver_once_and_changes_nothing_that_is_there(branches: Project) -> None:
    branches.write(".gitattributes", "*.png binary")
    first = branches.cli("init", "--ci", "laptop").stdout
    attributes = branches.path(".gitattributes").read_text()
    settings = branches.git("config", "--local", "--get-regexp", "^merge")
    second = branches.cli("init", "--ci", "laptop").stdout
    assert attributes == "*.png binary\nbaselines/**/*.json merge=perfgate\n"
    assert "made git config merge.perfgate" in first
    assert "kept git config merge.perfgate as it is" in second
    assert branches.path(".gitattributes").read_text() == attributes
    assert branches.git("config", "--local", "--get-regexp", "^merge") == settings


def test_init_outside_a_repository_writes_the_line_alone(project: Project) -> None:
    out = project.cli("init", "--ci", "laptop").stdout
    assert "made .gitattributes" in out
    assert "git config" not in out


def test_init_names_the_folders_of_suites_and_of_the_configuration(project: Project) -> None:
    project.write("api/perfgate.toml", 'baselines = "gate/kept"\n')
    project.write("web/job.py", "")
    assert project.cli("init", "--ci", "github", "--suite", "api", "--suite", "web").code == 0
    lines = project.path(".gitattributes").read_text().splitlines()
    assert lines == ["api/gate/kept/**/*.json merge=perfgate", "web/baselines/**/*.json merge=perfgate"]


def test_where_perfgate_is_not_at_hand_git_merges_as_usual(branches: Project) -> None:
    set_up(branches)
    branches.git("checkout", "-q", "one")
    merging = branches.command("git", "merge", "two", env={"PATH": "/usr/bin:/bin"})
    assert merging.code == 1
    assert "<<<<<<< ours" in branches.baseline("solve").read_text()
