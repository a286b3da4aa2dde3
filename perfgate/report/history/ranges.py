"""Commands about the commits between which a step lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfgate.core.history.trends import Commits

_DIGITS = 12
"""Of a commit in a command: enough for large repositories."""


def bisect_command(between: Commits) -> str:
    """Return the command that finds the commit of a range."""
    return f"perfgate bisect --good {between.older[:_DIGITS]} --bad {between.newer[:_DIGITS]} -- CMD"


def log_command(between: Commits) -> str:
    """Return the command that lists the commits of a range."""
    return f"git log --oneline {between.older[:_DIGITS]}..{between.newer[:_DIGITS]}"
