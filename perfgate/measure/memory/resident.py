"""The resident set of this process, as the system states it now."""

from __future__ import annotations

import os


def read_resident() -> int:
    """Return the memory that this process has in use, in bytes.

    Raises:
        OSError: the system does not state it, or the program has changed its root folder.
    """
    fd = os.open("/proc/self/statm", os.O_RDONLY)
    try:
        return int(os.read(fd, 256).split()[1]) * os.sysconf("SC_PAGE_SIZE")
    finally:
        os.close(fd)
