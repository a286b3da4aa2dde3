"""Runs one command and reports what it cost: a small program between `perfgate run` and the command.

On Linux a child starts with the peak memory of whoever started it, so a command
run from a large process would report that process's peak. This program is
small (8 MB) and is started without site packages: ``python -I -S launcher.py
<fd> -- command...``. To the file descriptor it writes one line, either

    ended <exit code, or minus the signal> <metric>=<value in base units> ...
    error <errno> <text>

It imports nothing of perfgate, and nothing that a bare interpreter has not loaded.
"""

import _signal  # type: ignore[import-not-found]  # the signal module itself pulls in enum, for 3 ms
import os
import sys
import time

# Python ignores the first two, which a child would inherit; the last is handled below.
_TO_RESET = [getattr(_signal, name) for name in ("SIGPIPE", "SIGXFSZ", "SIGINT", "SIGTERM") if hasattr(_signal, name)]


def main(arguments: list[str]) -> None:
    """Run the command and write the line.

    Args:
        arguments: the file descriptor's number, ``--``, and the command.
    """
    report = int(arguments[0])
    command = arguments[2:]
    # Else a daemon that the command leaves behind keeps it open.
    os.set_inheritable(report, False)  # noqa: FBT003 - takes no keyword
    # After SIGTERM it waits for the command to stop, so that there is still something to report.
    _signal.signal(_signal.SIGTERM, lambda *_: None)
    os.write(report, _run(command).encode("utf-8", "replace"))
    os.close(report)


def _run(command: list[str]) -> str:
    began = time.perf_counter_ns()
    try:
        pid = os.posix_spawnp(command[0], command, os.environ, setsigdef=_TO_RESET)
    except OSError as error:
        return f"error {error.errno} {error.strerror}\n"
    _, status, usage = os.wait4(pid, 0)
    elapsed = time.perf_counter_ns() - began
    peak = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024
    code = os.waitstatus_to_exitcode(status)
    costs = {"elapsed": elapsed / 1e9, "cpu": usage.ru_utime + usage.ru_stime, "peak_memory": peak}
    return " ".join((f"ended {code}", *(f"{name}={value!r}" for name, value in costs.items()))) + "\n"


if __name__ == "__main__":  # pragma: no cover - run in an interpreter of its own
    main(sys.argv[1:])
