"""What is wrong with the parts of a large log: too much is an error that names the part, little is a remark."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from perfgate.core.errors import CannotDecideError, error
from perfgate.core.text.names import list_some
from perfgate.formats.parsing.logs.rows import are_too_many
from perfgate.formats.scale.columns import describe_names
from perfgate.formats.scale.query import BROKEN, NO_AMOUNT, NO_NUMBER, OTHERS
from perfgate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.formats.scale.parts import Part
    from perfgate.formats.scale.query import Question
    from perfgate.formats.scale.tables import Counted

MOST_SHOWN = 3
"""Names of files in a message."""
_TOLERATE = "correct the log or the map; or tolerate more: --tolerance SHARE"


class _Fault(NamedTuple):
    """What may be wrong with some lines or rows."""

    noun: str
    """``line`` or ``row``."""
    one: str
    """What one of them does."""
    many: str
    """What several of them do."""

    def describe(self, number: int, of: int | None = None) -> str:
        """Return a sentence about some of them, of all where it is given."""
        what = self.one if number == 1 else self.many
        return f"{count(number, self.noun) if of is None else f'{number:,} of {count(of, self.noun)}'} {what}"


_UNREAD = _Fault("line", "cannot be read", "cannot be read")
_OTHERS = _Fault("row", "that the map does not ask for", "that the map does not ask for")


def _held(what: str) -> _Fault:
    return _Fault("row", f"holds {what}", f"hold {what}")


class Faults:
    """What was found wrong with parts, each by its place among them."""

    def __init__(self, question: Question, tolerance: float) -> None:
        """Start with nothing found.

        Args:
            question: what every part is asked.
            tolerance: share of the rows of a part that may be broken.
        """
        of = question.field_map
        fields = ", ".join(f'"{name}"' for name in question.names)
        self._question = question
        self._tolerance = tolerance
        self._nameless = _held(f"no name in {fields}, or one that is too long" if fields else "too long a name")
        self._undated = _held(f'no point in time in the field "{of.time}"')
        self._timeless = _held(f'no point in time that --engine reads in the field "{of.time}"')
        self._problems: dict[int, Diagnostic] = {}
        self._found: dict[_Fault, dict[int, int]] = {}
        """How many lines or rows have a fault, by part."""
        self._first: dict[int, str] = {}
        """By part, which line cannot be read first, and why."""
        self._lacking: dict[str, list[int]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._filled: set[int] = set()
        """The parts that hold rows."""

    def refuse(self, i: int, problem: Diagnostic) -> None:
        """Keep why a part cannot be counted."""
        self._problems[i] = problem

    def check(self, i: int, part: Part, found: Counted, unplaced: Sequence[int]) -> None:
        """Keep what is wrong with what a part counted.

        Args:
            i: its place.
            part: which it is.
            found: its counts, with the rows that are no benchmark's.
            unplaced: how many rows name no benchmark, and how many have no day.
        """
        for fault, number, of in self._faults(found, unplaced):
            if are_too_many(number, of, self._tolerance):
                self._problems.setdefault(i, self._too_many(fault, number, of, part, found))
            elif number:
                self._found.setdefault(fault, {})[i] = number
        if others := found.total(OTHERS):
            self._found.setdefault(_OTHERS, {})[i] = others
        if found.odd.undated and not self._question.by_day and self._question.field_map.time not in found.odd.lacks:
            self._found.setdefault(self._timeless, {})[i] = found.odd.undated
        if found.total() > found.total(BROKEN):
            self._filled.add(i)
        self._first[i] = found.odd.broken
        for name in found.odd.lacks:
            self._lacking.setdefault(name, []).append(i)
            self._names.setdefault(name, found.odd.names)

    def _faults(self, found: Counted, unplaced: Sequence[int]) -> Iterator[tuple[_Fault, int, int]]:
        """Yield each fault with how many lines or rows have it, and of how many."""
        nameless, undated = unplaced
        whole = found.total()
        rows = whole - found.total(OTHERS, BROKEN)
        yield _UNREAD, found.broken, whole - found.total(BROKEN) + found.broken
        yield self._nameless, nameless, rows
        yield self._undated, undated, rows
        for place, value in enumerate(self._question.values):
            for cell, what in ((NO_NUMBER, "no finite number"), (NO_AMOUNT, "zero or less")):
                yield _held(f'{what} in the field "{value.value}"'), _count_in(found, place, cell), rows

    def _too_many(self, fault: _Fault, number: int, of: int, part: Part, found: Counted) -> Diagnostic:
        message, hint = fault.describe(number, of), _TOLERATE
        fields = {self._nameless: self._question.names, self._undated: (self._question.field_map.time,)}.get(fault, ())
        lacking = [name for name in fields if name in found.odd.lacks]
        if fault is _UNREAD and found.odd.broken:
            message += f"; {found.odd.broken}"
        elif lacking:
            there, hint = describe_names(lacking[0], found.odd.names)
            message += f"; there are {there}" if found.odd.names else ""
        return error("part-rows", message, place=part.name, hint=hint)

    def raise_any(self, parts: Sequence[Part]) -> None:
        """Return when every part can be counted, and some row of some part holds each field of the map.

        Raises:
            CannotDecideError: otherwise; every fault is in it.
        """
        problems = [self._problems[i] for i in sorted(self._problems)]
        for name, places in self._lacking.items() if self._filled and not problems else ():
            if self._filled <= set(places):
                there, hint = describe_names(name, self._names[name])
                more = f"; there are {there}" if self._names[name] else ""
                message = f'no row holds anything in the field "{name}" of the map{more}'
                where = _list(parts, sorted(self._filled))
                problems.append(error("part-columns", message, place=where, hint=hint))
        if problems:
            raise CannotDecideError(problems)

    def remarks(self, parts: Sequence[Part]) -> Iterator[str]:
        """Yield a line for each fault that is tolerated, with the parts that have it."""
        chosen = {name for name, _ in self._question.field_map.where}
        for name, places in self._lacking.items():
            if name not in chosen:
                yield f'no row holds anything in the field "{name}" of the map: {_list(parts, places)}'
        for fault, counts in sorted(self._found.items()):
            number = fault.describe(sum(counts.values()))
            if fault is _OTHERS:
                yield f"left out: {number}"
            elif fault is self._timeless:
                yield f"{number}, in {_list(parts, counts)}"
            else:
                first = self._first[min(counts)] if fault is _UNREAD and len(counts) == 1 else ""
                more = f"; {first}" if first else ""
                yield f"left out: {number}, in {_list(parts, counts)}{more}"


def _list(parts: Sequence[Part], places: Iterable[int]) -> str:
    return list_some([parts[i].name for i in sorted(places)], MOST_SHOWN)


def _count_in(found: Counted, value: int, cell: int) -> int:
    lines = found.lines
    return int(lines["n"][(lines["i"] == value) & (lines["b"] == cell)].sum())
