"""Profiles, or records of foreign files -> document: a table of what was measured, before anything is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfgate.core.metrics import explains
from perfgate.core.profile import MetricProfile, Profile, title
from perfgate.core.statistic import STORED
from perfgate.report.document import BENCHMARK, METRIC, Block, Column, Document, Entry, Paragraph, Table, name, text
from perfgate.report.words import amount
from perfgate.stats.quantiles import quantile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SESSION = Column(title="Session", kind="name", shortest=10)
_COUNT = Column(title="n", kind="count")
_LONGEST_ID = 18
_COLUMNS = (BENCHMARK, METRIC, _SESSION, _COUNT, *(Column(title=s, kind="value") for s, _ in STORED))
_RECORD_QUANTILES = ("p50", "p95")
_RECORD_COLUMNS = (
    BENCHMARK,
    METRIC,
    Column(title="Kind", kind="text"),
    _COUNT,
    *(Column(title=q, kind="value") for q in _RECORD_QUANTILES),
)


def compose_profiles(profiles: Sequence[Profile]) -> Document:
    """Return the table of profiles; a metric of several sessions has a line for each and one for all."""
    entries = tuple(e for p in profiles for m in p.metrics if not explains(m.metric.name) for e in _entries(p, m))
    blocks: tuple[Block, ...] = (Table(columns=_COLUMNS, entries=entries, remarks=False),)
    if not entries:
        blocks = (Paragraph(line=(text("No runs."),)),)
    return Document(data={}, blocks=blocks)


def _entries(profile: Profile, metric: MetricProfile) -> Iterator[Entry]:
    what = title(*profile.key)
    for stated in metric.stated:
        worded = {q.name: amount(q.value, metric.metric.unit) for q in stated.quantiles}
        values = (worded.get(statistic, "–") for statistic, _ in STORED)
        cells = (name(what), name(metric.metric.name), name(_shorten(stated.session)), text("–"), *map(name, values))
        yield Entry(cells=cells)
    for sample in metric.samples:
        ordered = sorted(sample.values)
        found = [quantile(ordered, q) for _, q in STORED]
        yield _entry(what, metric, _shorten(sample.session), found, sample.count)
    if len(metric.samples) > 1:
        yield _entry(what, metric, "all", metric.pooled_quantiles([q for _, q in STORED]), metric.count)


def _entry(what: str, metric: MetricProfile, session: str, values: Sequence[float], count: int) -> Entry:
    unit = metric.metric.unit
    worded = [amount(v, unit, beside=values[-1] if v == values[-1] else None) for v in values]
    return Entry(
        cells=(
            name(what),
            name(metric.metric.name),
            name(session),
            text(f"{count:,}"),
            *map(name, worded),
        )
    )


def _shorten(session: str) -> str:
    """Return a session's id, its middle left out when it is long: its ends identify it."""
    half = _LONGEST_ID // 2 - 1
    return session if len(session) <= _LONGEST_ID else f"{session[:half]}…{session[-half:]}"


def compose_records(records: Sequence[Mapping[str, Any]]) -> Document:
    """Return the table of the records of foreign files.

    Args:
        records: JSON data of records, as `perfgate import --dry-run --json` prints it.
    """
    table = Table(columns=_RECORD_COLUMNS, entries=tuple(map(_record_entry, records)), remarks=False)
    return Document(data={}, blocks=(table,))


def _record_entry(r: Mapping[str, Any]) -> Entry:
    unit = r["unit"] or "1"
    if r["kind"] == "value":
        values = [amount(r["value"], unit), ""]
    else:
        values = ["not in it" if r[q] is None else amount(r[q], unit) for q in _RECORD_QUANTILES]
    count = "" if r["n"] is None else f"{r['n']:,}"
    kind = r["kind"] if r["direction"] else f"{r['kind']}, direction unknown"
    return Entry(cells=(name(r["benchmark"]), name(r["metric"]), text(kind), text(count), *map(name, values)))
