"""The notes of a release: those of its version, and an error where tag, version and changelog differ."""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING

import pytest
from support import ROOT

from perfgate import __version__

if TYPE_CHECKING:
    from pathlib import Path

notes = runpy.run_path(str(ROOT / ".ci" / "release_notes.py"))["notes"]
PAGE = "# Changelog\n\n## Unreleased\n\n- Next.\n\n## 1.2.0\n\n- Read [k6](formats.md#k6).\n\n## 1.1.0\n\n- Old.\n"


def project(folder: Path, *, version: str = "1.2.0", inside: str = "1.2.0", page: str = PAGE) -> Path:
    for name, text in {
        "pyproject.toml": f'[project]\nversion = "{version}"\n',
        "perfgate/__init__.py": f'__version__ = "{inside}"\n',
        "docs/changelog.md": page,
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_notes_are_the_section_of_the_version_without_links_to_pages(tmp_path: Path) -> None:
    assert notes("v1.2.0", project(tmp_path)) == "- Read k6."


def test_this_version_has_its_notes() -> None:
    assert notes(f"v{__version__}")


@pytest.mark.parametrize(
    ("tag", "changes", "message"),
    [
        pytest.param("v1.3.0", {}, "is not the version", id="another-tag"),
        pytest.param("1.2.0", {}, "is not the version", id="no-v"),
        pytest.param("v1.2.0", {"inside": "1.1.0"}, "is not the version", id="versions-differ"),
        pytest.param("v1.2.0", {"page": "# Changelog\n\n## Unreleased\n\n- Next.\n"}, "no section", id="unreleased"),
        pytest.param("v1.2.0", {"page": "## 1.2.0\n\n## 1.1.0\n\n- Old.\n"}, "no section", id="empty"),
    ],
)
def test_a_tag_that_is_no_release_is_refused(tmp_path: Path, tag: str, changes: dict[str, str], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        notes(tag, project(tmp_path, **changes))
