"""What `perfgate run` measured, as a table for one screen: at most 80 columns, whatever the names are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.cli.progress import describe_seconds
from perfgate.core.errors import plain
from perfgate.core.metrics import explains
from perfgate.core.profile import title
from perfgate.core.text.columns import columns_of, cut_apart, cut_middle, pad
from perfgate.report.words import amount, count
from perfgate.stats.quantiles import quantile
from perfgate.stats.sessions import relative_spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.profile import MetricProfile, Profile

COLUMNS = 80
MOST_LINES = 16
"""Lines between the heading and the end: the whole fits on a screen of 24 lines."""
_HEADINGS = ("median", "p95", "spread")
_FIRST = ("elapsed", "cpu", "peak_memory")
_INDENT, _GAP = "  ", "  "
_LARGEST_SPREAD = 10.0  # a share beyond which its digits say nothing


class Measured(Struct, frozen=True, kw_only=True):
    """What one call of `perfgate run` measured."""

    profiles: tuple[Profile, ...]
    """One for each benchmark."""
    runs: int
    """Measured runs, >= 1."""
    warmup: int
    """Runs before them, >= 0."""
    seconds: float
    """How long all of it took."""
    listing: str
    """The command that lists what has no room."""


def draw_measured(measured: Measured) -> str:
    """Return the table, each line with its end."""
    shown, more = _choose(measured)
    rows = {profile.key: [_row(m) for m in metrics] for profile, metrics in shown}
    cells = [_HEADINGS, *(row[1:] for found in rows.values() for row in found)]
    widths = [max(columns_of(row[i]) for row in cells) for i in range(len(_HEADINGS))]
    room = COLUMNS - len(_INDENT) - sum(len(_GAP) + width for width in widths)
    names = {key: cut_apart((row[0] for row in found), room) for key, found in rows.items()}
    width = max((columns_of(name) for found in names.values() for name in found), default=0)
    titles = cut_apart((plain(title(*key)) for key in rows), COLUMNS)
    lines = [*_headings(measured), _line("", _HEADINGS, width, widths)]
    for (key, found), named in zip(rows.items(), titles, strict=True):
        if len(measured.profiles) > 1:
            lines.append(named)
        lines += [_line(name, row[1:], width, widths) for name, row in zip(names[key], found, strict=True)]
    if more:
        lines.append(f"{_INDENT}and {more}: {plain(measured.listing)}")
    return "".join(f"{line}\n" for line in lines)


def _headings(measured: Measured) -> Iterator[str]:
    """Yield what was measured: the name, whole where it fits into a line, and how often."""
    profiles = measured.profiles
    several = len(profiles) != 1
    named = count(len(profiles), "benchmark") if several else plain(title(*profiles[0].key))
    facts = [count(measured.runs, "run")]
    if measured.warmup:
        facts.append(f"{measured.warmup:,} warm-up")
    facts.append(describe_seconds(measured.seconds, decimals=1))
    line = f"{named}: {', '.join(facts)}"
    if columns_of(line) <= COLUMNS:
        yield line
    else:
        yield cut_middle(named, COLUMNS)
        yield f"{_INDENT}{', '.join(facts)}"


def _choose(measured: Measured) -> tuple[list[tuple[Profile, list[MetricProfile]]], str]:
    """Return the metrics for which there is room, and how many have none, in words; empty: all are shown."""
    profiles = measured.profiles
    metrics = [sorted(_shown(p), key=_order) for p in profiles]
    heading = int(len(profiles) > 1)
    if sum(map(len, metrics)) + heading * len(profiles) <= MOST_LINES:
        return list(zip(profiles, metrics, strict=True)), ""
    number = max(1, min(len(profiles), MOST_LINES // (1 + heading)))
    each = max(1, MOST_LINES // number - heading)
    shown = [(p, found[:each]) for p, found in zip(profiles, metrics, strict=True)][:number]
    left = [
        count(number_of, noun)
        for number_of, noun in (
            (len(profiles) - number, "more benchmark"),
            (sum(len(found) for found in metrics[:number]) - sum(len(found) for _, found in shown), "more metric"),
        )
        if number_of
    ]
    return shown, " and ".join(left)


def _shown(profile: Profile) -> Iterator[MetricProfile]:
    return (m for m in profile.metrics if m.samples and not explains(m.metric.name))


def _order(metric: MetricProfile) -> tuple[int, bool, str]:
    """Return the key that sorts metrics: those of every run first, stages and their calls last."""
    name = metric.metric.name
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), ":" in name, name)


def _row(metric: MetricProfile) -> tuple[str, ...]:
    """Return name, median, p95 and spread, in words."""
    values = metric.pooled()
    unit = metric.metric.unit
    middle, tail = quantile(values, 0.5), quantile(values, 0.95)
    texts = (amount(v, unit, beside=other, apart=False) for v, other in ((middle, tail), (tail, middle)))
    return (plain(metric.metric.name), *texts, _spread(values))


def _spread(values: Sequence[float]) -> str:
    if len(values) == 1:
        return "1 value"
    if values[0] == values[-1]:
        return "exact"
    spread = relative_spread(values)
    if spread is None:
        return "–"
    return f"±{spread:.1%}" if spread <= _LARGEST_SPREAD else f"over ±{_LARGEST_SPREAD:,.0%}"


def _line(name: str, cells: Sequence[str], width: int, widths: Sequence[int]) -> str:
    right = "".join(_GAP + " " * (w - columns_of(c)) + c for c, w in zip(cells, widths, strict=True))
    return f"{_INDENT}{pad(name, width)}{right}"
