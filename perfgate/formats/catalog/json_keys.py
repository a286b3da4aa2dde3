"""Which keys are where in the beginning of a JSON text, without parsing all of it."""

from __future__ import annotations

import re
import sys

# a string that the end of the text cuts off is one token, too: else each quote in it would be tried as a beginning
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"(\s*+:)?)?|[{}\[\]]')
_DEEPEST_KEY = 5
"""Levels of objects and lists whose keys are kept; every format is recognised by keys at most that deep."""
_DEEPEST_PATH = 2 * _DEEPEST_KEY
"""Levels that are followed: a list counts as a level of its own. Below, only brackets are counted."""
_LONGEST_KEY = 100
"""Characters of a key that are kept; every format is recognised by shorter ones."""
_SCALARS = r'(?:[^"{}\[\]]++|"(?:[^"\\]|\\.)*+")*+'
_PLAIN = re.compile(rf"(?:{_SCALARS}(?:\{{{_SCALARS}\}}|\[{_SCALARS}\])?+)*+", re.DOTALL)
"""What can be passed over at once: numbers, strings, and objects and lists that hold nothing but those."""
_MOST_STEPS = 2_000_000
"""Tokens of a whole document that are looked at: about 2 s. A document of 64 MiB that a tool wrote has fewer, since
of long lists the first entries only are looked at; no more keys than tokens are kept."""
_DEEPEST_DOCUMENT = 1000
"""Levels beyond which no JSON parser of Python follows."""


def outline(text: str, *, every: int = sys.maxsize) -> frozenset[str]:
    """Return the paths of the keys in a JSON text that may be cut off anywhere.

    ``{"results": [{"times": [1]}]}`` gives ``results[]`` and ``results[].times[]``,
    and, since it is a list, ``results`` and ``results[].times`` as well. A list at the
    top begins with ``[]``. Keys deeper than five levels are left out. Neither the
    depth of the text nor the length of its keys makes a path longer than about 1,000
    characters, so that the whole is linear in the text.

    Args:
        text: the beginning of a document; more than one document, one a line, is fine.
        every: characters in which every entry of a list is looked at. Behind them a list is passed over
            when one entry of it was looked at, and the outline ends with the document.
    """
    found: set[str] = set()
    stack: list[str] = [""]
    is_list = [False]  # for each path in the stack: an entry of a list has the path of its list
    deeper = 0  # open brackets below the deepest level that is followed
    key = ""
    position = steps = 0
    while (match := _TOKEN.search(text, position)) and steps < _MOST_STEPS:
        sign, position, steps = match[0], match.end(), steps + 1
        if sign in "{[":
            if deeper or len(stack) > _DEEPEST_PATH:
                deeper += 1
                continue
            path = stack[-1]
            inner = f"{path}.{key}" if path and key else path or key
            if sign == "[":
                inner += "[]"
                found.add(inner)
            stack.append(inner)
            is_list.append(sign == "[")
            key = ""
        elif sign in "}]":
            if deeper:
                deeper -= 1
                continue
            if len(stack) > 1:
                stack.pop()
                is_list.pop()
            key = ""
            position, skipped = _pass_over(text, position, is_list, every)
            steps += skipped
        elif match[2] is not None and not deeper:
            key = match[1][:_LONGEST_KEY]
            if len(stack) <= _DEEPEST_KEY:
                found.add(f"{stack[-1]}.{key}" if stack[-1] else key)
    return frozenset(found)


def _pass_over(text: str, position: int, is_list: list[bool], every: int) -> tuple[int, int]:
    """Return where to go on behind an object or list that ended, and the number of tokens that this took.

    Args:
        text: the document.
        position: behind the closing bracket.
        is_list: of what it was in, from the top: a list? Its first item stands for the text itself.
        every: as for `outline`.
    """
    if position <= every:
        return position, 0
    if len(is_list) == 1:
        return len(text), 0
    return _end_of_container(text, position) if is_list[-1] else (position, 0)


def is_open(text: str) -> bool:
    """Does the first document of a JSON text, an object or a list, go on beyond the end of the text?"""
    return _end_of_container(text, 1)[0] >= len(text)


def _end_of_container(text: str, position: int) -> tuple[int, int]:
    """Return where the object or list ends that a position is in, and by how many tokens that was found.

    Returns:
        The position of its closing bracket, the text's length when it is not closed or nested too deeply.
    """
    depth = 0
    for steps in range(1, _MOST_STEPS):
        match = _PLAIN.match(text, position)
        position = match.end() if match else position
        sign = text[position : position + 1]
        depth += 1 if sign in ("{", "[") else -1
        if depth < 0 and sign in ("}", "]"):
            return position, steps
        if sign in ("", '"') or depth > _DEEPEST_DOCUMENT:
            break
        position += 1
    return len(text), steps
