"""How a status looks, and the names of the values of one page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.finding import Status
from perfgate.render.html.markup import shorten
from perfgate.render.terminal.style import MARKS
from perfgate.report.verdict.parts import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.report.verdict.value import Value

PART = {p.name: p for p in PARTS}
"""Name -> part."""
_UNGATED = frozenset({"ungated", "shown", "advisory", "unknown", "stages"})
"""Parts of values that cannot fail."""


class Appearance(Struct, frozen=True):
    """How the status of a value is shown."""

    symbol: str
    """One character; colour is never the only carrier."""
    token: str
    """Class of the style sheet that has its colour."""
    words: str
    """The status."""
    part: str
    """Name of the part of the report."""


def appearance_of(status: Status, part: str) -> Appearance:
    """Return how a value of a part is shown."""
    mark = MARKS[Status.ADVISORY if part in _UNGATED else status]
    words = "not gated" if part in _UNGATED or status is Status.ADVISORY else status.value.replace("-", " ")
    return Appearance(mark.symbol, mark.token, words, part)


def names_of(values: Sequence[Value]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return benchmark and machine class -> name and class as they are shown; two that would read alike get a number.

    The class is empty where all values have the same.
    """
    keys = dict.fromkeys((v.benchmark, v.key[2]) for v in values)
    has_classes = len({machine for _, machine in keys}) > 1
    shown = {key: (shorten(key[0]) or "–", shorten(key[1]) if has_classes else "") for key in keys}
    times = Counter(shown.values())
    numbers: Counter[tuple[str, str]] = Counter()
    named = {}
    for key, words in shown.items():
        numbers[words] += 1
        number = f" #{numbers[words]}" if times[words] > 1 else ""
        named[key] = (f"{words[0]}{number}", words[1])
    return named
