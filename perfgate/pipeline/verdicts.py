"""What every verdict says beside its findings: facts about the check, what was compared, and why there is none."""

from __future__ import annotations

import os
import time
from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate import config
from perfgate.collect import find_older_files
from perfgate.collect.uncounted import find_uncounted, find_varying
from perfgate.core.errors import Diagnostic, error, note, warning
from perfgate.core.finding import Compared, ExitCode, Finding, Suite, Verdict
from perfgate.core.metrics import FUNCTION_CALLS, THROUGHPUT, explains
from perfgate.core.profile import Profile, title
from perfgate.core.text.equal_faults import group_equal
from perfgate.core.text.names import list_some
from perfgate.core.text.steps import is_heard, log_step
from perfgate.measure.machine.ci import name_ci_run
from perfgate.pipeline import inputs
from perfgate.pipeline.diagnostics import faults_of, without_consequences
from perfgate.pipeline.runs.advice import removal_of
from perfgate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.collect import Selection, SessionTally
    from perfgate.core.finding import Skipped
    from perfgate.core.policy import Policy
    from perfgate.core.profile import MetricProfile
    from perfgate.gate.judge import Judgement
    from perfgate.pipeline.inputs import BaselineSet
    from perfgate.pipeline.reference.commit import Gate

_DIGITS = 12
"""Of a commit, in a sentence."""


def today() -> str:
    """Return the day of now in UTC, ``2026-01-31``."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def _name_commits(selection: Selection) -> str:
    """Return which commits were passed over, and which are judged; empty when they are the same or not known."""
    judged, left = (
        sorted({c[:_DIGITS] for s in tallies if s.ok for c in s.commits} - {""})
        for tallies in (selection.selected, selection.superseded)
    )
    if not judged or judged == left or not left:
        return ""
    return f"; left out: commit {list_some(left)}; judged: commit {list_some(judged)}"


def log_methods(findings: Sequence[Finding]) -> None:
    """Log how many values each method judged, when somebody listens."""
    if is_heard():
        methods = Counter(finding.method or "none" for finding in findings)
        log_step("judged: %s values; %s", len(findings), ", ".join(f"{m}: {n}" for m, n in sorted(methods.items())))


def notes_on(judgement: Judgement, selection: Selection) -> list[Diagnostic]:
    """Return what a reader should know about how the check was made."""
    notes = []
    measured = {p.key for p in selection.profiles}
    for seen in selection.selected:
        if seen.failed and seen.key in measured:
            message = f'{seen.failed} of {seen.failed + seen.ok} runs of "{title(*seen.key)}" failed and were left out'
            notes.append(warning("runs-failed", message, hint="fix the program: a run that fails is not measured"))
    if runs := selection.superseded_runs():
        values = selection.superseded_values
        left, what = (values, "value") if values > runs else (runs, "run")  # a run of a file holds many values
        message = (
            f"{count(left, what)} {'was' if left == 1 else 'were'} left out: newer ones, of another session or call, "
            f"replace {'it' if left == 1 else 'them'}"
        ) + _name_commits(selection)
        notes.append(note("runs-superseded", message, hint="--sessions all judges each session by itself"))
    if older := find_older_files(selection.selected):
        message = f"files of other tools were measured at {older[0][:16]}, the runs beside them at {older[1][:16]}"
        notes.append(warning("files-older", message, hint="measure again with the tool that wrote them"))
    if judgement.rows_without_session:
        message = (
            "the runs of both sides state no session and were judged as one: if they were measured at different times, "
            "about 8 of 100 unchanged benchmarks fail (20 on hosted runners)"
        )
        notes.append(
            warning(
                "sessions-unknown",
                message,
                hint="measure with perfgate run, or write a session into the summaries",
            )
        )
    if judgement.rows_by_plain_ratio:
        message = (
            f"gated by the plain ratio, whose false alarms nobody controls: {judgement.rows_by_plain_ratio} of the rows"
        )
        notes.append(warning("plain-ratio", message, hint="p50 of several runs can be judged by the statistics"))
    for profile in selection.profiles:
        notes += [*_partial_metrics(profile), *find_uncounted(profile), *find_varying(profile)]
    return notes


def _partial_metrics(profile: Profile) -> list[Diagnostic]:
    """Return a warning for each metric that only some runs of a profile state.

    Logs of many values that were written at the same time have one throughput, and one quotient, together.
    """
    runs = sum(len(s.runs) for s in profile.sessions)
    counts = {m.metric.name: m.count for m in profile.metrics if m.samples and not _is_of_profile(m)}
    added_up = {m.metric.name for m in profile.metrics if m.metric.unit in {THROUGHPUT.unit, "1"}}
    return [
        warning(
            "metric-gaps",
            f'only {n} of {runs} runs of "{title(*profile.key)}" state "{metric}"',
            hint="record it in every run",
        )
        for metric, n in counts.items()
        if n < runs and not (metric in added_up and max(counts.values()) > runs)
    ]


def _is_of_profile(m: MetricProfile) -> bool:
    """Does a profiler count it, in one more repetition and not in every run?"""
    return explains(m.metric.name) or (m.metric.name == FUNCTION_CALLS.name and bool(m.sources))


def hint_for_failed(tally: SessionTally) -> str:
    """Return what to do about runs that failed; it names their files, since their names are random, and a command."""
    files = list_some(tally.failed_files, 3)
    command = removal_of(title(*tally.key), tally.failed_files)
    removal = f"; or remove these runs ({files}){command and f': {command}'}" if files else ""
    return f"fix the program and measure again{removal}"


def report_joins(selection: Selection) -> list[Diagnostic]:
    """Return a warning for values that are joined from several files of other tools: they may be legs of a matrix.

    A log may be divided, so that this is no error; nothing in such files separates the two.
    """
    joined = [s for s in selection.selected if s.joined]
    if not joined:
        return []
    files = sorted({file for s in joined for file in s.joined})
    names = list_some(sorted({title(*s.key) for s in joined}), 3)
    message = f"{len(files):,} files joined as one session, since they hold the same benchmarks ({names})"
    message += f": {list_some(files, 3)}"
    hint = "nothing, for parts of one job (--same-session says so); a leg of a matrix needs a check of its own"
    return [warning("files-joined", message, hint=hint)]


def suite_of(judgement: Judgement, selection: Selection, policy: Policy, profiles: Sequence[Profile]) -> Suite:
    """Return facts about the whole check; `profiles` are those of both sides."""
    excluded = {title(*p.key) for p in profiles if policy.excludes(p.benchmark, title(*p.key))}
    return Suite(
        gated=judgement.gated,
        accepted=policy.false_alarms,
        false_alarms=None
        if judgement.rows_by_plain_ratio or not judgement.gated
        else float(f"{policy.false_alarms * 100:.6g}"),
        failed_runs=sum(s.failed for s in selection.selected),
        baseline_runs=sum(s.known for s in (*selection.selected, *selection.superseded)),
        superseded_runs=selection.superseded_runs(),
        excluded=tuple(sorted(excluded)),
    )


def compared_of(reproduce: str, policy: Policy, base: BaselineSet | None, selection: Selection | None) -> Compared:
    """Return what was compared with what, as far as it is known; `reproduce` is the command that repeats it."""
    profiles = selection.profiles if selection else ()
    current = [s for p in profiles for s in p.sessions]
    return Compared(
        tool=inputs.TOOL,
        policy=policy.source,
        baselines=base.source if base else "",
        baseline_commits=tuple(
            sorted({p.provenance.commit for p in base.profiles if p.provenance and p.provenance.commit} if base else ())
        ),
        current_commits=tuple(sorted({s.commit for s in current if s.commit})),
        machine_classes=tuple(sorted({p.machine_class for p in profiles if p.machine_class})),
        sessions=tuple(sorted({s.id for s in current})),
        reproduce=reproduce,
        ci_run=name_ci_run(os.environ),
    )


def undecided_verdict(problems: Sequence[Diagnostic], reproduce: str, gate: Gate | None = None) -> Verdict:
    """Return the verdict of a check that found nothing to judge."""
    policy = gate.settings.policy if gate else replace(config.BUILT_IN, source="not read")
    suite = Suite(
        gated=0,
        accepted=policy.false_alarms,
        false_alarms=None,
        failed_runs=0,
        baseline_runs=0,
        superseded_runs=0,
        excluded=(),
    )
    return Verdict(
        findings=(),
        problems=tuple(group_equal(without_consequences(problems))),
        notes=gate.edits.notes if gate else (),
        gate_changes=gate.edits.changes if gate else (),
        suite=suite,
        compared=compared_of(reproduce, policy, gate.baselines if gate else None, None),
    )


def skipped_verdict(skipped: Skipped, reproduce: str, gate: Gate, *, base: str, head: str | None) -> Verdict:
    """Return the verdict of a change that nothing had to be measured for.

    Args:
        skipped: why.
        reproduce: the command that repeats it.
        gate: that would have judged.
        base: full hash of the commit that it was compared with.
        head: full hash of what was compared; None: the working tree.
    """
    verdict = undecided_verdict((), reproduce, gate)
    compared = replace(verdict.compared, baseline_commits=(base,), current_commits=(head,) if head else ())
    return replace(verdict, notes=(), gate_changes=(), skipped=skipped, compared=compared)


def cause(verdict: Verdict) -> tuple[Diagnostic, ...]:
    """Return why a verdict could not be reached, the first reason first; empty when it was reached."""
    if verdict.exit_code is not ExitCode.CANNOT_DECIDE:
        return ()
    nothing = error(
        "nothing-judged",
        "nothing was judged: every benchmark of the baseline is excluded or removed",
        hint="shorten the exclude list; or keep a benchmark until a baseline holds the new ones",
    )
    return faults_of(verdict.problems, filter(verdict.is_undecided, verdict.findings)) or (nothing,)
