"""Rules that do nothing, or not what they say."""

from __future__ import annotations

import fnmatch
import math
from typing import TYPE_CHECKING, TypeVar

from perfgate.core.errors import Diagnostic, error, note, warning
from perfgate.core.policy import matches
from perfgate.core.profile import title
from perfgate.core.reasons import hint_for
from perfgate.core.statistic import P50
from perfgate.core.text.names import list_some
from perfgate.gate.audit.wording import cost, percent
from perfgate.gate.budgets import check_budgets
from perfgate.gate.rows import RUNS_NEEDED
from perfgate.gate.rules import check_rules
from perfgate.stats.leave_one_out import FEWEST_LEFT_OUT, alarm_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from perfgate.core.policy import Policy
    from perfgate.core.profile import Profile
    from perfgate.gate.audit.facts import AuditedClass
    from perfgate.gate.audit.sensitivity import Sensitivity

K = TypeVar("K")
_FAR = 2.0  # a threshold below half of what can be seen promises what it cannot hold
_STATISTICAL = frozenset({"across-sessions", "same-session"})


def of_rules(profiles: Sequence[Profile], classes: Sequence[AuditedClass], policy: Policy) -> list[Diagnostic]:
    """Return what is wrong with rules, budgets and the exclude list.

    Args:
        profiles: all baselines.
        classes: what is known of those that are not excluded.
        policy: the configuration.
    """
    rows = [row for one in classes for row in one.rows]
    return [
        *check_rules(policy, profiles),
        *check_budgets(profiles, policy, frozenset())[1],
        *_idle_excludes(profiles, policy),
        *_undecidable(rows),
        *_never_failing(rows),
        *_floors(rows),
        *_promises(rows, policy),
        *_plain(classes, policy),
    ]


def _idle_excludes(profiles: Sequence[Profile], policy: Policy) -> Iterator[Diagnostic]:
    """Yield a note for each entry of the exclude list that excludes nothing."""
    known = [(p.benchmark, title(*p.key), [m.metric.name for m in p.metrics]) for p in profiles]
    for entry in policy.exclude:
        glob, _, metric = entry.partition(":")
        hit = any(
            matches(glob, benchmark, titled) and (not metric or any(fnmatch.fnmatchcase(n, metric) for n in metrics))
            for benchmark, titled, metrics in known
        )
        if not hit:
            message = f'exclude "{entry}" matches nothing in the baselines'
            yield note("exclude-matches-nothing", message, place=policy.source, hint="correct the name, or remove it")


def _undecidable(rows: Sequence[Sensitivity]) -> Iterator[Diagnostic]:
    """Yield an error for the rows that no check can judge."""
    for reason, which in _grouped([r for r in rows if r.obstacle], lambda r: r.obstacle).items():
        message = f"no check can judge {_named(which)}: {which[0].obstacle_message}"
        yield error("row-undecidable", message, place=which[0].rule, hint=hint_for(reason).replace("`", ""))


def _never_failing(rows: Sequence[Sensitivity]) -> Iterator[Diagnostic]:
    """Yield an error for the gated values that can never fail."""
    blind = [r for r in rows if r.now.once is None and not r.obstacle and not _has_no_share(r)]
    for why, which in _grouped(blind, _why_never).items():
        reason, _, hint = why.partition("; ")
        yield error("row-never-fails", f"{_named(which)} can never fail: {reason}", place=which[0].rule, hint=hint)


def _has_no_share(row: Sensitivity) -> bool:
    """Is its threshold an amount, and its value zero? It can fail, but no change of it is a share of the value."""
    return cost(row.threshold) == math.inf and not row.limit_text.endswith("%")


def _why_never(row: Sensitivity) -> str:
    """Return why a row cannot fail, and what to do."""
    if cost(row.threshold) == math.inf:
        return f'the threshold "{row.limit_text}" accepts everything; lower it'
    if cost(row.floor) == math.inf:
        return "the floor is larger than the value; lower it"
    if row.statistic != P50:
        needed = RUNS_NEEDED[row.statistic]
        return (
            f"a {row.statistic} needs {needed} runs in each session, there are {row.now.runs}; "
            'measure more runs, or gate it as a plain ratio: method = "threshold"'
        )
    return "so few runs can never prove a change; measure more runs, in several sessions"


def _floors(rows: Sequence[Sensitivity]) -> Iterator[Diagnostic]:
    """Yield a warning for floors beyond which a value has to more than double."""
    hidden = [r for r in rows if 1.0 < cost(r.floor) < math.inf]
    for (rule, better), which in _grouped(hidden, lambda r: (r.rule, r.better)).items():
        far = "more than doubles" if better == "lower" else "falls below half"
        message = f"the floor lets {_named(which)} fail only when the value {far}"
        hint = "lower the floor, or record more digits, such as elapsed_ns"
        yield warning("floor-hides", message, place=rule, hint=hint)


def _promises(rows: Sequence[Sensitivity], policy: Policy) -> Iterator[Diagnostic]:
    """Yield a note for each rule whose own threshold is far below what its rows can see."""
    own = {rule.origin for rule in policy.rules if rule.threshold is not None}
    far = [r for r in rows if r.rule in own and r.method in _STATISTICAL and r.now.once is not None and _is_far(r)]
    for rule, which in _grouped(far, lambda r: r.rule).items():
        worst = max(which, key=lambda r: cost(_nearest(r)))
        message = (
            f'"{worst.limit_text}" promises more than {_named(which)} can see: '
            f"{percent(_nearest(worst) or 0.0)} at the smallest"
        )
        yield note("threshold-unseen", message, place=rule, hint="measure more sessions, or use perfgate ab")


def _nearest(row: Sensitivity) -> float | None:
    return row.now.once if row.now.confirmed is None else row.now.confirmed


def _is_far(row: Sensitivity) -> bool:
    return cost(_nearest(row)) > _FAR * cost(row.threshold)


def _plain(classes: Sequence[AuditedClass], policy: Policy) -> Iterator[Diagnostic]:
    """Yield a warning for rows that are gated by their plain ratio, within the noise."""
    for one in classes:
        known = {row.key: row.shares for row in one.shares}
        for row in one.rows:
            of = known.get(row.key, ())
            if row.method not in {"threshold", "exact"} or len(of) < FEWEST_LEFT_OUT:
                continue
            rate = alarm_rate(of)
            if rate.expected > policy.false_alarms:
                message = (
                    f'"{row.limit_text}" for {row.place} lies within the noise: {rate.failed} of {rate.sessions} '
                    f"sessions would have failed against the others (about {rate.expected * 100:.2g} of 100)"
                )
                hint = 'raise it, or leave the judgement to the statistics: method = "auto" and p50'
                yield warning("threshold-in-noise", message, place=row.rule, hint=hint)


def _grouped(rows: Iterable[Sensitivity], key: Callable[[Sensitivity], K]) -> Mapping[K, list[Sensitivity]]:
    """Return rows by a key, in order."""
    groups: dict[K, list[Sensitivity]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _named(rows: Sequence[Sensitivity]) -> str:
    return list_some([r.place for r in rows])
