"""``--paths``: does a change touch a file that may change what is measured? If not, nothing has to be measured.

A workflow that starts for some files only leaves a required check waiting for ever. So the
gate runs for each change, and ends at once where none of these files is part of it.
"""

from __future__ import annotations

import os
import re
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.finding import Skipped
from perfgate.core.policy import NO_BASELINES
from perfgate.core.text.path_globs import PathGlobs, compile_glob
from perfgate.measure.machine import ci, facts
from perfgate.pipeline.reference.always import always_matters
from perfgate.pipeline.reference.change import find_base_commit
from perfgate.store.git import Commit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from perfgate.pipeline.inputs import Settings
    from perfgate.store.checkouts.tree import Tree

_LINK = "120000"
"""Mode of a symbolic link in git."""
_FETCH = "fetch it (in Actions: fetch-depth: 2 at the checkout; in GitLab: GIT_DEPTH: 0), or --baseline-ref REF"
_NAME_ONE = "--baseline-ref origin/main; or, in a workflow of GitHub, --baseline-ref auto"


class Change(Struct, frozen=True, kw_only=True):
    """What is compared with what."""

    tree: Tree
    """The working tree."""
    base: str
    """Full hash."""
    head: str | None
    """Full hash; None: the working tree as it is."""

    def files(self) -> list[str]:
        """Return the paths of all files that differ, from the top of the repository, each once."""
        if self.head is not None:
            return Commit(self.head, self.tree.top).changed_since(self.base)
        committed = Commit(self.tree.head(), self.tree.top).changed_since(self.base)
        return sorted({*committed, *self.tree.changed_files()})

    def links(self) -> Iterator[str]:
        """Yield the paths of the symbolic links of both sides."""
        commits = [self.base] if self.head is None else [self.base, self.head]
        for commit in commits:
            yield from (path for mode, _, path in Commit(commit, self.tree.top).objects() if mode == _LINK)
        if self.head is None:
            yield from (path for path in self.tree.files() if os.path.islink(os.path.join(self.tree.top, path)))

    def listings(self, changed: Iterable[str]) -> Iterator[Iterable[str]]:
        """Yield the files that differ, then all files of the head, then those of the base."""
        yield changed
        yield self.tree.files() if self.head is None else _files_of(self.head, self.tree.top)
        yield _files_of(self.base, self.tree.top)


def find_base(ref: str | None) -> str:
    """Return the full hash of the commit that a check compares the change with.

    Args:
        ref: names the commit whose gate is read; None: the one of the CI system counts.

    Raises:
        CannotDecideError: nothing names it, or it is not in this clone.
    """
    if ref is not None:
        return Commit(ref, ".").id
    named = ci.find_base(os.environ) if facts.in_ci() else None
    if named is not None:
        if base := find_base_commit():
            return base
        message = f"--paths compares with the base {named[1]}, which is not in this clone"
        raise cannot_decide("paths-no-base", message, hint=_FETCH)
    message = "--paths needs a commit to compare with, and nothing names one"
    raise cannot_decide("paths-no-base", message, hint=_NAME_ONE)


def find_skipped(globs: tuple[str, ...], change: Change, settings: Settings, *, given: str | None) -> Skipped | None:
    """Return why nothing has to be measured; None: a changed file may change what is measured.

    Args:
        globs: of the files by which what is measured may change; empty: each file may change it.
        change: what is compared with what.
        settings: the configuration of the base, which says where the gate lies.
        given: a configuration file given by hand.

    Raises:
        CannotDecideError: a glob matches no file of either side, so that the gate would pass for ever; or git
            cannot say what changed.
    """
    if not globs:
        return None
    wanted = PathGlobs(globs)
    changed = change.files()
    unmatched = wanted.find_unmatched(change.listings(changed))
    if unmatched:
        raise CannotDecideError(_match_nothing(glob, change) for glob in unmatched)
    is_of_gate = _gate_of(change.tree, settings, given)
    if any(wanted.match(path) or always_matters(path) or is_of_gate(path) for path in changed):
        return None
    if any(wanted.match(link) or _leads(globs, link) for link in change.links()):
        return None  # what a link leads to may lie anywhere
    return Skipped(changed=len(changed), paths=globs)


def _leads(globs: Iterable[str], link: str) -> bool:
    """Does the path of a glob lead through a link?"""
    return any(glob.startswith(f"{link}/") for glob in globs)


def _files_of(commit: str, top: str) -> Iterator[str]:
    return (path for _, _, path in Commit(commit, top).objects())


def _gate_of(tree: Tree, settings: Settings, given: str | None) -> Callable[[str], bool]:
    """Return whether a path is part of the gate: of its baselines, or a file that is named by hand or by a key."""
    policy = settings.policy
    files = {tree.locate(given)} if given is not None else set()
    if policy.drift.reference:
        files.add(tree.locate(os.path.join(settings.root, policy.drift.reference)))
    folder = ""
    if policy.baselines != NO_BASELINES:
        folder = f"{tree.locate(os.path.join(settings.root, policy.baselines))}/"
    # A link or a submodule in the place of the folder is the folder itself.
    return lambda path: path in files or (bool(folder) and f"{path}/".startswith(folder))


def _match_nothing(glob: str, change: Change) -> Diagnostic:
    """Return the error for a glob that matches no file of either side, with what was probably meant."""
    paths = [path for listing in change.listings(()) for path in listing]
    hint = "correct it: it is read from the top of the repository, * stays inside a folder, and ** crosses folders"
    here = f"{change.tree.prefix}{glob}"
    inside = glob.removesuffix("/**")  # a submodule or a link is itself all that git lists of it
    for wanted in (f"{glob}/**", here, f"{here}/**", inside, f"**/{glob}", *_in_other_case(glob, paths)):
        pattern = _compiled(wanted)
        if pattern is not None and any(map(pattern.match, paths)):
            hint = f'did you mean "{wanted}"? It is read from the top of the repository'
            break
    message = f'--paths "{glob}" matches no file of the base or the head, so that it would never count'
    return error("paths-match-nothing", message, hint=hint)


def _in_other_case(glob: str, paths: Sequence[str]) -> Iterator[str]:
    """Yield what a glob may mean that matches a file but for upper and lower case: the glob in its spelling, or it."""
    pattern = _compiled(glob)
    folded = pattern and re.compile(pattern.pattern, pattern.flags | re.IGNORECASE)
    path = next(filter(folded.match, paths), "") if folded else ""
    if path:
        words, spelled = glob.split("/"), path.split("/")
        same = takewhile(lambda pair: pair[0].casefold() == pair[1].casefold(), zip(words, spelled, strict=False))
        begin = [found for _, found in same]
        yield "/".join([*begin, *words[len(begin) :]])
        yield path


def _compiled(glob: str) -> re.Pattern[str] | None:
    try:
        return compile_glob(glob)
    except ValueError:
        return None
