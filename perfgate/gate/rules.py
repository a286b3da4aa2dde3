"""Which rule governs what: rules that can never apply, and the answer to "why is this gated?"."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.core.errors import Diagnostic, error
from perfgate.core.metrics import explains
from perfgate.core.policy import Policy, Rule, Ruling, matches
from perfgate.core.profile import Profile, title
from perfgate.core.statistic import STATISTICS
from perfgate.gate.failures import rate_of
from perfgate.gate.rows import limit_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.metrics import Metric

_Known = tuple[str, str, "Metric"]  # benchmark, benchmark with labels, metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
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
    rows = sorted({(p.benchmark, title(*p.key), m) for p in profiles for m in _metrics(p)}, key=str)
    return [d for rule in policy.rules if (d := _check(rule, policy, rows)) is not None]


def _metrics(profile: Profile) -> Iterator[Metric]:
    """Yield what a rule may be about: what was measured, and the share of runs that failed, also while none does."""
    yield from (m.metric for m in profile.metrics)
    if (rate := rate_of(profile)) and not profile.metric(rate.metric.name):
        yield rate.metric


def _check(rule: Rule, policy: Policy, rows: Sequence[_Known]) -> Diagnostic | None:
    names = [s for s in STATISTICS if fnmatch.fnmatchcase(s, rule.statistic)]
    matched = [(*row, s) for row in rows for s in names if rule.matches(row[0], row[1], row[2].name, s)]
    if not matched:
        return _matches_nothing(rule, rows)
    governed = [r for r in matched if policy.rule_for(r[0], r[1], r[2].name, r[3]) is rule]
    if not governed and rule.workload is None:
        first = policy.rule_for(matched[0][0], matched[0][1], matched[0][2].name, matched[0][3])
        message = f"never applies: {first.origin if first else 'another rule'} matches first wherever it does"
        return error("rule-shadowed", message, place=rule.origin, hint="move it before the other, or remove it")
    return next((d for r in governed if (d := _misfit(rule, r[2])) is not None), None)


def _matches_nothing(rule: Rule, rows: Sequence[_Known]) -> Diagnostic:
    benchmarks = sorted({name for r in rows for name in r[:2]})
    metrics = sorted({r[2].name for r in rows})
    if not any(matches(rule.benchmark, r[0], r[1]) for r in rows):
        what, word, known = "benchmark", rule.benchmark, benchmarks
    else:
        what, word, known = "metric", rule.metric, metrics
    import difflib  # noqa: PLC0415 - only for a mistyped name

    near = difflib.get_close_matches(word, known, n=1)
    guess = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(known[:8])}"
    message = f'matches nothing: there is no {what} "{word}"'
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
