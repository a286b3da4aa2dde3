"""Names that are nearly another one: of those that are known, or a certain one but for its case, a dot or a letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.text.names import list_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MOST_NAMES = 8
"""Names that are shown."""


def find_near(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return the known name that a mistyped one was probably meant to be; empty: none is like it.

    One that differs in upper and lower case alone is the nearest.

    Args:
        name: as it was written.
        known: what it could have been.
        cutoff: least similarity, 0 to 1.
    """
    from difflib import get_close_matches  # 2 ms that only a mistyped name costs

    names = list(known)
    folded = name.casefold()
    if same := next((each for each in names if each != name and each.casefold() == folded), ""):
        return same
    return next(iter(get_close_matches(name, names, n=1, cutoff=cutoff)), "")


def hint_among(name: str, known: Sequence[str], *, where_none: str) -> str:
    """Return what to write in place of a name that is not known: the one that is meant, else which there are.

    Args:
        name: as it was written.
        known: what it could have been.
        where_none: the hint where nothing is known.
    """
    if not known:
        return where_none
    near = find_near(name, known)
    return f'did you mean "{near}"?' if near else f"there are {list_some(known, _MOST_NAMES)}"


def is_near(name: str, wanted: str) -> bool:
    """Is a name not the wanted one, but so near to it that it is probably meant?

    Args:
        name: as it was written.
        wanted: a word in lower case, of letters alone.
    """
    plain = "".join(c for c in name.lower() if c.isalnum()) if len(name) <= 2 * len(wanted) else ""
    return bool(plain) and name != wanted and (plain == wanted or _is_one_edit(plain, wanted))


def _is_one_edit(a: str, b: str) -> bool:
    """Does one letter that is added, left out, replaced or swapped with the next make the one word the other?"""
    if abs(len(a) - len(b)) > 1:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[start:], b[start:]
    swapped = rest_a[1::-1] + rest_a[2:] == rest_b
    return swapped or rest_a[1:] == rest_b[1:] or rest_a[1:] == rest_b or rest_a == rest_b[1:]
