"""A history as one HTML file: what changed first, then a picture of each value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from perfgate.render.history.chart import BOTTOM, ENDS, WIDTH, draw_suite, draw_trend
from perfgate.render.history.script import SCRIPT
from perfgate.render.html.blocks import draw_block, draw_table, fold
from perfgate.render.html.markup import breakable, code, data_block, draw_line, element, join, minus, shorten
from perfgate.render.html.page import draw_page
from perfgate.report.document import Table, text
from perfgate.report.history.common import ALL
from perfgate.report.history.compose import extent_of, list_creep
from perfgate.report.history.log import DIGITS
from perfgate.report.history.ranges import bisect_command
from perfgate.report.history.slow import describe_slow, list_slow
from perfgate.report.history.steps import (
    find_steps,
    list_commits,
    list_steps,
    open_steps,
    search,
    steps_of,
    steps_of_all,
    where,
)
from perfgate.report.words import amount, count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.history.past import Past
    from perfgate.core.history.trends import Trend
    from perfgate.render.html.markup import Markup
    from perfgate.report.document import Block, Line
    from perfgate.report.history.found import Found
    from perfgate.report.history.steps import Step

_LONGEST_VALUE = 24
_VERSIONS = "versions of "
_FILTERED = "name, metric, commit or day"
_MOST_SEARCHES = 5
"""Open steps whose commits stand below the table."""
_STYLE = """\
.level{stroke:var(--fg);stroke-width:1.6;opacity:.6}
path.step{stroke:var(--bad);stroke-width:1.6;stroke-dasharray:5 3}
path.step.better{stroke:var(--good)}
path.break{stroke:var(--muted);stroke-dasharray:1 3}
path.common{stroke:var(--muted);stroke-width:1.4;stroke-dasharray:8 3}
figure text{font-size:12px}
svg text:is(.step,.break,.common){font-weight:600;fill:var(--bad)}
svg text.step.better{fill:var(--good)}
svg text:is(.break,.common){fill:var(--muted)}
.card figure{overflow:hidden}
.card figure>svg{height:200px;width:calc(100% - 66px);margin-left:66px;overflow:visible}
svg svg{height:100%;overflow:visible}
svg svg path{vector-effect:non-scaling-stroke}
path.at{stroke:var(--muted)}
path.here{stroke:var(--fg);stroke-width:9;stroke-linecap:round}
.card ul{margin:.3rem 0 .2rem;font-size:.92rem}
.card output{display:block;min-height:1.4em}
.card details{border:0;padding:.2rem 0}
.card summary{font-weight:400}
.card details ul{list-style:none;padding-left:1rem}
p:has(>code:only-child){margin:.4rem 0}
#changes td:is(:nth-child(1),:nth-child(4),:nth-child(6)){white-space:nowrap}
#changes tr:has(+.below) td{border-bottom:0;padding-bottom:0}
#changes .below td{font-size:.86rem;color:var(--muted);padding-top:.1rem;white-space:normal!important}
#changes td:nth-child(7):not([colspan]){min-width:10rem}
#crept p{margin:.5rem 0}
#changes details{padding:.3rem 0;border:0}
#changes .scroll+details{margin-top:.5rem}
#choose{display:flex;flex-wrap:wrap;gap:.6rem 1.2rem;align-items:center;margin:.7rem 0}
@media screen and (max-width:720px){
 .minor{display:none}
 :is(#changes,#crept) :is(table,tbody){display:block}
 :is(#changes,#crept) thead{display:none}
 :is(#changes,#crept) tr{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .7rem;padding:.5rem 0;
  border-bottom:1px solid var(--line)}
 :is(#changes,#crept) td{border:0;padding:0}
 :is(#changes,#crept) td:empty{display:none}
 :is(#changes,#crept) td:nth-child(5){font-weight:600}
 #changes tr:has(+.below){border:0;padding-bottom:0}
 #changes .below{padding-top:0}
 #changes td:nth-child(7){flex-basis:100%}
 #crept td:nth-child(-n+2){order:-1}
 #crept td:nth-child(5){order:-1;flex:1 1 40%;text-align:right}
 #crept td:nth-child(3)::after{content:" →"}
}
@media print{
 #changes table td{font-size:9pt!important;min-width:0}
 .card details{display:none}
}
"""


class _Slow(NamedTuple):
    """The slow changes of a card."""

    is_open: bool
    """Is one of them open?"""
    lines: list[Line]
    """Each in words."""


def render(found: Found, *, tool: str) -> str:
    """Return a history as an HTML page."""
    worse = list(_worse(found))
    title = f"History: {', '.join(worse) or 'no open step'}"
    token = "warn" if worse else "good"
    head = element(
        "header",
        element("h1", title),
        element("p", draw_line(extent_of(found.trends)), class_="lead"),
        element("p", element("span", f"Read from git: {_source(found.source)}"), class_="meta"),
        class_=f"verdict {token}",
    )
    steps = map(_stacked, list_steps(found))
    slow = map(_stacked, list_slow(found, together=ALL))
    changes = element("div", *steps, *_searches(found), *slow, id="changes")
    blocks = [changes, element("div", *map(draw_block, list_creep(found)), id="crept")]
    cards = list(_cards(found))
    control = element(
        "form",
        element("label", "Filter ", element("input", type="search", id="words", placeholder=_FILTERED)),
        element("label", element("input", type="checkbox", id="stepped"), " only with changes"),
        element("output", "", id="shown"),
        id="choose",
        role="search",
        hidden="",
    )
    heading = element("h2", "All values", id="all")
    values = element("section", heading, control, *cards, data_block("data", _data(found)), aria_labelledby="all")
    body = join([head, element("main", *blocks, values), element("footer", join(("made by ", code(tool))))])
    return draw_page(f"perfgate: {title}", token, body, script=SCRIPT, style=_STYLE)


def _stacked(block: Block) -> Markup:
    return draw_table(block, is_stacked=True) if isinstance(block, Table) else draw_block(block)


def _worse(found: Found) -> Iterator[str]:
    """Yield what is worse than it was, in words: steps and slow changes that last, else what crept away."""
    steps = sum(step.mark.is_open for step in find_steps(found))
    slow = sum(s.is_open for t in found.trends for s in t.slow) + sum(s.is_open for t in found.suites for s in t.slow)
    crept = sum(t.crept is not None and t.crept.is_worse for t in found.trends)
    if steps:
        yield count(steps, "open step")
    if slow:
        yield count(slow, "slow change")
    if crept and not steps and not slow:
        yield f"{count(crept, 'value')} worse than {shorten(found.anchor)}"


def _source(words: str) -> str:
    """Return where a history was read, for those who do not know what its files are."""
    return f"the versions of the folder {words.removeprefix(_VERSIONS)}" if words.startswith(_VERSIONS) else words


def _searches(found: Found) -> Iterator[Markup]:
    """Yield how to find the commits of the newest open steps, the first of them there to read."""
    for number, step in enumerate(open_steps(found)[:_MOST_SEARCHES]):
        heading, *blocks = search(step, found)
        yield fold(draw_line(heading.line), *map(draw_block, blocks), is_open=not number)


def _cards(found: Found) -> Iterator[Markup]:
    for suite in found.suites:
        name = f"{ALL} · {suite.metric}"
        about = f"{suite.machine_class} · how far the session lay above the usual, the median over all benchmarks"
        slow = _Slow(any(s.is_open for s in suite.slow), list(describe_slow(suite.slow, suite.sessions)))
        yield _card(element("span", name), about, draw_suite(suite), found, steps=steps_of_all(suite), slow=slow)
    for trend in found.trends:
        series = trend.series
        name = join((breakable(shorten(series.titled)), f" · {shorten(series.metric.name)}"))
        pasts = [p.past for p in series.points]
        slow = _Slow(any(s.is_open for s in trend.slow), list(describe_slow(trend.slow, pasts)))
        yield _card(name, _about(trend), draw_trend(trend, found.suites), found, steps=steps_of(trend), slow=slow)


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
    return {"width": WIDTH, "bottom": BOTTOM, "ends": ENDS, "sessions": list(places), "values": values}


def _about(trend: Trend) -> str:
    series = trend.series
    newest = series.points[-1]
    words = f"{series.benchmark.machine_class} · newest {amount(newest.reading.p50, series.metric.unit)}"
    return f"{words} · {count(len(series.points), 'session')}"


def _card(name: Markup, about: str, picture: Markup, found: Found, *, steps: Sequence[Step], slow: _Slow) -> Markup:
    items = [*(_item(s, found) for s in reversed(steps)), *(element("li", draw_line(line)) for line in slow.lines)]
    listed = [element("ul", *items, class_="marks")] if items else []
    heading = element("header", element("h3", name), element("span", shorten(about), class_="hint"))
    figure = element("figure", picture, tabindex=0, role="group", aria_label="Picture; arrow keys name its sessions")
    point = element("output", "", class_="hint")
    token = "warn" if slow.is_open or any(s.mark.is_open for s in steps) else "plain"
    return element("article", heading, figure, point, *listed, class_=f"card {token}")


def _item(step: Step, found: Found) -> Markup:
    """Return a step; its commits stand behind a click."""
    words = " · ".join(filter(None, (step.day, step.change, step.state)))
    line = draw_line((text(f"{words} · "), *where(step, found)))
    if step.mark.widest not in found.distances:
        return element("li", line)
    commits = element("ul", *(element("li", draw_line(c)) for c in list_commits(step, found)))
    find = [element("p", code(bisect_command(step.mark.widest)))] if step.mark.is_worse else []
    return element("li", line, fold("Commits", commits, *find))
