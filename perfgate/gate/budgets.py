"""Budgets: absolute limits on what was measured now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import Diagnostic, error
from perfgate.core.finding import Finding, Status
from perfgate.core.metrics import STATED_BY, THROUGHPUT, explains
from perfgate.core.policy import ERROR_RATE, Budget
from perfgate.core.profile import MetricProfile, Profile, title
from perfgate.core.reasons import sentence
from perfgate.core.sources.series import family_of, is_series_name
from perfgate.core.statistic import P50, QUANTILE_OF
from perfgate.core.text.names import list_some, split_left_out
from perfgate.core.text.near_names import find_near
from perfgate.gate.failures import rate_of
from perfgate.gate.methods.buckets import count_beyond, is_beyond
from perfgate.gate.rows import count_of, value_of
from perfgate.stats.shares import exceeds_p, fewest_hits
from perfgate.stats.tails import BOUND

_MOST_NAMES = 8
_WITHOUT_VALUES = "series-without-values"
"""Slug of the note of a reader on a series that is there and holds nearly nothing."""
OF_SERIES = frozenset({"duration", "size", "value"})
"""What a histogram, a summary or a gauge of Prometheus is called, since its name is that of the benchmark."""

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.policy import Policy
    from perfgate.core.text.units import Limit


def check_budgets(
    profiles: Sequence[Profile], policy: Policy, known: frozenset[str], notes: Sequence[Diagnostic] = ()
) -> tuple[list[Finding], list[Diagnostic]]:
    """Check every budget against the current profiles.

    Args:
        profiles: what was measured now.
        policy: holds the budgets.
        known: benchmarks of the baselines, with and without labels: a budget for one of
            them that was not measured is reported as missing there, not here.
        notes: what files left out, and why: the reason of a value that a budget lacks.

    Returns:
        The findings, and an error for each budget that nothing satisfies or violates.
    """
    findings: list[Finding] = []
    problems: list[Diagnostic] = []
    names = known | {n for p in profiles for n in (p.benchmark, title(*p.key))} if policy.budgets else known
    for budget in policy.budgets:
        found = list(_check(budget, profiles, policy, notes))
        findings += [f for f in found if isinstance(f, Finding)]
        problems += [p for p in found if isinstance(p, Diagnostic)]
        problems += _find_unmeasured(budget, policy, notes)
        if not found and not any(budget.limits(name, name) for name in names):
            message = f'no benchmark matches "{budget.benchmark or budget.ratio or budget.series}"'
            why = _find_reason(budget, budget.series, notes)
            message += f": {why}" if why else ""
            problems.append(
                error(
                    "budget-matches-nothing",
                    message,
                    place=budget.origin,
                    hint=_hint_for_source(budget, why),
                )
            )
    return findings, problems


def _hint_for_source(budget: Budget, why: str) -> str:
    """Return what to do about a budget that nothing serves: its name is wrong, or its source was not given.

    Args:
        budget: which.
        why: what its source says of it; empty: nothing.
    """
    if why:
        return "correct what the message names, and measure again"
    if not budget.series:
        return "correct the name, or remove the budget"
    sources = ["two scrapes of Prometheus"] + ["a log"] * bool(budget.benchmark)
    given = (
        f"give a source that has it as well ({' or '.join(sources)}), or judge the budgets of this one: --budget NAME"
    )
    return f"{given}; else correct the name"


def _find_unmeasured(budget: Budget, policy: Policy, notes: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield an error for each series that a gated budget limits, and of which a source holds nearly nothing."""
    for note in notes if budget.level == "fail" else ():
        slug = note.slug
        benchmark, metric, why = split_left_out(note.message) if slug == _WITHOUT_VALUES else ("", "", "")
        if not why or not budget.limits(benchmark, benchmark) or policy.excludes(benchmark, benchmark, budget.metric):
            continue
        if metric == budget.metric or budget.is_of_series(benchmark):
            message = f'"{benchmark}" ({metric}) cannot be judged: {why}'
            hint = "measure while it is used, or leave it out: exclude"
            yield error(slug, message, place=budget.origin, hint=hint)


def _check(
    budget: Budget, profiles: Sequence[Profile], policy: Policy, notes: Sequence[Diagnostic]
) -> Iterator[Finding | Diagnostic]:
    """Yield what one budget says of each benchmark that it names."""
    of_series = [p for p in profiles if budget.is_of_series(p.benchmark)]
    # Beside a ratio of some counters stand the counters, and beside a histogram the ratio of its sum.
    holders = [p for p in of_series if p.metric(budget.metric)]
    holders = holders or [p for p in of_series if _metric_of(budget, p)] or of_series
    held = set(map(id, holders))  # to compare profiles takes long
    others: list[str] = []
    is_any = False
    for profile in profiles:
        titled = title(*profile.key)
        is_asked = budget.names(profile.benchmark, titled) or id(profile) in held
        if not is_asked or policy.excludes(profile.benchmark, titled, budget.metric):
            continue
        measured = _metric_of(budget, profile)
        if id(profile) not in held and _is_of_another_series(budget, profile, measured):
            others.append(profile.benchmark)
            continue
        is_any = True
        if measured is None:
            message = _find_reason(budget, profile.benchmark, notes) or _guess_metric(budget.metric, profile)
            yield _finding(budget, profile, None, None, Status.MISSING, "budget-no-values", message)
        else:
            is_share = measured.share is not None
            misfit = budget.find_misfit(measured.metric.unit, measured.metric.better, is_share=is_share)
            yield misfit or _judged(budget, profile, measured)
    if others and not is_any:
        message = f'there is no "{budget.series}", and "{budget.benchmark}" matches only other series: '
        hint = "correct the series, or give the log that the budget is about"
        yield error("budget-matches-nothing", message + list_some(others), place=budget.origin, hint=hint)


def _is_of_another_series(budget: Budget, profile: Profile, measured: MetricProfile | None) -> bool:
    """Does a wildcard beside the series of a budget name another series of a scrape, which has no labels?

    Its benchmarks are those of a log: with ``*`` each counter of the scrape would be held to the limit of one.
    """
    if not budget.series or budget.benchmark == profile.benchmark or not is_series_name(profile.benchmark):
        return False
    if profile.benchmark.endswith("_total"):
        return True
    names = {m.metric.name.removesuffix("_mean") for m in profile.metrics}
    return measured is None and names <= OF_SERIES | {"total", THROUGHPUT.name}


def _metric_of(budget: Budget, profile: Profile) -> MetricProfile | None:
    """Return what a budget limits of a benchmark; the only metric of a series is that one, whatever its name.

    A ratio has a name of its own: where it was left out, nothing stands in for it.
    """
    stated = profile.metric(budget.metric) or (rate_of(profile) if budget.metric == ERROR_RATE else None)
    if stated is None and not budget.ratio and budget.is_of_series(profile.benchmark) and len(profile.metrics) == 1:
        (only,) = profile.metrics
        return only if only.metric.name in OF_SERIES else None
    return stated


def _find_reason(budget: Budget, benchmark: str, notes: Sequence[Diagnostic]) -> str:
    """Return why a file has no value for a budget, as its note says; empty: no note is about it."""
    is_of_series = budget.series != "" and family_of(benchmark) == budget.series
    metrics = {budget.metric, ""} | (OF_SERIES if is_of_series else set())
    if budget.ratio and is_of_series:
        benchmark, metrics = budget.series, {budget.ratio}
    for note in notes:
        of, metric, why = split_left_out(note.message)
        if (
            why
            and metric in metrics
            and (of == benchmark or (is_of_series and not budget.ratio and family_of(of) == budget.series))
        ):
            return why
    return ""


def _guess_metric(wanted: str, profile: Profile) -> str:
    """Return which metric a budget may mean that names one that was not measured, or how it would be measured."""
    if wanted in STATED_BY:
        return STATED_BY[wanted]
    names = sorted(m.metric.name for m in profile.metrics if not explains(m.metric.name))
    near = find_near(wanted, names)
    guess = f'did you mean "{near}"? ' if near else ""
    return f"{guess}Measured: {list_some(names, _MOST_NAMES) or 'nothing'}"


def _judged(budget: Budget, profile: Profile, measured: MetricProfile) -> Finding:
    value = value_of(measured, budget.statistic)
    if value is None:
        message = f"the file states no {budget.statistic}"
        return _finding(budget, profile, measured, None, Status.MISSING, "no-statistic", message)
    series = budget.series if budget.is_of_series(profile.benchmark) else ""
    beyond = is_beyond(budget.limit, budget.statistic, measured, series=series)
    if isinstance(beyond, str):
        status = Status.INVALID if budget.level == "fail" else Status.ADVISORY
        return _finding(budget, profile, measured, value, status, "no-edge-at-limit", beyond)
    if not budget.limit.holds(value) if beyond is None else beyond:
        if budget.level != "fail":
            return _finding(budget, profile, measured, value, Status.ADVISORY, "not-gated", "")
        if unproven := _describe_few_calls(budget, measured):
            return _finding(budget, profile, measured, value, Status.ADVISORY, "budget-of-few-calls", unproven)
        message = _describe_share(budget, measured)
        return _finding(budget, profile, measured, value, Status.OVER_BUDGET, "over-budget", message)
    if budget.warn and _is_near(budget.warn, budget.statistic, measured, value):
        message = f'within the limit, but beyond its warning "{budget.warn.text}"'
        return _finding(budget, profile, measured, value, Status.ADVISORY, "near-budget", message)
    return _finding(budget, profile, measured, value, Status.UNCHANGED, "within-budget", "")


def _describe_share(budget: Budget, measured: MetricProfile) -> str:
    """Return a broken limit of a tail as the share of values beyond it, which is the same statement; else empty.

    Alerts on the service say it so: p95 below 100 ms is fewer than 5 % slower than 100 ms.
    """
    counted = None if measured.share is not None else _count_beyond(budget, measured)
    if counted is None:
        return ""
    beyond, of, allowed = counted
    return f"{sentence('over-budget')}: {beyond / of:.1%} of the values are, and {allowed:.0%} may be"


def _is_near(warn: Limit, statistic: str, measured: MetricProfile, value: float) -> bool:
    """Is a value beyond its warning for certain? Of counts by bucket a bucket around the warning says nothing."""
    beyond = is_beyond(warn, statistic, measured)
    return not warn.holds(value) if beyond is None else beyond is True


def _describe_few_calls(budget: Budget, measured: MetricProfile) -> str:
    """Return why counts beyond a limit prove nothing, and what would; empty when they do or nothing is counted.

    A service whose true share is within the limit is beyond it by chance every third day or so. A count
    proves the contrary when one at its limit would show so many with a chance of 5 % at most. A limit of
    p95 is such a share: of all values 5 % may be beyond it.
    """
    counted = _count_beyond(budget, measured)
    if counted is None:
        return ""
    hits, of, limit = counted
    if exceeds_p(hits, of, limit) <= 1.0 - BOUND:
        return ""
    stated, what = budget.limit.text, "calls" if measured.metric.better == "lower" else "calls that are none"
    if measured.share is None:
        stated, what = f"{budget.statistic} {stated}", "values beyond the limit"
    needed = fewest_hits(of, limit, 1.0 - BOUND)
    takes = "no number of them would" if needed is None else f"it takes {needed:,}"
    return f'{hits:,} of {of:,} {what} do not prove that "{stated}" is broken: {takes}'


def _count_beyond(budget: Budget, measured: MetricProfile) -> tuple[int, int, float] | None:
    """Return how many are beyond a limit, of how many, and which share of them may be.

    None: nothing is counted, or half may be, as of p50, whose limit is compared as it is.
    """
    if measured.share is not None:
        hits, of = measured.share
        limit = min(max(budget.limit.amount, 0.0), 1.0)
        return (of - hits, of, 1.0 - limit) if measured.metric.better == "higher" else (hits, of, limit)
    if budget.statistic == P50:
        return None
    q = QUANTILE_OF[budget.statistic]
    allowed = 1.0 - q if budget.better == "lower" else q
    if not measured.samples:
        counted = count_beyond(budget.limit, measured)
        return (*counted, allowed) if counted else None
    values = measured.pooled()
    beyond = sum(not budget.limit.holds(v) for v in values)
    return beyond * measured.count // len(values), measured.count, allowed


def _finding(  # noqa: PLR0917 - private, called in this file alone
    budget: Budget,
    profile: Profile,
    measured: MetricProfile | None,
    value: float | None,
    status: Status,
    reason: str,
    message: str,
) -> Finding:
    name = f'budget "{budget.name}"' if budget.name else ""
    return Finding(
        benchmark=profile.benchmark,
        labels=profile.labels,
        machine_class=profile.machine_class,
        metric=budget.metric,
        unit=budget.limit.unit,
        better=budget.better,
        statistic=budget.statistic,
        status=status,
        level=budget.level,
        method="budget",
        baseline=None,
        current=value,
        change=None,
        interval=None,
        limit=budget.limit.amount,
        limit_text=budget.limit.text,
        n_baseline=0,
        n_current=count_of(measured),
        sessions_baseline=0,
        detectable=None,
        reason=reason,
        message=": ".join(filter(None, (name, message))) or sentence(reason),
        rule=budget.origin,
    )
