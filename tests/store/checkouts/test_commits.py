"""The commits between two, along the first parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfgate.core.errors import CannotDecideError
from perfgate.store.checkouts.commits import describe, find_range

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project


@pytest.fixture
def grown(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A branch with a merge in its middle, in the working directory."""
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    project.git("init", "-q", "-b", "main")
    for number in range(3):
        project.write("n", str(number))
        project.commit(f"c{number}")
    project.git("checkout", "-q", "-b", "branch", "main~1")
    project.write("b", "1")
    project.commit("b1")
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "-m", "Merge", "branch")
    project.write("n", "last")
    project.commit("last")
    return project


def at(project: Project, ref: str) -> str:
    return project.git("rev-parse", ref).strip()


def test_a_merge_is_one_commit_of_the_range(grown: Project) -> None:
    found = find_range(".", at(grown, "main~3"), at(grown, "main"))
    assert found.commits == tuple(at(grown, ref) for ref in ("main~2", "main~1", "main"))
    assert found.parent(found.commits[0]) == at(grown, "main~3")
    assert found.merged(at(grown, "main~1")) == at(grown, "branch")
    assert found.merged(at(grown, "main")) == ""


def test_what_forms_no_range_is_refused(grown: Project) -> None:
    for good, bad in (("main", "main"), ("main", "main~1"), ("branch", "main~2")):
        with pytest.raises(CannotDecideError) as caught:
            find_range(".", at(grown, good), at(grown, bad))
        assert caught.value.diagnostics[0].slug == "bisect-range"


def test_a_shallow_clone_is_named_as_the_cause(grown: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = at(grown, "main~3"), at(grown, "main")
    grown.git("clone", "-q", "--depth", "2", f"file://{grown.root}", str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    with pytest.raises(CannotDecideError) as caught:
        find_range(".", good, bad)
    assert "git fetch" in caught.value.diagnostics[0].hint


def test_commits_say_who_when_and_what_whatever_their_names_hold(grown: Project) -> None:
    grown.write("n", "x")
    grown.git("add", "-A")
    grown.git(
        "commit", "-qm", "a \x1b[31m subject " + "x" * 500, "--author", "Someone <a@b>", "--date", "2026-01-31T12:00"
    )
    commits = [at(grown, "main"), at(grown, "main~1")]
    said = describe(".", commits)
    assert list(said) == commits
    assert said[commits[0]].author == "Someone"
    assert said[commits[0]].date == "2026-01-31"
    assert said[commits[0]].subject.startswith("a \x1b[31m subject")
    assert len(said[commits[0]].subject) <= 300
    assert said[commits[1]].subject == "last"
    assert describe(".", []) == {}
