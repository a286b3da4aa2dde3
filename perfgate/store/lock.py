"""The lock that allows one refresh, or one analysis of a canary, at a time: the second adds to what the first wrote."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING

from perfgate.core.atomic import remove_parts
from perfgate.core.errors import cannot_decide

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PATIENCE = 60.0
"""Longest wait in seconds: a refresh of a thousand benchmarks takes less, a job of CI waits longer for its machine."""
_PAUSE = 0.05  # seconds between two tries: a refresh of one benchmark takes a few of them


@contextlib.contextmanager
def refresh_lock(folder: str, *, patience: float = PATIENCE, written: Iterable[str] = ()) -> Iterator[None]:
    """Keep other refreshes out for as long as the block runs.

    The lock is on the folder itself: no lock file is left behind, and the kernel frees
    it when the process dies. Where folders cannot be locked (Windows, some network file
    systems) the block runs without.

    Args:
        folder: holds the configuration; empty: the working directory.
        patience: how long to wait for another refresh, in seconds.
        written: files that the block writes: where the lock is held, parts of them that killed processes left go.

    Raises:
        CannotDecideError: the other one did not end in time.
    """
    fd = _lock(folder or ".", patience)
    try:
        if fd is not None:
            for path in written:
                remove_parts(path)
        yield
    finally:
        if fd is not None:
            os.close(fd)


def _lock(folder: str, patience: float) -> int | None:
    """Return the open folder that holds the lock; None where folders cannot be locked."""
    try:
        import fcntl  # not there on Windows
    except ImportError:
        return None
    try:
        fd = os.open(folder, os.O_RDONLY)
    except OSError:
        return None  # reading the folder reports what is wrong with it
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as caught:
            if caught.errno not in {errno.EAGAIN, errno.EACCES}:
                os.close(fd)
                return None
        except BaseException:
            os.close(fd)
            raise
        else:
            return fd
        if time.monotonic() >= end:
            os.close(fd)
            hint = "wait for it to end, then run the command again"
            raise cannot_decide("refresh-busy", "another perfgate is writing here", place=folder, hint=hint)
        time.sleep(_PAUSE)
