"""Files -> the two arms of a canary, each with all that was measured of it."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from perfgate.collect.from_profiles import runs_of
from perfgate.core.errors import Diagnostic, cannot_decide, error, note, warning
from perfgate.core.metrics import Metric
from perfgate.core.policy import ERROR_RATE
from perfgate.core.profile import title
from perfgate.core.run import digest_of
from perfgate.core.sources.series import without_label
from perfgate.core.text.names import list_some
from perfgate.formats.discovery import RunReader
from perfgate.formats.options import ForeignOptions, complete
from perfgate.formats.parsing.source import Source
from perfgate.formats.parsing.timestamps import stated_seconds
from perfgate.gate.canary.arms import Arm, Key, Measure
from perfgate.pipeline import inputs
from perfgate.stats.cells import MOST_KEPT, Cell, cells_of, merge_cells
from perfgate.stats.large_samples.distribution import Distribution, of_buckets, of_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.run import Run, Series
    from perfgate.formats.parsing.timestamps import Period
    from perfgate.pipeline.inputs import Settings

VERSION = "model_version"
"""The field of a prediction log that names the version: it is what two arms differ in, and no part of a name."""
BASELINE, CANARY = "baseline", "canary"
"""What the arms are called in messages."""
_SLACK, _LEAST_SLACK = 0.1, 60.0
"""Part of the canary's time, and seconds, by which the baseline's may be longer."""
_Found = tuple[Arm, Arm, list[Diagnostic], list[Diagnostic]]


class Sides(Struct, frozen=True, kw_only=True):
    """Where the two arms are."""

    baseline: tuple[str, ...] = ()
    """Files, folders or globs of the baseline's arm, or of both where `arm_field` names the arm of each row."""
    canary: tuple[str, ...] = ()
    """Those of the canary."""
    arm_field: str = ""
    """Field or label that names the arm of a row; empty: the paths do."""
    baseline_arm: str = ""
    """What it holds for the baseline."""
    canary_arm: str = ""
    """What it holds for the canary."""
    instance_field: str = "instance"
    """Field or label that names the instance that answered."""
    is_instance_asked: bool = False
    """Does the user say that rows have it?"""


def read_arms(sides: Sides, settings: Settings, foreign: ForeignOptions | None) -> _Found:
    """Return the baseline's and the canary's arm, faults, and notes.

    Args:
        sides: where they are.
        settings: the configuration.
        foreign: what was said about files of other tools; None: nothing.

    Raises:
        CannotDecideError: a path names nothing, or an arm has no row.
    """
    version_field = sides.arm_field or VERSION
    split_by = tuple(dict.fromkeys(filter(None, (version_field, sides.instance_field))))
    options = replace(complete(foreign, settings.policy), split_by=split_by)
    found = _gather(sides, settings, options)
    window = _find_window(*found[:2]) if not found[2] else None
    if window is not None:
        again = _gather(sides, settings, replace(options, only=window))
        if not again[2]:
            message = "rows of the baseline from other hours than the canary's are left out"
            found = (*again[:3], [*again[3], note("arm-window", message)])
    baseline, canary, problems, notes = found
    problems += inputs.find_future((baseline.last, canary.last))
    return baseline, canary, problems, [*notes, *_compare_times(baseline, canary)]


def _gather(sides: Sides, settings: Settings, options: ForeignOptions) -> _Found:
    """Return both arms of all rows that the options let through."""
    arms = [_Builder(BASELINE, sides.instance_field), _Builder(CANARY, sides.instance_field)]
    problems: list[Diagnostic] = []
    notes: list[Diagnostic] = []
    if sides.arm_field:
        wanted = {sides.baseline_arm: arms[0], sides.canary_arm: arms[1]}
        others: Counter[str] = Counter()
        for run in _read((*sides.baseline, *sides.canary), settings, options, (problems, notes)):
            rest, value = _take_label(run, sides.arm_field)
            arm = wanted.get(value or "")
            if arm is None:
                others[value or "(none)"] += 1
            else:
                arm.take(rest)
        _check_named(sides, arms, others, problems, notes)
    else:
        for arm, paths in zip(arms, (sides.baseline, sides.canary), strict=True):
            versions: set[str] = set()
            for run in _read(paths, settings, options, (problems, notes)):
                rest, version = _take_label(run, VERSION)
                versions |= {version} if version else set()
                arm.take(rest)
            notes += _find_versions(arm.name, versions)
    built = [arm.build() for arm in arms]
    for arm in arms:
        problems += arm.problems
    problems += [] if problems else _find_empty(built)
    if sides.is_instance_asked and not problems and not all(arm.instances for arm in built):
        bare = next(arm.name for arm in built if not arm.instances)
        message = f'no row of the {bare} has the field "{sides.instance_field}"'
        problems.append(error("arm-instances", message, hint="correct --instance-field, or leave it out"))
    return built[0], built[1], problems, notes


def _find_window(baseline: Arm, canary: Arm) -> Period | None:
    """Return the canary's time where the baseline's is longer by so much that load and caches may differ in it."""
    if not (baseline.is_dated and canary.is_dated):
        return None
    was, now = ([stated_seconds(at) or 0.0 for at in (arm.first, arm.last)] for arm in (baseline, canary))
    slack = max(_SLACK * (now[1] - now[0]), _LEAST_SLACK)
    if _are_apart(baseline, canary) or (was[0] >= now[0] - slack and was[1] <= now[1] + slack):
        return None
    return now[0], now[1]


def _are_apart(baseline: Arm, canary: Arm) -> bool:
    """Was one arm over, as far as the rows say, before the other began?"""
    is_known = baseline.last != "" and canary.last != ""
    return is_known and (baseline.last < canary.first or canary.last < baseline.first)


def _read(
    paths: Sequence[str], settings: Settings, options: ForeignOptions, into: tuple[list[Diagnostic], list[Diagnostic]]
) -> Iterable[Run]:
    """Yield the runs of files; faults and notes are added to those that there are."""
    problems, notes = into
    files, faults, empty = inputs.find_each(paths, "")
    problems += faults
    problems += [
        error("no-runs", "no file matches", place=path, hint="correct the path, or let the service write its log first")
        for path in empty
    ]
    for path in filter(inputs.is_profile_file, files):
        for profile in inputs.from_path(path).profiles:
            yield from runs_of(profile, path)
    reader = RunReader(options, settings.policy.maps)
    yield from reader.read([path for path in files if not inputs.is_profile_file(path)])
    problems += reader.problems
    notes += reader.foreign.notes
    if reader.copies:
        message = f"{reader.copies} files hold the same as others, byte for byte, and are left out"
        notes.append(warning("run-copies", message, place=paths[0]))


def _take_label(run: Run, label: str) -> tuple[Run, str | None]:
    """Return a run without one of its labels, which may stand in its name, and that label's value."""
    found = dict(run.labels)
    value = found.pop(label, None)
    name, in_name = without_label(run.benchmark, label)
    if value is None and in_name is None:
        return run, None
    bare = replace(run, labels=tuple(sorted(found.items())), benchmark=run.benchmark if in_name is None else name)
    return bare, value if value is not None else in_name


def _check_named(
    sides: Sides,
    arms: Sequence[_Builder],
    others: Counter[str],
    problems: list[Diagnostic],
    notes: list[Diagnostic],
) -> None:
    """Say which arm no row names, and which rows are of neither arm."""
    quoted = [f'"{name[:60]}"' for name, _ in others.most_common()]
    there = f"; there are {list_some(quoted, 5)}" if quoted else ""
    for arm, wanted in zip(arms, (sides.baseline_arm, sides.canary_arm), strict=True):
        if arm.is_empty and not problems:
            message = f'no row has {sides.arm_field} = "{wanted}"{there}'
            hint = f"correct --arm-field, or --{arm.name}-arm"
            problems.append(error("arm-empty", message, place=(*sides.baseline, *sides.canary)[0], hint=hint))
    if others and not problems:
        notes.append(note("arm-others", f"rows of neither arm are left out{there}", place=sides.arm_field))


def _find_versions(arm: str, versions: set[str]) -> list[Diagnostic]:
    """Return a warning where the files of one arm are of several versions."""
    if len(versions) <= 1:
        return []
    quoted = list_some([f'"{v[:60]}"' for v in sorted(versions)], 5)
    hint = f"name the arms by it: --arm-field {VERSION} --baseline-arm A --canary-arm B"
    return [warning("arm-versions", f"the {arm}'s files hold {len(versions)} versions: {quoted}", hint=hint)]


def _find_empty(arms: Sequence[Arm]) -> list[Diagnostic]:
    return [
        error(
            "arm-empty", f"the {arm.name}'s files hold nothing that was measured", hint="let the service answer first"
        )
        for arm in arms
        if not arm.measures
    ]


def _compare_times(baseline: Arm, canary: Arm) -> list[Diagnostic]:
    """Return a warning where the two arms were not measured at the same time."""
    if not _are_apart(baseline, canary):
        return []
    message = (
        f"the arms were not measured at the same time: the baseline until {baseline.last[:16]}, "
        f"the canary from {canary.first[:16]}"
    )
    hint = "compare requests of the same minutes: load, caches and neighbours differ from hour to hour"
    return [warning("arms-apart", message, hint=hint)]


class _Values:
    """Values as they are while they are few, and their counts by cell once they are many, or a file gives counts."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._cells: list[Cell] = []

    def take(self, values: Sequence[float], cells: Sequence[Cell] = ()) -> None:
        """Take some more."""
        self._values += values
        if cells or len(self._values) > MOST_KEPT:
            self._cells = merge_cells([self._cells, cells, cells_of(sorted(self._values))])
            self._values.clear()

    def finish(self) -> Distribution | float | None:
        """Return how all lie, the only value, or None: there is none."""
        if self._cells:
            return Distribution(merge_cells([self._cells, cells_of(sorted(self._values))]))
        return of_values(self._values) if len(self._values) > 1 else next(iter(self._values), None)


class _Gathered(Struct):
    """One metric of one benchmark, file by file."""

    metric: Metric
    source: str
    values: _Values = field(default_factory=_Values)
    buckets: dict[float, float] = field(default_factory=dict)
    share: tuple[int, int] | None = None
    by_instance: defaultdict[str, _Values] = field(default_factory=lambda: defaultdict(_Values))


class _Builder:
    """Takes the runs of one arm."""

    def __init__(self, name: str, instance_field: str) -> None:
        self.name = name
        self.problems: list[Diagnostic] = []
        self._instance_field = instance_field
        self._found: dict[Key, _Gathered] = {}
        self._first = self._last = ""
        self._is_dated = True
        self._is_named_by_file = True
        self._digests: set[str] = set()
        self._failed: Counter[str] = Counter()
        self._runs: Counter[str] = Counter()
        self._instances: set[str] = set()

    @property
    def is_empty(self) -> bool:
        """Was nothing taken?"""
        return not self._found

    def take(self, run: Run) -> None:
        """Take one run: a run summary, or a benchmark of another tool's file."""
        run, instance = _take_label(run, self._instance_field) if self._instance_field else (run, None)
        benchmark = title(run.benchmark, run.labels)
        self._is_named_by_file = self._is_named_by_file and run.benchmark == _name_of_file(run)
        self._digests.add(run.file or digest_of(run))
        if run.started_at:
            self._is_dated = self._is_dated and run.ended_at > run.started_at
            self._first = min(self._first or run.started_at, run.started_at)
            self._last = max(self._last, run.ended_at or run.started_at)
        if instance:
            self._instances.add(instance)
        if not run.file:
            self._runs[benchmark] += 1
            if run.status == "failed":
                self._failed[benchmark] += 1
                return
        for metric, value in run.values:
            source = run.memory_source if metric.unit == "B" else ""
            self._take_values(self._at(benchmark, metric, source), instance, [value])
        for series in run.series:
            self._take_series(benchmark, series, instance, run.origin)

    def _at(self, benchmark: str, metric: Metric, source: str) -> _Gathered:
        return self._found.setdefault((benchmark, metric.name), _Gathered(metric, source))

    def _take_values(
        self, found: _Gathered, instance: str | None, values: Sequence[float], cells: Sequence[Cell] = ()
    ) -> None:
        found.values.take(values, cells)
        if instance:
            found.by_instance[instance].take(values, cells)

    def _take_series(self, benchmark: str, series: Series, instance: str | None, origin: str) -> None:
        found = self._at(benchmark, series.metric, series.source)
        if found.metric != series.metric or found.source != series.source:
            message = f'"{benchmark}" states {series.metric.name} in two ways: unit, direction or method differ'
            self.problems.append(error("arm-mixed", message, place=origin, hint="give files of one kind for each arm"))
        elif series.share is not None:
            hits, of = found.share or (0, 0)
            found.share = (hits + series.share[0], of + series.share[1])
        elif series.values or series.cells:
            self._take_values(found, instance, series.values, series.cells)
        elif series.buckets:
            self._take_buckets(found, benchmark, series, origin)

    def _take_buckets(self, found: _Gathered, benchmark: str, series: Series, origin: str) -> None:
        bounds = [bound for bound, _ in series.buckets]
        if found.buckets and list(found.buckets) != bounds:
            message = f'"{benchmark}" has other buckets in another file of the {self.name}'
            hint = "give both versions the same bucket edges"
            self.problems.append(error("arm-mixed", message, place=origin, hint=hint))
            return
        for bound, count in series.buckets:
            found.buckets[bound] = found.buckets.get(bound, 0.0) + count

    def build(self) -> Arm:
        """Return the arm."""
        measures = {key: _measure_of(found) for key, found in self._found.items()}
        for benchmark, runs in self._runs.items():
            if (benchmark, ERROR_RATE) not in measures:
                rate = Metric(name=ERROR_RATE, unit="1", better="lower")
                share = (self._failed[benchmark], runs)
                measures[benchmark, ERROR_RATE] = Measure(metric=rate, share=share)
        return Arm(
            name=self.name,
            measures=measures,
            first=self._first,
            last=self._last,
            is_named_by_file=self._is_named_by_file,
            is_dated=self._is_dated and self._last > self._first,
            digests=frozenset(self._digests),
            instances=len(self._instances),
        )


def _name_of_file(run: Run) -> str:
    """Return the name that a benchmark gets from its file: the stem, or for a run summary the folder."""
    source = Source(run.origin)
    return source.name if run.file else os.path.basename(os.path.dirname(os.path.abspath(run.origin)))


def _measure_of(found: _Gathered) -> Measure:
    """Return one metric as it can be judged."""
    metric, source = found.metric, found.source
    if found.share is not None:
        return Measure(metric=metric, source=source, share=found.share)
    if found.buckets:
        return Measure(metric=metric, source=source, whole=of_buckets([*found.buckets.items()]))
    whole = found.values.finish()
    if not isinstance(whole, Distribution):
        return Measure(metric=metric, source=source, value=whole)
    of_instances = [values.finish() for values in found.by_instance.values()]
    instances = tuple(of_values([d]) if isinstance(d, float) else d for d in of_instances if d is not None)
    return Measure(metric=metric, source=source, whole=whole, instances=instances if len(instances) > 1 else ())


def refuse_twice(sides: Sides) -> None:
    """Return when it is clear which rows are whose.

    Raises:
        CannotDecideError: they are not: an arm is named twice, or the paths and the field contradict each other.
    """
    if sides.arm_field:
        if not sides.baseline_arm or not sides.canary_arm:
            message = "--arm-field needs the names of both arms"
            raise cannot_decide("usage", message, hint="add --baseline-arm A --canary-arm B")
        if sides.baseline_arm == sides.canary_arm:
            message = f'both arms are "{sides.canary_arm[:60]}"'
            raise cannot_decide("usage", message, place="--canary-arm", hint="name two arms")
        if not (sides.baseline or sides.canary):
            raise cannot_decide("usage", "no file is named", hint="add --baseline FILE, which holds both arms")
        return
    if sides.baseline_arm or sides.canary_arm:
        message = "--baseline-arm and --canary-arm need --arm-field"
        raise cannot_decide("usage", message, hint="name the field that holds them: --arm-field version")
    missing = [f"--{name}" for name, paths in ((BASELINE, sides.baseline), (CANARY, sides.canary)) if not paths]
    if missing:
        message = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        raise cannot_decide("usage", message, hint="name the files of both arms")
