"""Filters of git's settings: none of them runs, and the files that they would have changed are named."""

from __future__ import annotations

import pytest
from records import GIT_ENVIRONMENT, commit_all, git

from perfgate.core.errors import CannotDecideError
from perfgate.store.checkouts.filters import filters_off


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Return a repository of which one file has a filter, one has Git LFS, and one has none."""
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / ".gitattributes").write_text("secret.txt filter=crypt\nlarge.bin filter=lfs\nother.txt filter=absent\n")
    for name in ("secret.txt", "large.bin", "other.txt", "plain.txt"):
        (folder / name).write_text(name)
    commit_all(folder)
    return folder


def test_without_a_filter_there_is_nothing_to_switch_off(root):
    off = filters_off(str(root))
    assert (off.names, off.settings, off.find_filtered(str(root))) == (frozenset(), (), [])


def test_a_filter_is_switched_off_and_its_files_are_named_but_those_of_git_lfs_are_not(root):
    git(root, "config", "filter.crypt.clean", "touch ran; cat")
    git(root, "config", "filter.crypt.smudge", "")
    git(root, "config", "filter.empty.clean", "")
    for kind in ("clean", "smudge"):
        git(root, "config", f"filter.lfs.{kind}", f"git-lfs {kind} -- %f")
    git(root, "config", "filter.lfs.required", "true")
    off = filters_off(str(root))
    assert "crypt" in off.names
    assert "empty" not in off.names
    assert {f"filter.crypt.{kind}" for kind in ("clean=", "smudge=", "process=", "required=false")} <= {*off.settings}
    assert off.find_filtered(str(root)) == ["secret.txt"]


def test_a_filter_whose_name_git_cannot_be_given_is_refused(root):
    git(root, "config", "filter.a=b.clean", "cat")
    with pytest.raises(CannotDecideError, match='the filter "a=b" of git\'s settings cannot be switched off'):
        filters_off(str(root))
