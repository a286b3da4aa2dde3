"""What the use cases write: whole files, folders on the way, and devices as they are."""

from __future__ import annotations

import os
import threading

import pytest
from records import refused

from perfgate.pipeline.report_io import write_output


def test_a_file_is_written_with_the_folders_on_the_way(tmp_path):
    path = tmp_path / "a" / "b" / "report.json"
    for content in (b"old", b"new"):
        write_output(str(path), content, slug="s")
        assert path.read_bytes() == content
    assert os.listdir(path.parent) == ["report.json"]


def test_a_bare_name_is_written_into_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_output("report.json", b"new", slug="s")
    assert (tmp_path / "report.json").read_bytes() == b"new"


def test_a_dash_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (fault,) = refused(write_output, "-", b"new", slug="some-slug")
    assert (fault.slug, fault.place, fault.message) == ("some-slug", '"-"', "is no file")
    assert "--format" in fault.hint
    assert os.listdir(tmp_path) == []
    write_output("./-", b"new", slug="some-slug")
    assert os.listdir(tmp_path) == ["-"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("folder", "is a folder", id="a-folder"),
        pytest.param("file/report.json", "cannot be written (", id="below-a-file"),
        pytest.param("x" * 300, "cannot be written (File name too long)", id="a-name-too-long"),
    ],
)
def test_what_cannot_be_written_is_an_error_with_a_cure(tmp_path, name, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    (fault,) = refused(write_output, str(tmp_path / name), b"new", slug="some-slug")
    assert (fault.slug, fault.place) == ("some-slug", str(tmp_path / name))
    assert message in fault.message
    assert fault.hint
    assert (tmp_path / "file").read_text() == "kept"


def test_a_device_is_written_to_and_stays_a_device():
    write_output("/dev/null", b"new", slug="s")
    assert not os.path.isfile("/dev/null")


def test_a_pipe_gets_the_content_and_stays_a_pipe(tmp_path):
    path = str(tmp_path / "pipe")
    os.mkfifo(path)
    got: list[bytes] = []

    def read() -> None:
        with open(path, "rb") as file:
            got.append(file.read())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    write_output(path, b"new" * 100_000, slug="s")
    reader.join(10)
    assert got == [b"new" * 100_000]
    assert not os.path.isfile(path)


def test_a_full_device_is_an_error():
    (fault,) = refused(write_output, "/dev/full", b"new", slug="s")
    assert fault.message == "cannot be written (No space left on device)"
