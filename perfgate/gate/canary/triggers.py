"""The questions that a canary must answer: each trigger and budget, for each benchmark that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.policy import GATED_BY_DEFAULT
from perfgate.core.rollout.canary import DEADLINE, ERRORS, MEDIAN, P95, State, TriggerFinding
from perfgate.core.statistic import P50, QUANTILE_OF
from perfgate.core.text.units import Limit
from perfgate.gate.budgets import OF_SERIES
from perfgate.gate.canary.evidence import Evidence, weigh_quantile, weigh_share, weigh_shift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.metrics import Direction
    from perfgate.core.policy import Budget
    from perfgate.core.rollout.canary import Canary
    from perfgate.core.text.units import Change
    from perfgate.gate.canary.arms import Arm, Measure
    from perfgate.stats.large_samples.distribution import Distribution

Levels = tuple[float, float]
"""Of rolling back, and of going on."""
_Hits = tuple[tuple[int, int], int]
"""How many, for certain and at most, and of how many."""


class Question(Struct, frozen=True, kw_only=True):
    """One trigger for one benchmark."""

    finding: TriggerFinding
    """What is known before the level is: names, limit and values."""
    answer: Callable[[Levels], tuple[Evidence, str]] | None = None
    """Says what is proven, and a remark; None: nothing can be, and the finding stands as it is."""


def ask(baseline: Arm, canary: Arm, settings: Canary, budgets: Sequence[Budget]) -> list[Question]:
    """Return all questions.

    Args:
        baseline: the arm that serves already.
        canary: the arm that is judged.
        settings: the triggers.
        budgets: of the policy.
    """
    names = _paired(baseline, canary)
    found: list[Question] = []
    for shown, was, now in names:
        found += _of_benchmark(shown, baseline.of(was), canary.of(now), settings)
    found += _missing_triggers(found, settings)
    for budget in budgets:
        of_budget: list[Question] = []
        for shown, was, now in names:
            if budget.limits(now, now) or budget.limits(was, was):
                base, judged = _limited(budget, was, baseline.of(was)), _limited(budget, now, canary.of(now))
                of_budget += _of_budget(budget, shown, base, judged)
        found += of_budget or [_unmeasured(budget)]
    return found


def _paired(baseline: Arm, canary: Arm) -> list[tuple[str, str, str]]:
    """Return what is compared: the name to show, and that in each arm.

    Files that name no benchmark name it after themselves: where each arm has one such, they are the same.
    """
    was, now = baseline.benchmarks(), canary.benchmarks()
    if len(was) == len(now) == 1 and baseline.is_named_by_file and canary.is_named_by_file:
        return [(now[0], was[0], now[0])]
    return [(name, name, name) for name in dict.fromkeys((*was, *now))]


def _of_benchmark(shown: str, was: dict[str, Measure], now: dict[str, Measure], settings: Canary) -> Iterator[Question]:
    latencies = _latencies({**was, **now})
    for metric in latencies:
        base, canary = was.get(metric), now.get(metric)
        if settings.p95 is not None:
            yield from _compare(shown, metric, (base, canary), settings.p95)
        if settings.deadline_miss is not None and settings.deadline is not None and DEADLINE not in now:
            yield _late(shown, metric, (base, canary), settings.deadline_miss, settings.deadline)
    for trigger, limit in ((DEADLINE, settings.deadline_miss), (ERRORS, settings.error_rate)):
        if limit is not None and (trigger in was or trigger in now):
            yield _counted(trigger, shown, limit, (was.get(trigger), now.get(trigger)))


def _latencies(measures: dict[str, Measure]) -> list[str]:
    """Return the metrics that say how long a request took: those that are gated, else all times."""
    times = [n for n, m in measures.items() if m.metric.unit == "s" and m.metric.better == "lower"]
    return [n for n in times if n in GATED_BY_DEFAULT] or times


def _compare(
    shown: str, metric: str, sides: tuple[Measure | None, Measure | None], threshold: Change
) -> Iterator[Question]:
    """Yield the questions whether p95 of a latency, or all of it, rose beyond the threshold."""
    base, canary = sides
    p95 = TriggerFinding(
        trigger=P95,
        benchmark=shown,
        metric=metric,
        unit="s",
        statistic="p95",
        limit=threshold.text,
        state=State.MISSING,
    )
    if base is None or canary is None:
        arm = "the baseline" if base is None else "the canary"
        yield Question(finding=replace(p95, message=f"not measured in {arm}"))
        return
    was, now = base.whole, canary.whole
    p95 = replace(p95, n_baseline=base.count, n_canary=canary.count)
    if was is None or now is None:
        why = "the file states no single values: of quantiles nothing is proven"
        yield Question(finding=replace(p95, message=why))
        return
    if base.source != canary.source:
        why = f"measured in different ways ({base.source or 'single calls'}, {canary.source or 'single calls'})"
        yield Question(finding=replace(p95, message=why))
        return
    limit, q = threshold.amount, QUANTILE_OF[P95]
    yield Question(
        finding=_with_quantiles(p95, was, now, q), answer=lambda levels: weigh_quantile(base, canary, q, limit, levels)
    )
    if not was.is_bucketed and not now.is_bucketed:
        median = replace(p95, trigger=MEDIAN, statistic=P50)
        yield Question(
            finding=_with_quantiles(median, was, now, QUANTILE_OF[P50]),
            answer=lambda levels: weigh_shift(base, canary, limit, levels),
        )


def _with_quantiles(finding: TriggerFinding, was: Distribution, now: Distribution, q: float) -> TriggerFinding:
    """Return a finding with a quantile of both sides, and its change."""
    first, second = was.quantile(q), now.quantile(q)
    return replace(finding, baseline=first, canary=second, change=second / first - 1.0 if first > 0 else None)


def _of_share(trigger: str, shown: str, metric: str, limit: Limit) -> TriggerFinding:
    """Return what is known of a share before it is measured."""
    return TriggerFinding(
        trigger=trigger,
        benchmark=shown,
        metric=metric,
        unit="1",
        statistic="share",
        limit=limit.text,
        state=State.MISSING,
    )


def _late(
    shown: str, metric: str, sides: tuple[Measure | None, Measure | None], limit: Limit, deadline: float
) -> Question:
    """Return the question whether too many requests took longer than their deadline."""
    finding = _of_share(DEADLINE, shown, metric, limit)
    base, canary = sides
    if canary is None or canary.whole is None:
        return Question(finding=replace(finding, message="the canary states no single values"))
    is_beyond = Limit(op="<=", amount=deadline, unit="s", text="")
    was = _beyond(base.whole, is_beyond) if base is not None and base.whole is not None else None
    return _about_share(finding, was, _beyond(canary.whole, is_beyond), limit, "lower")


def _beyond(whole: Distribution, limit: Limit) -> _Hits:
    """Return how many values do not satisfy a limit, for certain and at most, and of how many."""
    is_strict = limit.op in {"<", ">"}
    if limit.op.startswith("<"):
        return whole.above(limit.amount, at_limit=is_strict), len(whole)
    surely, possibly = whole.above(limit.amount, at_limit=not is_strict)
    return (len(whole) - possibly, len(whole) - surely), len(whole)


def _counted(trigger: str, shown: str, limit: Limit, sides: tuple[Measure | None, Measure | None]) -> Question:
    """Return the question whether a share that the files count is beyond its limit."""
    finding = _of_share(trigger, shown, trigger, limit)
    was, now = map(_hits_of, sides)
    if now is None:
        what = "states no counts" if sides[1] is not None else "not measured in the canary"
        return Question(finding=replace(finding, message=what))
    return _about_share(finding, was, now, limit, "lower")


def _hits_of(measure: Measure | None) -> _Hits | None:
    """Return what a counted share counts; None: there is none."""
    if measure is None or measure.share is None:
        return None
    hits, of = measure.share
    return (hits, hits), of


def _about_share(finding: TriggerFinding, was: _Hits | None, now: _Hits, limit: Limit, better: Direction) -> Question:
    """Return the question whether a share lies beyond its limit.

    Args:
        finding: of the trigger.
        was: hits of the baseline; None: not measured.
        now: hits of the canary.
        limit: what must hold of the share.
        better: which way is an improvement; where it is ``higher``, the others are counted.
    """
    (surely, possibly), of = now
    finding = replace(
        finding,
        baseline=None if was is None else was[0][0] / was[1],
        canary=surely / of,
        n_baseline=0 if was is None else was[1],
        n_canary=of,
        better=better,
    )
    if better == "lower":
        return Question(
            finding=finding, answer=lambda levels: (weigh_share((surely, possibly), of, limit.amount, levels), "")
        )

    def answer(levels: Levels) -> tuple[Evidence, str]:
        others = weigh_share((of - possibly, of - surely), of, 1.0 - limit.amount, levels)
        low, high = others.low, others.high
        return replace(others, low=None if high is None else 1 - high, high=None if low is None else 1 - low), ""

    return Question(finding=finding, answer=answer)


def _missing_triggers(found: Sequence[Question], settings: Canary) -> Iterator[Question]:
    """Yield what to say of a trigger for which nothing was measured: one that is asked for must be."""
    there = {q.finding.trigger for q in found}
    hints = {
        P95: "no latency was measured",
        DEADLINE: "no file says which requests were late: set deadline_ms",
        ERRORS: "no file says which requests failed",
    }
    limits = {P95: settings.p95, DEADLINE: settings.deadline_miss, ERRORS: settings.error_rate}
    for trigger, limit in limits.items():
        if limit is None or trigger in there:
            continue
        must = trigger == P95 or trigger in settings.stated
        finding = TriggerFinding(
            trigger=trigger,
            benchmark="",
            metric=trigger,
            unit="1",
            statistic="p95" if trigger == P95 else "share",
            limit=limit.text,
            state=State.MISSING if must else State.SHOWN,
            message=hints[trigger],
        )
        yield Question(finding=finding)


def _limited(budget: Budget, benchmark: str, measures: dict[str, Measure]) -> Measure | None:
    """Return what a budget limits of a benchmark; the only metric of a series is that one, whatever its name."""
    if budget.metric in measures or budget.ratio or not budget.is_of_series(benchmark) or len(measures) != 1:
        return measures.get(budget.metric)
    (only,) = measures.values()
    return only if only.metric.name in OF_SERIES else None


def _unmeasured(budget: Budget) -> Question:
    """Return what to say of a budget that nothing of either arm is about: one that fails must be measured."""
    finding = _about(budget, "", budget.limit.unit)
    state = State.MISSING if budget.level == "fail" else State.SHOWN
    message = "neither arm measures it; choose the budgets of the service by --budget NAME"
    return Question(finding=replace(finding, state=state, message=message))


def _about(budget: Budget, shown: str, unit: str) -> TriggerFinding:
    return TriggerFinding(
        trigger=budget.name or f"{budget.metric} {budget.statistic}",
        benchmark=shown,
        metric=budget.metric,
        unit=unit,
        statistic=budget.statistic,
        limit=budget.limit.text,
        state=State.MISSING,
    )


def _of_budget(budget: Budget, shown: str, base: Measure | None, canary: Measure | None) -> Iterator[Question]:
    """Yield the question whether the canary keeps a budget."""
    measured = canary or base
    if measured is None:
        return
    finding = _about(budget, shown, measured.metric.unit)
    if misfit := budget.find_misfit(measured.metric.unit, measured.metric.better):
        yield Question(finding=replace(finding, message=misfit.message))
        return
    question = _budget_question(budget, finding, base, canary)
    if budget.level == "fail":
        yield question
        return
    why = f"of level {budget.level}: shown only"
    yield Question(finding=replace(question.finding, state=State.SHOWN, message=why))


def _budget_question(budget: Budget, finding: TriggerFinding, base: Measure | None, canary: Measure | None) -> Question:
    if canary is None:
        return Question(finding=replace(finding, message="not measured in the canary"))
    if (now := _hits_of(canary)) is not None:
        return _about_share(replace(finding, statistic="share"), _hits_of(base), now, budget.limit, budget.better)
    if canary.whole is None:
        holds = canary.value is not None and budget.limit.holds(canary.value)
        state = State.SHOWN if holds or finding.unit == "1/s" else State.OPEN
        message = "one value, of which nothing is proven"
        return Question(
            finding=replace(finding, canary=canary.value, n_canary=canary.count, state=state, message=message)
        )
    q = QUANTILE_OF[budget.statistic]
    allowed = 1.0 - q if budget.better == "lower" else q
    hits, of = _beyond(canary.whole, budget.limit)
    finding = replace(
        finding,
        baseline=base.whole.quantile(q) if base is not None and base.whole is not None else None,
        canary=canary.whole.quantile(q),
        n_baseline=base.count if base is not None else 0,
        n_canary=of,
        message=f"{hits[0] / of:.1%} of the requests are beyond it, and {allowed:.0%} may be",
    )

    def answer(levels: Levels) -> tuple[Evidence, str]:
        # The bounds are of the share of requests beyond the limit, which is the same statement.
        return weigh_share(hits, of, allowed, levels), ""

    return Question(finding=finding, answer=answer)
