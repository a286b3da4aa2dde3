"""The last session of a file beside the one before: a few stray rows must not be judged in its place."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from perfgate.core.errors import error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.collect.runs import SessionTally
    from perfgate.core.errors import Diagnostic
    from perfgate.core.profile import Profile

FEWEST = 20
"""Values of a session that is judged whatever the one before it holds: a median of 20 is a measurement."""
SHARE = 0.1
"""Of the values of the session before, below which fewer than `FEWEST` are strays, such as a health check after a
load test. A shorter measurement on purpose is rarely ten times shorter, and then says so by ``--same-session`` or a
file of its own."""
_HINT = (
    "if all rows are of one measurement: --same-session; else measure more, or give the rows that count in a file of "
    "their own"
)


def find_stray_rows(
    profiles: Iterable[Profile], selected: Sequence[SessionTally], superseded: Sequence[SessionTally]
) -> tuple[Diagnostic, ...]:
    """Return an error for each file whose last session holds far fewer values than the session before.

    Args:
        profiles: all that was collected.
        selected: the sessions that are judged.
        superseded: those that they replace.
    """
    lasts, olds = _by_file(selected), _by_file(superseded)
    files = sorted(lasts.keys() & olds.keys())
    if not files:
        return ()
    values = _count_values(profiles)
    found = []
    for file in files:
        last, before = (max((at, name) for name, at in by_file[file].items()) for by_file in (lasts, olds))
        now, then = values[last[1]], values[before[1]]
        if 0 < now < FEWEST and now < SHARE * then:
            message = (
                f"its last session (until {last[0][:16]}) holds {now:,} value{'s' if now > 1 else ''}, "
                f"the one before (until {before[0][:16]}) {then:,}: too few to be judged in its place"
            )
            found.append(error("rows-few", message, place=file, hint=_HINT))
    return tuple(found)


def count_values(profiles: Iterable[Profile], tallies: Iterable[SessionTally]) -> int:
    """Return how many values some sessions of some benchmarks hold, of each benchmark those of the metric with most."""
    asked = {(s.machine_class, s.key, s.session) for s in tallies}
    if not asked:
        return 0
    return sum(
        most
        for profile in profiles
        for session, most in _most_values(profile).items()
        if (profile.machine_class, profile.key, session) in asked
    )


def _by_file(tallies: Iterable[SessionTally]) -> Mapping[str, dict[str, str]]:
    """Return for each file of another tool its sessions, each with its latest time."""
    found: dict[str, dict[str, str]] = {}
    for s in tallies:
        for file in s.files if s.is_of_tool else ():
            ends = found.setdefault(file, {})
            ends[s.session] = max(ends.get(s.session, ""), s.ended_at, s.started_at)
    return found


def _count_values(profiles: Iterable[Profile]) -> Counter[str]:
    """Return how many values each session holds, of each benchmark those of the metric with most."""
    found: Counter[str] = Counter()
    for profile in profiles:
        found.update(_most_values(profile))
    return found


def _most_values(profile: Profile) -> Counter[str]:
    """Return how many values of a benchmark each session holds: those of the metric with most."""
    most: Counter[str] = Counter()
    for metric in profile.metrics:
        for sample in metric.samples:
            most[sample.session] = max(most[sample.session], sample.count)
    return most
