"""The record of one measured execution."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.text.canonical import short_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from perfgate.core.metrics import Metric
    from perfgate.core.statistic import Quantile
    from perfgate.stats.cells import Cell

Labels = tuple[tuple[str, str], ...]

STATED_BY = "stated_by"
"""Fact of an environment that a file of another tool states: the name of its format."""
CPU_MODEL = "cpu_model"
"""Fact of an environment: the model of the processor, which is not part of the machine class of hosted runners."""
UNSPECIFIED = "unspecified"
"""Machine class of runs that carry no environment."""
OF_ONE_RUN = frozenset({"machine", CPU_MODEL})
"""Facts of an environment that differ without a change: the booted machine in every CI job, the processor in some."""


class Environment(Struct, frozen=True):
    """Where runs took place, reduced to what may be compared; shared by all runs that state the same."""

    facts: Labels
    """Stable facts as the run states them (os, cpus, python, ...), sorted by name."""
    machine_class: str
    """Name for machines that may be compared, or ``unspecified``."""
    machine: str
    """Opaque id of the booted machine; empty when unknown."""


NOWHERE = Environment(facts=(), machine_class=UNSPECIFIED, machine="")
"""Environment of runs whose file does not say where they took place."""


class Series(Struct, frozen=True, kw_only=True):
    """What one run of a foreign tool says of one metric: many values, or quantiles of values that it did not keep."""

    metric: Metric
    """Name, unit and direction."""
    source: str = ""
    """How the values were measured, when that is not the usual way: ``means of calls``."""
    values: Sequence[float] = ()
    """Raw values in the metric's unit, finite; empty when there are too many, or only quantiles are known."""
    cells: tuple[Cell, ...] = ()
    """Counts of the raw values when there are many, ascending."""
    share: tuple[int, int] | None = None
    """How many of how many, when its only value is a share that was counted."""
    quantiles: tuple[Quantile, ...] = ()
    """Quantiles, ascending by name; empty when the values are known."""
    buckets: tuple[tuple[float, float], ...] = ()
    """Upper bounds and cumulative counts from which the quantiles were read, ascending; empty: a tool states these."""
    is_counted: bool = False
    """Are these counts of single values, and no rates or weights?"""
    least: float = 0.0
    """Values below it are compared as if they were it, in the metric's unit; 0.0: all count."""
    period: tuple[float, float] | None = None
    """When the first and the last event behind its only value were, in seconds since 1970; None: not known."""
    weight: float = 0.0
    """By which sum its only value was divided, where it is a quotient of sums; 0.0: it is none."""


class Run(Struct):
    """One measured execution, in base units.

    Not frozen, for the collector's sake alone: a frozen record costs three times as
    much to make, and a hundred thousand of them are made in a row. Nothing changes one.
    """

    run_id: str
    """Unique name of the execution."""
    benchmark: str
    """What was measured."""
    labels: Labels
    """Parameters of the benchmark, sorted by name."""
    status: Literal["ok", "failed"]
    """``failed`` runs are counted and left out."""
    started_at: str
    """UTC, ISO 8601; empty when unknown. Sorts as text."""
    session: str
    """Id of the session and batch it belongs to; empty when unknown."""
    rows_used: int
    """Input rows that the run worked on; 0 when it does not say."""
    values: tuple[tuple[Metric, float], ...]
    """The measured metrics, each value finite and in the metric's unit."""
    memory_source: str
    """How the peak of memory was measured; values of different sources are not comparable."""
    environment: Environment
    """Where it ran."""
    commit: str
    """Version of the measured code; empty when unknown."""
    command: str
    """Digest of the measured command; empty when it was not run by ``perfgate run``."""
    origin: str
    """The file it came from, for messages."""
    shard: str = ""
    """Which part of the measuring it belongs to (``2/4``); empty when it was not divided."""
    series: tuple[Series, ...] = ()
    """Metrics of a foreign tool's file."""
    file: str = ""
    """Format and digest of that file, ``junit-0123456789ab``; empty for run summaries."""
    is_repeat: bool = False
    """Is it judged although the baseline holds a run of the same content?"""
    ended_at: str = ""
    """When the last measurement in it began (UTC, ISO 8601), where a file states many times; empty when unknown."""
    more: RunColumns | None = None
    """Further runs of the same kind, where a reader was asked for columns; None: it is one run."""


class RunColumns(Struct, kw_only=True):
    """Runs that state the same as one that was read as a whole, but for ids, starts, workloads and values.

    A hundred thousand runs are of a few kinds, and a row of columns costs a fraction of a `Run`.
    """

    run_ids: Sequence[str]
    """Id of each run."""
    started: Sequence[str]
    """When each run began, as `Run.started_at` has it."""
    rows: array[int]
    """Input rows of each run; 0 when it does not say."""
    values: tuple[array[float], ...]
    """The values of each metric of the run that was read as a whole, in the order of its metrics."""
    numbers: array[int]
    """Place of each run in `places`; where that is a text, the number that stands behind it."""
    places: Sequence[str] | str = ""
    """The files; or, of runs that are in one file, what their places begin with (``runs.jsonl: line ``)."""
    digests: Sequence[str] = ()
    """What `digest_of` gives for each run; empty when nobody asked."""

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.run_ids)

    def origin(self, i: int) -> str:
        """Return where a run is, for messages."""
        number = self.numbers[i]
        return f"{self.places}{number}" if isinstance(self.places, str) else self.places[number]

    def run(self, like: Run, i: int) -> Run:
        """Return one of the runs as a whole.

        Args:
            like: the run whose kind they are.
            i: place of the run, >= 0.
        """
        values = tuple((metric, column[i]) for (metric, _), column in zip(like.values, self.values, strict=True))
        return replace(
            like,
            run_id=self.run_ids[i],
            started_at=self.started[i],
            rows_used=self.rows[i],
            values=values,
            origin=self.origin(i),
            more=None,
        )

    def each(self, like: Run) -> Iterator[Run]:
        """Yield all of them as a whole, in the order in which they were read."""
        return (self.run(like, i) for i in range(len(self)))

    def keep(self, kept: Iterable[int]) -> RunColumns:
        """Return some of the runs."""
        places = list(kept)
        return RunColumns(
            run_ids=[self.run_ids[i] for i in places],
            started=[self.started[i] for i in places],
            rows=array("q", (self.rows[i] for i in places)),
            values=tuple(array("d", (column[i] for i in places)) for column in self.values),
            numbers=array("I", (self.numbers[i] for i in places)),
            places=self.places,
            digests=[self.digests[i] for i in places] if self.digests else (),
        )


def environment_of(facts: dict[str, str]) -> Environment:
    """Return the environment of the facts that a file states; ``machine`` is the id of the booted machine."""
    if not facts:
        return NOWHERE
    stable = tuple(sorted((k, v) for k, v in facts.items() if k != "machine"))
    return Environment(facts=stable, machine_class=class_of(facts), machine=facts.get("machine", ""))


def run_of_series(benchmark: str, series: tuple[Series, ...], *, rows: int) -> Run:
    """Return what one process measured of a benchmark, without when, where and by whom.

    Args:
        benchmark: its name.
        series: what was measured.
        rows: rows that it worked on; 0: unknown.
    """
    return Run(
        run_id="",
        benchmark=benchmark,
        labels=(),
        status="ok",
        started_at="",
        session="",
        rows_used=rows,
        values=(),
        memory_source="",
        environment=NOWHERE,
        commit="",
        command="",
        origin="",
        series=series,
    )


OLD_DIGITS = 12
"""Length of the digests that 0.1.0 wrote: of the id and of the first two values, which begin every digest."""


def digest_of(run: Run) -> str:
    """Return 20 hex digits that stand for a run in a baseline: of its id and of all that was measured.

    The values are part of it, so that a program that gives its runs the same ids again
    is not taken for the runs that the baseline holds. The id of a run of another tool's
    file stands for the content of that file, however its values are read.

    The first 12 digits are those of 0.1.0, so that its baselines know their runs
    (`holds_run`); the other 8 are of every value.
    """
    if run.file:
        return _begin_of_digest(run.run_id, [v for _, v in run.values[:2]]) + short_hash(run.run_id, digits=8)
    series = [(s.metric.name, s.share, *s.values) for s in run.series]
    values = [(m.name, value) for m, value in run.values]
    return digest_of_values(run.run_id, run.rows_used, run.memory_source, values, series)


def digest_of_values(
    run_id: str,
    rows_used: int,
    memory_source: str,
    values: Sequence[tuple[str, float]],
    series: Sequence[object] = (),
) -> str:
    """Return the digest of a run summary, as `digest_of` describes it.

    Args:
        run_id: its id.
        rows_used: input rows.
        memory_source: how the peak of memory was measured.
        values: name and value of each metric, in the order of the run.
        series: of each series name, share and values.
    """
    begin = _begin_of_digest(run_id, [value for _, value in values[:2]])
    measured = (rows_used, memory_source, sorted(values))
    return begin + short_hash(f"{run_id}\0{measured!r}\0{[*series]!r}", digits=8)


def _begin_of_digest(run_id: str, first: list[float]) -> str:
    return short_hash(f"{run_id}\0{first!r}", digits=OLD_DIGITS)


def holds_run(digests: Collection[str], digest: str) -> bool:
    """Do the digests of a baseline hold a run? One of 0.1.0 has 12 digits, and is never the start of a longer one."""
    return digest in digests or digest[:OLD_DIGITS] in digests


def class_of(facts: dict[str, str]) -> str:
    """Return the machine class of an environment, from its facts.

    Hosted runners are named after image, architecture and size
    (``gha-ubuntu-24.04-x64-4cpu``): their processors vary from job to job, which the
    between-session spread covers. Elsewhere, and on runners of your own, the
    processor's model is part of the name, so that two laptops never count as one
    machine. No clock rate is used.
    """
    cpus = facts.get("cpus", "")
    parts = [
        facts.get("ci", ""),
        facts.get("distro") or facts.get("os", ""),
        facts.get("arch", ""),
        cpus and f"{cpus}cpu",
    ]
    if not facts.get("ci") or facts.get("hosting") == "own":
        parts.append(facts.get(CPU_MODEL, ""))
    name = "-".join(p for p in map(slug, parts) if p)
    return name or UNSPECIFIED


def slug(text: str, *, longest: int = 60) -> str:
    """Return `text` as a file name part: lower case, ``[a-z0-9.]`` and single dashes."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c == ".") else " " for c in text.lower())
    return "-".join(kept.split())[:longest].strip("-.")
