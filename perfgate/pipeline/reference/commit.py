"""The gate of another commit: where it lies there, what it says, and whether the working tree edits it.

A pull request decides what is in its own tree. So nothing of that tree may decide where
the gate of the other commit is looked for: it is searched for in the commit.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from perfgate import config
from perfgate.core.errors import Diagnostic, warning
from perfgate.pipeline import inputs
from perfgate.pipeline.inputs import Settings, Side
from perfgate.pipeline.reference.gate_changes import (
    NONE,
    Edits,
    edits_of,
    sides_of_check,
    sides_of_comparison,
)
from perfgate.store.git import Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a check judges by, all from one commit."""

    here: Settings
    """The configuration, and the folder in the working tree that its runs are relative to."""
    base: Side
    """The baselines."""
    edits: Edits = NONE
    """What the working tree does to the gate."""


def gate_of(ref: str, *, given: str | None, machine_class: str) -> Gate:
    """Return the gate of a commit.

    Its configuration is looked for in the commit, from the working directory upward; the
    folder that holds it is the root of everything. Without one, the baselines are looked
    for likewise, at last in the folder that the tree's own configuration names. Only a
    commit that holds neither lets a change introduce the gate.

    Args:
        ref: names the commit.
        given: a configuration file given by hand, read from the commit; None: look for one.
        machine_class: given by hand; empty: the configuration's.

    Raises:
        CannotDecideError: it is not certain what the commit holds.
    """
    own = _own(given)
    views = _views(ref, given)
    there = _configured(views, given)
    if there is not None:
        view, here = there
        base = inputs.from_commit(view, here)
        edits = edits_of(ref, own, here, sides_of_check(here, base), is_configured=True)
    else:
        own = own or inputs.settings(given)  # neither the tree nor the commit has the file: an error
        candidates = [(view, Settings(policy=config.BUILT_IN, root=root)) for view, root in views]
        candidates.append((Commit(ref, own.root or "."), own))
        found = next((c for c in ((s, inputs.from_commit(v, s)) for v, s in candidates) if _holds_any(c[1])), None)
        if found is None:
            base = replace(inputs.from_commit(*candidates[-1]), introduces=True)
            return Gate(here=_with_class(own, machine_class), base=base)
        here, base = found
        edits = edits_of(ref, own, here, sides_of_check(here, base), is_configured=False)
        here = replace(here, policy=config.BUILT_IN)
    base = replace(base, problems=(*base.problems, *edits.problems))
    return Gate(here=_with_class(here, machine_class), base=base, edits=edits)


def policy_of(base: str, head: str | None, *, given: str | None, is_trusted: bool) -> Gate:
    """Return the gate of a comparison: the configuration of a commit and its waivers; no baseline is judged there.

    A commit without a configuration is judged by the head's where that is trusted, else by the built-in one.

    Args:
        base: names the commit.
        head: names the commit that it is compared with; None: the working tree.
        given: a configuration file given by hand, looked for in the commits first; None: look for one.
        is_trusted: is the head the user's own, and no change that is to be judged?

    Raises:
        CannotDecideError: it is not valid, or it is not certain what a commit holds.
    """
    found = _configured(_views(base, given), given)
    if head is not None:
        ahead = _configured(_views(head, given), given)
        own = ahead[1] if ahead else None
    else:
        own = _own(given)
    notes: tuple[Diagnostic, ...] = ()
    if found is not None:
        here = found[1]
    else:
        own = own or inputs.settings(given)
        here = Settings(policy=config.BUILT_IN, root=own.root)
        if own.policy.source != config.BUILT_IN.source and is_trusted:
            here, notes = own, _new_configuration(base)
    root = here.root or "."
    sides = sides_of_comparison(Commit(base, root), None if head is None else Commit(head, root), here)
    edits = edits_of(base, own, here, sides, is_configured=here.policy.source != config.BUILT_IN.source)
    return Gate(here=here, base=sides[0], edits=replace(edits, notes=(*notes, *edits.notes)))


def _views(ref: str, given: str | None) -> list[tuple[Commit, str]]:
    """Return the commit as seen from each folder that may hold its configuration, and that folder."""
    if given is not None:
        start = os.path.dirname(given)
        return [(Commit(ref, start or "."), start)]
    return [(view, "/".join([".."] * up)) for up, view in enumerate(Commit(ref, ".").upward())]


def _own(given: str | None) -> Settings | None:
    """Return the tree's own configuration; None when a file given by hand was removed from its folder."""
    if given is not None and not os.path.lexists(given) and os.path.isdir(os.path.dirname(given) or "."):
        return None
    return inputs.settings(given)


def _configured(views: list[tuple[Commit, str]], given: str | None) -> tuple[Commit, Settings] | None:
    """Return the first view of the commit that holds a configuration, and that."""
    for view, root in views:
        policy = inputs.policy_of_commit(view, Settings(policy=config.BUILT_IN, root=root), given)
        if policy is not None:
            return view, Settings(policy=policy, root=root)
    return None


def _holds_any(side: Side) -> bool:
    return bool(side.profiles or side.problems)


def _with_class(here: Settings, machine_class: str) -> Settings:
    return replace(here, policy=inputs.with_class(here.policy, machine_class)) if machine_class else here


def _new_configuration(ref: str) -> tuple[Diagnostic, ...]:
    """Return the warning that a change adds the configuration by which it is judged."""
    message = "this change adds the configuration by which it is judged"
    return (warning("gate-edited", message, hint=f"{ref} has none; review it as you would review code"),)
