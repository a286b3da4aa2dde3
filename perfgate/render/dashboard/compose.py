"""The whole dashboard of a policy, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.render.dashboard import overview, system
from perfgate.render.dashboard.budgets import draw
from perfgate.render.dashboard.records import Dashboard
from perfgate.render.dashboard.stages import make_stages

if TYPE_CHECKING:
    from perfgate.core.policy import Policy
    from perfgate.render.dashboard.stages import StageNames


def compose(policy: Policy, *, title: str, stages: StageNames) -> Dashboard:
    """Return the dashboard of a service, with the limits of its budgets.

    Panels that are there for every policy come first, so that their numbers never change.

    Args:
        policy: its budgets that have a series are drawn.
        title: of the dashboard.
        stages: the names of the stage metrics.

    Raises:
        CannotDecideError: a budget cannot be asked of Prometheus.
    """
    sections = (overview.make_overview(), make_stages(stages), system.make_system())
    return Dashboard(
        title=title,
        variables=(*overview.VARIABLES, *system.VARIABLES),
        sections=draw(policy, sections, stages),
    )
