"""The command that removes runs, for the hints of other commands."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from perfgate.formats.own.compacted import ENDINGS, is_compacted

if TYPE_CHECKING:
    from collections.abc import Sequence


def removal_of(benchmark: str, files: Sequence[str]) -> str:
    """Return the command that removes the failed runs of a benchmark; empty when it cannot: a file holds several.

    Args:
        benchmark: its name with its labels.
        files: where the runs are: files, or lines of compacted ones.
    """
    files = [file if os.path.isfile(file) else _compacted_of(file) for file in files]
    if not files or not all(os.path.isfile(file) for file in files):
        return ""
    places = sorted({os.path.dirname(f) or os.curdir if f.endswith((".json", *ENDINGS)) else f for f in files})
    places = [f"./{place}" if place.startswith("-") else place for place in places]
    return f"perfgate runs remove {shlex.join(['--failed', '--benchmark', benchmark, *places])}"


def _compacted_of(place: str) -> str:
    """Return the compacted file of which a place names a line; empty: of none."""
    path = place.rpartition(": line ")[0]
    return path if is_compacted(path) else ""
