"""Profiles and baselines -> findings: the one place that decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.comparability import why_unmeasured
from perfgate.core.finding import Finding, Status
from perfgate.core.metrics import ELAPSED
from perfgate.core.policy import ERROR_RATE, GATED_BY_DEFAULT, SHOWN_BY_DEFAULT
from perfgate.core.sessions import merge_batches
from perfgate.core.statistic import P50
from perfgate.gate.comparison import Comparison
from perfgate.gate.failures import counts_failures, describe_most, reword, with_failures
from perfgate.gate.methods.across_sessions import across_sessions
from perfgate.gate.methods.alpha import alphas_of
from perfgate.gate.methods.buckets import is_surely_worse, why_undecidable
from perfgate.gate.methods.choose import is_counted, is_ranked, method_of, plain_ratio
from perfgate.gate.methods.common_shift import find_shifts, group_members
from perfgate.gate.methods.decision import STATUS_OF_CALL, Family
from perfgate.gate.methods.limits import describe_same, in_metric_direction
from perfgate.gate.methods.same_session import is_futile, p_value, same_session
from perfgate.gate.methods.standings import Together, find_standing
from perfgate.gate.methods.tails import describe_few, fewest_runs, same_session_tail, with_bounds
from perfgate.gate.methods.whole_suite import judge_whole_suite
from perfgate.gate.rare_stages import with_rare_stages
from perfgate.gate.rows import Row, finding_of, rows_of, value_of, why_incomparable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.finding import RowKey
    from perfgate.core.policy import Policy
    from perfgate.core.profile import MetricProfile, Profile
    from perfgate.gate.methods.decision import Decision, Method
    from perfgate.gate.methods.standings import Standing

_STATISTICAL: tuple[Method, ...] = ("same-session", "across-sessions")
_TAIL_SHOWN = 0.25  # an ungated p95 is worth a word when it moved so much more than p50; few runs do less by themselves
_QUIET = (Status.WITHIN_NOISE, "within-noise", "")
_MOST_SEVERE = (
    Status.REGRESSED,
    Status.OVER_BUDGET,
    Status.MISSING,
    Status.NOT_COMPARABLE,
    Status.INVALID,
    Status.SUSPECTED,
    Status.ADVISORY,
    Status.WAIVED,
    Status.REMOVED,
    Status.NEW,
    Status.IMPROVED,
    Status.TOO_NOISY,
    Status.WITHIN_NOISE,
    Status.UNCHANGED,
)
_BY_WORSENING = frozenset({Status.REGRESSED, Status.SUSPECTED, Status.ADVISORY})
_SEVERITY = {status: place for place, status in enumerate(_MOST_SEVERE)}


class Pair(Struct, frozen=True, kw_only=True):
    """One benchmark on one class of machine: both sides as far as they exist."""

    base: Profile | None
    """Its baseline."""
    current: Profile | None
    """What was measured now."""
    absent: tuple[str, str] = ("no-runs", "")
    """Why nothing was measured, as slug and further facts; used when `current` is None."""


class Judgement(Struct, frozen=True, kw_only=True):
    """The findings, and what they say about the gate itself."""

    findings: tuple[Finding, ...]
    """Worst first."""
    gated: int
    """Rows that share the accepted false alarms."""
    rows_without_session: int
    """Gated values whose two sides state no session and were taken for one."""
    rows_by_plain_ratio: int
    """Gated values judged by the plain ratio, whose false alarms nobody controls."""
    rows_still_open: frozenset[RowKey]
    """Gated same-session rows that do not fail, but might with more runs; only of an interim analysis."""


def judge(pairs: Sequence[Pair], policy: Policy, share: float | None = None) -> Judgement:
    """Judge every benchmark.

    Args:
        pairs: the benchmarks, both sides.
        policy: what is gated and how strictly.
        share: part of each same-session row's alpha that this interim analysis may spend, 0.0 < share < 1.0;
            None: this is the only analysis.
    """
    findings, by_method = _compare_all(pairs, policy)
    gated = [c for m in _STATISTICAL for c in by_method.get(m, ()) if c.is_gated]
    family = Family(size=max(1, len(gated)), false_alarms=policy.false_alarms, share=share)
    decided: list[tuple[Comparison, Decision]] = []
    still_open: set[RowKey] = set()
    step = family.first_step
    ranked = [c for c in by_method.get("same-session", ()) if c.is_gated and c.statistic == P50]
    for c, alpha in zip(ranked, alphas_of([p_value(c, step) for c in ranked], family), strict=True):
        decision = same_session(c, alpha, step, excluding=policy.threshold_is == "excluded")
        decided.append((c, decision))
        if share and decision.call != "worse" and not is_futile(c, step):
            still_open.add(c.key)
    standings: list[Standing] = []
    for members in group_members(by_method.get("across-sessions", ())):
        shifts = find_shifts(members)
        findings.extend(judge_whole_suite(members, shifts, family))
        standings += [find_standing(m, shifts) for m in members]
    together = Together.of(standings, family)
    decided += [(s.member.comparison, across_sessions(s, together)) for s in standings]
    decided += _decide_alone(by_method, family)
    return Judgement(
        findings=tuple(sorted([*findings, *(_finding_for(c, d) for c, d in decided)], key=severity)),
        gated=len(gated),
        rows_without_session=sum(not c.sessions[-1].is_named for c in ranked),
        rows_by_plain_ratio=sum(
            c.is_gated and not (counts_failures(c.current) or is_ranked(c) or is_counted(c))
            for c in by_method.get("threshold", ())
        ),
        rows_still_open=frozenset(still_open),
    )


def _compare_all(pairs: Sequence[Pair], policy: Policy) -> tuple[list[Finding], dict[Method, list[Comparison]]]:
    """Return the findings of the rows that cannot be judged, and the other rows by their method."""
    findings: list[Finding] = []
    by_method: dict[Method, list[Comparison]] = {}
    for pair in _with_merged_batches(pairs):
        for row in map(_raise_short, rows_of(pair.base, pair.current, policy)):
            found = _pass_short(row) if _is_short(row) else _compare(row, pair)
            if isinstance(found, Comparison):
                by_method.setdefault(method_of(found), []).append(found)
            else:
                findings.extend(found)
    return findings, by_method


def _with_merged_batches(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Yield pairs in which the batches of a session are one: they share their conditions; with their failed runs."""
    base = iter(merge_batches([p.base for p in pairs if p.base]))
    current = iter(merge_batches([p.current for p in pairs if p.current]))
    for p in pairs:
        was, now = with_failures(next(base) if p.base else None, next(current) if p.current else None)
        now = with_rare_stages(now, was)
        yield p if was is p.base and now is p.current else replace(p, base=was, current=now)


def _decide_alone(by_method: dict[Method, list[Comparison]], family: Family) -> Iterator[tuple[Comparison, Decision]]:
    """Yield the decisions that need no other row."""
    for c in by_method.get("same-session", ()):
        if c.statistic != P50:
            yield c, same_session_tail(c, family.first_step)
        elif not c.is_gated:
            yield c, same_session(c, family.first_step, family.first_step)
    plain: tuple[Method, ...] = ("exact", "threshold", "")
    for method in plain:
        for c in by_method.get(method, ()):
            yield c, plain_ratio(c, method, family.first_step)


def severity(finding: Finding) -> tuple[object, ...]:
    """Return the key that sorts findings: worst status first, then the largest worsening, then by name."""
    worsening = 0.0
    if finding.change is not None and finding.status in _BY_WORSENING:
        worsening = -finding.change if finding.better == "lower" else finding.change
    return (_SEVERITY[finding.status], worsening, *finding.key, finding.rule)


def _compare(row: Row, pair: Pair) -> Comparison | list[Finding]:
    """Return both sides of a row, or the findings of one that cannot be judged: at most one for its metric."""
    base, current = row.base_metric, row.current_metric
    represents = _represents_metric(row, base, current)
    if row.current is None:
        return [finding_of(row, Status.MISSING, *pair.absent)] if represents and not _is_secondary(row) else []
    if most := describe_most(row):
        status = Status.INVALID if row.ruling.level == "fail" else Status.ADVISORY
        return [finding_of(row, status, "most-runs-failed", most)]
    if row.base is None or base is None:
        return [finding_of(row, Status.NEW, "not-in-baseline")] if represents and not _is_secondary(row) else []
    if current is None:
        reason = "all-failed" if _did_every_call_fail(row.current) else "no-values"
        return [finding_of(row, Status.MISSING, reason)] if represents else []
    if unlike := why_incomparable(row, base, current):
        return [finding_of(row, Status.NOT_COMPARABLE, *unlike)] if represents else []
    was, now = value_of(base, row.statistic), value_of(current, row.statistic)
    if was is None or now is None:
        if was is None and row.ruling.level != "fail":
            return []  # the baseline does not ask for it
        return [finding_of(row, Status.MISSING, "no-statistic", f"a file states no {row.statistic}")]
    c = Comparison(
        row=row, base=base, current=current, was=was, now=now, sessions=(*row.base.sessions, *row.current.sessions)
    )
    if blurred := why_undecidable(c):
        is_shown = blurred[0] == "saturated" or is_surely_worse(c)
        ungated = Status.ADVISORY if is_shown else Status.UNCHANGED
        return [finding_of(row, Status.INVALID if c.is_gated else ungated, *blurred)]
    if unmeasured := _why_unmeasured(c):
        return [finding_of(row, Status.INVALID, *unmeasured)] if represents else []
    return c


def _raise_short(row: Row) -> Row:
    """Return a row in which what is too short to be known counts as the shortest time that is, on both sides."""
    least = row.current_metric.least if row.current_metric else 0.0
    if not least:
        return row
    base, current = (side.raised_to(least) if side else None for side in (row.base_metric, row.current_metric))
    return replace(row, base_metric=base, current_metric=current)


def _is_short(row: Row) -> bool:
    """Is every value of the row too short to be known?"""
    least = row.current_metric.least if row.current_metric else 0.0
    sides = [side for side in (row.base_metric, row.current_metric) if side]
    return bool(least) and all(v <= least for side in sides for v in side.pooled())


def _pass_short(row: Row) -> list[Finding]:
    """Return the finding of a row that is too short on both sides; none where it is only new."""
    return [finding_of(row, Status.UNCHANGED, "below-least")] if row.base_metric and row.statistic == P50 else []


def _did_every_call_fail(profile: Profile) -> bool:
    """Does a tool state that no call of the benchmark succeeded, so that its times are unknown?"""
    rate = profile.metric(ERROR_RATE)
    return rate is not None and bool(values := rate.pooled()) and values[0] >= 1.0


def _represents_metric(row: Row, base: MetricProfile | None, current: MetricProfile | None) -> bool:
    """Does the row report what is wrong with its metric? Others of the same metric would only repeat it."""
    return row.statistic == P50 or any(side.quantiles for side in (base, current) if side)


def _is_secondary(row: Row) -> bool:
    """Is the metric only shown beside the time, which reports what is wrong with the benchmark?"""
    secondary = row.metric.name in SHOWN_BY_DEFAULT and row.ruling.level != "fail"
    return secondary and row.profile.metric(ELAPSED.name) is not None


def _why_unmeasured(c: Comparison) -> tuple[str, str] | None:
    """Return why a time or a size of zero is no measurement, as slug and sentence; None when it is one."""
    if flaw := why_unmeasured(c.base) or why_unmeasured(c.current):
        return flaw.slug, flaw.message
    is_time = c.metric.name in GATED_BY_DEFAULT and c.metric.unit == "s"
    if is_time and (c.was == 0) != (c.now == 0) and c.ruling.threshold.is_relative:
        return "zero-values", "a time of zero on one side: too short for the tool's clock, or not measured"
    return None


def _finding_for(c: Comparison, decision: Decision) -> Finding:
    """Return the finding that follows from a decision and the row's level."""
    status = STATUS_OF_CALL[decision.call]
    reason, message = reword(c.row, decision)
    if decision.method == "":  # only shown: a tail that no method gates
        status, reason, message = _describe_tail(c, decision)
    elif c.is_gated and status is Status.SUSPECTED and reason == "never-proven":
        status = Status.INVALID  # no number could have made it fail: that is no answer
    elif not c.is_gated:
        if status is Status.REGRESSED:
            status, reason, message = Status.ADVISORY, "not-gated", ""
        elif status is Status.SUSPECTED:
            status, reason, message = _quieted(c, decision)
    return replace(
        finding_of(c.row, status, reason, message, values=(decision.baseline, decision.current)),
        method=decision.method,
        change=decision.change,
        limit=decision.limit,
        allowed=decision.allowed,
        decision_interval=decision.decision_interval,
        interval=decision.interval,
        suspect_limit=decision.suspect_limit,
        detectable=decision.detectable,
        evidence=with_bounds(c, decision.evidence),
    )


def _quieted(c: Comparison, decision: Decision) -> tuple[Status, str, str]:
    """Return status and slug of a row that would be suspected if it were gated, read off its interval."""
    if decision.decision_interval is None or decision.allowed is None:
        return (Status.TOO_NOISY, "few-runs", "") if decision.method in _STATISTICAL else _QUIET
    worst = max(in_metric_direction(c.row, end) for end in decision.decision_interval)  # its own inverse
    allowed = in_metric_direction(c.row, decision.allowed)
    call, reason = describe_same(worst, allowed, c.ruling, floor=decision.reason != "too-coarse", moved=True)
    return STATUS_OF_CALL[call], reason, ""


def _describe_tail(c: Comparison, decision: Decision) -> tuple[Status, str, str]:
    """Return status, slug and message of a percentile that has too few runs to be gated."""
    if decision.call != "worse":
        return Status.UNCHANGED, decision.reason, decision.message
    if not c.is_gated and not _tail_moved_more_than_median(c, decision):
        return _QUIET
    fewer = min((c.base, c.current), key=fewest_runs)
    return Status.ADVISORY, "tail-of-few", describe_few(fewer, c.statistic)


def _tail_moved_more_than_median(c: Comparison, decision: Decision) -> bool:
    """Did the tail move far more than the median did? Otherwise it only repeats what p50 says."""
    was, now = value_of(c.base, P50), value_of(c.current, P50)
    if not was or not now or decision.change is None or decision.change == -1:
        return True
    apart = (1 + decision.change) * was / now
    return max(apart, 1 / apart) > 1 + _TAIL_SHOWN
