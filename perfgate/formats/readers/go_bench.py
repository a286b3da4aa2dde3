"""Reader of Go's benchmarks: the text of ``go test -bench``, or the events of ``-json``.

A line is ``Name-P  N  value unit  value unit …``; each value is a mean over N calls. Lines of
one name, as ``-count`` makes them, are the samples of one benchmark. A configuration line, ``key: value``,
holds for the lines behind it: of one name, results under other values are other benchmarks.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from perfgate.core.text.canonical import short_hash
from perfgate.formats.parsing.record import Record, Samples, Skipped
from perfgate.formats.parsing.values import table, text, to_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.metrics import Direction
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

_Values = dict[str, list[float]]  # by unit
_UNITS: dict[str, tuple[str, float, str, Direction]] = {
    "ns/op": ("time", 1e-9, "s", "lower"),
    "B/op": ("alloc_bytes", 1.0, "B", "lower"),
    "allocs/op": ("allocs", 1.0, "1", "lower"),
    "MB/s": ("throughput", 1e6, "B/s", "higher"),
}
_NAME = re.compile(r"Benchmark(?![a-z])\S*")
_COUNT = re.compile(r"[0-9]+")
_OUTCOME = re.compile(r"(?:\s*|Benchmark\S*\s+)--- (FAIL|SKIP): (Benchmark(?![a-z])\S*)")
_BROKEN_OFF = re.compile(r"(?:Benchmark\S*\s+)?(?:panic: |fatal error: )|FAIL$|exit status [1-9][0-9]*$|signal: ")
"""Lines of a program that ends early; one that passes in spite of them has only printed them."""
_PACKAGE_FAILED = re.compile(r"FAIL[ \t]+\S")
_PASSED = re.compile(r"PASS$|ok\s")
_FAILED_ACTIONS = frozenset({"fail", "build-fail"})
_SHOWN, _NAMED = 80, 3  # characters of a line, and names of benchmarks, in a message
_END = re.compile(r"PASS$|FAIL\b|ok\s")
_SETTING = re.compile(r"([a-z][^\sA-Z:]*):(?:[ \t]+(.*))?$")
_NO_SETTINGS = frozenset({"coverage", "go", "note", "panic", "signal", "testing", "vet", "warning"})
"""Keys of lines that the go tool itself prints, and that do not say how something was measured."""
_MOST_SETTINGS = 50
_HEADINGS = ("goos: ", "pkg: ")
_BETTER = re.compile(r"Unit (\S+)\s(?:.*\s)?better=(lower|higher)\b")
_PROCESSORS = re.compile(r"-[0-9]+$")
_LONGEST = 1 << 13  # characters of one line put together from events; results are far shorter
_LONGEST_SETTING = 200  # characters of a value, and of all values in a name
_SHORTEST = 2  # fields of a result without its name: the count, and at least one pair


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield one record for each unit of each benchmark, in the order of their first line.

    Raises:
        CannotDecideError: the run ended early: what it would have measured is not there.
    """
    lines = _Lines(source)
    for package, line, number in lines:
        lines.ending.take(package, line, number)
        lines.take(package, line, number)
    lines.close_all()
    _check_ending(source, lines)
    suffix = _common_suffix([r.name for r in lines.found] or [name for _, name in lines.garbled])
    for (benchmark, is_apart), by_unit in _named_by_settings(lines.found, suffix).items():
        for unit, values in by_unit.items():
            metric, factor, base, better = _UNITS.get(
                unit, (unit, 1.0, unit, lines.better.get(unit, options.direction))
            )
            yield Record(
                benchmark=benchmark,
                metric=metric,
                unit=base,
                better=better,
                is_mean=True,
                flags=("settings",) if is_apart else (),
                payload=Samples(values=[v * factor for v in values]),
            )
    for (package, name), why in lines.failed.items():
        yield Skipped(benchmark=_full(package, name, suffix), why=why)
    for (package, name), numbers in lines.garbled.items():
        if (package, name) not in lines.failed:
            what = "a result line" if len(numbers) == 1 else f"{len(numbers)} result lines"
            why = f"{what} could not be read (line {numbers[0]}{', ...' * (len(numbers) > 1)})"
            yield Skipped(benchmark=_full(package, name, suffix), why=why)


def _check_ending(source: Source, lines: _Lines) -> None:
    failure = lines.ending.failure()
    if failure:
        names = [_full(package, name, "") for (package, name), why in lines.failed.items() if why == "failed"]
        whose = f"; failed: {', '.join(names[:_NAMED])}{', ...' * (len(names) > _NAMED)}" if names else ""
        where, what = failure
        message = f'go test failed in line {where:,}: "{" ".join(what[:_SHOWN].split())}"{whose}'
        raise source.fault(message, "correct what failed, and measure again")


def _named_by_settings(found: dict[_Result, _Values], suffix: str) -> dict[tuple[str, bool], _Values]:
    """Return the values by full name, and whether that states configuration keys.

    The keys that differ between results of one name are in the names of all results, ``{key=value}``.
    """
    first: dict[tuple[str, str], dict[str, str]] = {}
    differing: set[str] = set()
    for result in found:
        one, other = first.setdefault((result.package, result.name), dict(result.settings)), dict(result.settings)
        differing |= {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
    named: dict[tuple[str, bool], _Values] = {}
    for result, by_unit in found.items():
        about = _shortened(",".join(f"{key}={value}" for key, value in result.settings if key in differing))
        full = _full(result.package, result.name, suffix) + (f"{{{about}}}" if about else "")
        of_name = named.setdefault((full, bool(about)), {})
        for unit, values in by_unit.items():
            of_name.setdefault(unit, []).extend(values)
    return named


def _full(package: str, name: str, suffix: str) -> str:
    name = name.removesuffix(suffix)
    return f"{package}.{name}" if package else name


def _common_suffix(names: list[str]) -> str:
    """Return the ``-P`` that every name ends in; empty when they differ, since it then distinguishes them."""
    found = {match[0] if (match := _PROCESSORS.search(name)) else "" for name in names}
    return found.pop() if len(found) == 1 else ""


class _Result(NamedTuple):
    """What the values of some lines are of."""

    package: str
    """As the file states it; empty when it does not."""
    name: str
    """Of the benchmark, with the number of processors."""
    settings: tuple[tuple[str, str], ...]
    """Configuration keys and their values, in the order of the keys."""


class _Ending:
    """How the test program of each package ended."""

    def __init__(self) -> None:
        self._failure: tuple[int, str] | None = None
        self._open: dict[str, tuple[int, str]] = {}
        """By stated package the first sign of an end that nothing contradicts yet."""

    def take(self, stated: str, line: str, number: int) -> None:
        """Take note of what a line says of the end."""
        if _PACKAGE_FAILED.match(line):
            self.fail(self._open.get(stated, (number, line)))
        elif _BROKEN_OFF.match(line):
            self._open.setdefault(stated, (number, line))
        elif stated in self._open:
            if _PASSED.match(line):
                del self._open[stated]
            elif line.startswith(_HEADINGS):  # the next program begins
                self.fail(self._open[stated])

    def fail(self, sign: tuple[int, str]) -> None:
        """Take note that a program failed: the number of a line, and what it says."""
        self._failure = self._failure or sign

    def failure(self) -> tuple[int, str] | None:
        """Return the first line that says that a program failed; None: all passed, as far as they say."""
        return self._failure or next(iter(self._open.values()), None)


class _Lines:
    """The lines of a file by package, and what they hold."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.ending = _Ending()
        self.found: dict[_Result, _Values] = {}
        self.failed: dict[tuple[str, str], str] = {}
        self.garbled: dict[tuple[str, str], list[int]] = {}
        """Package, name, and the numbers of the lines in which a result began that could not be read."""
        self.better: dict[str, Direction] = {}
        self._package: dict[str, str] = {}
        self._settings: dict[str, tuple[tuple[str, str], ...]] = {}
        self._begun: dict[str, str] = {}
        self._waiting: dict[str, int] = {}
        """Number of the line in which a result began that has not ended, by stated package."""
        self._is_whole: set[str] = set()
        """Stated packages in which that line looks like a whole one, so that what follows is no output of it."""

    def __iter__(self) -> Iterator[tuple[str, str, int]]:
        """Yield the package that an event states (without events it is empty), a line of output, and its number."""
        open_lines: dict[str, str] = {}
        number = 0
        for number, line in enumerate(self._source.lines(), start=1):
            event = _event(line)
            if event is None:
                yield "", line, number
                continue
            package = text(event.get("Package"))
            if event.get("Action") in _FAILED_ACTIONS and not event.get("Test"):
                self.ending.fail((number, f"{event['Action']} {package or text(event.get('ImportPath'))}"))
            whole = open_lines.get(package, "") + text(event.get("Output"))
            *ended, rest = whole.split("\n")
            open_lines[package] = rest[:_LONGEST]
            for part in ended:
                yield package, part, number
        for package, rest in open_lines.items():
            yield package, rest, number

    def take(self, stated: str, line: str, number: int) -> None:
        """Take note of what a line says."""
        if line.startswith(_HEADINGS):
            self._close(stated)
        if line.startswith("pkg: "):
            self._package[stated] = line[5:].strip()
        elif outcome := _OUTCOME.match(line):
            why = "failed" if outcome[1] == "FAIL" else "skipped"
            self.failed[self._package.get(stated, stated), outcome[2]] = why
            self._forget(stated)
        elif unit := _BETTER.match(line):
            self.better[unit[1]] = "lower" if unit[2] == "lower" else "higher"
        elif _END.match(line):
            self._close(stated)
        elif setting := _SETTING.match(line):
            if stated not in self._waiting or stated in self._is_whole:  # else a benchmark prints it
                self._set(stated, setting[1], (setting[2] or "").strip())
        else:
            self._result(stated, line, number)

    def close_all(self) -> None:
        """Take note of the results that have begun and not ended."""
        for stated in list(self._waiting):
            self._close(stated)

    def _set(self, stated: str, key: str, value: str) -> None:
        """Set a configuration key for the lines that follow; without a value it is removed."""
        settings = dict(self._settings.get(stated, ()))
        settings.pop(_shortened(key), None)
        if value and key not in _NO_SETTINGS and len(settings) < _MOST_SETTINGS:
            settings[_shortened(key)] = _shortened(value)
        self._settings[stated] = tuple(sorted(settings.items()))

    def _close(self, stated: str) -> None:
        """Take note that a result has begun and not ended, if so."""
        if stated in self._waiting:
            self._garble(stated, self._begun[stated], self._waiting[stated])
        self._forget(stated)

    def _garble(self, stated: str, name: str, number: int) -> None:
        self.garbled.setdefault((self._package.get(stated, stated), name), []).append(number)

    def _forget(self, stated: str) -> None:
        self._begun.pop(stated, None)
        self._waiting.pop(stated, None)
        self._is_whole.discard(stated)

    def _result(self, stated: str, line: str, number: int) -> None:
        """Take note of a result; what a benchmark prints may be between its name and the rest."""
        fields = line.split()
        if fields and _NAME.fullmatch(fields[0]):
            self._close(stated)
            name = self._begun[stated] = fields.pop(0)
            if fields or line[-1:] in {" ", "\t"}:  # a name alone is a heading of test2json
                self._waiting[stated] = number
        elif torn := _torn_name(fields):
            self._garble(stated, torn, number)
            return
        else:
            name = self._begun.get(stated, "") if line[:1] in {" ", "\t"} else ""
        if not name:
            return
        values = _values(fields)
        if values is None:
            if len(fields) >= _SHORTEST and "/" in fields[-1] and to_number(fields[-2]) is not None:
                self._is_whole.add(stated)
            return
        key = _Result(self._package.get(stated, stated), name, self._settings.get(stated, ()))
        by_unit = self.found.setdefault(key, {})
        for value, unit in values:
            by_unit.setdefault(unit, []).append(value)
        self._forget(stated)


def _torn_name(fields: list[str]) -> str:
    """Return the name of the benchmark whose result something else was printed in front of; empty: it is none."""
    end = fields.index("ns/op") if "ns/op" in fields else 0
    if end < _SHORTEST + 1 or not _COUNT.fullmatch(fields[end - 2]):
        return ""
    _, found, rest = fields[end - 3].partition("Benchmark")
    return found + rest


def _shortened(value: str) -> str:
    """Return a text of bounded length, so that neither long lines nor many keys make long names."""
    return value if len(value) <= _LONGEST_SETTING else f"{value[:_LONGEST_SETTING]}-{short_hash(value)}"


def _values(fields: list[str]) -> list[tuple[float, str]] | None:
    """Return the values and units of a result without its name; None: it is none."""
    if len(fields) <= _SHORTEST or len(fields) % 2 == 0 or not _COUNT.fullmatch(fields[0]):
        return None
    found = []
    for written, unit in zip(fields[1::2], fields[2::2], strict=True):
        value = to_number(written)
        if value is None:
            return None
        found.append((value, unit))
    return found


def _event(line: str) -> dict[str, object] | None:
    """Return an event of test2json; None for a line of text."""
    if not line.startswith("{"):
        return None
    try:
        return table(json.loads(line)) or None
    except (ValueError, RecursionError):
        return None
