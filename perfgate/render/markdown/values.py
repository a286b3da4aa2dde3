"""Judged values as a table of five columns that fits a comment of 840 px, whatever the names."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from perfgate.core.finding import Status
from perfgate.render.markdown.spans import LONGEST_NAME, code, draw_cell, draw_line, keep_together, shorten
from perfgate.report.document import name, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfgate.report.document import Span
    from perfgate.report.verdict.value import Value

EMOJI: Mapping[Status, str] = {
    Status.REGRESSED: "❌",
    Status.OVER_BUDGET: "❌",
    Status.MISSING: "⛔",
    Status.NOT_COMPARABLE: "⛔",
    Status.INVALID: "⛔",
    Status.SUSPECTED: "⚠️",
    Status.IMPROVED: "🚀",
}
"""Symbols only where attention is wanted."""
_LINE = 46
"""Characters of a name on one line of a cell."""
_JOINTS = re.compile(r"(?<=::)|(?<=/)|(?=\[)"), re.compile(r"(?<=[.,_-])")
"""Where a name is broken: where its parts meet, and inside a part that is too long for a line."""
_FEWEST_OF_ONE_METRIC = 2
_MOST_ALIKE = 3
"""Values up to which each has a remark of its own that they share."""


def draw_values(values: Sequence[Value], sides: tuple[str, str]) -> str:
    """Return a table of values, and below it what neither a heading nor the numbers say.

    Args:
        values: at least one.
        sides: what the two sides are called.
    """
    names = _names(values)
    metric = common_metric(values)
    lines = [f"| | Benchmark | {sides[0]} | {sides[1]} | Change (interval) |", "| :-: | :-- | --: | --: | --: |"]
    for value in values:
        name = names[_key(value)]
        named = name if metric else f"{name} {_metric(value)}"
        cells = [
            EMOJI.get(value.status, ""),
            named,
            draw_cell(value.baseline),
            draw_cell(value.current),
            _change(value),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    remarks = _remarks(values, names)
    return "\n".join([*lines, *(["", *remarks] if remarks else [])])


def _remarks(values: Sequence[Value], names: Mapping[tuple[str, str], str]) -> list[str]:
    """Return what is remarked about values as a list; what many share is remarked once."""
    by_remark: dict[str, list[Value]] = {}
    for value in values:
        if value.remark:
            by_remark.setdefault(draw_line(value.remark), []).append(value)
    lines = []
    for remark, those in by_remark.items():
        if len(those) > _MOST_ALIKE:
            lines.append(f"- {len(those)} of these: {remark}")
        else:
            lines += [f"- {names[_key(v)].replace('<br>', '')} {_metric(v)}: {remark}" for v in those]
    return lines


def _key(value: Value) -> tuple[str, str]:
    return value.benchmark, value.key[2]


def common_metric(values: Sequence[Value]) -> str:
    """Return the metric that all values have, drawn; empty when there are several, or one value."""
    if len(values) < _FEWEST_OF_ONE_METRIC or len({v.metric for v in values}) > 1:
        return ""
    return _metric(values[0])


def metric_of(value: Value) -> Span:
    """Return what is judged: a word of ours as a word, another as the name that it is."""
    return text(value.metric.replace("_", " ")) if value.is_own_metric else name(value.metric)


def _metric(value: Value) -> str:
    return draw_line((metric_of(value),), in_table=True)


def _change(value: Value) -> str:
    """Return the change with its interval, or why there is none."""
    if value.instead:
        return draw_line((value.instead,), in_table=True)
    change = value.change.replace("-", "−")
    shown = f"**{change}**" if EMOJI.get(value.status) else change
    interval = f" ({value.interval.replace('-', '−')})" if value.interval else ""
    return keep_together(f"{shown}{interval}")


def _names(values: Sequence[Value]) -> dict[tuple[str, str], str]:
    """Return benchmark and machine class -> the name, drawn; two that would read alike get a number."""
    keys = dict.fromkeys(map(_key, values))
    has_classes = len({machine for _, machine in keys}) > 1
    shown = {key: shorten(key[0], LONGEST_NAME) for key in keys}
    times = Counter((s, key[1] if has_classes else "") for key, s in shown.items())
    numbers: Counter[str] = Counter()
    drawn = {}
    for key, words in shown.items():
        name = "<br>".join(code(piece, in_table=True) for piece in _pieces(words) or [words])
        if has_classes:
            name += f"<br>{code(key[1], in_table=True)}"
        if times[words, key[1] if has_classes else ""] > 1:
            numbers[words] += 1
            name += f" #{numbers[words]}"
        drawn[key] = name
    return drawn


def _pieces(name: str) -> list[str]:
    """Return a long name in pieces that fit a line, broken at its joints where it has some."""
    pieces = [""]
    for part in _parts(name):
        if len(pieces[-1]) + len(part) > _LINE:
            pieces.append("")
        pieces[-1] += part
    return [p for p in pieces if p.strip()]


def _parts(name: str) -> Iterator[str]:
    """Yield the parts of a name, none longer than a line."""
    strong, weak = _JOINTS
    for part in strong.split(name):
        for piece in weak.split(part) if len(part) > _LINE else [part]:
            yield from (piece[i : i + _LINE] for i in range(0, len(piece), _LINE))
