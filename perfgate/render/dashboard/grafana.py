"""A dashboard -> the JSON of Grafana 11.6, by Grafana's own builders; the one door to grafana-foundation-sdk.

Nothing but the command `dashboard` imports this module.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders import common, prometheus, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import QueryEditorMode

from perfgate.core.text.canonical import dumps, short_hash
from perfgate.render.dashboard.records import GRID, Place, lay_out

if TYPE_CHECKING:
    from perfgate.render.dashboard.records import Dashboard, Panel, Query, Variable

_SOURCE = "datasource"
_PROMETHEUS = model.DataSourceRef(type_val="prometheus", uid=f"${{{_SOURCE}}}")
_UID_DIGITS = 12
_ALL = model.VariableOption(text=["All"], value=["$__all"])
_HEADROOM = 1.1
"""The axis ends this far above the highest line, so that a limit is visible before it is reached."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def render(dashboard: Dashboard) -> str:
    """Return a dashboard as JSON, the same for the same dashboard; it ends in a line break."""
    made = (
        build.Dashboard(dashboard.title)
        .uid(f"perfgate-{short_hash(dashboard.title, digits=_UID_DIGITS)}")
        .tags(["perfgate"])
        .description("Made by `perfgate dashboard` from the budgets of a configuration. Change that, and make it anew.")
        .timezone("browser")
        .editable()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time("now-1h", "now")
        .refresh("30s")
        .with_variable(build.DatasourceVariable(_SOURCE).label("Prometheus").type("prometheus"))
    )
    for variable in dashboard.variables:
        made.with_variable(_variable(variable))
    number, top = 1, 0
    for section in dashboard.sections:
        made.with_row(build.Row(section.title).id(number).grid_pos(_position(Place(0, top, GRID, 1))))
        places, top = lay_out(section, top)
        for panel, place in zip(section.panels, places, strict=True):
            number += 1
            made.with_panel(_panel(panel).id(number).grid_pos(_position(place)))
        number += 1
    return dumps(json.loads(json.dumps(made.build(), cls=JSONEncoder, sort_keys=True)))


def _variable(variable: Variable) -> build.QueryVariable:
    """Return a choice of any number of a label's values; all of them also takes series without the label."""
    return (
        build.QueryVariable(variable.name)
        .label(variable.label)
        .description(variable.about)
        .query(variable.query)
        .datasource(_PROMETHEUS)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
        .current(_ALL)
    )


def _position(place: Place) -> model.GridPos:
    return model.GridPos(x=place.x, y=place.y, w=place.width, h=place.height)


def _panel(panel: Panel) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.about)
        .datasource(_PROMETHEUS)
        .unit(panel.unit)
        .axis_soft_min(0)
        .fill_opacity(0)
        .show_points(kinds.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(kinds.LegendDisplayMode.LIST)
            .placement(kinds.LegendPlacement.BOTTOM)
            .show_legend(show_legend=True)
        )
        .tooltip(common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING))
    )
    for letter, query in zip(_LETTERS, panel.queries, strict=False):
        made.with_target(_query(query, letter))
    if panel.steps:
        steps = [model.Threshold(value=s.value, color=s.color) for s in panel.steps]
        made.thresholds(build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps))
        mode = kinds.GraphThresholdsStyleMode.DASHED_AND_AREA
        made.thresholds_style(common.GraphThresholdsStyleConfig().mode(mode))
        made.axis_soft_max(round(_HEADROOM * max(s.value for s in panel.steps if s.value is not None), 9))
    return made


def _query(query: Query, letter: str) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .datasource(_PROMETHEUS)
        .expr(query.expr)
        .legend_format(query.legend)
        .editor_mode(QueryEditorMode.CODE)
        .range()
        .ref_id(letter)
    )
