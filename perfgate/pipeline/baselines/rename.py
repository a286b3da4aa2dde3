"""Rename: a baseline under another name, with all its sessions, so that a renamed benchmark keeps its history."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.policy import NO_BASELINES
from perfgate.core.profile import Profile, title
from perfgate.pipeline import inputs
from perfgate.pipeline.baselines.refresh import Plan
from perfgate.pipeline.baselines.show import pick
from perfgate.report.words import count
from perfgate.store.baselines import load
from perfgate.store.codec import encode_baseline, file_name
from perfgate.store.git import Commit
from perfgate.store.refresh import find_mismatches, merge_sessions
from perfgate.store.rename import renamed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.run import Labels
    from perfgate.pipeline.inputs import Settings


class RenamePlan(Struct, frozen=True, kw_only=True):
    """What a rename will write."""

    plan: Plan
    """The files."""
    lines: tuple[str, ...]
    """Each baseline that is renamed, in words."""
    mentions: tuple[str, ...]
    """What still names the benchmark as before: rules, budgets, waivers."""


def plan_rename(
    old: str, new: str, *, config: str | None, ref: str | None, join: bool, labels: Sequence[str] | None = None
) -> RenamePlan:
    """Return what a rename will write; nothing is written yet. Writing needs `refresh_lock` around both.

    Args:
        old: name of the benchmark, with its labels or without: then all of them are renamed.
        new: the name that it has now.
        config: configuration file; None: look for one.
        ref: commit that holds the old baseline; None: the folder does.
        join: add the sessions to the baseline that the new name has already.
        labels: those of the new name, each ``key=value``; None: the old one's, or those that the new name writes.

    Raises:
        CannotDecideError: there is no such baseline, the new name has one, or a name cannot be used.
    """
    settings = inputs.read_settings(config)
    if settings.policy.baselines == NO_BASELINES:
        message = f'baselines = "{NO_BASELINES}": there is no baseline to rename'
        raise cannot_decide("config-invalid", message, place=settings.policy.source, hint='baselines = "baselines"')
    present = load(os.path.join(settings.root, settings.policy.baselines))
    if present.problems:
        raise CannotDecideError(present.problems)
    known = {(p.machine_class, p.key): p for p in present.profiles}
    problems: list[Diagnostic] = []
    files: dict[str, dict[str, bytes | None]] = {}
    lines = []
    chosen = None if labels is None else _labels_of(labels)
    pairs = [(was, _renamed(was, new, chosen)) for was in _named(old, _source(settings, present.profiles, ref))]
    _refuse_one_target(pairs, new)
    for was, now in pairs:
        there = known.get((now.machine_class, now.key))
        written = now
        if there is not None:
            problems += _refuse(there, now, settings, join=join)
            written = replace(merge_sessions(now, there), provenance=there.provenance)
        contents = files.setdefault(was.machine_class, {})
        if (was.machine_class, was.key) in known:
            contents[file_name(*was.key)] = None
        contents[file_name(*now.key)] = encode_baseline(written)
        held = count(len(written.sessions), "session")
        lines.append(f"{title(*was.key)} -> {title(*now.key)} ({was.machine_class}, {held})")
    if problems:
        raise CannotDecideError(problems)
    plan = Plan(root=settings.root, folder=present.source, files=files, moves=(), unchanged=0, left=0)
    return RenamePlan(plan=plan, lines=tuple(lines), mentions=_mentions(old, settings))


def _source(settings: Settings, present: Sequence[Profile], ref: str | None) -> Sequence[Profile]:
    """Return the baselines among which the old name is looked up."""
    if ref is None:
        return present
    side = inputs.from_commit(Commit(ref, settings.root or "."), settings)
    if side.problems:
        raise CannotDecideError(side.problems)
    return side.profiles


def _named(old: str, profiles: Sequence[Profile]) -> Sequence[Profile]:
    """Return the baselines of a benchmark: a name written out in full means itself, and no pattern several names."""
    exact = [p for p in profiles if title(*p.key) == old]
    if exact or (bare := [p for p in profiles if p.benchmark == old]):
        return exact or bare
    pick(profiles, old)  # says which name is meant when there is none like it
    hint = "write the name out, as perfgate baseline list prints it"
    raise cannot_decide("benchmark-unknown", f'there is no benchmark "{old}"', hint=hint)


def _labels_of(given: Sequence[str]) -> Labels:
    """Return labels, sorted as in a profile.

    Raises:
        CannotDecideError: one of them is no ``key=value``, or two have one key.
    """
    found = {key: value for key, mark, value in (label.partition("=") for label in given) if mark and key and value}
    if len(found) != len(given) or not all(label.isprintable() for label in given):
        message = f"labels are KEY=VALUE, each key once; got {', '.join(given)}"
        raise cannot_decide("usage", message, place="--label", hint="perfgate baseline rename --help")
    return tuple(sorted(found.items()))


def _renamed(was: Profile, new: str, labels: Labels | None) -> Profile:
    """Return a baseline under its new name.

    Raises:
        CannotDecideError: the name cannot be used.
    """
    now = None
    if new and new.strip() == new and new.isprintable():
        now = renamed(was, new) if labels is None else replace(was, benchmark=new, labels=labels)
    if now is None:
        hint = f"write the bare name, which keeps the labels of {title(*was.key)}" if was.labels else "write one name"
        raise cannot_decide("usage", f'"{new}" cannot be the new name of "{title(*was.key)}"', place="NEW", hint=hint)
    if now.key == was.key:
        raise cannot_decide("usage", "both names are the same", place="NEW", hint="perfgate baseline rename --help")
    return now


def _refuse_one_target(pairs: Sequence[tuple[Profile, Profile]], new: str) -> None:
    """Refuse several baselines that would become one: all but the last would be lost.

    Raises:
        CannotDecideError: two of them would have one name.
    """
    taken: dict[tuple[object, ...], Profile] = {}
    for was, now in pairs:
        first = taken.setdefault((now.machine_class, now.key), was)
        if first is not was:
            one = title(*first.key)
            message = f'"{one}" and "{title(*was.key)}" would both become "{title(*now.key)}"'
            guard = ["--"] if "-" in (one[0], new[0]) else []
            hint = "name one of them: " + shlex.join(["perfgate", "baseline", "rename", *guard, one, new])
            raise cannot_decide("usage", message, place="OLD", hint=hint)


def _refuse(there: Profile, now: Profile, settings: Settings, *, join: bool) -> list[Diagnostic]:
    """Return why a baseline cannot be renamed to a name that has one."""
    name = title(*now.key)
    if not join:
        message = f'"{name}" has a baseline already'
        hint = "--join adds the sessions of the old name to it; or remove its file first"
        return [error("baseline-exists", message, place=f"{there.machine_class}/{file_name(*there.key)}", hint=hint)]
    hint = "remove the file of the new name first"
    return [m.as_error(name, hint) for m in find_mismatches(now, there, settings.policy)]


def _mentions(old: str, settings: Settings) -> tuple[str, ...]:
    """Return what still names the benchmark by its old name alone."""
    policy = settings.policy
    waivers = inputs.waivers_in(os.path.join(settings.root, policy.baselines)).waivers
    entries = [(e.origin, e.benchmark) for e in policy.rules]
    entries += [(e.origin, e.benchmark) for e in policy.budgets]
    entries += [(e.origin, e.benchmark) for e in waivers]
    named = [origin for origin, benchmark in entries if benchmark == old]
    return (*named, *(f"exclude ({policy.source})" for glob in policy.exclude if glob.partition(":")[0] == old))
