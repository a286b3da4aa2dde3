"""``--baseline-ref auto``: which commit holds the gate that counts, from the event that started the workflow.

A pull request is measured as the merge of its branch into the base, so the gate is that
merge's first parent: the tip of the base. The merge base would charge a pull request
with what the base has accepted since, and the tree would let it raise its own limits.
What is not certain is an error, never the tree.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, Any

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.text.strict_json import load_json
from perfgate.formats.parsing.files import read_bounded
from perfgate.measure.machine.ci import name_ci
from perfgate.store.git import Commit, with_parents

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTO = "auto"
_OWN_TREE = frozenset({"push", "schedule", "workflow_dispatch", "repository_dispatch", "release", "create"})
_LARGEST = 32 << 20  # bytes; GitHub sends no event above 25 MB
_COMMIT = r"[0-9a-f]{40}|[0-9a-f]{64}"
_BRANCH = r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}"
_NAME_IT = "name the commit: --baseline-ref origin/main"
_TOP = "run it in the git working tree that was checked out"


def choose_ref(environ: Mapping[str, str]) -> str | None:
    """Return the commit to read the gate from, None for the working tree itself.

    ``pull_request``: ``HEAD^1``, the first parent of the merge commit that is checked out.
    ``merge_group``: the commit that the group is put on. A push, a schedule, a dispatch,
    and outside CI: the working tree.

    Args:
        environ: what the CI system says of the event.

    Raises:
        CannotDecideError: another CI system or event, an event that cannot be read, or a
            checkout that is not what the event speaks of.
    """
    name = environ.get("GITHUB_EVENT_NAME", "")
    if not name:
        system = name_ci(environ)
        if system is None:
            return None
        message = "--baseline-ref auto knows the events of GitHub only, and none is named here"
        raise cannot_decide("event-unknown", message, place="GITHUB_EVENT_NAME", hint=_NAME_IT)
    if name in _OWN_TREE:
        return None
    if name not in {"pull_request", "merge_group"}:
        message = f'--baseline-ref auto does not know what is compared on "{name}"'
        raise cannot_decide("event-unknown", message, place="GITHUB_EVENT_NAME", hint=_NAME_IT)
    event = _Event(environ.get("GITHUB_EVENT_PATH", ""))
    return _of_pull_request(event) if name == "pull_request" else _of_merge_group(event)


def _of_pull_request(event: _Event) -> str:
    """Return the first parent of the merge commit, after checking that HEAD is that commit."""
    head = event.commit("pull_request", "head", "sha")
    merge, *parents = with_parents("HEAD", hint=_TOP)
    if len(parents) != 2 or parents[1] != head:  # noqa: PLR2004 - the base's tip, and the pull request's head
        message = f"HEAD ({merge[:12]}) is not the merge of this pull request's head ({head[:12]}) into its base"
        base = event.text("pull_request", "base", "ref")
        name = f"origin/{base}" if re.fullmatch(_BRANCH, base) else "origin/main"
        hint = f"leave out ref: at the checkout (fetch-depth: 2), or name the commit: --baseline-ref {name}"
        raise cannot_decide("event-differs", message, hint=hint)
    ref = "HEAD^1"
    return _require_commit(ref, "the first parent of the merge commit", f"git fetch --depth=2 origin {merge}")


def _of_merge_group(event: _Event) -> str:
    """Return the commit that a merge group is put on, after checking that HEAD is that group."""
    base, head = event.commit("merge_group", "base_sha"), event.commit("merge_group", "head_sha")
    group = with_parents("HEAD", hint=_TOP)[0]
    if group != head:
        message = f"HEAD ({group[:12]}) is not the merge group of the event ({head[:12]})"
        raise cannot_decide("event-differs", message, hint="leave out ref: at the checkout (fetch-depth: 2)")
    return _require_commit(base, "the commit that the merge group is put on", f"git fetch --depth=1 origin {base}")


def _require_commit(ref: str, what: str, fetch: str) -> str:
    """Return the ref, after checking that its commit is here."""
    try:
        Commit(ref, ".")
    except CannotDecideError:
        message = f"{what} ({ref[:12]}) is not here: the clone is too shallow"
        hint = f"{fetch} (in Actions: fetch-depth: 2 at the checkout)"
        raise cannot_decide("ref-unreadable", message, hint=hint) from None
    return ref


class _Event:
    """The event's file: GitHub writes it, the code of a pull request does not."""

    def __init__(self, path: str) -> None:
        """Read it.

        Raises:
            CannotDecideError: it is not there, or no JSON object.
        """
        self._path = path or "GITHUB_EVENT_PATH"
        if not path:
            raise self._unreadable("is not set")
        content = read_bounded(path, limit=_LARGEST, slug="event-unreadable")
        self._document: Any = load_json(content, path, "event-unreadable", _NAME_IT)

    def text(self, *keys: str) -> str:
        """Return the text at a place of the event, empty when there is none."""
        found = self._document
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, str) else ""

    def commit(self, *keys: str) -> str:
        """Return the full hash at a place of the event.

        Raises:
            CannotDecideError: none stands there.
        """
        found = self.text(*keys)
        if not re.fullmatch(_COMMIT, found):
            raise self._unreadable(f"names no commit at /{'/'.join(keys)}")
        return found

    def _unreadable(self, message: str) -> CannotDecideError:
        return cannot_decide("event-unreadable", message, place=self._path, hint=_NAME_IT)


def resolved(ref: str | None, reproduce: str) -> tuple[str | None, str]:
    """Return the ref that was asked for, `AUTO` chosen by the event, and the command that names what was chosen.

    Raises:
        CannotDecideError: see `choose_ref`.
    """
    if ref != AUTO:
        return ref, reproduce
    chosen = choose_ref(os.environ)
    return chosen, reproduce.replace(
        f" --baseline-ref {AUTO}", f" --baseline-ref {shlex.quote(chosen)}" if chosen else ""
    )
