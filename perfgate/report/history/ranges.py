"""Between which commits a step lies: the likely ones, and the widest range of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.history.past import Past
    from perfgate.core.history.trends import Mark

Ends = tuple[str, str]
"""The last commit before a range, and the last one of it: full hashes."""
_DIGITS = 12
"""Of a commit in a command: enough for large repositories."""


class Place(Struct, frozen=True, kw_only=True):
    """Where a step lies."""

    likely: Ends
    """The two sessions around it; an empty hash: unknown."""
    widest: Ends
    """The sessions two before and two after it, among which it lies in 98 of 100 cases; an empty hash: unknown."""

    @classmethod
    def of(cls, mark: Mark, sessions: Sequence[Past]) -> Place:
        """Return where a step of some sessions lies."""
        likely = sessions[mark.at - 1].commit, sessions[mark.at].commit
        return cls(likely=likely, widest=(sessions[mark.first - 1].commit, sessions[mark.last].commit))


def bisect_command(ends: Ends) -> str:
    """Return the command that finds the commit of a range."""
    return f"perfgate bisect --good {ends[0][:_DIGITS]} --bad {ends[1][:_DIGITS]} -- CMD"


def log_command(ends: Ends) -> str:
    """Return the command that lists the commits of a range."""
    return f"git log --oneline {ends[0][:_DIGITS]}..{ends[1][:_DIGITS]}"
