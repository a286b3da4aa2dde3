"""The report of this job: a workspace that stays, a cache, and git itself may hold those of others."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from perfgate.core.errors import cannot_decide
from perfgate.core.text.names import list_some
from perfgate.measure.machine import facts
from perfgate.measure.machine.ci import find_ci_run, name_ci_run
from perfgate.pipeline.check.origin import find_checked_out, is_known
from perfgate.pipeline.report_io import list_further_reports, read_verdicts
from perfgate.report.compose import compose
from perfgate.store.checkouts.committed import find_committed

if TYPE_CHECKING:
    from perfgate.core.finding import Verdict
    from perfgate.report.document import Document

_DIGITS = 12
"""Of a commit, in a sentence."""
_ON_PURPOSE = frozenset({"--runs-from", "--head"})
"""Options by which a check of this CI run judges what was measured in another one, or another commit."""


def read_report_of_job(path: str) -> Document:
    """Return the document of the check that counts for a job: the worst of a ``report.json`` and those beside it.

    Raises:
        CannotDecideError: one is not valid, a symbolic link, or not written by this job: it is of
            another CI run or commit, or was committed.
    """
    verdict, all_of_job = read_verdicts(path)
    for each, of_check in zip((path, *list_further_reports(path)), all_of_job, strict=True):
        if other := describe_origin(of_check):
            hint = "let this job write a report, and look why its check did not: perfgate check --report-dir DIR"
            message = f"{other}: no check of this job wrote it"
            raise cannot_decide("report-of-another-run", message, place=each, hint=hint)
        if find_committed([each]):
            hint = "git rm --cached it; let the check write a report: --report-dir DIR"
            message = "is what git holds, so that no check of this job wrote it"
            raise cannot_decide("report-committed", message, place=each, hint=hint)
    return compose(verdict)


def describe_origin(verdict: Verdict) -> str:
    """Return of which other CI run or commit a report is, in words; empty: of this one, as far as it says.

    The CI run that the report states settles it; those of earlier versions state none. Then a session of this CI run
    does, and without sessions of the CI system the commits do. Outside CI nothing is asked.

    Args:
        verdict: of the report.
    """
    if not facts.in_ci():
        return ""
    named, made_by = name_ci_run(os.environ), verdict.compared.ci_run
    if named and made_by:
        return "" if made_by == named else f"is of CI run {made_by}; this CI run is {named}"
    if _names_another(verdict.compared.reproduce):
        return ""
    system, this_run = find_ci_run(os.environ)
    stated = [s for s in verdict.compared.sessions if this_run and s.startswith(system)]
    if any(s.startswith(this_run) for s in stated):
        return ""
    if stated:
        return f"judges session {list_some(stated, 2)}; this CI run is {named}"
    commits = sorted(set(verdict.compared.current_commits) - {""})
    here = facts.commit() or ""
    known = find_checked_out(here) if commits else set()
    if not known or any(is_known(commit, known) for commit in commits):
        return ""
    return f"judges commit {list_some([c[:_DIGITS] for c in commits], 2)}; this commit is {here[:_DIGITS]}"


def _names_another(command: str) -> bool:
    """Does the command of a check name the commit that it judges?"""
    try:
        words = shlex.split(command)
    except ValueError:  # cut off, or made by hand
        return False
    return any(word.partition("=")[0] in _ON_PURPOSE for word in words)
