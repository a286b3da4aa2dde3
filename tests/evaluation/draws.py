"""Unchanged pull requests, and the same with one benchmark slowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seeded_choices import SeededChoices

if TYPE_CHECKING:
    from sources import Row, Source

_PATIENCE = 200  # draws without a row; a source that has room for none is not asked for ever


@dataclass(frozen=True)
class PullRequest:
    """What was measured for one pull request, the slowed benchmarks first."""

    rows: tuple[Row, ...]


def draw(source: Source, seed: object, *, count: int, rows: int, sessions: int, runs: int) -> list[PullRequest]:
    """Return unchanged pull requests; none where the source holds too few sessions.

    A benchmark is used again, at another time, only after all others were used.

    Args:
        source: where from.
        seed: the same seed, the same draws; the first ones do not depend on how many are wanted.
        count: how many pull requests.
        rows: benchmarks of each.
        sessions: of the baseline.
        runs: of each session.
    """
    drawn = []
    for number in range(count):
        found = _rows(source, SeededChoices(seed, number), rows, (sessions, runs))
        if not found:
            return []
        drawn.append(PullRequest(tuple(found)))
    return drawn


def _rows(source: Source, choices: SeededChoices, rows: int, size: tuple[int, int]) -> list[Row]:
    found: list[Row] = []
    for _ in range(_PATIENCE):
        found += source.rows(choices, rows - len(found), *size)
        if len(found) == rows:
            return [_as_kept(row, 1.0) for row in found]
    return []


def slowed(request: PullRequest, factor: float, rows: int = 1) -> PullRequest:
    """Return the pull request with the current runs of its first benchmarks times a factor."""
    slow = [(base, _kept(current, factor)) for base, current in request.rows[:rows]]
    return PullRequest((*slow, *request.rows[rows:]))


def _as_kept(row: Row, factor: float) -> Row:
    return _kept(row[0], factor), _kept(row[1], factor)


def _kept(sessions: list[list[float]], factor: float) -> list[list[float]]:
    """Return times as a file keeps them, with 6 significant digits."""
    return [[float(f"{value * factor:.6g}") for value in session] for session in sessions]
