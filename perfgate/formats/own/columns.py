"""Many run summaries -> columns: a run of each kind as a whole, and beside it what the others state differently."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError
from perfgate.core.metrics import CPU, ELAPSED, PEAK_MEMORY
from perfgate.core.run import RunColumns, digest_of_values
from perfgate.core.text.dates import cut_to_hour
from perfgate.formats.own.imported import is_imported

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from perfgate.core.run import Run
    from perfgate.formats.own.run_summary import SummaryReader

RUN_ID = b'"run_id"'
"""Stands in each run summary; without it a file is of another tool."""
_PLAIN = (ELAPSED.name, PEAK_MEMORY.name, CPU.name)
"""Metrics of a summary that `SummaryReader.skim` reads."""
_FEWEST_KINDS, _RUNS_A_KIND = 32, 4
"""Kinds from which on columns must pay: where they have fewer runs each, whole runs take less."""
Item = tuple[int, str, str, bytes]
"""Number of a summary, path and name of its folder, and its content."""


class Kind:
    """The summaries of one kind among those that were read together."""

    __slots__ = ("columns", "content", "folder", "name", "number", "run_id")

    def __init__(self, item: Item, run_id: str, metrics: int) -> None:
        """Begin with a first summary, which will be read as a whole."""
        self.number, self.folder, self.name, self.content = item
        self.run_id = run_id
        values = tuple(array("d") for _ in range(metrics))
        self.columns = RunColumns(run_ids=[], started=[], rows=array("q"), values=values, numbers=array("I"))


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

    def read(self, items: Iterable[Item]) -> list[Kind] | None:
        """Return the kinds of summaries, in the order of their first ones; None: one of them is none, or they vary.

        Args:
            items: the summaries; a CannotDecideError while they are read counts as one that is none.
        """
        found: list[Kind] = []
        folder: str | None = None
        kinds: dict[Hashable, Kind] = {}
        by_folder: dict[str, dict[Hashable, Kind]] = {}
        skim, with_digests, done = self._summaries.skim, self._with_digests, 0
        try:
            for item in items:
                content = item[3]
                if RUN_ID not in content:
                    return None
                if item[1] != folder:
                    folder = item[1]
                    kinds = by_folder.setdefault(folder, {})
                row = skim(content) or self._parse(item)
                if row is None:
                    return None
                done += 1
                kind, run_id, started, rows, values = row
                held = kinds.get(kind)
                if held is None:
                    held = kinds[kind] = Kind(item, run_id, len(values))
                    found.append(held)
                    if len(found) > _FEWEST_KINDS and len(found) * _RUNS_A_KIND > done:
                        return None
                    continue
                columns = held.columns
                columns.run_ids.append(run_id)
                columns.started.append(started)
                columns.rows.append(rows)
                columns.numbers.append(item[0])
                for column, value in zip(columns.values, values, strict=True):
                    column.append(value)
                if with_digests:
                    columns.digests.append(_digest(kind, run_id, rows, values))
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
            run = self._summaries.parse(kind.content, origin, kind.name)
            if len(kind.columns):
                kind.columns.places = places
                run.more = kind.columns
            yield run

    def _parse(self, item: Item) -> tuple[Hashable, str, str, int, tuple[float, ...]] | None:
        """Return the same as `SummaryReader.skim`, of any summary but one with series.

        Raises:
            CannotDecideError: it is none.
        """
        number, _, name, content = item
        if is_imported(content):
            return None
        run = self._summaries.parse(content, str(number), name)
        if run.series:
            return None
        kind = (
            run.benchmark, run.labels, run.status, run.session, run.memory_source, id(run.environment), run.commit,
            run.command, run.shard, tuple(metric.name for metric, _ in run.values), *(id(m) for m, _ in run.values),
            "" if run.session else cut_to_hour(run.started_at),
        )  # fmt: skip
        return kind, run.run_id, run.started_at, run.rows_used, tuple(value for _, value in run.values)


def _digest(kind: Hashable, run_id: str, rows: int, values: Sequence[float]) -> str:
    """Return the digest of a run from its row."""
    source, names = kind[4], kind[9]  # type: ignore[index] # a tuple, as built above
    names = _PLAIN if isinstance(names, bool) else names
    return digest_of_values(run_id, rows, source or "", [*zip(names, values, strict=False)])
