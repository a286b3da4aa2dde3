"""Counts by cell -> profiles: which values decide, and what is kept of all the others."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.profile import MetricProfile, Profile, Sample, Session
from perfgate.core.session_id import SessionId
from perfgate.core.statistic import QUANTILE_OF
from perfgate.core.text.canonical import short_hash
from perfgate.stats.cells import STEPS, Cell, count_of_cells, order_statistics

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.metrics import Metric

_STEPS = (STEPS, STEPS // 2, STEPS // 10, STEPS // 20)
"""A value is kept by so many steps from its least to its largest: the most that fit. Each statistic is one of them."""
_MOST_KEPT = 1_000_000
"""Values of one profile, of 10 bytes each: it is read up to 16 MiB (`store.baselines.LARGEST`)."""


class ChangedError(Exception):
    """The values are not those that were counted."""


class Measured(Struct, frozen=True, kw_only=True):
    """One metric of one benchmark in one session."""

    metric: Metric
    """Name, unit and direction."""
    values: tuple[float, ...]
    """In base units, ascending; of a share that one value."""
    stands_for: int = 0
    """How many values these stand for; 0: each for itself."""
    hits: int | None = None
    """Of a share that was counted: how many of `stands_for`."""


class CountedSession(Struct, frozen=True, kw_only=True, dict=True):
    """What was counted of one benchmark in one session."""

    benchmark: str
    """Its name, with labels."""
    day: str
    """The day (UTC, ``2026-01-31``) that is the session; empty: all rows are of one."""
    started_at: str
    """When its first row was (UTC, ISO 8601); empty: unknown."""
    measured: tuple[Measured, ...]
    """At least one, sorted by name."""

    @cached_property
    def digest(self) -> str:
        """20 hex digits that stand for all that was counted, however it was divided into parts."""
        facts = [(m.metric.name, m.stands_for, m.hits, array("d", m.values).tobytes().hex()) for m in self.measured]
        return short_hash(f"{self.benchmark}\0{self.day}\0{facts!r}", digits=20)


def steps_for(series: int) -> int:
    """Return by how many steps each of so many values is kept; 0: there are too many for one profile."""
    return next((steps for steps in _STEPS if series * (steps + 1) <= _MOST_KEPT), 0)


def rank_of(step: int, steps: int, count: int) -> int:
    """Return the rank, from 0, of the discrete quantile at `step` / `steps` of so many values.

    Source: Hyndman and Fan (1996), definition 1, which SQL calls PERCENTILE_DISC.
    """
    return max(-(-step * count // steps) - 1, 0)


def needed_ranges(cells: Sequence[Cell], steps: int) -> tuple[tuple[float, float], ...]:
    """Return the ranges from which values are needed: the cells that do not state their values themselves.

    Of few values all are kept; of many those in the cells in which a statistic lies. A cell of two values, or of
    equal ones, states them itself.

    Args:
        cells: ascending, at least one.
        steps: by how many the values are kept.
    """
    count = count_of_cells(cells)
    deciding = cells if count <= steps + 1 else _deciding(cells, _exact(steps, count))
    return tuple((c.low, c.high) for c in deciding if not _is_known(c))


def _is_known(cell: Cell) -> bool:
    return cell.size <= len("ab") or cell.low == cell.high


def _exact(steps: int, count: int) -> list[int]:
    """Return the ranks of the statistics, each once, ascending."""
    return sorted({rank_of(round(q * steps), steps, count) for q in QUANTILE_OF.values()})


def _deciding(cells: Sequence[Cell], ranks: Sequence[int]) -> list[Cell]:
    """Return the cells in which some ranks lie, each once, ascending."""
    found: list[Cell] = []
    before = 0
    for cell in cells:
        before += cell.size
        if ranks and ranks[0] < before:
            found.append(cell)
            ranks = [r for r in ranks if r >= before]
    return found


def keep_values(cells: Sequence[Cell], taken: Sequence[float], steps: int) -> tuple[tuple[float, ...], int]:
    """Return the values that a profile keeps, ascending, and how many they stand for; 0: each for itself.

    Each statistic of many values is one of them, to the last bit; between them values lie in their cell, which is
    1 % wide, evenly spaced.

    Args:
        cells: ascending, at least one.
        taken: all values in `needed_ranges`, ascending.
        steps: by how many the values are kept.

    Raises:
        ChangedError: these are not as many as were counted.
    """
    count = count_of_cells(cells)
    if count <= steps + 1:
        return tuple(v for cell in cells for v in _values_in(cell, taken)), 0
    ranks = _exact(steps, count)
    decided = {id(c) for c in _deciding(cells, ranks) if not _is_known(c)}
    fine: list[Cell] = []
    before = 0
    for cell in cells:
        mine = [r - before for r in ranks if before <= r < before + cell.size]
        fine += _split_at(mine, _values_in(cell, taken)) if id(cell) in decided else [cell]
        before += cell.size
    return order_statistics(fine, _ranks(steps, count)), count


def _ranks(steps: int, count: int) -> list[int]:
    """Return what `rank_of` returns for each step."""
    return [0, *[(step - 1) // steps for step in range(count, steps * count + 1, count)]]


def _values_in(cell: Cell, taken: Sequence[float]) -> Sequence[float]:
    if _is_known(cell):
        return (cell.low,) * (cell.size - 1) + (cell.high,)
    found = taken[bisect_left(taken, cell.low) : bisect_right(taken, cell.high)]
    if len(found) != cell.size:
        raise ChangedError
    return [float(v) for v in found]


def _split_at(ranks: Sequence[int], values: Sequence[float]) -> list[Cell]:
    """Return the cells of values, those of some ranks in a cell of their own."""
    found, start = [], 0
    for rank in ranks:
        if rank > start:
            found.append(Cell(values[start], values[rank - 1], rank - start))
        found.append(Cell(values[rank], values[rank], 1))
        start = rank + 1
    if start < len(values):
        found.append(Cell(values[start], values[-1], len(values) - start))
    return found


def profiles_of_counts(
    counted: Iterable[CountedSession], *, machine_class: str, own_session: str
) -> tuple[Profile, ...]:
    """Return one profile for each benchmark, its sessions oldest first.

    Args:
        counted: what was counted, in any order.
        machine_class: of all.
        own_session: session of rows that are not divided into days; empty: named after their digest.
    """
    ordered = sorted(counted, key=lambda c: (c.benchmark, c.day))
    whole = short_hash("\0".join(c.digest for c in ordered))
    common = own_session or str(SessionId.unnamed(whole, of_files=True))
    by_name: dict[str, list[CountedSession]] = {}
    for each in ordered:
        by_name.setdefault(each.benchmark, []).append(each)
    return tuple(_profile(name, sessions, machine_class, common) for name, sessions in by_name.items())


def _profile(name: str, counted: Sequence[CountedSession], machine_class: str, common: str) -> Profile:
    samples: dict[Metric, list[Sample]] = {}
    for each in counted:
        for m in each.measured:
            sample = Sample(session=each.day or common, values=m.values, stands_for=m.stands_for, hits=m.hits)
            samples.setdefault(m.metric, []).append(sample)
    return Profile(
        benchmark=name,
        labels=(),
        machine_class=machine_class,
        sessions=tuple(_session(each, common) for each in counted),
        metrics=tuple(
            MetricProfile(metric=metric, sources=(), samples=tuple(those))
            for metric, those in sorted(samples.items(), key=lambda item: item[0].name)
        ),
    )


def _session(counted: CountedSession, common: str) -> Session:
    return Session(
        id=counted.day or common,
        started_at=counted.started_at,
        machine="",
        commit="",
        rows_used=(0,),
        runs=(counted.digest,),
    )
