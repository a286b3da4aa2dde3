"""Requests of one kind, added one by one: their times without the failed ones, and the share that failed."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from perfgate.formats.parsing.failures import all_failed
from perfgate.formats.parsing.record import Record, Samples, Single
from perfgate.formats.parsing.values import to_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.parsing.record import Flag, Skipped

_GOOD = (200, 400)


@dataclass(slots=True)
class Requests:
    """The requests of one name."""

    times: array[float] = field(default_factory=lambda: array("d"))
    """Seconds, of those that did not fail."""
    failed: int = 0
    """How many failed; their times are not kept: a failure is often fast."""
    unknown: int = 0
    """How many do not say whether they failed; their times are kept."""

    def add(self, seconds: float, *, is_good: bool | None) -> None:
        """Take a request; None: the file does not say whether it failed."""
        if is_good is False:
            self.failed += 1
            return
        self.times.append(seconds)
        self.unknown += is_good is None

    def records(self, name: str, flags: tuple[Flag, ...] = (), started_at: str = "") -> Iterator[Record | Skipped]:
        """Yield response time and error rate; of a name under which every request failed the error rate alone."""
        if not self.times:
            yield from all_failed(name, "response_time", self.failed, "every request failed", started_at)
            return
        facts: dict[str, Any] = {"benchmark": name, "better": "lower", "flags": flags, "started_at": started_at}
        yield Record(**facts, metric="response_time", unit="s", payload=Samples(values=self.times))
        if not self.unknown:
            count = len(self.times) + self.failed
            yield Record(**facts, metric="error_rate", unit="1", n=count, payload=Single(value=self.failed / count))


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
