"""Count the instructions of the blocks of `measure_run_context`, where `perfgate run --counts` runs the program.

A block has all instructions of this process while it is open, as its processor time has: those of inner blocks, of
other threads, and of tasks that run meanwhile. Where a block begins or ends inside of others, counting stops for a
moment, so that what perfgate itself does is in none of them; it goes on where other threads may be at work.
"""

from __future__ import annotations

import gc
import os
from _thread import _count as count_threads
from _thread import allocate_lock

from perfgate.measure.regions.requests import (
    BLOCKS,
    SOURCE,
    STARTS_PROCESSES,
    RegionError,
    Requests,
    spare_memory,
    usage_of_children,
)
from perfgate.measure.summary import append_line
from perfgate.measure.variables import COUNTS, say_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Block:
    """One block, and what was counted of it so far."""

    __slots__ = ("children", "fault", "instructions", "is_kept")

    def __init__(self, *, is_kept: bool) -> None:
        """Begin with nothing.

        Args:
            is_kept: is its count asked for? Else nothing of the block is kept: neither count nor time.
        """
        self.is_kept = is_kept
        self.instructions = 0
        self.fault = ""
        self.children: tuple[float, ...] = ()


class _Counting:
    """The blocks of this process that are open, and who counts."""

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.open: list[Block] = []
        self.requests: Requests | None = None
        self.is_on = False
        self.fault = ""
        try:
            self.requests = Requests(COUNTS)
            self.spare = spare_memory()
        except RegionError as error:
            self.fault = str(error)

    def begin(self, block: Block) -> None:
        """Count for a block, too."""
        if not self.open:
            gc.collect()  # else what was made before would decide when it happens inside; finalizers may open a block
        with self.lock:
            self.settle()
            block.children = usage_of_children()
            block.fault = self.fault
            self.open.append(block)
            self.go_on()

    def end(self, block: Block) -> bool:
        """Count no more for a block; False: it is that of a parent process."""
        with self.lock:
            self.settle()
            is_ours = block in self.open
            if is_ours:
                self.open.remove(block)
                if usage_of_children() != block.children and not block.fault:
                    block.fault = STARTS_PROCESSES
            self.go_on()
        return is_ours

    def go_on(self) -> None:
        """Count where a block is open, and only there."""
        if self.requests is None or self.is_on == bool(self.open):
            return
        self.is_on = not self.is_on
        if self.is_on:
            self.requests.begin()
        else:
            self.requests.stop()

    def settle(self) -> None:
        """Give what was counted so far to the blocks that are open."""
        if not self.open or self.requests is None:
            return
        self.is_on = count_threads() > 0  # another thread may be at work meanwhile
        try:
            found = self.requests.take(stops=not self.is_on)
        except RegionError as error:
            for block in self.open:
                block.fault = block.fault or str(error)
            return
        for block in self.open:
            block.instructions += found

    def forget(self) -> None:
        """Begin anew in a child: its parent's blocks are counted there."""
        self.lock = allocate_lock()
        self.open.clear()
        self.go_on()  # which stops: else all that it does would be slow

    def note_fork(self) -> None:
        """Take note that a part of the work is done by another process."""
        for block in self.open:
            block.fault = block.fault or STARTS_PROCESSES


_COUNTING: list[_Counting] = []
"""That of this process, once a block was opened."""


def open_block() -> Block | None:
    """Begin to count a block; None: nobody asks for it, and its time is measured as ever.

    The plugin of pytest counts functions: nothing is kept of blocks in them, whose time under Valgrind is no
    measurement.
    """
    if not os.path.exists(os.path.join(COUNTS, BLOCKS)):
        return Block(is_kept=False) if os.path.exists(os.path.join(COUNTS, SOURCE)) else None
    if not _COUNTING:
        _COUNTING.append(_Counting())
        own = _COUNTING[0]
        os.register_at_fork(after_in_child=own.forget, after_in_parent=own.note_fork)
    block = Block(is_kept=True)
    _COUNTING[0].begin(block)
    return block


def close_block(block: Block) -> None:
    """Count no more for a block."""
    if block.is_kept and not _COUNTING[0].end(block):
        block.is_kept = False


def keep_block(block: Block, *, benchmark: str | None, labels: Mapping[str, str], rows: int, status: str) -> None:
    """Leave the count of a block to whoever runs this program; a full disk is said on stderr.

    Args:
        block: closed.
        benchmark: what was measured; None: the whole command's name.
        labels: its parameters.
        rows: that it worked on; 0: unknown.
        status: ``ok`` or ``failed``.
    """
    if not block.is_kept:
        return
    import json  # for those who count

    line = {
        "benchmark": benchmark or "",
        "labels": dict(labels),
        "rows": rows,
        "status": status,
        "instructions": block.instructions,
        "fault": block.fault,
    }
    try:
        append_line(os.path.join(COUNTS, BLOCKS), json.dumps(line).encode())
    except OSError as error:
        say_once(f"could not keep the count of a block: {error}")
