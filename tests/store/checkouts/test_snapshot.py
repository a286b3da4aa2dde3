"""What a working tree holds is read from its files: any change of content, kind or mode is found."""

from __future__ import annotations

import os
import shutil

import pytest
from records import GIT_ENVIRONMENT, commit_all, git

from perfgate.core.errors import CannotDecideError
from perfgate.store.checkouts.snapshot import (
    Entry,
    find_changed,
    signature_of,
    take_again,
    take_of_commit,
    take_of_tree,
)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Return a repository of two files, a program in a folder and a link."""
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "tree"
    (folder / "bin" / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("one\n")
    (folder / "b.txt").write_bytes(b"x" * 3_000_000)
    (folder / "bin" / "deep" / "run").write_text("#!/bin/sh\n")
    (folder / "bin" / "deep" / "run").chmod(0o755)
    (folder / "link").symlink_to("a.txt")
    commit_all(folder)
    return folder


def head(root):
    return git(root, "rev-parse", "HEAD").strip()


def test_a_snapshot_names_each_file_folder_and_link_as_git_does(root):
    entries = take_of_commit(str(root), head(root)).entries
    kinds = {path: (e.kind, e.is_executable, e.size) for path, e in entries.items()}
    assert kinds == {
        "": ("folder", False, 0), "bin": ("folder", False, 0), "bin/deep": ("folder", False, 0),
        "a.txt": ("file", False, 4), "b.txt": ("file", False, 3_000_000), "bin/deep/run": ("file", True, 10),
        "link": ("link", False, 5),
    }  # fmt: skip
    for path in ("a.txt", "b.txt", "bin/deep/run", "link"):
        assert entries[path].digest == git(root, "rev-parse", f"HEAD:{path}").strip()
    assert entries["bin"] == Entry(kind="folder")
    assert take_of_tree(str(root)).entries == entries


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(lambda r: None, [], id="nothing"),
        pytest.param(lambda r: (r / "a.txt").write_text("two\n"), ["a.txt"], id="as-many-bytes"),
        pytest.param(lambda r: (r / "a.txt").write_text("longer\n"), ["a.txt"], id="more-bytes"),
        pytest.param(lambda r: (r / "bin/deep/run").chmod(0o644), ["bin/deep/run"], id="a-mode"),
        pytest.param(lambda r: (r / "a.txt").unlink(), ["a.txt"], id="gone"),
        pytest.param(lambda r: (os.unlink(r / "link"), os.symlink("b.txt", r / "link")), ["link"], id="another-link"),
        pytest.param(lambda r: (os.unlink(r / "a.txt"), os.mkfifo(r / "a.txt")), ["a.txt"], id="a-pipe"),
        pytest.param(
            lambda r: (shutil.move(r / "bin", r.parent / "bin"), os.symlink(r.parent / "bin", r / "bin")),
            ["bin"],
            id="a-folder-that-is-a-link-now",
        ),
        pytest.param(lambda r: (r / "new.txt").write_text("not tracked"), [], id="what-git-does-not-list"),
    ],
)
def test_each_change_of_what_git_lists_is_found(root, change, found):
    before = take_of_commit(str(root), head(root))
    change(root)
    assert find_changed(before) == found
    assert (take_again(before).entries == before.entries) is (not found)


def test_a_file_is_compared_with_its_commit_by_its_content_whatever_its_times_say(root):
    facts = os.stat(root / "a.txt")
    (root / "a.txt").write_text("two\n")
    os.utime(root / "a.txt", ns=(facts.st_atime_ns, facts.st_mtime_ns))
    with pytest.raises(CannotDecideError, match=r"not those of the commit: a\.txt"):
        take_of_commit(str(root), head(root))


def test_whoever_writes_a_file_and_puts_its_content_and_time_back_changes_its_signature(root):
    snapshot = take_of_tree(str(root))
    before = signature_of(snapshot)
    assert before == signature_of(snapshot)
    assert before.keys() == snapshot.entries.keys()
    facts = os.stat(root / "a.txt")
    (root / "a.txt").write_text("one\n")
    os.utime(root / "a.txt", ns=(facts.st_atime_ns, facts.st_mtime_ns))
    after = signature_of(snapshot)
    assert {path for path in before if before[path] != after[path]} == {"a.txt"}


def test_what_is_no_file_is_told_apart_from_what_is_not_there(root):
    before = take_of_tree(str(root))
    os.unlink(root / "a.txt")
    os.mkfifo(root / "a.txt")
    os.unlink(root / "b.txt")
    after = take_again(before).entries
    assert (after["a.txt"], after["b.txt"]) == (Entry(kind="other"), Entry(kind="absent"))
