"""What a check says improved: baselines that may start anew without a person, as nothing got worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide, error
from perfgate.core.finding import ExitCode, Status
from perfgate.core.profile import title
from perfgate.pipeline.report_io import read_verdict

if TYPE_CHECKING:
    from perfgate.collect import Key

_MEANT = 'find the change; when it is meant, measure and: perfgate baseline refresh --replace --reason "…"'


def improved_places(report: str) -> frozenset[tuple[str, Key]]:
    """Return machine class and benchmark of each gated value that improved.

    Args:
        report: path of a check's ``report.json``.

    Raises:
        CannotDecideError: it cannot be read, the check could not decide, or a value fails it for another reason.
    """
    verdict = read_verdict(report)
    if verdict.exit_code == ExitCode.CANNOT_DECIDE:
        hint = "fix what it names, and check again: perfgate check"
        raise cannot_decide("refresh-undecided", "that check could not decide", place=report, hint=hint)
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
    return frozenset(
        (f.machine_class, (f.benchmark, f.labels))
        for f in verdict.findings
        if f.status is Status.IMPROVED and f.level == "fail"
    )
