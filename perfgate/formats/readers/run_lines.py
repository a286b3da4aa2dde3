"""Reader of many run summaries in one file: JSON lines, a JSON array, or Parquet. They give what single files would."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from perfgate.core.errors import CannotDecideError, Diagnostic, error
from perfgate.core.profile import title
from perfgate.core.text.strict_json import has_key_twice, load_json
from perfgate.formats.own.columns import BYTES_AT_ONCE, ColumnReader, batches, ids_of
from perfgate.formats.own.run_summary import SummaryReader
from perfgate.formats.parsing.logs.rows import documents
from perfgate.formats.parsing.parquet import engine_hint
from perfgate.formats.parsing.record import Record, Samples, Skipped
from perfgate.formats.run_ids import Again, Claims, RunIds, mark_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from perfgate.core.run import Run
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.own.columns import Kind
    from perfgate.formats.parsing.source import Source

MOST_FAULTS = 100
"""Faults of one file that are reported; a wholly wrong one would fill the memory with them."""
MOST_ROWS = 10_000_000
"""Rows of a Parquet file that are read: a few bytes of it may encode any number of them."""
_ARRAY = re.compile(r"\s*\[")
_BATCH = 4096
_LINES = 4096
"""Lines that are read together: of fewer, each kind has so few that its columns cost more than they save."""


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield a record for each metric of a benchmark, its values in the order of the runs."""
    return _records(runs_of(source, options))


_ID = "run_id"
"""A column that run summaries cannot lack."""


def parse_parquet(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the same for a Parquet file."""
    return _records(runs_of_parquet(source, options))


def runs_of(source: Source, options: ForeignOptions) -> Iterator[Run]:
    """Yield the runs of JSON lines or of a JSON array, as if each were in a file of its own.

    A benchmark that a run does not name is called like the file.

    Raises:
        CannotDecideError: a run is not valid, or an id is there twice; every fault is in it.
    """
    if _ARRAY.match(source.head):
        found = list(documents(source))
        if has_key_twice(content := source.text().encode(), found):
            load_json(content, source.path, "run-invalid", "correct what writes it, and measure again")
        items = enumerate(found, 1)
        return _runs(source, "item", batches((i, json.dumps(item).encode()) for i, item in items))
    return _runs(source, "line", _numbered_lines(source))


def runs_of_parquet(source: Source, options: ForeignOptions) -> Iterator[Run]:
    """Yield the runs of a Parquet file, whose columns are called like the keys of a run summary.

    Raises:
        CannotDecideError: pyarrow is not there, it is no such file, or a run is not valid.
    """
    try:
        import pyarrow as pa  # type: ignore[import-not-found]  # may not be there
        import pyarrow.parquet as pq  # type: ignore[import-not-found]  # see above
    except ImportError:
        hint = f"for run summaries: pip install pyarrow, or write JSON lines; or {engine_hint(source.path)}"
        raise source.fault("reading Parquet needs pyarrow", hint) from None
    try:
        file = pq.ParquetFile(pa.BufferReader(source.content()))
        if _ID not in file.schema_arrow.names:
            raise source.fault(f'is Parquet without the column "{_ID}" of run summaries', engine_hint(source.path))
        if file.metadata.num_rows > MOST_ROWS:
            raise source.fault(f"has more than {MOST_ROWS:,} rows", "divide it into several files")
        rows = (row for batch in file.iter_batches(_BATCH) for row in batch.to_pylist())
        yield from _runs(source, "row", batches((i, _as_summary(row)) for i, row in enumerate(rows, 1)))
    except (pa.ArrowException, OSError, ValueError, ArithmeticError, LookupError, RecursionError) as caught:
        raise source.fault(f"no Parquet that can be read: {str(caught)[:200]}", "write it again") from None


def _as_summary(row: dict[str, Any]) -> bytes:
    """Return a row as the text of a run summary; a column without a value is a key that is not there."""
    return json.dumps(_without_nothing(row), default=_plain).encode()


def _without_nothing(value: Any) -> Any:  # noqa: ANN401 - what a column holds
    if isinstance(value, dict):
        return {k: _without_nothing(v) for k, v in value.items() if v is not None}
    if isinstance(value, list) and value and all(isinstance(v, tuple) for v in value):  # how pyarrow gives a map
        return {k: _without_nothing(v) for k, v in value if v is not None}
    return value


def _plain(value: object) -> str:
    """Return a point in time as ISO 8601, anything else as its text."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _numbered_lines(source: Source) -> Iterator[list[tuple[int, bytes]]]:
    """Yield the lines of a file with their numbers, blank ones left out, as many at a time as pay as columns."""
    held: list[tuple[int, bytes]] = []
    count, size = 1, 0
    for lines in source.line_batches():
        held += enumerate(lines, count)
        if not min(map(len, lines), default=0):
            held = [n for n in held if n[1].strip()]
        count += len(lines)
        size += sum(map(len, lines))
        if len(held) >= _LINES or size > BYTES_AT_ONCE:
            yield held
            held, size = [], 0
    yield held


def _runs(source: Source, word: str, texts: Iterable[list[tuple[int, bytes]]]) -> Iterator[Run]:
    """Yield the runs of summaries, each with its place in the file; a copy is left out.

    Args:
        source: the file.
        word: what the summaries are in it, such as ``line``.
        texts: number and content of each, as many at a time as are read together.
    """
    reader, name = SummaryReader(), source.name
    source.is_hashed = source.claims is None  # else the ids of the runs say what was read before
    claims = source.claims or Claims(ids=RunIds(), columns="none")
    place = claims.begin(f"{source.path}: {word} ")
    together = None if claims.columns == "none" else ColumnReader(reader, with_digests=claims.columns != "plain")
    faults: list[Diagnostic] = []
    for batch in texts:
        kinds = together.read([(name, batch)]) if together else None
        if together and kinds is not None and _claim(claims.ids, place, kinds, batch):
            yield from together.runs(kinds, claims.ids.name_of(place))
        else:
            yield from _one_by_one(batch, partial(reader.parse, folder=name), claims, word, faults)
        if len(faults) >= MOST_FAULTS:
            break
    if faults:
        raise CannotDecideError(faults)


def _claim(ids: RunIds, place: int, kinds: Sequence[Kind], batch: Sequence[tuple[int, bytes]]) -> bool:
    """Claim the ids of all runs, if each is there for the first time."""
    run_ids, numbers = ids_of(kinds)
    contents = dict(batch)
    return ids.claim_all(run_ids, place, numbers, list(map(contents.__getitem__, numbers)))


def _one_by_one(
    texts: Iterable[tuple[int, bytes]],
    parse: Callable[[bytes, str], Run],
    claims: Claims,
    word: str,
    faults: list[Diagnostic],
) -> Iterator[Run]:
    """Yield the runs of summaries, each as a whole; faults are added to those that there are."""
    ids, place = claims.ids, claims.place or 0
    for line, content in texts:
        if not content.strip():
            continue
        origin = ids.name_of(place + line)
        try:
            run = parse(content, origin)
        except CannotDecideError as caught:
            faults.extend(caught.diagnostics)
            if len(faults) >= MOST_FAULTS:
                return
            continue
        number = ids.claim(run.run_id, place + line, content)
        first = ids.line_in(place, number)
        if first == line:
            yield run
        elif first is None:
            claims.elsewhere.append(Again(run.run_id, number, origin, mark_of(run)))
        elif not ids.is_copy(run.run_id, content):
            message = f'the run id "{run.run_id}" is in {word} {first} too, with other contents'
            faults.append(error("run-id-twice", message, place=origin, hint="give each run an id of its own"))


def _records(runs: Iterable[Run]) -> Iterator[Record | Skipped]:
    """Yield what runs say, benchmark by benchmark; failed ones are left out."""
    found: dict[tuple[str, str], tuple[dict[str, Any], list[float]]] = {}
    names: dict[str, int] = {}
    for run in runs:
        name = title(run.benchmark, run.labels)
        failed = run.status != "ok"
        names[name] = names.get(name, 0) + (not failed)
        for metric, value in () if failed else run.values:
            facts: dict[str, Any] = {
                "metric": metric.name,
                "unit": metric.unit,
                "better": metric.better,
                "started_at": run.started_at,
            }
            found.setdefault((name, metric.name), (facts | {"commit": run.commit}, []))[1].append(value)
    for (name, _), (facts, values) in found.items():
        yield Record(benchmark=name, **facts, payload=Samples(values=values))
    yield from (Skipped(benchmark=name, why="every run failed") for name, good in names.items() if not good)
