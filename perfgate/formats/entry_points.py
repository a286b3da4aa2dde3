"""Whether any installed package states entry points of a group: the library that lists them is slow to load."""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder

_FACTS = (".dist-info", ".egg-info")
"""Ends of the folders in which installers write what a package states of itself."""


def may_be_named(group: str) -> bool:
    """Does a package state entry points of a group, as far as folders of the search path say? True where they do not.

    Args:
        group: its name.
    """
    if any(hasattr(finder, "find_distributions") and finder is not PathFinder for finder in sys.meta_path):
        return True
    return any(_is_named(folder or ".", group.encode()) for folder in dict.fromkeys(sys.path))


def _is_named(folder: str, group: bytes) -> bool:
    try:
        names = os.listdir(folder)
    except OSError:
        return os.path.exists(folder)  # an archive, or a folder that may not be listed
    if folder.lower().endswith(".egg"):
        return True
    stated = (os.path.join(folder, name, "entry_points.txt") for name in names if name.lower().endswith(_FACTS))
    return any(_holds(path, group) for path in stated)


def _holds(path: str, group: bytes) -> bool:
    try:
        with open(path, "rb") as file:
            return group in file.read()
    except OSError:
        return False
