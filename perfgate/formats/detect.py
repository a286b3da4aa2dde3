"""Which format an input is in, told by its content; and when none fits, the nearest ones and why they do not."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from perfgate.core.errors import cannot_decide
from perfgate.formats.catalog.benchmarks import FORMATS
from perfgate.formats.catalog.format import Format, Head
from perfgate.formats.catalog.rejected import UNREAD

if TYPE_CHECKING:
    from perfgate.formats.parsing.source import Source

GROUP = "perfgate.formats"
"""Entry points by which other packages add readers; each names a `Format`."""
_GUESSES = 3


@cache
def formats() -> tuple[Format, ...]:
    """Return every format that can be read: ours, then those of other packages that carry other names."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - 30 ms that run summaries alone do not cost

    found = {f.name: f for f in FORMATS}
    for point in entry_points(group=GROUP):
        try:
            other = point.load()
        except Exception as caught:  # noqa: BLE001 - whatever a package of somebody else does, it is told
            message = f'the package that adds the format "{point.name}" cannot be loaded ({caught})'
            raise cannot_decide("format-plugin", message, hint="mend it, or uninstall it") from None
        if not isinstance(other, Format):
            message = f'the entry point "{point.name}" is no perfgate.formats.catalog.format.Format'
            raise cannot_decide("format-plugin", message, hint="mend the package, or uninstall it")
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
    import difflib  # noqa: PLC0415 - only for a typo

    near = difflib.get_close_matches(name, [f.name for f in formats()], n=1)
    suggestion = f'did you mean "{near[0]}"? ' if near else ""
    raise cannot_decide(
        "format-unknown",
        f'there is no format "{name}"',
        place="--from",
        hint=f"{suggestion}`perfgate formats` lists them",
    )


def detect(source: Source) -> Format | None:
    """Return the format of an input, None when it is none that gives itself away.

    At most `source.HEAD` bytes are looked at.

    Raises:
        CannotDecideError: it cannot be read, or it is a known file that holds nothing to judge by.
    """
    head = Head(source)
    for candidate in formats():
        if not candidate.is_asked and not candidate.misses(head):
            return candidate
    for wrong in UNREAD:
        if not wrong.misses(head):
            raise cannot_decide(
                "format-unread", f"this is the output of {wrong.tool}", place=source.path, hint=wrong.cure
            )
    return None


def unknown(source: Source) -> str:
    """Return in words which formats an input is nearest to, and what each misses."""
    head = Head(source)
    ranked = sorted((len(misses) / f.marks if f.marks else 0.9, i, f, misses) for i, f, misses in _missing(head))
    told = [
        f"{f.name} ({', '.join(misses[:2]) if misses else 'only when asked for by --from'})"
        for _, _, f, misses in ranked
    ]
    return "; ".join(told[:_GUESSES])


def _missing(head: Head) -> list[tuple[int, Format, list[str]]]:
    return [(i, f, f.misses(head)) for i, f in enumerate(formats()) if bool(f.files) == head.source.is_folder]
