"""Rows of input samples to columns: fields inside fields get dotted names, and cells of CSV their types."""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from perfgate.core.rollout.drift import Clusters
from perfgate.stats.drift.clusters import mean_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    Column = list[Any]
    """A value for each row; None: it has none."""

MOST_ROWS = 200_000
"""Rows that are kept; of more of them every second one, every fourth, and so on."""
MOST_FIELDS = 1_000
_DEEPEST = 8
_LONGEST_NAME = 200
_BOOLEANS: dict[str, object] = {"true": True, "True": True, "TRUE": True, "false": False, "False": False,
                                "FALSE": False}  # fmt: skip
_MOSTLY = 0.9


class TooManyFieldsError(ValueError):
    """The samples have more fields than could be compared."""


class Rows:
    """Takes rows a few at a time, column by column, in bounded memory."""

    def __init__(self) -> None:
        """Start without rows."""
        self.seen = 0
        """Rows that were given."""
        self.kept = 0
        """Those that are kept."""
        self.step = 1
        """Of how many rows one is kept."""
        self.columns: dict[str, Column] = {}
        """Name -> values, each as long as `kept`."""

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Take rows of JSON.

        Raises:
            TooManyFieldsError: there are too many.
        """
        keys: set[str] = set().union(*rows)
        self.extend({key: [row.get(key) for row in rows] for key in keys}, len(rows))

    def extend(self, columns: Mapping[str, Column], rows: int) -> None:
        """Take so many rows as columns of that length.

        Raises:
            TooManyFieldsError: there are too many.
        """
        chosen = slice(-self.seen % self.step, None, self.step)
        added = len(range(rows)[chosen])
        for name in columns:
            if name not in self.columns:
                self.columns[name] = [None] * self.kept
        if len(self.columns) > MOST_FIELDS:
            raise TooManyFieldsError(f"more than {MOST_FIELDS:,} fields")
        for name, column in self.columns.items():
            column.extend(columns[name][chosen] if name in columns else [None] * added)
        self.seen += rows
        self.kept += added
        while self.kept > MOST_ROWS:
            for column in self.columns.values():
                del column[1::2]
            self.kept = (self.kept + 1) // 2
            self.step *= 2


class Batch(Struct, frozen=True, kw_only=True):
    """Samples as columns."""

    rows: int
    """Number of samples."""
    columns: Mapping[str, Column]
    """Name of each field -> its values, one for each row; the field of the clusters is not among them."""
    clusters: Clusters | None
    """Of the rows; None: each stands for itself."""
    numbers: Sequence[int]
    """Number of each row's cluster; empty without clusters."""
    hides_clusters: bool = False
    """Was a field of clusters asked for that no row has?"""


def to_batch(rows: Rows, cluster_field: str = "", fields: Collection[str] = ()) -> Batch:
    """Return rows as columns.

    Args:
        rows: what was taken.
        cluster_field: field that says which rows belong together; empty: each stands for itself. Rows
            without it belong together.
        fields: names of the fields to keep, with all inside of them; empty: all.

    Raises:
        TooManyFieldsError: there are too many.
    """
    flat = _flatten(rows.columns)
    groups = flat.pop(cluster_field, None) if cluster_field else None
    clusters, numbers = None, []
    if groups is not None and any(group is not None for group in groups):
        known: dict[str, int] = {}
        numbers = [known.setdefault(str(group), len(known)) for group in groups]
        sizes = list(Counter(numbers).values())
        clusters = Clusters(field=cluster_field, count=len(known), mean_rows=float(f"{mean_rows(sizes):.6g}"))
    return Batch(
        rows=rows.kept,
        columns={name: flat[name] for name in sorted(flat) if not fields or is_in(name, fields)},
        clusters=clusters,
        numbers=numbers,
        hides_clusters=bool(cluster_field) and clusters is None,
    )


def is_in(name: str, fields: Collection[str]) -> bool:
    """Is a field one of some, or inside one of them?"""
    return any(name == field or name.startswith(f"{field}.") for field in fields)


def _flatten(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Return the columns of the innermost fields; a field whose name occurs twice is one."""
    found: dict[str, Column] = {}
    waiting = [(clean(name), column, 1) for name, column in columns.items()]
    while waiting:
        name, column, depth = waiting.pop()
        types = set(map(type, column))
        inner = set().union(*(v for v in column if type(v) is dict)) if dict in types and depth < _DEEPEST else ()
        for key in inner:
            values = [v.get(key) if type(v) is dict else None for v in column]
            waiting.append((clean(f"{name}.{key}"), values, depth + 1))
        if not inner or types - {dict, type(None)}:
            beside = found.get(name)
            pairs = zip(beside or (), column, strict=False)
            found[name] = column if beside is None else [a if a is not None else b for a, b in pairs]
        if len(found) + len(waiting) > MOST_FIELDS:
            raise TooManyFieldsError(f"more than {MOST_FIELDS:,} fields")
    return found


def clean(text: str) -> str:
    """Return a text of bounded length that every tool can write: half a character becomes a question mark."""
    return text[:_LONGEST_NAME].encode("utf-8", "replace").decode()


def typed(cells: Sequence[str]) -> Column:
    """Return the cells of a column of CSV as what most of them are: numbers, booleans or text; an empty one is None."""
    filled = [cell for cell in cells if cell]
    numbers = _numbers(filled)
    if numbers is not None:
        if len(filled) == len(cells):
            return numbers
        rest = iter(numbers)
        return [next(rest) if cell else None for cell in cells]
    if filled and _BOOLEANS.keys() >= set(filled):
        return [_BOOLEANS.get(cell) for cell in cells]
    return [cell or None for cell in cells]


def _numbers(cells: Sequence[str]) -> Column | None:
    """Return cells as numbers, those that are none as they are; None: too few of them are."""
    if not cells:
        return None
    if "_" not in "".join(cells):  # which Python takes for a separator of digits
        with contextlib.suppress(ValueError):
            return list(map(float, cells))
    found = [_number(cell) for cell in cells]
    return found if sum(type(v) is float for v in found) >= _MOSTLY * len(found) else None


def _number(cell: str) -> float | str:
    try:
        return cell if "_" in cell else float(cell)
    except ValueError:
        return cell


def is_finite(values: Sequence[float]) -> bool:
    """Are all of them finite? Quick, and False for a few whose sum is too large for a float."""
    return math.isfinite(sum(values))
