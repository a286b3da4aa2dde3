"""Runs `perfgate baseline refresh` again and again, killed or failing one step to the disk later each time.

``python interrupted_refreshes.py TEMPLATE WORK KIND``: for k = 1, 2, ... the folder TEMPLATE is copied to
WORK/k and refreshed there by a forked child that is stopped at its k-th step to the disk,
until one comes through. KIND is ``kill``, ``fail`` or ``fail-slow`` (no exchange of folders).
Prints one JSON line a child: its number, its exit code (or minus the signal) and the step.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "builders"))  # a program of its own: pytest's paths are not set

import fork_server

ARGUMENTS = ["baseline", "refresh"]
STEPS = ("open", "write", "fsync", "replace", "rename", "link", "mkdir", "unlink", "rmdir")


class Stopper:
    """Counts the steps to the disk and stops the process at one of them."""

    def __init__(self, at: int, kind: str, log: str) -> None:
        self.left = at
        self.kind = kind
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT, 0o600)
        self.write = os.write

    def is_due(self, name: str, arguments: tuple[Any, ...]) -> bool:
        """Is this the step to stop at? Opening a file to read it is none."""
        if name == "open" and not arguments[1] & (os.O_CREAT | os.O_DIRECTORY):
            return False
        self.left -= 1
        return self.left == 0

    def stop(self, name: str) -> None:
        self.write(self.log, name.encode())
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def patch(self) -> None:
        for name in STEPS:
            setattr(os, name, self.wrap(name, getattr(os, name)))
        ctypes.CDLL = self.library(ctypes.CDLL)  # type: ignore[misc]

    def wrap(self, name: str, function: Any) -> Any:
        def step(*arguments: Any, **options: Any) -> Any:
            if self.is_due(name, arguments):
                if name == "write":  # half of it gets through
                    fd, content = arguments
                    function(fd, bytes(content)[: len(content) // 2])
                self.stop(name)
            return function(*arguments, **options)

        return step

    def library(self, real: Any) -> Any:
        def load(*arguments: Any, **options: Any) -> Any:
            loaded = real(*arguments, **options)

            class Wrapped:
                @property
                def renameat2(self) -> Any:
                    if stopper.kind == "fail-slow":
                        raise AttributeError("renameat2")
                    return stopper.wrap("renameat2", loaded.renameat2)

            return Wrapped()

        stopper = self
        return load


def child(folder: str, k: int, kind: str) -> None:
    """Refresh in a process of its own."""
    os.chdir(folder)
    for number in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    from perfgate.__main__ import run

    Stopper(k, kind, "../step").patch()
    os._exit(run(ARGUMENTS))


def main(template: str, work: str, kind: str) -> None:
    fork_server.preload()
    k, came_through = 0, False
    while not came_through:
        k += 1
        place = os.path.join(work, str(k))
        folder = os.path.join(place, "project")
        shutil.copytree(template, folder)
        pid = os.fork()
        if pid == 0:
            child(folder, k, kind)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with open(os.path.join(place, "step"), encoding="utf-8") as log:
            step = log.read()
        came_through = not step
        print(json.dumps({"k": k, "code": code, "step": step}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
