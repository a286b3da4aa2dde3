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
    Watcher = Callable[[str, str, int, int], None]

LOGGER = "perfgate"
_makers: list[Callable[[], Watcher]] = []


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
            ("reading runs"), to what ("files"), how many are done, and of how many: before the first one and
            after each, so at last with two equal numbers.
    """
    _makers[:] = [] if make_watcher is None else [make_watcher]


def watched(items: Sequence[Item], doing: str, what: str) -> Iterable[Item]:
    """Return the items of long work; whoever watches hears how many of them are done.

    Args:
        items: what is worked on, one after the other.
        doing: the work, such as ``reading runs``.
        what: the items, such as ``files``.
    """
    return _count(items, doing, what, _makers[0]()) if _makers and len(items) > 1 else items


def _count(items: Sequence[Item], doing: str, what: str, watcher: Watcher) -> Iterator[Item]:
    total = len(items)
    for done, item in enumerate(items):
        watcher(doing, what, done, total)
        yield item
    watcher(doing, what, total, total)
