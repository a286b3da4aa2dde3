"""Faults that many files, or many places of a file, share, as one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from perfgate.core.errors import PREDICATES
from perfgate.core.text.names import list_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.errors import Diagnostic

_NUMBER = r"(?<![\w=.+-])[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?(?![\w.-])"
"""A number that stands alone: ``load-2`` and ``train[size=9]`` are names."""
_IN_FILE = r"(?s)(.+?)(:\d+|: /.*)"
_SHOWN = 3
"""Files that are named; more are counted."""
_SUFFIX = r"\.\w+$"
_NOUNS = {"run": "run files", "baseline": "baseline files", "golden": "golden files"}
"""First word of a slug -> what its files are."""


def group_equal(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return diagnostics with those that are equal but for the file as one: how many, what, and which files.

    Two hundred run files that one script wrote share its mistake. Numbers in the words may
    differ, since each file has its own; faults of one file are never made one.
    """
    groups: dict[tuple[object, ...], list[tuple[str, Diagnostic]]] = {}
    times: dict[tuple[object, ...], int] = {}
    for d in dict.fromkeys(diagnostics):
        where, pointer = _split_place(d.place)
        kind = (d.slug, d.level, pointer, re.sub(_NUMBER, "#", d.message), re.sub(_NUMBER, "#", d.hint), d.details)
        nth = times[kind, where] = times.get((kind, where), 0) + 1
        groups.setdefault((kind, nth, bool(where)), []).append((where, d))
    return [one for group in groups.values() for one in _as_one(group)]


def _as_one(group: list[tuple[str, Diagnostic]]) -> list[Diagnostic]:
    first = group[0][1]
    if len(group) == 1 or not first.place:
        return [d for _, d in group]
    what = _common([d.message for _, d in group])
    details = tuple(f"{d.place}{d.message.removeprefix(what)}" for _, d in group)
    place = list_some([where for where, _ in group], _SHOWN)
    message = f"{len(group):,} {_predicate(group, what)}"
    return [first._replace(place=place, message=message, details=details, shown=_SHOWN)]


def _predicate(group: Sequence[tuple[str, Diagnostic]], what: str) -> str:
    """Return a message about several places: ``run files are not valid JSON``."""
    are_files = all(re.search(_SUFFIX, where) for where, _ in group)
    noun = _NOUNS.get(group[0][1].slug.partition("-")[0], "files") if are_files else "places"
    verb, _, rest = what.partition(" ")
    return f"{noun} {PREDICATES[verb]} {rest}" if verb in PREDICATES else f"{noun}: {what}"


def _common(messages: Sequence[str]) -> str:
    """Return what messages have in common up to a colon; the whole first one when they differ in numbers before it."""
    first = messages[0].split(": ")
    shared = len(first)
    for message in messages[1:]:
        parts = message.split(": ")
        shared = min(shared, next((i for i, (a, b) in enumerate(zip(first, parts, strict=False)) if a != b), shared))
    return ": ".join(first[:shared]) if shared else messages[0]


def summarize(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return diagnostics as `group_equal` does, and what is left of one file with one hint as one."""
    groups: dict[tuple[object, ...], list[Diagnostic]] = {}
    for number, d in enumerate(group_equal(diagnostics)):
        where, pointer = _split_place(d.place)
        is_alone = not pointer or bool(d.details)
        groups.setdefault((number,) if is_alone else (d.slug, d.level, where, d.hint), []).append(d)
    return [_as_file(group) if len(group) > 1 else group[0] for group in groups.values()]


def _as_file(group: Sequence[Diagnostic]) -> Diagnostic:
    first = group[0]
    where, _ = _split_place(first.place)
    details = tuple(f"{d.place}: {d.message}" for d in group)
    return first._replace(place=where, message=f"{where} has {len(group):,} faults", details=details)


def _split_place(place: str) -> tuple[str, str]:
    """Return the file of a place, and what is in it: a line or a JSON pointer."""
    found = re.fullmatch(_IN_FILE, place)
    return (found[1], found[2]) if found else (place, "")
