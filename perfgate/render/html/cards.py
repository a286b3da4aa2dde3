"""A card for each value that needs attention: its numbers, every run by session, its baseline over the sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.statistic import P50
from perfgate.render.html.appearance import PART
from perfgate.render.html.markup import Markup, breakable, draw_line, element, join, minus, shorten
from perfgate.render.html.plots import draw_history, draw_strip
from perfgate.report.verdict.parts import title_of
from perfgate.report.verdict.runs import AllRuns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.finding import Verdict
    from perfgate.render.html.values import Row
    from perfgate.report.document import Values
    from perfgate.report.verdict.runs import Runs

MOST = 60
"""Cards of a page; the table has all values."""
_NEEDED = frozenset({"verdict", "attention"})
_FEWEST_OF_A_LINE = 2


def count_cards(parts: Sequence[Values]) -> int:
    """Return how many of the values, the first, have a card."""
    return min(sum(len(b.findings) for b in parts if PART[b.part].need in _NEEDED), MOST)


def draw_cards(parts: Sequence[Values], rows: Sequence[Row], verdict: Verdict) -> Iterator[Markup]:
    """Yield a section for each part that needs attention, with a card a value.

    Args:
        parts: all values by part, in the order of need.
        rows: the same values, in the same order.
        verdict: holds their runs.
    """
    runs = AllRuns(verdict)
    left, at = count_cards(parts), 0
    for block in parts:
        shown = min(len(block.findings), left)
        if PART[block.part].need not in _NEEDED or not shown:
            continue
        cards = [_draw(row, runs.of(row.finding), f"v{at + i}") for i, row in enumerate(rows[at : at + shown])]
        title = f"{title_of(PART[block.part], block.findings)} "
        total = len(block.findings)
        number = f"({total:,})" if shown == total else f"({total:,}; the {shown:,} worst, the others in the table)"
        ident = f"part-{block.part}"
        heading = element("h2", title, element("small", number), id=ident)
        yield element("section", heading, *cards, aria_labelledby=ident)
        at, left = at + shown, left - shown


def _draw(row: Row, runs: Runs | None, ident: str) -> Markup:
    """Return the card of a value."""
    status = element(
        "span", element("b", row.appearance.symbol, aria_hidden="true"), f" {row.appearance.words}", class_="status"
    )
    machine = element("small", f" {row.machine}", class_="hint") if row.machine else ""
    heading = element("h3", breakable(row.name), " ", row.metric, machine)
    head = element("header", status, heading, _numbers(row))
    remark = [element("p", draw_line(row.value.remark), class_="remark")] if row.value.remark else []
    return element("article", head, *remark, *_pictures(row, runs), class_=f"card {row.appearance.token}", id=ident)


def _numbers(row: Row) -> Markup:
    """Return both values, the change and its interval."""
    baseline, current, change, interval = row.cells
    f = row.finding
    sides = " → ".join([baseline] * (f.baseline is not None) + [current] * (f.current is not None))
    between = [" ", element("span", f"({interval})")] if interval else []
    return element("p", element("span", sides), " ", element("b", change), *between, class_="numbers")


def _pictures(row: Row, runs: Runs | None) -> list[Markup]:
    if runs is None:
        return []
    f, limit = row.finding, minus(shorten(row.value.limit))
    statistic = "median" if f.statistic == P50 else shorten(f.statistic, 20)
    figures = []
    if any(s.values for s in runs.sessions):
        figures.append(_figure("Every run, by session", draw_strip(runs, f.unit, limit, statistic)))
    if len(runs.baseline) >= _FEWEST_OF_A_LINE:
        figures.append(_figure(f"The {statistic} of each session", draw_history(runs, f.unit, limit, statistic)))
    return [element("div", *figures, class_="pictures")] if figures else []


def _figure(caption: str, drawing: Markup) -> Markup:
    return element("figure", join((element("figcaption", caption), drawing)))
