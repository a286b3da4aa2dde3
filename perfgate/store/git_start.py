"""How git is started: what in its settings and environment starts programs, or changes its answers, is left out.

A measured program, or a job before this one, may have written into the repository's
settings or left variables behind. What git says about a commit must not depend on them.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SETTINGS = (
    "core.fsmonitor=",         # a program that says which files changed; empty, since an older git runs a "false"
    "core.untrackedCache=false",
    "core.commitGraph=false",  # a file beside the commits that says what their parents are
    "core.hooksPath=/dev/null",
    "core.sshCommand=ssh",     # a partial clone fetches what it lacks: by ssh or https, by nothing that a setting names
    "core.askPass=",
    "core.pager=cat",
    "credential.helper=",
    "log.showSignature=false",  # it starts gpg
    "gpg.program=false",
    "gpg.ssh.program=false",
    "gpg.x509.program=false",
    "gpg.ssh.defaultKeyCommand=false",
    "push.gpgSign=false",
    "core.alternateRefsCommand=true",  # run where the objects of another repository are used: "true" lists no refs
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",   # in each of them its own settings and hooks count
    "push.recurseSubmodules=no",
    "gc.auto=0",                       # a fetch starts it, and it starts gc.recentObjectsHook
    "maintenance.auto=false",
    "worktree.useRelativePaths=false",
    "advice.detachedHead=false",
)  # fmt: skip
_FIXED = {
    "GIT_NO_REPLACE_OBJECTS": "1",         # `git replace` would give another commit for the same hash
    "GIT_GRAFT_FILE": os.devnull,          # .git/info/grafts would give it other parents
    "GIT_ALLOW_PROTOCOL": "http:https:ssh",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}  # fmt: skip
_PASSED = re.compile(
    "GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)|GIT_CEILING_DIRECTORIES|GIT_DISCOVERY_ACROSS_FILESYSTEM"
    "|GIT_(AUTHOR|COMMITTER)_.*|GIT_SSL_(CAINFO|CAPATH)"
)
"""The only variables of git that it gets: they say where it looks, and start nothing."""
_ASKING = frozenset({"SSH_ASKPASS", "PAGER"})
_UNREACHED = "fatal: Could not read from remote repository."
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SAFE = "safe.directory"
_TRUST = rf"git config --global --add {re.escape(_SAFE)} .+"
DISTRUSTED = "repository-distrusted"
_MOST_VARIABLES = 1000
_CHUNK = 1 << 16  # what a pipe holds
_MOST_ERRORS = 1 << 20  # bytes of stderr that are kept; the rest is read and dropped


class TooMuchOutputError(Exception):
    """A program wrote more than was asked for, and was ended."""


def command(folder: str, words: Sequence[str], *, settings: Sequence[str] = ()) -> list[str]:
    """Return the command line of a call of git.

    Args:
        folder: where it works.
        words: the command and its options.
        settings: more of them, ``key=value``.
    """
    given = [word for setting in (*_SETTINGS, *settings) for word in ("-c", setting)]
    return ["git", "--no-optional-locks", "--no-pager", *given, "-C", folder, *words]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a call of git: this one without foreign variables of git.

    ``safe.directory`` is kept, which jobs in a container state in variables.
    """
    kept = {
        name: text
        for name, text in environ.items()
        if name not in _ASKING and (not name.startswith("GIT_") or _PASSED.fullmatch(name))
    }
    count = environ.get("GIT_CONFIG_COUNT", "")
    most = min(int(count), _MOST_VARIABLES) if count.isdecimal() and count.isascii() else 0
    safe = [
        environ.get(f"GIT_CONFIG_VALUE_{i}", "")
        for i in range(most)
        if environ.get(f"GIT_CONFIG_KEY_{i}", "").lower() == _SAFE
    ]
    for index, text in enumerate(safe):
        kept |= {f"GIT_CONFIG_KEY_{index}": _SAFE, f"GIT_CONFIG_VALUE_{index}": text}
    return kept | ({"GIT_CONFIG_COUNT": str(len(safe))} if safe else {}) | _FIXED


def causes(words: Sequence[str], code: int, stderr: str) -> list[str]:
    """Return why a call of git failed, as git states it, the likeliest cause first.

    Args:
        words: the command and its options.
        code: its exit code; negative: the signal that ended it.
        stderr: what git wrote to stderr.
    """
    lines = [line for line in map(str.strip, stderr.splitlines()) if line and not line.startswith("hint:")]
    stated = [line for kind in ("fatal:", "error:") for line in lines if line.startswith(kind)]
    above = lines[: lines.index(_UNREACHED)] if _UNREACHED in lines else []  # what ssh says of it
    named = signal.Signals(-code).name if -code in {*signal.Signals} else f"signal {-code}"
    ended = [f"git {words[0]} was ended by {named}"] if code < 0 else []
    better = [line for line in stated if line != _UNREACHED]
    return [*better, *above[-1:], *stated, *ended, *lines[-1:], f"git {words[0]} failed"]


def failure(
    slug: str, words: Sequence[str], stderr: str, *, code: int = 1, failing: str = "", hint: str = ""
) -> CannotDecideError:
    """Return the error for a call that git refused: first the cause as git states it.

    Args:
        slug: of the error.
        words: the command and its options.
        stderr: what git wrote to stderr.
        code: its exit code; negative: the signal that ended it.
        failing: what could not be done, added to git's own words.
        hint: what to do about it, unless git's words say better.
    """
    cause = causes(words, code, stderr)[0]
    trust = re.search(_TRUST, stderr)
    if trust:
        return cannot_decide(DISTRUSTED, cause.removeprefix("fatal: "), hint=trust[0])
    return cannot_decide(slug, f"{cause} ({failing})" if failing else cause, hint=hint)


def as_hash(answer: bytes | str, what: str) -> str:
    """Return the one hash that git answered with.

    Args:
        answer: its output.
        what: it should name, in words.

    Raises:
        CannotDecideError: it is none; a `git` that prints nothing and exits 0 must not pass for one that works.
    """
    text = (answer if isinstance(answer, str) else answer.decode("utf-8", "replace")).strip()
    if not _HASH.fullmatch(text):
        shown = f'"{text[:50]}"' if text else "nothing"
        message = f"git answered with {shown} when it was asked for {what}, which has a hash"
        raise cannot_decide("git-answer", message, hint="check which git is found first: git --version")
    return text


def is_hash(ref: str) -> bool:
    """Is it a whole hash, which git takes for nothing else?"""
    return bool(_HASH.fullmatch(ref))


def run_bounded(
    argv: Sequence[str], *, env: Mapping[str, str], asked: bytes, timeout: float, most: int
) -> tuple[int, bytes, bytes]:
    """Run a program to its end and return its exit code, its output, and the beginning of what it wrote to stderr.

    All three pipes are served at once, so that none of them can block the program.

    Args:
        argv: the program and its arguments, no shell in between.
        env: its environment.
        asked: its input.
        timeout: how long it may take, in seconds.
        most: largest output in bytes.

    Raises:
        OSError: it cannot be started.
        TimeoutExpired: it took longer, and was ended.
        TooMuchOutputError: it wrote more, and was ended.
    """
    with subprocess.Popen(  # noqa: S603 - git: a list, never a shell; refs are checked, paths are no arguments
        list(argv), env=env, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            output, errors = _exchange(process, asked, timeout, most)
            return process.wait(timeout), output, errors
        except BaseException:
            process.kill()
            raise


def _exchange(process: subprocess.Popen[bytes], asked: bytes, timeout: float, most: int) -> tuple[bytes, bytes]:
    """Feed a program and return what it writes to stdout and stderr, until it closes both."""
    end = time.monotonic() + timeout
    output, errors, written = list[bytes](), bytearray(), 0
    with selectors.DefaultSelector() as ready:
        for pipe, event in (
            (process.stdin, selectors.EVENT_WRITE),
            (process.stdout, selectors.EVENT_READ),
            (process.stderr, selectors.EVENT_READ),
        ):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                ready.register(pipe, event)
        while ready.get_map():
            left = end - time.monotonic()
            if left <= 0.0:
                raise subprocess.TimeoutExpired(process.args, timeout)
            for key, _ in ready.select(left):
                if key.fileobj is process.stdin:
                    written += _feed(key.fd, asked[written : written + _CHUNK])
                    is_done = written >= len(asked)
                else:
                    piece = os.read(key.fd, _CHUNK)
                    is_done = not piece
                    if key.fileobj is process.stdout:
                        output.append(piece)
                        most -= len(piece)
                    else:
                        errors += piece[: max(0, _MOST_ERRORS - len(errors))]
                if most < 0:
                    raise TooMuchOutputError
                if is_done:
                    ready.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr] # all three are files
    return b"".join(output), bytes(errors)


def _feed(fd: int, piece: bytes) -> int:
    """Write a piece to a pipe and return how much of it is done with: all, where nobody reads any more."""
    try:
        return os.write(fd, piece) if piece else 0
    except BrokenPipeError:
        return sys.maxsize
