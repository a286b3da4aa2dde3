"""Reader of logs by a field map: JSON lines, a JSON array, CSV or TSV; and the maps that are built in."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from perfgate.core.errors import cannot_decide
from perfgate.core.sources.field_map import FieldMap, FieldValue
from perfgate.core.text.near_names import find_near
from perfgate.formats.parsing.logs.field_map import Grouping, fields_of
from perfgate.formats.parsing.logs.rows import (
    BATCH,
    STAMP,
    TIMES,
    Broken,
    Table,
    find_object,
    is_array,
    is_json,
    json_columns,
    json_rows,
    object_of,
    stamp_of,
    stamps_of,
)
from perfgate.formats.parsing.logs.typed import Shape, decode_lines
from perfgate.formats.parsing.parquet import MAGIC, engine_hint
from perfgate.formats.parsing.record import Skipped
from perfgate.formats.readers.top_functions import TopFunctions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.logs.rows import Columns
    from perfgate.formats.parsing.record import Record
    from perfgate.formats.parsing.source import Source

PREDICTION_LOG = FieldMap(
    name="prediction-log",
    is_wide=True,
    where=(("event", "prediction_metrics"),),
    benchmark="{series_id}/{model_version}",
    ok="ok",
    is_ok_optional=True,
    time=STAMP,
    values=(
        FieldValue(value="latency_inference_ms"),
        FieldValue(value="latency_logging_ms", allow_zero=True),
        FieldValue(value="latency_total_ms"),
        FieldValue(value="latency_logging_ms", over="latency_total_ms", metric="logging_share"),
        FieldValue(value="cache_hit", metric="cache_hit_rate", share=True, better="higher"),
        FieldValue(value="anomaly", metric="anomaly_rate", share=True, better="lower"),
    ),
)
"""Log lines of a model service, one for each prediction."""

PERFORMANCE_LOG = FieldMap(
    name="performance-log",
    is_wide=True,
    inside="performance_metrics",
    time=STAMP,
    values=(
        FieldValue(value="inference_time_ms"),
        FieldValue(value="cpu_time_ms", allow_zero=True),
        FieldValue(value="latency_ms"),
        FieldValue(value="memory_mb"),
        FieldValue(value="memory_delta_mb", allow_zero=True),
        FieldValue(value="function_calls", unit="1", better="lower"),
    ),
)
"""Log lines of a profiled service: an object ``performance_metrics``, bare or inside a logger's own object."""

REQUEST_LOG = FieldMap(
    name="request-log",
    is_wide=True,
    where=(("event", "request"),),
    benchmark="{method} {route}",
    ok="status",
    time=STAMP,
    values=(FieldValue(value="duration_ms", metric="response_time"),),
)
"""Log lines of a web service, one for each request."""

PRESETS = (PREDICTION_LOG, PERFORMANCE_LOG, REQUEST_LOG)
"""Maps that need no configuration."""


def parse_prediction_log(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the latencies of each series and model version, and the share of answers from the cache."""
    return read_mapped(PREDICTION_LOG, source, options)


def parse_request_log(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the response times, the share of errors and the throughput of each route."""
    return read_mapped(REQUEST_LOG, source, options)


def parse_performance_log(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield times, memory and function calls, under the file's stem, and the functions that took most time."""
    functions = TopFunctions()
    yield from read_mapped(PERFORMANCE_LOG, source, options, functions)
    yield from functions.records(source.name)


def read_mapped(
    mapped: FieldMap, source: Source, options: ForeignOptions, functions: TopFunctions | None = None
) -> Iterator[Record | Skipped]:
    """Yield what the rows of a file say by a map, one record for each benchmark and metric.

    Rows that failed count for ``error_rate`` and for nothing else.

    Args:
        mapped: which field says what.
        source: the file.
        options: what the user asked for.
        functions: takes the functions of each row; None: they have none.

    Raises:
        CannotDecideError: nobody says which way a value is better, too many lines are broken or hold no number,
            no row is the map's, it is Parquet, or the file cannot be read.
    """
    _check_directions(mapped, source, options)
    if source.head_bytes.startswith(MAGIC):
        message = "is Parquet, which a field map reads with --engine alone"
        raise cannot_decide("format-unread", message, place=source.path, hint=engine_hint(source.path))
    if not source.head.strip() and not source.is_cut:
        raise source.fault("is empty", "measure again, or check what writes it")
    broken = Broken()
    if is_json(source):
        batches, columns = _json_batches(mapped, source, broken, options, functions)
        grouping = Grouping(mapped, source, columns, broken, options.split_by)
    else:
        table = Table(source, broken)
        batches = table.batches()
        split_by = [field for field in options.split_by if field in table.header]
        grouping = Grouping(mapped, source, table.columns, broken, split_by)
    for rows, lines in batches:
        grouping.take(rows, lines)
    skipped = list(broken.skipped(source, options.tolerance))
    if grouping.is_empty:
        raise source.fault(*_nothing(mapped))
    yield from grouping.records(broken.what, options.direction, options.tolerance)
    for field in grouping.absent:
        near = find_near(field, _first_keys(source))
        why = f'no row holds it; did you mean "{near}"?' if near else "no row holds it: correct the map"
        yield Skipped(benchmark=f"field {field}", why=why)
    yield from skipped


def _first_keys(source: Source) -> Iterable[str]:
    """Return the keys of the first line of JSON lines; none: it is no object."""
    line = next(iter(source.head.splitlines()), "")
    return object_of(line, 1, Broken(), is_choosy=True) or ()


def _json_batches(
    mapped: FieldMap, source: Source, broken: Broken, options: ForeignOptions, functions: TopFunctions | None
) -> tuple[Iterable[tuple[Sequence[Any], Sequence[int]]], Callable[[Sequence[str]], Columns]]:
    """Return the rows of a file, some at a time with their numbers, and what finds fields in them.

    Of JSON lines only the fields of the map are decoded, unless they lie in an object that has to be looked for.
    """
    try:
        shape = Shape([*fields_of(mapped, options.split_by), *(TIMES if mapped.time == STAMP else ())])
    except ValueError:  # such fields are found in whole rows alone
        shape = None
    if shape is None or mapped.inside or functions is not None or is_array(source):
        return _whole_batches(mapped, source, broken, functions), json_columns
    return _typed_batches(mapped, source, broken, shape), partial(_stamped, shape)


def _stamped(shape: Shape, fields: Sequence[str]) -> Columns:
    """Return what finds fields in records, the time of a built-in map under its usual names."""
    if STAMP not in fields:
        return shape.columns(fields)
    at = fields.index(STAMP)
    find = shape.columns([*fields[:at], *fields[at + 1 :], *TIMES])

    def found(rows: Sequence[Any]) -> Sequence[Sequence[object]]:
        cells = find(rows)
        others = len(fields) - 1
        return [*cells[:at], stamps_of(cells[others:]), *cells[at:others]]

    return found


def _typed_batches(
    mapped: FieldMap, source: Source, broken: Broken, shape: Shape
) -> Iterator[tuple[list[Any], list[int]]]:
    """Yield the fields of the map of each row; a line that holds other things there is read as a whole."""
    rows: list[Any] = []
    places: list[int] = []
    first = 1
    for lines in source.line_batches():
        found, gaps = decode_lines(shape.decode, lines)
        numbers = range(first, first + len(lines))
        broken.lines += len(lines) - len(gaps)
        for at in gaps:
            row = _row_of(mapped, lines[at].decode(), numbers[at], broken)
            found[at] = None if row is None else shape.record(row)
        rows += [row for row in found if row is not None] if gaps else found
        places += [number for number, row in zip(numbers, found, strict=True) if row is not None] if gaps else numbers
        first += len(lines)
        while len(rows) >= BATCH:
            yield rows[:BATCH], places[:BATCH]
            del rows[:BATCH], places[:BATCH]
    if rows:
        yield rows, places


def _row_of(mapped: FieldMap, line: str, number: int, broken: Broken) -> dict[str, Any] | None:
    """Return the object of a line, for a built-in map with its time under the first of its usual names."""
    is_stamped = mapped.time == STAMP
    row = object_of(line, number, broken, is_choosy=mapped.is_choosy, is_stamped=is_stamped)
    return row if row is None or not is_stamped else row | dict.fromkeys(TIMES) | {TIMES[0]: stamp_of(row)}


def _whole_batches(
    mapped: FieldMap, source: Source, broken: Broken, functions: TopFunctions | None
) -> Iterator[tuple[Sequence[dict[str, Any]], Sequence[int]]]:
    """Yield the objects that hold the map's fields; for a built-in map with their times."""
    rows = _rows_of(mapped, source, broken)
    while some := list(islice(rows, BATCH)):
        lines, batch = zip(*some, strict=True)
        yield batch, lines
        if functions is not None:
            for row in batch:
                functions.take(row)


def _rows_of(mapped: FieldMap, source: Source, broken: Broken) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects that hold the map's fields, with their numbers; for a built-in map with their times."""
    is_stamped = mapped.time == STAMP
    for number, row in json_rows(source, broken, is_choosy=mapped.is_choosy, is_stamped=is_stamped):
        found = find_object(row, mapped.inside) if mapped.inside else row
        if found is None:
            continue
        if is_stamped:
            found[STAMP] = stamp_of(*((row,) if found is row else (row, found)))
        yield number, found


def _check_directions(mapped: FieldMap, source: Source, options: ForeignOptions) -> None:
    """Raise CannotDecideError for values without a direction: who lists a value wants it judged, not left out."""
    unclear = [v.value for v in mapped.values if v.resolved()[2] is None and options.direction is None]
    if unclear:
        message = f'the map "{mapped.name}" does not say which way is better, for {", ".join(unclear)}'
        hint = 'write better = "lower" (times) or "higher" (rates) beside the value; or --direction lower, or higher'
        raise cannot_decide("direction-unknown", message, place=source.path, hint=hint)


def _nothing(mapped: FieldMap) -> tuple[str, str]:
    wanted = [f"{field} = {value}" for field, value in mapped.where] + [f"an object {mapped.inside}"] * bool(
        mapped.inside
    )
    with_what = f" with {' and '.join(wanted)}" if wanted else ""
    return f'has no row{with_what}, which the map "{mapped.name}" asks for', "check the map, or measure again"
