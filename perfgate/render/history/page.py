"""A history as one HTML file: what changed first, then a picture of each value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfgate.render.history.chart import ENDS, WIDTH, draw_suite, draw_trend
from perfgate.render.history.script import SCRIPT
from perfgate.render.html.blocks import draw_block
from perfgate.render.html.markup import breakable, code, data_block, draw_line, element, join, minus, shorten
from perfgate.render.html.page import draw_page
from perfgate.report.history.compose import ALL, DIGITS, describe_marks, extent_of, list_creep, list_steps
from perfgate.report.history.slow import list_slow
from perfgate.report.words import amount, count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.history.past import Past
    from perfgate.core.history.trends import Trend
    from perfgate.render.html.markup import Markup
    from perfgate.report.history.found import Found

_LONGEST_VALUE = 24
_STYLE = """\
.level{stroke:var(--fg);stroke-width:1.4;opacity:.55}
path.step{stroke:var(--bad);stroke-width:1.6;stroke-dasharray:5 3}
path.step.better{stroke:var(--good)}
path.break{stroke:var(--muted);stroke-dasharray:1 3}
svg text:is(.step,.break){font-weight:600;fill:var(--bad)}
svg text.step.better{fill:var(--good)}
svg text.break{fill:var(--muted)}
.card ul{margin:.3rem 0 .2rem;font-size:.92rem}
.card svg{max-width:920px;min-width:640px}
.card figure{overflow-x:auto}
td:first-child{white-space:nowrap}
.card output{display:block;min-height:1.4em}
#choose{display:flex;flex-wrap:wrap;gap:.6rem 1.2rem;align-items:center;margin:.7rem 0}
"""


def render(found: Found, *, tool: str) -> str:
    """Return a history as an HTML page."""
    worse = sum(m.is_open for t in found.trends for m in t.marks)
    title = f"History: {count(worse, 'open step')}" if worse else "History: no open step"
    token = "warn" if worse else "good"
    head = element(
        "header",
        element("h1", title),
        element("p", draw_line(extent_of(found.trends)), class_="lead"),
        element("p", element("span", found.source), class_="meta"),
        class_=f"verdict {token}",
    )
    blocks = [draw_block(b) for b in (*list_steps(found), *list_slow(found, together=ALL), *list_creep(found))]
    cards = list(_cards(found))
    control = element(
        "form",
        element("label", "Filter ", element("input", type="search", id="words", placeholder="name or metric")),
        element("label", element("input", type="checkbox", id="stepped"), " only with steps"),
        element("output", "", id="shown"),
        id="choose",
        role="search",
        hidden="",
    )
    heading = element("h2", "All values", id="all")
    values = element("section", heading, control, *cards, data_block("data", _data(found)), aria_labelledby="all")
    body = join([head, element("main", *blocks, values), element("footer", join(("made by ", code(tool))))])
    return draw_page(f"perfgate: {title}", token, body, script=SCRIPT, style=_STYLE)


def _cards(found: Found) -> Iterator[Markup]:
    for suite in found.suites:
        name = f"{ALL} · {suite.metric}"
        about = f"{suite.machine_class} · how far the session lay above the usual, the median over all benchmarks"
        words = [draw_line(line) for line in describe_marks(found, suite.marks, suite.sessions)]
        yield _card(element("span", name), about, draw_suite(suite), words)
    for trend in found.trends:
        series = trend.series
        pasts = [p.past for p in series.points]
        words = [draw_line(line) for line in describe_marks(found, trend.marks, pasts)]
        name = join((breakable(shorten(series.titled)), f" · {shorten(series.metric.name)}"))
        yield _card(name, _about(trend), draw_trend(trend), words)


def _data(found: Found) -> dict[str, Any]:
    """Return the sessions, and of each picture which it shows and the values, in words: for the script."""
    places: dict[str, int] = {}

    def place(past: Past) -> int:
        words = f"{past.when[:16].replace('T', ' ')} · {shorten(past.commit[:DIGITS]) or 'unknown commit'}"
        return places.setdefault(words, len(places))

    values: list[dict[str, Any]] = []
    for suite in found.suites:
        words = [minus(percent(s)) for s in suite.shifts]
        values.append({"sessions": list(map(place, suite.sessions)), "words": words})
    for trend in found.trends:
        points = trend.series.points
        words = [shorten(amount(p.reading.p50, p.reading.metric.unit), _LONGEST_VALUE) for p in points]
        values.append({"sessions": [place(p.past) for p in points], "words": words})
    return {"width": WIDTH, "ends": ENDS, "sessions": list(places), "values": values}


def _about(trend: Trend) -> str:
    series = trend.series
    newest = series.points[-1]
    words = f"{series.benchmark.machine_class} · newest {amount(newest.reading.p50, series.metric.unit)}"
    return f"{words} · {count(len(series.points), 'session')}"


def _card(name: Markup, about: str, picture: Markup, steps: list[Markup]) -> Markup:
    listed = [element("ul", *(element("li", words) for words in steps))] if steps else []
    heading = element("header", element("h3", name), element("span", shorten(about), class_="hint"))
    figure = element("figure", picture, tabindex=0, role="group", aria_label="Picture; arrow keys name its sessions")
    point = element("output", "", class_="hint")
    return element("article", heading, figure, point, *listed, class_=f"card {'warn' if steps else 'plain'}")
