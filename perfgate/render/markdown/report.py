"""The report of a check as markdown: a heading that says it, what needs attention, what to do, and the rest folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.text.origin import page_of
from perfgate.render.markdown.blocks import draw, draw_block, fold
from perfgate.render.markdown.spans import code, draw_in_tag, draw_line, fenced
from perfgate.render.markdown.values import common_metric, draw_values, metric_of
from perfgate.report.document import (
    Bullets,
    Context,
    Faults,
    Fold,
    Headline,
    Steps,
    Values,
    name,
    text,
)
from perfgate.report.verdict.parts import PARTS, title_of
from perfgate.report.verdict.value import value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.report.document import Block, Document, Line, Step

VERDICTS = {"pass": "✅", "regression": "❌", "error": "⛔", "skipped": "⏭️"}
_COUNTS = {"suspected": "⚠️ ", "improved": "🚀 "}
_SUSPECTED = "⚠️"
_HELP_PAGES = {
    "pass": "report.md",
    "regression": "what-now.md#the-check-failed",
    "error": "what-now.md#exit-code-2",
    "skipped": "ci.md#changes-that-touch-nothing-measured",
}
"""Verdict -> the page of the documentation that says what to do."""
_LONGEST_INLINE = 60
"""Characters of a command inside a sentence; a longer one has a block of its own."""
_PARTS = {part.name: part for part in PARTS}


class Page(Struct, frozen=True, kw_only=True):
    """Where a report stands, and how much of it."""

    level: int = 2
    """Of its heading: 2 of a report alone, 3 below another one."""
    suite: str = ""
    """Name of the gate, of a-z, 0-9 and dashes, or of a suite of several, from data; empty: there is one."""
    rows: int = 200
    """Values of a part that are shown."""
    bullets: int = 200
    """Lines of a list that are shown, such as of faults and notes."""
    is_open: bool = True
    """Are values that hold shown without a click?"""
    run_page: str = ""
    """Address of the run, from a source that can be trusted; empty: none."""
    html_page: str = ""
    """Address of the HTML report, likewise."""
    tool: str = ""
    """Name and version of the program that judged, from data; empty: not shown."""


FILE = Page()
"""A file, and the summary of a job."""


def render(document: Document) -> str:
    """Return a document as markdown."""
    if isinstance(document.blocks[0] if document.blocks else None, Headline):
        return draw_report(document.blocks, FILE)
    return draw(document.blocks)


def draw_report(blocks: Sequence[Block], page: Page) -> str:
    """Return the report of a check.

    Args:
        blocks: as `perfgate.report.compose.blocks_of` returns them.
        page: where it stands.
    """
    sides = _sides(blocks)
    opened = _opened(blocks)
    drawn: list[str] = []
    folded: list[Values] = []
    for block in blocks:
        if isinstance(block, Headline):
            drawn += _headline(block, page)
        elif isinstance(block, Values):
            if block.part in opened:
                drawn.append(_values(block, sides, page, is_titled=len(opened) > 1 or block.part not in _OWN_TITLE))
            else:
                folded.append(block)
        elif isinstance(block, Steps):
            drawn.append(_steps(block.steps))
        elif isinstance(block, Faults):
            drawn.append(f"**Errors ({len(block.lines):,})**\n\n{_bullets(Bullets(lines=block.lines), page)}")
        elif isinstance(block, Bullets):
            drawn.append(_bullets(block, page))
        elif isinstance(block, Fold) and block.is_background:
            drawn += _fold_values(folded, sides, page)
            drawn.append(draw_block(block))
        elif not isinstance(block, Context):
            drawn.append(draw_block(block))
    return "\n\n".join(part for part in (*drawn, _footer(blocks, page)) if part) + "\n"


_OWN_TITLE = frozenset({"failed", "undecided", "improved"})
"""Parts whose symbols say what they are."""


def _sides(blocks: Sequence[Block]) -> tuple[str, str]:
    """Return what both sides are called: git's words for two versions that were measured together."""
    context = next((b for b in blocks if isinstance(b, Context)), None)
    is_of_versions = context is not None and context.line[0].text.startswith("base ")
    return ("Base", "Head") if is_of_versions else ("Baseline", "Current")


def _opened(blocks: Sequence[Block]) -> set[str]:
    """Return the parts that stand open: those that make the verdict; of a pass those that deserve attention."""
    parts = [b.part for b in blocks if isinstance(b, Values)]
    decisive = {p for p in parts if _PARTS[p].need == "verdict"}
    return decisive or {p for p in parts if _PARTS[p].need == "attention" and p != "noisy"}


def _headline(block: Headline, page: Page) -> list[str]:
    """Return the heading, and the line of the sentence and the counts."""
    symbol = _SUSPECTED if block.verdict == "pass" and block.title.startswith("pass,") else VERDICTS[block.verdict]
    gate = "perfgate"
    if page.suite:
        gate = f"perfgate ({page.suite})" if page.level == FILE.level else name_suite(page.suite)
    if block.verdict == "skipped" and page.level == FILE.level:  # one line is enough
        return [f"{symbol} {gate}: {draw_line(block.line)}"]
    counted = [f"{_COUNTS.get(part, '')}{n:,} {_PARTS[part].noun}" for part, n in block.counts]
    return [
        f"{'#' * page.level} {symbol} {gate}: {block.title}",
        " · ".join([draw_line(block.line).removesuffix("." if counted else ""), *counted]),
    ]


def name_suite(suite: str) -> str:
    """Return the name of a suite of several, as its heading has it."""
    return code(suite, in_table=False)


def _values(block: Values, sides: tuple[str, str], page: Page, *, is_titled: bool) -> str:
    """Return a table of the first values of a part, with how many more there are."""
    values = [value_of(f) for f in block.findings[: page.rows]]
    metric = common_metric(values)
    title = f"**{title_of(_PARTS[block.part], block.findings)} ({len(block.findings):,})**" if is_titled else ""
    title += f"{', ' if title else 'Metric: '}{metric}" if metric else ""
    more = len(block.findings) - len(values)
    if more:
        title = f"{title}{': ' if title else ''}the {len(values):,} worst"
        where = f"[HTML report]({page.html_page})" if page.html_page else _run(page)
        rest = f"… and {more:,} more in {where}."
    else:
        rest = ""
    table = draw_values(values, sides) if values else ""
    return "\n\n".join(part for part in (title, table, rest) if part)


def _run(page: Page) -> str:
    return f"[the run]({page.run_page})" if page.run_page else "`report.json`"


def _fold_values(folded: Sequence[Values], sides: tuple[str, str], page: Page) -> list[str]:
    """Return the values that stand behind a click: what deserves attention by its names, the others as one number."""
    attention = [b for b in folded if _PARTS[b.part].need == "attention"]
    others = [b for b in folded if _PARTS[b.part].need == "other"]
    background = [b for b in folded if _PARTS[b.part].need == "background"]
    found = []
    if attention:
        summary = draw_in_tag(tuple(span for b in attention for span in _summary(b, is_first=b is attention[0])))
        found.append(fold(summary, _tables(attention, sides, page), is_open=page.is_open))
    for blocks, noun in ((others, "other"), (background, "ungated")):
        if blocks:
            number = sum(len(b.findings) for b in blocks)
            held = ", ".join(f"{len(b.findings):,} {_PARTS[b.part].noun}" for b in blocks)
            values = "value" if number == 1 else "values"
            summary = f"{number:,} {noun} {values}: {held}"
            if len(blocks) == 1:
                summary = f"{number:,} {values} {_PARTS[blocks[0].part].noun}"
            found.append(fold(summary, _tables(blocks, sides, page), is_open=page.is_open and noun == "other"))
    return found


def _summary(block: Values, *, is_first: bool) -> Line:
    """Return how many values a part has; of one its name and its change as well."""
    words: Line = (text(f"{'' if is_first else ', '}{len(block.findings):,} {_PARTS[block.part].noun}"),)
    if len(block.findings) > 1:
        return words
    value = value_of(block.findings[0])
    changed = value.change.replace("-", "−")
    end = text(f" {changed})" if changed else ")")
    return (*words, text(" ("), name(value.benchmark), text(" "), metric_of(value), end)


def _tables(blocks: Sequence[Values], sides: tuple[str, str], page: Page) -> str:
    return "\n\n".join(_values(b, sides, page, is_titled=True) for b in blocks)


def _bullets(block: Bullets, page: Page) -> str:
    """Return a list, with how many lines more there are."""
    shown = block.lines[: page.bullets]
    more = len(block.lines) - len(shown)
    return draw_block(Bullets(lines=shown)) + (f"\n- … and {more:,} more in {_run(page)}" if more else "")


def _steps(steps: Sequence[Step]) -> str:
    """Return what to do: one step in the line, several as a list; a long command in a block that can be copied."""
    if len(steps) == 1:
        return f"**What to do:** {_step(steps[0])}"
    return "\n".join(["**What to do:**", "", *(f"- {_step(step)}" for step in steps)])


def _step(step: Step) -> str:
    words = draw_line(step.words)
    if not step.command:
        return f"{words}."
    if len(step.command) <= _LONGEST_INLINE:
        return f"{words}: {code(step.command, in_table=False)}" if words else code(step.command, in_table=False)
    indented = fenced(step.command).replace("\n", "\n  ")
    return f"{words}:\n\n  {indented}"


def _help_page(headline: Headline) -> str:
    """Return the page of the documentation that says what to do about a verdict."""
    is_suspected = headline.verdict == "pass" and bool(dict(headline.counts).get("suspected"))
    return "what-now.md#a-value-is-suspected" if is_suspected else _HELP_PAGES[headline.verdict]


def _footer(blocks: Sequence[Block], page: Page) -> str:
    """Return the last line: what was compared, and where more is."""
    parts = [draw_line(b.line) for b in blocks if isinstance(b, Context)]
    parts += [f"[CI run]({page.run_page})"] if page.run_page else []
    parts += [f"[HTML report]({page.html_page})"] if page.html_page else []
    headline = next((b for b in blocks if isinstance(b, Headline)), None)
    if headline and headline.verdict == "skipped":
        return ""
    if headline and (help_page := page_of(_help_page(headline))):
        parts.append(f"[What now?]({help_page})")
    parts += [code(page.tool, in_table=False)] if page.tool else []
    return f"<sub>{' · '.join(parts)}</sub>" if parts else ""
