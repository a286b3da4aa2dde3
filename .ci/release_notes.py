"""Print the section of the changelog for a tag; exit with an error where tag, version and changelog differ."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def notes(tag: str, root: Path = ROOT) -> str:
    """Return what the changelog has for a release.

    Args:
        tag: such as ``v0.2.0``.
        root: the project's folder.

    Raises:
        SystemExit: with what to correct.
    """
    version = tag.removeprefix("v")
    named = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    inside = re.search(
        r'^__version__ = "(.*)"$', (root / "perfgate/__init__.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    if not tag.startswith("v") or {named, inside and inside[1]} != {version}:
        sys.exit(
            f"the tag {tag} is not the version of pyproject.toml and perfgate/__init__.py; set it there, tag again"
        )
    changelog = (root / "docs/changelog.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(version)}$\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not section or not section[1].strip():
        sys.exit(f'docs/changelog.md has no section "## {version}"; rename "## Unreleased"')
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", section[1].strip())  # its links lead to pages beside it


if __name__ == "__main__":
    print(notes(sys.argv[1]))
