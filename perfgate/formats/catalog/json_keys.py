"""Which keys stand where in the beginning of a JSON text, without reading all of it."""

from __future__ import annotations

import re

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|[{}\[\]]')
_DEEPEST = 5


def outline(text: str) -> frozenset[str]:
    """Return the paths of the keys in a JSON text that may be cut off anywhere.

    ``{"results": [{"times": [1]}]}`` gives ``results[]`` and ``results[].times[]``,
    and, since it is a list, ``results`` and ``results[].times`` as well. A list at the
    top begins with ``[]``. Keys deeper than five levels are not told apart.

    Args:
        text: the beginning of a document; more than one document, one a line, is fine.
    """
    found: set[str] = set()
    stack: list[str] = [""]
    key = ""
    for match in _TOKEN.finditer(text):
        sign = match[0]
        if sign in "{[":
            path = stack[-1]
            inner = f"{path}.{key}" if path and key else path or key
            if sign == "[":
                inner += "[]"
                found.add(inner)
            stack.append(inner)
            key = ""
        elif sign in "}]":
            if len(stack) > 1:
                stack.pop()
            key = ""
        elif match[2] is not None:
            key = match[1]
            if len(stack) <= _DEEPEST:
                found.add(f"{stack[-1]}.{key}" if stack[-1] else key)
    return frozenset(found)
