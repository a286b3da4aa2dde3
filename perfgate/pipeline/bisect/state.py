"""``--state FILE``: all that a search measured, so that it goes on after an interruption."""

from __future__ import annotations

import json
import os

import msgspec

from perfgate.core.atomic import write_whole
from perfgate.core.bisection import Bisection
from perfgate.core.errors import cannot_decide
from perfgate.core.text.canonical import dumps
from perfgate.core.text.strict_json import load_json
from perfgate.formats.parsing.files import read_bounded

SCHEMA = "perfgate/bisection/1"
_SLUG = "bisect-state"
_LARGEST = 64 << 20
_SMALLEST, _LARGEST_VALUE = 1e-100, 1e100
"""Bounds of a measured value, in base units."""
_AFRESH = "remove it, or name another file, to begin anew"


def read(path: str, expected: Bisection) -> Bisection:
    """Return the search that a file holds; `expected` where there is no file yet.

    Args:
        path: of the file.
        expected: the same search at its beginning.

    Raises:
        CannotDecideError: the file cannot be read, or is of another search.
    """
    if not os.path.exists(path):
        return expected
    content = read_bounded(path, limit=_LARGEST, slug=_SLUG)
    document = load_json(content, path, _SLUG, _AFRESH)
    version = document.get("schema") if isinstance(document, dict) else None
    if version != SCHEMA:
        stated = f'"{version}"' if isinstance(version, str) else "none"
        raise cannot_decide(_SLUG, f'is no "{SCHEMA}"; the schema that it states: {stated}', place=path, hint=_AFRESH)
    try:
        found = msgspec.convert(document.get("search"), Bisection)
    except msgspec.ValidationError as caught:
        raise cannot_decide(_SLUG, f"is no search: {caught}", place=path, hint=_AFRESH) from None
    if (found.good, found.commits) != (expected.good, expected.commits):
        raise cannot_decide(_SLUG, "is a search of other commits", place=path, hint=_AFRESH)
    if found.measuring != expected.measuring:
        message = "is a search with another command, or with other options"
        raise cannot_decide(_SLUG, message, place=path, hint=_AFRESH)
    _require_sound(found, path)
    return found


def _require_sound(found: Bisection, path: str) -> None:
    """Return when a search of the file can be gone on with.

    Raises:
        CannotDecideError: it names commits or values that no search has.
    """
    known = {found.good, *found.commits}
    named = {c for trial in found.trials for c in (trial.base, trial.commit)} | {s.commit for s in found.skipped}
    sides = [side for trial in found.trials for side in (trial.was, trial.now)]
    if found.ends is not None:
        sides += [found.ends.good, found.ends.bad, (found.ends.allowed,)]
    if not named <= known or not all(side and min(side) > _SMALLEST and max(side) < _LARGEST_VALUE for side in sides):
        raise cannot_decide(_SLUG, "holds what no search measures", place=path, hint=_AFRESH)
    if found.trials and found.ends is None:
        raise cannot_decide(_SLUG, "lacks the comparison of the ends", place=path, hint=_AFRESH)


def write(path: str, bisection: Bisection) -> None:
    """Keep a search.

    Raises:
        CannotDecideError: the file cannot be written.
    """
    document = {"schema": SCHEMA, "search": json.loads(msgspec.json.encode(bisection))}
    try:
        write_whole(path, dumps(document).encode(), durable=False)
    except OSError as caught:
        message = f"cannot be written ({caught.strerror or caught})"
        raise cannot_decide(_SLUG, message, place=path, hint="name a file in a folder that can be written") from None
