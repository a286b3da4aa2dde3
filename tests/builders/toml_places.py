"""Where a fault in a TOML text must be reported; `test_toml_lines` holds the lines themselves."""

from __future__ import annotations

from perfgate.core.errors import error
from perfgate.core.text.toml_lines import locate


def place_in(text: str, pointer: str, origin: str = "perfgate.toml") -> str:
    """Return the place of what a JSON pointer into the document names: ``perfgate.toml:3``."""
    (found,) = locate([error("a-slug", "m", place=f"{origin}: {pointer}")], text, origin)
    return found.place
