"""Profiles of a file as a collection: the baseline's own runs are never compared with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.collect.runs import Collection, SessionTally
from perfgate.core.errors import Diagnostic, error
from perfgate.core.profile import Profile, Session, title
from perfgate.core.run import Series, holds_run, run_of_series
from perfgate.core.text.canonical import short_hash
from perfgate.stats.cells import weigh

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perfgate.collect.runs import Key
    from perfgate.core.metrics import Metric
    from perfgate.core.profile import Sample
    from perfgate.core.run import Run


def drop_baseline_runs(
    profiles: Sequence[Profile], known: Mapping[Key, frozenset[str]], files: Iterable[str]
) -> Collection:
    """Return profiles as a collection, without the sessions that belong to the baseline.

    Args:
        profiles: as a profile file holds them.
        known: short hashes of run ids of the baseline, by benchmark.
        files: the profile files.

    Returns:
        The collection; a session of which only some runs belong to the baseline is a
        problem, since a profile does not say which value is of which run.
    """
    named = tuple(sorted(files))
    tallies: list[SessionTally] = []
    kept: list[Profile] = []
    problems: list[Diagnostic] = []
    fresh_sessions: dict[Key, set[str]] = {}  # by benchmark; one may be in profiles of several machine classes
    for profile in profiles:
        in_baseline = known.get(profile.key, frozenset())
        fresh = fresh_sessions.setdefault(profile.key, set())
        for session in profile.sessions:
            tally = _tally(profile, session, sum(holds_run(in_baseline, run) for run in session.runs), named)
            tallies.append(tally)
            if 0 < tally.known < len(session.runs):
                problems.append(_overlap(profile, session))
            if tally.ok:
                fresh.add(session.id)
        if not profile.sessions:
            kept.append(profile)
        elif fresh:
            sessions = tuple(s for s in profile.sessions if s.id in fresh)
            metrics = tuple(rest for m in profile.metrics if (rest := m.in_sessions(fresh)) is not None)
            kept.append(replace(profile, sessions=sessions, metrics=metrics))
    return Collection(profiles=tuple(kept), seen=tuple(tallies), problems=tuple(problems))


def _tally(profile: Profile, session: Session, known: int, files: tuple[str, ...]) -> SessionTally:
    ok = 0 if known else max(1, len(session.runs))
    return SessionTally(
        machine_class=profile.machine_class,
        key=profile.key,
        session=session.id,
        started_at=session.started_at,
        ok=ok,
        failed=session.failed,
        known=known,
        commits=(session.commit,),
        files=files,
        is_of_tool=True,
    )


def _overlap(profile: Profile, session: Session) -> Diagnostic:
    message = f'some runs of session {session.id} of "{title(*profile.key)}" belong to the baseline, and some do not'
    return error("profile-overlaps", message, hint="collect again, from run files that the baseline does not hold")


def runs_of(profile: Profile, origin: str) -> Iterator[Run]:
    """Yield a profile session by session, as files of other tools are read: values with what they stand for.

    Args:
        profile: what was measured.
        origin: its file, for messages.
    """
    for session in profile.sessions:
        held = [(m.metric, s) for m in profile.metrics for s in m.samples if s.session == session.id]
        series = tuple(_series_of(metric, sample) for metric, sample in held)
        run = run_of_series(profile.benchmark, series, rows=0)
        run.labels, run.session, run.started_at = profile.labels, session.id, session.started_at
        run.origin, run.commit, run.run_id = origin, session.commit, "".join(session.runs)
        run.file = f"profile-{short_hash(repr((profile.key, session.runs)))}"
        yield run


def _series_of(metric: Metric, sample: Sample) -> Series:
    if sample.hits is not None:
        return Series(metric=metric, values=sample.values, share=(sample.hits, sample.count))
    if sample.stands_for:
        return Series(metric=metric, cells=tuple(weigh(sorted(sample.values), sample.count)))
    return Series(metric=metric, values=sample.values)
