"""Commands that cannot be measured, and what to type in their place."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, error
from perfgate.core.text.near_names import find_near
from perfgate.measure.command.name import default_benchmark_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.measure.command.run import CommandResult

_TAIL_LINES = 20


def not_started(argv: Sequence[str], why: str) -> Diagnostic:
    """Return the error for a command that could not be started, with the program that is probably meant.

    Args:
        argv: the command.
        why: such as ``command not found: pyhton``.
    """
    folder, name = os.path.split(argv[0])
    near = find_near(name, _programs(folder), cutoff=0.75)
    if len(argv) == 1 and (words := _words(argv[0])):
        hint = f"without the quotes: -- {shlex.join(words)}"
    elif os.path.isfile(argv[0]) and folder:
        script = shlex.quote(argv[0])
        hint = f"chmod +x {script}; or name its interpreter, such as python {script}"
    elif near:
        hint = f"did you mean {os.path.join(folder, near)}? Nothing was recorded"
    elif os.path.isfile(os.path.join(os.curdir, name)):
        hint = f"did you mean ./{name}? Nothing was recorded"
    else:
        hint = "name a program that is installed, or a file by its path. Nothing was recorded"
    return error("command-not-found", why, hint=hint)


def _words(quoted: str) -> list[str]:
    """Return the words of a command that was given as one, if the first names a program; else none."""
    with contextlib.suppress(ValueError):
        words = shlex.split(quoted)
        if len(words) > 1 and shutil.which(words[0]):
            return words
    return []


def _programs(folder: str) -> list[str]:
    """Return the names of the programs in a folder, in those that PATH names where it is empty; the shortest first."""
    found: set[str] = set()
    for place in [folder] if folder else os.environ.get("PATH", os.defpath).split(os.pathsep):
        with contextlib.suppress(OSError):
            found.update(name for name in os.listdir(place) if os.access(os.path.join(place, name), os.X_OK))
    return sorted(found, key=lambda name: (len(name), name))


def name_clash(
    argv: Sequence[str], benchmark: str, place: str, *, names_itself: bool, options: Sequence[str] = ()
) -> Diagnostic:
    """Return the error for two commands of one name in one session.

    Args:
        argv: the command that was to be measured, as it was typed.
        benchmark: the name of both.
        place: file of a run of the other command, which states only a digest of it.
        names_itself: does the program choose the name, so that `--benchmark` changes nothing?
        options: with which it was to be measured, but for its name.
    """
    command = shlex.join(argv)
    again = shlex.join([*options, "--", *argv])
    own = default_benchmark_name(argv)
    other = shlex.quote(own if own != benchmark else f"{benchmark}-2")
    hint = f"name this one: perfgate run --benchmark {other} {again}"
    if names_itself:
        hint = f"give this one a session of its own: PERFGATE_SESSION={other} perfgate run {again}"
    message = f'"{benchmark}" was measured with another command or other arguments in this session'
    return error("benchmark-name-clash", message, hint=hint)._replace(details=(f"before: {place}", f"now: {command}"))


class CommandFailedError(CannotDecideError):
    """A command failed; says whether it was started at all."""

    def __init__(self, diagnostics: Iterable[Diagnostic], *, is_started: bool, output: Iterable[str] = ()) -> None:
        """Take the fault, the last lines of the output, and whether the command was found and could be executed."""
        super().__init__(diagnostics, output=output)
        self.is_started = is_started
        """False: there is no such program, or it may not be executed."""


def failed(
    argv: Sequence[str], benchmark: str, result: CommandResult, number: str, *, where: str = "", hint: str = ""
) -> CommandFailedError:
    """Return the error for a run that failed, with the last lines of its stderr.

    Args:
        argv: the command.
        benchmark: its name.
        result: what became of it.
        number: which run it was.
        where: where it ran, such as `` in that version``; empty: here.
        hint: in place of the usual one.
    """
    if not result.is_started() and result.error:
        return CommandFailedError([not_started(argv, result.error)], is_started=False)
    if result.error:
        what = result.error
    elif result.signal:
        what = f"was ended by signal {result.signal}"
    else:
        what = f"exited with {result.exit_code}"
    tail = result.stderr_tail.strip().splitlines()[-_TAIL_LINES:]
    if not hint:
        alone = f"run it alone{where}: {shlex.join(argv)}"
        hint = "give it more time: --timeout SECONDS" if result.timed_out else alone
    return CommandFailedError(
        [error("command-failed", f"{number} failed: {what}", place=benchmark, hint=hint)],
        is_started=result.is_started(),
        output=(f"stderr: {line}" for line in tail),
    )
