"""Records of a foreign file -> runs: one run for each benchmark of the file, with all that was measured in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.core.canonical import short_hash
from perfgate.core.errors import Diagnostic, error, note, warning
from perfgate.core.metrics import Metric
from perfgate.core.policy import STATISTICS
from perfgate.core.quantile import Quantile
from perfgate.core.run import UNSPECIFIED, Environment, Run, Series
from perfgate.formats.instants import normal_instant
from perfgate.stats.buckets import bucket_quantile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfgate.formats.reading import Contents
    from perfgate.formats.record import Options, Record

MOST_VALUES = 2000
"""Values of one metric of one run that are kept; of more, so many order statistics stand for all."""
MEANS = "means of calls"
_NOWHERE = Environment(facts=(), machine_class=UNSPECIFIED, machine="")
_SHARES = {int(name[1:]) / 100: name for name in STATISTICS}
_MIXED = {"failures-mixed", "nonzero-exit"}
_SLACK = 1e-9  # of a share, which may be written as 0.95 or as 95 / 100
_FLAGS = {
    "cpu-scaling": "the processor's clock was not fixed: expect more noise",
    "debug-build": "the benchmark library is a debug build: its times are not those of a release",
    "failures-mixed": "failed requests are among the times: as many of the fastest are left out, see error_rate",
    "nonzero-exit": "some runs of the command failed (exit code not 0): as many of the fastest are left out",
    "rounded": "times are rounded to whole milliseconds",
    "saturated": "the slowest values lie beyond the last bucket",
    "snapshot": "written before the end, or since the start of the program: give two snapshots where it counts",
    "unfinished": "the tool was stopped before its end",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """The runs of one file, and what has to be told of it."""

    runs: tuple[Run, ...]
    """One for each benchmark."""
    notes: tuple[Diagnostic, ...]
    """What was left out or is odd."""
    problems: tuple[Diagnostic, ...]
    """Why the file cannot be judged."""


def to_runs(contents: Contents, origin: str, options: Options) -> Converted:
    """Return the runs that a file amounts to.

    Args:
        contents: its records.
        origin: the file, for messages.
        options: what the user said.
    """
    fit: list[Record] = []
    unclear: list[Record] = []
    for r in contents.records:
        if not r.is_side:
            (unclear if r.better is None else fit).append(r)
    notes = [*_told_of(contents, origin), *_left_out(unclear, origin, fit)]
    problems = [] if fit else [_nothing(contents, unclear, origin)]
    groups: dict[str, list[Record]] = {}
    for r in fit:
        groups.setdefault(r.benchmark, []).append(r)
    runs = tuple(_run(name, rs, contents, origin, options) for name, rs in groups.items())
    most = max((len(r.values) for r in fit), default=0)
    if most > MOST_VALUES:
        message = f"of up to {most:,} values of a metric {MOST_VALUES:,} are kept, evenly by rank"
        notes.append(note("values-thinned", message, place=origin))
    return Converted(runs=runs, notes=tuple(notes), problems=tuple(problems))


def _run(name: str, records: Sequence[Record], contents: Contents, origin: str, options: Options) -> Run:
    of_file = max((r.values[0] for r in contents.records if _is_rate(r)), default=0.0)
    return Run(
        run_id=f"{contents.format.name}-{contents.digest}-{short_hash(name, digits=6)}",
        benchmark=name,
        labels=options.labels,
        status="ok",
        started_at=_instant(max(r.started_at for r in records)),
        session="",
        rows_used=0,
        values=(),
        memory_source="",
        environment=_NOWHERE,
        commit=next((r.commit for r in records if r.commit), ""),
        command="",
        origin=origin,
        series=tuple(_series(r) for r in without_failures(records, of_file)),
    )


def without_failures(records: Sequence[Record], of_file: float = 0.0) -> list[Record]:
    """Return the records of a benchmark with failures left out of the times where the file mixes both.

    Which of the calls failed is not known, but failing is often fast: as many of the
    fastest are left out as have failed, so that failing never makes a time look better.
    Of quantiles, the next one stated that is surely not better is taken.

    Args:
        records: of one benchmark.
        of_file: the highest rate in the file, for a tool that counts failures beside its benchmarks, 0.0 to 1.0.
    """
    rate = next((r.values[0] for r in records if _is_rate(r)), of_file)
    return [_slowest(r, rate) if rate > 0 and _MIXED & set(r.flags) else r for r in records]


def _is_rate(r: Record) -> bool:
    return r.metric == "error_rate" and r.kind == "value"


def _slowest(r: Record, rate: float) -> Record:
    if r.better != "lower" or r.unit != "s":
        return r
    if r.kind == "samples":
        return replace(r, values=sorted(r.values)[min(round(rate * len(r.values)), len(r.values) - 1) :])
    stated = []
    for share in _SHARES:
        needed = rate + share * (1 - rate)
        beyond = [v for q, v in r.quantiles if q >= needed - _SLACK]
        stated += [(share, beyond[0])] if beyond else []
    return replace(r, quantiles=tuple(stated)) if stated and r.kind == "quantiles" else r


def _instant(text: str) -> str:
    """Return a time as it sorts, empty when the tool writes it in a way of its own: nothing depends on it."""
    try:
        return normal_instant(text) if text else ""
    except (ValueError, OverflowError):
        return ""


def _series(r: Record) -> Series:
    metric = Metric(name=r.metric or "value", unit=r.unit or "1", better=r.better or "lower")
    if r.kind in {"samples", "value"}:
        return Series(metric=metric, source=MEANS if r.is_mean else "", values=thinned(r.values))
    return Series(metric=metric, source=MEANS if r.is_mean else "", quantiles=tuple(sorted(_quantiles(r))))


def thinned(values: Sequence[float]) -> tuple[float, ...]:
    """Return values, of very many the order statistics at even ranks: their quantiles are those of all."""
    if len(values) <= MOST_VALUES:
        return tuple(values)
    ordered = sorted(values)
    return tuple(ordered[int((i + 0.5) * len(ordered) / MOST_VALUES)] for i in range(MOST_VALUES))


def _quantiles(r: Record) -> Iterator[Quantile]:
    """Yield the quantiles that a rule or a budget may name."""
    if r.kind == "quantiles":
        for share, value in r.quantiles:
            if (name := _SHARES.get(round(share, 9))) is not None:
                yield Quantile(name, value, value, value)
        return
    for share, name in _SHARES.items():
        yield Quantile(name, *bucket_quantile(r.buckets, share))


def _told_of(contents: Contents, origin: str) -> Iterator[Diagnostic]:
    """Yield what a reader of the report should know of the file."""
    for s in contents.skipped:
        what = f'"{s.benchmark}"' + (f" ({s.metric})" if s.metric else "")
        yield warning("benchmark-skipped", f"left out, {what}: {s.why}", place=origin)
    for flag in sorted({f for r in contents.records for f in r.flags}):
        yield note("measured-oddly", _FLAGS[flag], place=origin)


def _left_out(unclear: Sequence[Record], origin: str, fit: Sequence[Record]) -> Iterable[Diagnostic]:
    if unclear and fit:
        names = ", ".join(sorted({r.metric for r in unclear})[:5])
        message = f"left out, since the file does not say which way is better: {names}"
        yield note("direction-unknown", message, place=origin, hint="--direction lower, or higher, takes them in")


def _nothing(contents: Contents, unclear: Sequence[Record], origin: str) -> Diagnostic:
    """Return the error for a file that holds nothing to judge."""
    if unclear:
        message = f"the file does not say which way is better, for {len(unclear)} of {len(contents.records)} values"
        hint = "say it: --direction lower (times), or --direction higher (rates)"
        return error("direction-unknown", message, place=origin, hint=hint)
    message = f"read as {contents.format.name}, holds nothing that can be gated"
    return error("nothing-to-gate", message, place=origin, hint=contents.format.cure or "measure again")
