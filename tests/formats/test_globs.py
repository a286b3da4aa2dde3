"""Globs: what Python's own match, without the paths that links only repeat, and with bounded work."""

from __future__ import annotations

import glob
import os

import pytest

from perfgate.formats.discovery import find
from perfgate.formats.globs import expand

FILES = [
    "top.json",
    "a/one.json",
    "a/b/two.json",
    "a/b/note.txt",
    "c/.hidden/no.json",
    ".git/no.json",
    "c/d[1]/three.json",
]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "pattern",
    [
        "*.json", "**/*.json", "a/**/*.json", "./**/*.json", "**/b/*", "*/*.json", "*/b/two.json", "**/two.json",
        "**/.hidden/*", "c/d[[]1[]]/*.json", "**/**/*.json", "none/**/*.json", "**/*.none", "[ac]/**/*.json",
        "*/**/t*.json", "a/*/../one.json",
    ],
)  # fmt: skip
def test_without_links_a_glob_matches_what_pythons_own_matches(tree, pattern):
    assert sorted(set(expand(pattern))) == sorted(set(glob.glob(pattern, recursive=True)))
    assert len(set(expand(pattern))) == len(expand(pattern))
    whole = os.path.join(tree, pattern)
    assert sorted(expand(whole)) == sorted(set(glob.glob(whole, recursive=True)))


def test_two_stars_at_the_end_are_all_that_is_below(tree):
    assert expand("a/**") == ["a/b", "a/one.json", "a/b/note.txt", "a/b/two.json"]


class Scans(list):
    """Lists folders, and keeps which."""

    def __call__(self, path):
        self.append(path)
        return os.scandir(path)


@pytest.mark.parametrize("pattern", ["**/*.json", "**/**/*.json", "**/a/**/*.json", "*/**/*.json"])
def test_links_that_lead_back_are_not_followed_again_and_again(tree, pattern):
    for i in range(12):
        (tree / f"back-{i}").symlink_to(".")
        (tree / "a" / f"up-{i}").symlink_to("..")
    scans = Scans()
    found = expand(pattern, scans)
    real = {os.path.realpath(path) for path in found}
    assert len(found) == len(real)
    assert str(tree / "a/b/two.json") in real
    assert len(scans) <= 60  # 5 folders and 24 links, in two steps


def test_the_path_without_links_is_the_one_that_is_named(tree):
    (tree / "aa").symlink_to("c")
    (tree / "a" / "z").symlink_to("../c/d[1]")
    assert expand("**/three.json") == ["c/d[1]/three.json"]


def test_a_folder_that_only_a_link_leads_to_is_visited(tree, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "in").mkdir()
    (other / "in" / "four.json").write_text("{}")
    (tree / "far").symlink_to(other)
    assert "far/in/four.json" in expand("**/*.json")
    assert find(["**/four.json"]) == (["far/in/four.json"], [])


@pytest.mark.parametrize("pattern", ["a/*/*.json", "a/**/*.json", "a/b/*.json", "a/b/**"])
def test_a_folder_that_may_not_be_listed_is_an_error_and_not_empty(tree, pattern):
    def scan(folder: str) -> list[os.DirEntry[str]]:
        if folder.rstrip("/").endswith("a/b"):
            raise PermissionError(13, "Permission denied", folder)
        return list(os.scandir(folder))

    with pytest.raises(PermissionError):
        expand(pattern, scan)


def test_a_folder_that_is_gone_since_it_was_listed_is_empty(tree):
    def scan(folder: str) -> list[os.DirEntry[str]]:
        if folder.rstrip("/").endswith("a/b"):
            raise FileNotFoundError(2, "No such file or directory", folder)
        return list(os.scandir(folder))

    assert expand("a/**/*.json", scan) == ["a/one.json"]
