"""The door: the only place that turns what happened into an exit code.

0 pass, 1 a measured regression, 2 everything else. Python and click have habits of
their own (a crash, a usage error, Ctrl-C and a broken pipe exit 1): none leaves here.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time

TYPE_CHECKING = False  # `typing` costs milliseconds that `--help` does not need
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from click import ClickException

_CANNOT_DECIDE = 2
_SKIP, _ABORT = 125, 128  # to `git bisect run`: this commit cannot be judged; no commit can
_ALLOCATIONS_PER_COLLECTION = 1_000_000
_DEBUG = "PERFGATE_DEBUG"
_PATIENCE = 1.0
"""Seconds after a signal in which others are passed over."""
_stopped_at = -_PATIENCE
_was_stopped = False
_MOST_FAULTS = 10


def main() -> NoReturn:
    """Run the command line of this process and leave with its exit code."""
    code = _CANNOT_DECIDE
    sys.unraisablehook = _note_unraisable
    for number in range(3):  # a file that took the number of a closed stream would get what is written to that stream
        with contextlib.suppress(OSError):
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    # Millions of live records, nearly none of them in a cycle: searching them for cycles as often as Python does by
    # default takes a third of a large check and grows faster than the check itself.
    gc.set_threshold(_ALLOCATIONS_PER_COLLECTION, 10, 10)
    try:
        with contextlib.suppress(ValueError, OSError, AttributeError):  # no SIGHUP on Windows
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is ignored, as by nohup
                signal.signal(signal.SIGINT, _stop)
            signal.signal(signal.SIGTERM, _stop)
            signal.signal(signal.SIGHUP, _stop)
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the guard, or again while the first was reported
        with contextlib.suppress(KeyboardInterrupt):
            _say_interrupted()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # from here on nothing may change the code
        with contextlib.suppress(ValueError, OSError, AttributeError, KeyboardInterrupt):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if _was_stopped and code != _CANNOT_DECIDE:  # its exception was lost in a callback, and the work went on
        code = _CANNOT_DECIDE
        _say_interrupted()
    if not _flushed():
        code = _CANNOT_DECIDE
    # An interruption of an `exec` of text (each named tuple is made by one) stays pending in the
    # interpreter, which would end by SIGINT instead of with our code; the next evaluation of text clears it.
    eval("0")  # noqa: S307 - a constant
    gc.freeze()  # Python would search all that is left for cycles, several times, and then end
    if sys.flags.inspect:  # PYTHONINSPECT: Python would not end here, and then by its own code
        os._exit(code)
    sys.exit(code)


def _stop(_number: int, _frame: object) -> None:
    """End as Ctrl-C does, so that a command under measure is stopped with us.

    Signals that follow at once add nothing: they would only interrupt the cleaning up, between its steps.
    """
    global _stopped_at, _was_stopped  # noqa: PLW0603 - a signal handler has no other place
    _was_stopped = True
    now = time.monotonic()
    if now - _stopped_at > _PATIENCE:
        _stopped_at = now
        raise KeyboardInterrupt


def _note_unraisable(caught: sys.UnraisableHookArgs) -> None:
    """Print what is raised where nothing can take it, but an interruption: `main` says that one in its own words."""
    if not issubclass(caught.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(caught)


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; whatever goes wrong is reported on stderr."""
    code = _guard(arguments)
    if code == _CANNOT_DECIDE and _is_for_bisect(arguments):
        code = _SKIP
    verbose = sys.modules.get("perfgate.cli.verbose")  # only --verbose loads it
    if verbose is not None:
        for line in verbose.take_lines():
            _say(line)
    return code


def _guard(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; nothing is raised."""
    try:
        return _run(list(arguments))
    except BrokenPipeError:
        _say_fault("output-closed", "the reader of the output ended", "read all of it, or let it go to a file: > FILE")
    except KeyboardInterrupt:
        _say_interrupted()
    except SystemExit as caught:
        _say_fault("crash", f"perfgate left early ({_line(caught.code)})", f"run with {_DEBUG}=1 to see where")
    except (ImportError, SyntaxError) as caught:
        message = f"the installation is broken: {_line(caught)}"
        hint = "install perfgate again from its repository, in a new virtual environment"
        _say_fault("installation-broken", message, hint)
        _trace()
    except OSError as caught:
        if _is_folder_removed():
            _say_fault("folder-removed", "the working folder was removed", "change to one that exists: cd FOLDER")
        else:
            _say_fault("system-error", _line(caught), "check the disk, the path and its permissions")
        _trace()
    except MemoryError:
        _say_fault("out-of-memory", "out of memory", "check fewer files at once")
    except Exception as caught:  # noqa: BLE001 - the one guard: a crash must never look like a regression
        message = f"perfgate crashed: {type(caught).__name__}: {_line(caught)}{_where(caught)}"
        _say_fault("crash", message, f"this is a fault of perfgate; please report it with the output of {_DEBUG}=1")
        _trace()
    return _CANNOT_DECIDE


def _is_folder_removed() -> bool:
    """Has the working folder no name any more? Then a relative path leads nowhere, whatever it is."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _run(arguments: list[str]) -> int:
    """Run a command line; only a verdict that a command returns can be 1."""
    import click

    from perfgate.cli import COMPLETE, program

    asked = os.environ.get(COMPLETE)
    if asked:
        return _complete(COMPLETE, asked)
    result: object
    try:  # not `program.main`: it puts an empty line before an interruption and makes a closed pipe exit 1
        with program.make_context("perfgate", arguments) as context:
            result = program.invoke(context)
    except click.exceptions.Exit as caught:  # `--help` and `--version`
        result = caught.exit_code
    except click.exceptions.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as caught:
        _report_misuse(caught, arguments)
        return _ABORT if _is_for_bisect(arguments) else _CANNOT_DECIDE
    except Exception as caught:
        if not _report_faults(caught):
            raise
        return _CANNOT_DECIDE
    if sys.stdout is not None:
        sys.stdout.flush()
    if result is None or result == 0:
        return 0
    from perfgate.core.finding import ExitCode

    return int(result) if isinstance(result, ExitCode) else _CANNOT_DECIDE


def _is_for_bisect(arguments: Sequence[str]) -> bool:
    """Is the exit code for ``git bisect run``, to which a 2 would be a bad commit?"""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return bool(own) and own[0] == "ab" and "--for-bisect" in own


def _complete(variable: str, asked: str) -> int:
    """Answer a shell that asks for the words that may come next, or for its script."""
    from perfgate.cli.completion import answer

    if answer(asked):
        return 0
    _say_fault("usage", f"{variable}={_line(asked)} cannot be answered", "perfgate completion --help")
    return _CANNOT_DECIDE


def _report_misuse(caught: ClickException, arguments: list[str]) -> None:
    """Print what is wrong with the command line; where there is no command, the help, too."""
    from perfgate.cli.usage import describe_misuse, help_of

    _say_fault("usage", *describe_misuse(caught, arguments))
    for line in help_of(caught):
        _say(line)


def _report_faults(caught: Exception) -> bool:
    """Print every fault of an error that carries some, each once, equal ones as one; the first is the cause."""
    from perfgate.core.errors import CannotDecideError, plain
    from perfgate.core.text.equal_faults import summarize

    if not isinstance(caught, CannotDecideError):
        return False
    faults = summarize(caught.diagnostics)
    verbose = sys.modules.get("perfgate.cli.verbose")
    is_verbose = verbose is not None and verbose.is_listening()
    shown = faults if is_verbose or len(faults) == _MOST_FAULTS + 1 else faults[:_MOST_FAULTS]
    for diagnostic in shown:
        for line in diagnostic.lines(whole=is_verbose):
            _say(line)
    if len(shown) < len(faults):
        _say(f"... and {len(faults) - len(shown):,} more: perfgate --verbose {' '.join(sys.argv[1:2])} ...")
    for line in caught.output:
        _say(plain(line))
    return True


def _line(caught: object) -> str:
    """Return an exception's words on one line that is safe for a terminal."""
    return "".join(c if c.isprintable() else " " for c in str(caught))[:500]


def _where(caught: BaseException) -> str:
    """Return the last place in our own files that an exception passed."""
    place, step = "", caught.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if f"{os.sep}perfgate{os.sep}" in file:
            place = f", in {file.rpartition(f'{os.sep}perfgate{os.sep}')[2]}:{step.tb_lineno}"
        step = step.tb_next
    return place


def _trace() -> None:
    """Show the traceback to those who asked for it."""
    if os.environ.get(_DEBUG):
        import traceback

        _say(traceback.format_exc())


def _say_interrupted() -> None:
    _say_fault("interrupted", "interrupted", "run the command again")


def _say_fault(slug: str, message: str, hint: str) -> None:
    """Print a fault in the form of `perfgate.core.errors.Diagnostic`, which an installation that is broken may lack."""
    _say(f"cannot decide: {message} [{slug}]")
    _say(f"  hint: {hint}")


def _say(line: str) -> None:
    """Write a line to stderr, no command to a runner; that stderr is gone must not change the outcome."""
    for command in ("##[", "##vso[", "##teamcity["):  # these may stand anywhere in a line
        line = line.replace(command, f"# {command[1:]}")
    if line.lstrip().startswith("::"):  # at the start of a line, behind blanks
        line = line.replace("::", ": :", 1)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(line.encode("utf-8", "replace").decode("utf-8", "replace") + "\n")
        sys.stderr.flush()


def _flushed() -> bool:
    """Flush both streams; what cannot be written is dropped, so that the interpreter's own exit stays quiet."""
    done = True
    for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            done = done and number != 1
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, number)
                os.close(nowhere)
    return done


if __name__ == "__main__":
    main()
