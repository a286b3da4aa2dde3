"""When the rows of a file were measured: those with hours of rest between them belong to several sessions."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from perfgate.core.sessions import REST
from perfgate.formats.parsing.timestamps import stated_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

Period = tuple[float, float]
"""First and last second of rows without hours of rest between them, counted from 1970."""
MOST_PERIODS = 256
"""Periods that are kept apart; of more, the oldest are taken together. A year of nights without a row has more, but
what was measured last is what counts."""
_REST = REST * 3600
_MINUTE = len("2026-01-31T00:00")


class Times:
    """Takes the time of each row of a file, and says which rows are read."""

    def __init__(self, only: Period | None = None) -> None:
        """Start without rows.

        Args:
            only: the period whose rows are read; None: all are.
        """
        self._only = only
        self._firsts: list[float] = []
        self._lasts: list[float] = []
        self._minute = ""
        self._is_kept = True

    def keeps(self, stated: object) -> bool:
        """Is a row read? One that states no time belongs to the row before it.

        Args:
            stated: its time as found: ISO 8601, or a number since 1970. The first row of a minute stands for all
                rows in it that follow at once, since to read the time of each takes longer than all else.
        """
        if type(stated) is str:
            minute = stated[:_MINUTE]
            if minute == self._minute:
                return self._is_kept
            self._minute = minute if ":" in minute else ""
        else:
            self._minute = ""
        seconds = stated_seconds(stated)
        if seconds is None:
            return self._is_kept
        if self._only is None:
            self._add(seconds)
        else:
            self._is_kept = self._only[0] <= seconds <= self._only[1]
        return self._is_kept

    @property
    def periods(self) -> Sequence[Period]:
        """The periods of all rows, ascending; none where no row states its time."""
        return tuple(zip(self._firsts, self._lasts, strict=True))

    def _add(self, at: float) -> None:
        """Take a point in time into the period that it lies in or near, or begin one."""
        firsts, lasts = self._firsts, self._lasts
        i = bisect_right(firsts, at) - 1
        if i >= 0 and at - lasts[i] <= _REST:
            lasts[i] = max(lasts[i], at)
        elif i + 1 < len(firsts) and firsts[i + 1] - at <= _REST:
            firsts[i + 1] = at
            return
        else:
            i += 1
            firsts.insert(i, at)
            lasts.insert(i, at)
        if i + 1 < len(firsts) and firsts[i + 1] - lasts[i] <= _REST:
            self._join(i)
        if len(firsts) > MOST_PERIODS:
            self._join(0)

    def _join(self, i: int) -> None:
        """Make one of a period and the next."""
        del self._firsts[i + 1], self._lasts[i]
