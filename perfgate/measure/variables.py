"""The environment variables of the measuring side, and its messages on stderr.

An invalid variable never stops the measured program: it is named once on
stderr and then ignored.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OFF_WORDS = frozenset({"0", "false", "off", "no"})
ON_WORDS = frozenset({"1", "true", "on", "yes"})
MOST_ROWS = 2**53  # beyond it a JSON number is no longer exact everywhere
_LONGEST = 40  # characters of a value in a message

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


class Variables:
    """Reads variables by their meaning, and says which are ignored.

    One parser for the measured program and for `perfgate doctor`, which reports what a program would ignore.
    """

    __slots__ = ("environ", "report")

    def __init__(self, environ: Mapping[str, str], report: Callable[[str], None]) -> None:
        """Keep both.

        Args:
            environ: the environment variables.
            report: takes one sentence for each that is ignored: its value, and what is expected.
        """
        self.environ = environ
        self.report = report

    def read_text(self, name: str) -> str | None:
        """Return the variable's text; None when it is unset, empty or not valid UTF-8."""
        value = self.environ.get(name)
        if not value:
            return None
        if not is_encodable(value):
            self.report(f"{name} is not valid UTF-8 and is ignored")
            return None
        return value

    def read_switch(self, name: str) -> bool:
        """Does the variable leave something on? Only ``0``, ``false``, ``off`` and ``no`` turn it off.

        An unknown word means on: a missing measurement would go unnoticed.
        """
        return self.read_request(name, default=True, otherwise="it counts as on", unknown=True)

    def read_request(self, name: str, *, default: bool, otherwise: str, unknown: bool = False) -> bool:
        """Does the variable ask for something? Unset and empty mean the default.

        Args:
            name: of the variable.
            default: what holds when it asks for nothing.
            otherwise: what an unknown word means, such as ``nothing is traced``.
            unknown: what is returned for an unknown word.
        """
        word = self.environ.get(name, "").strip().lower()
        if not word:
            return default
        if word in ON_WORDS:
            return True
        if word in OFF_WORDS:
            return False
        self.report(f"{name}={word[:_LONGEST]!a} is not one of 0, false, off, no, 1, true, on, yes; {otherwise}")
        return unknown

    def read_number(self, name: str, expected: str, is_valid: Callable[[float], bool]) -> float | None:
        """Return the variable's number; None when it is unset, no number or not valid.

        Args:
            name: of the variable.
            expected: what it must be, such as ``a number from 0 to 1``.
            is_valid: is a number one that is expected? NaN and infinity are asked, too.
        """
        text = self.environ.get(name, "").strip()
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if is_valid(number):
            return number
        self.report(f"{name}={text[:_LONGEST]!a} is not {expected} and is ignored")
        return None

    def read_rows(self, name: str) -> int | None:
        """Return the variable's whole number >= 0; None when it is unset or no such number."""
        value = self.environ.get(name, "").strip()
        if not value:
            return None
        if value.isascii() and value.isdigit() and len(value) <= len(str(MOST_ROWS)) and int(value) <= MOST_ROWS:
            return int(value)
        self.report(f"{name}={value[:_LONGEST]!a} is not a whole number from 0 to 2^53 and is ignored")
        return None

    def read_shard(self, name: str) -> str | None:
        """Return the variable's shard such as ``2/4``; None when it is unset or no shard."""
        value = self.environ.get(name, "").strip()
        if not value:
            return None
        from perfgate.core.text.shards import shard_of  # only shards need it

        if shard_of(value) is None:
            self.report(f"{name}={value[:_LONGEST]!a} is not a shard such as 2/4 and is ignored")
            return None
        return value


PROCESS = Variables(os.environ, say_once)
"""The variables of this process; what is ignored is said once on stderr."""
FOLDER_OF_COUNTS = "PERFGATE_COUNTS"
"""Variable that names the folder into which Callgrind writes, and says that regions are counted."""
COUNTS = os.environ.get(FOLDER_OF_COUNTS, "")
"""That folder; read once, so that a program that is not counted pays nothing. Empty: nothing is counted."""
ENABLED = PROCESS.read_switch("PERFGATE_ENABLED")
"""Whether this process measures at all; read once, so that a disabled context costs one look-up."""
