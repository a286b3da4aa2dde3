"""Files of other tools that were appended to: they begin with what the baseline holds already."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from perfgate.core.errors import Diagnostic, error
from perfgate.core.metrics import is_clocked
from perfgate.core.profile import title
from perfgate.stats.cells import count_of_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfgate.core.profile import Profile, Sample
    from perfgate.core.run import Run, Series

_ROUNDED = 1e-5  # relative difference between a value and itself as a baseline keeps it, with six digits
_ENOUGH = 3
"""Metrics of a single measurement that agree to the last digit, and are no coincidence."""


class AppendedFiles:
    """Finds files that hold the values of a baseline and further ones.

    Old and new measurements together would be judged as if all were new: of a program
    that became twice as slow, half of the values would still be the fast ones.
    """

    def __init__(self, baselines: Iterable[Profile]) -> None:
        """Keep what the baselines hold."""
        self.problems: list[Diagnostic] = []
        """An error for each such file."""
        self._held: dict[object, list[Profile]] = {}
        for p in baselines:
            self._held.setdefault(p.key, []).append(p)
        self._reported: set[str] = set()

    def watch(self, runs: Iterable[Run]) -> Iterator[Run]:
        """Yield runs as they are; what is found stands in `problems`."""
        for run in runs:
            held = self._held.get((run.benchmark, run.labels), ()) if run.series else ()
            if held and run.origin not in self._reported and (count := max(_count_old(run, p) for p in held)):
                self._reported.add(run.origin)
                values = "value" if count == 1 else "values"
                message = (
                    f'begins with the {count:,} {values} of "{title(run.benchmark, run.labels)}" that the baseline '
                    "holds, and has further ones: the tool appended to an older file"
                )
                hint = "remove the file before you measure, and measure again"
                self.problems.append(error("file-appended", message, place=run.origin, hint=hint))
            yield run


def _count_old(run: Run, base: Profile) -> int:
    """Return how many values at the begin of a run are those of a session of the baseline; 0: it is no longer one."""
    new = {s.metric.name: s for s in run.series}
    counts = []
    for session in base.sessions:
        pairs = [
            (sample, new[m.metric.name])
            for m in base.metrics
            for sample in m.samples
            if sample.session == session.id and sample.hits is None and m.metric.name in new
        ]
        is_same_start = bool(run.started_at) and run.started_at == session.started_at
        if _begin_with(pairs) or (is_same_start and any(_is_longer(old, now) for old, now in pairs if now.cells)):
            counts.append(max(old.count for old, _ in pairs))
    return max(counts, default=0)


def _is_longer(old: Sample, now: Series) -> bool:
    return (count_of_cells(now.cells) if now.cells else len(now.values)) > old.count


def _begin_with(pairs: Sequence[tuple[Sample, Series]]) -> bool:
    """Does each metric begin with the values of the baseline, has more of them, and is that no coincidence?

    Counts and sizes repeat themselves in a new measurement, too, and so do times of few digits.
    """
    raw = [(old.values, now) for old, now in pairs if now.values and not old.stands_for]
    if not all(len(now.values) > len(old) for old, now in raw) or not any(is_clocked(now.metric) for _, now in raw):
        return False
    if not all(_agree(old, now.values) for old, now in raw):
        return False
    return len(raw) >= _ENOUGH or any(is_clocked(now.metric) and len(set(old)) > 1 for old, now in raw)


def _agree(old: Sequence[float], now: Sequence[float]) -> bool:
    return all(math.isclose(a, b, rel_tol=_ROUNDED) for a, b in zip(old, now, strict=False))
