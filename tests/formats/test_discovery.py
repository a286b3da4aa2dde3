"""Finding and reading run inputs: every file once, and one clear error for everything that is none."""

from __future__ import annotations

import json
import os
import socket
from itertools import permutations

import pytest
from records import refused, summary, write_json

from perfgate.formats.discovery import LARGEST_RUN, RunReader, find
from perfgate.formats.parsing.files import read_bounded, unreadable


@pytest.fixture
def runs(tmp_path, monkeypatch):
    for name in ("a/1.json", "a/2.json", "a/.hidden.json", "a/note.txt", "a/deep/3.json", "b/4.json", "b[1]/5.json"):
        write_json(tmp_path / name, summary(name))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        pytest.param(["a/1.json"], ["a/1.json"], id="a-file"),
        pytest.param(["a/note.txt"], ["a/note.txt"], id="a-file-of-any-name"),
        pytest.param(["a"], ["a/1.json", "a/2.json"], id="a-folder"),
        pytest.param(["a/"], ["a/1.json", "a/2.json"], id="a-folder-with-a-slash"),
        pytest.param(["a/*.json"], ["a/1.json", "a/2.json"], id="a-glob"),
        pytest.param(["a/[12].json"], ["a/1.json", "a/2.json"], id="a-set"),
        pytest.param(["a/.*.json"], ["a/.hidden.json"], id="hidden-ones-on-request"),
        pytest.param(["*/*.json"], ["a/1.json", "a/2.json", "b/4.json", "b[1]/5.json"], id="over-folders"),
        pytest.param(["a/**/*.json"], ["a/1.json", "a/2.json", "a/deep/3.json"], id="deep"),
        pytest.param(["b[1]"], ["b[1]/5.json"], id="a-folder-with-glob-characters"),
        pytest.param(["b[1]/5.json"], ["b[1]/5.json"], id="a-file-with-glob-characters"),
        pytest.param(["a/2.json", "a", "a/", "a/*.json"], ["a/2.json", "a/1.json"], id="each-once"),
        pytest.param(["none/*.json"], [], id="a-glob-that-matches-nothing"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_paths_folders_and_globs_name_files_in_the_order_given_and_each_once(runs, patterns, expected):
    assert find(patterns) == (expected, [])


@pytest.mark.parametrize("name", ["*.json", "[12].json", "?.json"])
def test_a_file_named_like_the_glob_hides_nothing_of_what_the_glob_matches(runs, tmp_path, name):
    (tmp_path / "a" / name).write_text("{}")
    found, faults = find([f"a/{name}"])
    assert set(found) >= {"a/1.json", "a/2.json", f"a/{name}"}
    assert (len(found), faults) == (3, [])


def test_a_root_stands_before_relative_patterns(runs, tmp_path):
    root = str(tmp_path)
    assert find(["a/*.json"], root) == ([f"{root}/a/1.json", f"{root}/a/2.json"], [])


def test_a_path_that_does_not_exist_is_an_error_beside_what_was_found(runs):
    files, (fault,) = find(["a/1.json", "a/9.json"])
    assert files == ["a/1.json"]
    assert (fault.slug, fault.place, fault.message) == ("runs-unreadable", "a/9.json", "does not exist")


def test_a_loop_of_links_is_named(runs, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    _, (fault,) = find(["loop"])
    assert fault.message == "is a loop of symbolic links"
    (fault,) = refused(read_bounded, "loop", limit=10, slug="s")
    assert fault.hint == "correct the link"


def read_all(*paths: str) -> tuple[list[str], RunReader]:
    reader = RunReader()
    return [r.run_id for r in reader.read(paths)], reader


def test_a_copy_is_left_out_and_counted(tmp_path):
    paths = [str(write_json(tmp_path / n, summary("same"))) for n in ("1.json", "2.json", "3.json")]
    ids, reader = read_all(*paths)
    assert (ids, reader.copies, reader.problems) == (["same"], 2, [])


def test_a_run_id_in_two_different_files_is_an_error(tmp_path):
    one = str(write_json(tmp_path / "1.json", summary("same")))
    two = str(write_json(tmp_path / "2.json", summary("same", elapsed_sec=0.2)))
    ids, reader = read_all(one, two)
    (fault,) = reader.problems
    assert (ids, reader.copies) == (["same"], 0)
    assert (fault.slug, fault.place) == ("run-id-twice", two)
    assert one in fault.message


MANY = ("b.jsonl", "c.jsonl", "d.compacted.jsonl", "e.compacted.jsonl")


@pytest.mark.parametrize(("first", "second"), list(permutations(("a.json", *MANY), 2)))
def test_a_run_that_two_files_hold_counts_once_unless_the_two_differ(tmp_path, first, second):
    run = summary("same", benchmark="x", session="s", started_at="2026-01-01T10:00:00Z")
    other = run | {"started_at": "2026-01-01T10:00:01Z"}
    for text, is_same in ((json.dumps(run, separators=(",", ":")), True), (json.dumps(other), False)):
        paths = [str(tmp_path / name) for name in (first, second)]
        (tmp_path / first).write_text(json.dumps(run) + "\n" + ("" if first == "a.json" else line_of("r1")))
        (tmp_path / second).write_text(text + "\n" + ("" if second == "a.json" else line_of("r2")))
        for columns in ("none", "plain"):
            reader = RunReader(columns=columns)
            ids = [i for r in reader.read(paths) for i in (r.run_id, *(r.more.run_ids if r.more else ()))]
            assert ids.count("same") == 1
            assert reader.copies == is_same
            assert [p.slug for p in reader.problems] == ["run-id-twice"] * (not is_same)


def line_of(run_id):
    return json.dumps(summary(run_id, benchmark="x", session="s")) + "\n"


def test_a_first_file_that_is_gone_is_no_proof_of_a_copy(tmp_path):
    one, two = (str(write_json(tmp_path / n, summary("same"))) for n in ("1.json", "2.json"))
    reader = RunReader()
    runs = reader.read([one, two])
    next(runs)
    os.unlink(one)
    assert list(runs) == []
    assert [p.slug for p in reader.problems] == ["run-id-twice"]


def test_a_faulty_file_does_not_stop_the_others(tmp_path):
    paths = [str(tmp_path / n) for n in ("1.json", "2.json", "3.json")]
    write_json(tmp_path / "1.json", {"run_id": 1})
    write_json(tmp_path / "3.json", summary("good"))
    ids, reader = read_all(*paths)
    assert ids == ["good"]
    assert {p.slug for p in reader.problems} == {"run-invalid", "run-unreadable"}


def test_a_benchmark_without_a_name_is_called_after_the_folder_of_its_file(runs):
    assert [r.benchmark for r in RunReader().read(["a/1.json"])] == ["a"]


def test_a_file_in_the_working_directory_is_named_after_it_however_the_path_is_spelled(runs, monkeypatch):
    monkeypatch.chdir(runs / "a")
    assert [r.benchmark for r in RunReader().read(["1.json"])] == ["a"]
    assert [r.benchmark for r in RunReader().read(["./1.json"])] == ["a"]


def test_a_pipe_is_refused_without_waiting(tmp_path):
    path = str(tmp_path / "pipe.json")
    os.mkfifo(path)
    (fault,) = refused(read_bounded, path, limit=10, slug="run-unreadable")
    assert (fault.place, fault.message) == (path, "is a socket or a pipe, not a file")


@pytest.mark.parametrize("size", [1, 20_000])
def test_a_pipe_that_somebody_writes_to_is_refused_too(tmp_path, size):
    path = str(tmp_path / "pipe.json")
    os.mkfifo(path)
    keep = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        os.write(keep, b" " * size)
        (fault,) = refused(read_bounded, path, limit=10**6, slug="s")
    finally:
        os.close(keep)
    assert "pipe" in fault.message


def test_an_empty_pipe_with_a_writer_is_refused(tmp_path):
    path = str(tmp_path / "pipe.json")
    os.mkfifo(path)
    keep = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        (fault,) = refused(read_bounded, path, limit=10, slug="s")
    finally:
        os.close(keep)
    assert fault.message == "is a socket or a pipe, not a file"


def test_a_socket_a_folder_and_a_link_to_nowhere_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.json")
        (tmp_path / "folder.json").mkdir()
        (tmp_path / "link.json").symlink_to("nowhere")
        reported = {n: refused(read_bounded, f"{n}.json", limit=10, slug="s")[0] for n in ("socket", "folder", "link")}
    assert reported["socket"].message == "is a socket or a pipe, not a file"
    assert reported["folder"].message == "is a folder, not a file"
    assert reported["link"].message == "does not exist"


def test_a_device_is_refused_however_much_it_gives():
    for path in ("/dev/null", "/dev/zero"):
        (fault,) = refused(read_bounded, path, limit=10**6, slug="s")
        assert fault.message == "is a socket or a pipe, not a file"


def test_a_giant_is_refused_without_reading_it(tmp_path):
    path = tmp_path / "giant.json"
    with open(path, "wb") as file:
        file.truncate(1 << 40)
    (fault,) = refused(read_bounded, str(path), limit=LARGEST_RUN, slug="s")
    assert fault.message == "is larger than 4,194,304 bytes"
    assert "runs" in fault.hint


@pytest.mark.parametrize("limit", [10, 16 * 1024, 100_000])
def test_the_limit_is_the_largest_size_that_is_accepted(tmp_path, limit):
    path = tmp_path / "a.json"
    path.write_bytes(b"x" * limit)
    assert read_bounded(str(path), limit=limit, slug="s") == b"x" * limit
    path.write_bytes(b"x" * (limit + 1))
    (fault,) = refused(read_bounded, str(path), limit=limit, slug="s")
    assert "is larger than" in fault.message


def test_a_cause_without_words_of_our_own_is_told_in_those_of_the_system():
    (fault,) = unreadable("a.json", OSError(5, "Input/output error"), "s").diagnostics
    assert fault.message == "cannot be read (Input/output error)"
    (fault,) = unreadable("a.json", OSError("odd"), "s").diagnostics
    assert fault.message == "cannot be read (odd)"


def test_a_summary_of_the_largest_size_is_read(tmp_path):
    content = json.dumps(summary("big"))
    path = tmp_path / "big.json"
    path.write_text(content + " " * (LARGEST_RUN - len(content)))
    assert read_all(str(path))[0] == ["big"]
