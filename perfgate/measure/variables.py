"""The environment variables of the measuring side, and its messages on stderr.

An invalid variable never stops the measured program: it is named once on
stderr and then ignored.
"""

from __future__ import annotations

import os
import sys

OFF_WORDS = frozenset({"0", "false", "off", "no"})
ON_WORDS = frozenset({"", "1", "true", "on", "yes"})
MOST_ROWS = 2**53  # beyond it a JSON number is no longer exact everywhere

BEGINNING = "perfgate: "
"""Begins each line that the measuring side writes to stderr."""
_reported: set[str] = set()


def say(line: str) -> None:
    """Write one line to stderr, beginning with ``perfgate:``; a missing or closed stderr is no error."""
    try:
        sys.stderr.write(f"{BEGINNING}{line}\n")
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        return  # under pythonw stderr is None, and a daemon may have closed it


def say_once(line: str) -> None:
    """Write one line to stderr, but the same line only once per process."""
    if line not in _reported:
        _reported.add(line)
        say(line)


def is_encodable(text: str) -> bool:
    """Can a text be written to a UTF-8 file? One with a lone surrogate cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_text(name: str) -> str | None:
    """Return the variable's text; None when it is unset, empty or not valid UTF-8 (reported on stderr)."""
    value = os.environ.get(name)
    if not value:
        return None
    if not is_encodable(value):
        say_once(f"{name} is not valid UTF-8 and is ignored")
        return None
    return value


def read_switch(name: str) -> bool:
    """Does the variable leave something on? Only ``0``, ``false``, ``off`` and ``no`` turn it off.

    An unknown word means on, with a message on stderr: a missing measurement would go
    unnoticed.
    """
    word = os.environ.get(name, "").strip().lower()
    if word in OFF_WORDS:
        return False
    if word not in ON_WORDS:
        say_once(f"{name}={word!a} is not one of 0, false, off, no, 1, true, on, yes; it counts as on")
    return True


def read_request(name: str, *, default: bool, otherwise: str) -> bool:
    """Does the variable ask for something that is off unless asked for? Unset and empty mean the default.

    An unknown word means off, with a message on stderr.

    Args:
        name: of the variable.
        default: what holds when it asks for nothing.
        otherwise: what an unknown word means, such as ``nothing is traced``.
    """
    word = os.environ.get(name, "").strip().lower()
    if not word:
        return default
    if word not in OFF_WORDS and word not in ON_WORDS:
        say_once(f"{name}={word[:40]!a} is not one of 0, false, off, no, 1, true, on, yes; {otherwise}")
    return word in ON_WORDS


def read_rows(name: str) -> int | None:
    """Return the variable's whole number >= 0; None when it is unset or no such number (reported on stderr)."""
    value = os.environ.get(name, "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit() and len(value) <= len(str(MOST_ROWS)) and int(value) <= MOST_ROWS:
        return int(value)
    say_once(f"{name}={value[:40]!a} is not a whole number from 0 to 2^53 and is ignored")
    return None


def read_shard(name: str) -> str | None:
    """Return the variable's shard such as ``2/4``; None when it is unset or no shard (reported on stderr)."""
    value = os.environ.get(name, "").strip()
    if not value:
        return None
    from perfgate.core.text.shards import shard_of  # only shards need it

    if shard_of(value) is None:
        say_once(f"{name}={value[:40]!a} is not a shard such as 2/4 and is ignored")
        return None
    return value


ENABLED = read_switch("PERFGATE_ENABLED")
"""Whether this process measures at all; read once, so that a disabled context costs one look-up."""
