"""Use case ``perfgate check``: collect, compare, and return a verdict that holds everything that is wrong."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.collect import Selection, find_legs, find_together, select
from perfgate.collect.one_session import share_session
from perfgate.core.errors import CannotDecideError, Diagnostic, error, note, warning
from perfgate.core.policy import NO_BASELINES
from perfgate.core.profile import title
from perfgate.core.text.names import list_some
from perfgate.core.text.units import parse_change
from perfgate.gate.judge import judge
from perfgate.gate.verdict import Case, join
from perfgate.measure.machine.ci import locate
from perfgate.pipeline import inputs
from perfgate.pipeline.check import pairing, part, shards
from perfgate.pipeline.check.confirm import find_too_few, with_earlier
from perfgate.pipeline.check.left_behind import find_left_behind
from perfgate.pipeline.check.origin import check_origin, find_older, note_one_run
from perfgate.pipeline.check.renames import follow_renames
from perfgate.pipeline.check.repeats import Repeats, are_same_percentiles, tally_known
from perfgate.pipeline.classes import adopt_classes
from perfgate.pipeline.diagnostics import COMMIT_ONE, NO_BASELINE, without_consequences
from perfgate.pipeline.drift.in_check import compare_inputs
from perfgate.pipeline.failed import count_failed_sessions, find_only_failed
from perfgate.pipeline.reference import event
from perfgate.pipeline.reference.change import compare_with_base
from perfgate.pipeline.reference.commit import Gate, gate_of
from perfgate.pipeline.verdicts import (
    compared_of,
    hint_for_failed,
    log_methods,
    notes_on,
    report_joins,
    skipped_verdict,
    suite_of,
    today,
    undecided_verdict,
)
from perfgate.store.codec import known_runs
from perfgate.store.lost import find_absent_submodule, find_deleted, find_lost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.collect import Collection, SessionTally
    from perfgate.core.finding import Verdict
    from perfgate.formats.options import ForeignOptions
    from perfgate.gate.removals import Removed
    from perfgate.pipeline.inputs import BaselineSet, Settings

_BUDGETS_ALONE = warning(
    "budgets-alone",
    "there is no baseline: only the budgets were judged",
    hint=f'perfgate baseline refresh adds the rest; when budgets are all you want: baselines = "{NO_BASELINES}"',
)
_RESTORE_OR_START = (
    "go to the folder of the project, restore the files, or correct the key baselines; "
    "to start anew: perfgate baseline refresh, then git add baselines"
)
_RESTORE = (
    "go to the folder of the project, restore the files, or correct the key baselines; "
    f'when budgets are all you want: baselines = "{NO_BASELINES}"'
)
_NO_BASELINE_THERE = "merge the baselines first, or check without --baseline-ref in this pull request"


class Request(Struct, frozen=True, kw_only=True):
    """What is to be checked against what."""

    paths: tuple[str, ...] = ()
    """Run files; empty: the configured ones."""
    baseline: str | None = None
    """Folder or file of baselines; None: the configured folder."""
    baseline_ref: str | None = None
    """Commit to read baselines and configuration from; ``auto``: the event that started the workflow says it."""
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
    expect_shards: int | None = None
    """How many shards must have measured, each exactly once; None: the measuring was not divided."""
    today: str = ""
    """The day by which waivers end, ``2026-01-31``; empty: today in UTC."""
    foreign: ForeignOptions | None = None
    """What was said about files of other tools; None: nothing."""
    benchmarks: tuple[str, ...] = ()
    """Globs of the benchmarks that are checked; empty: all. Not with shards, which are complete or nothing."""
    budgets: tuple[str, ...] = ()
    """Names of the budgets that are checked; empty: all."""
    globs: tuple[str, ...] = ()
    """Globs of files, of which one has to change, from the top of the repository; empty: each change is judged."""
    same_session: bool = False
    """Was everything that `paths`, and `baseline` as a file, name measured in one session?"""
    threshold: str | None = None
    """Default threshold in place of the configuration's, such as ``+10%``; rules with one of their own keep it."""
    runs_from: str | None = None
    """Commit whose runs are judged on purpose; None: the one that is checked out."""
    reproduce: str = ""
    """The command, for the report."""


def check(request: Request) -> Verdict:
    """Return the verdict of a check. Bad input never raises: problems become diagnostics of the verdict."""
    try:
        request = _resolved(request)
        gate = _with_threshold(request, _keep_budgets(request, _sides(request)))
        if request.globs and not gate.baselines.problems and (skipped := _find_skipped(request, gate)):
            return skipped
    except CannotDecideError as caught:
        return undecided_verdict(caught.diagnostics, request.reproduce)
    settings, baselines = gate.settings, gate.baselines
    try:
        selection, faults, notes = _current(request, settings, baselines)
        everything, (baselines, renames) = baselines, follow_renames(baselines, selection, gate.edits.renamed)
        baselines = part.keep_baselines(request.benchmarks, baselines)
        foreign_origin, warnings = _check_origin(request, selection, baselines)
        baselines, selection, apart = _share_session(request, baselines, selection)
        faults += apart
        if request.confirm:
            selection, outvoted = with_earlier(selection, request.confirm, baselines, settings.policy)
            faults += outvoted
        selection = replace(selection, profiles=count_failed_sessions(selection.profiles, selection.selected))
    except CannotDecideError as caught:
        return undecided_verdict((*baselines.problems, *caught.diagnostics), request.reproduce, gate)
    problems = [*baselines.problems, *faults, *foreign_origin, *_find_deleted(request, baselines)]
    only_failed = _report_only_failed(request, settings, baselines, selection)
    for d in (*only_failed, *_explain_no_baseline(request, settings, everything, selection)):
        (problems if d.level == "error" else notes).append(d)
    pairs = pairing.pair(
        baselines.profiles,
        selection,
        settings.policy,
        classless=baselines.is_machine_unknown or (request.current is not None and not selection.selected),
    )
    judgement = judge(pairs, settings.policy)
    suite = suite_of(judgement, selection, settings.policy, (*baselines.profiles, *selection.profiles))
    warnings += find_too_few(judgement.findings, suite.gated, selection.profiles, request.confirm)
    log_methods(judgement.findings)
    if request.today and baselines.waivers:
        notes.append(note("today-given", f"waivers were held against {request.today}, not against today"))
    return join(
        Case(
            policy=settings.policy,
            findings=(*judgement.findings, *pairing.find_class_mismatches(baselines, selection, settings.policy)),
            pairs=tuple(pairs),
            baselines=(*baselines.profiles, *(gate.baselines.profiles if renames else ())),
            measured=selection.profiles,
            waivers=baselines.waivers,
            today=request.today or today(),
            is_part=bool(request.benchmarks),
            problems=without_consequences(problems),
            notes=(*gate.edits.notes, *renames, *warnings, *notes),
            later_notes=(*notes_on(judgement, selection), *pairing.note_unjudged_classes(baselines, selection)),
            suite=suite,
            compared=compared_of(request.reproduce, settings.policy, baselines, selection),
            introduces=baselines.is_first_gate,
            gate_changes=gate.edits.changes,
            inputs=compare_inputs(gate.settings, gate.commit),
            removed=_removed(gate, request),
        )
    )


def _resolved(request: Request) -> Request:
    """Return the request with the commit that the event says; where no change is under review everything is judged.

    Raises:
        CannotDecideError: it is not certain which commit.
    """
    ref, reproduce = event.resolved(request.baseline_ref, request.reproduce)
    is_of_change = ref is not None or request.baseline_ref != event.AUTO
    return replace(request, baseline_ref=ref, reproduce=reproduce, globs=request.globs if is_of_change else ())


def _check_origin(
    request: Request, selection: Selection, baselines: BaselineSet
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Return what prevents a verdict because of where and when the runs were made, and what is only said."""
    foreign, warnings = check_origin(selection.profiles, request.runs_from)
    if request.runs_from is None:
        warnings += find_older(selection.profiles, baselines.profiles)
        of_others, more = find_left_behind(selection.selected, [request.current] if request.current else ())
        foreign, warnings = [*of_others, *foreign], [*warnings, *more]
    alone = () if request.same_session else note_one_run(baselines)
    return foreign, [*warnings, *report_joins(selection), *alone]


def _sides(request: Request) -> Gate:
    """Return configuration and baselines, from another commit when one is named."""
    if request.baseline_ref is not None:
        return gate_of(request.baseline_ref, given=request.config, machine_class=request.machine_class)
    settings = inputs.read_settings(request.config, machine_class=request.machine_class)
    if request.baseline is not None:
        return Gate(settings=settings, baselines=_from_path(request, request.baseline, settings))
    gate = Gate(settings=settings, baselines=inputs.from_folder(_join(settings.root, settings.policy.baselines)))
    return compare_with_base(gate, given=request.config, machine_class=request.machine_class)


def _find_skipped(request: Request, gate: Gate) -> Verdict | None:
    """Return the verdict of a change that touches nothing measured; None: it has to be judged.

    Raises:
        CannotDecideError: it is not known which commit the change began at, or a glob matches nothing.
    """
    from perfgate.pipeline.reference.paths import Change, find_base, find_skipped
    from perfgate.store.checkouts.tree import Tree

    base = find_base(request.baseline_ref)
    change = Change(tree=Tree(), base=base, head=None)
    if base == change.tree.head():  # a commit compared with itself, as on the main branch: what was measured is judged
        return None
    skipped = find_skipped(request.globs, change, gate.settings, given=request.config)
    return skipped_verdict(skipped, request.reproduce, gate, base=base, head=None) if skipped else None


def _keep_budgets(request: Request, gate: Gate) -> Gate:
    """Return the gate with the budgets that are asked for, and a note about the others."""
    policy, notes = part.keep_budgets(request.budgets, gate.settings.policy)
    edits = replace(gate.edits, notes=(*gate.edits.notes, *notes))
    return replace(gate, settings=replace(gate.settings, policy=policy), edits=edits)


def _with_threshold(request: Request, gate: Gate) -> Gate:
    """Return the gate with the default threshold that is asked for."""
    if request.threshold is None:
        return gate
    policy = replace(gate.settings.policy, threshold=parse_change(request.threshold))
    return replace(gate, settings=replace(gate.settings, policy=policy))


def _from_path(request: Request, path: str, settings: Settings) -> BaselineSet:
    return inputs.from_path(path, settings, request.foreign, same_session=request.same_session)


def _share_session(
    request: Request, baselines: BaselineSet, selection: Selection
) -> tuple[BaselineSet, Selection, list[Diagnostic]]:
    """Return both sides as of one session where the user named both as files; baselines have sessions of their own."""
    if not request.same_session or request.baseline is None or os.path.isdir(request.baseline):
        return baselines, selection, []
    was, now, problems = share_session(baselines.profiles, selection.profiles)
    return replace(baselines, profiles=was), replace(selection, profiles=now), problems


def _explain_no_baseline(
    request: Request, settings: Settings, baselines: BaselineSet, selection: Selection
) -> list[Diagnostic]:
    """Return what to say when there is nothing to compare with: an error, or a warning when budgets need no baseline.

    Budgets alone are judged where the configuration says so, and where git never held a
    baseline: a folder that was lost or moved must not turn a gate into its budgets.
    """
    if baselines.profiles or baselines.is_first_gate or baselines.problems:
        return []
    message, hint = NO_BASELINE, COMMIT_ONE
    has_budget = request.baseline is None and _has_budget(settings, selection)
    if settings.policy.baselines == NO_BASELINES and request.baseline is None:
        message = f'baselines = "{NO_BASELINES}", and no budget of level "fail" limits what was measured'
        hint = "add such a budget, or correct the name of its benchmark"
        return [] if has_budget else [error("no-baseline", message, place=settings.policy.source, hint=hint)]
    if request.baseline_ref is not None:
        hint = _NO_BASELINE_THERE
    elif submodule := find_absent_submodule(baselines.source):
        message = f"{message}: {submodule} is a submodule that is not checked out"
        hint = f"git submodule update --init {shlex.quote(submodule)} (in Actions: submodules: true at the checkout)"
    elif lost := find_lost(baselines.source) if request.baseline is None else "":
        message, hint = f"{message}, but {lost}", _RESTORE if has_budget else _RESTORE_OR_START
    elif has_budget:
        return [_BUDGETS_ALONE]
    return [error("no-baseline", message, place=baselines.source, hint=hint)]


def _find_deleted(request: Request, baselines: BaselineSet) -> list[Diagnostic]:
    """Return an error for baseline files that git lists and the folder lacks: nothing asks for their benchmarks."""
    if request.baseline is not None or request.baseline_ref is not None or not baselines.profiles:
        return []
    held = {run for p in baselines.profiles for s in p.sessions for run in s.runs}
    lost = [path for path, runs in find_deleted(baselines.source) if not runs or not held.issuperset(runs)]
    if not lost:
        return []
    message = f"git lists baselines that are not in the folder: {list_some(lost, 3)}"
    hint = f"restore them: git checkout -- {shlex.quote(baselines.source)}; or remove them on purpose: git rm"
    return [error("baseline-lost", message, place=baselines.source, hint=hint)]


def _has_budget(settings: Settings, selection: Selection) -> bool:
    """Does a budget that fails limit a benchmark that was measured?"""
    names = {name for p in selection.profiles for name in (p.benchmark, title(*p.key))}
    gated = [b for b in settings.policy.budgets if b.level == "fail"]
    return any(b.limits(name, name) for b in gated for name in names)


def _report_only_failed(
    request: Request, settings: Settings, baselines: BaselineSet, selection: Selection
) -> list[Diagnostic]:
    """Return what to say of each new benchmark of which every run failed: no baseline asks for it yet."""
    is_of_shards = request.expect_shards is not None
    found = find_only_failed(selection, baselines.profiles, settings.policy, is_of_shards=is_of_shards)
    return [
        (warning if is_left_out else error)(
            "runs-failed", f'every run of "{title(*s.key)}" failed', hint=hint_for_failed(s)
        )
        for s, is_left_out in found
    ]


def _removed(gate: Gate, request: Request) -> Removed:
    """Return what is known to be removed on purpose; of a folder alone by its own entries.

    `perfgate baseline rename` works on the configured baselines, not on a file or folder that is named.
    """
    removed = replace(gate.edits.removed, has_baselines=request.baseline is None)
    return removed if removed.removals else replace(removed, removals=gate.baselines.removals)


def _join(root: str, path: str) -> str:
    return f"{root}/{path}" if root and not path.startswith("/") else path


def _current(
    request: Request, settings: Settings, baselines: BaselineSet
) -> tuple[Selection, list[Diagnostic], list[Diagnostic]]:
    """Return what is judged, faults and notes."""
    globs = request.benchmarks
    repeats = Repeats(baselines.profiles, request.baseline)
    if request.expect_shards is not None:
        selection, problems, notes = shards.select_shards(
            request.paths,
            settings,
            baselines=baselines.profiles,
            expected=request.expect_shards,
            every_session=request.every_session,
            foreign=request.foreign,
            repeats=repeats,
        )
        return selection, [*repeats.problems, *problems], [*repeats.notes, *notes]
    if request.current is not None:
        side = inputs.from_path(request.current)
        if side.is_machine_unknown:
            notes = part.describe_part(globs, (p.key for p in (*baselines.profiles, *side.profiles)))
            profiles = part.keep_profiles(globs, side.profiles)
            was = request.baseline if baselines.is_machine_unknown else None
            if was is not None and are_same_percentiles(request.current, was, side.profiles):
                tallies = tally_known(profiles, request.current)
                return Selection(profiles=(), selected=tallies, superseded=(), problems=()), list(side.problems), notes
            return Selection(profiles=profiles, selected=(), superseded=(), problems=()), list(side.problems), notes
        known = repeats.forget(side.profiles, known_runs(baselines.profiles), {request.current})
        collection, faults = inputs.collect_profiles(side.profiles, side.failed, known, (request.current,))
        problems, notes = [*repeats.problems, *side.problems, *faults], [*repeats.notes]
    else:
        collection, problems, notes = inputs.read_runs(
            request.paths,
            settings,
            known=known_runs(baselines.profiles),
            foreign=request.foreign,
            same_session=request.same_session,
            mark=repeats.mark,
            baselines=baselines.profiles,
        )
        problems, notes = [*repeats.problems, *problems], [*repeats.notes, *notes]
    notes += part.describe_part(globs, (*(p.key for p in baselines.profiles), *(s.key for s in collection.seen)))
    if not settings.policy.machine_class:
        collection = adopt_classes(collection, baselines.profiles)
    collection = part.keep_collected(globs, collection)
    fresh = tuple(s for s in collection.seen if s.ok or s.failed)
    if request.current is not None and not request.every_session and (together := find_together(fresh)):
        selection, remarks = _select_together(collection, fresh, together, request.current)
        notes += remarks
    else:
        selection = select(collection, every_batch=request.every_session)
    return selection, [*problems, *selection.problems, *find_legs(selection, request.paths, locate)], notes


def _select_together(
    collection: Collection, fresh: tuple[SessionTally, ...], sessions: Sequence[str], path: str
) -> tuple[Selection, list[Diagnostic]]:
    """Return all sessions of a profile file as current, as those of shards are, and the note that says so."""
    selection = select(replace(collection, seen=fresh), every_batch=False, every_session=True)
    old = tuple(s for s in collection.seen if s not in fresh)
    named = f"its {len(sessions)} sessions ({list_some(sessions, 3)})"
    message = f"{named} were judged together: they are of one commit, not hours apart, and share no benchmark"
    hint = "nothing for the shards of one measuring; else measure all benchmarks in one session"
    remark = note("sessions-together", message, place=path, hint=hint)
    return replace(selection, superseded=(*selection.superseded, *old)), [remark]
