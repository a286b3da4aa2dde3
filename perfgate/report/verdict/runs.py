"""Every run behind a value, by session: what its pictures are drawn from."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.statistic import QUANTILE_OF
from perfgate.report.agreement import Samples
from perfgate.stats.quantiles import quantile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.finding import Finding, Verdict
    from perfgate.core.profile import MetricProfile, Profile, Session

MOST_RUNS = 60
"""Runs of a session of which the values are kept, evenly spaced in their order."""
MOST_SESSIONS = 60
"""Sessions of a baseline that are kept, the newest."""
_INSTANT = re.compile(r"\d{4}-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d))?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class SessionRuns(Struct, frozen=True, kw_only=True):
    """The runs of one session."""

    label: str
    """When it was, ``28 Nov``, or which it is, ``session 3``; words of ours."""
    values: tuple[float, ...]
    """In base units, in the order of the runs, at most `MOST_RUNS`; empty: only the middle is known."""
    count: int
    """How many values were measured; 0: unknown."""
    middle: float
    """The statistic that is judged, over all of its runs: the median, or a tail."""
    is_current: bool
    """Is it judged, and no part of the baseline?"""


class Runs(Struct, frozen=True, kw_only=True):
    """The runs of both sides of a value."""

    sessions: tuple[SessionRuns, ...]
    """The baseline's, the oldest first, then those that are judged."""
    expected: float | None
    """What the value would be without a change; None: there is no baseline."""
    mark: float | None
    """The value beyond which it is worse than allowed; None: there is no such value."""

    @property
    def baseline(self) -> tuple[SessionRuns, ...]:
        """The sessions of the baseline."""
        return tuple(s for s in self.sessions if not s.is_current)

    @property
    def current(self) -> tuple[SessionRuns, ...]:
        """The sessions that are judged."""
        return tuple(s for s in self.sessions if s.is_current)


class AllRuns:
    """The runs of a report, value by value."""

    def __init__(self, verdict: Verdict) -> None:
        """Take a verdict; sessions are named as they were judged, their batches as one."""
        self._samples = Samples(verdict.baseline, verdict.current)

    def of(self, f: Finding) -> Runs | None:
        """Return the runs behind a value; None where none are known, as of what all benchmarks did together."""
        sides = self._samples.profiles_of(f)
        base, current = (_sessions(f, side, is_current=bool(i)) for i, side in enumerate(sides))
        if not base and not current:
            return None
        expected = None if f.baseline is None else f.baseline * (1.0 + (f.evidence.shift or 0.0))
        mark = f.limit if f.method == "budget" else _times(expected, f.allowed)
        sessions = (*base[-MOST_SESSIONS:], *current)
        return Runs(sessions=sessions, expected=_finite(expected), mark=_finite(mark))


def _times(expected: float | None, allowed: float | None) -> float | None:
    return None if expected is None or allowed is None else expected * (1.0 + allowed)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _sessions(f: Finding, profile: Profile | None, *, is_current: bool) -> tuple[SessionRuns, ...]:
    metric = profile.metric(f.metric) if profile else None
    if profile is None or metric is None:
        return ()
    labels = _labels(profile.sessions, is_current=is_current)
    values = {s.session: (s.values, s.count) for s in metric.samples}
    found = []
    for at in dict.fromkeys((*values, *(s.session for s in metric.stated))):
        kept, count = values.get(at, ((), 0))
        middle = _middle(f, kept, metric, at)
        if middle is not None and all(map(math.isfinite, kept)):
            found.append(
                SessionRuns(
                    label=labels.get(at, "runs"), values=_thin(kept), count=count, middle=middle, is_current=is_current
                )
            )
    return tuple(found)


def _middle(f: Finding, values: Sequence[float], metric: MetricProfile, session: str) -> float | None:
    """Return the statistic that is judged of one session: of its values, or as it is stated."""
    if values and f.statistic in QUANTILE_OF:
        return _finite(quantile(sorted(values), QUANTILE_OF[f.statistic]))
    stated = (q.value for s in metric.stated if s.session == session for q in s.quantiles if q.name == f.statistic)
    return _finite(next(stated, None))


def _thin(values: Sequence[float]) -> tuple[float, ...]:
    """Return at most `MOST_RUNS` of some values, evenly spaced."""
    if len(values) <= MOST_RUNS:
        return tuple(values)
    return tuple(values[round(i * (len(values) - 1) / (MOST_RUNS - 1))] for i in range(MOST_RUNS))


def _labels(sessions: Sequence[Session], *, is_current: bool) -> dict[str, str]:
    """Return id -> what a session is called: a side of two versions, its day, or its number."""
    if sessions and all(s.is_shared for s in sessions):
        return {s.id: "head" if is_current else "base" for s in sessions}
    if is_current and len(sessions) == 1:
        return {sessions[0].id: "now"}
    days = Counter(_when(s.started_at, "") for s in sessions)
    first = "run" if is_current else "session"
    labels = {}
    for number, s in enumerate(sessions, start=1):
        day = _when(s.started_at, "")
        day = _when(s.started_at, "time") if days[day] > 1 else day
        labels[s.id] = day or f"{first} {number}"
    return labels


def _when(instant: str, precision: str) -> str:
    """Return the day of a point in time, ``28 Nov``, with its time of day where asked for; empty: unknown."""
    found = _INSTANT.match(instant)
    if found is None or not 1 <= int(found[1]) <= len(_MONTHS):
        return ""
    time = f" {found[3]}" if precision and found[3] else ""
    return f"{int(found[2])} {_MONTHS[int(found[1]) - 1]}{time}"


def newest_day(profiles: Iterable[Profile]) -> str:
    """Return the day of the newest run of some profiles, ``28 Nov 2026``; empty: unknown."""
    newest = max((s.started_at for p in profiles for s in p.sessions), default="")
    day = _when(newest, "")
    return f"{day} {newest[:4]}" if day else ""
