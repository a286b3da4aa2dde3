"""One refresh at a time, and staging that git does not see."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest
from records import git, refused

from perfgate.store.lock import refresh_lock
from perfgate.store.staging import staging


def enter(folder, patience):
    with refresh_lock(str(folder), patience=patience):
        pass


def test_a_second_refresh_is_refused_when_the_first_does_not_end(tmp_path):
    with refresh_lock(str(tmp_path)):
        (fault,) = refused(enter, tmp_path, 0.1)
    assert (fault.slug, fault.message) == ("refresh-busy", "another perfgate is writing here")
    assert "wait for it to end" in fault.hint
    enter(tmp_path, 0)
    assert os.listdir(tmp_path) == []


def test_a_second_refresh_waits_for_the_first(tmp_path):
    seen = []

    def second():
        with refresh_lock(str(tmp_path), patience=10):
            seen.append("second")

    with refresh_lock(str(tmp_path)):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        seen.append("first")
    thread.join()
    assert seen == ["first", "second"]


def test_a_block_that_fails_frees_the_folder(tmp_path):
    with pytest.raises(KeyError), refresh_lock(str(tmp_path)):
        raise KeyError
    enter(tmp_path, 0)


def test_where_folders_cannot_be_locked_it_goes_on_without(tmp_path, monkeypatch):
    enter(tmp_path / "absent", 0)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    enter(tmp_path, 0)


def test_git_sees_nothing_of_a_staging_folder(tmp_path):
    git(tmp_path, "init", "--quiet")
    with staging(str(tmp_path)) as outer:
        os.makedirs(f"{outer}/all/ci")
        for name in ("part", "all/ci/a.json"):
            with open(f"{outer}/{name}", "w", encoding="utf-8") as file:
                file.write("new")
        assert git(tmp_path, "status", "--porcelain", "--untracked-files=all") == ""
    assert os.listdir(tmp_path) == [".git"]


def test_a_file_system_without_nameless_files_stages_as_well(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "O_TMPFILE")
    with staging(str(tmp_path)) as outer:
        assert os.listdir(outer) == [".gitignore"]
        with open(f"{outer}/.gitignore", encoding="utf-8") as file:
            assert file.read() == "*\n"
    assert os.listdir(tmp_path) == []
