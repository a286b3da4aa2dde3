"""Faults that many files share, as one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.core.text.names import list_some

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.core.errors import Diagnostic

_NUMBER = re.compile(r"(?<![\w=.+-])[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?(?![\w.-])")
"""A number that stands alone: ``load-2`` and ``train[size=9]`` are names."""


def group_equal(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return diagnostics with those that are equal but for the file as one: the first, with how many and which files.

    Two hundred run files that one script wrote share its mistake. Numbers in the words may
    differ, since each file has its own; faults of one file are never made one.
    """
    groups: dict[tuple[object, ...], list[tuple[str, Diagnostic]]] = {}
    times: dict[tuple[object, ...], int] = {}
    for d in diagnostics:
        where, pointer = _split_place(d.place)
        kind = (d.slug, d.level, pointer, _NUMBER.sub("#", d.message), _NUMBER.sub("#", d.hint))
        nth = times[kind, where] = times.get((kind, where), 0) + 1
        groups.setdefault((kind, nth, bool(where)), []).append((where, d))
    return [_as_one(group) for group in groups.values()]


def _as_one(group: list[tuple[str, Diagnostic]]) -> Diagnostic:
    first = group[0][1]
    if len(group) == 1 or not first.place:
        return first
    places = [where for where, _ in group]
    return replace(first, message=f"{first.message}; the same fault in {len(group):,} places: {list_some(places)}")


def _split_place(place: str) -> tuple[str, str]:
    """Return the file of a place, with the line if it has one, and the JSON pointer."""
    where, _, pointer = place.rpartition(": ")
    return (where, pointer) if pointer.startswith("/") else (place, "")
