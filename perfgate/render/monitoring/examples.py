"""Labels that a selector selects and another does not: what the tests of rules give their series."""

from __future__ import annotations

import re
from itertools import islice, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perfgate.core.sources.series import Matcher, Selector

_ANY = "a"
_MOST = 20_000
"""Tries; each label has some three candidates."""
_ATOM = re.compile(r"\\(.)|\[(.)[^\]]*\]|(.)", re.DOTALL)


def find_labels(
    wanted: Selector, *, avoided: Selector | None = None, given: Mapping[str, str] | None = None
) -> dict[str, str] | None:
    """Return labels of a series that one selector selects, and another does not.

    Args:
        wanted: selects it.
        avoided: does not; None: there is none.
        given: labels that are fixed; one whose value is empty may have any.

    Returns:
        The labels, without empty ones; None: none were found.
    """
    fixed = given or {}
    values: dict[str, list[str]] = {label: [value or _ANY] for label, value in fixed.items()}
    for matcher in (*wanted.matchers, *(avoided.matchers if avoided else ())):
        if not fixed.get(matcher.label):
            values.setdefault(matcher.label, [_ANY]).extend(_examples(matcher))
    for chosen in islice(product(*values.values()), _MOST):
        labels = {label: value for label, value in zip(values, chosen, strict=True) if value}
        if wanted.selects(wanted.name, labels) and not (avoided and avoided.selects(wanted.name, labels)):
            return labels
    return None


def _examples(matcher: Matcher) -> Iterator[str]:
    """Yield values that may match, and the empty one, which is no label."""
    if matcher.op[-1] == "~":
        yield from (_text_of(pattern) for pattern in re.split(r"(?<!\\)\|", matcher.text))
    else:
        yield matcher.text
    yield ""


def _text_of(pattern: str) -> str:
    """Return a text that a pattern matches, of those that a selector may have: literals, ., .*, .+ and [abc]."""
    text = re.sub(r"(?<!\\)\.\*", "", pattern).replace(".+", ".")
    return _ATOM.sub(lambda found: found[1] or found[2] or ("0" if found[3] == "." else found[3]), text)
