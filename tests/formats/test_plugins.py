"""A package of somebody else adds a reader by an entry point; a broken one is an error, not passed over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import Project, assert_cannot_decide, assert_green

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "docs/formats.md").read_text().partition("## A reader of your own")[2]
READER, ENTRY_POINT = re.findall(r"```\w+\n(.*?)```", SECTION, re.DOTALL)[:2]
"""The example of the documentation, literally."""


@pytest.fixture(autouse=True)
def _counted(project: Project) -> None:
    project.is_counted = True


@pytest.fixture
def package(project: Project, tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "stopwatch").mkdir(parents=True)
    (site / "stopwatch" / "__init__.py").write_text("")
    (site / "stopwatch" / "reader.py").write_text(READER)
    facts = site / "stopwatch-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: stopwatch\nVersion: 1\n")
    (facts / "entry_points.txt").write_text("[perfgate.formats]\n" + ENTRY_POINT.splitlines()[-1].replace('"', ""))
    project.write("times.txt", "stopwatch v1\nload=1.5\nsave=0.5\n")
    return site


def cli(project: Project, site: Path, *words: str):
    paths = f"{site}:{project.environment()['PYTHONPATH']}"
    return project.cli(*words, env={"PYTHONPATH": paths})


def test_its_files_are_known_by_content_and_by_name(project: Project, package: Path) -> None:
    assert "stopwatch: one time a line" in cli(project, package, "formats").stdout
    for words in ([], ["--from", "stopwatch"]):
        outcome = cli(project, package, "import", "--dry-run", *words, "times.txt")
        assert outcome.code == 0, str(outcome)
        assert "load" in outcome.stdout
        assert "save" in outcome.stdout
    assert cli(project, package, "baseline", "refresh", "times.txt").code == 0
    project.write("now.txt", "stopwatch v1\nload=3.5\nsave=0.5\n")
    assert cli(project, package, "check", "now.txt").code == 1
    project.write("now.txt", "stopwatch v1\nload=1.5\nsave=0.50\n")
    assert_green(cli(project, package, "check", "now.txt"))


def test_without_the_package_the_format_is_not_known(project: Project, package: Path) -> None:
    assert_cannot_decide(project.cli("collect", "times.txt"), "in no known format", "perfgate formats")


@pytest.mark.parametrize("broken", ["FORMAT = 1", "raise ValueError('by itself')"])
def test_a_broken_package_is_named(project: Project, package: Path, broken: str) -> None:
    (package / "stopwatch" / "reader.py").write_text(broken)
    outcome = cli(project, package, "import", "--dry-run", "times.txt")
    assert_cannot_decide(outcome, "stopwatch", "uninstall it")


def test_the_names_for_packages_are_fetched_on_first_use_and_no_other_is_there() -> None:
    import perfgate.formats

    assert all(hasattr(perfgate.formats, name) for name in perfgate.formats.__all__)
    with pytest.raises(AttributeError, match="Sample"):
        perfgate.formats.Sample  # noqa: B018 - reading it is the test
