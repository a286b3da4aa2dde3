"""Count the instructions of a command and of all that it starts, by Valgrind; for `perfgate run` and `perfgate ab`.

A count does not depend on the load of the machine: two runs of the same code agree to some millionths, where times
differ by percents. It leaves out what no instruction of the program does: waiting, disk, network and the kernel.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from typing import TYPE_CHECKING, NamedTuple

from perfgate.measure.command.run import run_command
from perfgate.measure.regions.requests import OUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FEWEST = 100_000
"""Instructions below which nothing but the start of a process was counted: no program is smaller."""
VARIABLES: Mapping[str, str] = {
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "GOMAXPROCS": "1",
    "GODEBUG": "asyncpreemptoff=1",
    "MALLOC_ARENA_MAX": "1",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-ERMS,-FSRM:glibc.malloc.arena_max=1",
}
"""Variables without which a count differs between runs or machines; each is set where the user has not set it."""
_OPTIONS = ("--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", "--trace-children=yes")
_BY_REGIONS = ("--tool=callgrind", "--instr-atstart=no", "--dump-line=no")
_LOG = ".log"
_COUNT = re.compile(rb"^==\d+== I +refs: +([\d,.' ]+?) *$", re.MULTILINE)
_COMPLAINT = re.compile(r"^(?:==\d+== )?(valgrind: .*)$", re.MULTILINE)
_LARGEST_LOG = 1 << 16  # bytes at the end of a log; the count is in its last lines
_LONGEST_WAIT = 60.0  # seconds
_CHUNK = 1 << 20


class Counter(NamedTuple):
    """The Valgrind of this machine."""

    path: str
    """Its program."""
    version: str
    """Such as ``valgrind-3.19.0``: two versions count differently."""


class Counts(NamedTuple):
    """What the logs of one run of a command say."""

    instructions: int
    """Of all processes together, >= 0."""
    processes: int
    """How many of them left a count."""
    uncounted: int
    """How many left none: they were killed, or still run."""
    complaints: str
    """What Valgrind itself said where it could not go on; empty: nothing."""


def find_counter() -> Counter | None:
    """Return the Valgrind that is on PATH and starts, None when there is none."""
    path = shutil.which("valgrind")
    if path is None:
        return None
    version = (
        run_command([path, "--version"], timeout=_LONGEST_WAIT, keep_output=True).output.partition("\n")[0].strip()
    )
    return Counter(path, version) if version.startswith("valgrind-") and version.isprintable() else None


def counted(counter: Counter, argv: Sequence[str], folder: str) -> list[str]:
    """Return the command line that runs a command and leaves the counts of its processes in a folder.

    Args:
        counter: as `find_counter` returned it.
        argv: the command.
        folder: an empty folder for the logs.
    """
    logs = os.path.join(folder, "").replace("%", "%%")  # Valgrind puts in what stands behind one
    return [counter.path, *_OPTIONS, f"--log-file={logs}%p{_LOG}", "--", *argv]


def by_regions(counter: Counter, argv: Sequence[str], folder: str, *, follows: bool) -> list[str]:
    """Return the command line that runs a command which says itself from where to where it is counted.

    Args:
        counter: as `find_counter` returned it.
        argv: the command.
        folder: for logs and dumps.
        follows: may the regions be in a process that the command starts?
    """
    place = os.path.join(folder, "").replace("%", "%%")
    files = (f"--callgrind-out-file={place}{OUT}.%p", f"--log-file={place}%p{_LOG}")
    children = f"--trace-children={'yes' if follows else 'no'}"
    return [counter.path, *_BY_REGIONS, children, *files, "--", *argv]


def read_counts(folder: str) -> Counts:
    """Return what the processes of one run left in a folder."""
    instructions = processes = uncounted = 0
    complaints: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.endswith(_LOG) or not entry.is_file(follow_symlinks=False):
                continue
            with open(entry.path, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _LARGEST_LOG))
                content = file.read(_LARGEST_LOG)
            found = _COUNT.findall(content)
            if found:  # the last one: a program may write into the log of its own process
                instructions += int(re.sub(rb"\D", b"", found[-1]))
                processes += 1
            else:
                uncounted += 1
                complaints += _COMPLAINT.findall(content.decode("utf-8", "replace"))
    return Counts(instructions, processes, uncounted, "; ".join(complaints[:3]))


def identity_of(argv: Sequence[str], folder: str, environ: Mapping[str, str]) -> str:
    """Return what a count depends on beside the code: the C library, and an interpreter or program from elsewhere.

    A program below the working folder is what is measured, and no part of it.

    Args:
        argv: the command.
        folder: the working folder in which it runs.
        environ: holds PATH.
    """
    parts = []
    try:
        parts.append(os.confstr("CS_GNU_LIBC_VERSION") or "")
    except (ValueError, OSError):  # another C library
        parts.append("")
    named = os.path.join(folder, argv[0]) if os.sep in argv[0] else argv[0]
    program = shutil.which(named, path=environ.get("PATH"))
    if program is not None:
        real = os.path.realpath(program)
        if not real.startswith(os.path.join(os.path.realpath(folder), "")):
            parts.append(f"{os.path.basename(real)} {_digest(real)}")
    return ", ".join(filter(None, parts))


def _digest(path: str) -> str:
    """Return 8 hex digits that stand for a file's content, empty when it cannot be read."""
    state = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                state.update(chunk)
    except OSError:
        return ""
    return state.hexdigest()[:8]
