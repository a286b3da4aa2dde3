"""Reader of GNU time: ``/usr/bin/time -v -o FILE``; with ``-a`` one file holds many runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from perfgate.formats.parsing.failures import all_failed
from perfgate.formats.parsing.record import Record, Samples, Share, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Flag
    from perfgate.formats.parsing.source import Source

_COMMAND = "Command being timed: "
_AFTER_COMMAND = "User time (seconds): "
_DIED = ("Command exited with non-zero status", "Command terminated by signal", "Command stopped by signal")
_ELAPSED = re.compile(r"Elapsed \(wall clock\) time \(h:mm:ss or m:ss\): (?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
_FIGURES = (
    ("user_time", "s", 1.0, re.compile(r"User time \(seconds\): (\d+(?:\.\d+)?)")),
    ("system_time", "s", 1.0, re.compile(r"System time \(seconds\): (\d+(?:\.\d+)?)")),
    ("max_rss", "B", 1024.0, re.compile(r"Maximum resident set size \(kbytes\): (\d+)")),
)
_LONGEST_NUMBER = 20
_MOST_LINES = 1000
_HINT = "/usr/bin/time -v -a -o time.txt CMD"


class _Runs(Struct):
    """The runs of one command."""

    values: dict[str, list[float]] = field(default_factory=dict)
    count: int = 0
    failed: int = 0


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield times and memory of each command; runs that failed are left out and counted.

    Raises:
        CannotDecideError: a run is cut off.
    """
    found: dict[str, _Runs] = {}
    for command, lines, has_died in _blocks(source):
        runs = found.setdefault(command, _Runs())
        values, status = _figures(lines)
        if status is None or "time" not in values:
            raise source.fault("a run is cut off", f"measure again: {_HINT}", f'"{command[:100]}"')
        runs.count += 1
        if has_died or status:
            runs.failed += 1
        else:
            for metric, value in values.items():
                runs.values.setdefault(metric, []).append(value)
    for command, runs in found.items():
        yield from _records(command, runs)


def _blocks(source: Source) -> Iterator[tuple[str, list[str], bool]]:
    """Yield each run: the command, the lines after it, and whether a line before it states that it failed."""
    command: list[str] = []
    lines: list[str] = []
    died = next_died = is_named = False
    for line in source.lines():
        text = line.strip()
        if is_named and not lines and not text.startswith(_AFTER_COMMAND):
            command.append(line)  # a script of several lines
            if len(command) > _MOST_LINES:
                raise source.fault("a run is cut off", f"measure again: {_HINT}", f"{command[0][:100]}")
        elif text.startswith(_DIED):
            next_died = True
        elif text.startswith(_COMMAND):
            if is_named:
                yield _named(command), lines, died
            command, lines, died, next_died, is_named = [text.removeprefix(_COMMAND)], [], next_died, False, True
        elif is_named and len(lines) < _MOST_LINES:
            lines.append(text)
    if is_named:
        yield _named(command), lines, died


def _named(command: list[str]) -> str:
    return "\n".join(command).removeprefix('"').removesuffix('"')


def _figures(lines: list[str]) -> tuple[dict[str, float], int | None]:
    """Return the values by metric, in base units, and the exit status; None: there is none."""
    values: dict[str, float] = {}
    status: int | None = None
    for line in lines:
        if len(line.rpartition(" ")[2]) > _LONGEST_NUMBER:
            continue
        for metric, _, factor, pattern in _FIGURES:
            if match := pattern.fullmatch(line):
                values[metric] = float(match[1]) * factor
        if match := _ELAPSED.fullmatch(line):
            values["time"] = int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3])
        if match := re.fullmatch(r"Exit status: (\d+)", line):
            status = int(match[1])
    return values, status


def _records(command: str, runs: _Runs) -> Iterator[Record | Skipped]:
    if runs.failed == runs.count:
        why = "every run failed" if runs.count > 1 else "it failed"
        yield from all_failed(command, "time", runs.count, why)
        return
    flags: tuple[Flag, ...] = ("nonzero-exit",) if runs.failed else ()
    units = {metric: unit for metric, unit, _, _ in _FIGURES}
    for metric, values in runs.values.items():
        yield Record(
            benchmark=command,
            metric=metric,
            unit=units.get(metric, "s"),
            better="lower",
            flags=flags,
            payload=Samples(values=values),
        )
    yield Record(
        benchmark=command,
        metric="error_rate",
        unit="1",
        better="lower",
        flags=flags,
        is_derived=not runs.failed,
        payload=Share(hits=runs.failed, of=runs.count),
    )
