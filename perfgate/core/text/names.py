"""Names in a sentence: a few are written out, of more the rest is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def left_out(benchmark: str, metric: str) -> str:
    """Return how a note begins that says why a file has no such measurement; the reason follows.

    A budget on that measurement looks its reason up by this beginning.

    Args:
        benchmark: its name.
        metric: which of its metrics; empty: all.
    """
    return f'left out, "{benchmark}"{f" ({metric})" if metric else ""}: '


def list_some(names: Sequence[str], most: int = 5) -> str:
    """Return names in a row: all of a short list, of a longer one the first `most` (>= 1) and how many more."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
