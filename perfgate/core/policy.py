"""What is gated, how strictly, and by which rule: the configuration as a record."""

from __future__ import annotations

import fnmatch
import json
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, to_builtins
from msgspec.structs import force_setattr, replace

from perfgate.core.errors import error
from perfgate.core.finding import RESOLUTION
from perfgate.core.measured import MEASURED
from perfgate.core.metrics import (
    DEADLINE_MISS,
    INSTRUCTIONS,
    MEDIAN_OF_RUN,
    THROUGHPUT,
    WORKLOAD_BOUND,
    is_of_calls,
    is_of_stage,
    known_direction,
)
from perfgate.core.rollout.canary import Canary
from perfgate.core.sources.series import family_of, is_series_with_labels, unit_of
from perfgate.core.text.canonical import short_hash
from perfgate.core.text.globs import GlobIndex, first_place
from perfgate.core.text.units import Change, scale_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.finding import Level
    from perfgate.core.metrics import Direction, Metric
    from perfgate.core.sources.field_map import FieldMap
    from perfgate.core.sources.series import Ratio
    from perfgate.core.text.units import Limit

NO_BASELINES = "none"
"""What the key ``baselines`` says where budgets are all that is wanted."""
Method = Literal["auto", "threshold", "exact"]
Workload = Literal["same", "rate"]

LEDGER = "refs/perfgate/history"
"""The ref of the ledger, unless the configuration names another one."""
LEDGER_REMOTE = "origin"
"""Where it is pushed to, unless the user names another remote."""
LEDGER_NAME = r"^refs(/[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*){2,9}$(?!\n)"
"""How the name of a ledger's ref is formed: in full, of such parts as git allows anywhere."""

EXACT_BY_NATURE = frozenset({"function_calls", "instructions"})
"""Counts that only the code changes: gated without a rule, and judged by the exact rule unless they vary."""
GATED_BY_DEFAULT = frozenset({
    *EXACT_BY_NATURE,
    *(m.name for m in MEASURED if m.is_gated),
    "time", "real_time", "response_time", "duration", "latency", "latency_total", "value",  # of other tools
})  # fmt: skip
"""Metrics whose p50 is gated without a rule."""
SHOWN_BY_DEFAULT = frozenset(m.name for m in MEASURED if not m.is_gated)
"""Metrics of perfgate's own that stand beside the gated ones and never warn."""


ERROR_RATE = "error_rate"
FAILED_RUNS = "failed_runs"
"""The share of runs that failed, of a benchmark that states an error rate of its own."""
_RATES = frozenset({ERROR_RATE, FAILED_RUNS})
_SHARES = _RATES | {DEADLINE_MISS.name}
_MORE_ERRORS = Change(amount=0.01, sign="+", unit="1", text="+0.01")
"""Default threshold of an error rate, one call in a hundred more: a share of a rate of zero would be nothing."""
_MORE_INSTRUCTIONS = Change(amount=0.005, sign="+", unit="%", text="+0.5%")
"""Default threshold of a count of instructions, which the load of the machine does not change."""


class Floor(Struct, frozen=True, kw_only=True):
    """The smallest change, in base units, that may fail."""

    auto: bool
    """Also: changes below the resolution of the values themselves never fail."""
    amounts: tuple[tuple[str, float], ...] = ()
    """Base unit -> amount, >= 0."""

    def amount(self, unit: str) -> float:
        """Return the stated floor for values of that base unit, 0.0 when none is stated."""
        return dict(self.amounts).get(unit, 0.0) if self.amounts else 0.0


class Tracing(Struct, frozen=True, kw_only=True):
    """``[trace]``: how programs that `perfgate run` and `perfgate ab` measure trace themselves; None: as they say."""

    enabled: bool | None = None
    """Whether anything is traced."""
    sample_rate: float | None = None
    """Share of traces that are recorded, 0.0 to 1.0."""
    deadline_ms: float | None = None
    """Time that a trace may take, in milliseconds, > 0."""
    export_golden: bool = False
    """Whether some traces are kept in `artifacts/traces/`, for `perfgate golden`."""
    golden_trace_interval: int | None = None
    """Of how many traces one is kept, >= 1; None: of a hundred."""


AS_PROGRAMS_SAY = Tracing()
CANARY = Canary()


class Drift(Struct, frozen=True, kw_only=True):
    """``[drift]``: how the inputs of a model are held against their reference."""

    reference: str = ""
    """File of the reference; empty: the usual one in the folder of the baselines."""
    samples: tuple[str, ...] = ()
    """Globs of the current input samples; empty: a check compares none."""
    cluster_field: str = ""
    """Field that says which samples belong together; empty: that of the reference."""
    fields: tuple[str, ...] = ()
    """Fields that are kept and compared; empty: all."""
    level: Level = "warn"
    """Whether drift fails, warns or is only shown."""


NO_SAMPLES = Drift()


class Rule(Struct, frozen=True, kw_only=True):
    """One ``[[rule]]``: which rows it governs, and what it says; the first that matches wins."""

    origin: str
    """Where it stands, for messages: ``rule 2 (perfgate.toml)``."""
    benchmark: str = "*"
    """Glob on the benchmark's name, with or without its labels."""
    metric: str = "*"
    """Glob on the metric's name."""
    statistic: str = "p50"
    """Glob on the statistic."""
    threshold: Change | None = None
    """Largest accepted worsening; None: the default's."""
    floor: Floor | None = None
    """None: the default's."""
    method: Method = "auto"
    """How it is judged."""
    level: Level | None = None
    """None: ``fail`` when the rule names a metric or a statistic, else the row's own default."""
    workload: Workload | None = None
    """``rate``: rows may differ, throughput is gated in place of time; None: the default's."""

    @property
    def is_specific(self) -> bool:
        """Does the rule name a metric or a statistic, so that it asks for a row to be gated?"""
        return self.metric != "*" or self.statistic != "p50"


class Rules(tuple[Rule, ...]):  # noqa: SLOT001 - it keeps its lookup, once that is made
    """Rules in their order, with a lookup: thousands of them may meet tens of thousands of values."""

    @cached_property
    def lookup(self) -> RuleIndex:
        """Which of them match what."""
        return RuleIndex(self)


class RuleIndex:
    """Which rules match a value. An answer is a number whose bit ``1 << place`` says so of the rule at that place."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Take the rules in their order."""
        self._benchmarks = GlobIndex(r.benchmark for r in rules)
        self._metrics = GlobIndex(r.metric for r in rules)
        self._statistics = GlobIndex(r.statistic for r in rules)
        self._stating_workload = sum(1 << place for place, r in enumerate(rules) if r.workload)

    def naming(self, benchmark: str, titled: str) -> int:
        """Return the rules whose benchmark is this one, as `matches` says it."""
        names = {benchmark, titled}
        found = 0
        for name in names:
            found |= self._benchmarks.same(name) | self._benchmarks.matching(name)
        return found

    def matching(self, benchmark: str, titled: str, metric: str, statistic: str) -> int:
        """Return the rules that match a value."""
        found = self.naming(benchmark, titled)
        return found and found & self._metrics.matching(metric) & self._statistics.matching(statistic)

    def stating_workload(self, benchmark: str, titled: str) -> int:
        """Return the rules that name the benchmark, and state its workload."""
        return self._stating_workload and self._stating_workload & self.naming(benchmark, titled)


class Budget(Struct, frozen=True, kw_only=True):
    """One ``[[budget]]``: an absolute limit on a statistic of the current runs."""

    origin: str
    """Where it stands, for messages: ``budget 1 (perfgate.toml)``."""
    benchmark: str
    """Glob on the benchmark's name; empty: only those of `series`."""
    metric: str
    """Name of the metric."""
    statistic: str
    """One of `perfgate.core.statistic.STATISTICS`."""
    limit: Limit
    """What must hold."""
    warn: Limit | None = None
    """What should hold: beyond it the row is advisory."""
    level: Level = "fail"
    """Whether a value beyond the limit fails, warns or is only shown."""
    name: str = ""
    """What it is called in alerts and by ``--budget``; empty: it has no name."""
    series: str = ""
    """Name of the metric of Prometheus that holds the same; empty: none does."""
    ratio: str = ""
    """Name of the ratio of counters that holds the same, whose benchmark is `series`; empty: none does."""

    @property
    def early(self) -> Limit | None:
        """The warning, where it lies apart from the limit."""
        return self.warn if self.warn and self.warn.amount != self.limit.amount else None

    @property
    def better(self) -> Direction:
        """Which way is an improvement, as the limit says."""
        return "lower" if self.limit.op.startswith("<") else "higher"

    def kind_of_series(self, ratio: Ratio | None) -> tuple[str, Direction | None]:
        """Return base unit and direction of what it limits of its series, as the names say.

        Args:
            ratio: the one that it limits; None: none.

        Returns:
            The direction is None where neither name says one.
        """
        if ratio:
            return "1", ratio.better
        if self.metric == THROUGHPUT.name:
            return THROUGHPUT.unit, THROUGHPUT.better
        unit = scale_of(unit_of(self.series))[1]
        return unit, known_direction(self.metric, unit)

    def find_fault(self, ratio: Ratio | None) -> Diagnostic | None:
        """Return why it could never be broken, or never hold, as the names alone say before anything is measured.

        Args:
            ratio: the one that it limits; None: none.
        """
        unit = self.limit.unit  # of a log, or of a series whose name says none, the values say it
        better: Direction | None = "lower" if self.metric in _RATES else known_direction(self.metric, unit)
        if ratio or (self.series and self.metric == THROUGHPUT.name):
            unit, better = self.kind_of_series(ratio)
        is_share = ratio.is_share if ratio else self.metric in _SHARES
        return self.find_misfit(unit, better, series=self.series, is_share=is_share)

    def find_misfit(
        self, unit: str, better: Direction | None, *, series: str = "", is_share: bool = False
    ) -> Diagnostic | None:
        """Return why its limit fits no value of its metric: its unit, the way it points, its amount; None: it fits.

        Args:
            unit: base unit of the values.
            better: which way is an improvement of them; None: as the limit says.
            series: whose metric it is, for the message; empty: the metric alone says it.
            is_share: do all values lie between 0 and 1?
        """
        of = f" of {series}" if series else ""
        if self.limit.unit != unit:
            message = f'"{self.limit.text}" does not fit "{self.metric}"{of}, which is in "{unit}"'
            hint = "write the limit in a unit of the metric"
            return error("budget-unit", message, place=self.origin, hint=hint)
        if better not in {None, self.better}:
            message = f'"{self.limit.text}" points the wrong way: {better} is better for "{self.metric}"{of}'
            return error("budget-sign", message, place=self.origin, hint="turn the sign of the limit")
        for stated in (self.limit, self.warn) if is_share else ():
            if stated and not (0 <= stated.amount < 1 if stated.op[0] == "<" else 0 < stated.amount <= 1):
                message = f'"{self.metric}"{of} is a share, and no share is beyond "{stated.text}"'
                hint = "state a share between 0% and 100%"
                return error("budget-impossible", message, place=self.origin, hint=hint)
        return None

    def names(self, benchmark: str, titled: str) -> bool:
        """Does its glob name a benchmark, given without and with labels?

        Beside `series` a wildcard names no series of a scrape with labels: ``*/*`` is meant for
        benchmarks such as ``model/v1``, and not for ``requests_total{route="/home"}``.
        """
        if self.series and is_series_with_labels(benchmark):
            return self.benchmark == benchmark
        return bool(self.benchmark) and matches(self.benchmark, benchmark, titled)

    def limits(self, benchmark: str, titled: str) -> bool:
        """Is it about a benchmark, given without and with labels?"""
        return self.names(benchmark, titled) or self.is_of_series(benchmark)

    def is_of_series(self, benchmark: str) -> bool:
        """Is a benchmark of a scrape one of its series?"""
        return bool(self.series) and family_of(benchmark) == self.series


DEFAULT_RESOLUTION = Change(amount=RESOLUTION, sign="+", unit="%", text=f"+{RESOLUTION:.0%}")


class Ruling(Struct, frozen=True, kw_only=True):
    """What governs one row: a rule's words completed by the defaults."""

    threshold: Change
    """Largest accepted worsening."""
    floor: Floor
    """Smallest change that may fail."""
    method: Method
    """How it is judged."""
    level: Level
    """Whether a worsening fails, warns or is only shown."""
    workload: Workload
    """Must the rows used be the same?"""
    resolution: float
    """A worsening, as a ratio of costs minus one, that must not go unnoticed: a value that leaves it open is too
    noisy."""
    origin: str
    """The rule that decided, or ``defaults``."""


class Policy(Struct, frozen=True, kw_only=True):
    """The whole configuration."""

    source: str
    """The file it came from, or ``built-in defaults``."""
    runs: tuple[str, ...] = ("outputs/model_runs/*.json",)
    """Globs of run summaries."""
    baselines: str = "baselines"
    """Folder of the committed baselines; `NO_BASELINES`: budgets alone are judged."""
    machine_class: str = ""
    """Given by hand; empty: the runs' own."""
    exclude: tuple[str, ...] = ()
    """Globs of benchmarks (or ``benchmark:metric``) that are not judged."""
    false_alarms: float = 0.01
    """Accepted chance that an unchanged pull request fails."""
    threshold: Change
    """Default for p50."""
    floor: Floor = Floor(auto=True)
    """Default floor."""
    on_suspected: Literal["pass", "fail"] = "pass"
    """Whether a suspected row passes or fails."""
    on_too_noisy: Literal["pass", "error"] = "pass"
    """Whether a gated value that is too noisy passes, or keeps the check from a verdict."""
    resolution: Change = DEFAULT_RESOLUTION
    """A worsening that must not go unnoticed; what leaves it open is too noisy. Relative, > 0."""
    on_improved: Literal["pass", "fail"] = "pass"
    """Whether an improved row passes, or fails until its baseline has the gain."""
    threshold_is: Literal["measured", "excluded"] = "measured"
    """Whether an interleaved row fails beyond its threshold as measured, or unless its threshold is excluded."""
    baseline_changes: Literal["report", "refuse", "allow"] = "report"
    """The reaction to a change that edits the gate by which it is judged."""
    workload: Workload = "same"
    """Default for the rows used."""
    rules: tuple[Rule, ...] = Rules()
    """First match wins; kept as `Rules`."""
    budgets: tuple[Budget, ...] = ()
    """Every one that matches is checked."""
    maps: tuple[FieldMap, ...] = ()
    """How rows of logs become measurements."""
    ratios: tuple[Ratio, ...] = ()
    """Shares of counters in others."""
    trace: Tracing = AS_PROGRAMS_SAY
    """How measured programs trace themselves."""
    canary: Canary = CANARY
    """When a canary is rolled back, and when it goes on."""
    drift: Drift = NO_SAMPLES
    """How inputs are held against their reference."""
    history_ref: str = LEDGER
    """The ref of the ledger of sessions."""

    def __post_init__(self) -> None:
        """Give the rules their lookup."""
        if not isinstance(self.rules, Rules):
            force_setattr(self, "rules", Rules(self.rules))

    @property
    def rule_index(self) -> RuleIndex:
        """Which rules match what."""
        return self.rules.lookup if isinstance(self.rules, Rules) else RuleIndex(self.rules)

    def excludes(self, benchmark: str, titled: str, metric: str = "") -> bool:
        """Is the benchmark, or the metric of it, on the exclude list?"""
        for glob in self.exclude:
            name, _, its_metric = glob.partition(":")
            if matches(name, benchmark, titled) and (
                not its_metric or (metric and fnmatch.fnmatchcase(metric, its_metric))
            ):
                return True
        return False

    def rule_for(self, benchmark: str, titled: str, metric: str, statistic: str) -> Rule | None:
        """Return the first rule that governs the row, or None."""
        if not self.rules:
            return None
        found = self.rule_index.matching(benchmark, titled, metric, statistic)
        return self.rules[first_place(found)] if found else None

    def ruling(
        self, benchmark: str, titled: str, metric: Metric, statistic: str, *, is_primary: bool = False
    ) -> Ruling:
        """Return what governs the row: the first rule that matches, completed by the defaults.

        Args:
            benchmark: name of the benchmark.
            titled: the same with its labels.
            metric: what is compared.
            statistic: one of `perfgate.core.statistic.STATISTICS`.
            is_primary: has the benchmark nothing that is gated by default, so that this is what it is about?
        """
        rule = self.rule_for(benchmark, titled, metric.name, statistic)
        workload = (rule.workload if rule else None) or self._workload_of(benchmark, titled)
        level = default_level(metric.name, statistic, workload, is_primary=is_primary)
        threshold = self.threshold
        if metric.name == INSTRUCTIONS.name:
            threshold = _MORE_INSTRUCTIONS
        elif metric.name in _RATES and statistic == "p50" and rule is None:
            threshold = _MORE_ERRORS
        if rule is None:
            return Ruling(
                threshold=threshold,
                floor=self.floor,
                method="auto",
                level=level,
                workload=workload,
                resolution=self.resolution.amount,
                origin="defaults",
            )
        return Ruling(
            threshold=rule.threshold or threshold,
            floor=rule.floor or self.floor,
            method=rule.method,
            level=rule.level or ("fail" if rule.is_specific else level),
            workload=workload,
            resolution=self.resolution.amount,
            origin=rule.origin,
        )

    def _workload_of(self, benchmark: str, titled: str) -> Workload:
        """Return the workload key of the benchmark: it belongs to all its rows, whichever rule states it."""
        found = self.rule_index.stating_workload(benchmark, titled) if self.rules else 0
        return (self.rules[first_place(found)].workload if found else None) or self.workload


def without_origins(policy: Policy) -> Policy:
    """Return a policy without the places that it was read from: two that say the same are equal."""
    return replace(
        policy,
        source="",
        rules=tuple(replace(r, origin="") for r in policy.rules),
        budgets=tuple(replace(b, origin="") for b in policy.budgets),
    )


def digest_of(policy: Policy) -> str:
    """Return 12 hex digits that stand for what a policy states about verdicts, wherever it was read."""
    data = to_builtins(without_origins(policy))
    del data["history_ref"]  # where a history is kept decides nothing
    return short_hash(json.dumps(data, sort_keys=True))


def gates_nothing_by_default(metrics: Iterable[str]) -> bool:
    """Is none of a benchmark's metrics gated by default? Then all are: it would be measured for nothing."""
    return GATED_BY_DEFAULT.isdisjoint(metrics)


def default_level(metric: str, statistic: str, workload: Workload, *, is_primary: bool = False) -> Level:
    """Return the level of a row that no rule speaks about.

    The p50 of time and of memory are gated, the error rate and the calls of stages; of benchmarks
    that have none of these all that they have. The time in a stage is information: it explains the
    whole. Another metric beside them is shown as a warning when it gets worse; all else is information.
    Where the rows used may differ, throughput stands in for time.
    """
    if workload == "rate" and statistic == "p50":
        if metric == THROUGHPUT.name:
            return "fail"
        if metric in WORKLOAD_BOUND:
            return "warn"
    if statistic != "p50":
        return "info"
    if metric.endswith(MEDIAN_OF_RUN):
        return "warn"
    if is_primary or metric in GATED_BY_DEFAULT or metric in _RATES or is_of_calls(metric):
        return "fail"
    return "info" if metric in SHOWN_BY_DEFAULT or is_of_stage(metric) else "warn"


def matches(glob: str, benchmark: str, titled: str) -> bool:
    """Does a glob name the benchmark, by its bare name or with its labels?

    A name that is written out in full matches itself even when it holds characters
    that mean something in a glob, such as ``train[size=big]``.
    """
    return glob in (benchmark, titled) or fnmatch.fnmatchcase(benchmark, glob) or fnmatch.fnmatchcase(titled, glob)


class Waiver(Struct, frozen=True, kw_only=True):
    """One ``[[waiver]]``: it names its row exactly, no pattern, so that it can never touch another."""

    origin: str
    """Where it stands, for messages: ``waiver 1 (baselines/waivers.toml)``."""
    benchmark: str
    """Name of the benchmark as reports write it, with its labels: ``train[size=big]``."""
    metric: str
    """Name of the metric."""
    statistic: str
    """``p50``, ``p95``, …"""
    ceiling: Change
    """Largest worsening that it lets pass."""
    until: str
    """Last day on which it holds, ``2026-01-31``."""
    reason: str
    """Why, for whoever reads the report."""
    issue: str = ""
    """Where the matter is followed up; empty: nowhere."""

    @property
    def row(self) -> tuple[str, str, str]:
        """Benchmark, metric and statistic: what it is for."""
        return self.benchmark, self.metric, self.statistic

    @property
    def place(self) -> str:
        """The row in words."""
        return f"{self.benchmark} {self.metric} {self.statistic}"


class Removal(Struct, frozen=True, kw_only=True):
    """One ``[[removed]]``: a benchmark that was removed on purpose, so that it need not be measured."""

    origin: str
    """Where it stands, for messages: ``removed 1 (baselines/waivers.toml)``."""
    benchmark: str
    """Name of the benchmark as reports write it, with its labels: ``train[size=big]``."""
    reason: str
    """Why, for whoever reads the report."""
