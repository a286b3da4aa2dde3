"""A record of the ledger <-> what was measured in a session: same content, same bytes, same name."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from perfgate.core.errors import cannot_decide
from perfgate.core.history.past import Past, Reading
from perfgate.core.metrics import Metric
from perfgate.core.profile import title
from perfgate.core.text.canonical import rounded, short_hash
from perfgate.schema.history_types import StoredHeader, StoredRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from perfgate.core.run import Labels

LARGEST = 4 << 20
"""Of a record in bytes: some 40,000 rows."""
_LARGEST_ROW = 64 << 10
"""Of a line in bytes; the first one names the workload of each benchmark, and is as long as the record."""
_DIGITS = 5
"""Significant digits of a value: a thousandth of a percent, far below any step that a history could show."""
_LEAST, _MOST = 1e-100, 1e100
"""Sizes of a value that is not 0, as those of run summaries: their squares and ratios are still numbers."""
_NAME = re.compile(rb"(\d{4})/(\d\d)/(\d\d)/(\d\d)(\d\d)(\d\d)-[0-9a-f]{12}\.jsonl")
_FRACTION = 19
"""Place in a time behind its whole seconds."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_header = msgspec.json.Decoder(StoredHeader).decode
_decode_rows = msgspec.json.Decoder(StoredRow).decode_lines

Place = tuple[str, str, "Labels"]
"""Machine class, benchmark and labels."""


class Record(Struct, frozen=True, kw_only=True):
    """What one session measured, as the ledger keeps it."""

    header: StoredHeader
    """What its rows share."""
    rows: tuple[StoredRow, ...]
    """Sorted by benchmark, labels and metric, at least one."""


def short(value: float) -> float:
    """Return a value as a record keeps it."""
    return rounded(value, digits=_DIGITS) if abs(value) >= _LEAST else 0.0


def is_usable(p50: float, p95: float | None) -> bool:
    """Can a history compute with them: is each 0, or has a size of 1e-100 to 1e100?"""
    is_first = p50 == 0.0 or _LEAST <= abs(p50) <= _MOST
    return is_first and (p95 is None or p95 == 0.0 or _LEAST <= abs(p95) <= _MOST)


def encode(record: Record, *, recorded_at: str) -> tuple[str, bytes]:
    """Return path and content of a record.

    The path holds a hash of all that was measured, but neither of the branch nor of the tool: runs that are
    appended again, by whomever, are the record that is there.

    Args:
        record: what was measured.
        recorded_at: when it was, where its header states no time (UTC, ISO 8601).

    Raises:
        CannotDecideError: it, or a value in it, is larger than a reader takes.
    """
    large = next((row for row in record.rows if not is_usable(row.p50, row.p95)), None)
    if large:
        message = f"{title(large.benchmark, tuple(sorted(large.labels.items())))}: {large.metric} is larger than 1e+100"
        raise cannot_decide("history-too-large", message, hint="state the metric in a larger unit, or leave it out")
    at = record.header.started_at or recorded_at
    lines = [_encode(record.header), *map(_encode, record.rows)]
    content = b"".join(line + b"\n" for line in lines)
    if len(content) > LARGEST or max(map(len, lines[1:])) > _LARGEST_ROW:
        message = f"the record of the session {record.header.session} is larger than a reader takes"
        hint = "append the files of fewer benchmarks at a time"
        raise cannot_decide("history-too-large", message, hint=hint)
    measured: dict[str, Any] = msgspec.to_builtins(record.header)
    del measured["tool"], measured["branch"]
    digest = short_hash("\n".join(line.decode() for line in (_encode(measured), *lines[1:])))
    return f"{at[:10].replace('-', '/')}/{at[11:_FRACTION].replace(':', '')}-{digest}.jsonl", content


def time_of(path: bytes) -> str:
    """Return the time that the path of a record states (UTC, ISO 8601); empty: it is no path of a record."""
    found = _NAME.fullmatch(path)
    if found is None:
        return ""
    numbers = [int(part) for part in found.groups()]
    try:
        return dt.datetime(*numbers, tzinfo=dt.UTC).isoformat().replace("+00:00", "Z")  # type: ignore[arg-type, misc]
    except ValueError:
        return ""


@lru_cache(maxsize=4096)  # all benchmarks of a session state the same
def is_time(text: str) -> bool:
    """Is it a time as the path of a record can state it?"""
    digits = text[:_FRACTION].translate({ord("-"): "/", ord("T"): "/", ord(":"): None})
    return bool(time_of(f"{digits}-{'0' * 12}.jsonl".encode("utf-8", "replace")))


def decode(content: bytes, at: str, wants: Callable[[str], bool]) -> tuple[str, dict[Place, Past]] | None:
    """Return the session of a record, and what it measured; None: it is no record, or contradicts itself.

    Args:
        content: whoever may push to the repository wrote it.
        at: the time that its path states.
        wants: is a metric of that name asked for?
    """
    first, _, rest = content.partition(b"\n")
    if any(len(line) > _LARGEST_ROW for line in rest.split(b"\n")):
        return None
    try:
        header = _decode_header(first)
        rows = _decode_rows(rest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not rows or not all(is_usable(row.p50, row.p95) for row in rows):
        return None
    if header.started_at and header.started_at[:_FRACTION] != at[:_FRACTION]:
        return None
    readings: dict[tuple[str, Labels], dict[str, Reading]] = {}
    metrics: dict[tuple[str, str, str], Metric] = {}
    for row in rows:
        labels = tuple(sorted(row.labels.items())) if row.labels else ()
        of_benchmark = readings.setdefault((row.benchmark, labels), {})
        if not wants(row.metric):
            continue
        kind = (row.metric, row.unit, row.better)
        metric = metrics.get(kind)
        if metric is None:
            metric = metrics[kind] = Metric(name=row.metric, unit=row.unit, better=row.better)
        of_benchmark[row.metric] = Reading(
            metric=metric, sources=tuple(row.source), n=int(row.n), p50=row.p50, p95=row.p95
        )
    return header.session, dict(_pasts(header, at, readings))


def _pasts(
    header: StoredHeader, at: str, readings: Mapping[tuple[str, Labels], Mapping[str, Reading]]
) -> Iterable[tuple[Place, Past]]:
    environment = tuple(sorted(header.environment.items()))
    for (benchmark, labels), found in readings.items():
        yield (
            (header.machine_class, benchmark, labels),
            Past(
                session=header.session,
                started_at=header.started_at,
                recorded_at=at,
                machine=header.machine,
                commit=header.commit,
                rows_used=tuple(map(int, header.rows_used.get(title(benchmark, labels), ()))),
                environment=environment,
                restart=None,
                readings=found,
            ),
        )
