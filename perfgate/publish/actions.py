"""The files and commands by which a step of GitHub Actions reports: its summary, outputs and annotations.

Whatever is wrong with the files (absent in a container job, read-only, a folder) is a
warning: the verdict does not depend on them.
"""

from __future__ import annotations

import os
import re
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step's summary; of a longer one GitHub shows nothing at all."""
OUTPUTS_LIMIT = 1024 * 1024
"""Bytes of a step's outputs that are searched for earlier ones; GitHub takes no more of a job."""
ANNOTATIONS = 9
"""Annotations of one level before one that counts the others: GitHub drops all after the tenth."""


PEOPLE = "# "
"""How a text for people, which has no escapes, writes the first of two ``#`` that begin a command."""
_ANYWHERE = re.compile(r"#(?=#\w*\[)")
_AT_START = re.compile(r"(^[^\S\r\n]*|\r[^\S\r\n]*):(?=:)", re.MULTILINE)


def new_token() -> str:
    """Return a word that nobody can guess who wrote a name or a report."""
    return os.urandom(16).hex()


def escape_data(text: str) -> str:
    """Return a text as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Return a text as the value of a workflow command's property."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def command(name: str, properties: Mapping[str, str], message: str) -> str:
    """Return a workflow command, one line; a property without a value is left out."""
    words = ",".join(f"{key}={escape_property(value)}" for key, value in properties.items() if value)
    return f"::{name}{' ' if words else ''}{words}::{escape_data(message)}"


def runs_in_actions(environ: Mapping[str, str]) -> bool:
    """Return whether a runner of GitHub Actions reads what this process prints."""
    return environ.get("GITHUB_ACTIONS") == "true"


def defuse(text: str, escape: str = PEOPLE) -> str:
    """Return a text in which no runner finds a command.

    GitHub Actions takes a line that begins with ``::`` for one, and ``##[`` anywhere in a line;
    Azure Pipelines ``##vso[`` anywhere, TeamCity ``##teamcity[``.

    Args:
        text: lines that may hold anything.
        escape: how the text's format writes the first ``#``. Its lines begin with ``::`` in a text for people only.
    """
    return _AT_START.sub(r"\1: ", _ANYWHERE.sub(lambda _: escape, text))


def without_commands(text: str, *, token: str) -> str:
    """Return a text for people between commands that stop GitHub's runner from reading, as it is.

    Args:
        text: lines that may hold anything.
        token: starts the runner's reading again; must not be guessed by who wrote the text.
    """
    return f"::stop-commands::{token}\n{text}{'' if text.endswith(chr(10)) else chr(10)}::{token}::\n"


def append_summary(path: str, texts: Iterable[str]) -> str:
    """Append the first of several texts that fits into a step's summary, beside what stands there already.

    Args:
        path: the file of ``GITHUB_STEP_SUMMARY``.
        texts: the best first.

    Returns:
        Why nothing could be written; empty when it was.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o666)
        with os.fdopen(fd, "ab") as file:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                return "it is no regular file"
            gap = b"\n\n" if found.st_size else b""
            for text in texts:
                content = gap + text.encode("utf-8", "replace")
                if found.st_size + len(content) <= SUMMARY_LIMIT:
                    file.write(content)
                    return ""
    except (OSError, ValueError) as caught:
        return getattr(caught, "strerror", None) or str(caught)
    return f"it holds {found.st_size:,} bytes already, of {SUMMARY_LIMIT:,} that GitHub shows"


def set_outputs(path: str, outputs: Mapping[str, str], token: str) -> str:
    """Append a step's outputs.

    Args:
        path: the file of ``GITHUB_OUTPUT``.
        outputs: name -> value.
        token: part of the line that ends each value; must not be guessed by who wrote a value.

    Returns:
        Why nothing could be written; empty when it was.
    """
    end = f"ghadelimiter_{token}"
    if any(end in text for pair in outputs.items() for text in pair):
        return "a value holds the delimiter"
    lines = "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value in outputs.items())
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o666)
        with os.fdopen(fd, "ab") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return "it is no regular file"
            file.write(lines.encode("utf-8", "replace"))
    except (OSError, ValueError) as caught:
        return getattr(caught, "strerror", None) or str(caught)
    return ""


def states_failure(path: str) -> bool:
    """Do a step's outputs already hold an exit code of ours, as `set_outputs` wrote it, that is not 0?

    Args:
        path: the file of ``GITHUB_OUTPUT``; one that cannot be read holds none.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            content = file.read(OUTPUTS_LIMIT)
    except (OSError, ValueError):
        return False
    codes = re.findall(rb"^exit-code<<(ghadelimiter_\w+)\n(\d)\n\1$", content, re.MULTILINE)
    return any(code != b"0" for _, code in codes)
