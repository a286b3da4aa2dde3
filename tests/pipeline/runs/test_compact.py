"""What happens between the reading of run files and their removal."""

from __future__ import annotations

import json
import os

import pytest
from records import refused, write_runs

from perfgate.core.text import steps
from perfgate.pipeline.runs.compact import compact

TIMES = [0.1, 0.2, 0.3]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with three runs of one session."""
    monkeypatch.chdir(tmp_path)
    write_runs(tmp_path / "runs", TIMES, benchmark="train")
    return tmp_path / "runs"


def compacted(**changes):
    asked = {"output": None, "keep": 0, "remove": True, "dry_run": False, "config": None}
    return compact("runs", **asked | changes)


def edit(folder):
    """Change one file and add another, as a measuring job would."""
    path = folder / "r1.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "elapsed_sec": 9.0}))
    write_runs(folder, [0.4], tag="new", benchmark="train")


def before(monkeypatch, name, call):
    """Do something each time before a function of `os` is called."""
    usual = getattr(os, name)

    def changed(*arguments, **named):
        if name != "replace" or "compacted" in str(arguments[1]):
            call(*arguments)
        return usual(*arguments, **named)

    monkeypatch.setattr(os, name, changed)


def test_a_file_that_changes_after_it_was_compacted_stays_and_so_does_one_that_appears(folder, monkeypatch):
    before(monkeypatch, "replace", lambda *_: edit(folder))
    done = compacted()
    assert done.removed == ("runs/r0.json", "runs/r2.json")
    assert done.left == (("runs/r1.json", "changed since it was read"),)
    assert sorted(os.listdir(folder)) == ["compacted.jsonl.gz", "new0.json", "r1.json"]


def test_a_file_that_changes_before_it_is_written_stops_all(folder, monkeypatch):
    def on_part(path, *_):
        if str(path).endswith(".tmp"):
            edit(folder)

    before(monkeypatch, "open", on_part)
    (fault,) = refused(compacted)
    assert (fault.slug, fault.place) == ("compact-changed", "runs/r1.json")
    assert sorted(os.listdir(folder)) == ["new0.json", "r0.json", "r1.json", "r2.json"]


def test_a_file_that_is_gone_when_it_is_to_be_removed_is_no_fault(folder, monkeypatch):
    before(monkeypatch, "replace", lambda *_: (folder / "r1.json").unlink())
    assert compacted().removed == ("runs/r0.json", "runs/r2.json")


def test_a_link_that_takes_the_place_of_a_file_is_not_removed_through(folder, monkeypatch, tmp_path):
    def swap(*_):
        (folder / "r1.json").rename(tmp_path / "elsewhere.json")
        (folder / "r1.json").symlink_to("../elsewhere.json")

    before(monkeypatch, "replace", swap)
    assert compacted().left == (("runs/r1.json", "changed since it was read"),)
    assert (tmp_path / "elsewhere.json").exists()


@pytest.mark.parametrize("name", ["compacted.jsonl", "compacted.jsonl.gz"])
@pytest.mark.parametrize("is_there", [False, True])
def test_a_disk_that_keeps_something_else_than_was_written_loses_nothing(folder, monkeypatch, name, is_there):
    output = f"runs/{name}"
    if is_there:
        compacted(output=output)
        write_runs(folder, TIMES, tag="more", benchmark="train")
    held = {name: (folder / name).read_bytes() for name in os.listdir(folder)}
    before(monkeypatch, "fsync", lambda fd: os.ftruncate(fd, os.fstat(fd).st_size - 20))
    (fault,) = refused(compacted, output=output)
    assert (fault.slug, fault.place) == ("compact-unequal", output)
    assert {name: (folder / name).read_bytes() for name in os.listdir(folder)} == held


def test_a_value_that_reads_otherwise_afterwards_is_noticed(folder, monkeypatch):
    before(monkeypatch, "fsync", lambda fd: os.pwrite(fd, b'{"run_id": "r7"', 0))
    (fault,) = refused(compacted, output="runs/compacted.jsonl")
    assert fault.slug == "compact-unequal"
    assert len(os.listdir(folder)) == len(TIMES)


def test_a_file_that_cannot_be_removed_is_named_and_the_others_are_removed(folder, monkeypatch):
    def refuse(path, *_):
        if str(path).endswith("r1.json"):
            raise PermissionError(1, "Operation not permitted")

    before(monkeypatch, "unlink", refuse)
    (fault,) = refused(compacted)
    assert (fault.slug, fault.place) == ("run-unremovable", "runs/r1.json")
    assert sorted(os.listdir(folder)) == ["compacted.jsonl.gz", "r1.json"]


def test_a_folder_that_cannot_be_written_to_loses_nothing(folder, monkeypatch):
    def refuse(path, *_):
        if str(path).endswith(".tmp"):
            raise PermissionError(13, "Permission denied")

    before(monkeypatch, "open", refuse)
    (fault,) = refused(compacted)
    assert (fault.slug, fault.place) == ("compact-unwritable", "runs/compacted.jsonl.gz")
    assert len(os.listdir(folder)) == len(TIMES)


def test_a_folder_that_cannot_be_listed_is_named(folder, monkeypatch):
    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", path)

    before(monkeypatch, "listdir", refuse)
    (fault,) = refused(compacted)
    assert (fault.slug, fault.place) == ("runs-unreadable", "runs")


@pytest.fixture
def watched():
    """Return the works that are watched, each with how many of how many items were done at last."""
    seen = {}

    def watch(doing, what, done, total, size):
        seen[doing, what] = done, total

    steps.watch_work(lambda: watch)
    yield seen
    steps.watch_work(None)


def test_who_watches_hears_how_far_each_step_is(folder, watched):
    compacted()
    assert watched == {
        ("reading runs", "files"): (3, 3),
        ("adding runs", "files"): (3, 3),
        ("checking runs", "runs"): (3, 3),
        ("removing run files", "files"): (3, 3),
    }
