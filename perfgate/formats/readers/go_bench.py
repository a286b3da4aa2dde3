"""Reader of Go's benchmarks: the text of ``go test -bench``, or the events of ``-json``.

A line is ``Name-P  N  value unit  value unit …``; each value is a mean over N calls. Lines of
one name, as ``-count`` makes them, are the samples of one benchmark.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from perfgate.formats.parsing.record import Record, Samples, Skipped
from perfgate.formats.parsing.values import table, text, to_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.metrics import Direction
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

_UNITS: dict[str, tuple[str, float, str, Direction]] = {
    "ns/op": ("time", 1e-9, "s", "lower"),
    "B/op": ("alloc_bytes", 1.0, "B", "lower"),
    "allocs/op": ("allocs", 1.0, "1", "lower"),
    "MB/s": ("throughput", 1e6, "B/s", "higher"),
}
_NAME = re.compile(r"Benchmark(?![a-z])\S*")
_COUNT = re.compile(r"[0-9]+")
_OUTCOME = re.compile(r"\s*--- (FAIL|SKIP): (Benchmark(?![a-z])\S*)")
_BETTER = re.compile(r"Unit (\S+)\s(?:.*\s)?better=(lower|higher)\b")
_PROCESSORS = re.compile(r"-[0-9]+$")
_LONGEST = 1 << 13  # characters of one line put together from events; results are far shorter
_SHORTEST = 2  # fields of a result without its name: the count, and at least one pair


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield one record for each unit of each benchmark, in the order of their first line."""
    text_lines = _Lines(source)
    for package, line in text_lines:
        text_lines.take(package, line)
    suffix = _common_suffix([name for _, name in text_lines.found])
    for (package, name), by_unit in text_lines.found.items():
        for unit, values in by_unit.items():
            metric, factor, base, better = _UNITS.get(
                unit, (unit, 1.0, unit, text_lines.better.get(unit, options.direction))
            )
            yield Record(
                benchmark=_full(package, name, suffix),
                metric=metric,
                unit=base,
                better=better,
                is_mean=True,
                payload=Samples(values=[v * factor for v in values]),
            )
    for (package, name), why in text_lines.failed.items():
        yield Skipped(benchmark=_full(package, name, suffix), why=why)


def _full(package: str, name: str, suffix: str) -> str:
    name = name.removesuffix(suffix)
    return f"{package}.{name}" if package else name


def _common_suffix(names: list[str]) -> str:
    """Return the ``-P`` that every name ends in; empty when they differ, since it then distinguishes them."""
    found = {match[0] if (match := _PROCESSORS.search(name)) else "" for name in names}
    return found.pop() if len(found) == 1 else ""


class _Lines:
    """The lines of a file by package, and what they hold."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.found: dict[tuple[str, str], dict[str, list[float]]] = {}
        self.failed: dict[tuple[str, str], str] = {}
        self.better: dict[str, Direction] = {}
        self._package: dict[str, str] = {}
        self._begun: dict[str, str] = {}

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield the package that an event states, and a line of output; without events the package is empty."""
        open_lines: dict[str, str] = {}
        for line in self._source.lines():
            event = _event(line)
            if event is None:
                yield "", line
                continue
            package = text(event.get("Package"))
            whole = open_lines.get(package, "") + text(event.get("Output"))
            *ended, rest = whole.split("\n")
            open_lines[package] = rest[:_LONGEST]
            for part in ended:
                yield package, part
        yield from open_lines.items()

    def take(self, stated: str, line: str) -> None:
        """Take note of what a line says."""
        if line.startswith("pkg: "):
            self._package[stated] = line[5:].strip()
        elif outcome := _OUTCOME.match(line):
            why = "failed" if outcome[1] == "FAIL" else "skipped"
            self.failed[self._package.get(stated, stated), outcome[2]] = why
        elif unit := _BETTER.match(line):
            self.better[unit[1]] = "lower" if unit[2] == "lower" else "higher"
        else:
            self._result(stated, line)

    def _result(self, stated: str, line: str) -> None:
        """Take note of a result; what a benchmark prints may be between its name and the rest."""
        fields = line.split()
        if fields and _NAME.fullmatch(fields[0]):
            name = self._begun[stated] = fields.pop(0)
        else:
            name = self._begun.get(stated, "") if line[:1] in (" ", "\t") else ""
        if not name or len(fields) <= _SHORTEST or len(fields) % 2 == 0 or not _COUNT.fullmatch(fields[0]):
            return
        values = [(to_number(value), unit) for value, unit in zip(fields[1::2], fields[2::2], strict=True)]
        if any(value is None for value, _ in values):
            return
        by_unit = self.found.setdefault((self._package.get(stated, stated), name), {})
        for value, unit in values:
            if value is not None:
                by_unit.setdefault(unit, []).append(value)
        self._begun.pop(stated, None)


def _event(line: str) -> dict[str, object] | None:
    """Return an event of test2json; None for a line of text."""
    if not line.startswith("{"):
        return None
    try:
        return table(json.loads(line)) or None
    except (ValueError, RecursionError):
        return None
