"""What the working tree does to the gate of a commit: which files, which values, and how the policy reacts.

The commit's own key ``baseline_changes`` decides the reaction, never the tree's: a
pull request that could allow its own edits would be judged by nobody.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate import config
from perfgate.core.errors import CannotDecideError, Diagnostic, error, note, warning
from perfgate.core.gate_changes import GateChange
from perfgate.core.policy import without_origins
from perfgate.core.profile import title
from perfgate.gate.gate_changes import policy_moves, profile_moves, removal_moves, waiver_moves
from perfgate.gate.removals import NOTHING_REMOVED, Removed
from perfgate.pipeline import inputs
from perfgate.pipeline.drift.references import digest_in, path_in
from perfgate.pipeline.inputs import BaselineSet
from perfgate.report.words import count
from perfgate.store import waivers
from perfgate.store.codec import file_name
from perfgate.store.lost import find_listed
from perfgate.store.rename import continues

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.gate_changes import Edit
    from perfgate.core.policy import Policy
    from perfgate.core.profile import Profile
    from perfgate.gate.removals import Place
    from perfgate.pipeline.inputs import Settings
    from perfgate.store.git import Commit

_MOST_NAMES = 5
_MOVE = "make the edits in a pull request of their own, reviewed by those who own the gate"


class Edits(Struct, frozen=True, kw_only=True):
    """What a change does to its own gate."""

    changes: tuple[GateChange, ...] = ()
    """The files, those that let more pass first."""
    notes: tuple[Diagnostic, ...] = ()
    """What the report says about them."""
    problems: tuple[Diagnostic, ...] = ()
    """Why the commit's configuration refuses them."""
    removed: Removed = NOTHING_REMOVED
    """Which benchmarks it removes on purpose."""
    renamed: tuple[tuple[Place, Place], ...] = ()
    """Baselines that it renames: the old place, and the new one."""


NONE = Edits()
"""Nothing is edited."""


def edits_of(
    ref: str,
    settings: Settings | None,
    reference: Settings,
    sides: tuple[BaselineSet, BaselineSet] | None,
    *,
    is_configured: bool,
) -> Edits:
    """Return what the tree, or another commit, does to the gate of a commit.

    Args:
        ref: names the commit.
        settings: the configuration of the tree; None: its file is gone.
        reference: the commit's, ``BUILT_IN`` when it has none.
        sides: baselines and waivers of the commit and of the tree, as far as they count; None: it is not known
            what the commit holds.
        is_configured: does the commit hold a configuration?
    """
    profiles = tuple(p for side in sides or () for p in side.profiles)
    changes = _configuration(settings, reference, profiles, is_configured=is_configured)
    if sides is not None:
        folder = os.path.normpath(os.path.join(reference.root, reference.policy.baselines))
        changes += [*_baselines(folder, *sides), *_waivers(folder, *sides), *_inputs(reference, *sides)]
    changes.sort(key=lambda c: (c.kind != "configuration", not c.is_laxer))
    reaction = (reference.policy if is_configured else config.BUILT_IN).baseline_changes
    edits = react_to(tuple(changes), reaction, f"judged by {'those' if len(changes) > 1 else 'that'} of {ref}")
    if sides is None:
        return edits
    return replace(edits, removed=_removed(ref, *sides), renamed=_renamed(*sides))


def _removed(ref: str, base: BaselineSet, tree: BaselineSet) -> Removed:
    """Return what the tree removes on purpose; where a part of it cannot be read, no file counts as removed."""
    was, now = ({_place(p) for p in side.profiles} for side in (base, tree))
    removals = {entry.benchmark: entry for side in (base, tree) for entry in side.removals}
    absent = set() if tree.problems else was - now
    listed = find_listed([_file(place) for place in absent])
    return Removed(
        deleted=frozenset(place for place in absent if _file(place) not in listed),
        unrecorded=frozenset(place for place in absent if _file(place) in listed),
        added=frozenset(now - was),
        removals=tuple(removals.values()),
        ref=ref,
    )


def _renamed(base: BaselineSet, tree: BaselineSet) -> tuple[tuple[Place, Place], ...]:
    """Return the baselines of the commit that the tree holds under another name."""
    was, now = ({_place(p): p for p in side.profiles} for side in (base, tree))
    added = [p for place, p in now.items() if place not in was]
    by_session: dict[tuple[str, str], list[Profile]] = {}
    for p in added:
        for s in p.sessions:
            by_session.setdefault((p.machine_class, s.id), []).append(p)
    found: dict[Place, Place] = {}
    for place, old in was.items():
        beside = [p for s in old.sessions for p in by_session.get((place[0], s.id), [])] if place not in now else []
        new = next((p for p in beside if _place(p) not in found.values() and continues(p, old)), None)
        if new is not None:
            found[place] = _place(new)
    return tuple(found.items())


def _place(profile: Profile) -> Place:
    return profile.machine_class, profile.key


def _file(place: Place) -> str:
    return f"{place[0]}/{file_name(*place[1])}"


def sides_of_check(reference: Settings, base: BaselineSet) -> tuple[BaselineSet, BaselineSet] | None:
    """Return baselines and waivers of a commit and of the working tree; None where the commit's are not certain."""
    if base.problems:
        return None
    tree = inputs.from_folder(os.path.join(reference.root, reference.policy.baselines))
    return base, replace(tree, inputs=digest_in(reference))


def sides_of_comparison(base: Commit, head: Commit | None, reference: Settings) -> tuple[BaselineSet, BaselineSet]:
    """Return the waivers of a commit and of what is compared with it: no baseline is judged there.

    Args:
        base: the commit, seen from the folder of the configuration.
        head: the other commit, likewise; None: the working tree.
        reference: the configuration that says where the waivers are.

    Raises:
        CannotDecideError: the waivers of the base are not valid, or cannot be read for certain.
    """
    reviewed = inputs.waivers_of(base, reference)
    was = BaselineSet(source="", profiles=(), waivers=reviewed.waivers, removals=reviewed.removals)
    folder = os.path.join(reference.root, reference.policy.baselines)
    try:
        now = inputs.waivers_of(head, reference) if head is not None else inputs.waivers_in(folder)
    except CannotDecideError as caught:
        place = os.path.join(folder, waivers.NAME)
        return was, BaselineSet(
            source="", profiles=(), problems=tuple(d._replace(place=place) for d in caught.diagnostics)
        )
    return was, BaselineSet(source="", profiles=(), waivers=now.waivers, removals=now.removals)


def react_to(changes: tuple[GateChange, ...], reaction: str, judged: str) -> Edits:
    """Return edits with the diagnostics that the policy wants.

    Args:
        changes: what is edited.
        reaction: the key ``baseline_changes`` of the commit that does not have the edits.
        judged: by what the check judges, in words.
    """
    if not changes:
        return NONE
    message = f"this change edits the gate itself: {', '.join(_parts(changes))}; {judged}"
    hint = "review the edits as you would review code"
    if reaction == "refuse":
        refused = f'{message}, which has baseline_changes = "refuse"'
        return Edits(changes=changes, problems=(error("gate-edit-refused", refused, hint=_MOVE),))
    if reaction == "allow":
        return Edits(changes=changes, notes=(note("gate-edit-allowed", message, hint=hint),))
    return Edits(changes=changes, notes=(warning("gate-edited", message, hint=hint),))


def _parts(changes: Sequence[GateChange]) -> list[str]:
    """Return what was edited, in words."""
    parts = ["the configuration"] if any(c.kind == "configuration" for c in changes) else []
    for kind in ("baseline", "golden"):
        edited = [c for c in changes if c.kind == kind]
        if edited:
            names = sorted({c.name or os.path.basename(c.path) for c in edited})
            more = ", …" if len(names) > _MOST_NAMES else ""
            noun = count(len(edited), "baseline" if kind == "baseline" else "golden file")
            parts.append(f"{noun} ({', '.join(names[:_MOST_NAMES])}{more})")
    parts += ["the reference of the inputs"] * any(c.kind == "inputs" for c in changes)
    return parts + ["the waivers"] * any(c.kind == "waivers" for c in changes)


def _configuration(
    settings: Settings | None, reference: Settings, profiles: Sequence[Profile], *, is_configured: bool
) -> list[GateChange]:
    """Return the configuration when that of the tree, which may have none, is not the one of the commit."""
    has_own = settings is not None and settings.policy.source != config.BUILT_IN.source
    now = settings.policy if settings is not None and has_own else config.BUILT_IN
    was = reference.policy if is_configured else config.BUILT_IN
    is_moved = settings is not None and has_own and is_configured and settings.root != reference.root
    if has_own == is_configured and not is_moved and without_origins(now) == without_origins(was):
        return []
    edit: Edit = "changed" if has_own == is_configured else "added" if has_own else "removed"
    path = _in_tree(now if has_own else was)
    moves = policy_moves(was, now, profiles)
    return [GateChange(kind="configuration", edit=edit, path=path, name="", machine_class="", moves=moves)]


def _in_tree(policy: Policy) -> str:
    """Return the path of a configuration in the tree, also when it was read from a commit."""
    return policy.source.partition(":")[2] or policy.source


def _baselines(folder: str, base: BaselineSet, tree: BaselineSet) -> list[GateChange]:
    """Return the baselines that differ."""
    was = {(p.machine_class, p.key): p for p in base.profiles}
    now = {(p.machine_class, p.key): p for p in tree.profiles}
    faulty = _faulty(tree)
    changes = []
    for place in sorted({*was, *now}):
        before, after = was.get(place), now.get(place)
        if before == after:
            continue
        path = os.path.join(folder, place[0], file_name(*place[1]))
        edit: Edit = "changed" if before and after else "added" if after else "removed"
        if path in faulty:
            edit = "unreadable"
            faulty.remove(path)
        moves = profile_moves(before, after) if before and after else ()
        changes.append(
            GateChange(
                kind="baseline", edit=edit, path=path, name=title(*place[1]), machine_class=place[0], moves=moves
            )
        )
    return changes + [
        GateChange(kind="baseline", edit="unreadable", path=path, name="", machine_class="", moves=())
        for path in faulty
        if os.path.basename(path) != waivers.NAME
    ]


def _inputs(reference: Settings, base: BaselineSet, tree: BaselineSet) -> list[GateChange]:
    """Return the reference of the inputs when it differs; by how much no number says."""
    if base.inputs == tree.inputs:
        return []
    edit: Edit = "changed" if base.inputs and tree.inputs else "added" if tree.inputs else "removed"
    path = os.path.normpath(os.path.join(reference.root, path_in(reference.policy)))
    return [GateChange(kind="inputs", edit=edit, path=path, name="", machine_class="", moves=())]


def _faulty(tree: BaselineSet) -> list[str]:
    """Return the files of the tree that cannot be read."""
    return sorted({os.path.normpath(d.place.partition(": ")[0]) for d in tree.problems})


def _waivers(folder: str, base: BaselineSet, tree: BaselineSet) -> list[GateChange]:
    """Return the file of the waivers when it differs."""
    path = os.path.join(folder, waivers.NAME)
    moves = (*removal_moves(base.removals, tree.removals), *waiver_moves(base.waivers, tree.waivers))
    is_faulty = path in _faulty(tree)
    if not moves and not is_faulty:
        return []
    before, after = (bool(side.waivers or side.removals) for side in (base, tree))
    edit: Edit = "changed" if before and after else "added" if after else "removed"
    if is_faulty:
        edit, moves = "unreadable", ()
    return [GateChange(kind="waivers", edit=edit, path=path, name="", machine_class="", moves=moves)]
