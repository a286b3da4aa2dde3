"""A file that a service appends lines to, and that never stops the service."""

from __future__ import annotations

import logging
import os
import time

_LOG = logging.getLogger("perfgate.monitor")
_AGAIN = 1.0
"""Seconds between two looks at whether the file was rotated, or can be opened now: a look costs as much as a write."""
_QUIET = 60.0
"""Seconds between two warnings of one file: a full disk fails each line."""
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)


class LineFile:
    """Appends whole lines to one file, each by one system call, so that threads, forks and processes may share it.

    Nothing is buffered, so that a process that is killed leaves no half line behind. A line that cannot be written
    is dropped and counted, and a warning of the logger ``perfgate.monitor`` says why, at most once a minute.

    Attributes:
        path: absolute, so that a service may change its working folder.
        dropped: lines that could not be written, >= 0.
    """

    __slots__ = (
        "_fd",
        "_is_open",
        "_is_torn",
        "_look_at",
        "_max_bytes",
        "_mode",
        "_size",
        "_warn_at",
        "dropped",
        "path",
    )

    def __init__(self, path: str | os.PathLike[str], *, max_bytes: int | None = None, mode: int = 0o644) -> None:
        """Open the file; where that is impossible, try again later.

        Args:
            path: of the file; its folder is made.
            max_bytes: size beyond which lines are dropped until the file is rotated, >= 1; None: no limit.
            mode: permissions of a new file, before the umask.

        Raises:
            ValueError: `max_bytes` is below 1, or the path is empty or holds a NUL character.
        """
        name = os.fsdecode(path)
        if not name or "\0" in name:
            raise ValueError(f"no path of a file: {name!a}")
        if max_bytes is not None and max_bytes < 1:
            raise ValueError(f"max_bytes must be at least 1, not {max_bytes}")
        self.path = os.path.abspath(name)
        self.dropped = 0
        self._max_bytes = max_bytes
        self._mode = mode
        # One descriptor for ever: a file that was rotated is put in its place by one system call, so that
        # no other thread writes to a number that was closed meanwhile and belongs to something else now.
        self._fd = os.open(os.devnull, os.O_WRONLY)
        self._is_open = self._is_torn = False
        self._size = 0
        self._warn_at = self._look_at = 0.0
        self._look(time.monotonic())

    def write(self, line: str) -> bool:
        """Append a line; False: it was dropped.

        Args:
            line: without its end; must not hold a line break.
        """
        now = time.monotonic()
        if now >= self._look_at:
            self._look(now)
        if not self._is_open:
            self.dropped += 1
            return False
        data = (f"\n{line}\n" if self._is_torn else f"{line}\n").encode("utf-8", "backslashreplace")
        if self._max_bytes is not None and self._size + len(data) > self._max_bytes:
            return self.drop(f"the file has reached its limit of {self._max_bytes:,} bytes; rotate it")
        try:
            written = os.write(self._fd, data)
        except OSError as error:
            return self.drop(error.strerror or str(error))
        self._size += written
        self._is_torn = written < len(data)
        return self.drop("the disk is full") if self._is_torn else True

    def drop(self, why: str) -> bool:
        """Count a line that is not written, and warn; always False.

        Args:
            why: in words, the cause first.
        """
        self.dropped += 1
        self._warn(why)
        return False

    def close(self) -> None:
        """Write nothing from now on; lines are dropped."""
        self._is_open, self._look_at = False, float("inf")
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), self._fd, inheritable=False)

    def _look(self, now: float) -> None:
        """Open the file that is under the path now, unless it is open already."""
        self._look_at = now + _AGAIN
        try:
            if self._is_open and _is_same(self.path, self._fd):
                self._size = os.fstat(self._fd).st_size  # others write to it as well
                return
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            fd = os.open(self.path, _FLAGS, self._mode)
            try:
                self._size = os.fstat(fd).st_size
                self._is_torn = self._size > 0 and _last_byte(fd) != b"\n"
                os.dup2(fd, self._fd, inheritable=False)
            finally:
                os.close(fd)
            self._is_open = True
        except OSError as error:
            self._is_open = False
            self._warn(error.strerror or str(error))

    def _warn(self, why: str) -> None:
        now = time.monotonic()
        if now >= self._warn_at:
            self._warn_at = now + _QUIET
            _LOG.warning("%s: lines are dropped: %s", self.path, why)


class LineLog:
    """What the logs of a service have in common: each writes records of its own kind to one `LineFile`."""

    __slots__ = ("_lines",)

    def __init__(self, path: str | os.PathLike[str], *, max_bytes: int | None, mode: int = 0o644) -> None:
        """Open the log; as `LineFile` has it."""
        self._lines = LineFile(path, max_bytes=max_bytes, mode=mode)

    @property
    def dropped(self) -> int:
        """How many lines could not be written."""
        return self._lines.dropped

    def close(self) -> None:
        """Write nothing from now on."""
        self._lines.close()


def _last_byte(fd: int) -> bytes:
    """Return the last byte of a file that is not empty; what is appended goes to its end all the same."""
    os.lseek(fd, -1, os.SEEK_END)
    return os.read(fd, 1)


def _is_same(path: str, fd: int) -> bool:
    """Is the file under a path the one that is open? None is there when it was just rotated."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    here = os.fstat(fd)
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
