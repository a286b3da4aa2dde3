"""Refuses to measure commands that repeat for a fixed time: their cost as a whole says nothing about the code."""

from __future__ import annotations

import os
import shlex
from collections import deque
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.formats.catalog.format import Head
from perfgate.formats.detect import named
from perfgate.formats.parsing.source import Source
from perfgate.measure.command.fixed_time import TOOLS, find_fixed_time, find_on_screen, find_output
from perfgate.pipeline.measuring.results import OUTPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.measure.command.fixed_time import FixedTimeTool

_MOST_ENTRIES = 5000  # of the working tree that are looked at: some 30 ms
_DEEPEST = 3  # levels below the working folder: bench/results/linux/today.json
_MOST_FILES = 100  # new files whose beginnings are read, the newest first
_RESULTS = ("target/criterion", ".benchmarks", ".asv/results")  # where tools write by themselves
_PASSED_OVER = {"node_modules", "__pycache__", "target", "venv", "site-packages"}
_CRITERION = "target/criterion"
_SHELLS = {"sh", "bash", "zsh", "dash", "ksh"}

_Stamp = tuple[int, int, int]


class FixedTimeWatch:
    """Watches the first runs of a command for the signs of a tool that repeats for a fixed time."""

    def __init__(self, argv: Sequence[str], folder: str | None, verb: str) -> None:
        """Refuse a command that shows by its arguments that it is such a tool; take note of the files that are there.

        Args:
            argv: the command.
            folder: where it runs; None: in this process's working folder.
            verb: ``run`` or ``ab``, for the hint.

        Raises:
            CannotDecideError: it repeats for a fixed time.
        """
        refuse_by_arguments(argv, verb)
        self._argv = tuple(argv)
        self._verb = verb
        self._folder = folder or "."
        self._exempt = find_fixed_time(argv)[1]
        self._before = dict(_files(self._folder))
        self._read = _formats_among(argv, self._folder)
        self._outputs: tuple[str, ...] = ()

    @property
    def has_output(self) -> bool:
        """Is it known what a run prints?"""
        return bool(self._outputs)

    def note_output(self, *texts: str) -> None:
        """Take note of what a run printed, or of parts of it."""
        self._outputs += texts

    def refuse_by_traces(self) -> None:
        """Refuse the command when it printed or wrote what such a tool prints or writes.

        Raises:
            CannotDecideError: it did.
        """
        tool = find_on_screen("\n".join(self._outputs), self._exempt)
        if tool is not None:
            raise _refusal(tool, self._argv, self._verb, sign="by what the command prints, ")
        wanted = {f: t for t in reversed(TOOLS) if t.name not in self._exempt for f in t.formats}
        wanted = {f: t for f, t in wanted.items() if f not in self._read}  # what it reads it may copy or transform
        changed = [(stamp, path) for path, stamp in _files(self._folder) if self._before.get(path) != stamp]
        for _, path in sorted(changed, reverse=True)[:_MOST_FILES]:
            name = _format_of(os.path.join(self._folder, path), wanted)
            if name:
                written = _CRITERION if name == "criterion" else path
                sign = f"by {written}, which the command writes, "
                raise _refusal(wanted[name], self._argv, self._verb, sign=sign, written=written)


def refuse_by_arguments(argv: Sequence[str], verb: str) -> None:
    """Refuse a command that shows by its arguments that it repeats for a fixed time.

    Args:
        argv: the command.
        verb: ``run`` or ``ab``, for the hint.

    Raises:
        CannotDecideError: it does.
    """
    tool, _ = find_fixed_time(argv)
    if tool is not None:
        raise _refusal(tool, argv, verb, written=find_output(argv))


def _refusal(
    tool: FixedTimeTool, argv: Sequence[str], verb: str, *, sign: str = "", written: str = ""
) -> CannotDecideError:
    """Return the error for a tool.

    Args:
        tool: the one that was found.
        argv: the command.
        verb: ``run`` or ``ab``.
        sign: how it was found, with a comma and a blank behind; empty: by the arguments.
        written: the file that the command writes; empty: it names none.
    """
    message = (
        f"{sign}this is {tool.name}, which repeats the code until a time is over: "
        "the cost of the whole command says nothing about the code"
    )
    line = shlex.join(argv)
    append = " ".join(word for word in tool.append.split() if word not in argv)
    judged = f"judge what it measures: perfgate {verb} --results"
    if written or (tool.file and not append):
        first = f"{judged} {shlex.quote(written or tool.file)} -- {line}; or "
    elif append.startswith(">"):
        first = f"{judged} {OUTPUT} -- {line}; or "
    elif append.startswith("--") and not sign and not _SHELLS & {os.path.basename(word) for word in argv}:
        first = f"{judged} {tool.file} -- {line} {append}; or "  # others read no option behind the first other word
    elif tool.file:
        first = f"let it write a file with {append}, and {judged} {tool.file} -- CMD; or "
    else:
        first = ""
    fixed = f"give it fixed work ({tool.fixed})" if tool.fixed else "measure a command that does fixed work"
    return cannot_decide(
        "fixed-time-command", message, place=line, hint=f"{first}{fixed}; or measure it as it is: --whole-command"
    )


def _format_of(path: str, wanted: dict[str, FixedTimeTool]) -> str:
    """Return which of some formats a file is in; empty when it is in none, or cannot be read."""
    parent, name = os.path.split(path)
    if name == "sample.json" and os.path.basename(parent) == "new" and "criterion" in wanted:
        return "criterion"
    head = Head(Source(path))
    try:
        return next((f for f in wanted if not named(f).files and not named(f).missing_marks(head)), "")
    except CannotDecideError:
        return ""


def _formats_among(argv: Sequence[str], folder: str) -> frozenset[str]:
    """Return the formats of the files that a command names, as far as they exist before it runs."""
    wanted = {f: t for t in TOOLS for f in t.formats}
    paths = [os.path.join(folder, word) for word in argv[1:_MOST_FILES] if "\0" not in word]
    return frozenset(_format_of(path, wanted) for path in paths if os.path.isfile(path))


def _files(folder: str) -> Iterator[tuple[str, _Stamp]]:
    """Yield the files of a working tree that a tool may write, with what changes when they are written again.

    Folders near the top come first; hidden ones, and those of build tools and packages, are passed over.
    """
    yield from _walk(folder, [""], _DEEPEST)
    yield from _walk(folder, _RESULTS, 5)


def _walk(folder: str, starts: Sequence[str], deepest: int) -> Iterator[tuple[str, _Stamp]]:
    """Yield the files below some folders, level by level, at most `_MOST_ENTRIES`."""
    waiting = deque((start, 0) for start in starts)
    left = _MOST_ENTRIES
    while waiting and left > 0:
        inner, depth = waiting.popleft()
        try:
            with os.scandir(os.path.join(folder, inner)) as entries:
                for entry in entries:
                    left -= 1
                    if left < 0:
                        return
                    path = os.path.join(inner, entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        if depth < deepest and entry.name[0] != "." and entry.name not in _PASSED_OVER:
                            waiting.append((path, depth + 1))
                    elif entry.is_file(follow_symlinks=False):
                        found = entry.stat(follow_symlinks=False)
                        yield path, (found.st_mtime_ns, found.st_size, found.st_ino)
        except OSError:  # no such folder, or one that may not be listed: nothing in it can be seen
            continue
