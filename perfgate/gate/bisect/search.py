"""The search for the commit that made a value worse: which commits are compared, and when it is clear which one did."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.bisection import Bisection, Ends, Kind, Result, Skipped, Trial, Value
from perfgate.core.errors import cannot_decide
from perfgate.core.finding import Status
from perfgate.core.metrics import INSTRUCTIONS
from perfgate.core.policy import Rule
from perfgate.core.profile import title
from perfgate.core.statistic import P50
from perfgate.core.text.units import Change
from perfgate.gate.bisect.posterior import Posterior, Step
from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from perfgate.core.finding import Finding
    from perfgate.core.policy import Policy
    from perfgate.gate.judge import Pair

SURE = 0.99
"""Probability of one commit at which it is compared with its parent."""
REMAINING = 0.95
"""Probability that the commits hold that are named when none is found."""
_RUNS, _COUNTS = 4, 2
"""Runs of each side of one trial; counts of one build agree."""
_MOST_CONFIRMATIONS = 3
"""Comparisons of a likely commit with its parent: each may name a wrong one by chance, if seldom."""
_LEAST_SPREAD, _LEAST_SPREAD_OF_COUNTS = 0.003, 0.0005
"""Standard deviation of the log of a value below which it is not believed: builds of equal code differ, too."""
_UNDONE = 2.0
"""Part of the whole step beyond which a later commit must have taken some of it back."""
LACKS = "the value is not among its results"
"""Why a commit is skipped that runs."""
_DIGITS = 12
_HALF = 0.5
"""Part of the whole step that the commit must have made at least, where that is less than the threshold."""


class Compared(Struct, frozen=True, kw_only=True):
    """Two commits, compared as `perfgate ab` compares them."""

    findings: tuple[Finding, ...]
    """Worst first."""
    pairs: tuple[Pair, ...]
    """What was measured."""


class Keep(Protocol):
    """Takes note of each step of a search."""

    def __call__(self, bisection: Bisection, event: Ends | Trial | Skipped, /) -> None:
        """Take note of all that was measured, and of what is new."""


class Bench(Protocol):
    """Measures commits."""

    def compare(self, base: str, head: str, ends: Ends | None) -> Compared | Skipped:
        """Compare two commits until it is clear whether the second is worse.

        Args:
            base: full hash.
            head: full hash.
            ends: the value, and the threshold that it is judged by alone; None: all values, by the configuration.
        """

    def measure(self, good: str, commit: str, value: Value, runs: int) -> Trial | Skipped:
        """Measure a commit interleaved with the good one.

        Args:
            good: full hash.
            commit: full hash.
            value: which one of what is measured.
            runs: of each side.
        """


def costs_of(value: Value, values: Iterable[float]) -> tuple[float, ...]:
    """Return values so that lower is better."""
    return tuple(values) if value.better == "lower" else tuple(1 / each for each in values)


def step_of(ends: Ends) -> Step:
    """Return the step between the ends."""
    is_count = ends.value.metric == INSTRUCTIONS.name
    least = _LEAST_SPREAD_OF_COUNTS if is_count else _LEAST_SPREAD
    return Step.between(costs_of(ends.value, ends.good), costs_of(ends.value, ends.bad), least)


def posterior_of(bisection: Bisection, ends: Ends) -> Posterior:
    """Return how likely each commit is the first that is worse, by all trials so far."""
    step, value = step_of(ends), ends.value
    posterior = Posterior(len(bisection.commits))
    for trial in bisection.trials:
        evidence = step.evidence(costs_of(value, trial.was), costs_of(value, trial.now))
        posterior.add(bisection.place(trial.base), bisection.place(trial.commit), evidence)
    for skipped in bisection.skipped:
        posterior.close(bisection.place(skipped.commit))
    return posterior


def search(
    bisection: Bisection,
    bench: Bench,
    *,
    may_go_on: Callable[[Bisection], bool],
    keep: Keep,
) -> Result:
    """Find the commit that made a value worse.

    Args:
        bisection: as far as it is.
        bench: measures.
        may_go_on: asked before each trial: is there time for it?
        keep: called after each step, with all that was measured, and with what is new.

    Raises:
        CannotDecideError: an end of the range cannot be measured.
    """
    if bisection.ends is not None:
        return _Search(bisection, bisection.ends, bench).find(may_go_on, keep)
    compared = bench.compare(bisection.good, bisection.commits[-1], None)
    if isinstance(compared, Skipped):  # pragma: no cover - a bench raises for the ends
        raise TypeError("an end was skipped")
    ends = ends_of(compared)
    if ends is None:
        return Result(kind="same", bisection=bisection, ends=compared.findings)
    bisection = replace(bisection, ends=ends)
    keep(bisection, ends)
    if len(bisection.commits) == 1:  # the ends are the commit and its parent
        finding = _of_value(compared.findings, ends.value)
        first = bisection.commits
        found = Result(kind="found", bisection=bisection, chances=(1.0,), first=first, finding=finding)
    else:
        found = _Search(bisection, ends, bench).find(may_go_on, keep)
    return replace(found, ends=compared.findings)


class _Search:
    """A search whose ends differ."""

    def __init__(self, bisection: Bisection, ends: Ends, bench: Bench) -> None:
        self._so_far = bisection
        self._ends = ends
        self._bench = bench
        self._finding: Finding | None = None
        self._runs = _COUNTS if ends.value.metric == INSTRUCTIONS.name else _RUNS

    def find(self, may_go_on: Callable[[Bisection], bool], keep: Keep) -> Result:
        """Compare commits with the good one until one of them is likely enough, and confirm that one."""
        while (confirmed := _confirmed(self._so_far)) is None:
            failed = sum(trial.confirmed is False for trial in self._so_far.trials)
            if failed >= _MOST_CONFIRMATIONS or not may_go_on(self._so_far):
                remaining = posterior_of(self._so_far, self._ends).remaining(REMAINING)
                return self._result("unclear", tuple(self._so_far.commits[each] for each in remaining))
            found = self._compare_next()
            if isinstance(found, Trial):
                self._so_far = self._so_far.with_trial(found)
            else:
                self._require_new(found)
                self._so_far = self._so_far.without(found)
            keep(self._so_far, found)
        first = self._so_far.commits[self._so_far.place(confirmed.base) + 1 : self._so_far.place(confirmed.commit) + 1]
        value = self._ends.value
        change = median(costs_of(value, confirmed.now)) / median(costs_of(value, confirmed.was))
        part = math.log(change) / step_of(self._ends).shift
        kind: Kind = "group" if len(first) > 1 else "undone" if part > _UNDONE else "found"
        return replace(self._result(kind, first), part=part)

    def _compare_next(self) -> Trial | Skipped:
        posterior = posterior_of(self._so_far, self._ends)
        group, chance = posterior.likeliest()
        place = posterior.next()
        if chance >= SURE or place is None:
            return self._confirm(tuple(self._so_far.commits[each] for each in group))
        return self._bench.measure(self._so_far.good, self._so_far.commits[place], self._ends.value, self._runs)

    def _confirm(self, first: tuple[str, ...]) -> Trial | Skipped:
        """Compare a commit, or some that cannot be distinguished, with the commit before the first one."""
        base = self._so_far.before(first[0])
        compared = self._bench.compare(base, first[-1], self._ends)
        if isinstance(compared, Skipped):
            return compared
        sides = find_sides(compared.pairs, self._ends.value)
        if isinstance(sides, str):
            return Skipped(commit=base if sides == "base" else first[-1], reason=LACKS)
        self._finding = _of_value(compared.findings, self._ends.value)
        is_worse = self._finding is not None and self._finding.status is Status.REGRESSED
        return Trial(base=base, commit=first[-1], was=sides[0], now=sides[1], confirmed=is_worse)

    def _require_new(self, skipped: Skipped) -> None:
        """Return when a commit can be skipped.

        Raises:
            CannotDecideError: it is an end of the range, or was skipped before: the search would never end.
        """
        so_far = self._so_far
        known = {so_far.good, so_far.commits[-1], *(each.commit for each in so_far.skipped)}
        if skipped.commit in known:
            message = f"{skipped.commit[:_DIGITS]} was measured before, and cannot be any more: {skipped.reason}"
            hint = "measure on the machine and with the names of before, or begin anew without the file of --state"
            raise cannot_decide("bisect-end", message, hint=hint)

    def _result(self, kind: Kind, first: tuple[str, ...]) -> Result:
        chances = posterior_of(self._so_far, self._ends).chances()
        return Result(kind=kind, bisection=self._so_far, chances=tuple(chances), first=first, finding=self._finding)


def _confirmed(bisection: Bisection) -> Trial | None:
    """Return the trial that confirmed a commit; None: none did yet."""
    return next((trial for trial in bisection.trials if trial.confirmed), None)


def ends_of(compared: Compared) -> Ends | None:
    """Return the value of two commits that is worst, and worse for certain; None: none is."""
    for finding in compared.findings:
        if finding.status is Status.REGRESSED and finding.statistic == P50:
            metric = next(
                side.metric
                for pair in compared.pairs
                if pair.base and pair.base.key == (finding.benchmark, finding.labels)
                for side in pair.base.metrics
                if side.metric.name == finding.metric
            )
            value = Value(
                benchmark=finding.benchmark,
                labels=finding.labels,
                metric=metric.name,
                unit=metric.unit,
                better=metric.better,
            )
            sides = find_sides(compared.pairs, value)
            if not isinstance(sides, str):
                return Ends(value=value, good=sides[0], bad=sides[1], allowed=_as_cost(finding))
    return None


def find_sides(
    pairs: Sequence[Pair], value: Value
) -> tuple[tuple[float, ...], tuple[float, ...]] | Literal["base", "head"]:
    """Return the values of both sides, > 0.0; or the side that lacks them, or holds one that is no measurement."""
    pair = next((p for p in pairs if any(s is not None and s.key == value.key for s in (p.base, p.current))), None)
    sides = [side.metric(value.metric) if side else None for side in ((pair.base, pair.current) if pair else ())]
    was, now = (side.samples[0].values if side and side.samples else () for side in (*sides, None, None)[:2])
    if not was or min(was) <= 0.0:
        return "base"
    return (was, now) if now and min(now) > 0.0 else "head"


def _of_value(findings: Sequence[Finding], value: Value) -> Finding | None:
    """Return the finding about the p50 of a value; None: there is none."""
    wanted = (value.benchmark, value.labels, value.metric, P50)
    return next((f for f in findings if (f.benchmark, f.labels, f.metric, f.statistic) == wanted), None)


def _as_cost(finding: Finding) -> float:
    """Return the largest worsening that never fails as a ratio of costs minus one."""
    allowed = finding.allowed or 0.0
    return allowed if finding.better == "lower" else 1 / (1 + allowed) - 1


def policy_for(policy: Policy, ends: Ends) -> Policy:
    """Return the policy that judges a commit against its parent: the value alone, at half of the step at the most.

    Args:
        policy: the configuration's.
        ends: of the search.
    """
    allowed = min(ends.allowed, math.expm1(step_of(ends).shift) * _HALF)
    value = ends.value
    if value.better == "higher":
        allowed = 1 - 1 / (1 + allowed)
    ruling = policy.ruling(value.benchmark, title(*value.key), value.measured, P50)
    sign: Literal["+", "-"] = "+" if value.better == "lower" else "-"
    rule = Rule(
        origin="the search",
        threshold=Change(amount=allowed, sign=sign, unit="%", text=f"{sign}{allowed:.2%}"),
        floor=ruling.floor,
        method=ruling.method,
        level="fail",
    )
    return replace(policy, rules=(rule,), threshold_is="measured")
