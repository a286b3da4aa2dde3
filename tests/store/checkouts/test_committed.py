"""Which files git has committed and nobody wrote again, whatever a checkout made of them; nothing runs for it."""

from __future__ import annotations

import hashlib
import os

import pytest
from records import GIT_ENVIRONMENT, commit_all, git

from perfgate.store.checkouts.committed import find_committed
from perfgate.store.checkouts.snapshot import find_held
from perfgate.store.git import Commit

TEXT = '{"a": 1,\n "b": "$Id$ \u00e9"}\n'.encode()
LARGE = b"0123456789" * 50
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n" % (
    hashlib.sha256(LARGE).hexdigest().encode(),
    len(LARGE),
)
NAME = "runs/a.json"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Return an empty repository."""
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "tree"
    (folder / "runs").mkdir(parents=True)
    return folder


def hold(root, content, attributes="", name=NAME):
    """Commit a file with this very content, and check it out as its attributes say; return its path."""
    path = root / name
    path.write_bytes(content)
    commit_all(root)
    (root / ".gitattributes").write_text(attributes)
    git(root, "add", ".gitattributes")
    git(root, "commit", "-q", "-m", "attributes")
    path.unlink()
    git(root, "--literal-pathspecs", "checkout", "--", name)
    return path


def write_again(path, content=None):
    """Write a file again, as a copy or a change of its owner does, so that git's index knows another time of it."""
    path.write_bytes(path.read_bytes() if content is None else content)
    os.utime(path, (1e9, 1e9))


CONVERSIONS = {
    "none": (TEXT, ""),
    "line-ends": (TEXT, "*.json text eol=crlf\n"),
    "line-ends-found-by-git": (TEXT, "*.json text=auto eol=crlf\n"),
    "mixed-line-ends": (TEXT + b"\r\n{}\n", "*.json text eol=crlf\n"),
    "line-ends-by-the-old-attribute": (TEXT, "*.json crlf eol=crlf\n"),
    "identifier": (TEXT, "*.json ident\n"),
    "identifier-that-was-filled-in": (TEXT.replace(b"$Id$", b"$Id: 0123 $"), "*.json ident\n"),
    "encoding": (TEXT, "*.json working-tree-encoding=UTF-16\n"),
    "encoding-of-two-forms": (TEXT, "*.json working-tree-encoding=UTF-7\n"),
    "several": (TEXT, "*.json text eol=crlf ident working-tree-encoding=UTF-16LE\n"),
    "a-filter-that-no-settings-name": (TEXT, "*.json filter=nobody eol=crlf\n"),
}


@pytest.mark.parametrize("case", CONVERSIONS)
@pytest.mark.parametrize("is_written_again", [False, True], ids=["as-checked-out", "copied"])
def test_a_committed_file_is_one_whatever_the_checkout_made_of_it(root, case, is_written_again):
    content, attributes = CONVERSIONS[case]
    path = hold(root, content, attributes)
    assert (path.read_bytes() == content) is (case == "none")
    if is_written_again:
        write_again(path)
    assert find_committed([str(path)]) == {str(path)}


@pytest.mark.parametrize("case", CONVERSIONS)
def test_a_file_that_was_measured_again_is_none_of_git(root, case):
    path = hold(root, *CONVERSIONS[case])
    write_again(path, path.read_bytes().replace(b"1", b"2"))
    assert find_committed([str(path)]) == set()


@pytest.mark.parametrize(
    "pointer",
    [
        pytest.param(POINTER, id="as-git-lfs-writes-it"),
        pytest.param(POINTER.replace(b"\n", b"\r\n"), id="with-other-line-ends"),
        pytest.param(b"\n" + POINTER.replace(b"\n", b"\n\n"), id="with-blank-lines"),
    ],
)
def test_what_git_lfs_fetched_is_what_the_pointer_names(root, pointer):
    path = hold(root, pointer, "*.json filter=lfs\n")
    write_again(path, LARGE)
    assert find_committed([str(path)]) == {str(path)}
    write_again(path, LARGE[:-1] + b"x")
    assert find_committed([str(path)]) == set()


def test_a_file_that_a_filter_of_the_machine_made_is_known_by_its_time_and_nothing_runs(root, tmp_path):
    log = tmp_path / "log"
    (root / ".git").mkdir()
    git(root, "init", "-q")
    git(root, "config", "filter.seal.smudge", "tr a b")
    path = hold(root, TEXT, "*.json filter=seal\n")
    assert path.read_bytes() != TEXT
    for kind in ("smudge", "clean", "process"):
        git(root, "config", f"filter.seal.{kind}", f"touch '{log}'; cat")
    git(root, "config", "core.fsmonitor", f"touch '{log}'")
    assert find_committed([str(path)]) == {str(path)}
    write_again(path)
    assert find_committed([str(path)]) == set()
    assert not log.exists()


NAMES = (
    'runs/"a.json', 'runs/"a".json', '"a.json', "a\\b.json", "runs/a\nb.json", " a.json", ":(top)a.json", "\u00e9.json",
    "a.json\r",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_no_name_hides_a_committed_file(root, name):
    other = root / "runs" / "z.json"
    other.write_bytes(TEXT)
    path = hold(root, TEXT, "*.json* text eol=crlf\n", name)
    write_again(path)
    assert find_committed([str(path), str(other)]) == {str(path), str(other)}


def test_a_link_a_file_of_no_commit_and_one_outside_a_repository_are_none(root, tmp_path):
    assert find_committed([str(tmp_path / "absent.json"), str(root / NAME)]) == set()
    path = hold(root, TEXT)
    (root / "listed.json").write_bytes(TEXT)
    git(root, "add", "-A")
    assert find_committed([str(root / "listed.json"), str(path)]) == {str(path)}


def test_a_repository_that_names_its_objects_by_sha256_answers_the_same(root):
    git(root.parent, "init", "-q", "--object-format=sha256", str(root))
    path = hold(root, TEXT, "*.json text eol=crlf\n")
    write_again(path)
    assert find_committed([str(path)]) == {str(path)}


def test_only_the_content_is_asked_where_a_file_is_compared_with_its_commit(root):
    path = hold(root, TEXT)
    oid = git(root, "rev-parse", f"HEAD:{NAME}").strip()
    facts = os.stat(path)
    path.write_bytes(TEXT.replace(b"1", b"2"))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert find_held(Commit("HEAD", str(root)), str(root), {NAME: ("100644", oid)}) == set()
    path.write_bytes(TEXT)
    assert find_held(Commit("HEAD", str(root)), str(root), {NAME: ("100644", oid)}) == {NAME}


def test_line_ends_that_settings_convert_are_no_change(root):
    git(root, "init", "-q")
    git(root, "config", "core.autocrlf", "true")
    path = hold(root, TEXT)
    write_again(path)
    assert b"\r\n" in path.read_bytes()
    assert find_committed([str(path)]) == {str(path)}


def test_a_file_in_the_place_of_a_committed_folder_was_changed(root):
    hold(root, TEXT)
    git(root, "rm", "-q", "-r", "--cached", "runs")
    (root / NAME).unlink()
    (root / "runs").rmdir()
    (root / "runs").write_bytes(TEXT)
    git(root, "add", "-A")
    assert find_committed([str(root / "runs")]) == set()
