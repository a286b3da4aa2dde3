"""Records of a foreign file -> runs: one run for each benchmark of the file, with all that was measured in it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import Diagnostic, error, note, warning
from perfgate.core.measured import MEANS_OF_CALLS
from perfgate.core.metrics import Metric
from perfgate.core.profile import title
from perfgate.core.run import NOWHERE, Environment, Run, Series, class_of
from perfgate.core.statistic import Quantile
from perfgate.core.text.canonical import short_hash
from perfgate.core.text.names import left_out
from perfgate.formats.parsing.failures import SHARES, highest_rate, rate_of, stated_quantiles, without_failures
from perfgate.formats.parsing.logs.column import count_by_cell
from perfgate.formats.parsing.record import Histogram, Quantiles, Samples, Share, Single
from perfgate.formats.parsing.timestamps import normal_instant
from perfgate.formats.parsing.values import MOST_COUNT
from perfgate.stats.buckets import bucket_quantile
from perfgate.stats.cells import STEPS, weigh

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfgate.core.metrics import Direction
    from perfgate.core.run import Labels
    from perfgate.formats.contents import Contents
    from perfgate.formats.parsing.record import Record
    from perfgate.stats.cells import Cell

MOST_VALUES = STEPS + 1
"""Values of one metric of one benchmark that are kept; of more, the quantiles at even shares."""
_FLAGS = {
    "cpu-scaling": "the processor's clock was not fixed: expect more noise",
    "debug-build": "the benchmark library is a debug build: its times are not those of a release",
    "exit-code": "all runs ended with the same exit code, not 0: taken as the program's answer, see error_rate",
    "failures-mixed": "failed calls are among the times: as many of the fastest are left out, see error_rate",
    "gaps": "a value that the map lists is missing in most rows of a benchmark: it is judged by the few that hold it",
    "nonzero-exit": "some runs of the command failed (exit code not 0) and are left out",
    "rounded": "times are rounded by the tool",
    "saturated": "the slowest values are beyond the last bucket",
    "settings": "results under other values of a configuration key are benchmarks of their own, NAME{key=value}",
    "short": "test cases shorter than --min-time count as that long: the tool rounds to milliseconds",
    "snapshot": "written before the end, or since the start of the program: give two snapshots where it counts",
    "unfinished": "the tool was stopped before its end",
}


class Converted(Struct, frozen=True, kw_only=True):
    """The runs of one file, and remarks on it."""

    runs: tuple[Run, ...]
    """One for each benchmark."""
    notes: tuple[Diagnostic, ...]
    """What was left out or is odd."""
    problems: tuple[Diagnostic, ...]
    """Why the file cannot be judged."""


def to_runs(contents: Contents, origin: str) -> Converted:
    """Return the runs of a file.

    Args:
        contents: its records.
        origin: the file, for messages.
    """
    fit: list[Record] = []
    unclear: list[Record] = []
    for r in contents.records:
        if not r.is_side:
            (unclear if r.better is None else fit).append(r)
    notes = [*_remarks(contents, origin), *_report_unclear(unclear, origin, fit)]
    problems = [] if fit else [_nothing(contents, unclear, origin)]
    groups: dict[tuple[str, Labels], list[Record]] = {}
    for r in fit:
        groups.setdefault((r.benchmark, r.labels), []).append(r)
    of_file = highest_rate(contents.records)
    runs = tuple(_run(key, rs, contents, origin, of_file) for key, rs in groups.items())
    samples = [r.payload for r in fit if isinstance(r.payload, Samples)]
    most = max((s.count for s in samples), default=0)
    if most > MOST_VALUES:
        message = f"of up to {most:,} values of a metric {MOST_VALUES:,} quantiles are kept, at even shares"
        notes.append(note("values-thinned", message, place=origin))
    return Converted(runs=runs, notes=tuple(notes), problems=tuple(problems))


def _run(key: tuple[str, Labels], records: Sequence[Record], contents: Contents, origin: str, of_file: float) -> Run:
    name, labels = key
    rate = rate_of(records, of_file)
    file = f"{contents.format.name}-{contents.digest}"
    return Run(
        run_id=f"{file}-{short_hash(title(name, labels), digits=6)}",
        benchmark=name,
        labels=labels,
        status="ok",
        started_at=_instant(max(r.started_at for r in records)),
        session="",
        rows_used=max(r.rows for r in records),
        values=(),
        memory_source="",
        environment=_environment(records),
        commit=next((r.commit for r in records if r.commit), ""),
        command="",
        origin=origin,
        series=tuple(_series(r, rate) for r in records),
        file=file,
        ended_at=_instant(max(r.ended_at for r in records)),
    )


def _environment(records: Sequence[Record]) -> Environment:
    """Return where the measurements took place, as far as the file says."""
    facts = next((r.machine for r in records if r.machine), ())
    return _environment_of(facts) if facts else NOWHERE


@lru_cache(maxsize=1024)
def _environment_of(facts: Labels) -> Environment:
    """Return the environment of stated facts, one and the same for all benchmarks of a suite."""
    return Environment(facts=facts, machine_class=class_of(dict(facts)), machine="")


@lru_cache(maxsize=1024)  # all cases of a suite state the same
def _instant(text: str) -> str:
    """Return a time as it sorts, empty when the tool writes it in a way of its own: nothing depends on it."""
    try:
        return normal_instant(text) if text else ""
    except (ValueError, OverflowError):
        return ""


@lru_cache(maxsize=1024)
def _metric(name: str, unit: str, better: Direction) -> Metric:
    """Return a metric, one and the same for all series that have it."""
    return Metric(name=name, unit=unit, better=better)


def _series(r: Record, rate: float) -> Series:
    metric = _metric(r.metric or "value", r.unit or "1", r.better or "lower")
    source = MEANS_OF_CALLS if r.is_mean else r.source
    match r.payload:
        case Samples():
            values, cells = _values_or_cells(r.payload, without_failures(r, r.payload, rate))
            return Series(metric=metric, source=source, values=values, cells=cells, least=r.least)
        case Single(value=value):
            return Series(metric=metric, source=source, values=(value,), period=r.period, weight=r.weight)
        case Share(value=value, hits=hits, of=of):
            return Series(metric=metric, source=source, values=(value,), share=(hits, of))
        case Quantiles():
            stated = stated_quantiles(r, r.payload, rate)
            return Series(metric=metric, source=source, quantiles=tuple(sorted(stated)))
        case Histogram(buckets=buckets):
            counted = (Quantile(name, *bucket_quantile(buckets, share)) for share, name in SHARES.items())
            quantiles, is_counted = tuple(sorted(counted)), r.n is not None
            return Series(metric=metric, source=source, quantiles=quantiles, buckets=buckets, is_counted=is_counted)


def _values_or_cells(samples: Samples, kept: Sequence[float]) -> tuple[tuple[float, ...], tuple[Cell, ...]]:
    """Return few values as they are, of many their counts by cell."""
    if samples.cells:
        return (), samples.cells
    if len(kept) <= MOST_VALUES:
        return tuple(kept), ()
    if samples.stands_for:
        return (), tuple(weigh(sorted(kept), min(samples.stands_for, MOST_COUNT) * len(kept) // len(samples.values)))
    return (), tuple(count_by_cell(kept))


def _remarks(contents: Contents, origin: str) -> Iterator[Diagnostic]:
    """Yield what a reader of the report should know of the file."""
    for s in contents.skipped:
        skipped = s.message or warning("benchmark-skipped", f"{left_out(s.benchmark, s.metric)}{s.why}")
        yield skipped._replace(place=origin)
    for flag in sorted({f for r in contents.records for f in r.flags}):
        yield note("measured-oddly", _FLAGS[flag], place=origin)
    for remark in sorted({r.remark for r in contents.records if r.remark}):
        yield note("measured-oddly", remark, place=origin)


def _report_unclear(unclear: Sequence[Record], origin: str, fit: Sequence[Record]) -> Iterable[Diagnostic]:
    if unclear and fit:
        names = ", ".join(sorted({r.metric for r in unclear})[:5])
        message = f"left out, since the file does not say which way is better: {names}"
        yield note("direction-unknown", message, place=origin, hint="add --direction lower, or higher, to include them")


def _nothing(contents: Contents, unclear: Sequence[Record], origin: str) -> Diagnostic:
    """Return the error for a file that holds nothing to judge."""
    if unclear:
        message = f"the file does not say which way is better, for {len(unclear)} of {len(contents.records)} values"
        hint = "add --direction lower (times), or --direction higher (rates)"
        return error("direction-unknown", message, place=origin, hint=hint)
    message = f"read as {contents.format.name}, holds nothing that can be gated"
    return error("nothing-to-gate", message, place=origin, hint=contents.format.hint or "measure again")
