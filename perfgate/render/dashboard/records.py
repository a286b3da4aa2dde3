"""A dashboard as data: sections of panels, their queries and their limits; nothing of Grafana yet."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import Struct

GRID = 24
"""Columns of a dashboard of Grafana."""
HEIGHT = 8
"""Rows of a panel."""

Color = Literal["green", "yellow", "orange", "red"]
Unit = Literal[
    "s", "ms", "µs", "ns", "m", "h", "decbytes", "deckbytes", "decmbytes", "kbytes", "mbytes", "percent",
    "percentunit", "reqps", "cps", "cpm", "Bps", "short",
]  # fmt: skip
"""Names of units, as Grafana has them."""


class Subject(NamedTuple):
    """What a panel or a budget is about: a budget is drawn in the first panel of the same subject."""

    kind: Literal["quantile", "mean", "share", "rate", "increase", "gauge"]
    """How it is computed."""
    series: str
    """Name of the metric; of a share what is divided, as PromQL selects it."""
    of: str = ""
    """Of a quantile which statistic, of a share by what it is divided."""


class Query(Struct, frozen=True, kw_only=True):
    """What a panel asks Prometheus."""

    expr: str
    """PromQL, with variables of Grafana."""
    legend: str
    """Names its lines: labels in double braces; ``__auto``: all that differ."""


class Step(Struct, frozen=True, kw_only=True):
    """From which value on a panel has a color."""

    value: float | None
    """In the panel's unit; None: from the lowest one on."""
    color: Color
    """Of the line at the value and of the area above it."""


class Panel(Struct, frozen=True, kw_only=True):
    """One diagram over time."""

    title: str
    """What it shows, and its limit in words."""
    about: str
    """What is computed, for the tooltip of the panel."""
    unit: Unit
    """Of its values."""
    queries: tuple[Query, ...]
    """At least one."""
    subject: Subject | None = None
    """Whose budget it takes; None: of none."""
    steps: tuple[Step, ...] = ()
    """Ascending, the first without a value; none: no limit is drawn."""
    width: int = 8
    """Columns, 1 to `GRID`."""


class Section(Struct, frozen=True, kw_only=True):
    """A row of the dashboard with its panels."""

    title: str
    """Of the row."""
    panels: tuple[Panel, ...]
    """From left to right, line by line."""


class Variable(Struct, frozen=True, kw_only=True):
    """A choice above the dashboard, by the values of a label."""

    name: str
    """As queries write it behind ``$``."""
    label: str
    """As people read it."""
    about: str
    """What it chooses."""
    query: str
    """``label_values(metric, label)``."""


class Dashboard(Struct, frozen=True, kw_only=True):
    """All of it."""

    title: str
    """As people read it; dashboards of two titles are two dashboards."""
    variables: tuple[Variable, ...]
    """In their order on the page."""
    sections: tuple[Section, ...]
    """From top to bottom."""


class Place(NamedTuple):
    """Where a panel or a row stands, in columns and rows of the grid."""

    x: int
    """Columns from the left."""
    y: int
    """Rows from the top."""
    width: int
    """Columns."""
    height: int
    """Rows."""


def lay_out(section: Section, top: int) -> tuple[list[Place], int]:
    """Return where the panels of a section stand, below its row, and where the next section begins.

    Args:
        section: its panels fill lines of `GRID` columns.
        top: where its row stands.
    """
    places, x, y = [], 0, top + 1
    for panel in section.panels:
        if x + panel.width > GRID:
            x, y = 0, y + HEIGHT
        places.append(Place(x, y, panel.width, HEIGHT))
        x += panel.width
    return places, y + HEIGHT if places else y
