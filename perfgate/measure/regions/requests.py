"""Requests to Callgrind, from a process that it runs: begin to count, stop, and the count.

A client request is a sequence of instructions that does nothing on a processor, and that Valgrind recognises. It is
called by ctypes from a page of memory: no compiler and no package is needed. Sequence and numbers are those of
``valgrind.h`` and ``callgrind.h`` of Valgrind 3.19, which have not changed since 2006.
"""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

OUT = "out"
"""Beginning of the names of Callgrind's files in it."""
SOURCE = "source"
"""File in it that says what a count depends on beside the code, where a process counts functions of its own choice."""
BLOCKS = "blocks"
"""File in it to which a program adds the count of each of its measured blocks, where these are asked for."""
OUTSIDE = "this process does not run under Valgrind: something started another interpreter"
STARTS_PROCESSES = "it starts processes, whose instructions are not counted"
"""Why a region has no count."""
_X86_64 = bytes.fromhex(
    "4889f8"  # mov rax, rdi: the request and its arguments
    "4889f2"  # mov rdx, rsi: the answer outside of Valgrind
    "48c1c703 48c1c70d 48c1c73d 48c1c733"  # rol rdi by 3, 13, 61 and 51: 128 in all, so that nothing changes
    "4887db"  # xchg rbx, rbx: the request
    "4889d0"  # mov rax, rdx: the answer
    "c3"  # ret
)
_RUNNING = 0x1001
_CALLGRIND = (ord("C") << 24) + (ord("T") << 16)
_ZERO, _DUMP, _START, _STOP = (_CALLGRIND + number for number in (1, 0, 4, 5))
_WORDS = 6  # of a request: its number and five arguments
_SUMMARY = re.compile(rb"^(?:summary|totals): (\d+)", re.MULTILINE)
_SMALL = 480
"""Bytes of an object of the largest kind that Python has its own memory for, its head included (512)."""
_ARENA = 1 << 18
"""Bytes that Python takes from the system at once: before 3.10, and four times as many since."""
_SPARE = 1 << 24
"""Bytes that are kept."""
_END = 4096  # bytes of a dump that are read; its totals are in its last line


class RegionError(Exception):
    """Regions cannot be counted here."""


class Requests:
    """Asks the Valgrind around this process to count."""

    def __init__(self, folder: str) -> None:
        """Find it.

        Args:
            folder: into which Callgrind writes.

        Raises:
            RegionError: there is none, or this machine allows no requests.
        """
        machine = os.uname().machine if hasattr(os, "uname") else "no Linux"
        if machine not in {"x86_64", "AMD64"}:
            raise RegionError(f"regions are counted on x86-64 only, and this is {machine}")
        import ctypes  # for those who count
        import mmap

        self._folder = folder
        self._pid, self._number = os.getpid(), 0
        try:
            self._page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        except OSError as error:
            raise RegionError(f"this system allows no memory that can be executed ({error.strerror})") from None
        self._page.write(_X86_64)
        words = ctypes.c_long * _WORDS
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._page))
        self._call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.POINTER(ctypes.c_long), ctypes.c_long)(address)
        running, self._zero, self._dump, self._start, self._stop = map(words, (_RUNNING, _ZERO, _DUMP, _START, _STOP))
        if not self._call(running, 0):
            raise RegionError(OUTSIDE)

    def begin(self) -> None:
        """Count from now on."""
        self._call(self._start, 0)
        self._call(self._zero, 0)

    def stop(self) -> None:
        """Count no more."""
        self._call(self._stop, 0)

    def take(self, *, stops: bool) -> int:
        """Return the instructions of all threads since `begin`, or since the last time.

        Args:
            stops: count no more? Else what this process does from now on counts for the next time.

        Raises:
            RegionError: Callgrind left no count.
        """
        self._call(self._dump, 0)
        if stops:
            self._call(self._stop, 0)
        return self._read()

    def count(self, call: Callable[[], object], loops: int) -> int:
        """Return the instructions of so many calls, with as little as possible beside them.

        Raises:
            RegionError: Callgrind left no count.
        """
        repeat = range(loops)
        request, zero, start, dump, stop = self._call, self._zero, self._start, self._dump, self._stop
        request(start, 0)
        request(zero, 0)
        try:
            for _ in repeat:
                call()
        except BaseException:  # else all that follows would be slow, and counted
            request(dump, 0)
            request(stop, 0)
            self._read()
            raise
        request(dump, 0)
        request(stop, 0)
        return self._read()

    def _read(self) -> int:
        """Return the count of the newest dump of this process, which is removed."""
        pid = os.getpid()
        self._pid, self._number = pid, self._number + 1 if pid == self._pid else 1  # a fork begins anew
        path = os.path.join(self._folder, f"{OUT}.{pid}.{self._number}")
        try:
            with open(path, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _END))
                counts = _SUMMARY.findall(file.read(_END))
            os.unlink(path)
        except OSError as error:
            raise RegionError(f"Callgrind left no count: {path} ({error.strerror})") from None
        if not counts:
            raise RegionError(f"Callgrind left no count in {path}")
        return int(counts[-1])


def spare_memory() -> list[bytes]:
    """Return objects that keep free memory with the interpreter, for as long as they are held.

    Python takes memory for small objects from the system by the megabyte, and gives it back. Whether a region happens
    to cross such a border depends on all that was made before it, such as the length of paths, and may be 1 % of it.
    """
    block = [bytes(_SMALL) for _ in range(_SPARE // _SMALL)]
    return block[:: _ARENA // _SMALL // 2]  # two of each megabyte stay, between which all is free


def usage_of_children() -> tuple[float, ...]:
    """Return what the processes that this one started and waited for have used so far."""
    import resource  # for those who count

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime, used.ru_stime, used.ru_minflt, used.ru_nvcsw
