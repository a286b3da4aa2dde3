"""Which format an input is in, by its content; and if in none, the nearest ones and the marks that are missing."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from perfgate.core.errors import cannot_decide
from perfgate.core.text.near_names import find_near
from perfgate.formats.catalog.benchmarks import FORMATS
from perfgate.formats.catalog.format import Format, Head
from perfgate.formats.catalog.rejected import REJECTED
from perfgate.formats.entry_points import may_be_named

if TYPE_CHECKING:
    from perfgate.formats.parsing.source import Source

GROUP = "perfgate.formats"
"""Entry points by which other packages add readers; each names a `Format`."""
_GUESSES = 3
_TELLING = re.compile(r"[._-]|(?<=[a-z])[A-Z]")
"""A key made of several words, or inside another one."""


@cache
def formats() -> tuple[Format, ...]:
    """Return every format that can be read: ours, then those of other packages that carry other names."""
    found = {f.name: f for f in FORMATS}
    if not may_be_named(GROUP):
        return tuple(found.values())
    from importlib.metadata import entry_points  # a fifth of the time of a small check

    for point in entry_points(group=GROUP):
        try:
            other = point.load()
        except Exception as caught:  # noqa: BLE001 - any failure of another package becomes one error
            message = f'the package that adds the format "{point.name}" cannot be loaded ({caught})'
            raise cannot_decide("format-plugin", message, hint="repair it, or uninstall it") from None
        if not isinstance(other, Format):
            message = f'the entry point "{point.name}" is not a perfgate.formats.Format'
            raise cannot_decide("format-plugin", message, hint="correct the package, or uninstall it")
        found.setdefault(other.name, other)
    return tuple(found.values())


def named(name: str) -> Format:
    """Return the format of that name.

    Raises:
        CannotDecideError: there is none.
    """
    for known in formats():
        if known.name == name:
            return known
    near = find_near(name, [f.name for f in formats()])
    suggestion = f'did you mean "{near}"? ' if near else ""
    raise cannot_decide(
        "format-unknown",
        f'there is no format "{name}"',
        place="--from",
        hint=f"{suggestion}perfgate formats lists them",
    )


def detect(source: Source) -> Format | None:
    """Return the format of an input, None when it is none that gives itself away.

    At most `source.HEAD` bytes are looked at, and of a JSON document that is not recognised by its keys
    in there, the other keys, up to `source.LARGEST_DOCUMENT` bytes.

    Raises:
        CannotDecideError: it cannot be read, or it is a known file that holds nothing to judge by.
    """
    head = Head(source)
    readable = [f for f in formats() if not f.only_on_request]
    found = next((f for f in readable if not f.missing_marks(head)), None)
    if (found is None or not found.keys) and head.is_open:  # what a pattern matches may be a part of another document
        head = head.complete()
        found = next((f for f in readable if f.keys and not f.missing_marks(head)), found)
    if found is not None:
        return found
    for wrong in REJECTED:
        if not wrong.missing_marks(head):
            raise cannot_decide(
                "format-unread", f"this is the output of {wrong.tool}", place=source.path, hint=wrong.hint
            )
    return None


def nearest(source: Source) -> str:
    """Return the formats that an input is near to, each with the marks that are missing; empty: it is near to none.

    It is near to a format when it has half of its marks or more, one of them a key that others do not use:
    what anybody may call a key, such as ``results`` or ``status``, says nothing.
    """
    head = Head(source).complete()
    ranked = []
    for i, known in enumerate(formats()):
        missing = known.missing_marks(head)
        keys = {k for marks in known.keys for k in marks.split("|")} & head.keys
        if 2 * len(missing) <= known.mark_count and any(_TELLING.search(k.removeprefix("[].")) for k in keys):
            ranked.append((len(missing) / known.mark_count, i, f"{known.name} ({', '.join(missing[:2])})"))
    return "; ".join(text for _, _, text in sorted(ranked)[:_GUESSES])
