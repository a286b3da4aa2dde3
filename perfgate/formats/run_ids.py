"""Where each run id was read first: what a second run of the same id is held against."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.run import Run

Columns = Literal["none", "plain", "with digests"]
"""Are the runs of one kind read as columns (`Run.more`), and with their digests?"""
_LINES = 32
"""Bits of a number that count the lines of a file."""
_DIGITS = (1 << 60) - 1
"""Of a hash: as many bits as an integer holds in 32 bytes."""
_MARK = (1 << 32) - 1
"""Of the hash of a content: two different runs of one id are taken for copies once in four billion."""


_FEW = 8
"""Ranges of ids with which a further one may overlap, before the hashes of all ids are kept at hand."""


class _Claimed(NamedTuple):
    """Ids that were claimed, in columns; they are looked through when an id is there a second time."""

    base: int
    """What is added to each number."""
    hashes: array[int]
    numbers: array[int]
    contents: array[int]
    """Hashes of what the runs were read from."""
    least: str = ""
    """The least of the ids, where they were claimed together."""
    greatest: str = ""
    """The greatest of them."""


class RunIds:
    """Remembers for each run id the place that had it first.

    A dict of the ids themselves would take several times as much, and a million runs are read
    in one call. Ids begin with a time, so that those of a batch mostly lie behind those of all others: while they do,
    there is not even a set of their hashes. Two ids of one hash count as the same, which ends in an error that names
    both places: never in a run that is left out unnoticed.
    """

    def __init__(self) -> None:
        """Start with no id."""
        self._places: list[str] = []
        self._hashes: set[int] | None = None  # of all ids, once they are needed
        self._alone = _Claimed(0, array("q"), array("Q"), array("I"))
        self._claimed = [self._alone]
        self._first: dict[int, tuple[int, int]] | None = None  # hash -> number, and hash of the content

    def add_places(self, names: Sequence[str]) -> range:
        """Return the numbers of files whose runs are read next."""
        begin = len(self._places)
        self._places += names
        return range(begin << _LINES, len(self._places) << _LINES, 1 << _LINES)

    def rename(self, number: int, name: str) -> None:
        """Name a file anew that turns out to hold many runs: after what their places begin with."""
        self._places[number >> _LINES] = name

    @staticmethod
    def line_in(file: int, number: int) -> int | None:
        """Return which line of a file a number stands for; None: one of another file."""
        return number - file if number >> _LINES == file >> _LINES else None

    def name_of(self, number: int) -> str:
        """Return the name of the file or line of a number."""
        line = number & ((1 << _LINES) - 1)
        return f"{self._places[number >> _LINES]}{line or ''}"

    def file_of_many(self, number: int) -> str:
        """Return the file of a number that stands for one of many runs in it; empty: it stands for a whole file."""
        is_one = not number & ((1 << _LINES) - 1)
        return "" if is_one else self._places[number >> _LINES].rpartition(": ")[0]

    def claim(self, run_id: str, number: int, content: bytes = b"") -> int:
        """Return the number of the first place that claimed an id, which is this one unless the id was there before.

        Args:
            run_id: the id.
            number: the place, and the line in it.
            content: what the run was read from, for `is_copy`.
        """
        mark = hash(run_id) & _DIGITS
        known = self._known()
        if mark in known:
            return self._look_up(mark)[0]
        known.add(mark)
        if self._first is not None:
            self._first[mark] = number, hash(content) & _MARK
            return number
        self._alone.hashes.append(mark)
        self._alone.numbers.append(number)
        self._alone.contents.append(hash(content) & _MARK)
        return number

    def claim_all(self, run_ids: Sequence[str], base: int, numbers: array[int], contents: Sequence[bytes] = ()) -> bool:
        """Claim many ids, if each is there for the first time; else none.

        Args:
            run_ids: the ids.
            base: number of their place; of several files that of the first.
            numbers: what is added to it for each of them.
            contents: what they were read from; empty: `is_copy` is not asked.
        """
        marks = list(map(_DIGITS.__and__, map(hash, run_ids)))
        new = set(marks)
        least, greatest = min(run_ids, default=""), max(run_ids, default="")
        if len(new) < len(marks) or not all(map(new.isdisjoint, self._beside(least, greatest))):
            return False
        if self._hashes is not None:
            self._hashes |= new
        texts = array("I", map(_MARK.__and__, map(hash, contents)) if contents else bytes(4 * len(marks)))
        if self._first is not None:
            self._first.update(zip(marks, zip((base + n for n in numbers), texts, strict=True), strict=True))
        else:
            self._claimed.append(_Claimed(base, array("q", marks), numbers, texts, least, greatest))
        return True

    def is_copy(self, run_id: str, content: bytes) -> bool:
        """Was an id claimed for the same content?"""
        mark = hash(run_id) & _DIGITS
        return mark in self._known() and self._look_up(mark)[1] == hash(content) & _MARK

    def _beside(self, least: str, greatest: str) -> Sequence[Iterable[int]]:
        """Return the hashes of all ids that may lie in a range, if not of all."""
        if self._hashes is None:
            near = [held.hashes for held in self._claimed if held.least <= greatest and least <= held.greatest]
            if len(near) <= _FEW:
                return near
        return [self._known()]

    def _known(self) -> set[int]:
        """Return the hashes of all ids."""
        if self._hashes is None:
            self._hashes = set().union(*[held.hashes for held in self._claimed])
        return self._hashes

    def _look_up(self, mark: int) -> tuple[int, int]:
        """Return where a hash was claimed; from the first question on a dict answers."""
        if self._first is None:
            self._first = {}
            for held in self._claimed:
                for known, number, content in zip(held.hashes, held.numbers, held.contents, strict=True):
                    self._first[known] = held.base + number, content
            self._claimed = []
        return self._first[mark]


class Again(NamedTuple):
    """A run whose id another place claimed first."""

    run_id: str
    first: int
    """Number of the other place."""
    origin: str
    """Its own place."""
    mark: int
    """Stands for all that it holds (`mark_of`)."""


def mark_of(run: Run) -> int:
    """Return 64 bits that stand, in this process, for all of a run but where it was read from."""
    return hash(repr(replace(run, origin="")))


class Claims(msgspec.Struct, kw_only=True):
    """How the run summaries of a file that holds many are read."""

    ids: RunIds
    """The ids of all runs that were read."""
    columns: Columns
    """Do the runs of one kind stand beside the first of them?"""
    place: int | None = None
    """Number of the file; None: it has none yet."""
    is_used: bool = False
    """Did the reader of the file claim the ids of its runs?"""
    elsewhere: list[Again] = msgspec.field(default_factory=list)
    """Runs that are not read, since another file has their id."""

    def begin(self, name: str) -> int:
        """Return the number of the file, whose runs have places that begin with a name."""
        if self.place is None:
            self.place = self.ids.add_places([name])[0]
        self.ids.rename(self.place, name)
        self.is_used = True
        return self.place
