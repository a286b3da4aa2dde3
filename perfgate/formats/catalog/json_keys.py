"""Which keys are where in the beginning of a JSON text, without parsing all of it."""

from __future__ import annotations

import re

# a string that the end of the text cuts off is one token, too: else each quote in it would be tried as a beginning
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"(\s*+:)?)?|[{}\[\]]')
_DEEPEST_KEY = 5
"""Levels of objects and lists whose keys are kept; every format is recognised by keys at most that deep."""
_DEEPEST_PATH = 2 * _DEEPEST_KEY
"""Levels that are followed: a list counts as a level of its own. Below, only brackets are counted."""
_LONGEST_KEY = 100
"""Characters of a key that are kept; every format is recognised by shorter ones."""


def outline(text: str) -> frozenset[str]:
    """Return the paths of the keys in a JSON text that may be cut off anywhere.

    ``{"results": [{"times": [1]}]}`` gives ``results[]`` and ``results[].times[]``,
    and, since it is a list, ``results`` and ``results[].times`` as well. A list at the
    top begins with ``[]``. Keys deeper than five levels are left out. Neither the
    depth of the text nor the length of its keys makes a path longer than about 1,000
    characters, so that the whole is linear in the text.

    Args:
        text: the beginning of a document; more than one document, one a line, is fine.
    """
    found: set[str] = set()
    stack: list[str] = [""]
    deeper = 0  # open brackets below the deepest level that is followed
    key = ""
    for match in _TOKEN.finditer(text):
        sign = match[0]
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
            key = ""
        elif sign in "}]":
            if deeper:
                deeper -= 1
                continue
            if len(stack) > 1:
                stack.pop()
            key = ""
        elif match[2] is not None and not deeper:
            key = match[1][:_LONGEST_KEY]
            if len(stack) <= _DEEPEST_KEY:
                found.add(f"{stack[-1]}.{key}" if stack[-1] else key)
    return frozenset(found)
