"""The search path says whether any package adds a format; where it cannot say so, the slow library is asked."""

from __future__ import annotations

import sys
import zipfile

import pytest

from perfgate.formats import entry_points

GROUP = "somebody.formats"
STATED = f"[{GROUP}]\nstopwatch = stopwatch.reader:FORMAT\n"


def install(folder, name, text=STATED):
    """Write what an installer writes of a package."""
    facts = folder / name
    facts.mkdir(parents=True)
    (facts / "entry_points.txt").write_text(text)


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.setattr(sys, "meta_path", [f for f in sys.meta_path if not hasattr(f, "find_distributions")])
    return tmp_path


@pytest.mark.parametrize("name", ["stopwatch-1.dist-info", "stopwatch.egg-info", "Stopwatch-1.DIST-INFO"])
def test_a_package_of_the_search_path_is_found(name, site):
    install(site, name)
    assert entry_points.may_be_named(GROUP)


def test_other_groups_and_packages_without_entry_points_are_passed_over(site):
    install(site, "other-1.dist-info", "[console_scripts]\nother = other:main\n")
    (site / "plain-1.dist-info").mkdir()
    (site / "old-1.egg-info").write_text("Name: old\n")
    assert not entry_points.may_be_named(GROUP)


def test_a_path_that_does_not_exist_names_nothing(site, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(site / "nowhere"), str(site)])
    assert not entry_points.may_be_named(GROUP)


def test_the_empty_path_is_the_working_directory(site, monkeypatch):
    install(site / "here", "stopwatch-1.dist-info")
    monkeypatch.setattr(sys, "path", [""])
    assert not entry_points.may_be_named(GROUP)
    monkeypatch.chdir(site / "here")
    assert entry_points.may_be_named(GROUP)


def test_archives_and_eggs_may_name_any(site, monkeypatch):
    with zipfile.ZipFile(site / "all.zip", "w") as archive:
        archive.writestr("stopwatch-1.dist-info/entry_points.txt", STATED)
    (site / "stopwatch.egg").mkdir()
    for name in ("all.zip", "stopwatch.egg"):
        monkeypatch.setattr(sys, "path", [str(site / name)])
        assert entry_points.may_be_named(GROUP)


def test_a_finder_of_somebody_else_may_name_any(site, monkeypatch):
    class Finder:
        def find_distributions(self, context):
            return []

    monkeypatch.setattr(sys, "meta_path", [Finder()])
    assert entry_points.may_be_named(GROUP)
