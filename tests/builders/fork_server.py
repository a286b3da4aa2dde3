"""perfgate commands as processes that are forked, not started: an interpreter's start costs more than most commands.

A server process imports perfgate and runs nothing. For each command it forks a process, which
takes over folder, environment, arguments and streams, and then does what ``python -m perfgate``
does. So a command keeps a process of its own, with its exit code, streams and signals, and finds
no state of an earlier one; what it does not have is a start-up of its own (`needs_a_start`).
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
_LARGEST = 1 << 20  # bytes of a request: arguments and environment
_LIBRARIES = ("jsonschema", "numpy", "tabulate")  # those that commands import when they need them
_PRELOADED = ("perfgate.cli", "perfgate.pipeline", "perfgate.render")  # with all their modules, and what those import
_PROGRAMS = {"perfgate.pipeline.init.demo_train"}  # a module that works when it is imported


def needs_a_start(env: Mapping[str, str]) -> bool:
    """Does an environment change how an interpreter starts, so that a fork would not show it?"""
    return any(name.startswith(("PYTHON", "COV", "LC_", "LANG")) for name in env)


def run_forked(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], input: str | None, timeout: float  # noqa: A002 - as in subprocess
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """Run a perfgate command in a forked process.

    Args:
        arguments: the words behind ``perfgate``.
        cwd: its working directory.
        env: its whole environment.
        input: what it reads from stdin; None: nothing.
        timeout: seconds until it is killed.

    Raises:
        subprocess.TimeoutExpired: it took longer.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs, contextlib.ExitStack() as files:
        stdin, stdout, stderr = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        stdin.write((input or "").encode())
        stdin.seek(0)
        request = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}
        socket.send_fds(
            _server(), [json.dumps(request).encode()], [theirs.fileno(), *(f.fileno() for f in (stdin, stdout, stderr))]
        )
        theirs.close()
        ours.settimeout(timeout)
        with ours.makefile("r") as replies:
            pid = int(replies.readline())
            try:
                code = int(replies.readline())
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(["perfgate", *arguments], timeout) from None
        for file in (stdout, stderr):
            file.seek(0)
        said = [file.read().decode("utf-8", "replace") for file in (stdout, stderr)]
    return subprocess.CompletedProcess(["perfgate", *arguments], code, *said)


@functools.cache
def _server() -> socket.socket:
    """Start the server of this process; it ends when this process does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    env = {
        "PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT),
        "OPENBLAS_NUM_THREADS": "1",  # a process with threads must not be forked
    }  # fmt: skip
    with theirs:
        subprocess.run(  # it returns at once: the server goes on as a process that is no child of ours
            [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()], env=env, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
        )  # fmt: skip
    atexit.register(ours.close)  # this is what the server ends by
    return ours


def serve(channel: socket.socket) -> dict[str, Any] | None:
    """Fork a process for each request; return the request in that process, and None in the server when it is over."""
    while True:
        data, fds, _, _ = socket.recv_fds(channel, _LARGEST, 4)
        if not data:
            return None
        if os.fork() == 0:  # a parent for the command, which waits for it
            channel.close()
            command = os.fork()
            if command == 0:
                return _take_over(json.loads(data), fds)
            with socket.socket(fileno=fds[0]) as reply:
                reply.sendall(f"{command}\n".encode())
                for fd in fds[1:]:
                    os.close(fd)
                code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
                with contextlib.suppress(BrokenPipeError):  # nobody waits any longer
                    reply.sendall(f"{code}\n".encode())
            os._exit(0)
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _take_over(request: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Take over streams, folder and environment of a request."""
    os.close(fds[0])
    for number, fd in enumerate(fds[1:]):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    return request


def preload() -> None:
    """Import perfgate whole, and the libraries that it imports when it needs them."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    for package in map(importlib.import_module, _PRELOADED):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name not in _PROGRAMS:
                with contextlib.suppress(ImportError):  # of an extra that is not installed
                    importlib.import_module(found.name)


def main() -> None:
    """Serve, and in each forked process run the command that was asked for."""
    if os.fork():  # the tests of measuring look for children that were left behind
        os._exit(0)
    sys.path.pop(0)  # this folder, where a module of the tests could hide another
    preload()
    gc.freeze()
    request = serve(socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        sys.path.insert(0, request["cwd"])  # as `-m` does
        sys.argv = ["perfgate", *request["arguments"]]
        try:
            runpy.run_module("perfgate", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            _leave(end.code)
            raise


def _leave(code: object) -> None:
    """End as an interpreter does, but leave the imported modules as they are: to take them down costs 25 ms.

    Returns where the end has something to tell; the interpreter then ends by itself.
    """
    if isinstance(code, int):
        atexit._run_exitfuncs()
        with contextlib.suppress(OSError, ValueError):  # a reader that is gone, a stream that is closed
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code & 0xFF)


if __name__ == "__main__":
    main()
