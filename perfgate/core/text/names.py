"""Names in a sentence: a few are written out, of more the rest is counted."""

from __future__ import annotations

import re
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


def split_left_out(message: str) -> tuple[str, str, str]:
    """Return benchmark, metric and reason of a note that `left_out` begins; empty texts: it is another one."""
    found = re.fullmatch(_LEFT_OUT, message)
    return (found[1], found[2] or "", found[3]) if found else ("", "", "")


_LEFT_OUT = r'(?s)left out, "(.*?)"(?: \(([^()"]*)\))?: (.*)'


def list_some(names: Sequence[str], most: int = 5) -> str:
    """Return names in a row: all of a short list, of a longer one the first `most` (>= 1) and how many more."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
