"""The values of a column by what they are: numbers, levels of a category, and what is neither."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, get_args

from msgspec import Struct

from perfgate.collect.samples.columns import clean, is_finite
from perfgate.core.rollout.drift import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.collect.samples.columns import Column

CATEGORIES: frozenset[Kind] = frozenset(("text", "boolean", "mixed"))
_NONE = type(None)
_KINDS: dict[type, Kind] = {int: "number", float: "number", str: "text", bool: "boolean", list: "structure",
                            dict: "structure"}  # fmt: skip
_MOSTLY = 0.9
"""Share of the values that have the kind of a field; below it the field is mixed."""
_LONGEST = 200
"""Characters of a level; longer texts that begin alike are one."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*)?")


class Values(Struct, frozen=True, kw_only=True):
    """The values of one kind in a column, and what else it holds."""

    kind: Kind
    """What they are."""
    values: Sequence[Any]
    """The values themselves: floats, or texts."""
    rows: Sequence[int] | None
    """Row of each value; None: every row has one."""
    missing: Sequence[int]
    """Rows without a value."""
    odd: Sequence[int]
    """Rows with a value of another kind."""
    odd_kind: str
    """The most frequent kind among these; empty: there are none."""


def read_values(column: Column, kind: Kind | None = None) -> Values:
    """Return the values of a column.

    Args:
        column: a value for each row.
        kind: what they should be; None: what most of them are.
    """
    types = Counter(map(type, column))
    if kind is None:
        kind = _kind_of(types)
        if kind == "text" and all(map(_TIME.fullmatch, {v for v in column if type(v) is str})):
            kind = "time"
    wanted = _types(kind)
    rows: Sequence[int] | None = None
    if types.keys() <= wanted and kind != "mixed":
        found, missing, others = column, list[int](), list[int]()
    else:
        rows = [i for i, v in enumerate(column) if type(v) in wanted]
        found = [column[i] for i in rows]
        missing = [i for i, v in enumerate(column) if v is None]
        others = [i for i, v in enumerate(column) if v is not None and type(v) not in wanted]
    if kind == "number":
        found, rows, missing = _finite(found, rows, missing)
    elif kind == "mixed":
        found = [_spelled(v) for v in found]
    elif kind == "boolean":
        found = ["true" if v else "false" for v in found]
    elif kind != "structure":
        found = found if max(map(len, found), default=0) <= _LONGEST else [v[:_LONGEST] for v in found]
    kinds: Counter[Kind] = Counter(_KINDS[type(column[i])] for i in others)
    odd_kind = min(kinds.items(), key=lambda item: (-item[1], item[0]))[0] if kinds else ""
    return Values(kind=kind, values=found, rows=rows, missing=missing, odd=others, odd_kind=odd_kind)


def count_levels(values: Sequence[str]) -> Counter[str]:
    """Return the rows of each level."""
    counts = Counter(values)
    try:
        "".join(counts).encode()
    except UnicodeEncodeError:  # half a character
        cleaned: Counter[str] = Counter()
        for level, rows in counts.items():
            cleaned[clean(level)] += rows
        return cleaned
    return counts


def _kind_of(types: Mapping[type, int]) -> Kind:
    kinds: Counter[Kind] = Counter()
    for of, rows in types.items():
        if of is not _NONE:
            kinds[_KINDS[of]] += rows
    if not kinds:
        return "nothing"
    most = min(kinds, key=lambda kind: (-kinds[kind], get_args(Kind).index(kind)))
    return most if kinds[most] >= _MOSTLY * kinds.total() else "mixed"


def _types(kind: Kind) -> frozenset[type]:
    if kind == "nothing":
        return frozenset()
    if kind == "mixed":
        return frozenset(_KINDS)
    wanted: Kind = "text" if kind == "time" else kind
    return frozenset(of for of, its in _KINDS.items() if its == wanted)


def _finite(
    found: Sequence[float], rows: Sequence[int] | None, missing: list[int]
) -> tuple[list[float], Sequence[int] | None, list[int]]:
    """Return numbers as floats; those that are not finite are missing, as they are in a log of `InputSampleLog`."""
    try:
        floats = list(map(float, found))
    except OverflowError:
        floats = [_float(v) for v in found]
    if is_finite(floats):
        return floats, rows, missing
    places = range(len(floats)) if rows is None else rows
    kept = [(i, v) for i, v in zip(places, floats, strict=True) if math.isfinite(v)]
    lost = [i for i, v in zip(places, floats, strict=True) if not math.isfinite(v)]
    return [v for _, v in kept], [i for i, _ in kept], sorted((*missing, *lost))


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _spelled(value: object) -> str:
    return json.dumps(value, sort_keys=True)[:_LONGEST]
