"""`--counts`: the instructions of a command are judged in place of its time and memory.

Of a program that measures itself by `measure_run_context` those of its blocks are judged, under the names that it gives
them. Callgrind counts them, and Cachegrind a command as a whole: the two count differently, and only Callgrind can be
asked by the program to begin. Which of them is needed is known from the first run: a block that a warm-up run enters
leaves a line in a file. An option would be forgotten, and the whole of the program counted in its place.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide, note
from perfgate.core.metrics import INSTRUCTIONS
from perfgate.core.profile import title
from perfgate.core.run import CPU_MODEL, Run, Series, run_of_series
from perfgate.measure.command.counting import (
    FEWEST,
    VARIABLES,
    by_regions,
    counted,
    find_counter,
    identity_of,
    read_counts,
)
from perfgate.measure.machine import facts
from perfgate.measure.variables import FOLDER_OF_COUNTS
from perfgate.pipeline.measuring.blocks import ask_for_blocks, read_blocks, region_missing, runs_of
from perfgate.pipeline.measuring.fixed_time import refuse_by_arguments
from perfgate.pipeline.measuring.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.run import Labels
    from perfgate.measure.command.run import CommandResult
    from perfgate.pipeline.measuring.blocks import CountedBlock

MOST_RUNS = 3
"""Counted runs of a side, unless its counts differ: a third one shows by how much."""
COUNTED = note(
    "counted-not-timed", "instructions are counted, not timed: waiting, disk, network and the kernel are not in them"
)
_INSTALL = (
    "install it (apt-get install -y valgrind; dnf install valgrind; apk add valgrind), or leave out --counts; "
    "it runs on Linux only"
)


class InstructionCounts:
    """Counts the instructions of a command, on one side."""

    has_output = False
    """Is the command's stdout needed?"""

    def __init__(
        self,
        argv: Sequence[str],
        folder: str | None,
        *,
        verb: str,
        benchmark: str,
        rows: int,
        is_whole: bool,
        labels: Labels = (),
    ) -> None:
        """Find the counter.

        Args:
            argv: the command.
            folder: where it runs; None: in this process's working folder.
            verb: ``run`` or ``ab``, for a hint.
            benchmark: its name.
            rows: rows that it works on; 0: unknown.
            is_whole: is the whole command meant, even if it repeats for a fixed time?
            labels: the combination of parameters that is in the command.

        Raises:
            CannotDecideError: there is no Valgrind, or the command repeats for a fixed time.
        """
        if not is_whole:
            refuse_by_arguments(argv, verb)
        found = find_counter()
        if found is None:
            message = "counting instructions needs Valgrind, which is not here"
            raise cannot_decide("counter-absent", message, hint=_INSTALL)
        self._counter = found
        self._benchmark, self._rows, self._place = benchmark, rows, title(benchmark, labels)
        cpu = facts.environment().get(CPU_MODEL, "")
        elsewhere = identity_of(argv, folder or os.getcwd(), os.environ)
        self._source = ", ".join(filter(None, (found.version, cpu, elsewhere)))
        self._is_whole = is_whole
        self._has_blocks = False  # does the program measure itself?
        self._presence = Presence()
        self._logs = ""
        self.notes: dict[Diagnostic, None] = dict.fromkeys([COUNTED, *_note_environment()])
        """What a reader of the report should know, each once."""

    def prepare(self, scratch: str) -> None:
        """Make room for the logs of the next run."""
        self._logs = tempfile.mkdtemp(dir=scratch, prefix="counts-")
        ask_for_blocks(self._logs)

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        """Return what is run in place of the command."""
        if self._has_blocks:
            return tuple(by_regions(self._counter, argv, self._logs, follows=True))
        return tuple(counted(self._counter, argv, self._logs))

    def variables(self) -> dict[str, str]:
        """Return the variables without which counts differ, as far as the user has not set them."""
        fixed = {name: text for name, text in VARIABLES.items() if name not in os.environ}
        return fixed if self._is_whole else {**fixed, FOLDER_OF_COUNTS: self._logs}

    def read(self, _output: str, *, is_warmup: bool) -> list[Run]:
        """Return what the last run counted.

        Raises:
            CannotDecideError: nothing, or not all of it.
        """
        blocks = read_blocks(self._logs)
        found = read_counts(self._logs)
        shutil.rmtree(self._logs, ignore_errors=True)  # a command may start ten thousand processes
        if is_warmup:
            self._has_blocks = self._has_blocks or bool(blocks)
            return []
        if blocks or self._has_blocks:
            return self._read_blocks(blocks)
        if found.uncounted and found.processes:
            message = (
                f"{found.uncounted:,} of {found.uncounted + found.processes:,} processes left no count: they were "
                "killed, or still run"
            )
            hint = "let the command wait for all that it starts, and end it in an orderly way"
            raise cannot_decide("count-incomplete", message, place=self._place, hint=hint)
        if found.instructions < FEWEST:
            message = "the command was started, and nothing was counted"
            hint = "name the program itself, and not one that hands the work to a service or a container"
            raise cannot_decide("nothing-counted", message, place=self._place, hint=hint)
        series = Series(metric=INSTRUCTIONS, source=self._source, values=(float(found.instructions),))
        return [run_of_series(self._benchmark, (series,), rows=self._rows)]

    def _read_blocks(self, blocks: Sequence[CountedBlock]) -> list[Run]:
        """Return what the blocks of the last run counted.

        Raises:
            CannotDecideError: no block was counted, or not all of them.
        """
        if not self._has_blocks:
            message = "the program measures itself, which no warm-up run has shown: it was counted as a whole"
            hint = "leave --warmup 0 out; or count it whole: --whole-command"
            raise region_missing(message, self._benchmark, hint)
        if not blocks:
            message = "the program measured itself in its warm-up run, and not in this one"
            raise region_missing(message, self._benchmark, "let every run measure the same")
        source = f"callgrind of {self._source}"
        runs = runs_of(blocks, benchmark=self._benchmark, rows=self._rows, source=source)
        self._presence.add([title(run.benchmark, run.labels) for run in runs])
        return runs

    def explain(self, result: CommandResult) -> CannotDecideError | None:
        """Return why Valgrind itself could not run a command that failed; None: the command failed."""
        complaints = read_counts(self._logs).complaints
        own = [line for line in result.stderr_tail.splitlines() if line.startswith("valgrind: ")]
        if not complaints and not own:
            return None
        message = f"Valgrind cannot run it: {complaints or own[0].removeprefix('valgrind: ')}"
        hint = "run it without --counts; a statically linked or setuid program, or a new processor, may be the cause"
        return cannot_decide("counter-failed", message, place=self._place, hint=hint)

    def require_steady(self, whose: str = "") -> None:
        """Return when every run measured the same benchmarks, as `Taken.require_steady` does.

        Raises:
            CannotDecideError: one did not.
        """
        self._presence.require_steady(whose)


def _note_environment() -> list[Diagnostic]:
    """Return a note on variables that the user has set otherwise than counting needs."""
    names = [name for name, text in VARIABLES.items() if os.environ.get(name, text) != text]
    if not names:
        return []
    message = f"set in the environment, and left as they are: {', '.join(names)}"
    return [note("counts-environment", message, hint="without them counts differ less")]
