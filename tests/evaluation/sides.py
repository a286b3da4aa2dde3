"""The two sides of a check as profiles: what was measured, under which sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.metrics import ELAPSED
from perfgate.core.profile import MetricProfile, Profile, Sample, Session
from perfgate.core.run import UNSPECIFIED
from perfgate.core.text.canonical import short_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.metrics import Metric

IN_TURNS = "s0/ab-1"
"""The session of both sides when they were measured in turns."""
ROWS = 1000
_DAYS = 28  # every month has them


def started(number: int) -> str:
    """Return when a session began; a higher number is later."""
    return f"2026-{number // _DAYS + 1:02d}-{number % _DAYS + 1:02d}T03:00:00Z"


def profile_of(
    benchmark: str,
    sessions: Mapping[str, Sequence[float]],
    first: int = 0,
    metric: Metric = ELAPSED,
    machine: str = "",
) -> Profile:
    """Return a profile of one metric.

    Args:
        benchmark: its name.
        sessions: values by session, the oldest session first.
        first: number of the oldest session, for its time; those of a newer profile are higher.
        metric: what was measured, the elapsed time by default.
        machine: id of the machine; empty: unknown.
    """
    return Profile(
        benchmark=benchmark,
        labels=(),
        machine_class=UNSPECIFIED,
        sessions=tuple(
            Session(
                id=name, started_at=started(first + place), machine=machine, commit="", rows_used=(ROWS,),
                runs=tuple(sorted(short_hash(f"{benchmark} {name} {first} {run}") for run in range(len(values)))),
            )
            for place, (name, values) in enumerate(sessions.items())
        ),
        metrics=(
            MetricProfile(
                metric=metric,
                sources=(),
                samples=tuple(Sample(session=name, values=tuple(values)) for name, values in sessions.items()),
            ),
        ),
    )  # fmt: skip
