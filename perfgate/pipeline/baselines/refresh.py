"""Refresh, show, list and compare baselines."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.collect import Selection, find_legs, select
from perfgate.collect.series import ONE_KIND
from perfgate.core.comparability import find_flaws
from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.policy import NO_BASELINES, matches
from perfgate.core.profile import Profile, title
from perfgate.core.reasons import hint_for
from perfgate.core.text.names import list_some
from perfgate.core.text.steps import watched
from perfgate.measure.machine.ci import locate
from perfgate.pipeline import inputs
from perfgate.pipeline.baselines.improved import find_unjudged, improved_places, read_improved
from perfgate.pipeline.classes import adopt_classes
from perfgate.pipeline.diagnostics import COMMIT_ONE
from perfgate.pipeline.failed import find_only_failed
from perfgate.pipeline.verdicts import hint_for_failed, report_joins
from perfgate.store import lock
from perfgate.store.baselines import Baselines, load
from perfgate.store.codec import encode_baseline, file_name, known_runs
from perfgate.store.refresh import REPLACE, Refreshed, keep_newest, refresh
from perfgate.store.transaction import sweep_all, write_baselines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfgate.collect import Collection, Key, SessionTally
    from perfgate.core.comparability import Mismatch
    from perfgate.core.policy import Policy
    from perfgate.formats.options import ForeignOptions
    from perfgate.store.refresh import Move

_MOST = 3
"""Runs of a method, or sessions, that an error names."""


class Plan(Struct, frozen=True, kw_only=True):
    """What a refresh will write."""

    root: str
    """Folder of the configuration."""
    folder: str
    """Folder of the baselines."""
    files: Mapping[str, Mapping[str, bytes | None]]
    """Machine class -> file name -> content, None for a file that goes; only what changes."""
    moves: tuple[Move, ...]
    """p50 before and after, of every benchmark that changes."""
    unchanged: int
    """Baselines that gain nothing."""
    left: int
    """Runs that newer ones replace."""
    failed: tuple[str, ...] = ()
    """What was left out because every run of it failed, and what to do about it."""
    warnings: tuple[Diagnostic, ...] = ()
    """What to know of the runs that are taken in."""

    def write(self) -> list[str]:
        """Write the files and return their paths; the caller is `alone`.

        Raises:
            CannotDecideError: they cannot be written; every baseline is as it was.
        """
        sweep_all(self.folder)
        try:
            write_baselines(self.folder, self.files, root=self.root)
        except OSError as caught:
            place = os.path.join(self.folder, *self.files) if len(self.files) == 1 else self.folder
            message = f"cannot be written ({caught.strerror or caught}); no baseline was changed"
            hint = "check the disk and the permissions"
            raise cannot_decide("baseline-unwritable", message, place=place, hint=hint) from None
        return [os.path.join(self.folder, c, name) for c, files in sorted(self.files.items()) for name in sorted(files)]


@contextlib.contextmanager
def refresh_lock(config: str | None) -> Iterator[None]:
    """Keep other refreshes of these baselines out, from planning to writing.

    Two that plan from the same old baselines would each write without the other's
    sessions, and sweep away what the other is working on. Held is the folder of the
    configuration; and the one around the baselines, where another configuration may
    point, too.

    Args:
        config: configuration file; None: look for one.

    Raises:
        CannotDecideError: another refresh does not end, or the configuration is not valid.
    """
    settings = inputs.read_settings(config)
    around = os.path.dirname(os.path.realpath(os.path.join(settings.root, settings.policy.baselines)))
    with contextlib.ExitStack() as stack:
        for folder in sorted(
            {os.path.realpath(settings.root or "."), around}
        ):  # in one order, or two could block each other
            stack.enter_context(lock.refresh_lock(inputs.shown(folder)))
        yield


def _folder_of(settings: inputs.Settings) -> str:
    """Return the folder of the baselines.

    Raises:
        CannotDecideError: the configuration says that there is none.
    """
    if settings.policy.baselines == NO_BASELINES:
        message = f'baselines = "{NO_BASELINES}": there is no folder to write to'
        raise cannot_decide("config-invalid", message, place=settings.policy.source, hint='baselines = "baselines"')
    return os.path.join(settings.root, settings.policy.baselines)


def plan_refresh(
    paths: Sequence[str],
    *,
    config: str | None,
    machine_class: str,
    replace_old: bool,
    keep: int,
    reason: str,
    every_session: bool,
    benchmarks: Sequence[str],
    foreign: ForeignOptions | None = None,
    same_session: bool = False,
    improved_by: str | None = None,
) -> Plan:
    """Return what a refresh will write; nothing is written yet. Writing needs `refresh_lock` around both.

    Args:
        paths: run files; empty: the configured ones.
        config: configuration file; None: look for one.
        machine_class: given by hand; empty: the runs' own.
        replace_old: start the baselines anew from the newest session.
        keep: newest sessions to keep.
        reason: why; wanted when a gated value gets worse by more than its threshold.
        every_session: take every session and batch as it is.
        benchmarks: globs; empty: all.
        foreign: what was said about files of other tools; None: nothing.
        same_session: take all runs as those of one session.
        improved_by: a check's ``report.json``; what it says improved starts anew from the newest session.

    Raises:
        CannotDecideError: runs failed, do not fit the baseline, or loosen it without a reason.
    """
    settings = inputs.read_settings(config, machine_class=machine_class)
    judged = read_improved(improved_by) if improved_by is not None else None
    improved = improved_places(judged) if judged else frozenset()
    old = load(_folder_of(settings))
    if old.problems:
        raise CannotDecideError(old.problems)
    known = {} if replace_old and every_session else known_runs(old.profiles, unnamed=replace_old)
    collection, problems, _ = inputs.read_runs(
        paths, settings, known=known, foreign=foreign, same_session=same_session, baselines=old.profiles
    )
    if not settings.policy.machine_class:
        collection = adopt_classes(collection, old.profiles)
    collection = _only(collection, benchmarks, problems)
    selection = select(collection, every_batch=every_session, every_session=not replace_old)
    legs = find_legs(selection, paths, locate, among_selected=not every_session)
    only_failed = find_only_failed(selection, old.profiles, settings.policy)
    left_out = [s for s, is_left_out in only_failed if is_left_out]
    problems += [*selection.problems, *legs, *_refuse(selection, settings.policy, left_out)]
    problems += find_unjudged(improved_by, judged, selection.profiles, old.profiles) if improved_by and judged else []
    if problems:
        raise CannotDecideError(problems)
    refreshed = [
        refresh(was, now, settings.policy, replace_old=anew, keep=keep, tool=inputs.TOOL, reason=reason)
        for was, now, anew in _starts(_pairs(old, selection), improved, replace_old=replace_old)
    ]
    plan = _plan(settings.root, old, refreshed, reason=reason, left=selection.superseded_runs())
    failed = tuple(f'every run of "{title(*s.key)}" failed: {hint_for_failed(s)}' for s in left_out)
    return replace(plan, failed=failed, warnings=tuple(report_joins(selection)))


def _only(collection: Collection, benchmarks: Sequence[str], problems: list[Diagnostic]) -> Collection:
    """Return the part of a collection that globs name."""
    if not benchmarks:
        return collection
    hint = "perfgate collect lists them"
    problems += [
        error("runs-none", f'no run is of a benchmark "{glob}"', place="--benchmark", hint=hint)
        for glob in benchmarks
        if not any(_is_named(s.key, [glob]) for s in collection.seen)
    ]
    return replace(
        collection,
        profiles=tuple(p for p in collection.profiles if _is_named(p.key, benchmarks)),
        seen=tuple(s for s in collection.seen if _is_named(s.key, benchmarks)),
    )


def _is_named(key: Key, globs: Sequence[str]) -> bool:
    return any(matches(glob, key[0], title(*key)) for glob in globs)


def _refuse(selection: Selection, policy: Policy, left_out: Sequence[SessionTally]) -> list[Diagnostic]:
    """Return why runs must not become a baseline: they failed, or no check could judge a baseline of them."""
    apart = {s.key for s in left_out}
    problems = [
        error(
            "runs-failed",
            f'{s.failed} runs of "{title(*s.key)}" failed: only good runs make a baseline',
            hint=hint_for_failed(s),
        )
        for s in selection.selected
        if s.failed and s.key not in apart
    ]
    tallies: dict[tuple[str, Key], list[SessionTally]] = {}
    for s in selection.selected:
        tallies.setdefault((s.machine_class, s.key), []).append(s)
    for profile in selection.profiles:
        sessions = tallies.get((profile.machine_class, profile.key), [])
        problems += [_explain_flaw(flaw, profile, sessions) for flaw in find_flaws(profile, policy)]
    return problems


def _explain_flaw(flaw: Mismatch, profile: Profile, sessions: Sequence[SessionTally]) -> Diagnostic:
    """Return a flaw of runs as an error that names the runs, and says how to get a baseline that can be judged."""
    details, hint = "", hint_for(flaw.slug).replace("`", "")
    if flaw.slug in {"source-differs", "counted-elsewhere"}:
        details = _list_methods(flaw.metric, sessions)
        newest = max(sessions, key=lambda s: (s.started_at, s.session))
        hint = f"take the newest session alone: {REPLACE}"
        if len(sessions) == 1 or len({m.source for m in newest.methods if m.metric == flaw.metric} - {""}) != 1:
            hint = f"remove the runs of all methods but one, or measure again by one method; then: {REPLACE}"
    elif flaw.slug == "sessions-disagree":
        details = "; ".join(f"{', '.join(f'{r:,}' for r in s.rows_used)} in {s.id}" for s in profile.sessions[-_MOST:])
        hint = f'take the newest session alone: {REPLACE}; or set workload = "rate"'
    elif flaw.slug == "kinds-differ":
        hint = f"{ONE_KIND}; or take the newest session alone: {REPLACE}"
    return flaw.as_error(title(*profile.key), hint, details=details)


def _list_methods(metric: str, sessions: Sequence[SessionTally]) -> str:
    """Return the runs by the method of a metric, a long list cut; empty when the runs are not known."""
    by_source: dict[str, list[str]] = {}
    for m in (m for s in sessions for m in s.methods if m.metric == metric):
        by_source.setdefault(m.source, []).extend(m.run_ids)
    lists = []
    for source, run_ids in sorted(by_source.items()):
        lists.append(f"{source or 'unknown'} in {list_some(sorted(run_ids), _MOST)}")
    return "; ".join(lists)


def _starts(
    pairs: Sequence[tuple[Profile | None, Profile | None]], improved: frozenset[tuple[str, Key]], *, replace_old: bool
) -> Iterator[tuple[Profile | None, Profile | None, bool]]:
    """Yield each pair and whether it starts anew; what improved does, from its newest session alone."""
    for was, now in watched(pairs, "refresh", "baselines compared"):
        if now and (now.machine_class, now.key) in improved:
            yield was, keep_newest(now, 1), True
        else:
            yield was, now, replace_old


def _pairs(old: Baselines, selection: Selection) -> list[tuple[Profile | None, Profile | None]]:
    """Return each benchmark's baseline with the runs that it lacks."""
    was = {(p.machine_class, p.key): p for p in old.profiles}
    now = {(p.machine_class, p.key): p for p in selection.profiles}
    outdated = {(p.machine_class, p.key) for p in old.profiles if (p.machine_class, file_name(*p.key)) in old.outdated}
    return [(was.get(place), now.get(place)) for place in sorted({*now, *outdated})]


def _plan(root: str, old: Baselines, refreshed: Sequence[Refreshed], *, reason: str, left: int) -> Plan:
    problems = [p for r in refreshed for p in r.problems]
    files: dict[str, dict[str, bytes]] = {}
    moves: list[Move] = []
    for r in refreshed:
        name = file_name(*r.profile.key)
        if r.changed or (r.profile.machine_class, name) in old.outdated:
            files.setdefault(r.profile.machine_class, {})[name] = encode_baseline(r.profile)
            moves += r.moves
    loosened = [m for m in moves if m.loosens]
    if loosened and not reason:
        problems.append(_needs_reason(loosened))
    if problems:
        raise CannotDecideError(problems)
    written = sum(len(f) for f in files.values())
    return Plan(
        root=root,
        folder=old.source,
        files=files,
        moves=tuple(moves),
        unchanged=len(old.profiles) - min(written, len(old.profiles)),
        left=left,
    )


def _needs_reason(moves: Sequence[Move]) -> Diagnostic:
    """Return the one error for all values that a refresh would loosen.

    Args:
        moves: of these values, at least one.
    """
    from perfgate.report.words import amount, percent  # only for this message

    details = []
    for move in moves:
        if move.old is None or move.new is None:
            change = "would no longer be in the baseline"
        else:
            was, now = amount(move.old, move.unit, beside=move.new), amount(move.new, move.unit, beside=move.old)
            change = f"{was} -> {now} ({percent(move.new / move.old - 1) if move.old else 'from zero'})"
        details.append(f"{move.benchmark} {move.metric}: {change}")
    fault = error(
        "refresh-loosens",
        "the new runs are worse than the baseline by more than the threshold: a refresh loosens the gate",
        hint="noise (adds a session, keeps the others): perfgate baseline refresh --reason '...'; or a real change "
        "(starts anew, drops the others): perfgate baseline refresh --replace --reason '...'",
    )
    return fault._replace(details=tuple(details))


def policy_and_baselines(config: str | None, machine_class: str = "") -> tuple[Policy, Baselines]:
    """Return the configuration and the committed baselines.

    Raises:
        CannotDecideError: one of them is not valid, or there is no baseline.
    """
    settings = inputs.read_settings(config, machine_class=machine_class)
    found = load(os.path.join(settings.root, settings.policy.baselines))
    if found.problems:
        raise CannotDecideError(found.problems)
    if not found.profiles:
        raise cannot_decide("no-baseline", "there is no baseline", place=found.source, hint=COMMIT_ONE)
    return settings.policy, found
