"""Whole-file writes: the old content or the new one, never a part, and nothing left behind."""

from __future__ import annotations

import os
import stat
import threading

import pytest

from perfgate.core.atomic import sync_folder, write_parts, write_whole


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_appears_whole_and_leaves_no_part_behind(tmp_path, durable):
    path = tmp_path / "a.json"
    for content in (b"old", b"", b"new" * 1_000_000):
        write_whole(str(path), content, durable=durable)
        assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_write_that_fails_keeps_the_old_file_and_removes_its_part(tmp_path):
    folder = tmp_path / "a.json"
    folder.mkdir()
    (folder / "inside").write_text("kept")
    with pytest.raises(IsADirectoryError):
        write_whole(str(folder), b"new", durable=False)
    assert os.listdir(tmp_path) == ["a.json"]
    assert (folder / "inside").read_text() == "kept"


@pytest.mark.parametrize("parts", [[], [b""], [b"a", b"", b"b"]])
def test_parts_become_one_file(tmp_path, parts):
    write_parts(str(tmp_path / "a.json"), iter(parts), durable=True)
    assert (tmp_path / "a.json").read_bytes() == b"".join(parts)


def test_parts_that_end_in_an_error_and_a_check_that_fails_keep_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def broken():
        yield b"new"
        raise LookupError

    def refuse(part):
        assert (tmp_path / part).read_bytes() == b"new"
        raise LookupError

    with pytest.raises(LookupError):
        write_parts(str(path), broken(), durable=False)
    with pytest.raises(LookupError):
        write_parts(str(path), [b"new"], durable=False, check=refuse)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_content_that_cannot_be_written_changes_nothing(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_whole(str(path), "text", durable=False)  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_folder_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(str(tmp_path / "no" / "a.json"), b"new", durable=True)


@pytest.mark.parametrize("name", ["x" * 255, "ä" * 127, "\U0001f600" * 63, ".hidden", "a b%[1].json"])
def test_any_name_that_a_file_may_have_can_be_written(tmp_path, name):
    write_whole(str(tmp_path / name), b"new", durable=False)
    assert os.listdir(tmp_path) == [name]


def test_a_bare_name_is_written_into_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_whole("a.json", b"new", durable=True)
    assert (tmp_path / "a.json").read_bytes() == b"new"


def test_a_reader_sees_one_of_the_two_contents_and_never_a_part(tmp_path):
    path = tmp_path / "a.json"
    contents = (b"a" * 300_000, b"b" * 200_000)
    write_whole(str(path), contents[0], durable=False)
    stop = threading.Event()

    def write_on() -> None:
        while not stop.is_set():
            for content in contents:
                write_whole(str(path), content, durable=False)

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        seen = {path.read_bytes() for _ in range(200)}
    finally:
        stop.set()
        writer.join()
    assert seen <= set(contents)


def test_a_folder_that_cannot_be_synced_is_left_alone(tmp_path):
    sync_folder(str(tmp_path / "absent"))
    sync_folder(str(tmp_path))


@pytest.mark.parametrize(
    ("durable", "steps"), [(True, ["file to disk", "name", "folder to disk"]), (False, ["name"])], ids=["yes", "no"]
)
def test_what_shall_last_is_on_the_disk_before_it_has_its_name_and_the_name_before_the_end(
    tmp_path, monkeypatch, durable, steps
):
    done = []
    replace = os.replace

    def sync(fd):
        done.append("folder to disk" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file to disk")

    def rename(old, new):
        done.append("name")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", rename)
    write_whole(str(tmp_path / "a.json"), b"new", durable=durable)
    assert done == steps
