"""What a count of calls depends on beside the code: the interpreter and the packages."""

from __future__ import annotations

import os
import sys

from perfgate.measure.identity import hex_digest

_MARKS = (".dist-info", ".egg-info")
_TOOLS = frozenset({"perfgate", "pip", "setuptools", "uv", "wheel"})  # they are no part of what a program calls
_EDITABLE = '"editable"'
_LONGEST = 10_000
_DIGITS = 8

_found: list[str] = []


def fingerprint() -> str:
    """Return the interpreter and a digest of the packages' versions: ``python 3.11, packages 1a2b3c4d``.

    Packages that are installed from a folder in place are left out: they are the measured code.
    """
    if not _found:
        name = "python" if sys.implementation.name == "cpython" else sys.implementation.name
        packages = "\n".join(sorted(_packages())).encode("utf-8", "surrogateescape")
        version = ".".join(map(str, sys.version_info[:2]))
        _found.append(f"{name} {version}, packages {hex_digest(packages)[:_DIGITS]}")
    return _found[0]


def _packages() -> set[str]:
    """Return name and version of each installed package, as its folder of facts is named."""
    found = set()
    for folder in dict.fromkeys(sys.path):
        try:
            entries = os.listdir(folder or os.curdir)
        except OSError:
            continue  # a zip file, or a folder that is not there
        for entry in entries:
            stem, mark = os.path.splitext(entry)
            name = stem.partition("-")[0].lower()
            if mark in _MARKS and name not in _TOOLS and not _is_in_place(os.path.join(folder, entry)):
                found.add(stem.lower())
    return found


def _is_in_place(facts: str) -> bool:
    if facts.endswith(_MARKS[1]) and not os.path.dirname(facts).endswith(("site-packages", "dist-packages")):
        return True  # setuptools leaves one beside the sources
    try:
        with open(os.path.join(facts, "direct_url.json"), encoding="utf-8", errors="replace") as file:
            return _EDITABLE in file.read(_LONGEST)
    except OSError:
        return False
