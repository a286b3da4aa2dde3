"""Count the instructions of a region of this process, by requests to the Valgrind that runs it.

A client request is a sequence of instructions that does nothing on a processor, and that Valgrind recognises. It is
called by ctypes from a page of memory: no compiler and no package is needed. Sequence and numbers are those of
``valgrind.h`` and ``callgrind.h`` of Valgrind 3.19, which have not changed since 2006.
"""

from __future__ import annotations

import gc
import os
import platform
import re
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FOLDER = "PERFGATE_COUNTS"
"""Variable that names the folder into which Callgrind writes, and says that regions are counted."""
OUT = "out"
"""Beginning of the names of Callgrind's files in it."""
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
_ENOUGH = 1_000_000
"""Instructions of a region that is counted as it is; of a shorter one the requests themselves would be a part."""
_SUMMARY = re.compile(rb"^(?:summary|totals): (\d+)", re.MULTILINE)
_SOURCE = "source"
_BY_SIGNAL = 128  # exit code of a shell for a program that a signal ended, and its number
_LARGEST = 1 << 26  # bytes of a dump that are read; its totals are in its last line


class RegionError(Exception):
    """Regions cannot be counted here."""


class Regions:
    """Counts regions of this process, one after another."""

    def __init__(self, folder: str) -> None:
        """Find the Valgrind around this process.

        Args:
            folder: into which Callgrind writes.

        Raises:
            RegionError: there is none, or this machine allows no requests.
        """
        if platform.machine() not in {"x86_64", "AMD64"}:
            raise RegionError(f"regions are counted on x86-64 only, and this is {platform.machine()}")
        import ctypes  # for those who count
        import mmap

        self._folder = folder
        self._number = 0
        try:
            self._page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        except OSError as error:
            raise RegionError(f"this system allows no memory that can be executed ({error.strerror})") from None
        self._page.write(_X86_64)
        words = ctypes.c_long * _WORDS
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._page))
        call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.POINTER(ctypes.c_long), ctypes.c_long)(address)
        self._requests = {number: words(number) for number in (_RUNNING, _ZERO, _DUMP, _START, _STOP)}
        self._call = call
        if not self._request(_RUNNING):
            raise RegionError("this process does not run under Valgrind: something started another interpreter")

    def _request(self, number: int) -> int:
        return int(self._call(self._requests[number], 0))

    @property
    def source(self) -> str:
        """What a count depends on beside the code, as `run_under_counter` wrote it."""
        with open(os.path.join(self._folder, _SOURCE), encoding="utf-8") as file:
            return file.read()

    def count_once(self, call: Callable[[], object]) -> float:
        """Return the instructions of one call that cannot be repeated.

        Raises:
            RegionError: Callgrind left no count.
        """
        return float(self._count(call, 1))

    def count(self, call: Callable[[], object]) -> float:
        """Return the instructions of one call; a short one is repeated.

        The caller has called it before, which filled caches. Garbage is collected before, and not meanwhile.

        Raises:
            RegionError: Callgrind left no count.
        """
        was_on = gc.isenabled()
        gc.collect()
        gc.disable()
        try:
            loops, found = 1, self._count(call, 1)
            if found < _ENOUGH:
                loops = -(-_ENOUGH // max(found, 1))
                found = self._count(call, loops)
        finally:
            if was_on:
                gc.enable()
        return found / loops

    def _count(self, call: Callable[[], object], loops: int) -> int:
        repeat = range(loops)
        request, requests = self._call, self._requests
        zero, start, dump, stop = requests[_ZERO], requests[_START], requests[_DUMP], requests[_STOP]
        self._number += 1
        children = _usage_of_children()
        request(start, 0)
        request(zero, 0)
        try:
            for _ in repeat:
                call()
        finally:  # else all that follows would be slow, and counted
            request(dump, 0)
            request(stop, 0)
        if _usage_of_children() != children:
            raise RegionError("the function starts processes, whose instructions are not counted: perfgate ab --counts")
        path = os.path.join(self._folder, f"{OUT}.{os.getpid()}.{self._number}")
        try:
            with open(path, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _LARGEST))
                counts = _SUMMARY.findall(file.read(_LARGEST))
            os.unlink(path)
        except OSError as error:
            raise RegionError(f"Callgrind left no count: {path} ({error.strerror})") from None
        if not counts:
            raise RegionError(f"Callgrind left no count in {path}")
        return int(counts[-1])


def _usage_of_children() -> tuple[float, ...]:
    """Return what the processes that this one started and waited for have used so far."""
    import resource  # for those who count

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime, used.ru_stime, used.ru_minflt, used.ru_nvcsw


def run_under_counter(argv: Sequence[str]) -> int:
    """Run a Python program whose regions are counted, with the streams of this process, and return its exit code.

    Args:
        argv: arguments of the interpreter, such as ``-m pytest``.

    Raises:
        RegionError: there is no Valgrind, or it cannot be started.
    """
    import subprocess  # for those who count
    import sys
    import tempfile

    from perfgate.measure.command.counting import VARIABLES, find_counter, identity_of
    from perfgate.measure.machine import facts

    counter = find_counter()
    if counter is None:
        raise RegionError("counting needs Valgrind, which is not here: apt-get install -y valgrind")
    cpu = facts.environment().get("cpu_model", "")
    own = identity_of([sys.executable], os.getcwd(), os.environ)
    fixed = {name: text for name, text in VARIABLES.items() if name not in os.environ}
    with tempfile.TemporaryDirectory(prefix="perfgate-counts-") as folder:
        with open(os.path.join(folder, _SOURCE), "w", encoding="utf-8") as file:
            file.write(", ".join(filter(None, (f"callgrind of {counter.version}", cpu, own))))
        place = folder.replace("%", "%%")  # Valgrind puts in what stands behind one
        words = [
            counter.path,
            "--tool=callgrind",
            "--instr-atstart=no",
            f"--callgrind-out-file={place}/{OUT}.%p",
            f"--log-file={place}/log.%p",
            sys.executable,
            *argv,
        ]
        call = partial(subprocess.call, words, env={**os.environ, **fixed, FOLDER: folder})
        try:
            code = call()
        except OSError as error:
            raise RegionError(f"{counter.path} cannot be started ({error.strerror})") from None
    return code if code >= 0 else _BY_SIGNAL - code
