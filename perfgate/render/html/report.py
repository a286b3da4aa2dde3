"""A document as one HTML file: nothing in it is fetched, and no script runs in it but ours."""

from __future__ import annotations

from itertools import dropwhile, takewhile
from typing import TYPE_CHECKING

from perfgate.render.html.appearance import PART, appearance_of
from perfgate.render.html.blocks import draw_block, fold
from perfgate.render.html.cards import count_cards, draw_cards
from perfgate.render.html.markup import Markup, code, draw_line, element, join
from perfgate.render.html.page import draw_page
from perfgate.render.html.script import SCRIPT
from perfgate.render.html.values import draw_table, rows_of
from perfgate.report.document import (
    Bullets,
    Context,
    Faults,
    Fold,
    Heading,
    Headline,
    Paragraph,
    Steps,
    Table,
    Values,
    verdict_in,
)
from perfgate.report.verdict.meanings import MEANINGS
from perfgate.report.verdict.runs import newest_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.finding import Verdict
    from perfgate.report.document import Block, Document

_SYMBOLS = {"pass": ("✓", "good"), "regression": ("✗", "bad"), "error": ("!", "bad"), "skipped": ("–", "plain")}
"""Verdict -> its symbol and its colour."""
_SUSPECTED = ("?", "warn")
_COMMIT = 7
"""Digits of a commit, as git shortens it."""
_INTERVAL = (
    "The interval is the confidence interval at the significance level that decides, adjusted for all gated values. "
    "A gated value fails when its change is beyond the threshold ┃ and its interval lies wholly on the worse side of "
    "no change. Right is worse, also where higher values are better. The dashed line is no change, ┃ the threshold of "
    "each value itself. Distances are multiples of it, and drawn smaller far away, so that all values share a scale."
)
_DOTS = (
    "Each dot is a run, from top to bottom in the order of the runs; the bar is the median of a session, or the tail "
    "that is judged. The shaded area reaches from no change (dashed) to the limit, beyond which a value is worse, also "
    "where one improved. A triangle is a run outside of the picture."
)


def render(document: Document) -> str:
    """Return a document as an HTML page."""
    blocks = document.blocks
    headline = next((b for b in blocks if isinstance(b, Headline)), None)
    if headline is None:
        body = element("main", element("h1", "perfgate", class_="visually-hidden"), *map(draw_block, blocks))
        return draw_page("perfgate", "plain", body, script="")
    verdict = verdict_in(document)
    values = [b for b in blocks if isinstance(b, Values)]
    rows = rows_of(values)
    is_suspected = headline.verdict == "pass" and bool(dict(headline.counts).get("suspected"))
    symbol, token = _SUSPECTED if is_suspected else _SYMBOLS[headline.verdict]
    parts = [*_opening(blocks), *draw_cards(values, rows, verdict)]
    if rows:
        table = draw_table(rows, _sides(blocks), count_cards(values))
        heading = element("h2", "All values ", element("small", f"({len(rows):,})"), id="all")
        parts.append(element("section", heading, *table, aria_labelledby="all", id="values"))
    folds = _folds(blocks, values)
    body = join([
        _header(headline, blocks, verdict, symbol, token),
        element("main", *parts, element("div", *folds, class_="folds")),
        element("footer", _tool(verdict)),
    ])  # fmt: skip
    return draw_page(f"{symbol} perfgate: {headline.title}", token, body, script=SCRIPT if rows else "")


def _sides(blocks: Iterable[Block]) -> tuple[str, str]:
    """Return what both sides are called: git's words for two versions that were measured together."""
    context = next((b for b in blocks if isinstance(b, Context)), None)
    is_of_versions = context is not None and context.line[0].text.startswith("base ")
    return ("Base", "Head") if is_of_versions else ("Baseline", "Current")


def _header(headline: Headline, blocks: Sequence[Block], verdict: Verdict, symbol: str, token: str) -> Markup:
    """Return the verdict, its sentence, its counts and what was compared."""
    title = f"{symbol} {headline.title[:1].upper()}{headline.title[1:]}"
    parts = [element("h1", title), element("p", draw_line(headline.line), class_="lead")]
    statuses = {b.part: b.findings[0].status for b in blocks if isinstance(b, Values)}
    if headline.counts:
        counts = (
            element("li", f"{number:,} {PART[part].noun}", class_=appearance_of(statuses[part], part).token)
            for part, number in headline.counts
        )
        parts.append(element("ul", *counts, class_="counts"))
    context = [draw_line(b.line) for b in blocks if isinstance(b, Context)]
    parts.append(element("p", *(element("span", fact) for fact in (*context, *_provenance(verdict))), class_="meta"))
    return element("header", *parts, class_=f"verdict {token}")


def _provenance(verdict: Verdict) -> Iterable[str]:
    """Yield the day of the newest run; the line about both sides has their commits."""
    if day := newest_day(verdict.current):
        yield day


def _is_opening(block: Block) -> bool:
    return isinstance(block, Headline | Context | Paragraph | Bullets | Faults | Table)


def _opening(blocks: Sequence[Block]) -> Iterable[Markup]:
    """Yield what stands between the verdict and the values: what a reader has to know, and what to do."""
    for block in takewhile(_is_opening, blocks):
        if isinstance(block, Faults):
            title = "1 error" if len(block.lines) == 1 else f"{len(block.lines):,} errors"
            yield element("div", fold(title, draw_block(block), is_open=True), class_="notice bad")
        elif isinstance(block, Table):
            yield element("section", element("h2", "By group"), draw_block(block))
        elif isinstance(block, Paragraph | Bullets):
            yield element("div", draw_block(block), class_="notice")
    for block in blocks:
        if isinstance(block, Steps):
            heading = element("h2", "What to do", id="steps")
            yield element("section", heading, *_steps(block), class_="steps", aria_labelledby="steps")


def _steps(block: Steps) -> Iterable[Markup]:
    """Yield each step: its words, and below them the command as it is typed."""
    for step in block.steps:
        yield element("p", draw_line(step.words), ":" if step.command else ".")
        if step.command:
            yield element("pre", code(step.command, 1_000))


def _folds(blocks: Sequence[Block], values: Sequence[Values]) -> list[Markup]:
    """Return what only those who ask need: where the time went, notes, how to read the page, how it was measured."""
    folds: list[Markup] = []
    background: list[Markup] = []
    title: Markup | None = None
    for block in dropwhile(_is_opening, blocks):
        if isinstance(block, Heading):
            title = draw_line(block.line)
        elif isinstance(block, Fold) and block.is_background:
            background.append(draw_block(block))
        elif not isinstance(block, Values | Steps):
            folds.append(fold(title, draw_block(block)) if title else draw_block(block))
            title = None
    return [*folds, *([_how_to_read(values)] if values else []), *background]


def _how_to_read(values: Sequence[Values]) -> Markup:
    """Return what the pictures show, and what each status that occurs means."""
    appearances = {appearance_of(f.status, b.part): f.status for b in values for f in b.findings}
    found = {(a.symbol, a.words, a.token): status for a, status in appearances.items()}
    meanings = [
        piece
        for (symbol, words, token), status in found.items()
        for piece in (
            element("dt", f"{symbol} {words}", class_=token),
            element("dd", "shown only: it cannot fail the check" if words == "not gated" else MEANINGS[status].words),
        )
    ]
    return fold("How to read this", element("p", _INTERVAL), element("p", _DOTS), element("dl", *meanings))


def _tool(verdict: Verdict) -> Markup:
    return join(("made by ", code(verdict.compared.tool)))
