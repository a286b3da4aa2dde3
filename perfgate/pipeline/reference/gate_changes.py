"""What the working tree does to the gate of a commit: which files, which values, and what that amounts to.

The commit's own key ``baseline_changes`` says what it amounts to, never the tree's: a
pull request that could allow its own edits would be judged by nobody.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate import config
from perfgate.core.errors import Diagnostic, error, note, warning
from perfgate.core.gate_changes import GateChange
from perfgate.core.policy import bare
from perfgate.core.profile import title
from perfgate.gate.gate_changes import policy_moves, profile_moves, waiver_moves
from perfgate.pipeline import inputs
from perfgate.store import waivers
from perfgate.store.codec import file_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.gate_changes import Edit
    from perfgate.core.policy import Policy
    from perfgate.core.profile import Profile
    from perfgate.pipeline.inputs import Settings, Side

_MOST_NAMES = 5
_MOVE = "make the edits in a pull request of their own, reviewed by those who own the gate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What a change does to its own gate."""

    changes: tuple[GateChange, ...] = ()
    """The files, those that let more pass first."""
    notes: tuple[Diagnostic, ...] = ()
    """What a reader is told."""
    problems: tuple[Diagnostic, ...] = ()
    """Why the commit's configuration refuses them."""


NONE = Edits()
"""Nothing is edited."""


def edits_of(ref: str, own: Settings | None, there: Settings, base: Side | None, *, is_configured: bool) -> Edits:
    """Return what the tree, or another commit, does to the gate of a commit.

    Args:
        ref: names the commit.
        own: the configuration of the tree; None: its file is gone.
        there: the commit's, ``BUILT_IN`` when it has none.
        base: the commit's baselines; None: they do not count.
        is_configured: does the commit hold a configuration?
    """
    tree = None
    if base is not None and not base.problems:  # else it is not known what the commit holds
        tree = inputs.from_folder(os.path.join(there.root, there.policy.baselines))
    profiles = (*(base.profiles if base else ()), *(tree.profiles if tree else ()))
    changes = _configuration(own, there, profiles, is_configured=is_configured)
    if base is not None and tree is not None:
        folder = os.path.normpath(os.path.join(there.root, there.policy.baselines))
        changes += [*_baselines(folder, base, tree), *_waivers(folder, base, tree)]
    changes.sort(key=lambda c: (c.kind != "configuration", not c.is_laxer))
    return _amounting(ref, tuple(changes), (there.policy if is_configured else config.BUILT_IN).baseline_changes)


def _amounting(ref: str, changes: tuple[GateChange, ...], reaction: str) -> Edits:
    """Return edits with what they amount to."""
    if not changes:
        return NONE
    message = f"this change edits the gate itself: {', '.join(_parts(changes))}"
    message += f"; judged by {'those' if len(changes) > 1 else 'that'} of {ref}"
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
    edited = [c for c in changes if c.kind == "baseline"]
    if edited:
        names = sorted({c.name or os.path.basename(c.path) for c in edited})
        more = ", …" if len(names) > _MOST_NAMES else ""
        noun = "baseline" if len(edited) == 1 else "baselines"
        parts.append(f"{len(edited):,} {noun} ({', '.join(names[:_MOST_NAMES])}{more})")
    return parts + ["the waivers"] * any(c.kind == "waivers" for c in changes)


def _configuration(
    own: Settings | None, there: Settings, profiles: Sequence[Profile], *, is_configured: bool
) -> list[GateChange]:
    """Return the configuration when that of the tree, which may have none, is not the one of the commit."""
    has_own = own is not None and own.policy.source != config.BUILT_IN.source
    now = own.policy if own is not None and has_own else config.BUILT_IN
    was = there.policy if is_configured else config.BUILT_IN
    is_moved = own is not None and has_own and is_configured and own.root != there.root
    if has_own == is_configured and not is_moved and bare(now) == bare(was):
        return []
    edit: Edit = "changed" if has_own == is_configured else "added" if has_own else "removed"
    path = _in_tree(now if has_own else was)
    moves = policy_moves(was, now, profiles)
    return [GateChange(kind="configuration", edit=edit, path=path, name="", machine_class="", moves=moves)]


def _in_tree(policy: Policy) -> str:
    """Return the path of a configuration in the tree, also when it was read from a commit."""
    return policy.source.partition(":")[2] or policy.source


def _baselines(folder: str, base: Side, tree: Side) -> list[GateChange]:
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
        )  # fmt: skip
    return changes + [
        GateChange(kind="baseline", edit="unreadable", path=path, name="", machine_class="", moves=())
        for path in faulty
        if os.path.basename(path) != waivers.NAME
    ]


def _faulty(tree: Side) -> list[str]:
    """Return the files of the tree that cannot be read."""
    return sorted({os.path.normpath(d.place.partition(": ")[0]) for d in tree.problems})


def _waivers(folder: str, base: Side, tree: Side) -> list[GateChange]:
    """Return the file of the waivers when it differs."""
    path = os.path.join(folder, waivers.NAME)
    moves = waiver_moves(base.waivers, tree.waivers)
    is_faulty = path in _faulty(tree)
    if not moves and not is_faulty:
        return []
    edit: Edit = "changed" if base.waivers and tree.waivers else "added" if tree.waivers else "removed"
    if is_faulty:
        edit, moves = "unreadable", ()
    return [GateChange(kind="waivers", edit=edit, path=path, name="", machine_class="", moves=moves)]
