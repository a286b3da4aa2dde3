"""docs/method.md, which holds the tables between marks: ``<!-- table NAME -->`` and ``<!-- end -->``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = Path(__file__).resolve().parents[2] / "docs" / "method.md"
_MARKED = re.compile(r"(<!-- table ([a-z-]+) -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)


def held(text: str) -> dict[str, str]:
    """Return the tables that a page holds, by name."""
    return {m[2]: m[3].strip() + "\n" for m in _MARKED.finditer(text)}


def filled(text: str, tables: Mapping[str, str]) -> str:
    """Return the page with its tables replaced; those that nobody gives stay."""
    return _MARKED.sub(lambda m: f"{m[1]}\n{tables[m[2]]}\n{m[4]}" if m[2] in tables else m[0], text)


def stale(text: str, tables: Mapping[str, str]) -> list[str]:
    """Return the names of tables that are not on the page, or not as given, ascending."""
    present = held(text)
    return sorted(name for name, table in tables.items() if present.get(name) != table)
