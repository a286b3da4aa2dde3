"""Budgets on a dashboard: the limit as lines in the panel of what it limits, or in a panel of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError
from perfgate.render.dashboard.expressions import express
from perfgate.render.dashboard.records import Panel, Section, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.policy import Budget, Policy
    from perfgate.core.text.units import Limit
    from perfgate.render.dashboard.expressions import Judged
    from perfgate.render.dashboard.records import Color
    from perfgate.render.dashboard.stages import StageNames

_WORDS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}
OWN = "Budgets"
"""Title of the section of the budgets that no other panel is about."""


def draw(policy: Policy, sections: Sequence[Section], stages: StageNames) -> tuple[Section, ...]:
    """Return sections in which each budget that has a series is drawn, once.

    Args:
        policy: holds the budgets, and the ratios that they are about.
        sections: without any limit.
        stages: the names of the stage metrics.

    Raises:
        CannotDecideError: a budget cannot be asked of Prometheus.
    """
    left = _express_all(policy, stages)
    drawn: list[Section] = []
    for section in sections:
        panels: list[Panel] = []
        for panel in section.panels:
            found = next((pair for pair in left if pair[1].subject == panel.subject), None)
            if found is not None:
                left.remove(found)
            panels.append(panel if found is None else _with_limit(panel, *found))
        drawn.append(replace(section, panels=tuple(panels)))
    own = tuple(_with_limit(_panel_of(budget, judged), budget, judged) for budget, judged in left)
    return (*drawn, Section(title=OWN, panels=own)) if own else tuple(drawn)


def _express_all(policy: Policy, stages: StageNames) -> list[tuple[Budget, Judged]]:
    """Return the budgets that have a series, with what they judge; all faults are reported together."""
    found: list[tuple[Budget, Judged]] = []
    faults: list[Diagnostic] = []
    for budget in policy.budgets:
        try:
            found += [(budget, express(budget, policy.ratios, stages))] if budget.series else []
        except CannotDecideError as caught:
            faults += caught.diagnostics
    if faults:
        raise CannotDecideError(faults)
    return found


def _panel_of(budget: Budget, judged: Judged) -> Panel:
    kind = judged.subject.kind
    what = budget.statistic if kind == "quantile" else {"rate": "throughput", "increase": "total"}.get(kind, kind)
    title = budget.metric if kind == "share" else f"{budget.series} {what}"
    return Panel(title=title, about="", unit=judged.unit, queries=(judged.query,), subject=judged.subject)


def _with_limit(panel: Panel, budget: Budget, judged: Judged) -> Panel:
    """Return a panel with the lines of a budget, and with what the budget judges among its queries."""
    limit = f"must be {_in_words(budget.limit)}"
    title = f"{panel.title}: {limit}{f', should be {_in_words(budget.warn)}' if budget.warn else ''}"
    name = f'Budget "{budget.name}"' if budget.name else "Budget"
    about = f"{panel.about} {name}: {limit}.".lstrip()
    is_there = any(judged.query.expr == q.expr for q in panel.queries)
    queries = panel.queries if is_there else (judged.query, *panel.queries)
    return replace(panel, title=title, about=about, queries=queries, steps=_steps(budget, judged.factor))


def _in_words(limit: Limit) -> str:
    return f"{_WORDS[limit.op]} {limit.text.removeprefix(limit.op).strip()}"


def _steps(budget: Budget, factor: float) -> tuple[Step, ...]:
    """Return the colors of a panel: of what is within the budget, of what warns, and of what is beyond the limit."""
    beyond: Color = "red" if budget.level == "fail" else "orange"
    limit, warn = (None if x is None else float(f"{x.amount / factor:.12g}") for x in (budget.limit, budget.warn))
    if warn == limit:
        warn = None
    if budget.better == "lower":
        near = (Step(value=warn, color="yellow"),) if warn is not None else ()
        return (Step(value=None, color="green"), *near, Step(value=limit, color=beyond))
    if warn is None:
        return (Step(value=None, color=beyond), Step(value=limit, color="green"))
    return (Step(value=None, color=beyond), Step(value=limit, color="yellow"), Step(value=warn, color="green"))
