"""The result files of a measured command: removed before each of its runs, and read after it as one value a run.

A tool that repeats the code until a time is over measures the code itself. Its samples of one process share caches,
memory layout and the load of that moment: taken together as if they were independent, an unchanged program would be
red in 40 to 53 of 100 comparisons. So each process run is one value. The smallest sample finds four times as many
changes on a busy machine as the median, which stands beside it.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from perfgate.core.atomic import write_whole
from perfgate.core.errors import CannotDecideError, cannot_decide, note
from perfgate.core.measured import MEANS_OF_CALLS
from perfgate.core.metrics import ELAPSED, MEDIAN_OF_RUN, Metric
from perfgate.core.profile import title
from perfgate.core.run import environment_of
from perfgate.core.text.names import list_some
from perfgate.formats.detect import detect
from perfgate.formats.discovery import RunReader
from perfgate.formats.options import complete
from perfgate.formats.own.imported import decode_imported, encode_imported, imported_to_data
from perfgate.formats.parsing.source import Source
from perfgate.measure.identity import new_run_id
from perfgate.measure.machine import facts
from perfgate.measure.summary import format_utc
from perfgate.pipeline.measuring.presence import Presence
from perfgate.stats.cells import count_of_cells, spread
from perfgate.stats.quantiles import median
from perfgate.store.checkouts.tree import is_tracked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from perfgate.core.errors import Diagnostic
    from perfgate.core.policy import Policy
    from perfgate.core.run import Run, Series
    from perfgate.formats.options import ForeignOptions
    from perfgate.measure.command.run import CommandResult

OUTPUT = "-"
"""Stands for the command's stdout among the paths of results."""
WHOLE_LEFT_OUT = note(
    "whole-command-left-out",
    "each benchmark of the results is judged, one value a run; the time and memory of the whole command are not",
)
OUTPUT_NAME = "the command's stdout"
_FEWEST_SAMPLES = 5
"""Samples of a run below which the smallest says less than the median."""
_OWN_PLACE = "name a file or folder below the working folder that the command writes itself"
_MOST_NAMES = 5
_P50 = "p50"
_CRITERION = "criterion"
_NEWEST = "new"
"""Folder of the newest results of a benchmark, in that of Criterion; beside it are those of named baselines."""
_OF_CRITERION = frozenset({"benchmark.json", "estimates.json", "sample.json", "tukey.json"})
_THINNED = "values-thinned"
"""Of no interest here: a run is one value."""


class Taken(Protocol):
    """What is judged of a command in place of its time and memory, on one side."""

    notes: dict[Diagnostic, None]
    """What a reader of the report should know, each once."""

    @property
    def has_output(self) -> bool:
        """Is the command's stdout needed?"""
        ...  # pragma: no cover - a signature

    def prepare(self, scratch: str) -> None:
        """Make sure that nothing of an earlier run is taken for the next one's.

        Args:
            scratch: a folder that is removed at the end.
        """
        ...  # pragma: no cover - a signature

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        """Return what is run in place of a command, but for warm-up runs, which only fill caches."""
        ...  # pragma: no cover - a signature

    def variables(self) -> Mapping[str, str]:
        """Return what the command gets in its environment in addition."""
        ...  # pragma: no cover - a signature

    def read(self, output: str, *, is_warmup: bool) -> list[Run]:
        """Return what the last run left: a run for each benchmark, one value a metric.

        Args:
            output: file that holds the command's stdout, where that is needed.
            is_warmup: is it a run that is not judged?

        Raises:
            CannotDecideError: it left nothing that can be judged.
        """
        ...  # pragma: no cover - a signature

    def explain(self, result: CommandResult) -> CannotDecideError | None:
        """Return why a run failed for another cause than the command; None: the command itself failed."""
        ...  # pragma: no cover - a signature

    def require_steady(self, whose: str = "") -> None:
        """Return when every run measured the same benchmarks.

        Args:
            whose: side that was measured, such as `` of the base``; empty: there is one.

        Raises:
            CannotDecideError: one did not.
        """
        ...  # pragma: no cover - a signature


class ResultFiles:
    """Where a command leaves its results, on one side."""

    def __init__(self, paths: Sequence[str], folder: str | None, options: ForeignOptions, policy: Policy) -> None:
        """Take note of where they are.

        Args:
            paths: files and folders relative to the working folder of the command, or `OUTPUT`.
            folder: that working folder; None: this process's.
            options: what the user says about files of other tools.
            policy: the configuration, with its field maps.

        Raises:
            CannotDecideError: a path leads out of the folder.
        """
        self._folder = os.path.abspath(folder or os.curdir)
        self._paths = tuple(dict.fromkeys(paths))
        self._options = complete(options, policy)
        self._maps = policy.maps
        self._presence = Presence()
        self.notes: dict[Diagnostic, None] = {WHOLE_LEFT_OUT: None}
        """What a reader of the report should know of the files, each once."""
        for path in self._named():
            if os.path.isabs(path) or os.path.normpath(path).split(os.sep)[0] in {os.pardir, os.curdir, ".git"}:
                raise _outside(path)

    @property
    def has_output(self) -> bool:
        """Is the command's stdout a result?"""
        return OUTPUT in self._paths

    def _named(self) -> Iterator[str]:
        return (path for path in self._paths if path != OUTPUT)

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        """Return the command as it is."""
        return tuple(argv)

    def variables(self) -> dict[str, str]:
        """Return no variables."""
        return {}

    def explain(self, _result: CommandResult) -> CannotDecideError | None:
        """Return None: nothing but the command can fail."""
        return None

    def prepare(self, _scratch: str) -> None:
        """Remove what an earlier run left, so that nothing of it is taken for a result of the next one.

        Raises:
            CannotDecideError: git holds it, it holds something else as well, or it cannot be removed.
        """
        for path in self._named():
            place = os.path.join(self._folder, path)
            if not os.path.lexists(place):
                continue
            if os.path.realpath(place) != os.path.join(os.path.realpath(self._folder), os.path.normpath(path)):
                raise _outside(path)  # a link: what it leads to may be shared by both sides
            if is_tracked(self._folder, path):
                message = "git holds it: it is a part of the commit, and no result of a run"
                hint = "let the command write to another file, which git ignores"
                raise cannot_decide("results-tracked", message, place=path, hint=hint)
            try:
                if os.path.isdir(place):
                    _empty_folder(place, path)
                else:
                    _require_result(place, path)
                    os.unlink(place)
            except OSError as caught:
                message = f"cannot be removed before a run ({caught.strerror or caught})"
                raise cannot_decide("results-unremovable", message, place=path, hint=_OWN_PLACE) from None

    def read(self, output: str, *, is_warmup: bool) -> list[Run]:
        """Return what a run of the command measured, as `Taken.read` does.

        Raises:
            CannotDecideError: there is no result, or it cannot be read.
        """
        reader = RunReader(self._options, self._maps)
        runs: list[Run] = []
        for path in self._paths:
            place = output if path == OUTPUT else os.path.join(self._folder, path)
            if not os.path.exists(place):
                message = "the command ended, and did not write it"
                hint = f"correct --results, or let the command write {path}; it runs in {self._folder}"
                raise cannot_decide("results-missing", message, place=path, hint=hint)
            if path == OUTPUT and not os.path.getsize(place):
                hint = "name the file that it writes: --results FILE"
                raise cannot_decide("results-missing", "the command printed nothing on stdout", hint=hint)
            found = list(reader.read([place]))
            if any(not run.series for run in found):
                hint = "leave --results out: the summaries of such a program are taken as they are"
                raise cannot_decide("results-own", "it is a run summary of perfgate's own", place=path, hint=hint)
            runs += found
        given = {output: OUTPUT_NAME, **{os.path.join(self._folder, path): path for path in self._named()}}
        faults, remarks = (
            [d._replace(place=given.get(d.place, d.place)) for d in found if d.slug != _THINNED]
            for found in (reader.problems, reader.foreign.notes)
        )
        if faults:
            raise CannotDecideError(faults)
        self.notes |= dict.fromkeys(remarks)
        seen: set[str] = set()
        for run in runs:
            named = title(run.benchmark, run.labels)
            if named in seen:
                hint = "name one of them, or give them other names"
                raise cannot_decide("results-twice", f'two results name the benchmark "{named}"', hint=hint)
            seen.add(named)
        _require_times(runs)
        if not is_warmup:
            self._presence.add(seen)
        return [replace(run, series=tuple(s for series in run.series for s in _one_value(series))) for run in runs]

    def require_steady(self, whose: str = "") -> None:
        """Return when each benchmark was in the results of every run, as `Taken.require_steady` does.

        Raises:
            CannotDecideError: one was not.
        """
        self._presence.require_steady(whose)


def write_results(
    runs: Sequence[Run], folder: str, *, session: str, commit: str | None, command: str
) -> list[tuple[str, dict[str, Any]]]:
    """Write what one run of a command measured, a file for each benchmark, and return each with its content.

    Args:
        runs: as `ResultFiles.read` returns them.
        folder: of the run files.
        session: session of the measurement.
        commit: version of the measured code; None: unknown.
        command: digest of the command.

    Raises:
        CannotDecideError: a file cannot be written.
    """
    written = []
    environment = environment_of(facts.environment())
    now = format_utc(time.time_ns())
    try:
        os.makedirs(folder, exist_ok=True)
        for run in runs:
            own = replace(
                run,
                run_id=new_run_id(),
                session=session,
                commit=commit or "",
                command=command,
                environment=environment,
                started_at=now,
                ended_at="",
                file="",
            )
            path = os.path.join(folder, f"{own.run_id}.json")
            write_whole(path, encode_imported(own), durable=False)
            written.append((os.path.relpath(path), imported_to_data(own)))
    except OSError as caught:
        message = f"cannot be written ({caught.strerror or caught})"
        raise cannot_decide("run-unwritable", message, place=folder, hint="name another folder: --out DIR") from None
    return written


def _require_times(runs: Sequence[Run]) -> None:
    """Return when no time of a benchmark is zero or less, which no measurement is.

    Raises:
        CannotDecideError: one is.
    """
    for run, s in ((one, s) for one in runs for s in one.series):
        least = min((*s.values, *(cell.low for cell in s.cells), *(q.value for q in s.quantiles)), default=1.0)
        if s.metric.unit == ELAPSED.unit and s.metric.better == "lower" and least <= 0.0:
            message = f"has a {s.metric.name} of {least:g} s, which is no measurement"
            hint = "correct the benchmark, so that it measures something, or its clock"
            raise cannot_decide("results-invalid", message, place=title(run.benchmark, run.labels), hint=hint)


def take_series(content: bytes, path: str) -> Run:
    """Return what a program wrote of its benchmarks as a file of many values, one value a metric.

    Raises:
        CannotDecideError: the file is not valid.
    """
    run = decode_imported(content, path)
    return replace(run, series=tuple(one for series in run.series for one in _one_value(series)))


def _one_value(s: Series) -> Iterator[Series]:
    """Yield a metric of one run as one value: its best sample, and beside it the median; a share as it was counted."""
    if s.share:
        yield s
        return
    is_lower = s.metric.better == "lower"
    if s.cells:
        ends = (s.cells[0].low, s.cells[-1].high)
        best, middle, count = ends[0 if is_lower else 1], median(spread(s.cells)), count_of_cells(s.cells)
    elif s.values:
        best, middle = (min if is_lower else max)(s.values), median(s.values)
        count = len(s.values)
    else:
        best = middle = next((q.value for q in s.quantiles if q.name == _P50), s.quantiles[0].value)
        count = 0
    plain = replace(s, values=(middle,), cells=(), quantiles=(), buckets=(), is_counted=False)
    if count < _FEWEST_SAMPLES:
        yield replace(plain, source=s.source if count == 1 else _name_source(s.source, "median of a run"))
        return
    yield replace(
        plain, values=(best,), source=_name_source(s.source, f"{'minimum' if is_lower else 'maximum'} of a run")
    )
    own = Metric(name=f"{s.metric.name}{MEDIAN_OF_RUN}", unit=s.metric.unit, better=s.metric.better)
    yield replace(plain, metric=own, source=_name_source(s.source, "median of a run"))


def _name_source(source: str, value: str) -> str:
    """Return how a value came about, in words that no other way has.

    How many calls a sample has is no part of it: tools choose that anew in each run, by how fast the first calls are,
    so that a call of about the shortest sample is measured by one call today and by two tomorrow.

    Args:
        source: of the samples.
        value: which one of them it is.
    """
    return value if source in {"", MEANS_OF_CALLS} else f"{source}, {value}"


def _empty_folder(place: str, path: str) -> None:
    """Remove the newest results of Criterion in its folder, which each run writes anew; all else in it stays.

    Raises:
        CannotDecideError: it is no folder of Criterion, and not empty.
    """
    known = detect(Source(place))
    if known is None or known.name != _CRITERION:
        if names := list_some(sorted(os.listdir(place)), _MOST_NAMES):
            message = f"it is a folder, and not that of Criterion: {names}"
            raise cannot_decide("results-folder", message, place=path, hint="name the file that the command writes")
        return
    for folder, _, files in os.walk(place):
        if os.path.basename(folder) == _NEWEST:
            for name in _OF_CRITERION.intersection(files):
                os.unlink(os.path.join(folder, name))


def _require_result(place: str, path: str) -> None:
    """Return when a file is a result of an earlier run, or empty: nothing else is removed.

    Raises:
        CannotDecideError: it is something else.
    """
    try:
        known = detect(Source(place)) if os.path.isfile(place) and os.path.getsize(place) else None
        is_result = known is not None or (os.path.isfile(place) and not os.path.getsize(place))
    except CannotDecideError:
        is_result = False
    if not is_result:
        message = "holds something else than results, which would be lost: it is removed before each run"
        hint = "name the file that the command writes; or remove it by hand, if it is an old result"
        raise cannot_decide("results-foreign", message, place=path, hint=hint)


def _outside(path: str) -> CannotDecideError:
    message = "each side needs results of its own, below the working folder of the command"
    return cannot_decide("results-outside", message, place=path, hint=_OWN_PLACE)
