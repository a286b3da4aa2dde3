"""The folder and its worktrees are removed, in whatever state git left them."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from records import GIT_ENVIRONMENT

from perfgate.core.errors import CannotDecideError
from perfgate.store.checkouts.processes import run_group
from perfgate.store.checkouts.tree import Tree
from perfgate.store.checkouts.worktrees import _on_one_disk, _remove_tree, open_worktree_dir
from perfgate.store.git import git


@pytest.fixture
def tree(workdir):
    """Return the tree of a repository with one commit."""
    shutil.rmtree(workdir / ".git")
    (workdir / "file").write_text("x")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *words], check=True, env={**os.environ, **GIT_ENVIRONMENT})
    return Tree()


def is_clean(tree):
    """Does the repository know no worktree but its own?"""
    told = git(tree.top, ["worktree", "list", "--porcelain"], hint="")
    return told.count(b"worktree ") == 1 and not os.path.exists(os.path.join(tree.common, "worktrees"))


def unfinished(place, path):
    """Leave the worktree as git does when it is killed: locked, its own file not written yet."""
    os.remove(os.path.join(path, ".git"))
    with open(os.path.join(next(iter(place._known().values())), "locked"), "w") as file:
        file.write("initializing")


def gone(place, path):
    """Remove the worktree's folder."""
    shutil.rmtree(path)


def locked(place, path):
    """Lock it as a user may."""
    git(path, ["worktree", "lock", path], hint="")


def used(place, path):
    """Change a file, add one and commit one."""
    for name in ("file", "added"):
        with open(os.path.join(path, name), "w") as file:
            file.write("changed")


@pytest.mark.parametrize("spoil", [None, unfinished, gone, locked, used])
def test_a_worktree_goes_in_whatever_state_it_is(tree, spoil):
    with open_worktree_dir(tree) as place:
        path = place.checkout("base", tree.head(), is_set_up=False)
        assert sorted(os.listdir(path)) == [".git", "file"]
        assert not is_clean(tree)
        if spoil:
            spoil(place, path)
    assert is_clean(tree)
    assert not os.path.exists(place.path)
    assert place.left == ""


def test_what_cannot_be_removed_is_named(tree, monkeypatch):
    with open_worktree_dir(tree) as place:
        monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    monkeypatch.undo()
    assert place.left == place.path
    os.rmdir(place.path)


def test_a_failure_inside_goes_on_and_leaves_nothing(tree):
    paths = []

    def fail():
        with open_worktree_dir(tree) as place:
            paths.append(place.checkout("base", tree.head(), is_set_up=False))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert is_clean(tree)
    assert not os.path.exists(os.path.dirname(paths[0]))


INTERRUPTED = """
import os, shutil, signal
from perfgate.store.checkouts.tree import Tree
from perfgate.store.checkouts.worktrees import open_worktree_dir

paths, sent, real = [], [], shutil.rmtree

def interrupted(*arguments, **options):
    if len(sent) < 5:
        sent.append(os.kill(os.getpid(), signal.SIGINT))
    return real(*arguments, **options)

signal.signal(signal.SIGINT, signal.default_int_handler)
tree = Tree()
try:
    with open_worktree_dir(tree) as place:
        paths.append(place.checkout("base", tree.head(), is_set_up=False))
        shutil.rmtree = interrupted
except KeyboardInterrupt:
    print(len(sent), os.path.exists(os.path.dirname(paths[0])))
"""


def test_an_interruption_during_the_removal_waits_for_its_end(tree):
    # In a process of its own: a signal that arrives late must not end the tests.
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], cwd=tree.top, env=environ, capture_output=True, text=True, check=False
    )
    assert done.stdout.split()[1:] == ["False"], done.stderr
    assert is_clean(tree)


def test_a_commit_that_is_not_there_cannot_be_checked_out(tree):
    with open_worktree_dir(tree) as place, pytest.raises(CannotDecideError, match="0000"):
        place.checkout("base", "0" * 40, is_set_up=False)
    assert is_clean(tree)


def test_a_room_without_a_repository_is_a_temporary_folder():
    with open_worktree_dir(None) as place:
        assert os.path.isdir(place.path)
    assert not os.path.exists(place.path)


def test_a_room_is_on_the_tree_s_own_disk_where_it_can_choose(tree, monkeypatch):
    monkeypatch.delenv("TMPDIR", raising=False)
    with open_worktree_dir(tree) as place:
        assert os.stat(place.path).st_dev == os.stat(tree.top).st_dev


def test_a_folder_without_any_rights_is_removed_and_what_a_link_leads_to_keeps_its_own():
    above = tempfile.mkdtemp()
    kept, folder = os.path.join(above, "kept"), os.path.join(above, "folder")
    os.makedirs(os.path.join(folder, "deep", "er"))
    os.makedirs(kept)
    os.symlink(kept, os.path.join(folder, "deep", "link"))
    for place in (kept, os.path.join(folder, "deep", "er"), os.path.join(folder, "deep"), folder):
        os.chmod(place, 0o500)
    if os.geteuid() == 0:  # whom no right is denied
        for place, folders, files in os.walk(above):
            for name in ("", *folders, *files):
                os.lchown(os.path.join(place, name), 12345, 12345)
    child = os.fork()
    if not child:
        if os.geteuid() == 0:
            os.setgid(12345)
            os.setuid(12345)
        _remove_tree(folder)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.listdir(above) == ["kept"]
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o500
    shutil.rmtree(above)


def test_only_the_end_of_what_a_program_says_is_kept(tmp_path):
    script = "seq 100000; echo last >&2; exit 7"
    code, said = run_group(["sh", "-c", script], folder=str(tmp_path), env=os.environ)
    assert code == 7
    assert len(said) == 8192
    assert said.endswith("\n100000\nlast\n")


def test_a_program_that_is_killed_says_by_which_signal(tmp_path):
    assert run_group(["sh", "-c", "kill -9 $$"], folder=str(tmp_path), env=os.environ)[0] == -9


def test_a_room_is_never_inside_the_repository_even_where_temporary_files_are(tree, monkeypatch):
    inside = os.path.join(tree.top, "tmp")
    os.mkdir(inside)
    monkeypatch.setattr(tempfile, "tempdir", inside)
    monkeypatch.setenv("TMPDIR", inside)
    with pytest.raises(CannotDecideError, match="outside the repository"), open_worktree_dir(tree):
        pass
    monkeypatch.delenv("TMPDIR")
    with open_worktree_dir(tree) as place:
        assert not place.path.startswith(tree.top)
    assert os.listdir(inside) == []


def test_a_place_that_is_not_there_is_on_no_disk(tree):
    assert not _on_one_disk(os.path.join(tree.top, "absent"), tree.top)
    assert _on_one_disk(tree.top, os.path.join(tree.top, "file"))


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        pytest.param("fatal: detected dubious ownership in repository at '/r'\nTo add an exception:\n\n"
                     "\tgit config --global --add safe.directory /r", "repository-distrusted", id="distrusted"),
        pytest.param("fatal: not a git repository", "no-repository", id="no-repository"),
    ],
)  # fmt: skip
def test_a_repository_that_git_distrusts_is_not_called_absent(tmp_path, monkeypatch, words, slug):
    program = tmp_path / "git"
    (tmp_path / "words").write_text(words)
    program.write_text(f"#!/bin/sh\ncat '{tmp_path}/words' >&2\nexit 128\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(CannotDecideError) as caught:
        Tree()
    assert caught.value.diagnostics[0].slug == slug


def test_of_the_files_of_a_worktree_the_submodules_are_told(tree):
    assert tree.submodules(tree.top) == []
    with open(os.path.join(tree.top, ".gitmodules"), "w") as file:
        file.write('[submodule "parts"]\n\tpath = parts\n\turl = ../parts\n')
    head = tree.head()
    git(tree.top, ["update-index", "--add", "--cacheinfo", f"160000,{head},parts"], hint="")
    assert tree.submodules(tree.top) == ["parts"]


def test_what_a_branch_and_the_default_one_have_in_common_is_the_base(tree):
    git(tree.top, ["branch", "-M", "main"], hint="")
    base = tree.head()
    git(tree.top, ["checkout", "-q", "-b", "work"], hint="")
    assert tree.default_base() == (base, "what HEAD and main have in common")


def test_a_path_is_part_of_a_tree_unless_git_ignores_it(tree):
    for name in (".gitignore", "new", "ignored"):
        with open(os.path.join(tree.top, name), "w") as file:
            file.write("ignored\n")
    assert [tree.is_part(tree.top, name) for name in ("file", "new", "ignored", "absent")] == [True, True, False, False]
