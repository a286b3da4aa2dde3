"""The table of all values: the first of them as HTML, all of them as data for the script that filters and sorts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from perfgate.render.html.appearance import PART, Appearance, appearance_of, names_of
from perfgate.render.html.axis import place_picture
from perfgate.render.html.markup import Markup, data_block, element, minus, shorten
from perfgate.render.html.plots import define_marks, draw_interval, draw_ruler
from perfgate.report.verdict.value import Value, value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.finding import Finding
    from perfgate.render.html.axis import Placed
    from perfgate.report.document import Values

FIRST = 100
"""Values in the HTML itself; a script draws the others."""
STEP = 400
"""Values that a click adds; the script has the same number."""
_LONGEST_VALUE = 24
"""Characters of a value with its unit, which may come from data."""
_LAST = 1e9
"""Cost by which an infinite change is sorted."""


class Row(Struct, frozen=True, kw_only=True):
    """A value of the page."""

    finding: Finding
    """What is shown."""
    value: Value
    """It in words."""
    appearance: Appearance
    """How its status is shown."""
    name: str
    """The benchmark as it is shown."""
    machine: str
    """Its machine class; empty where all values have the same."""
    placed: Placed | None
    """Its interval on the axis that all values share; None: it has none."""

    @property
    def metric(self) -> str:
        """What is judged, as it is shown."""
        return self.value.metric.replace("_", " ") if self.value.is_own_metric else shorten(self.value.metric)

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The value compared with, the value compared, the change or why there is none, and the interval."""
        v = self.value
        budget = "budget " if self.finding.method == "budget" else ""
        change = f"{budget}{shorten(v.instead.text)}" if v.instead else minus(v.change)
        return _cut(v.baseline.text), _cut(v.current.text), change, minus(v.interval)


def _cut(value: str) -> str:
    """Return a value whose unit is cut where it is too long; the number stands in front."""
    return value if len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 1]}…"


def rows_of(parts: Sequence[Values]) -> list[Row]:
    """Return all values of a report, in the order of need."""
    pairs = [(f, value_of(f), block.part) for block in parts for f in block.findings]
    names = names_of([value for _, value, _ in pairs])
    rows = []
    for f, value, part in pairs:
        name, machine = names[value.benchmark, value.key[2]]
        placed = place_picture(value.picture) if value.picture and math.isfinite(value.picture.mark) else None
        rows.append(
            Row(
                finding=f,
                value=value,
                appearance=appearance_of(value.status, part),
                name=name,
                machine=machine,
                placed=placed,
            )
        )
    return rows


def draw_table(rows: Sequence[Row], sides: tuple[str, str], cards: int) -> list[Markup]:
    """Return the table with its filter, and the data of all rows.

    Args:
        rows: at least one.
        sides: what the two sides are called.
        cards: how many of them, the first, have a card to which their names lead.
    """
    more = len(rows) - FIRST
    first = [_draw_row(row, f"#v{i}" if i < cards else None) for i, row in enumerate(rows[:FIRST])]
    caption = element("caption", "All values", class_="visually-hidden")
    table = element("table", caption, _head(rows, sides), element("tbody", *first, id="rows"))
    blank = element("template", _row(("",) * 8, "", None), id="row")
    parts = [define_marks(), _filter(rows), element("div", table, class_="scroll")]
    if more > 0:
        parts.append(element("button", f"Show {min(more, STEP):,} more", type="button", id="more", hidden=""))
        without = f"The other {more:,} values are in report.json; with JavaScript they are shown here."
        parts.append(element("noscript", element("p", without)))
    return [*parts, blank, data_block("data", _data(rows, cards))]


def _head(rows: Sequence[Row], sides: tuple[str, str]) -> Markup:
    heads = (
        ("Status", "order"), ("Benchmark", "name"), ("Metric", "metric"), (sides[0], None), (sides[1], None),
        ("Change", "change"), ("Interval", None),
    )  # fmt: skip
    cells = [element("th", words, scope="col", data_key=key, aria_sort="none" if key else None) for words, key in heads]
    limits = {row.value.limit for row in rows if row.placed}
    ruler = draw_ruler(minus(shorten(limits.pop(), 10)) if len(limits) == 1 else "limit")
    cells.append(element("th", element("span", "Picture", class_="visually-hidden"), ruler, scope="col"))
    return element("thead", element("tr", *cells))


def _draw_row(row: Row, link: str | None) -> Markup:
    baseline, current, change, interval = row.cells
    cells = (row.appearance.symbol, row.appearance.words, row.machine, row.metric, baseline, current, change, interval)
    return _row(cells, row.appearance.token, row.placed, row.name, link)


def _row(cells: tuple[str, ...], token: str, placed: Placed | None, name: str = "", link: str | None = None) -> Markup:
    """Return a row of the table; the script fills a blank one."""
    symbol, words, machine, metric, baseline, current, change, interval = cells
    return element(
        "tr",
        element("td", element("b", symbol, aria_hidden="true"), " ", element("span", words)),
        element("td", element("a", element("code", name), href=link), element("small", machine)),
        element("td", metric),
        element("td", baseline),
        element("td", current),
        element("td", change),
        element("td", interval),
        element("td", draw_interval(placed)),
        class_=token,
    )


def _filter(rows: Sequence[Row]) -> Markup:
    """Return the controls that the script shows: a choice of parts with their counts, and a search."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.appearance.part] = counts.get(row.appearance.part, 0) + 1
    tokens = {row.appearance.part: row.appearance.token for row in reversed(rows)}
    chips = [_chip("", "All", len(rows), "plain", checked="")]
    chips += [_chip(part, PART[part].noun.capitalize(), number, tokens[part]) for part, number in counts.items()]
    box = element("input", type="search", id="words", autocomplete="off", placeholder="name or metric")
    search = element("label", "Filter ", box)
    status = element("fieldset", element("legend", "Status", class_="visually-hidden"), *chips)
    shown = element("output", f"{len(rows):,} of {len(rows):,}", id="shown")
    return element("form", status, element("p", search, shown), id="filter", role="search", hidden="")


def _chip(part: str, words: str, number: int, token: str, checked: str | None = None) -> Markup:
    box = element("input", type="radio", name="part", value=part or "all", checked=checked)
    return element("label", box, f"{words} ", element("span", f"{number:,}"), class_=token)


def _data(rows: Sequence[Row], cards: int) -> dict[str, Any]:
    """Return all rows as data: statuses, names and metrics as indexes, cells as they are shown, drawings as paths."""
    statuses: dict[tuple[str, ...], int] = {}
    names: dict[tuple[str, str], int] = {}
    metrics: dict[str, int] = {}
    data = []
    for row in rows:
        k = row.appearance
        status = statuses.setdefault((k.symbol, k.token, k.words, k.part), len(statuses))
        name = names.setdefault((row.name, row.machine), len(names))
        metric = metrics.setdefault(row.metric, len(metrics))
        path, dot = (row.placed.path, row.placed.dot) if row.placed else ("", 0)
        data.append([status, name, metric, _cost(row), *row.cells, path, dot])
    tables = {"statuses": list(statuses), "names": [[*words] if words[1] else words[:1] for words in names]}
    return {"cards": cards, **tables, "metrics": list(metrics), "rows": data}


def _cost(row: Row) -> float | None:
    """Return the change as one of costs, by which rows are sorted; None: there is none."""
    f = row.finding
    if f.change is None or math.isnan(f.change):
        return None
    cost = row.value.picture.dot if row.value.picture else f.change if f.better == "lower" else -f.change
    return round(min(max(cost, -_LAST), _LAST), 5)
