"""What a change under review does to its own gate, where a check reads the gate from the change itself.

The CI system names the base. A baseline that the change removes is still asked for: else
nothing would show that its benchmark is gone, or is slower under another name.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate import config
from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, warning
from perfgate.core.policy import NO_BASELINES
from perfgate.core.text.names import list_some
from perfgate.measure.machine import facts
from perfgate.measure.machine.ci import find_base
from perfgate.pipeline.reference.commit import Gate, gate_of
from perfgate.pipeline.reference.first_gate import configurations_in, stands
from perfgate.pipeline.reference.gate_changes import react_to
from perfgate.store.git import Commit, git, resolve, shown, with_parents
from perfgate.store.git_start import as_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")
BY_THE_CHANGE = frozenset({"folder-replaced", "git-answer"})
"""Why a base that is in the clone cannot be compared, when nothing but the change, or what it ran, can cause it."""
_BY_OWNERS = "undo it; or let those who own the gate review and merge it despite this check"
_NOTHING_IN_COMMON = 1  # exit code of git merge-base


def compare_with_base(gate: Gate, *, given: str | None, machine_class: str) -> Gate:
    """Return the gate of the working tree with what the change under review does to it; outside CI as it is.

    Args:
        gate: of the working tree.
        given: a configuration file given by hand; None: look for one.
        machine_class: given by hand; empty: the configuration's.

    Raises:
        CannotDecideError: the base cannot be compared by a deed of the change, or git's answers cannot be right;
            or the base refuses that its gate moves.
    """
    base = find_base(os.environ) if facts.in_ci() else None
    if base is None:
        return gate
    ref = next(_merge_bases(*base), "")
    try:
        reference = gate_of(ref, given=given, machine_class=machine_class) if ref else None
    except CannotDecideError as caught:
        first = caught.diagnostics[0]
        if first.slug in BY_THE_CHANGE:
            raise
        _require_allowed(ref, first.message)
        return _with_note(gate, _unknown(base[1], first.message))
    if reference is None:
        return _with_note(gate, _unknown(base[1], _describe_search(base[0], base[1])))
    if reference.baselines.is_first_gate:
        return gate
    edits = reference.edits
    judged = f"judged by its own, and what it removes by {shown(ref)} (--baseline-ref {shown(ref)} judges all by that)"
    reaction = react_to(edits.changes, reference.settings.policy.baseline_changes, judged)
    present = {(p.machine_class, p.key) for p in gate.baselines.profiles}
    wanted = edits.removed.deleted - present - {old for old, _ in edits.renamed}
    if gate.settings.policy.baselines == NO_BASELINES:  # that is an edit, too, but nothing is compared any more
        wanted = frozenset()
    removed = [p for p in reference.baselines.profiles if (p.machine_class, p.key) in wanted]
    profiles = sorted((*gate.baselines.profiles, *removed), key=lambda p: (p.machine_class, p.key))
    problems = (*gate.baselines.problems, *reaction.problems)
    return replace(
        gate,
        baselines=replace(gate.baselines, profiles=tuple(profiles), problems=problems),
        edits=replace(reaction, removed=edits.removed),
    )


def find_base_commit() -> str:
    """Return the commit at which the change under review began; empty: there is none, or it is not in the clone.

    Raises:
        CannotDecideError: git's answers cannot be right, or its names are ambiguous.
    """
    base = find_base(os.environ) if facts.in_ci() else None
    return next(_merge_bases(*base), "") if base is not None else ""


def _require_allowed(ref: str, message: str) -> None:
    """Return unless the change takes away a configuration of its base that refuses edits, such as by moving the gate.

    Raises:
        CannotDecideError: it does.
    """
    *_, top = Commit(ref, ".").upward()
    up = "/".join([os.pardir] * Commit(ref, ".").prefix.count("/"))
    for path in configurations_in(top):
        with contextlib.suppress(CannotDecideError):  # one that cannot be read refuses nothing
            content = top.read(path, limit=config.LARGEST)
            policy = config.parse(config.decode(content or b"", path), path)
            if policy.baseline_changes == "refuse" and not stands(up, path):
                break
    else:
        return
    refused = f'{message}; {shown(ref)}:{path} has baseline_changes = "refuse"'
    raise cannot_decide("gate-edit-refused", refused, hint=_BY_OWNERS)


def _merge_bases(commits: list[str], branch: str, is_merged: bool) -> Iterator[str]:  # noqa: FBT001 - as `find_base` returns it
    """Yield what HEAD has in common with each commit that may be the base, the surest first."""
    refs = [c for c in commits if _COMMIT.fullmatch(c)]
    try:
        head, *parents = with_parents("HEAD")
    except CannotDecideError:  # no repository here
        return
    if is_merged and len(parents) > 1 and head == facts.commit():
        refs.append(parents[0])
    if branch:
        refs.append(f"refs/remotes/origin/{branch}")
    for ref in refs:
        commit = resolve(".", ref)
        try:
            words = ["merge-base", "--end-of-options", head, commit or ""]
            found = git(".", words, hint="", accepted=(0, _NOTHING_IN_COMMON)).strip() if commit else b""
        except CannotDecideError:
            continue
        if found:
            yield as_hash(found, f"what HEAD and {ref} have in common")


def _describe_search(commits: list[str], branch: str) -> str:
    """Return which commits and which branch may have been the base, in words: a local branch of the name is not one."""
    names = [shown(c) for c in commits if _COMMIT.fullmatch(c)] + ([f"origin/{branch}"] if branch else [])
    if not names:
        return "the CI system does not name it"
    return f"{list_some(names)}: not in this clone, or with no commit in common with HEAD here"


def _with_note(gate: Gate, found: Diagnostic) -> Gate:
    return replace(gate, edits=replace(gate.edits, notes=(*gate.edits.notes, found)))


def _unknown(branch: str, why: str) -> Diagnostic:
    """Return the warning that nobody knows what the change does to its gate."""
    message = f"what this change does to its own baselines is unknown: the base {branch} was not read ({why})"
    hint = "fetch it (in Actions: fetch-depth: 2 at the checkout; in GitLab: GIT_DEPTH: 0), or --baseline-ref REF"
    return warning("base-unknown", message, hint=hint)
