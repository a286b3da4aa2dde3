"""The patterns of detection: no text makes one of them go over the same characters again and again."""

from __future__ import annotations

import re
from re import _parser  # type: ignore[attr-defined] # the tree that `re` itself compiles
from typing import TYPE_CHECKING, Any

import pytest

from perfgate.formats.catalog import benchmarks, load_tests, logs, rejected, tools

if TYPE_CHECKING:
    from collections.abc import Iterator

CATALOGS = (benchmarks, load_tests, logs, rejected, tools)
PATTERNS = sorted(
    {
        f.pattern
        for module in CATALOGS
        for rows in vars(module).values()
        if isinstance(rows, tuple)
        for f in rows
        if f.pattern
    }
)
CHARACTERS = [chr(code) for code in range(128)]


def matched(node: Any, flags: int) -> set[str]:
    """Return which of the characters a part of a pattern may consume, however many it takes."""
    name, argument = str(node[0]), node[1]
    if name in {"LITERAL", "NOT_LITERAL", "ANY", "IN"}:
        single = _parser.SubPattern(_parser.State(), [node])
        single.state.flags = flags
        compiled = re._compiler.compile(single)  # type: ignore[attr-defined]
        return {c for c in CHARACTERS if compiled.match(c)}
    inner: list[Any] = []
    if name == "BRANCH":
        inner = [item for option in argument[1] for item in option]
    elif name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        inner = list(argument[2])
    elif name == "SUBPATTERN":
        inner = list(argument[3])
    return set().union(*(matched(item, flags) for item in inner))


def sequences(tree: Any) -> Iterator[list[Any]]:
    """Yield the parts of a pattern that follow each other, at every level."""
    yield list(tree)
    for name, argument in tree:
        if str(name) == "BRANCH":
            for option in argument[1]:
                yield from sequences(option)
        elif str(name).endswith("_REPEAT"):
            yield from sequences(argument[2])
        elif str(name) == "SUBPATTERN":
            yield from sequences(argument[3])


def is_endless(node: Any) -> bool:
    return str(node[0]) in {"MAX_REPEAT", "MIN_REPEAT"} and node[1][1] is _parser.MAXREPEAT


def is_optional(node: Any) -> bool:
    return str(node[0]) == "AT" or (str(node[0]).endswith("_REPEAT") and node[1][0] == 0)


def ambiguous(pattern: str) -> list[str]:
    """Return pairs of endless repeats of which one can take what the other does, with nothing else between them."""
    found = []
    for parts in sequences(_parser.parse(pattern)):
        for at, first in enumerate(parts):
            if not is_endless(first):
                continue
            common = matched(first, 0)
            for second in parts[at + 1 :]:
                shared = common & matched(second, 0)
                if shared and is_endless(second):
                    found.append(f"{first} {second}")
                    break
                common = common if is_optional(second) else shared
                if not common:
                    break
    return found


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_two_repeats_of_a_pattern_share_a_stretch_of_text(pattern):
    assert ambiguous(pattern) == []


@pytest.mark.parametrize("pattern", [r"a\s*\n\s*b", r"x[ab]*a+", r"(?:\d*,?\d*;)"])
def test_patterns_that_do_are_found(pattern):
    assert ambiguous(pattern)
