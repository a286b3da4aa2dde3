"""What the tests of measuring ask about files, processes and memory."""

from __future__ import annotations

import json
import mmap
import os
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def summaries(folder="outputs/model_runs"):
    """Return all summaries of a folder, in the order of their names."""
    return [json.loads(path.read_bytes()) for path in sorted(Path(folder).glob("*.json"))]


def resident():
    """Return the present resident set of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def touched_pages(megabytes):
    """Return a mapping of that much memory, of which each page is resident; close it to give it back.

    Not an object of Python's: malloc may serve that from memory which earlier tests freed and which is
    resident still, and the resident set would not grow.
    """
    pages = mmap.mmap(-1, megabytes * 1_000_000)
    for offset in range(0, len(pages), mmap.PAGESIZE):
        pages[offset] = 1
    return pages


def burst(megabytes):
    """Map that much memory, touch all of it, and give it back."""
    touched_pages(megabytes).close()


def children():
    """Return the processes that this one started and did not wait for; other tests may have some, too."""
    found = set()
    for entry in os.listdir("/proc"):
        try:
            stated = Path("/proc", entry, "stat").read_text() if entry.isdecimal() else ""
        except OSError:
            continue
        if stated and int(stated.rpartition(")")[2].split()[1]) == os.getpid():
            found.add(int(entry))
    return found


def is_alive(pid):
    """Tell whether a process still runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def wait_until(condition):
    """Wait until something becomes true; fail after 20 s."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
