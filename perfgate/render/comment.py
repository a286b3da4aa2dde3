"""Verdict -> the comment on a pull request: the report within the size that GitHub takes, always well-formed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.render.markdown.report import Page, draw_report
from perfgate.report.compose import blocks_of
from perfgate.report.document import Context, Headline

if TYPE_CHECKING:
    from perfgate.core.finding import Verdict

CHARACTERS = 60_000
"""Longest comment in characters; GitHub's own message names 65,536."""
BYTES = 64_000
"""Longest comment in bytes of UTF-8."""
_ATTRIBUTED = 3
"""Benchmarks of which the stages are shown."""
_UNNAMED = "default"
_ROWS = (20, 10, 5, 2, 0)
"""Values of a part that are shown: the most that fit into `BYTES`."""


def comment(verdict: Verdict, *, ident: str, run_page: str, html_page: str = "") -> str:
    """Return the comment; its first line is the marker by which the gate finds it again.

    Of each part the worst values are shown; how many more there are, and where, is said below them.

    Args:
        verdict: as a ``report.json`` states it, or `round_numbers` leaves it; its words may come from anybody.
        ident: name of the gate, different for each gate of a repository, of a-z, 0-9 and dashes.
        run_page: address of the run that measured, from a source that can be trusted; empty: none.
        html_page: address of the HTML report, likewise.
    """
    first = f"<!-- perfgate:v1 id={ident} -->"
    pages = (_page(verdict, ident, run_page, html_page, rows) for rows in _ROWS)
    bodies = (
        f"{first}\n{draw_report(blocks_of(verdict, attributed=min(page.rows, _ATTRIBUTED)), page)}" for page in pages
    )
    if body := next(filter(_fits, bodies), ""):
        return body
    # The lines about the gate itself are too long: the verdict has to do.
    short = [b for b in blocks_of(verdict, attributed=0) if isinstance(b, Headline | Context)]
    return f"{first}\n{draw_report(short, _page(verdict, ident, run_page, html_page, 0))}"


def _fits(body: str) -> bool:
    return len(body) <= CHARACTERS and len(body.encode()) <= BYTES


def _page(verdict: Verdict, ident: str, run_page: str, html_page: str, rows: int) -> Page:
    return Page(
        suite="" if ident == _UNNAMED else ident,
        rows=rows,
        bullets=max(rows, 2),
        is_open=False,
        run_page=run_page,
        html_page=html_page,
        tool=verdict.compared.tool,
    )
