"""What an A/B comparison is asked to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be compared, and how."""

    argv: tuple[str, ...]
    """The command, in both versions; empty when two commands are compared."""
    base_cmd: tuple[str, ...]
    """The base's command when two are compared, else empty."""
    head_cmd: tuple[str, ...]
    """The head's command when two are compared, else empty."""
    base: str | None
    """Commit of the base; None: what HEAD and the default branch have in common."""
    head: str | None
    """Commit of the head; None: the working tree as it is."""
    runs: int | None
    """Runs of each side, >= 2, since one proves nothing; None: as many as it takes."""
    rounds: int
    """The most rounds of two runs a side, >= 1, when it takes as many as it takes."""
    warmup: int
    """Runs of each side before them that are not kept, >= 0."""
    setup: tuple[tuple[str, ...], ...]
    """Commands that are run once in the folder of each side."""
    benchmark: str | None
    """Its name; None: after the command."""
    rows: int | None
    """Rows that the command works on; None: not told."""
    timeout: float | None
    """Longest time of one run in seconds; None: no limit."""
    out: str | None
    """Absolute folder that keeps the summaries; None: they are not kept."""
    seed: int
    """Of the coin that orders the rounds."""
    config: str | None
    """Configuration file; None: look for one."""
    options: tuple[str, ...]
    """The command line without commits, for the report."""
