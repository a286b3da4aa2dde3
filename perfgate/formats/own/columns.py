"""Many run summaries -> columns: a run of each kind as a whole, and beside it what the others state differently."""

from __future__ import annotations

from array import array
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
_OF_ROW = 3
"""Items of a row before its values."""
_SOURCE, _NAMES = 4, 9
"""Places in a kind of the source of its memory, and of what names its metrics."""
_FEWEST_KINDS, _RUNS_A_KIND = 32, 4
"""Kinds from which on columns must pay: where they have fewer runs each, whole runs take less."""


BATCH = 1024
"""Summaries that are read together: all of them one by one, where one is no plain run summary."""
BYTES_AT_ONCE = 1 << 21
"""Bytes of them that are in memory at once: a summary may have megabytes."""


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


class _Rows:
    """The summaries of one kind while they are read."""

    __slots__ = ("begin", "key", "numbers", "rows")

    def __init__(self, key: tuple[Any, ...], begin: tuple[int, str, bytes]) -> None:
        self.key, self.begin = key, begin
        self.numbers: list[int] = []
        self.rows: list[Row] = []

    def kind(self, *, with_digests: bool) -> Kind:
        """Return them as columns."""
        metrics = len(self.rows[0]) - _OF_ROW
        run_ids, started, workloads, *values = (
            zip(*self.rows[1:], strict=True) if self.rows[1:] else ([],) * (_OF_ROW + metrics)
        )
        columns = RunColumns(
            run_ids=run_ids,
            started=started,
            rows=array("q", workloads),
            values=tuple(array("d", column) for column in values),
            numbers=array("I", self.numbers[1:]),
            digests=list(map(self._digest, self.rows[1:])) if with_digests else (),
        )
        return Kind(*self.begin, self.rows[0][0], columns)

    def _digest(self, row: Row) -> str:
        source, names = self.key[_SOURCE], self.key[_NAMES]
        values = row[_OF_ROW:]
        names = names if isinstance(names, tuple) else _PLAIN[: len(values)]
        return digest_of_values(row[0], row[2], source or "", [*zip(names, values, strict=True)])


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
        found: list[_Rows] = []
        by_folder: dict[str, dict[tuple[Any, ...], _Rows]] = {}
        skim, done = self._summaries.skim, 0
        try:
            for folder, items in folders:
                kinds = by_folder.setdefault(folder, {})
                for number, content in items:
                    skimmed = skim(content) or self._parse(content, folder)
                    if skimmed is None:
                        return None
                    key, row = skimmed
                    done += 1
                    rows = kinds.get(key)
                    if rows is None:
                        rows = kinds[key] = _Rows(key, (number, folder, content))
                        found.append(rows)
                        if len(found) > _FEWEST_KINDS and len(found) * _RUNS_A_KIND > done:
                            return None
                    rows.rows.append(row)
                    rows.numbers.append(number)
        except CannotDecideError:
            return None
        return [rows.kind(with_digests=self._with_digests) for rows in found]

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

    def _parse(self, content: bytes, folder: str) -> tuple[tuple[Any, ...], Row] | None:
        """Return the same as `SummaryReader.skim`, of any summary but one with series.

        Raises:
            CannotDecideError: it is none.
        """
        if RUN_ID not in content or is_imported(content):
            return None
        run = self._summaries.parse(content, "", folder)
        if run.series:
            return None
        if skimmed := self._summaries.skim(content):  # the first one like it
            return skimmed
        kind = (
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
        return kind, (run.run_id, run.started_at, run.rows_used, *(value for _, value in run.values))
