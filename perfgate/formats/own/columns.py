"""Many run summaries -> columns: a run of each kind as a whole, and beside it what the others state differently."""

from __future__ import annotations

from array import array
from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from perfgate.core.errors import CannotDecideError
from perfgate.core.metrics import CPU, ELAPSED, PEAK_MEMORY
from perfgate.core.run import RunColumns, digest_of_values
from perfgate.core.text.dates import cut_to_hour
from perfgate.formats.own.imported import is_imported

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfgate.core.run import Run
    from perfgate.formats.own.run_summary import Row, SummaryReader

RUN_ID = b'"run_id"'
"""Stands in each run summary; without it a file is of another tool."""
_PLAIN = (ELAPSED.name, PEAK_MEMORY.name, CPU.name)
"""Metrics of a summary that `SummaryReader.skim` reads."""
_OF_ROW = 4
"""Items of a row before its values."""
_SOURCE, _NAMES = 4, 9
"""Places in a kind of the source of its memory, and of what names its metrics."""
_FEWEST_KINDS, _RUNS_A_KIND = 32, 4
"""Kinds from which on columns must pay: where they have fewer runs each, whole runs take less."""


BATCH = 2048
"""Summaries that are read together: all of them one by one, where one is no plain run summary."""
BYTES_AT_ONCE = 1 << 21
"""Bytes of them that are in memory at once: a summary may have megabytes."""
_AT_ONCE = 256
"""Summaries after which those that vary too much for columns are left."""


def batches(items: Iterable[tuple[int, bytes]], most: int = BATCH) -> Iterator[list[tuple[int, bytes]]]:
    """Yield summaries in lists of `most` at most, and of so many bytes that they do not fill the memory."""
    held: list[tuple[int, bytes]] = []
    size = 0
    for item in items:
        held.append(item)
        size += len(item[1])
        if len(held) == most or size > BYTES_AT_ONCE:
            yield held
            held, size = [], 0
    if held:
        yield held


class Kind(NamedTuple):
    """The summaries of one kind among those that were read together."""

    number: int
    """Of the first one."""
    folder: str
    """Name of its folder, which names a benchmark that has no name."""
    content: bytes
    """Of the first one, which is read as a whole."""
    run_id: str
    """Of the first one."""
    columns: RunColumns
    """All others; they do not know their places yet."""


def ids_of(kinds: Iterable[Kind]) -> tuple[list[str], array[int]]:
    """Return the ids of all summaries, and their numbers in the same order."""
    run_ids: list[str] = []
    numbers = array("I")
    for kind in kinds:
        run_ids.append(kind.run_id)
        run_ids.extend(kind.columns.run_ids)
        numbers.append(kind.number)
        numbers.extend(kind.columns.numbers)
    return run_ids, numbers


class ColumnReader:
    """Reads summaries as columns; whatever is not plainly a sound run summary is left to who reads them one by one."""

    def __init__(self, summaries: SummaryReader, *, with_digests: bool) -> None:
        """Start with nothing read.

        Args:
            summaries: reads one summary.
            with_digests: are the digests of the runs asked for?
        """
        self._summaries = summaries
        self._with_digests = with_digests

    def read(self, folders: Iterable[tuple[str, Sequence[tuple[int, bytes]]]]) -> list[Kind] | None:
        """Return the kinds of summaries, in the order of their first ones; None: one of them is none, or they vary.

        Args:
            folders: the summaries, some at a time: the name of their folder, and number and content of each. That
                they cannot be read (CannotDecideError) counts as one that is none.
        """
        by_folder: defaultdict[str, dict[tuple[Any, ...], tuple[bytes, list[Row]]]] = defaultdict(dict)
        done = 0
        try:
            for folder, items in folders:
                found = by_folder[folder]
                for begin in range(0, len(items), _AT_ONCE):
                    some = items[begin : begin + _AT_ONCE]
                    for number, content in self._summaries.skim(some, found):
                        run = self._parse(content, folder)
                        if run is None:
                            return None
                        row = number, run.run_id, run.started_at, run.rows_used, *(value for _, value in run.values)
                        found.setdefault(_kind_of(run), (content, []))[1].append(row)
                    done += len(some)
                    kinds = sum(map(len, by_folder.values()))
                    if kinds > _FEWEST_KINDS and kinds * _RUNS_A_KIND > done:
                        return None
        except CannotDecideError:
            return None
        read = [
            self._closed(kind, folder, content, rows)
            for folder, found in by_folder.items()
            for kind, (content, rows) in found.items()
        ]
        read.sort(key=attrgetter("number"))
        return read

    def _closed(self, kind: tuple[Any, ...], folder: str, content: bytes, rows: Sequence[Row]) -> Kind:
        """Return all summaries of a kind as columns."""
        names = kind[_NAMES]
        if not isinstance(names, tuple):
            names = _PLAIN[:-1] if names else _PLAIN
        none: tuple[Any, ...] = ((),) * (_OF_ROW + len(names))
        numbers, run_ids, started, workloads, *values = zip(*rows[1:], strict=True) if rows[1:] else none
        columns = RunColumns(
            run_ids=run_ids,
            started=started,
            rows=array("q", workloads),
            values=tuple([array("d", values[i]) for i in range(len(names))]),
            numbers=array("I", numbers),
        )
        if self._with_digests:
            of_run = zip(run_ids, workloads, *columns.values, strict=True)
            source = kind[_SOURCE] or ""
            columns.digests = [
                digest_of_values(run_id, workload, source, [*zip(names, own, strict=True)])
                for run_id, workload, *own in of_run
            ]
        return Kind(rows[0][0], folder, content, rows[0][1], columns)

    def runs(self, kinds: Sequence[Kind], places: Sequence[str] | str) -> Iterator[Run]:
        """Yield a run of each kind, with the others beside it.

        Args:
            kinds: as `read` returned them.
            places: see `RunColumns.places`.
        """
        for kind in kinds:
            origin = f"{places}{kind.number}" if isinstance(places, str) else places[kind.number]
            run = self._summaries.parse(kind.content, origin, kind.folder)
            if len(kind.columns):
                run.more = kind.columns
                run.more.places = places
            yield run

    def _parse(self, content: bytes, folder: str) -> Run | None:
        """Return the run of any summary but one with series, which has more than rows can hold.

        Raises:
            CannotDecideError: it is none.
        """
        if RUN_ID not in content or is_imported(content):
            return None
        run = self._summaries.parse(content, "", folder)
        return None if run.series else run


def _kind_of(run: Run) -> tuple[Any, ...]:
    """Return what a run has in common with those that differ from it in id, start, rows and values only."""
    return (
        run.benchmark,
        run.labels,
        run.status,
        run.session,
        run.memory_source,
        id(run.environment),
        run.commit,
        run.command,
        run.shard,
        tuple(metric.name for metric, _ in run.values),
        "" if run.session else cut_to_hour(run.started_at),
        *(id(metric) for metric, _ in run.values),
    )
