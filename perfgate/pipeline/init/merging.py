"""Git's merge driver for baselines: a line in .gitattributes for everybody, a setting of git for this clone."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError
from perfgate.pipeline.init.files import append_lines, read_lines
from perfgate.store.git import git

if TYPE_CHECKING:
    from collections.abc import Iterable

_ATTRIBUTES = ".gitattributes"
_DRIVER = "perfgate"
_PLAIN = re.compile(r"[\w./-]+", re.ASCII)  # what needs no quoting in a line of .gitattributes
SETTINGS = {
    f"merge.{_DRIVER}.name": "adds the sessions of both sides to a baseline of perfgate",
    # Without perfgate at hand git merges as it does everywhere.
    f"merge.{_DRIVER}.driver": (
        "if command -v perfgate >/dev/null; then perfgate baseline merge %O %A %B %P; "
        "else git merge-file -L ours -L base -L theirs %A %O %B; fi"
    ),
}
"""Settings of git: fixed words, in which nothing of the project stands. Git quotes the path of the file itself."""


def set_up_merging(folder: str, baselines: Iterable[str], made: list[str], kept: list[str]) -> None:
    """Let git merge baselines by their sessions, unless it does so already.

    Git runs no command that a repository names: the line in .gitattributes names the
    driver, and only the setting of each clone says what it runs.

    Args:
        folder: the project's root.
        baselines: folders of baselines, from there; those outside, and empty ones, are left out.
        made: gains what was added.
        kept: gains what was there.

    Raises:
        OSError: the file cannot be written.
    """
    places = [place for place in baselines if place and not place.startswith("..") and _PLAIN.fullmatch(place)]
    if not places:
        return
    path = os.path.join(folder, _ATTRIBUTES)
    present = set(map(str.strip, read_lines(path)))
    wanted = [f"{place}/**/*.json merge={_DRIVER}" for place in places]
    missing = [line for line in wanted if line not in present]
    if missing:
        append_lines(path, missing)
    (made if missing else kept).append(_ATTRIBUTES)
    _configure(folder, made, kept)


def _configure(folder: str, made: list[str], kept: list[str]) -> None:
    """Write the settings of this clone that are not there; outside a repository there is nothing to write."""
    shown = f"git config merge.{_DRIVER}"
    try:
        git(folder, ["rev-parse", "--git-dir"], hint="")
        present = git(folder, ["config", "--get-regexp", rf"^merge\.{_DRIVER}\."], hint="", accepted=(0, 1))
        missing = SETTINGS if not present.strip() else {}
        for key, value in missing.items():
            git(folder, ["config", "--local", key, value], hint="")
    except CannotDecideError:  # no git, no repository, or settings that cannot be written
        return
    (made if missing else kept).append(shown)
