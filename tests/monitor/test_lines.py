"""A file of lines never stops the service, loses nothing in silence, and holds whole lines only."""

from __future__ import annotations

import errno
import json
import logging
import os
import resource
import subprocess
import sys
import threading

import pytest

from perfgate.monitor import lines
from perfgate.monitor.lines import LineFile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "logs" / "x.jsonl"


@pytest.fixture
def at_once(monkeypatch):
    """Look at the file at each line and warn each time, as after a second and a minute."""
    monkeypatch.setattr(lines, "_AGAIN", 0.0)
    monkeypatch.setattr(lines, "_QUIET", 0.0)


def test_lines_are_in_the_file_at_once_and_in_a_folder_that_is_made(path):
    kept = LineFile(path)
    assert kept.write("one")
    assert kept.write("twö")
    assert path.read_text(encoding="utf-8") == "one\ntwö\n"
    assert kept.dropped == 0


def test_a_service_that_changes_its_folder_goes_on_writing_to_the_same_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept = LineFile("x.jsonl")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    kept.write("one")
    assert (tmp_path / "x.jsonl").read_text() == "one\n"


@pytest.mark.usefixtures("at_once")
def test_a_file_that_was_moved_away_is_made_anew_and_no_line_is_lost(path):
    kept = LineFile(path)
    kept.write("one")
    path.rename(path.with_suffix(".1"))
    kept.write("two")
    path.unlink()
    kept.write("three")
    assert path.with_suffix(".1").read_text() + path.read_text() == "one\nthree\n"
    assert kept.dropped == 0


def test_between_two_looks_lines_go_to_the_file_that_was_moved(path, monkeypatch):
    monkeypatch.setattr(lines, "_AGAIN", 3600.0)
    kept = LineFile(path)
    path.rename(path.with_suffix(".1"))
    kept.write("one")
    assert path.with_suffix(".1").read_text() == "one\n"


def test_a_file_that_was_cut_to_nothing_is_written_from_its_start(path):
    kept = LineFile(path)
    kept.write("one")
    os.truncate(path, 0)
    kept.write("two")
    assert path.read_bytes() == b"two\n"


def test_half_a_line_of_a_program_that_was_killed_is_ended_first(path):
    path.parent.mkdir()
    path.write_text('{"whole": 1}\n{"ha')
    LineFile(path).write('{"whole": 2}')
    assert path.read_text() == '{"whole": 1}\n{"ha\n{"whole": 2}\n'


@pytest.mark.usefixtures("at_once")
def test_a_folder_that_cannot_be_made_drops_lines_and_counts_them_until_it_can(tmp_path, caplog):
    (tmp_path / "logs").write_text("a file")
    kept = LineFile(tmp_path / "logs" / "x.jsonl")
    assert not kept.write("one")
    assert kept.dropped == 1
    assert "logs/x.jsonl: lines are dropped: " in caplog.text
    (tmp_path / "logs").unlink()
    assert kept.write("two")
    assert (tmp_path / "logs" / "x.jsonl").read_text() == "two\n"


def test_a_full_disk_drops_lines_and_the_first_line_after_it_is_whole():
    program = """
import logging, resource, signal, sys
from perfgate.monitor.lines import LineFile
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
kept = LineFile(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (25, resource.RLIM_INFINITY))
print([kept.write(f"line {n:04}") for n in range(4)], kept.dropped)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(kept.write("line 0005"))
"""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.jsonl")
        done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
        with open(path, encoding="utf-8") as file:
            assert file.read() == "line 0000\nline 0001\nline \nline 0005\n"
    assert done.stdout == "[True, True, False, False] 2\nTrue\n"
    assert "the disk is full" in done.stderr


@pytest.mark.parametrize(
    ("name", "why"), [("/dev/full", "No space left on device"), ("/proc/none/x.jsonl", "No such file")]
)
def test_a_device_that_is_full_and_a_folder_that_takes_no_file_drop_lines(name, why, caplog):
    kept = LineFile(name)
    assert [kept.write("one"), kept.write("two")] == [False, False]
    assert kept.dropped == 2
    assert caplog.text.count(f"{name}: lines are dropped: {why}") == 1


@pytest.mark.usefixtures("at_once")
def test_a_folder_that_may_only_be_read_drops_lines_until_it_may_be_written(path, monkeypatch, caplog):
    really = os.open

    def refuse(name, *rest):
        if name == str(path):
            raise PermissionError(errno.EACCES, "Permission denied", name)
        return really(name, *rest)

    with monkeypatch.context() as unlike_root:
        unlike_root.setattr(os, "open", refuse)
        kept = LineFile(path)
        assert not kept.write("one")
    assert "x.jsonl: lines are dropped: Permission denied" in caplog.text
    assert kept.write("two")
    assert (kept.dropped, path.read_text()) == (1, "two\n")


def test_a_file_at_its_limit_takes_nothing_more_until_it_is_rotated(path, caplog, at_once):
    kept = LineFile(path, max_bytes=10)
    assert [kept.write("1234"), kept.write("1234"), kept.write("1234")] == [True, True, False]
    assert path.stat().st_size == 10
    assert "has reached its limit of 10 bytes; rotate it" in caplog.text
    path.rename(path.with_suffix(".1"))
    assert kept.write("1234")


def test_the_limit_counts_what_others_wrote(path, at_once):
    kept, other = LineFile(path, max_bytes=10), LineFile(path)
    other.write("12345678")
    assert not kept.write("1234")


def test_one_warning_a_minute_says_why(path, caplog):
    kept = LineFile(path, max_bytes=1)
    for _ in range(100):
        kept.write("1234")
    assert kept.dropped == 100
    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 1


def test_threads_and_forks_share_a_file_and_every_line_is_whole(path):
    kept = LineFile(path)

    def write(name):
        for n in range(300):
            kept.write(json.dumps({"who": name, "n": n, "text": "x" * 200}))

    pids = []
    for child in range(2):
        pid = os.fork()
        if pid == 0:
            write(f"child {child}")
            os._exit(0)
        pids.append(pid)
    threads = [threading.Thread(target=write, args=(f"thread {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0]
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) == 6 * 300
    assert len({(row["who"], row["n"]) for row in rows}) == 6 * 300


@pytest.mark.usefixtures("at_once")
def test_a_rotation_needs_no_second_descriptor_for_long(path):
    kept = LineFile(path)
    before = len(os.listdir("/proc/self/fd"))
    for n in range(20):
        kept.write("one")
        path.rename(path.with_suffix(f".{n}"))
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_is_closed_takes_nothing_more(path):
    kept = LineFile(path)
    kept.write("one")
    kept.close()
    assert not kept.write("two")
    assert path.read_text() == "one\n"


def test_a_program_that_a_service_starts_does_not_get_the_file(path):
    kept = LineFile(path)
    assert not os.get_inheritable(kept._fd)


@pytest.mark.parametrize(("name", "most"), [("", None), ("a\0b", None), ("x.jsonl", 0)])
def test_what_is_no_file_and_no_limit_is_refused_where_it_is_asked_for(name, most):
    with pytest.raises(ValueError, match=r"path|max_bytes"):
        LineFile(name, max_bytes=most)


def test_descriptors_are_not_used_up_by_many_files_that_fail(tmp_path):
    (tmp_path / "file").write_text("")
    before = len(os.listdir("/proc/self/fd"))
    some = [LineFile(tmp_path / "file" / "x") for _ in range(10)]
    assert len(os.listdir("/proc/self/fd")) == before + len(some), "one each, for the day it can be opened"
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 10
