"""A commit is what its hash says: no object that was put in the place of another, and no folder that none can hold."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from records import GIT_ENVIRONMENT

from perfgate.core.errors import CannotDecideError
from perfgate.store import git as store_git
from perfgate.store.checkouts.tree import Tree
from perfgate.store.checkouts.worktrees import open_worktree_dir
from perfgate.store.git import Commit, with_parents
from perfgate.store.git_objects import parse_commit, parse_tree

if TYPE_CHECKING:
    from pathlib import Path

BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # of an empty file


def ask(*words: str, given: bytes = b"") -> str:
    done = subprocess.run(
        ["git", *words], check=True, input=given, capture_output=True, env={**os.environ, **GIT_ENVIRONMENT}
    )
    return done.stdout.decode().strip()


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository of two commits, whose gate lies in a folder of a folder."""
    monkeypatch.chdir(tmp_path)
    ask("init", "-q", "-b", "main")
    for text in ("1", "2"):
        (tmp_path / "gate" / "linux").mkdir(parents=True, exist_ok=True)
        (tmp_path / "gate" / "linux" / "copy.json").write_text(text)
        (tmp_path / "readme").write_text(text)
        ask("add", "-A")
        ask("commit", "-q", "-m", text)
    return tmp_path


def put(repository: Path, name: str, other: str) -> str:
    """Put the object that a name stands for in the place of another one; return the hash of that."""
    held, shown = ask("rev-parse", name), ask("rev-parse", other)
    objects = repository / ".git" / "objects"
    target = objects / held[:2] / held[2:]
    target.chmod(0o644)
    target.write_bytes((objects / shown[:2] / shown[2:]).read_bytes())
    return held


def hidden_in_alternates(repository: Path, name: str, other: str) -> str:
    """Do the same in a folder of objects that the repository borrows."""
    borrowed = repository.parent / f"{repository.name}-borrowed"
    (repository / ".git" / "objects").rename(borrowed)
    (repository / ".git" / "objects" / "info").mkdir(parents=True)
    (repository / ".git" / "objects" / "info" / "alternates").write_text(f"{borrowed}\n")
    held, shown = ask("rev-parse", name), ask("rev-parse", other)
    target = borrowed / held[:2] / held[2:]
    target.chmod(0o644)
    target.write_bytes((borrowed / shown[:2] / shown[2:]).read_bytes())
    return held


OBJECTS = {
    "commit": ("HEAD", "HEAD~1"),
    "tree": ("HEAD^{tree}", "HEAD~1^{tree}"),
    "folder": ("HEAD:gate/linux", "HEAD~1:gate/linux"),
    "folder-above": ("HEAD:gate", "HEAD~1:gate"),
    "file": ("HEAD:gate/linux/copy.json", "HEAD~1:gate/linux/copy.json"),
}
REFUSED = 'git gave other content than|no commit or branch ".*" in this clone'
"""The second: git looks at the hash of a commit itself."""


@pytest.mark.parametrize("forge", [put, hidden_in_alternates])
@pytest.mark.parametrize("case", OBJECTS)
def test_an_object_in_the_place_of_another_is_an_error(kept: Path, case: str, forge) -> None:
    held = forge(kept, *OBJECTS[case])
    for read in (lambda c: c.read("gate/linux/copy.json", limit=99), lambda c: c.files("gate", limit=99)):
        with pytest.raises(CannotDecideError, match=REFUSED) as caught:
            read(Commit("HEAD", "."))
        assert case == "commit" or held[:12] in str(caught.value)


@pytest.mark.parametrize("case", ["commit", "tree", "folder"])
def test_a_commit_of_which_a_part_was_replaced_is_not_checked_out(kept: Path, case: str) -> None:
    commit = ask("rev-parse", "HEAD")
    put(kept, *OBJECTS[case])
    with open_worktree_dir(Tree()) as place, pytest.raises(CannotDecideError, match=REFUSED):
        place.checkout("base", commit, is_set_up=False)


def test_parents_are_those_that_the_commit_states(kept: Path) -> None:
    assert with_parents("HEAD") == (ask("rev-parse", "HEAD"), ask("rev-parse", "HEAD~1"))
    put(kept, "HEAD", "HEAD~1")
    with pytest.raises(CannotDecideError):
        with_parents("HEAD")


def tree_of(*entries: tuple[str, str]) -> str:
    """Write a tree that git itself would not write."""
    given = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(BLOB) for mode, name in entries)
    return ask("hash-object", "-t", "tree", "-w", "--literally", "--stdin", given=given)


ODD = {
    "above": [("100644", "..")],
    "itself": [("100644", ".")],
    "nameless": [("100644", "")],
    "of-git": [("100644", ".git")],
    "of-git-in-capitals": [("100644", ".GIT")],
    "of-git-shortened": [("100644", "git~1")],
    "path": [("100644", "gate/copy.json")],
    "absolute": [("100644", "/etc")],
    "twice": [("100644", "copy"), ("100644", "copy")],
    "file-and-folder": [("100644", "copy"), ("40000", "copy")],
    "apart-and-twice": [("100644", "copy"), ("100644", "copy.d"), ("40000", "copy")],
    "out-of-order": [("100644", "copy"), ("100644", "a")],
    "socket": [("140000", "copy")],
    "without-a-kind": [("644", "copy")],
    "no-number": [("1006x4", "copy")],
    "not-octal": [("100948", "copy")],
}


@pytest.mark.parametrize("case", ODD)
def test_a_folder_that_no_checkout_can_hold_is_an_error(kept: Path, case: str) -> None:
    commit = ask("commit-tree", tree_of(*ODD[case]), "-m", "odd")
    with pytest.raises(CannotDecideError, match="a folder of the commit"):
        Commit(commit, ".").read("copy", limit=99)
    with open_worktree_dir(Tree()) as place, pytest.raises(CannotDecideError, match="a folder of the commit"):
        place.checkout("base", commit, is_set_up=False)


@pytest.mark.parametrize(
    "entries",
    [
        [("100644", "a"), ("100755", "b"), ("120000", "c"), ("160000", "d")],
        [("100644", "copy"), ("100644", "copy.d"), ("100644", "copy0")],
        [("100644", "a.b"), ("40000", "a"), ("100644", "a0")],
        [("100664", "old"), ("100640", "older")],
        [("100644", "..."), ("100644", ".gitignore")],
        [],
    ],
)
def test_what_git_itself_writes_is_read(entries: list[tuple[str, str]]) -> None:
    content = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(BLOB) for mode, name in entries)
    assert [(f"{e.mode:0>6}", e.name.decode(), e.oid) for e in parse_tree(content, BLOB)] == [
        (mode.zfill(6), name, BLOB) for mode, name in entries
    ]


@pytest.mark.parametrize("cut", [1, 5, 7, 20, 27])
def test_a_folder_that_is_cut_off_is_an_error(cut: int) -> None:
    content = b"100644 a\0" + bytes.fromhex(BLOB)
    with pytest.raises(CannotDecideError, match="is cut off"):
        list(parse_tree(content[:-cut] if cut < len(content) else content[:1], BLOB))


@pytest.mark.parametrize(
    "head", ["", "parent X", "tree short", "author a\ntree X", "tree X\nparent short", "tree X\ntree X"]
)
def test_what_is_no_commit_is_an_error(head: str) -> None:
    with pytest.raises(CannotDecideError, match="not formed as git forms one"):
        parse_commit(f"{head.replace('X', BLOB)}\n\nmessage\n".encode(), BLOB)


def test_a_message_that_looks_like_a_parent_is_none() -> None:
    content = f"tree {BLOB}\nauthor a\ngpgsig x\n parent y\nparent z\n\nparent {BLOB}\n".encode()
    assert parse_commit(content, BLOB) == (BLOB, ())


def test_folders_that_name_each_other_again_and_again_are_refused(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below, mode = BLOB, "100644"
    for _ in range(5):  # 10 ** 5 paths
        given = b"".join(f"{mode} {n}\0".encode() + bytes.fromhex(below) for n in range(10))
        below, mode = ask("hash-object", "-t", "tree", "-w", "--literally", "--stdin", given=given), "40000"
    commit = ask("commit-tree", below, "-m", "bomb")
    monkeypatch.setattr(store_git, "_MOST_ENTRIES", 5000)
    with pytest.raises(CannotDecideError, match="holds more than 5,000 files"):
        Commit(commit, ".").objects()


def test_a_commit_graph_that_states_other_parents_changes_no_answer(kept: Path) -> None:
    base, middle = ask("rev-parse", "HEAD~1"), ask("rev-parse", "HEAD^{tree}")
    (kept / "readme").write_text("3")
    ask("commit", "-q", "-a", "-m", "3")
    ask("commit-graph", "write", "--reachable")
    graph = kept / ".git" / "objects" / "info" / "commit-graph"
    graph.chmod(0o644)
    content = graph.read_bytes()
    at = content.index(bytes.fromhex(middle)) + 20  # two parents follow, by position; none is 0x70000000
    graph.write_bytes(content[:at] + b"\x70\x00\x00\x00" + content[at + 4 :])
    words = ["merge-base", base, "HEAD"]
    assert subprocess.run(["git", *words], capture_output=True, check=False).stdout == b""
    assert store_git.git(".", words, hint="").decode().strip() == base
