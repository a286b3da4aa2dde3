"""Names that are nearly a certain one: another case, a dash or a dot in it, one letter more, less or other."""

from __future__ import annotations


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
