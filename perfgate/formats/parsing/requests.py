"""Requests of one kind, added one by one: times without the failed ones, the share that failed, and throughput."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from operator import add
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from perfgate.formats.parsing.failures import all_failed
from perfgate.formats.parsing.logs.column import Column
from perfgate.formats.parsing.record import Record, Samples, Share, Single
from perfgate.formats.parsing.values import to_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.formats.parsing.record import Flag, Skipped

_GOOD = (200, 400)


class Requests(Struct):
    """The requests of one name."""

    times: Column = field(default_factory=Column)
    """Seconds, of those that did not fail."""
    failed: int = 0
    """How many failed; their times are not kept: a failure is often fast."""
    unknown: int = 0
    """How many do not say whether they failed; their times are kept."""

    begun: float = math.inf
    """When the first one began, in seconds of any clock; infinite: the file does not say."""
    ended: float = -math.inf
    """When the last one ended."""
    undated: int = 0
    """How many do not say when they began: over which time they were spread is unknown."""

    def add(self, seconds: float, *, is_good: bool | None, begun: float | None = None) -> None:
        """Take a request.

        Args:
            seconds: how long it took, >= 0.
            is_good: did it succeed? None: the file does not say.
            begun: when it began, in seconds of any clock; None: the file does not say.
        """
        if begun is None:
            self.undated += 1
        else:
            self.begun = min(self.begun, begun)
            self.ended = max(self.ended, begun + seconds)
        if is_good is False:
            self.failed += 1
            return
        self.times.append(seconds)
        self.unknown += is_good is None

    def add_all(self, seconds: Sequence[float], *, is_good: bool | None, begun: Sequence[float]) -> None:
        """Take requests that all succeeded, or all failed, and say when they began.

        Args:
            seconds: how long each took, >= 0; at least one.
            is_good: did they succeed? None: the file does not say.
            begun: when each began, in seconds of any clock.
        """
        self.begun = min(self.begun, *begun)
        self.ended = max(self.ended, *map(add, begun, seconds))
        if is_good is False:
            self.failed += len(seconds)
            return
        self.times.extend(seconds)
        self.unknown += len(seconds) if is_good is None else 0

    def records(self, name: str, flags: tuple[Flag, ...] = (), started_at: str = "") -> Iterator[Record | Skipped]:
        """Yield response time, error rate and throughput; where every request failed the error rate alone.

        The throughput is that of the requests that did not fail, from the first one's begin to the last one's end.
        """
        if not self.times:
            yield from all_failed(name, "response_time", self.failed, "every request failed", started_at)
            return
        facts: dict[str, Any] = {"benchmark": name, "better": "lower", "flags": flags, "started_at": started_at}
        samples = Samples(values=self.times.finish(), cells=tuple(self.times.cells))
        yield Record(**facts, metric="response_time", unit="s", payload=samples)
        if not self.unknown:
            count = len(self.times) + self.failed
            yield Record(**facts, metric="error_rate", unit="1", payload=Share(hits=self.failed, of=count))
        if not self.undated and self.begun < self.ended < math.inf:
            rate = Single(value=len(self.times) / (self.ended - self.begun))
            facts["better"] = "higher"
            facts["period"] = (self.begun, self.ended) if started_at else None
            yield Record(**facts, metric="throughput", unit="1/s", is_derived=True, payload=rate)


def is_good_code(code: str) -> bool | None:
    """Did a request with that HTTP status succeed? None: there is no status."""
    if not code:
        return None
    value = to_number(code)
    return value is not None and _GOOD[0] <= value < _GOOD[1]


def instant(seconds: float | None) -> str:
    """Return seconds since 1970 as ISO 8601, empty when they are no date."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""
    except (ValueError, OverflowError, OSError):
        return ""
