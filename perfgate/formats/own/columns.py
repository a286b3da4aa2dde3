"""Many run summaries -> columns: a run of each kind as a whole, and beside it what the others state differently."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError
from perfgate.core.run import RunColumns, digest_of_values
from perfgate.core.text.dates import cut_to_hour
from perfgate.formats.own.imported import is_imported

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from perfgate.core.run import Run
    from perfgate.formats.own.run_summary import Row, SummaryReader

RUN_ID = b'"run_id"'
"""Stands in each run summary; without it a file is of another tool."""
_FEWEST_KINDS, _RUNS_A_KIND = 32, 4
"""Kinds from which on columns must pay: where they have fewer runs each, whole runs take less."""


BATCH = 1024
"""Summaries that are read together: all of them one by one, where one is no plain run summary."""
_BYTES_AT_ONCE = 1 << 21
"""Bytes of them that are in memory at once: a summary may have megabytes."""


def batches(items: Iterable[tuple[int, bytes]], most: int = BATCH) -> Iterator[list[tuple[int, bytes]]]:
    """Yield summaries in lists of `most` at most, and of so many bytes that they do not fill the memory."""
    held: list[tuple[int, bytes]] = []
    size = 0
    for item in items:
        held.append(item)
        size += len(item[1])
        if len(held) == most or size > _BYTES_AT_ONCE:
            yield held
            held, size = [], 0
    if held:
        yield held


class Kind:
    """The summaries of one kind among those that were read together."""

    __slots__ = ("content", "folder", "number", "numbers", "rows")

    def __init__(self, number: int, folder: str, content: bytes) -> None:
        """Begin with a first summary, which will be read as a whole.

        Args:
            number: of the summary.
            folder: name of its folder, which names a benchmark that has no name.
            content: what it holds.
        """
        self.number, self.folder, self.content = number, folder, content
        self.numbers: list[int] = []
        self.rows: list[Row] = []


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

    def read(self, folders: Iterable[tuple[str, Iterable[tuple[int, bytes]]]]) -> list[Kind] | None:
        """Return the kinds of summaries, in the order of their first ones; None: one of them is none, or they vary.

        Args:
            folders: the summaries, folder by folder: its name, and number and content of each of them. That they
                cannot be read (CannotDecideError) counts as one that is none.
        """
        found: list[Kind] = []
        skim, done = self._summaries.skim, 0
        try:
            for folder, items in folders:
                kinds: dict[Hashable, Kind] = {}
                for number, content in items:
                    skimmed = skim(content) or self._parse(content, folder)
                    if skimmed is None:
                        return None
                    key, row = skimmed
                    done += 1
                    kind = kinds.get(key)
                    if kind is None:
                        kind = kinds[key] = Kind(number, folder, content)
                        found.append(kind)
                        if len(found) > _FEWEST_KINDS and len(found) * _RUNS_A_KIND > done:
                            return None
                    kind.rows.append(row)
                    kind.numbers.append(number)
        except CannotDecideError:
            return None
        return found

    def runs(self, kinds: Sequence[Kind], places: Sequence[str] | str) -> Iterator[Run]:
        """Yield a run of each kind, with the others beside it.

        Args:
            kinds: as `read` returned them.
            places: see `RunColumns.places`.
        """
        for kind in kinds:
            origin = f"{places}{kind.number}" if isinstance(places, str) else places[kind.number]
            run = self._summaries.parse(kind.content, origin, kind.folder)
            if len(kind.rows) > 1:
                run.more = self._columns(kind, run, places)
            yield run

    def _columns(self, kind: Kind, run: Run, places: Sequence[str] | str) -> RunColumns:
        """Return the columns of all summaries of a kind but the first."""
        rows = kind.rows[1:]
        run_ids, started, workloads, *values = zip(*rows, strict=True)
        names = [metric.name for metric, _ in run.values]
        digests: Sequence[str] = ()
        if self._with_digests:
            digests = [digest_of_values(r[0], r[2], run.memory_source, [*zip(names, r[3:], strict=True)]) for r in rows]
        return RunColumns(
            run_ids=run_ids,
            started=started,
            rows=array("q", workloads),
            values=tuple(array("d", column) for column in values),
            numbers=array("I", kind.numbers[1:]),
            places=places,
            digests=digests,
        )

    def _parse(self, content: bytes, folder: str) -> tuple[Hashable, Row] | None:
        """Return the same as `SummaryReader.skim`, of any summary but one with series.

        Raises:
            CannotDecideError: it is none.
        """
        if RUN_ID not in content or is_imported(content):
            return None
        run = self._summaries.parse(content, "", folder)
        if run.series:
            return None
        kind = (
            run.benchmark, run.labels, run.status, run.session, run.memory_source, id(run.environment), run.commit,
            run.command, run.shard, "" if run.session else cut_to_hour(run.started_at),
            *(id(metric) for metric, _ in run.values),
        )  # fmt: skip
        return kind, (run.run_id, run.started_at, run.rows_used, *(value for _, value in run.values))
