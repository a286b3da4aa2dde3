"""A second process that reads every other batch of many run summaries, while this one reads the rest."""

from __future__ import annotations

import os
import select
import signal
from array import array
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from perfgate.core.errors import cannot_decide
from perfgate.core.run import RunColumns
from perfgate.formats.own.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.core.errors import CannotDecideError

FEWEST_FILES = 20_000
"""Files from which on a second process saves more time than its start takes."""
_LENGTH = 8
_SILENCE = 2.0
"""Seconds without a byte after which the second process is continued: it may have been stopped, and this one not."""
_TASKS = "/proc/self/task"


class _Sent(msgspec.Struct, array_like=True):
    """A `Kind` as it goes through a pipe; columns of numbers are their bytes."""

    number: int
    folder: str
    content: bytes
    run_id: str
    run_ids: list[str]
    started: list[str]
    rows: bytes
    values: list[bytes]
    numbers: bytes
    digests: list[str]


class _Batch(msgspec.Struct, array_like=True):
    """What was read of one batch."""

    size: int
    kinds: list[_Sent] | None


def is_worth_it(files: int) -> bool:
    """Is there a second processor for so many files, and can this process be divided?

    A process with threads cannot: a lock that another thread holds would stay locked in the second one.
    """
    if files < FEWEST_FILES or not hasattr(os, "fork") or not hasattr(os, "sched_getaffinity"):
        return False
    try:
        return len(os.sched_getaffinity(0)) > 1 and len(os.listdir(_TASKS)) == 1
    except OSError:
        return False


class SecondProcess:
    """Reads batches in another process; what it found is taken batch by batch, in their order."""

    def __init__(
        self,
        batches: Sequence[Sequence[str]],
        read: Callable[[Sequence[str], list[int]], list[Kind] | None],
    ) -> None:
        """Begin to read.

        Args:
            batches: paths of files.
            read: returns the kinds in a batch, None where files are to be read one by one; adds sizes to a list.
        """
        self._pipe, other = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            try:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends this one
                os.close(self._pipe)
                for batch in batches:
                    sizes: list[int] = []
                    kinds = read(batch, sizes)
                    found = _Batch(sum(sizes), None if kinds is None else list(map(_pack, kinds)))
                    _write(other, msgspec.msgpack.encode(found))
            finally:  # whatever happens, it never goes on with what the first process does
                os._exit(0)
        os.close(other)
        self._decode = msgspec.msgpack.Decoder(_Batch).decode

    def take(self, sizes: list[int]) -> list[Kind] | None:
        """Return the kinds in the next batch, and add its size; None: its files are to be read one by one.

        Raises:
            CannotDecideError: the process ended before it was finished.
        """
        length = int.from_bytes(self._read(_LENGTH), "little")
        found = self._decode(self._read(length))
        sizes.append(found.size)
        return None if found.kinds is None else list(map(_unpack, found.kinds))

    def close(self) -> None:
        """End the process."""
        os.close(self._pipe)
        with suppress(OSError):
            os.kill(self._process, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(self._process, 0)

    def _read(self, size: int) -> bytes:
        parts = []
        poller = select.poll()
        poller.register(self._pipe, select.POLLIN)
        while size:
            while not poller.poll(1000 * _SILENCE):
                os.kill(self._process, signal.SIGCONT)  # to one that runs it is nothing
            part = os.read(self._pipe, min(size, 1 << 20))
            if not part:
                raise _died()
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _died() -> CannotDecideError:
    message = "the second process that reads run files ended early"
    hint = "run the command again; a system that is short of memory ends processes"
    return cannot_decide("reader-died", message, hint=hint)


def _write(pipe: int, content: bytes) -> None:
    rest = memoryview(len(content).to_bytes(_LENGTH, "little") + content)
    while rest:
        rest = rest[os.write(pipe, rest) :]


def _pack(kind: Kind) -> _Sent:
    columns = kind.columns
    return _Sent(
        kind.number,
        kind.folder,
        kind.content,
        kind.run_id,
        list(columns.run_ids),
        list(columns.started),
        columns.rows.tobytes(),
        [column.tobytes() for column in columns.values],
        columns.numbers.tobytes(),
        list(columns.digests),
    )


def _unpack(sent: _Sent) -> Kind:
    columns = RunColumns(
        run_ids=sent.run_ids,
        started=sent.started,
        rows=array("q", sent.rows),
        values=tuple(array("d", column) for column in sent.values),
        numbers=array("I", sent.numbers),
        digests=sent.digests,
    )
    return Kind(sent.number, sent.folder, sent.content, sent.run_id, columns)
