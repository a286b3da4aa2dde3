"""Merge what each job of a matrix measured, if every shard is there exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.collect import (
    Part,
    Selection,
    SessionTally,
    add_failed,
    check_shards,
    merge,
    parts_of,
    select,
)
from perfgate.core.errors import CannotDecideError, Diagnostic, error
from perfgate.core.policy import Policy, digest_of
from perfgate.core.profile import title
from perfgate.core.session_id import SessionId
from perfgate.core.text.names import list_some
from perfgate.core.text.steps import watched
from perfgate.formats.discovery import find
from perfgate.formats.parsing.files import read_bounded
from perfgate.measure.machine import facts
from perfgate.pipeline import inputs
from perfgate.pipeline.classes import adopt_classes
from perfgate.pipeline.failed import count_failed_sessions, find_unmeasured, store_failed, tally_failed
from perfgate.schema.baseline_types import StoredShard
from perfgate.store import baselines as store
from perfgate.store.codec import PROFILE, decode_profile_file, encode_profiles, known_runs, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.collect import Key
    from perfgate.core.profile import Profile
    from perfgate.formats.options import ForeignOptions
    from perfgate.pipeline.check.repeats import Repeats
    from perfgate.pipeline.inputs import Settings

_SLUG = "baseline-unreadable"


def describe_shard(
    seen: Sequence[SessionTally], shard: tuple[int, int], policy: Policy
) -> tuple[StoredShard | None, list[Diagnostic]]:
    """Return what the profile file of a shard says about it, or why it cannot say it.

    Args:
        seen: what was collected.
        shard: which shard of how many.
        policy: the effective configuration.
    """
    named = "{}/{}".format(*shard)
    stated = {s for group in seen for s in group.shards}
    commits = {c or facts.commit() or "" for group in seen for c in group.commits}
    problems = [
        error("shards-differ", f"the input has runs of shard {other}", hint=f"collect only the runs of shard {named}")
        for other in sorted(stated - {"", named})
    ]
    if len(commits) != 1:
        shown = ", ".join(sorted(c[:12] or "unknown" for c in commits))
        message = f"the runs of shard {named} are of more than one commit ({shown})"
        hint = "remove the older runs (perfgate runs list, perfgate runs remove FILE), and collect again"
        problems.append(error("shards-differ", message, hint=hint))
    elif "" in commits:
        message = f"it is not known which commit shard {named} measured"
        problems.append(error("shards-differ", message, hint="set PERFGATE_COMMIT to its full hash"))
    if problems:
        return None, problems
    return StoredShard(index=shard[0], total=shard[1], commit=commits.pop(), rules=digest_of(policy)), []


def merge_profiles(paths: Sequence[str], *, expected: int) -> tuple[tuple[Profile, ...], bytes]:
    """Return the profiles of all shards together, and their profile file.

    Args:
        paths: profile files that the shards collected, folders of them, or globs.
        expected: how many shards there must be, >= 1.

    Raises:
        CannotDecideError: a shard is missing, there twice or not valid, or they do not belong
            together; every fault is reported.
    """
    files, problems = find(paths)
    profiles, failed, faults = _merge_files(files, expected, is_final=True)
    problems += [*faults, *inputs.find_future(s.started_at for p in profiles for s in p.sessions)]
    if problems:
        raise CannotDecideError(problems)
    lost = find_unmeasured(profiles, failed)
    profiles = count_failed_sessions(profiles, failed)
    return profiles, encode_profiles(profiles, failed=store_failed(lost))


def select_shards(
    paths: Sequence[str],
    settings: Settings,
    *,
    baselines: Sequence[Profile],
    expected: int,
    every_session: bool,
    foreign: ForeignOptions | None = None,
    repeats: Repeats | None = None,
) -> tuple[Selection, list[Diagnostic], list[Diagnostic]]:
    """Return what all shards measured, from their run files or from the profile files they collected.

    Each shard is a session of its own, and all of them are current.

    Args:
        paths: as `perfgate check` takes them.
        settings: the configuration.
        baselines: the committed profiles.
        expected: how many shards there must be, >= 1.
        every_session: take every batch as it is.
        foreign: options of files of other tools; None: none.
        repeats: decides which runs count although they are known; None: none does.

    Returns:
        What is judged, faults, and notes.
    """
    known: Mapping[Key, frozenset[str]] = known_runs(tuple(baselines))
    files, unfound = find(paths) if paths else find(settings.policy.runs, settings.root)
    notes: list[Diagnostic] = []
    if files and _is_profile(files[0]):
        profiles, failed, problems = _merge_files(files, expected)
        known = repeats.forget(profiles, known, set(files)) if repeats else known
        collection, faults = inputs.collect_profiles(profiles, failed, known, files)
        problems = [*unfound, *problems, *faults]
    else:
        collection, problems, notes = inputs.read_runs(
            paths,
            settings,
            known=known,
            foreign=foreign,
            mark=repeats.mark if repeats else None,
            baselines=baselines,
        )
        problems += check_shards(parts_of(collection.seen), expected)
    if not settings.policy.machine_class:
        collection = adopt_classes(collection, baselines)
    # Sessions of the baseline alone are not current, whichever shard measured them.
    fresh = tuple(s for s in collection.seen if s.ok or s.failed)
    old = tuple(s for s in collection.seen if not (s.ok or s.failed))
    selection = select(replace(collection, seen=fresh), every_batch=every_session, every_session=True)
    problems += [*selection.problems, *_find_shared_names(selection)]
    return replace(selection, superseded=(*selection.superseded, *old)), problems, notes


def _find_shared_names(selection: Selection) -> list[Diagnostic]:
    """Return an error for each benchmark that several shards measured: the slow one would hide behind the fast one."""
    sessions: dict[Key, dict[str, None]] = {}
    for s in selection.selected:
        name = SessionId.parse(s.session).session
        for shard in s.shards or ("",):
            sessions.setdefault(s.key, {})[f"shard {shard} (session {name})" if shard else f"session {name}"] = None
    return _refuse_shared(sessions)


def _refuse_shared(places: Mapping[Key, Mapping[str, None]]) -> list[Diagnostic]:
    """Return an error for each benchmark that was measured in several places."""
    return [
        error(
            "legs-share-a-name",
            f'"{title(*key)}" was measured by {list_some(sorted(found), 3)}; neither replaces the other',
            hint="name the part that each shard measures: perfgate run --benchmark NAME, or a label",
        )
        for key, found in sorted(places.items())
        if len(found) > 1
    ]


def _is_profile(path: str) -> bool:
    """Is it a profile file? What cannot be read is reported by the reader of runs."""
    try:
        return version_of(read_bounded(path, limit=store.LARGEST, slug=_SLUG)) == PROFILE
    except CannotDecideError:
        return False


def _merge_files(
    files: Sequence[str], expected: int, *, is_final: bool = False
) -> tuple[tuple[Profile, ...], list[SessionTally], list[Diagnostic]]:
    """Return the profiles of shards together, the sessions that only failed, and everything that is wrong with them.

    Args:
        files: one of each shard.
        expected: how many shards there must be, >= 1.
        is_final: does nobody take out the runs of the baseline afterwards, which any shard may hold?
    """
    problems: list[Diagnostic] = []
    parts: list[Part] = []
    contents: list[tuple[str, tuple[Profile, ...]]] = []
    failed: list[SessionTally] = []
    for path in watched(files, "merge", "profile files"):
        try:
            held = decode_profile_file(read_bounded(path, limit=store.LARGEST, slug=_SLUG), path)
        except CannotDecideError as caught:
            problems.extend(caught.diagnostics)
            continue
        contents.append((path, held.profiles))
        failed += tally_failed(held.failed, path)
        parts.append(_part(path, held.profiles, held.shard))
    parts.sort(key=lambda part: (len(part.shard), part.shard))
    problems += check_shards(parts, expected)
    merged, faults = merge(contents)
    if faults:
        return (), [], problems or faults
    if is_final:
        places: dict[Key, dict[str, None]] = {}
        for path, profiles in contents:
            for p in profiles:
                places.setdefault(p.key, {})[path] = None
        problems += _refuse_shared(places)
    merged, failed = add_failed(merged, failed)
    return merged, failed, problems


def _part(path: str, profiles: Sequence[Profile], shard: StoredShard | None) -> Part:
    commits = {s.commit for p in profiles for s in p.sessions if s.commit} | ({shard.commit} if shard else set())
    return Part(
        origin=path,
        shard=f"{int(shard.index)}/{int(shard.total)}" if shard else "",
        commits=tuple(sorted(commits or {""})),
        machine_classes=tuple(sorted({p.machine_class for p in profiles})),
        rules=shard.rules if shard else "",
    )
