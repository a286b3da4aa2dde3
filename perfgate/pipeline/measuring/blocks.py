"""What a program counted of its measured blocks: a line for each in a file, as benchmarks with one value a process."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from perfgate.core.errors import cannot_decide
from perfgate.core.measured import MEANS_OF_CALLS
from perfgate.core.metrics import INSTRUCTIONS
from perfgate.core.profile import title
from perfgate.core.run import Series, run_of_series
from perfgate.formats.parsing.files import read_bounded
from perfgate.measure.regions.requests import BLOCKS, OUTSIDE, STARTS_PROCESSES
from perfgate.measure.summary import LONGEST_TEXT
from perfgate.measure.variables import MOST_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.errors import CannotDecideError
    from perfgate.core.run import Labels, Run

_LARGEST = 1 << 24  # bytes of the file: a hundred thousand blocks
_OWN_HINT = "name the program itself, and not one that hands the work to a service; or count it whole: --whole-command"


class CountedBlock(msgspec.Struct, frozen=True):
    """A line of the file."""

    benchmark: Annotated[str, Meta(max_length=LONGEST_TEXT)]
    """What was measured; empty: it has no name of its own."""
    labels: dict[str, str]
    """Its parameters."""
    rows: Annotated[int, Meta(ge=0, le=MOST_ROWS)]
    """Rows that it worked on, >= 0; 0: unknown."""
    status: str
    """``ok`` or ``failed``."""
    instructions: Annotated[int, Meta(ge=0, le=1 << 62)]
    """Of the block, >= 0."""
    fault: str
    """Why it was not counted; empty: it was."""


def ask_for_blocks(folder: str) -> None:
    """Ask a program that gets to know this folder to count its blocks."""
    with open(os.path.join(folder, BLOCKS), "wb"):
        pass


def read_blocks(folder: str) -> list[CountedBlock]:
    """Return the blocks that a run counted, or would have.

    Raises:
        CannotDecideError: the file is not what perfgate.measure writes.
    """
    content = read_bounded(os.path.join(folder, BLOCKS), limit=_LARGEST, slug="run-unreadable")
    try:
        return [msgspec.json.decode(line, type=CountedBlock) for line in content.splitlines()]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as caught:
        message = f"the counts of measured blocks cannot be read: {caught}"
        raise cannot_decide("run-invalid", message, hint="let perfgate.measure write them, and count again") from None


def runs_of(blocks: Sequence[CountedBlock], *, benchmark: str, rows: int, source: str) -> list[Run]:
    """Return what one process counted: a run for each benchmark, whose value is the mean of its blocks.

    The first block of a process does more than the next ones, such as specialising its bytecode: as values of their
    own they would differ by more than what is looked for, while their mean is the same in each process.

    Args:
        blocks: at least one.
        benchmark: name of those that have none of their own.
        rows: rows that the command works on; 0: unknown.
        source: what a count depends on beside the code.

    Raises:
        CannotDecideError: one was not counted, or its body raised an exception.
    """
    found: dict[tuple[str, Labels], list[CountedBlock]] = {}
    for block in blocks:
        key = (block.benchmark or benchmark, tuple(sorted(block.labels.items())))
        _require_counted(block, title(*key))
        found.setdefault(key, []).append(block)
    runs = []
    for (name, labels), some in found.items():
        value = math.fsum(block.instructions for block in some) / len(some)
        means = [f"{MEANS_OF_CALLS} of measure_run_context"] if len(some) > 1 else []
        series = Series(metric=INSTRUCTIONS, source=", ".join([source, *means]), values=(value,))
        run = run_of_series(name, (series,), rows=max(block.rows for block in some) or rows)
        runs.append(replace(run, labels=labels))
    return runs


def _require_counted(block: CountedBlock, named: str) -> None:
    """Return when a block was counted to its end.

    Raises:
        CannotDecideError: it was not.
    """
    if block.status != "ok":
        message = "the measured block raised an exception, so that its count is not that of its work"
        raise cannot_decide("count-incomplete", message, place=named, hint="correct the program, or its input")
    if block.fault == STARTS_PROCESSES:
        message = f"the measured block is not counted as a whole: {block.fault}"
        hint = "count the whole command: --whole-command; or measure a block that works in its own process"
        raise cannot_decide("count-incomplete", message, place=named, hint=hint)
    if block.fault == OUTSIDE:
        message = "the program measured itself, but not under Valgrind: it starts another interpreter"
        raise region_missing(message, named)
    if block.fault or block.instructions <= 0:
        message = f"the program measured itself, and was not counted: {block.fault or 'no instructions'}"
        raise region_missing(message, named)


def region_missing(message: str, named: str, hint: str = _OWN_HINT) -> CannotDecideError:
    """Return the error for a program that measures itself, and left no count of what it measured."""
    return cannot_decide("region-missing", message, place=named, hint=hint)
