"""The request of an A/B comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from perfgate.formats.options import ForeignOptions
    from perfgate.pipeline.measuring.hooks import Hooks
    from perfgate.pipeline.measuring.parameters import ParameterList

PLUGIN_COUNTS = "--perfgate-counts"
"""Option of the plugin of pytest by which it counts."""


class Request(Struct, frozen=True, kw_only=True):
    """What to compare, and how."""

    argv: tuple[str, ...]
    """The command, in both versions; empty when two commands are compared."""
    base_cmd: tuple[str, ...]
    """The base's command when two are compared, else empty."""
    head_cmd: tuple[str, ...]
    """The head's command when two are compared, else empty."""
    base: str | None
    """Commit of the base; None: the merge base of HEAD and the default branch."""
    head: str | None
    """Commit of the head; None: the working tree as it is."""
    runs: int | None
    """Runs of each side, >= 2; None: as many as the interim analyses need."""
    rounds: int
    """Largest number of rounds of two runs a side, >= 1, when `runs` is None."""
    warmup: int
    """Runs of each side before them that are not stored, >= 0."""
    hooks: Hooks
    """Commands beside the measured one, run in the folder of each side."""
    max_time: float | None
    """Seconds within which the measuring ends, as far as whole rounds allow; None: no limit."""
    benchmark: str | None
    """Its name; None: after the command."""
    rows: int | None
    """Rows that the command works on; None: unknown."""
    timeout: float | None
    """Longest time of one run in seconds; None: no limit."""
    out: str | None
    """Absolute folder that keeps the summaries; None: they are not kept."""
    seed: int
    """Seed of the random order of the rounds."""
    config: str | None
    """Configuration file; None: look for one."""
    is_whole: bool
    """Is the whole command meant, even if it repeats for a fixed time?"""
    results: tuple[str, ...]
    """Files and folders in which the command leaves results of its own, ``-`` its stdout; empty: its cost is judged."""
    counts: bool
    """Are instructions counted in place of time and memory?"""
    foreign: ForeignOptions
    """What the user says about these files."""
    parameters: tuple[ParameterList, ...] = ()
    """Lists of values for the placeholders of the commands; each combination is measured."""
    options: tuple[str, ...]
    """The command line without commits, for the report."""
    only: tuple[str, str] = ("*", "*")
    """Globs of the benchmarks and of the metrics that are judged."""
    verb: str = "ab"
    """The command of perfgate that measures, for hints."""
    globs: tuple[str, ...] = ()
    """Globs of files, of which one has to change, from the top of the repository; empty: each change is measured."""

    @property
    def is_counted(self) -> bool:
        """Are instructions counted, by this command or by the plugin of pytest?"""
        return self.counts or PLUGIN_COUNTS in self.argv
