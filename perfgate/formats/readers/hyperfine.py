"""Reader of hyperfine: ``--export-json``. Each time is one run of the command."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from perfgate.core.comparability import EXIT_CODE
from perfgate.formats.parsing.failures import all_failed
from perfgate.formats.parsing.record import Quantiles, Record, Samples, Share, Single, Skipped
from perfgate.formats.parsing.values import all_numbers, items, number, table, take_quantiles, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.run import Labels
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Flag
    from perfgate.formats.parsing.source import Source


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the time of each command, and its memory where a newer hyperfine states it."""
    entries = [table(entry) for entry in items(table(source.json()).get("results"))]
    names = Counter(text(entry.get("command")) for entry in entries)
    for entry in entries:
        name = text(entry.get("command"))
        # A name that was given by hand is that of all values of a parameter, which alone distinguish them.
        labels = _parameters(entry) if names[name] > 1 else ()
        codes = items(entry.get("exit_codes"))
        failed = tuple(i for i, code in enumerate(codes) if code != 0)
        count = len(failed)
        flags: tuple[Flag, ...] = ("nonzero-exit",) if failed else ()
        if codes and count == len(codes):
            if codes.count(codes[0]) < len(codes) or not isinstance(codes[0], int):
                yield from all_failed(name, "time", len(codes), "every run failed")
                continue
            # hyperfine goes on after such a code only with --ignore-failure: linters and test runners end with 1.
            flags, failed = ("exit-code",), ()
        answer = f"{EXIT_CODE}{codes[0]}" if "exit-code" in flags else ""
        yield _time(name, entry, failed, {"flags": flags, "source": answer, "labels": labels})
        if codes:
            yield Record(
                benchmark=name,
                labels=labels,
                metric="error_rate",
                unit="1",
                better="lower",
                flags=flags,
                is_derived=not flags,
                payload=Share(hits=count, of=len(codes)),
            )
        memory = all_numbers(items(entry.get("memory_usage_byte")))
        if memory:
            yield Record(
                benchmark=name,
                labels=labels,
                metric="peak_memory",
                unit="B",
                better="lower",
                flags=flags,
                payload=Samples(values=memory),
            )


def _parameters(entry: dict[str, Any]) -> Labels:
    """Return the values of the parameters of a command."""
    return tuple(sorted((str(name), text(value)) for name, value in table(entry.get("parameters")).items()))


def _time(name: str, entry: dict[str, Any], failed: tuple[int, ...], more: dict[str, Any]) -> Record | Skipped:
    facts: dict[str, Any] = {"benchmark": name, "metric": "time", "unit": "s", "better": "lower", **more}
    if times := items(entry.get("times")):
        values = all_numbers(times)
        if values is None:
            return Skipped(benchmark=name, why="a time is no number")
        return Record(**facts, payload=Samples(values=values, failed=failed))
    median = take_quantiles([(0.5, entry.get("median"))])
    if median:
        return Record(**facts, payload=Quantiles(points=median))
    mean = number(entry.get("mean"))
    if mean is None:
        return Skipped(benchmark=name, why="no times")
    return Record(**facts, payload=Single(value=mean))
