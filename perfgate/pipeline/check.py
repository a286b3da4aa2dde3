"""Check: collect, compare, and say what was found. Everything that is wrong ends up in the verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate import config
from perfgate.collect import Selection, collected_before, select
from perfgate.core.errors import CannotDecideError, Diagnostic, error, note, warning
from perfgate.core.finding import UNDECIDED, Compared, ExitCode, Finding, Suite, Verdict
from perfgate.core.profile import Profile, title
from perfgate.core.reasons import cure, sentence
from perfgate.gate.budgets import check_budgets
from perfgate.gate.judge import Judgement, judge, severity
from perfgate.gate.rules import check_rules
from perfgate.pipeline import inputs, pairing
from perfgate.pipeline.commits import Gate, gate_of
from perfgate.pipeline.confirming import with_earlier
from perfgate.store.codec import known_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.policy import Policy
    from perfgate.pipeline.inputs import Settings, Side

_NO_BASELINE = "commit one first: perfgate baseline refresh, then git add baselines"
_NO_BASELINE_THERE = "merge the baselines first, or check without --baseline-ref in this pull request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be checked against what."""

    paths: tuple[str, ...] = ()
    """Run files; empty: the configured ones."""
    baseline: str | None = None
    """Folder or file of baselines; None: the configured folder."""
    baseline_ref: str | None = None
    """Commit to read baselines and configuration from."""
    current: str | None = None
    """File of current profiles, in place of runs."""
    config: str | None = None
    """Configuration file; None: look for one."""
    machine_class: str = ""
    """Given by hand."""
    every_session: bool = False
    """Judge all sessions that were measured, each by itself."""
    confirm: tuple[str, ...] = ()
    """Reports of earlier checks whose fresh sessions are judged again beside this one's."""
    reproduce: str = ""
    """The command, for the report."""


def check(request: Request) -> Verdict:
    """Return the verdict of a check; whatever kept it from being reached is told in it."""
    try:
        gate = _sides(request)
    except CannotDecideError as caught:
        return _undecided(caught.diagnostics, request)
    here, base = gate.here, gate.base
    try:
        selection, faults, notes = _current(request, here, base)
        if request.confirm:
            selection = with_earlier(selection, request.confirm, base)
    except CannotDecideError as caught:
        return _undecided((*base.problems, *caught.diagnostics), request, gate)
    problems = [*base.problems, *faults, *_unmeasured(base, selection)]
    if not base.profiles and not base.introduces and not base.problems:
        message = "there is no baseline to compare with"
        hint = _NO_BASELINE if request.baseline_ref is None else _NO_BASELINE_THERE
        problems.append(error("no-baseline", message, place=base.source, hint=hint))
    everything = (*base.profiles, *selection.profiles)
    if everything:
        problems += check_rules(here.policy, everything)
    pairs = pairing.pair(
        base.profiles,
        selection,
        here.policy,
        classless=base.is_classless or (request.current is not None and not selection.taken),
    )
    judgement = judge(pairs, here.policy)
    findings = [
        *judgement.findings,
        *pairing.foreign(base, selection, here.policy, known=bool(base.profiles)),
    ]
    known = frozenset(n for p in base.profiles for n in (p.benchmark, title(*p.key)))
    over, faults = check_budgets(selection.profiles, here.policy, known)
    problems += faults
    notes += [*_notes(judgement, selection), *pairing.unjudged(base, selection)]
    return Verdict(
        findings=tuple(sorted((*findings, *over), key=severity)),
        problems=tuple(dict.fromkeys(problems)),
        notes=(*gate.notes, *notes),
        suite=_suite(judgement, selection, here.policy, everything),
        compared=_compared(request, here.policy, base, selection),
        baseline=tuple(p.base for p in pairs if p.base),
        current=tuple(p.current for p in pairs if p.current),
        introduces=base.introduces,
        fail_suspected=here.policy.on_suspected == "fail",
    )


def _sides(request: Request) -> Gate:
    """Return configuration and baselines, from another commit when one is named."""
    if request.baseline_ref is not None:
        return gate_of(request.baseline_ref, given=request.config, machine_class=request.machine_class)
    here = inputs.settings(request.config, machine_class=request.machine_class)
    if request.baseline is not None:
        return Gate(here=here, base=inputs.from_path(request.baseline), notes=())
    return Gate(here=here, base=inputs.from_folder(_join(here.root, here.policy.baselines)), notes=())


def _unmeasured(base: Side, selection: Selection) -> list[Diagnostic]:
    """Return an error for each new benchmark of which every run failed: no baseline asks for it yet."""
    known = {p.key for p in base.profiles}
    return [
        error("runs-failed", f'every run of "{title(*s.key)}" failed', hint="mend the program and measure again")
        for s in selection.taken
        if s.failed and not s.ok and s.key not in known
    ]


def _join(root: str, path: str) -> str:
    return f"{root}/{path}" if root and not path.startswith("/") else path


def _current(request: Request, here: Settings, base: Side) -> tuple[Selection, list[Diagnostic], list[Diagnostic]]:
    """Return what is judged, faults and notes."""
    if request.current is not None:
        side = inputs.from_path(request.current)
        if side.is_classless:
            return Selection(profiles=side.profiles, taken=(), left=(), problems=()), list(side.problems), []
        collection = collected_before(side.profiles, known_runs(base.profiles))
        problems, notes = [*side.problems, *collection.problems], list[Diagnostic]()
    else:
        collection, problems, notes = inputs.read_runs(request.paths, here, known=known_runs(base.profiles))
    selection = select(collection, every_session=request.every_session)
    return selection, [*problems, *selection.problems], notes


def _notes(judgement: Judgement, selection: Selection) -> list[Diagnostic]:
    """Return what a reader should know about how the check was made."""
    notes = []
    for seen in selection.taken:
        if seen.failed and seen.ok:
            message = f'{seen.failed} of {seen.failed + seen.ok} runs of "{title(*seen.key)}" failed and were left out'
            notes.append(warning("runs-failed", message, hint="mend the program: a run that fails is not measured"))
    if selection.superseded():
        message = f"{selection.superseded()} runs were left out: newer ones, of another session or call, stand for them"
        notes.append(note("runs-superseded", message, hint="--sessions all judges each session by itself"))
    if judgement.unnamed:
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
    if judgement.plain:
        message = f"gated by the plain ratio, whose false alarms nobody controls: {judgement.plain} of the rows"
        notes.append(warning("plain-ratio", message, hint="p50 of several runs can be judged by the statistics"))
    for profile in selection.profiles:
        notes += _gaps(profile)
    return notes


def _gaps(profile: Profile) -> list[Diagnostic]:
    """Return a warning for each metric that only some runs of a profile state."""
    runs = sum(len(s.runs) for s in profile.sessions)
    counts = {m.metric.name: sum(len(s.values) for s in m.samples) for m in profile.metrics if m.samples}
    return [
        warning(
            "metric-gaps",
            f'only {n} of {runs} runs of "{title(*profile.key)}" state "{metric}"',
            hint="record it in every run",
        )
        for metric, n in counts.items()
        if n < runs
    ]


def _suite(judgement: Judgement, selection: Selection, policy: Policy, profiles: Sequence[Profile]) -> Suite:
    excluded = {title(*p.key) for p in profiles if policy.excludes(p.benchmark, title(*p.key))}
    return Suite(
        gated=judgement.gated,
        false_alarms=None if judgement.plain or not judgement.gated else float(f"{policy.false_alarms * 100:.6g}"),
        failed_runs=sum(s.failed for s in selection.taken),
        baseline_runs=sum(s.known for s in (*selection.taken, *selection.left)),
        superseded_runs=selection.superseded(),
        excluded=tuple(sorted(excluded)),
    )


def _compared(request: Request, policy: Policy, base: Side | None, selection: Selection | None) -> Compared:
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
        reproduce=request.reproduce,
    )


def _undecided(problems: Sequence[Diagnostic], request: Request, gate: Gate | None = None) -> Verdict:
    """Return the verdict of a check that found nothing to judge."""
    suite = Suite(gated=0, false_alarms=None, failed_runs=0, baseline_runs=0, superseded_runs=0, excluded=())
    policy = gate.here.policy if gate else replace(config.BUILT_IN, source="not read")
    return Verdict(
        findings=(),
        problems=tuple(problems),
        notes=gate.notes if gate else (),
        suite=suite,
        compared=_compared(request, policy, gate.base if gate else None, None),
    )


def cause(verdict: Verdict) -> tuple[Diagnostic, ...]:
    """Return why a verdict could not be reached, the first reason first; empty when it was reached."""
    if verdict.exit_code is not ExitCode.CANNOT_DECIDE:
        return ()
    undecided = tuple(_as_diagnostic(f) for f in verdict.findings if f.status in UNDECIDED)
    nothing = error(
        "nothing-judged", "nothing was judged: every benchmark is excluded", hint="shorten the exclude list"
    )
    return (*verdict.problems, *undecided) or (nothing,)


def _as_diagnostic(finding: Finding) -> Diagnostic:
    said = sentence(finding.reason)
    message = said if finding.message == said else f"{said}: {finding.message}"
    place = f"{title(finding.benchmark, finding.labels)} {finding.metric}"
    return error(finding.reason, message, place=place, hint=cure(finding.reason).replace("`", ""))
