"""Many values, group by group: what a reader of five thousand benchmarks needs before the first of them."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from perfgate.core.finding import Finding, Status
from perfgate.report.document import Column, Entry, Table, name, text
from perfgate.report.words import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from perfgate.core.finding import Verdict

FEWEST = 30
"""Values beyond which a report is summed up by group."""
_FEWEST_GROUPS, _MOST_GROUPS = 2, 12
_JOINTS = ("::", "/", ".", "[", "-", "_")
_DEEPEST = 8
"""Parts of a name that are tried."""
_NONE = "–"
_COLUMNS = (
    Column(title="Group", kind="name"),
    Column(title="Values", kind="count"),
    Column(title="Regressed", kind="count"),
    Column(title="Suspected", kind="count"),
    Column(title="Too noisy", kind="count"),
    Column(title="Mean change", kind="change"),
)


def tabulate_groups(values: Sequence[Finding], verdict: Verdict) -> Table | None:
    """Return the summary of many values by the first part of their names, or by a label; None for few.

    Groups without a finding stand last, as one line when they are many. The mean is the geometric one of the
    ratios of costs: above 0 is worse, also where higher values are better.
    """
    if len(values) <= FEWEST:
        return None
    by_group = split(values)
    if by_group is None:
        return None
    rows = sorted(((_count(found, verdict), group, found) for group, found in by_group.items()), key=_rank)
    quiet = [row for row in rows if not any(row[0])]
    shown = rows if len(quiet) <= 1 else [row for row in rows if any(row[0])]
    entries = [_entry(name(group), counts, found) for counts, group, found in shown]
    if len(shown) < len(rows):
        rest = [f for _, _, found in quiet for f in found]
        entries.append(_entry(text(f"{len(quiet)} other groups"), (0, 0, 0), rest))
    return Table(columns=_COLUMNS, entries=tuple(entries), remarks=False)


def split(values: Sequence[Finding]) -> dict[str, list[Finding]] | None:
    """Return the values by group, 2 to 12 of them; None when neither names nor labels make so few."""
    for key in _keys(values):
        groups: dict[str, list[Finding]] = defaultdict(list)
        for f in values:
            groups[key(f)].append(f)
            if len(groups) > _MOST_GROUPS:
                break
        if _FEWEST_GROUPS <= len(groups) <= _MOST_GROUPS:
            return dict(groups)
    return None


def _keys(values: Sequence[Finding]) -> Iterable[Callable[[Finding], str]]:
    """Yield what may name a group: the name up to a joint, then each label."""
    names = {f.benchmark for f in values}
    for joint in _JOINTS:
        parts = max((n.count(joint) + 1 for n in names), default=0)
        for depth in range(1, min(_DEEPEST, parts + 1)):
            yield lambda f, joint=joint, depth=depth: joint.join(f.benchmark.split(joint)[:depth])  # type: ignore[misc]
    for label in dict.fromkeys(key for f in values for key, _ in f.labels):
        yield lambda f, label=label: f"{label}={dict(f.labels).get(label, _NONE)}"  # type: ignore[misc]


def _count(found: Iterable[Finding], verdict: Verdict) -> tuple[int, int, int]:
    """Return how many regressed, are suspected and are too noisy."""
    statuses = [(f.status, verdict.fails(f)) for f in found]
    return (
        sum(fails for _, fails in statuses),
        sum(status is Status.SUSPECTED and not fails for status, fails in statuses),
        sum(status is Status.TOO_NOISY for status, _ in statuses),
    )


def _rank(row: tuple[tuple[int, int, int], str, list[Finding]]) -> tuple[int, int, int, str]:
    (regressed, suspected, noisy), group, _ = row
    return -regressed, -suspected, -noisy, group


def _entry(group: object, counts: tuple[int, int, int], found: Sequence[Finding]) -> Entry:
    numbers = (text(f"{number:,}" if number else _NONE) for number in counts)
    mean = mean_change(found)
    changed = text(_NONE if mean is None else percent(mean).replace("-", "−"))
    return Entry(cells=(group, text(f"{len(found):,}"), *numbers, changed))  # type: ignore[arg-type]


def mean_change(found: Iterable[Finding]) -> float | None:
    """Return the geometric mean of the ratios of costs, minus one; None when no value has a ratio."""
    logs = [
        math.log1p(f.change) * (1 if f.better == "lower" else -1)
        for f in found
        if f.change is not None and -1.0 < f.change < math.inf
    ]
    return math.expm1(math.fsum(logs) / len(logs)) if logs else None
