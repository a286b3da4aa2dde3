"""Verdict -> the comment on a pull request: the report within the size that GitHub takes, always well-formed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.render.markdown import draw
from perfgate.report.compose import PARTS, blocks_of, sizes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfgate.core.finding import Verdict

CHARACTERS = 60_000
"""Longest comment in characters; GitHub's own message names 65,536."""
BYTES = 64_000
"""Longest comment in bytes of UTF-8."""
_SHORTEST = 70  # characters of a row, at least
_ROWS = 900  # more never fit


def comment(verdict: Verdict, *, ident: str, run_page: str) -> str:
    """Return the comment; its first line is the marker by which the gate finds it again.

    What is too much goes row by row, the least important first: unchanged rows, new ones,
    improvements and so on, those that got worse last. How many went is said at the end.

    Args:
        verdict: as a ``report.json`` states it, or `round_numbers` leaves it; its words may come from anybody.
        ident: name of the gate, different for each gate of a repository, of a-z, 0-9 and dashes.
        run_page: address of the run that measured, from a source that can be trusted; empty: none.
    """
    sizes = sizes_of(verdict)
    first = f"<!-- perfgate:v1 id={ident} -->"

    def drawn(rows: int) -> str:
        return _body(verdict, sizes, _count_kept(sizes, rows), first, run_page)

    most = min(sum(sizes.values()), _ROWS)
    body = drawn(most)
    if _excess(body) <= 0:
        return body
    bare = drawn(0)
    if _excess(bare) > 0:  # the lines about the gate itself are too long: the verdict has to do
        return _body(verdict, sizes, _count_kept(sizes, 0), first, run_page, only_verdict=True)
    return _longest(drawn, bare, most, _excess(body))


def _longest(drawn: Callable[[int], str], bare: str, too_many: int, above: int) -> str:
    """Return the body with the most rows that fit.

    Rows differ in length, so that none is taken for the average: where the lengths at both
    ends point to is tried alternately with the middle, until one row more would be too much.

    Args:
        drawn: number of rows -> body.
        bare: the body without rows, which fits.
        too_many: a number of rows that does not fit.
        above: by how much it does not.
    """
    fits, body, is_guess = 0, bare, True
    while too_many - fits > 1 and (below := -_excess(body)) >= _SHORTEST:
        step = (too_many - fits) * below // (below + above) if is_guess else (too_many - fits) // 2
        tried = min(fits + max(step, 1), too_many - 1)
        longer = drawn(tried)
        if (excess := _excess(longer)) > 0:
            too_many, above = tried, excess
        else:
            fits, body = tried, longer
        is_guess = not is_guess
    return body


def _excess(body: str) -> int:
    return max(len(body) - CHARACTERS, len(body.encode()) - BYTES)


def _count_kept(sizes: Mapping[str, int], rows: int) -> dict[str, int]:
    """Return how many rows of each part are kept, the most important part first."""
    kept = {}
    for part in PARTS:
        kept[part] = min(sizes[part], rows)
        rows -= kept[part]
    return kept


def _body(
    verdict: Verdict,
    sizes: Mapping[str, int],
    kept: Mapping[str, int],
    first: str,
    run_page: str,
    *,
    only_verdict: bool = False,
) -> str:
    gone = sum(sizes.values()) - sum(kept.values())
    run = f"[the run]({run_page})" if run_page else "the run"
    end = f"… and {gone:,} more, see {run}." if gone else f"More in {run}."
    blocks = blocks_of(verdict, kept)
    return f"{first}\n{draw(blocks[:1] if only_verdict else blocks)}\n{end}\n"
