"""Pointers of Git LFS: what a commit holds in the place of a large file."""

from __future__ import annotations

import os
import re
import stat

LARGEST = 1024
"""Of a pointer, in bytes (the specification: "less than 1024")."""
_CHUNK = 1 << 20
_POINTER = rb"version https?://[\x21-\x7e]+\n(?:[a-z0-9.-]+ [^\n]+\n)*?oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n?"


def is_named_by(pointer: bytes, path: str) -> bool:
    """Does a file hold what a pointer names, by size and SHA-256?

    Args:
        pointer: what the commit holds; anything else than a pointer names no file.
        path: of the file, which no link stands for.
    """
    # Git LFS reads a pointer with blank lines and CR LF, too
    named = re.fullmatch(_POINTER, b"\n".join(line for line in pointer.strip().splitlines() if line))
    if not named:
        return False
    import hashlib

    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(fd, "rb", buffering=0) as file:
            facts, left, found = os.fstat(fd), int(named[2]), hashlib.sha256()
            if not stat.S_ISREG(facts.st_mode) or facts.st_size != left:
                return False
            while left > 0 and (chunk := file.read(min(left, _CHUNK))):
                found.update(chunk)
                left -= len(chunk)
    except OSError:
        return False
    return not left and found.hexdigest() == named[1].decode()
