"""Records of foreign files -> document: what `perfgate import --dry-run` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfgate.report.document import BENCHMARK, METRIC, Column, Document, Entry, Table, name, text
from perfgate.report.words import amount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COLUMNS = (
    BENCHMARK,
    METRIC,
    Column(title="Kind", kind="text"),
    Column(title="n", kind="count"),
    Column(title="p50", kind="value"),
    Column(title="p95", kind="value"),
)


def compose_records(records: Sequence[Mapping[str, Any]]) -> Document:
    """Return the table of records.

    Args:
        records: JSON data of records, as `perfgate import --dry-run --json` prints it.
    """
    table = Table(columns=_COLUMNS, entries=tuple(map(_entry, records)), remarks=False)
    return Document(data={}, blocks=(table,))


def _entry(r: Mapping[str, Any]) -> Entry:
    unit = r["unit"] or "1"
    if r["kind"] == "value":
        values = (amount(r["value"], unit), "")
    else:
        values = tuple("not in it" if r[q] is None else amount(r[q], unit) for q in ("p50", "p95"))  # type: ignore[assignment]
    count = "" if r["n"] is None else f"{r['n']:,}"
    kind = r["kind"] if r["direction"] else f"{r['kind']}, direction unknown"
    return Entry(cells=(name(r["benchmark"]), name(r["metric"]), text(kind), text(count), *map(name, values)))
