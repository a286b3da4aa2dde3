"""Finds files and code that both sides of an A/B comparison share by mistake, so that no change would be measured."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from perfgate.core.errors import Diagnostic, cannot_decide, warning
from perfgate.core.text.names import list_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfgate.store.checkouts.tree import Tree

_LIBRARIES = ("PYTHONPATH", "LD_LIBRARY_PATH", "NODE_PATH", "CLASSPATH", "PERL5LIB", "RUBYLIB")
_MENTIONED = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
"""A variable that a shell puts in: ``$NAME``, ``${NAME}`` or ``${NAME:-default}``."""
_OWN_FOLDER = "PWD"
"""Every shell sets it to the folder that it starts in, which is the side's."""
_REST = r"""(?:/[^\s'":;,()|&<>]*)?(?![\w.-])"""  # of a path, as far as it goes inside a longer word


def shared(argv: Sequence[str], tree: Tree) -> list[Diagnostic]:
    """Return a warning when both sides would use files of the user's tree: the head's code would be measured twice.

    Args:
        argv: the command; a word may be a whole line for a shell, which may name variables.
        tree: the user's working tree.
    """
    found = [path for word in argv for path in _paths(word, tree) if _is_of(path, tree)]
    for variable in _LIBRARIES:
        entries = os.environ.get(variable, "").split(os.pathsep)
        found += [f"{variable}={path}" for path in entries if os.path.isabs(path) and _is_of(path, tree)]
    for variable in sorted({name for word in argv for name in _MENTIONED.findall(word)} - {_OWN_FOLDER}):
        entries = os.environ.get(variable, "").split(os.pathsep)
        found += [f"{variable}={path}" for entry in entries for path in _paths(entry, tree) if _is_of(path, tree)]
    if not found:
        return []
    message = f"both sides use these files of the working tree: {', '.join(dict.fromkeys(found))}"
    return [warning("sides-share", message, hint="name them relative to this folder, so that each side has its own")]


def find_links(root: str, others: Sequence[str], tree: Tree) -> tuple[Diagnostic, ...]:
    """Return a warning when links in a side's worktree lead to files that git ignores in another tree.

    A folder of packages or of data may be shared on purpose; so may what nobody can say about.

    Args:
        root: of the side's worktree, after its set-up.
        others: roots of the user's tree and of the other side's.
        tree: the user's working tree.

    Raises:
        CannotDecideError: a link leads to files that git holds there: both sides would measure the same code.
    """
    held: list[str] = []
    ignored: list[str] = []
    known: dict[str, frozenset[str]] = {}
    for link, target in _links(root):
        top = next((other for other in others if _is_below(target, other)), None)
        if top is None or _is_below(target, tree.common) or not os.path.exists(target):
            continue
        if top not in known:
            known[top] = tree.committed(top)
        shown = f"{os.path.relpath(link, root)} -> {target}"
        (held if os.path.relpath(target, top) in known[top] else ignored).append(shown)
    if held:
        message = f"links lead to files of the other side's version, which both would measure: {list_some(held, 3)}"
        hint = "let --setup copy them (cp -r), or build them on each side; what git ignores may be shared"
        raise cannot_decide("sides-linked", message, hint=hint)
    if not ignored:
        return ()
    message = f"links lead to files of the other side's folder, which both sides use: {list_some(ignored, 3)}"
    return (warning("sides-share", message, hint="let --setup make them on each side, if the change can affect them"),)


def _links(root: str) -> Iterator[tuple[str, str]]:
    """Yield every symbolic link below a folder, with the place that it leads to; none is followed."""
    for folder, names, files in os.walk(root):
        if folder == root and ".git" in names:
            names.remove(".git")
        for name in (*names, *files):
            path = os.path.join(folder, name)
            if os.path.islink(path):
                yield path, os.path.realpath(path)


def _is_below(path: str, folder: str) -> bool:
    return os.path.commonpath((path, folder)) == folder


def same_code(what: str) -> Diagnostic:
    """Return the warning that both sides are the same; `what` they are, in words."""
    message = f"both sides are {what}: any difference between them is noise"
    return warning("same-code", message, hint="name what is to be compared: --base, --head")


def _paths(word: str, tree: Tree) -> Iterable[str]:
    """Yield the absolute paths that a word of a command may name, also in the middle of a line for a shell."""
    if os.path.isabs(value := word.rpartition("=")[2]):
        yield value
    logical = os.path.normpath(os.environ.get("PWD", "")).removesuffix(f"/{tree.prefix.rstrip('/')}")
    for top in {tree.top, logical if os.path.isabs(logical) else tree.top}:
        for match in re.finditer(re.escape(top) + _REST, word):
            yield match[0]


def _is_of(path: str, tree: Tree) -> bool:
    """Does an absolute path, links resolved, lead to a file that git holds in the user's tree?"""
    whole = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    return os.path.lexists(path) and any(tree.is_part(tree.top, p) for p in {whole, os.path.realpath(path)})
