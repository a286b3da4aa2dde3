"""Writing several baselines: all change or none does, on every kind of folder."""

from __future__ import annotations

import os

import pytest

from perfgate.store.commit import _exchange, _link_others, _one_by_one, write_class


def content_of(folder) -> dict[str, str]:
    return {n: (folder / n).read_text() for n in sorted(os.listdir(folder)) if (folder / n).is_file()}


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "baselines" / "ci"
    path.mkdir(parents=True)
    for name in ("a.json", "b.json", "other.txt"):
        (path / name).write_text("old")
    return path


BOTH = {"a.json": b"new", "c.json": b"new"}
AFTER = {"a.json": "new", "b.json": "old", "c.json": "new", "other.txt": "old"}


def test_no_files_make_no_folder(tmp_path):
    write_class(str(tmp_path / "baselines" / "ci"), {})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("files", [{"a.json": b"new"}, BOTH])
def test_a_folder_that_does_not_exist_is_made(tmp_path, files):
    write_class(str(tmp_path / "baselines" / "ci"), files)
    assert content_of(tmp_path / "baselines" / "ci") == dict.fromkeys(files, "new")
    assert os.listdir(tmp_path / "baselines") == ["ci"]


def test_one_file_is_replaced_where_it_stands(folder):
    before = os.stat(folder).st_ino
    write_class(str(folder), {"a.json": b"new"})
    assert content_of(folder) == {"a.json": "new", "b.json": "old", "other.txt": "old"}
    assert os.stat(folder).st_ino == before


def test_several_files_change_places_with_the_folder_in_one_step(folder):
    os.chmod(folder, 0o700)
    before = os.stat(folder).st_ino
    write_class(str(folder), BOTH)
    assert content_of(folder) == AFTER
    assert os.listdir(folder.parent) == ["ci"]
    assert os.stat(folder).st_mode & 0o777 == 0o700
    assert os.stat(folder).st_ino != before


def test_a_relative_folder_without_a_parent_is_written(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    write_class("ci", BOTH)
    assert content_of(folder) == AFTER


def test_a_folder_that_is_a_link_keeps_being_one(folder):
    link = folder.parent / "link"
    link.symlink_to("ci")
    write_class(str(link), BOTH)
    assert link.is_symlink()
    assert content_of(folder) == AFTER
    assert sorted(os.listdir(folder.parent)) == ["ci", "link"]


def test_a_folder_inside_stays_where_it_is(folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "kept").write_text("old")
    (folder / "link").symlink_to("sub")
    write_class(str(folder), BOTH)
    assert content_of(folder) == AFTER
    assert (folder / "sub" / "kept").read_text() == "old"
    assert (folder / "link").is_symlink()


def test_links_among_the_files_are_kept_as_links(folder):
    (folder / "link.json").symlink_to("b.json")
    write_class(str(folder), BOTH)
    assert (folder / "link.json").is_symlink()
    assert os.readlink(folder / "link.json") == "b.json"


def test_where_one_file_cannot_be_replaced_the_others_are_put_back(folder):
    (folder / "z.json").mkdir()
    with pytest.raises(OSError, match=r"z\.json"):
        write_class(str(folder), {**BOTH, "z.json": b"new"})
    assert content_of(folder) == {"a.json": "old", "b.json": "old", "other.txt": "old"}
    assert os.listdir(folder.parent) == ["ci"]


def test_what_a_killed_refresh_left_behind_is_swept(folder):
    for name in (".perfgate-new-1-aa", ".perfgate-new-2-bb"):
        (folder.parent / name).mkdir()
        (folder.parent / name / "a.json").write_text("half")
    (folder.parent / ".kept").mkdir()
    write_class(str(folder), BOTH)
    assert sorted(os.listdir(folder.parent)) == [".kept", "ci"]


def test_a_file_in_the_place_of_the_folder_is_an_error_that_changes_nothing(tmp_path):
    (tmp_path / "ci").write_text("a file")
    with pytest.raises(OSError, match="ci"):
        write_class(str(tmp_path / "ci"), BOTH)
    assert (tmp_path / "ci").read_text() == "a file"
    assert os.listdir(tmp_path) == ["ci"]


def test_where_the_system_cannot_exchange_it_says_so_and_other_failures_are_errors(folder):
    assert not _exchange(str(folder.parent), str(folder))  # a folder cannot change places with one inside it
    with pytest.raises(FileNotFoundError):
        _exchange(str(folder), str(folder.parent / "absent"))
    assert content_of(folder) == {"a.json": "old", "b.json": "old", "other.txt": "old"}


def test_where_files_cannot_be_linked_the_folder_is_not_exchanged(folder, tmp_path):
    assert not _link_others(str(folder), str(tmp_path / "absent"))


def test_one_by_one_puts_back_what_was_changed_and_removes_what_was_new(folder):
    with pytest.raises(FileNotFoundError):
        _one_by_one(str(folder), {**BOTH, "absent/x.json": b"new"})
    assert content_of(folder) == {"a.json": "old", "b.json": "old", "other.txt": "old"}
