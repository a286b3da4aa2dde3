"""Verdict -> the comment on a pull request: the report within the size that GitHub takes, always well-formed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.render.markdown import draw
from perfgate.report.compose import PARTS, blocks_of, sizes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.finding import Verdict

CHARACTERS = 60_000
"""Longest comment in characters; GitHub's own message names 65,536."""
BYTES = 64_000
"""Longest comment in bytes of UTF-8."""
_ROWS = 900  # more never fit: the shortest row takes 70 characters


def comment(verdict: Verdict, *, ident: str, run_page: str) -> str:
    """Return the comment; its first line is the marker by which the gate finds it again.

    What is too much goes row by row, the least important first: unchanged rows, new ones,
    improvements and so on, those that got worse last. How many went is said at the end.

    Args:
        verdict: as a ``report.json`` states it, or `settled` leaves it; its words may come from anybody.
        ident: tells the gates of a repository apart, of a-z, 0-9 and dashes.
        run_page: address of the run that measured, from a source that can be trusted; empty: none.
    """
    sizes = sizes_of(verdict)
    kept = _at_most(sizes)
    first = f"<!-- perfgate:v1 id={ident} -->"
    bare = _body(verdict, sizes, dict.fromkeys(PARTS, 0), first, run_page)
    if _excess(bare) > 0:  # what is told of the gate itself is too long: the verdict has to do
        return _body(verdict, sizes, dict.fromkeys(PARTS, 0), first, run_page, only_verdict=True)
    while (excess := _excess(body := _body(verdict, sizes, kept, first, run_page))) > 0:
        each = (len(body.encode()) - len(bare.encode())) / sum(kept.values())
        _drop(kept, max(1, int(excess / each)))
    return body


def _excess(body: str) -> int:
    return max(len(body) - CHARACTERS, len(body.encode()) - BYTES)


def _drop(kept: dict[str, int], number: int) -> None:
    """Take rows away, from the least important part first."""
    for part in reversed(PARTS):
        gone = min(number, kept[part])
        kept[part] -= gone
        number -= gone


def _at_most(sizes: Mapping[str, int]) -> dict[str, int]:
    """Return how many rows of each part could fit at all."""
    left, kept = _ROWS, {}
    for part in PARTS:
        kept[part] = min(sizes[part], left)
        left -= kept[part]
    return kept


def _body(
    verdict: Verdict, sizes: Mapping[str, int], kept: Mapping[str, int], first: str, run_page: str,
    *, only_verdict: bool = False,
) -> str:  # fmt: skip
    gone = sum(sizes.values()) - sum(kept.values())
    run = f"[the run]({run_page})" if run_page else "the run"
    end = f"… and {gone:,} more, see {run}." if gone else f"More in {run}."
    blocks = blocks_of(verdict, kept)
    return f"{first}\n{draw(blocks[:1] if only_verdict else blocks)}\n{end}\n"
