"""Which fields of a log's rows say what: a ``[[map]]`` of the configuration as a record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.metrics import canonical_name, from_suffix
from perfgate.core.text.units import scale_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.metrics import Direction

_AMOUNTS = ("s", "B")
_FIELD = r"\{([^{}]*)\}"


class FieldValue(Struct, frozen=True, kw_only=True):
    """One measured field of a row; what is not stated comes from the field's suffix, as in ``latency_ms``."""

    value: str
    """The field, a dotted path."""
    metric: str = ""
    """Name of the metric; empty: the field's last part, without the suffix that says its unit."""
    unit: str = ""
    """Such as ``ms``; empty: the suffix's."""
    better: Direction | None = None
    """None: the suffix's; if it says none, the user is asked."""
    over: str = ""
    """The field by which it is divided, the sum of all rows by the sum of all rows; empty: none."""
    share: bool = False
    """Does it hold true or false? Then the share of rows where it is true is the value."""
    allow_zero: bool = False
    """May a time or a size be zero or below, as a difference may, or a time that is rounded to whole ms?"""

    def resolved(self) -> tuple[str, str | None, Direction | None]:
        """Return metric, unit (None: nothing says it) and direction (None: nothing says it)."""
        key = self.value.rpartition(".")[2]
        name, unit, better = from_suffix(key) or (key, None, None)
        if self.over:
            return canonical_name(self.metric or f"{name}_share"), "1", self.better or better
        if self.unit and self.unit != unit:
            name = key
        stated = "1" if self.share else self.unit or unit
        return canonical_name(self.metric or name), stated, self.better or better

    @property
    def is_amount(self) -> bool:
        """Is it a time or a size, of which zero and below are no measurement?"""
        unit = self.resolved()[1]
        return unit is not None and scale_of(unit)[1] in _AMOUNTS


class FieldMap(Struct, frozen=True, kw_only=True):
    """How rows of JSON lines, CSV or TSV become measurements."""

    name: str
    """As in ``--map``."""
    values: tuple[FieldValue, ...]
    """What is measured, at least one."""
    is_ok_optional: bool = False
    """Do rows count that do not have the field `ok`?"""
    benchmark: str = ""
    """A field, or a text with ``{field}``s; empty: the file's stem."""
    labels: tuple[str, ...] = ()
    """Fields that become part of the benchmark's name, in this order: ``name[k=v,..]``."""
    ok: str = ""
    """Field that says whether the row counts; empty: every row does."""
    time: str = ""
    """Field with the point in time; empty: none."""
    where: tuple[tuple[str, str | float | bool], ...] = ()
    """Fields and what they must hold; other rows are none of this map's."""
    inside: str = ""
    """Name of the object that holds the fields, wherever in the row it is; empty: the row itself."""
    files: tuple[str, ...] = ()
    """Globs of files to which the map is applied without being asked for."""

    is_wide: bool = False
    """Does it list all that such a log may hold, so that values that no row has are not missing?"""

    @property
    def is_choosy(self) -> bool:
        """Does it take some rows of a log and leave others to whom they concern?"""
        return bool(self.where or self.inside)


def parts_of(template: str) -> tuple[list[str], list[str]]:
    """Return a name's fixed texts and the fields between them, one text more than fields.

    Raises:
        ValueError: its braces do not pair, or hold nothing.
    """
    if "{" not in template and "}" not in template:
        return ["", ""], [template]
    texts = re.split(_FIELD, template)
    fields = texts[1::2]
    if any("{" in t or "}" in t for t in texts[::2]):
        raise ValueError(f'"{template}" has a brace that is not closed; write fields like "{{route}}/{{method}}"')
    if not all(f.strip() for f in fields):
        raise ValueError(f'"{template}" has empty braces; write fields like "{{route}}/{{method}}"')
    return texts[::2], fields


def faults_in(field_map: FieldMap) -> Iterator[tuple[str, str]]:
    """Yield what keeps a map from being applied: a place in its table (``/benchmark``), and the fault."""
    try:
        parts_of(field_map.benchmark)
    except ValueError as caught:
        yield "/benchmark", str(caught)
    taken = {"error_rate"} if field_map.ok else set()
    for i, value in enumerate(field_map.values):
        metric = value.resolved()[0]
        if metric in taken:
            yield f"/values/{i}", f'the metric "{metric}" is there twice; name one of the two by the key "metric"'
        taken.add(metric)
        if (value.share or value.over) and value.unit:
            yield f"/values/{i}/unit", "a share has no unit"
        if value.share and value.over:
            yield f"/values/{i}/over", "the field holds true or false, and cannot be divided"
