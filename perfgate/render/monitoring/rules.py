"""Watched budgets -> recording and alert rules of Prometheus."""

from __future__ import annotations

import re
from fractions import Fraction
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from perfgate.core.sources.series import BUDGET, SEVERITY, WINDOW
from perfgate.render.monitoring.expressions import SHARES, Bound, duration, unused
from perfgate.render.promql import quoted, select_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.finding import Level
    from perfgate.core.text.units import Limit
    from perfgate.render.monitoring.expressions import Watched

Role = Literal["over", "near", "burn", "missing"]

RUNBOOK = "docs/serving.md#when-a-budget-fails"
VALUE, NEAR_VALUE, EVENTS = "perfgate:budget_value", "perfgate:budget_warn_value", "perfgate:budget_events"
"""Names of the recorded series; their labels ``budget`` and ``window`` say of what."""

_BURNS = ((Fraction(72, 5), 3_600, 300), (Fraction(6), 21_600, 1_800))
"""How many times the error budget is used up, over a long window in seconds and still over a short one: 14.4 times
uses 2 % of the budget of 30 days in an hour, 6 times 5 % in six hours.

Source:
    Beyer et al. (2018), "The Site Reliability Workbook", chapter 5, "Alerting on SLOs", "Multiwindow, Multi-Burn-Rate
    Alerts".
"""
_BURN_HOLD = 120
"""Seconds; the short window ends the alert, so that it needs little patience to begin."""
FEWEST = 4
"""Least number of events: of three requests one that fails says nothing."""
_FEW = 59
"""Events of what is no share: as many as p95 needs."""
_SEVERITY: dict[Level, str] = {"fail": "critical", "warn": "warning", "info": "info"}
_NEAR_SEVERITY: dict[Level, str] = {"fail": "warning", "warn": "info", "info": "info"}
_UNRESERVED = frozenset(f"{ascii_letters}{digits}-._~")
_ASCII = 128
_WORD = re.compile(r"[A-Za-z0-9]+")


class Settings(Struct, frozen=True, kw_only=True):
    """How all budgets are watched. Times are in seconds."""

    window: int
    """Over which values and events are taken, >= 60."""
    hold: int
    """How long a condition holds before its alert fires, >= 0."""
    age: int
    """How long the series must have been there, >= 60."""
    fewest: Callable[[float], int | None]
    """Share that may be beyond a limit -> fewest events that say anything; None: no number does."""
    fixed_fewest: int | None = None
    """The same for every budget, >= `FEWEST`; None: what each needs."""
    runbook: str = ""
    """Address to which a budget's name is added; empty: `RUNBOOK`."""


class Alarm(Struct, frozen=True, kw_only=True):
    """One alert."""

    name: str
    """Unique in a file of rules."""
    watched: Watched
    """Its budget."""
    role: Role
    """``over`` and ``near``: beyond limit or warning. ``burn``: uses up the error budget. ``missing``: no data."""
    expression: str
    """PromQL."""
    hold: int
    """How long it holds before the alert fires, in seconds."""
    severity: str
    """``critical``, ``warning`` or ``info``."""
    window: int
    """Of the value that the alert states, in seconds."""
    limit: Limit
    """What is exceeded."""
    bound: Bound
    """From where on it fires."""
    annotations: dict[str, str]
    """As they are shown, but for `SHOWN` in place of the value."""

    @property
    def labels(self) -> dict[str, str]:
        """Return the labels that the alert adds."""
        return {BUDGET: self.watched.name, **_job_of(self.watched), SEVERITY: self.severity}


def _job_of(watched: Watched) -> dict[str, str]:
    """Return the label in which the values of several services differ: each file records the same names."""
    return {"job": watched.job} if watched.job else {}


SHOWN = "\0"
"""Stands for the value in annotations, until it becomes a template or, in a test, a number."""
_TEMPLATES = {True: "{{ $value | humanizePercentage }}", False: '{{ printf "%.4g" $value }}'}


def to_rules(watched: Sequence[Watched], settings: Settings) -> dict[str, Any]:
    """Return the file of rules: a group for each budget, whose alerts use what it records before them."""
    groups = [
        {
            "name": f"perfgate {each.name}",
            "rules": [*_recorded(each, settings), *(_rule(alarm) for alarm in alarms)],
        }
        for each, alarms in list_alarms(watched, settings)
    ]
    return {"groups": groups}


def list_alarms(watched: Sequence[Watched], settings: Settings) -> list[tuple[Watched, list[Alarm]]]:
    """Return the alerts of each budget."""
    taken: set[str] = set()
    found = []
    for each in watched:
        words = "".join(w[:1].upper() + w[1:] for w in _WORD.findall(each.name))
        stem = unused(words if words[:1].isalpha() else f"Budget{words}", taken)
        taken.add(stem)
        found.append((each, list(_alarms(each, stem, settings))))
    return found


def _alarms(watched: Watched, stem: str, settings: Settings) -> Iterator[Alarm]:
    budget, window = watched.budget, settings.window
    limit, warn, fewest = budget.limit, budget.early, count_fewest(watched, settings)
    guard = f" and {watched.age(settings.age)}"
    if watched.counted:
        guard = f" and {_recorded_as(EVENTS, watched, window)} >= {fewest}{guard}"
    over = f"{_recorded_as(VALUE, watched, window)} {watched.bound(limit).text}"

    def alarm(role: Role, name: str, expression: str, **fields: object) -> Alarm:
        stated: dict[str, Any] = {"hold": settings.hold, "window": window, "limit": limit}
        stated["bound"] = watched.bound(limit)
        stated.update(fields)
        about = _annotations(watched, role, stated["limit"], stated["window"], settings)
        return Alarm(name=stem + name, watched=watched, role=role, expression=expression, annotations=about, **stated)

    yield alarm("over", "OverBudget", over + guard, severity=_SEVERITY[budget.level])
    if warn:
        source = NEAR_VALUE if watched.kind == "slow" else VALUE
        near = f"{_recorded_as(source, watched, window)} {watched.bound(warn).text}"
        yield alarm(
            "near",
            "NearBudget",
            f"({near} unless {over}){guard}",
            severity=_NEAR_SEVERITY[budget.level],
            limit=warn,
            bound=watched.bound(warn),
        )
    for factor, long, short in burns(watched):
        bound = Bound(op=">", at=factor * watched.bound(limit).at)
        both = " and ignoring(window) ".join(
            f"{_recorded_as(VALUE, watched, each)} {bound.text}" for each in (long, short)
        )
        enough = f"{_recorded_as(EVENTS, watched, long)} >= {fewest}"
        yield alarm(
            "burn",
            f"BudgetBurn{duration(long)}",
            f"{both} and {enough} and {watched.age(settings.age)}",
            severity=_SEVERITY[budget.level],
            hold=_BURN_HOLD,
            window=long,
            bound=bound,
        )
    yield alarm("missing", "NoData", watched.missing(window), severity="warning")


def count_fewest(watched: Watched, settings: Settings) -> int:
    """Return how many events a budget needs: without one beyond the limit so many would prove that it holds.

    Of a throughput at most half of what its limit asks for: else its alert could never fire.
    """
    if settings.fixed_fewest:
        return settings.fixed_fewest
    bound = watched.bound(watched.budget.limit)
    if watched.kind in SHARES:
        return max(FEWEST, settings.fewest(float(bound.at if bound.op == ">" else 1 - bound.at)) or _FEW)
    return max(FEWEST, min(_FEW, int(bound.at * settings.window / 2))) if watched.kind == "rate" else _FEW


def burns(watched: Watched) -> list[tuple[Fraction, int, int]]:
    """Return the burn rates of a budget that is an error budget: factor, long and short window in seconds.

    A share that may only be so large can be used up; so many times its limit must be less than all.
    """
    bound = watched.bound(watched.budget.limit)
    if watched.kind not in SHARES or bound.op != ">" or not bound.at:
        return []
    return [burn for burn in _BURNS if burn[0] * bound.at < 1]


def _recorded(watched: Watched, settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield what is recorded of a budget: its values and its events, over each window that an alert needs."""
    budget = watched.budget
    windows = sorted({settings.window, *(w for _, long, short in burns(watched) for w in (long, short))})

    def rule(name: str, expression: str, window: int) -> dict[str, Any]:
        return {
            "record": name,
            "expr": expression,
            "labels": {BUDGET: watched.name, **_job_of(watched), WINDOW: duration(window)},
        }

    for window in windows:
        yield rule(VALUE, watched.value(budget.limit, window), window)
        if watched.counted:
            yield rule(EVENTS, watched.events(window), window)
    if budget.warn and budget.warn.amount != budget.limit.amount and watched.kind == "slow":
        yield rule(NEAR_VALUE, watched.value(budget.warn, settings.window), settings.window)


def _recorded_as(name: str, watched: Watched, window: int) -> str:
    labels = {BUDGET: watched.name, **_job_of(watched), WINDOW: duration(window)}
    return select_name(name, *(f"{label}={quoted(value)}" for label, value in labels.items()))


def _annotations(watched: Watched, role: Role, limit: Limit, window: int, settings: Settings) -> dict[str, str]:
    budget, name = watched.budget, watched.name
    words = watched.in_words(limit, settings.window)
    about = {
        "over": f"{name}: beyond its limit {words}",
        "near": f"{name}: beyond its warning {words}",
        "burn": f"{name}: uses up the error budget of {words}",
        "missing": f"{name}: cannot be judged, {budget.series} has no such data",
    }
    found = {"summary": about[role]}
    if role == "missing":
        found["description"] = (
            "No target is scraped, a series or a label is gone, or no bucket of the histogram ends at the limit."
            if watched.kind != "rate"
            else "No target is scraped, the series is gone, or nothing was counted."
        )
    else:
        found["description"] = f"{SHOWN} over {duration(window)}"
    runbook = f"{settings.runbook}{_encoded(name)}" if settings.runbook else RUNBOOK
    return {**found, "limit": watched.in_words(budget.limit, settings.window), "runbook_url": runbook}


def _encoded(name: str) -> str:
    """Return a name as a part of an address."""
    return "".join(chr(b) if b < _ASCII and chr(b) in _UNRESERVED else f"%{b:02X}" for b in name.encode())


def _rule(alarm: Alarm) -> dict[str, Any]:
    template = _TEMPLATES[alarm.watched.kind in SHARES]
    return {
        "alert": alarm.name,
        "expr": alarm.expression,
        "for": duration(alarm.hold),
        "labels": {key: _literal(text) for key, text in alarm.labels.items()},
        "annotations": {
            key: text.replace(SHOWN, template) if key == "description" else _literal(text)
            for key, text in alarm.annotations.items()
        },
    }


def _literal(text: str) -> str:
    """Return a text that Prometheus, which takes labels and annotations for templates, shows as it is."""
    return text.replace("{{", '{{ "{{" }}')
