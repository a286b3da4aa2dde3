"""``top_functions`` of performance logs: calls and own time of the functions in which a request spent most time."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from perfgate.core.measured import CALLS_OF, FUNCTION, function_name
from perfgate.formats.parsing.record import Record, Samples, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY = "top_functions"
MOST_FUNCTIONS = 1000
"""More than these are no functions of one program: their names hold something of each request."""
_LONGEST = 700
_MOST = 1e15


class TopFunctions:
    """Takes the rows of one log, and keeps calls and own time by function."""

    def __init__(self) -> None:
        """Start with no rows."""
        self._times: dict[str, array[float]] = {}
        self._calls: dict[str, array[float]] = {}
        self._unclear = self._beyond = 0

    def take(self, metrics: Mapping[str, Any]) -> None:
        """Take what a row holds under `KEY`, if anything."""
        listed = metrics.get(KEY)
        if listed is None:
            return
        if not isinstance(listed, list):
            self._unclear += 1
            return
        for entry in listed:
            self._add(entry)

    def _add(self, entry: object) -> None:
        name, own, calls = _read(entry)
        if not name or own is None:
            self._unclear += 1
        elif name not in self._times and len(self._times) >= MOST_FUNCTIONS:
            self._beyond += 1
        else:
            self._times.setdefault(name, array("d")).append(own / 1e3)
            if calls is not None:
                self._calls.setdefault(name, array("d")).append(calls)

    def records(self, benchmark: str) -> Iterator[Record | Skipped]:
        """Yield own time in seconds and calls of each function, a request; then what could not be used."""
        for prefix, unit, found in ((FUNCTION, "s", self._times), (CALLS_OF, "1", self._calls)):
            for name, values in found.items():
                payload = Samples(values=values)
                yield Record(benchmark=benchmark, metric=prefix + name, unit=unit, better="lower", payload=payload)
        if self._unclear:
            yield Skipped(benchmark=f'field "{KEY}"', why=f"entries without name and time, {self._unclear:,} times")
        if self._beyond:
            yield Skipped(benchmark=f'field "{KEY}"', why=f"more than {MOST_FUNCTIONS:,} functions")


def _read(entry: object) -> tuple[str, float | None, float | None]:
    """Return name, own time in milliseconds and calls of an entry; empty and None where it does not say so."""
    if not isinstance(entry, dict):
        return "", None, None
    function, file = entry.get("function"), entry.get("file")
    if not isinstance(function, str) or not function:
        return "", None, None
    name = function_name(function, file if isinstance(file, str) else "")
    return name[:_LONGEST], _amount(entry.get("total_time_ms")), _amount(entry.get("calls"))


def _amount(value: object) -> float | None:
    """Return a number from 0; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value <= _MOST else None
