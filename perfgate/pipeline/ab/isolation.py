"""Finds files and code that both sides of an A/B comparison share by mistake, so that no change would be measured."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from perfgate.core.errors import Diagnostic, warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.store.checkouts.tree import Tree

_LIBRARIES = ("PYTHONPATH", "LD_LIBRARY_PATH", "NODE_PATH", "CLASSPATH", "PERL5LIB", "RUBYLIB")
_REST = r"""(?:/[^\s'":;,()|&<>]*)?(?![\w.-])"""  # of a path, as far as it goes inside a longer word


def shared(argv: Sequence[str], tree: Tree) -> list[Diagnostic]:
    """Return a warning when both sides would use files of the user's tree: the head's code would be measured twice.

    Args:
        argv: the command; a word may be a whole line for a shell.
        tree: the user's working tree.
    """
    found = [path for word in argv for path in _paths(word, tree) if _is_of(path, tree)]
    for variable in _LIBRARIES:
        entries = os.environ.get(variable, "").split(os.pathsep)
        found += [f"{variable}={path}" for path in entries if os.path.isabs(path) and _is_of(path, tree)]
    if not found:
        return []
    message = f"both sides use these files of the working tree: {', '.join(dict.fromkeys(found))}"
    return [warning("sides-share", message, hint="name them relative to this folder, so that each side has its own")]


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
