"""Runs perfgate's command line again and again in one process: a JSON line in, a JSON line out.

``PYTHON worker.py``: works with every release, since it knows only `perfgate.__main__.run`. Each
request ``{cwd, arguments, env, input, stdout, stderr, longest}`` is answered by a forked child, so
that no cache, folder or variable of one case reaches the next. Answer: ``{code}``, the exit code
(None after `longest` seconds). The first line it prints says which perfgate it runs.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import time

_NEVER_IMPORTED = ("__main__", "demo_train", "launcher")


def load() -> str:
    """Import the whole package once, and return where it is."""
    import perfgate
    import perfgate.__main__

    for module in pkgutil.walk_packages(perfgate.__path__, "perfgate."):
        if module.name.rpartition(".")[2] not in _NEVER_IMPORTED:
            with contextlib.suppress(ImportError):  # an extra that is not installed
                importlib.import_module(module.name)
    gc.freeze()  # what was imported is not copied by every child that collects garbage
    return os.path.dirname(perfgate.__file__)


def child(request) -> None:
    """Run one command line in this process, which ends with its exit code."""
    os.setpgid(0, 0)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, name in ((1, request["stdout"]), (2, request["stderr"])):
        os.dup2(os.open(name, flags, 0o600), number)
    if request["input"] is not None:
        with open(request["stdout"] + ".in", "w", encoding="utf-8") as given:
            given.write(request["input"])
        os.dup2(os.open(request["stdout"] + ".in", os.O_RDONLY), 0)
    for name, number in (("stdout", 1), ("stderr", 2)):
        setattr(sys, name, open(number, "w", encoding="utf-8", errors="replace", closefd=False))  # noqa: SIM115 - streams
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - see above
    from perfgate.__main__ import run

    code = run(request["arguments"])
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def wait(pid: int, longest: float) -> int | None:
    """Return a child's exit code, or None when it had to be killed."""
    deadline, pause = time.monotonic() + longest, 0.001
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(pause)
        pause = min(pause * 1.2, 0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def main() -> None:
    """Answer requests until the input ends."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    print(json.dumps({"package": load()}), file=answers, flush=True)
    for line in requests:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                child(request)
            finally:
                os._exit(99)  # the door let an exception through
        print(json.dumps({"code": wait(pid, request["longest"])}), file=answers, flush=True)


if __name__ == "__main__":
    main()
