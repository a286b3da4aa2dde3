"""A folder is listed once, however many patterns ask for what is in it."""

from __future__ import annotations

import glob
import os

import pytest

from perfgate.formats.catalog.layouts import ASV, CRITERION
from perfgate.formats.discovery import find
from perfgate.formats.parsing.source import Source


@pytest.fixture
def listed(monkeypatch):
    """Return the folders that are listed from now on."""
    folders: list[str] = []
    for name in ("scandir", "listdir"):
        real = getattr(os, name)

        def counting(path=".", real=real):
            folders.append(os.path.normpath(path))
            return real(path)

        monkeypatch.setattr(os, name, counting)
    return folders


def fill(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("{}")


@pytest.mark.parametrize("count", [3, 30])
def test_a_folder_of_runs_is_listed_once(tmp_path, listed, count):
    fill(tmp_path, *(f"{i}.json" for i in range(count)))
    files, problems = find([str(tmp_path)])
    assert (len(files), problems) == (count, [])
    inside = [folder for folder in listed if folder.startswith(str(tmp_path))]
    assert inside.count(str(tmp_path)) == 1
    assert set(inside) <= {str(tmp_path), str(tmp_path / ".asv/results")}  # which a tool would have written


@pytest.mark.parametrize("count", [3, 30])
def test_a_result_folder_is_listed_once_a_level(tmp_path, listed, count):
    fill(tmp_path, *(f"group/{i}/new/sample.json" for i in range(count)))
    assert find([str(tmp_path)]) == ([str(tmp_path)], [])
    source = Source(str(tmp_path))
    assert len(list(source.matching(CRITERION))) == count
    assert len(list(source.matching(ASV))) == 0
    inside = [folder for folder in listed if folder.startswith(str(tmp_path))]
    assert max(map(inside.count, inside)) == 2  # once to find it, once to read it


def test_patterns_match_as_globs_do(tmp_path):
    fill(tmp_path, "a/x.json", "a/.x.json", "b/c/x.json", ".h/x.json", "x.json", "[q]/x.json")
    for pattern in (
        "*",
        "*.json",
        "*/x.json",
        "*/*/x.json",
        "*/*",
        ".h/*",
        "*/.x.json",
        "none/*",
        "x.json/*",
        "a/x.json",
    ):
        assert sorted(Source(str(tmp_path)).matching(pattern)) == sorted(glob.glob(pattern, root_dir=tmp_path)), pattern


def test_a_link_inside_is_read_where_it_leads_and_one_that_leads_out_is_left_to_be_refused(tmp_path):
    fill(tmp_path, "folder/a.json", "outside.json")
    folder = tmp_path / "folder"
    (folder / "b.json").symlink_to(folder / "a.json")
    (folder / "c.json").symlink_to(tmp_path / "outside.json")
    source = Source(str(folder))
    assert sorted(source.matching("*.json")) == ["a.json", "c.json"]
    assert [source.holds(f"{name}.json") for name in "abcd"] == [True, False, True, False]


def test_what_is_no_folder_holds_nothing(tmp_path):
    fill(tmp_path, "file.json")
    assert list(Source(str(tmp_path / "file.json")).matching("*")) == []
    assert not Source(str(tmp_path / "none")).holds("x")


def test_a_loop_of_links_is_a_name_like_any_other(tmp_path):
    fill(tmp_path, "a.json")
    (tmp_path / "b.json").symlink_to("b.json")
    listing = Source(str(tmp_path)).listing()
    assert (sorted(listing.names), listing.folders) == (["a.json", "b.json"], [])
    assert find([str(tmp_path)]) == ([f"{tmp_path}/a.json", f"{tmp_path}/b.json"], [])
