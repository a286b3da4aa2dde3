"""Which rule governs what: rules that can never apply, and the answer to "why is this gated?"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import Diagnostic, error
from perfgate.core.metrics import STATED_BY, explains
from perfgate.core.profile import Profile, title
from perfgate.core.statistic import STATISTICS
from perfgate.core.text.globs import first_place
from perfgate.core.text.near_names import find_near
from perfgate.gate.failures import rate_of
from perfgate.gate.rows import limit_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.metrics import Metric
    from perfgate.core.policy import Policy, Rule, Ruling

_Known = tuple[str, str, "Metric"]  # benchmark, benchmark with labels, metric
_MOST_GUESSES = 20
"""Rules that match nothing and get a guess what was meant."""


class Governed(Struct, frozen=True, kw_only=True):
    """One row of an explanation."""

    metric: str
    """Name of the metric."""
    statistic: str
    """``p50``, …"""
    ruling: Ruling
    """What governs it."""
    threshold: str
    """The threshold as it reads for the metric."""


def check_rules(policy: Policy, profiles: Sequence[Profile]) -> list[Diagnostic]:
    """Return an error for each rule that can never apply, or that does not fit what it governs.

    A rule that matches nothing is a gate that its author believes in and that does not
    exist. The benchmarks of all baselines and of all current runs count.
    """
    if not policy.rules:
        return []
    rows = sorted({(p.benchmark, title(*p.key), m) for p in profiles for m in _metrics(p)}, key=str)
    governed: list[list[Metric]] = [[] for _ in policy.rules]
    first: list[int | None] = [None for _ in policy.rules]  # which rule governs what each rule matches first
    unmatched = (1 << len(policy.rules)) - 1
    for benchmark, titled, metric in rows:
        for statistic in STATISTICS:
            matching = policy.rule_index.matching(benchmark, titled, metric.name, statistic)
            if matching:
                governed[winner := first_place(matching)].append(metric)
            while new := matching & unmatched:
                first[first_place(new)] = winner
                unmatched &= ~(new & -new)
    known = _Names(rows, policy)
    faults = (
        known.as_fault(place) if winner is None else _check(rule, policy.rules[winner], metrics)
        for place, (rule, winner, metrics) in enumerate(zip(policy.rules, first, governed, strict=True))
    )
    return [fault for fault in faults if fault is not None]


def _metrics(profile: Profile) -> Iterator[Metric]:
    """Yield what a rule may be about: what was measured, and the share of runs that failed, also while none does."""
    yield from (m.metric for m in profile.metrics)
    if (rate := rate_of(profile)) and not profile.metric(rate.metric.name):
        yield rate.metric


def _check(rule: Rule, winner: Rule, metrics: Sequence[Metric]) -> Diagnostic | None:
    """Return what is wrong with a rule.

    Args:
        rule: matches something.
        winner: the rule that governs what it matches first.
        metrics: of the values that it governs.
    """
    if not metrics and rule.workload is None:
        message = f"never applies: {winner.origin} matches first wherever it does"
        return error("rule-shadowed", message, place=rule.origin, hint="move it before the other, or remove it")
    return next((d for metric in metrics if (d := _misfit(rule, metric)) is not None), None)


class _Names:
    """The names that a rule which matches nothing may have meant."""

    def __init__(self, rows: Sequence[_Known], policy: Policy) -> None:
        pairs = {row[:2] for row in rows}
        self._rules = policy.rules
        self._benchmarks = sorted({name for pair in pairs for name in pair})
        self._metrics = sorted({row[2].name for row in rows})
        self._naming = 0  # the rules that name a benchmark which there is
        for pair in pairs:
            self._naming |= policy.rule_index.naming(*pair)
        self._guesses = _MOST_GUESSES

    def as_fault(self, place: int) -> Diagnostic:
        """Return the error for the rule at a place, with a guess for the first ones: each looks at all names."""
        rule = self._rules[place]
        what, word, known = "benchmark", rule.benchmark, self._benchmarks
        if self._naming >> place & 1:
            what, word, known = "metric", rule.metric, self._metrics
        message = f'matches nothing: there is no {what} "{word}"'
        if what == "metric" and word in STATED_BY:
            hint = f"{STATED_BY[word]}; or remove the rule"
            return error("rule-matches-nothing", message, place=rule.origin, hint=hint)
        near = find_near(word, known) if self._guesses > 0 else ""
        self._guesses -= 1
        guess = f'did you mean "{near}"?' if near else f"known: {', '.join(known[:8])}"
        return error(
            "rule-matches-nothing", message, place=rule.origin, hint=f"{guess}; correct the name, or remove the rule"
        )


def _misfit(rule: Rule, metric: Metric) -> Diagnostic | None:
    """Return why a rule's threshold does not fit a metric that it governs."""
    threshold = rule.threshold
    if threshold is None:
        return None
    if not threshold.is_relative and threshold.unit != metric.unit:
        message = f'the threshold "{threshold.text}" does not fit "{metric.name}", which is in "{metric.unit}"'
        return error(
            "rule-unit",
            message,
            place=rule.origin,
            hint='write a share such as "+5%", or narrow the rule to one metric',
        )
    names_it = not any(c in rule.metric for c in "*?[")
    wanted = "+" if metric.better == "lower" else "-"
    if names_it and threshold.sign != wanted:
        better = f'{metric.better} is better for "{metric.name}"'
        message = f'the threshold "{threshold.text}" points the wrong way: {better}'
        return error("rule-sign", message, place=rule.origin, hint=f'write "{wanted}{threshold.text.lstrip("+-")}"')
    return None


def explain(policy: Policy, profile: Profile) -> list[Governed]:
    """Return what governs each row of a benchmark, gated values first."""
    titled = title(*profile.key)
    rows = []
    for m in (m for m in profile.metrics if not explains(m.metric.name)):
        for statistic in STATISTICS:
            rule = policy.rule_for(profile.benchmark, titled, m.metric.name, statistic)
            if statistic in {"p50", "p95"} or (rule and rule.statistic != "p50"):
                ruling = policy.ruling(profile.benchmark, titled, m.metric, statistic)
                shown = limit_text(ruling.threshold.text, m.metric.better)
                rows.append(Governed(metric=m.metric.name, statistic=statistic, ruling=ruling, threshold=shown))
    return sorted(rows, key=lambda g: (g.ruling.level != "fail", g.metric, g.statistic))
