"""What is wrong with the baselines of one class of machine, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.comparability import do_sessions_disagree
from perfgate.core.errors import Diagnostic, error, note, warning
from perfgate.core.finding import WHOLE_SUITE, Finding
from perfgate.core.profile import title
from perfgate.core.text.dates import day_of
from perfgate.core.text.names import list_some
from perfgate.gate.audit.sensitivity import SOUND, describe_remedy
from perfgate.gate.audit.wording import cost, percent
from perfgate.stats.leave_one_out import FEWEST_LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfgate.core.policy import Policy
    from perfgate.gate.audit.facts import AuditedClass
    from perfgate.gate.audit.sensitivity import Sensitivity

OLD, VERY_OLD = 90, 180
"""Days after which machines, interpreters and libraries have usually moved on; and certainly."""
FEWEST_RUNS, FEW_RUNS = 3, 5
"""Runs in a session below which its median is that of one run; and below which its spread is."""
_MANY = 2.0  # times the accepted false alarms: what few sessions say is no more precise than that
_STATISTICAL = frozenset({"across-sessions", "same-session"})


def of_class(one: AuditedClass, policy: Policy, today: str) -> Iterator[Diagnostic]:
    """Yield what is wrong with the baselines of a class of machine.

    Args:
        one: what is known of it.
        policy: what is gated and how strictly.
        today: the day of the audit, ``2026-01-31``.
    """
    if not one.rows:
        message = "no row is gated: no check can fail"
        yield warning("nothing-gated", message, place=one.machine_class, hint='look at the rules: level = "fail" gates')
        return
    yield from _unlike_sessions(one, policy)
    yield from _false_alarms(one, policy)
    yield from _slack(one)
    yield from _few(one)
    yield from _blind(one, policy.resolution.amount)
    yield from _old(one, today)


def _unlike_sessions(one: AuditedClass, policy: Policy) -> Iterator[Diagnostic]:
    """Yield an error for baselines whose sessions worked on different data: no run can be like all of them."""
    unlike = [title(*p.key) for p in one.profiles if do_sessions_disagree(p, policy)]
    if unlike:
        message = (
            f"no check can judge it, because its sessions worked on different rows (rows_used): {list_some(unlike)}"
        )
        hint = 'start it anew: perfgate baseline refresh --replace; or set workload = "rate"'
        yield error("sessions-disagree", message, place=one.machine_class, hint=hint)


def _false_alarms(one: AuditedClass, policy: Policy) -> Iterator[Diagnostic]:
    """Yield what is to be said of the false alarms."""
    rate = one.alarms
    if rate is None:
        message = f"fewer than {FEWEST_LEFT_OUT} sessions do not show how often an unchanged pull request fails"
        hint = "measure in other jobs or on other days, and perfgate baseline refresh"
        yield note("alarms-unknown", message, place=one.machine_class, hint=hint)
    elif rate.expected > _MANY * policy.false_alarms:
        accepted = f"{policy.false_alarms * 100:g}"
        message = f"about {rate.expected * 100:.2g} of 100 unchanged pull requests fail; accepted: {accepted}"
        if rate.failed:
            message += f": {rate.failed} of {rate.sessions} sessions would have failed against the others"
        worst = max(one.shares, key=lambda row: max(row.shares))
        hint = (
            f"confirm what fails in a second session: check --confirm; steady {worst.place}, the worst, or gate it less"
        )
        yield warning("alarms-many", message, place=one.machine_class, hint=hint)


def _slack(one: AuditedClass) -> Iterator[Diagnostic]:
    """Yield a warning for each way in which the newest session has left the baseline behind."""
    for is_better in (True, False):
        rows = [f for f in one.slack if _is_better(f) is is_better]
        rows.sort(key=lambda f: -cost(f.change))
        if not rows:
            continue
        worst = rows[0]
        factor, back = 1 + cost(worst.change), 1 / (1 + (worst.change or 0.0)) - 1
        words = ("faster", "slower") if worst.unit == "s" else ("better", "worse")
        message = f"the newest session is {factor:.3g} x {words[not is_better]} than this baseline: "
        message += f"{percent(back)} would pass" if is_better else "unchanged code may fail"
        if len(rows) > 1:
            message += f"; and {len(rows) - 1} more rows, less so"
        hint = "perfgate baseline refresh --replace, which keeps the gain"
        if not is_better:
            hint = "find out why; when it is meant: perfgate baseline refresh --replace --reason …"
        yield warning("baseline-slack", message, place=_place(worst), hint=hint)


def _is_better(f: Finding) -> bool:
    return ((f.change or 0.0) < 0) is (f.better == "lower")


def _place(f: Finding) -> str:
    name = f.benchmark if f.benchmark == WHOLE_SUITE else title(f.benchmark, f.labels)
    return f"{name} {f.metric} {f.statistic}"


def _few(one: AuditedClass) -> Iterator[Diagnostic]:
    """Yield what is to be said of baselines with few sessions, or with few runs in each."""
    judged = [r for r in one.rows if r.method in _STATISTICAL]
    hint = "measure in other jobs or on other days, and perfgate baseline refresh"
    very, few = _below({_benchmark(r): r.now.sessions for r in judged}, FEWEST_LEFT_OUT, SOUND)
    if very:
        yield warning(
            "sessions-few", f"fewer than {FEWEST_LEFT_OUT} sessions: {very}", place=one.machine_class, hint=hint
        )
    if few:
        yield note("sessions-few", f"fewer than {SOUND} sessions: {few}", place=one.machine_class, hint=hint)
    hint = "measure more: perfgate run -n 10"
    very, few = _below({_benchmark(r): r.now.runs for r in judged}, FEWEST_RUNS, FEW_RUNS)
    if very:
        yield warning(
            "runs-few", f"fewer than {FEWEST_RUNS} runs in a session: {very}", place=one.machine_class, hint=hint
        )
    if few:
        yield note("runs-few", f"fewer than {FEW_RUNS} runs in a session: {few}", place=one.machine_class, hint=hint)


def _below(counts: Mapping[str, int], least: int, sound: int) -> tuple[str, str]:
    """Return the names with fewer than the least number, and those with fewer than a sound one."""
    return (
        list_some([name for name, n in counts.items() if n < least]),
        list_some([name for name, n in counts.items() if least <= n < sound]),
    )


def _benchmark(row: Sensitivity) -> str:
    return title(row.benchmark, row.labels)


def _blind(one: AuditedClass, resolution: float) -> Iterator[Diagnostic]:
    """Yield what to report about values that detect only large changes; those with slack have their own hint."""
    left_behind = {(f.benchmark, f.labels, f.metric, f.statistic) for f in one.slack}
    rows = [r for r in one.rows if r.now.once is not None and r.method in _STATISTICAL and r.key not in left_behind]
    rows = [r for r in rows if cost(r.floor) <= 1.0]  # beyond that, the floor itself is reported
    sure, once = [], []
    for r in rows:
        if _is_blind(r, r.now.once if r.now.confirmed is None else r.now.confirmed, resolution):
            sure.append(r)
        elif _is_blind(r, r.now.once, resolution):
            once.append(r)
    if sure:
        when = f"{percent(resolution)} even when a second session confirms it"
        message, hint = _describe_insensitive(sure, len(one.rows), when)
        yield warning("rows-blind", message, place=one.machine_class, hint=hint)
    if once:
        when = f"{percent(resolution)} unless a second session confirms it"
        message, hint = _describe_insensitive(once, len(one.rows), when)
        yield note("rows-blind", message, place=one.machine_class, hint=hint)


def _describe_insensitive(rows: Sequence[Sensitivity], gated: int, when: str) -> tuple[str, str]:
    """Return message and hint about values that detect only large changes."""
    worst = max(rows, key=lambda r: cost(r.now.once))
    message = f"{len(rows)} of {gated} gated values cannot detect a change below {when}; the worst: "
    message += f"{worst.place}, {percent(worst.now.once or 0.0)}"
    if cost(worst.floor) >= cost(worst.now.confirmed if worst.now.confirmed is not None else worst.now.once):
        return message, "lower the floor"
    return message, describe_remedy(worst) or "gate fewer rows, steady the benchmark, or compare with perfgate ab"


def _is_blind(row: Sensitivity, change: float | None, resolution: float) -> bool:
    return cost(change) > max(resolution, cost(row.threshold))


def _old(one: AuditedClass, today: str) -> Iterator[Diagnostic]:
    """Yield what is to be said of baselines that were measured long ago."""
    now = day_of(today)
    ages = {}
    for p in one.profiles:
        was = day_of(max((s.started_at for s in p.sessions), default=""))
        if was is not None and now is not None:
            ages[title(*p.key)] = now - was
    old = list_some([name for name, days in ages.items() if days > OLD])
    hint = "measure again: perfgate run, perfgate baseline refresh"
    if old and max(ages.values()) > VERY_OLD:
        message = f"no run of the last {OLD} days, or even {VERY_OLD} ({max(ages.values())} at the most): {old}"
        yield warning("baseline-old", message, place=one.machine_class, hint=hint)
    elif old:
        message = f"no run of the last {OLD} days ({max(ages.values())} at the most): {old}"
        yield note("baseline-old", message, place=one.machine_class, hint=hint)
