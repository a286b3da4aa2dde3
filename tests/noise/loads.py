"""The loads of the noise collector: each does a given number of equal units of work, and returns how many it did.

A unit is small, so that a load can be calibrated to a time, and 5 % more units are 5 % more work.
"""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
import time
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Load = Callable[[int], int]

PAGE = bytes(range(256)) * 256
"""64 KiB that compress to some kilobytes."""
NAP = 0.001
"""Seconds of a unit of the control."""


def make_python(_: Path) -> Load:
    """Integers, a list and a dictionary in pure Python: about 20 microseconds a unit."""

    def work(units: int) -> int:
        done, kept = 0, {}
        for _ in range(units):
            total = 0
            for i in range(150):
                total += i * i % 7
            kept[total] = [total]
            done += 1
        return done

    return work


def make_numpy(_: Path) -> Load:
    """Sums and a product of arrays of 256 KiB, without BLAS, whose threads would be a load of their own."""
    one, other = np.arange(32_768, dtype=float), np.ones(32_768)

    def work(units: int) -> int:
        done = 0
        for _ in range(units):
            np.add(one, other, out=other)
            np.multiply(other, 0.5, out=other)
            other.sum()
            done += 1
        return done

    return work


def make_sqlite(folder: Path) -> Load:
    """One row, committed and written through to the disk (`synchronous = FULL`)."""
    base = sqlite3.connect(folder / "load.sqlite", isolation_level=None)
    base.execute("PRAGMA synchronous = FULL")
    base.execute("CREATE TABLE kept (id INTEGER PRIMARY KEY, text TEXT)")

    def work(units: int) -> int:
        base.execute("DELETE FROM kept")
        for i in range(units):
            base.execute("INSERT INTO kept VALUES (?, ?)", (i, "x" * 100))
        return int(base.execute("SELECT COUNT(*) FROM kept").fetchone()[0])

    return work


def make_zlib(_: Path) -> Load:
    """64 KiB, compressed: about half a millisecond a unit."""

    def work(units: int) -> int:
        done = 0
        for _ in range(units):
            zlib.compress(PAGE, 6)
            done += 1
        return done

    return work


def make_allocation(_: Path) -> Load:
    """A list of 1,000 new strings and a block of 1 MiB, both freed again."""

    def work(units: int) -> int:
        done = 0
        for _ in range(units):
            kept = [str(i) for i in range(1_000)]
            block = bytearray(1 << 20)
            block[:: 1 << 12] = b"x" * (1 << 8)  # each page is touched
            done += bool(kept and block)
        return done

    return work


def make_process(_: Path) -> Load:
    """The start and the end of an interpreter without packages: 10 to 50 milliseconds a unit."""
    words = [sys.executable, "-I", "-S", "-c", "pass"]

    def work(units: int) -> int:
        done = 0
        for _ in range(units):
            subprocess.run(words, check=True)
            done += 1
        return done

    return work


def make_sleep(_: Path) -> Load:
    """The control: one sleep of a millisecond for each unit, which needs no processor."""

    def work(units: int) -> int:
        time.sleep(units * NAP)
        return units

    return work


def make_hashing(_: Path) -> Load:
    """64 KiB by SHA-256."""

    def work(units: int) -> int:
        done = 0
        for _ in range(units):
            hashlib.sha256(PAGE).digest()
            done += 1
        return done

    return work


LOADS: dict[str, Callable[[Path], Load]] = {
    "python": make_python,
    "numpy": make_numpy,
    "sqlite": make_sqlite,
    "zlib": make_zlib,
    "allocation": make_allocation,
    "process": make_process,
    "sleep": make_sleep,
    "hashing": make_hashing,
}
"""What makes a load from a folder that it may write to."""
