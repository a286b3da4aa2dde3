"""Confirm: take fresh sessions that earlier checks judged beside the one that was measured now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, Diagnostic, error, warning
from perfgate.core.finding import WHOLE_SUITE, ExitCode, Status
from perfgate.core.metrics import explains
from perfgate.core.profile import MetricProfile, Profile, title
from perfgate.gate.judge import judge
from perfgate.pipeline.check.pairing import pair
from perfgate.pipeline.inputs import find_future
from perfgate.pipeline.report_io import read_verdict

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from perfgate.collect import Selection
    from perfgate.core.finding import Finding, Verdict
    from perfgate.core.policy import Policy
    from perfgate.pipeline.inputs import BaselineSet

    _Place = tuple[str, object]

_CALM = "check without --confirm, and confirm the report of that check with a fresh session"
_ONE_MORE = "measure all in one more fresh session, and pass both reports: --confirm first.json --confirm second.json"
_DECIDED = frozenset({Status.SUSPECTED, Status.REGRESSED})
"""What more sessions could decide otherwise."""
_AGAIN = "measure all benchmarks in a fresh session, against the same baseline and of the same commit"

MANY_ROWS = 50
"""Gated values above which one confirming session is too few: of 60 to 150 values, 5 to 7 of 100 unchanged pull
requests failed with one, and none to 5 with two (recorded sessions of several projects)."""


def count_confirmations(verdict: Verdict) -> int:
    """Return how many more fresh sessions should confirm what a check suspects; 0: nothing waits for one.

    Two in all where many values are gated, or the baseline has one session, whose noise is
    in every comparison with it. What is not judged by sessions needs more runs instead.
    """
    waiting = [f for f in verdict.findings if f.status is Status.SUSPECTED and f.method == "across-sessions"]
    if verdict.exit_code is not ExitCode.PASS or not waiting:
        return 0
    wanted, _ = _count_wanted(waiting, verdict.suite.gated)
    return max(0, wanted + 1 - _count_fresh(verdict.current))


def find_too_few(
    findings: Sequence[Finding], gated: int, current: Sequence[Profile], reports: Sequence[str]
) -> list[Diagnostic]:
    """Return a warning where two fresh sessions should confirm, but only one does.

    Args:
        findings: of all sessions together.
        gated: how many values are gated by statistics.
        current: what was measured, with the sessions of the reports.
        reports: that were given to confirm.
    """
    judged = [f for f in findings if f.method == "across-sessions" and f.status in _DECIDED]
    wanted, why = _count_wanted(judged, gated)
    if not judged or not reports or _count_fresh(current) > wanted:
        return []
    message = f"one fresh session confirms where two should: {why}"
    return [warning("confirmations-few", message, place=reports[0], hint=_ONE_MORE)]


def _count_fresh(current: Iterable[Profile]) -> int:
    return max((len({s.session for s in p.sessions}) for p in current), default=1)


def _count_wanted(findings: Iterable[Finding], gated: int) -> tuple[int, str]:
    """Return how many sessions should confirm what some findings say, and why more than one."""
    if gated > MANY_ROWS:
        return 2, f"{gated:,} values are gated"
    if any(f.sessions_baseline == 1 for f in findings if f.benchmark != WHOLE_SUITE):
        return 2, "the baseline has one session"
    return 1, ""


def with_earlier(
    selection: Selection, reports: Sequence[str], baselines: BaselineSet, policy: Policy
) -> tuple[Selection, list[Diagnostic]]:
    """Return what was measured now together with the fresh sessions of earlier reports.

    Every session stays what it is: nothing is averaged, each is judged by itself.

    Args:
        selection: what was measured now.
        reports: paths of ``report.json`` files of earlier checks.
        baselines: the baselines, which must be those of the reports.
        policy: what is gated.

    Returns:
        All sessions, and why the reports must not be believed although they are whole.

    Raises:
        CannotDecideError: a report cannot be read, was undecided, or is of other baselines,
            another commit, the same session, or fewer benchmarks; every fault is reported.
    """
    faults: list[Diagnostic] = []
    merged = {_place(p): p for p in selection.profiles}
    verdicts = [(path, read_verdict(path)) for path in reports]
    for path, verdict in verdicts:
        earlier = {_place(p): p for p in verdict.current}
        found = [*_unfit(verdict, path, baselines, merged), *_clashes(merged, earlier, selection, path)]
        faults += found
        if not found:
            merged = {place: _join(earlier.get(place), p) for place, p in merged.items()}
    if faults:
        raise CannotDecideError(dict.fromkeys(faults))
    outvoted = _find_outvoted(selection, verdicts, baselines, policy)
    return replace(selection, profiles=tuple(merged.values())), outvoted


def _find_outvoted(
    selection: Selection, verdicts: Sequence[tuple[str, Verdict]], baselines: BaselineSet, policy: Policy
) -> list[Diagnostic]:
    """Return why reports in which nothing was suspected cannot confirm: they would only outvote a regression of now."""
    if any(_needs_more(verdict) for _, verdict in verdicts):
        return []
    pairs = pair(baselines.profiles, selection, policy, classless=baselines.is_machine_unknown)
    if not any(f.status is Status.REGRESSED for f in judge(pairs, policy).findings):
        return []
    message = "nothing was suspected or failed in it, while what was measured now fails"
    return [error("nothing-to-confirm", message, place=path, hint=_CALM) for path, _ in verdicts]


def _needs_more(verdict: Verdict) -> bool:
    """Did a check suspect or fail something, or could it not decide, so that another session says more?"""
    return any(f.status is Status.SUSPECTED or verdict.fails(f) for f in verdict.findings) or (
        verdict.exit_code is ExitCode.CANNOT_DECIDE
    )


def _place(profile: Profile) -> _Place:
    return profile.machine_class, profile.key


def _unfit(
    verdict: Verdict, path: str, baselines: BaselineSet, merged: Mapping[_Place, Profile]
) -> Iterator[Diagnostic]:
    """Yield why a report is not of the same question."""
    if verdict.exit_code == 2:  # noqa: PLR2004 - ExitCode.CANNOT_DECIDE; what it holds is not whole
        yield error(
            "confirm-undecided",
            "is the report of a check that could not decide",
            place=path,
            hint="fix what it names, and measure again",
        )
    yield from find_future(s.started_at for p in verdict.current for s in p.sessions)
    now, then = ({_place(p): p.values() for p in profiles} for profiles in (baselines.profiles, verdict.baseline))
    # What was new then and has a baseline by now may have become that baseline itself.
    if any(now.get(_place(p)) != then.get(_place(p)) for p in (*verdict.baseline, *verdict.current)):
        yield error("confirm-differs", "was judged against other baselines", place=path, hint=_AGAIN)
    commits = [
        {s.commit for p in profiles for s in p.sessions} - {""} for profiles in (verdict.current, merged.values())
    ]
    if all(commits) and commits[0] != commits[1]:
        shown = " and ".join(", ".join(sorted(c[:12] for c in side)) for side in commits)
        yield error("confirm-differs", f"is of another commit ({shown})", place=path, hint=_AGAIN)


def _clashes(
    merged: Mapping[_Place, Profile], earlier: Mapping[_Place, Profile], selection: Selection, path: str
) -> Iterator[Diagnostic]:
    """Yield what keeps the sessions of a report from standing beside the others."""
    own, theirs = _session_names(selection.profiles), _session_names(earlier.values())
    if shared := sorted(own & theirs):
        message = f"is of the same session ({shared[0]}), whose conditions it shares"
        yield error("confirm-same-session", message, place=path, hint=_AGAIN)
    elif again := _runs(merged.values(), but_of=theirs) & _runs(earlier.values()):
        whose = "that are judged now" if again & _runs(selection.profiles) else "of another report"
        message = f"holds {len(again)} of the runs {whose}, whose conditions it shares"
        yield error("confirm-same-session", message, place=path, hint=f"keep earlier run files elsewhere; {_AGAIN}")
    for place, profile in merged.items():
        other = earlier.get(place)
        asked = [m.metric.name for m in profile.metrics if not explains(m.metric.name)]
        lacking = [metric for metric in asked if not _is_measured(other, metric)]
        absent = sorted(theirs - _session_names([other])) if other else []
        if absent and not lacking:
            message = f'has no runs of "{title(*profile.key)}" in the session {absent[0]}'
            yield error("confirm-incomplete", message, place=path, hint=_AGAIN)
        elif lacking:
            message = f'has no runs with {", ".join(lacking)} of "{title(*profile.key)}"'
            yield error("confirm-incomplete", message, place=path, hint=_AGAIN)
        elif other and any(m.metric != o.metric for m in profile.metrics if (o := other.metric(m.metric.name))):
            message = f'records "{title(*profile.key)}" with another unit or direction'
            yield error("confirm-differs", message, place=path, hint=_AGAIN)


def _session_names(profiles: Iterable[Profile]) -> set[str]:
    return {s.session for p in profiles for s in p.sessions}


def _runs(profiles: Iterable[Profile], *, but_of: Container[str] = ()) -> set[str]:
    """Return the runs of profiles, without those of sessions of some names: one report may be given twice."""
    return {run for p in profiles for s in p.sessions if s.session not in but_of for run in s.runs}


def _is_measured(profile: Profile | None, metric: str) -> bool:
    found = profile and profile.metric(metric)
    return bool(found and found.samples)


def _join(earlier: Profile | None, now: Profile) -> Profile:
    """Return a profile with the earlier sessions before its own; a session that is in both counts once."""
    if earlier is None:
        return now
    held = {s.id for s in now.sessions}
    return replace(
        now,
        sessions=(*(s for s in earlier.sessions if s.id not in held), *now.sessions),
        metrics=tuple(_join_metrics(earlier.metric(m.metric.name), m) for m in now.metrics),
    )


def _join_metrics(earlier: MetricProfile | None, now: MetricProfile) -> MetricProfile:
    if earlier is None:
        return now
    held = {s.session for s in now.samples}
    return replace(
        now,
        sources=tuple(sorted({*earlier.sources, *now.sources})),
        samples=(*(s for s in earlier.samples if s.session not in held), *now.samples),
    )
