"""The gate of another commit: where it lies there, what it says, and whether the working tree edits it.

A pull request decides what is in its own tree. So nothing of that tree may decide where
the gate of the other commit is looked for: it is searched for in the commit.
"""

from __future__ import annotations

import os

from msgspec import Struct
from msgspec.structs import replace

from perfgate import config
from perfgate.core.errors import Diagnostic, warning
from perfgate.pipeline import inputs
from perfgate.pipeline.drift.references import digest_of
from perfgate.pipeline.inputs import BaselineSet, Settings
from perfgate.pipeline.reference.first_gate import require_first_gate
from perfgate.pipeline.reference.folder import require_same_folder
from perfgate.pipeline.reference.gate_changes import (
    NONE,
    Edits,
    edits_of,
    sides_of_check,
    sides_of_comparison,
)
from perfgate.store.git import Commit


class Gate(Struct, frozen=True, kw_only=True):
    """What a check judges by, all from one commit."""

    settings: Settings
    """The configuration, and the folder in the working tree that its runs are relative to."""
    baselines: BaselineSet
    """The baselines and waivers."""
    edits: Edits = NONE
    """What the working tree does to the gate."""
    commit: Commit | None = None
    """Where it was read, seen from the folder of the configuration; None: in the working tree, or nowhere."""


def gate_of(ref: str, *, given: str | None, machine_class: str) -> Gate:
    """Return the gate of a commit.

    Its configuration is looked for in the commit, from the working directory upward; the
    folder that holds it is the root of everything. Without one, the baselines are looked
    for likewise, at last in the folder that the tree's own configuration names. Only where
    a commit holds neither can a change introduce the gate, if it adds one.

    Args:
        ref: names the commit.
        given: a configuration file given by hand, read from the commit; None: look for one.
        machine_class: given by hand; empty: the configuration's.

    Raises:
        CannotDecideError: it is not certain what the commit holds; or neither it nor the tree holds a gate.
    """
    tree = _settings_of_tree(given)
    views = _views(ref, given)
    name = views[0][0].shown
    require_same_folder(views[0][0], given)
    configured = _configured(views, given)
    if configured is not None:
        view, settings = configured
        baselines = replace(inputs.from_commit(view, settings), inputs=digest_of(view, settings))
        edits = edits_of(name, tree, settings, sides_of_check(settings, baselines), is_configured=True)
    else:
        tree = tree or inputs.read_settings(given)  # neither the tree nor the commit has the file: an error
        candidates = [(view, Settings(policy=config.BUILT_IN, root=root)) for view, root in views]
        candidates.append((Commit(ref, tree.root or "."), tree))
        held = ((settings, inputs.from_commit(view, settings)) for view, settings in candidates)
        found = next(((settings, baselines) for settings, baselines in held if _holds_any(baselines)), None)
        if found is None:
            require_first_gate(name, views[0][0], tree, is_given=given is not None)
            baselines = replace(inputs.from_commit(*candidates[-1]), is_first_gate=True)
            return Gate(settings=_with_class(tree, machine_class), baselines=baselines)
        settings, baselines = found
        edits = edits_of(name, tree, settings, sides_of_check(settings, baselines), is_configured=False)
        settings = replace(settings, policy=config.BUILT_IN)
    baselines = replace(baselines, problems=(*baselines.problems, *edits.problems))
    commit = configured[0] if configured else None
    return Gate(settings=_with_class(settings, machine_class), baselines=baselines, edits=edits, commit=commit)


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
    views = _views(base, given)
    name = views[0][0].shown
    require_same_folder(views[0][0], given)
    configured = _configured(views, given)
    if head is not None:
        configured_head = _configured(_views(head, given), given, is_judged=True)
        tree = configured_head[1] if configured_head else None
    else:
        tree = _settings_of_tree(given)
    notes: tuple[Diagnostic, ...] = ()
    if configured is not None:
        settings = configured[1]
    else:
        tree = tree or inputs.read_settings(given)
        settings = Settings(policy=config.BUILT_IN, root=tree.root)
        if tree.policy.source != config.BUILT_IN.source and is_trusted:
            settings, notes = tree, _new_configuration(name)
    root = settings.root or "."
    sides = sides_of_comparison(Commit(base, root), None if head is None else Commit(head, root), settings)
    is_configured = settings.policy.source != config.BUILT_IN.source
    edits = edits_of(name, tree, settings, sides, is_configured=is_configured)
    return Gate(settings=settings, baselines=sides[0], edits=replace(edits, notes=(*notes, *edits.notes)))


def settings_of(ref: str) -> Settings:
    """Return the configuration of a commit; where it has none, the built-in one at the root of the tree's own.

    Raises:
        CannotDecideError: it is not valid, or it is not certain what the commit holds.
    """
    views = _views(ref, None)
    require_same_folder(views[0][0], None)
    configured = _configured(views, None)
    if configured is not None:
        return configured[1]
    return Settings(policy=config.BUILT_IN, root=inputs.read_settings(None).root)


def _views(ref: str, given: str | None) -> list[tuple[Commit, str]]:
    """Return the commit as seen from each folder that may hold its configuration, and that folder."""
    if given is not None:
        start = os.path.dirname(given)
        return [(Commit(ref, start or "."), start)]
    return [(view, "/".join([".."] * up)) for up, view in enumerate(Commit(ref, ".").upward())]


def _settings_of_tree(given: str | None) -> Settings | None:
    """Return the tree's own configuration; None when a file given by hand was removed from its folder."""
    if given is not None and not os.path.lexists(given) and os.path.isdir(os.path.dirname(given) or "."):
        return None
    return inputs.read_settings(given)


def _configured(
    views: list[tuple[Commit, str]], given: str | None, *, is_judged: bool = False
) -> tuple[Commit, Settings] | None:
    """Return the first view of the commit that holds a configuration, and that."""
    for view, root in views:
        settings = Settings(policy=config.BUILT_IN, root=root)
        policy = inputs.policy_of_commit(view, settings, given, is_judged=is_judged)
        if policy is not None:
            return view, Settings(policy=policy, root=root)
    return None


def _holds_any(baselines: BaselineSet) -> bool:
    return bool(baselines.profiles or baselines.problems)


def _with_class(settings: Settings, machine_class: str) -> Settings:
    return replace(settings, policy=inputs.with_class(settings.policy, machine_class)) if machine_class else settings


def _new_configuration(ref: str) -> tuple[Diagnostic, ...]:
    """Return the warning that a change adds the configuration by which it is judged."""
    message = "this change adds the configuration by which it is judged"
    return (warning("gate-edited", message, hint=f"{ref} has none; review it as you would review code"),)
