"""What a command does, step by step: for the logger ``perfgate``, and how far long work is, for whoever watches it.

Silent and nearly free unless somebody listens.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` costs milliseconds that a command line does not need
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeVar

    Item = TypeVar("Item")
    Watcher = Callable[[str, str, float, int, int], None]

LOGGER = "perfgate"
_makers: list[Callable[[], Watcher]] = []
_works: list[Work] = []  # the one that is watched, if any


def is_heard() -> bool:
    """Does anybody listen to the steps? For those that take time to put into words.

    Where nobody has imported `logging`, nobody can listen, and it is not imported: that takes some milliseconds.
    """
    logging = sys.modules.get("logging")
    return logging is not None and bool(logging.getLogger(LOGGER).isEnabledFor(logging.INFO))


def log_step(message: str, *values: object) -> None:
    """Log a step at level INFO, when somebody listens.

    Args:
        message: with a ``%s`` for each value; never the words of a measured command, which may hold secrets.
        values: what is put into it.
    """
    if is_heard():
        sys.modules["logging"].getLogger(LOGGER).info(message, *values)


def watch_work(make_watcher: Callable[[], Watcher] | None) -> None:
    """Let somebody watch how far long work is; None: nobody.

    Args:
        make_watcher: called at the beginning of each work. What it returns is called with what is done
            ("reading runs"), to what ("files"), how many are done (a part of one is a fraction), of how many, and how
            many bytes were read: after each of them, or of many short ones now and then, and at last with all of them.
    """
    _makers[:] = [] if make_watcher is None else [make_watcher]
    _works.clear()


class Work:
    """Long work on some items, for whoever watches."""

    def __init__(self, doing: str, what: str, total: int) -> None:
        """Begin.

        Args:
            doing: the work, such as ``reading runs``.
            what: the items, such as ``files``.
            total: how many items there are.
        """
        self._watcher = _makers[0]() if _makers else None
        self._doing, self._what, self._total = doing, what, total
        self._done = self._size = self._part = 0
        if self._watcher is not None:
            _works[:] = [self]

    def add(self, items: int = 1, size: int = 0) -> None:
        """Count items that are done, and bytes that were read of them and are not counted yet."""
        self._done += items
        self._size += size
        self._part = 0
        self._show(0.0)

    def add_part(self, size: int, whole: int) -> None:
        """Count bytes of the item that is worked on, which has `whole` bytes; 0: nobody knows how many."""
        self._size += size
        self._part += size
        self._show(min(self._part / whole, 1.0) if whole else 0.0)

    def _show(self, share: float) -> None:
        if self._watcher is not None and self._done <= self._total:
            done = min(self._done + share, self._total)
            self._watcher(self._doing, self._what, done, self._total, self._size)


def note_read(size: int, whole: int = 0) -> None:
    """Count bytes that were read of a large file, for whoever watches the work that reads it.

    Args:
        size: how many.
        whole: of how many; 0: nobody knows.
    """
    if _works:
        _works[0].add_part(size, whole)


def watched(items: Sequence[Item], doing: str, what: str) -> Iterable[Item]:
    """Return the items of long work; whoever watches hears how many of them are done.

    Args:
        items: what is worked on, one after the other.
        doing: the work, such as ``reading runs``.
        what: the items, such as ``files``.
    """
    return _count(items, Work(doing, what, len(items))) if _makers and len(items) > 1 else items


def _count(items: Sequence[Item], work: Work) -> Iterator[Item]:
    for item in items:
        yield item
        work.add()
