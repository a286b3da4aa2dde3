"""What a check says improved: baselines that may start anew without a person, as nothing got worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide, error
from perfgate.core.finding import ExitCode, Status
from perfgate.core.profile import title
from perfgate.pipeline.report_io import read_verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.collect import Key
    from perfgate.core.errors import Diagnostic
    from perfgate.core.finding import Verdict
    from perfgate.core.profile import Profile

_MEANT = 'find the change; when it is meant, measure and: perfgate baseline refresh --replace --reason "…"'


def find_unjudged(
    report: str, verdict: Verdict, profiles: Iterable[Profile], before: Iterable[Profile]
) -> list[Diagnostic]:
    """Return why what a refresh would record is not what a check judged: runs that its report does not hold.

    Args:
        report: path of a check's ``report.json``.
        verdict: what it holds.
        profiles: what would be recorded.
        before: the baselines that would be replaced, which must be those of the report.
    """
    judged = {run for p in verdict.current for s in p.sessions for run in s.runs}
    now, then = ({(p.machine_class, *p.key): p.values() for p in side} for side in (before, verdict.baseline))
    others = [p for p in profiles if now.get((p.machine_class, *p.key)) != then.get((p.machine_class, *p.key))]
    if others:
        message = f'the report judged "{title(*others[0].key)}" against other baselines than those that are there'
        return [error("refresh-unjudged", message, place=report, hint="check again: perfgate check --report FILE")]
    return [
        error(
            "refresh-unjudged",
            f'the report judged other runs of "{title(*p.key)}" than those that would be recorded',
            place=report,
            hint="check these runs first: perfgate check --report FILE",
        )
        for p in profiles
        if any(run not in judged for s in p.sessions for run in s.runs)
    ]


def read_improved(report: str) -> Verdict:
    """Return the verdict of a check in which nothing failed, but where a value has to keep its gain.

    Args:
        report: path of a check's ``report.json``.

    Raises:
        CannotDecideError: it cannot be read, the check could not decide, or a value fails it for another reason.
    """
    verdict = read_verdict(report)
    if verdict.exit_code == ExitCode.CANNOT_DECIDE:
        hint = "fix what it names, and check again: perfgate check"
        raise cannot_decide(
            "refresh-undecided", "is the report of a check that could not decide", place=report, hint=hint
        )
    worse = [f for f in verdict.findings if verdict.fails(f) and f.status is not Status.IMPROVED]
    if worse:
        raise CannotDecideError(
            error(
                "refresh-loosens",
                f'{f.metric} {f.statistic} of "{title(f.benchmark, f.labels)}" fails the check: '
                "recording it would loosen the gate",
                place=report,
                hint=_MEANT,
            )
            for f in worse
        )
    return verdict


def improved_places(verdict: Verdict) -> frozenset[tuple[str, Key]]:
    """Return machine class and benchmark of each gated value that improved."""
    return frozenset(
        (f.machine_class, (f.benchmark, f.labels))
        for f in verdict.findings
        if f.status is Status.IMPROVED and f.level == "fail"
    )
