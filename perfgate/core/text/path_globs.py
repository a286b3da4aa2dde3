"""Globs of files in a repository: ``*`` stays inside a folder, ``**`` crosses folders, and ``!`` excludes.

The time is bounded, whatever a file is called: what stands before a later ``*`` is matched
once, at its first place, which is as good as any other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

EXCLUDES = "!"
"""What a glob begins with whose files are left out."""
MOST = 1_000
"""Globs of one command."""
LONGEST = 1_000
"""Characters of a glob."""
_DEEP = "**"
_FOLDERS = "(?:[^/]+/)"


class PathGlobs:
    """Globs in an order; the last one that matches a file decides about it."""

    def __init__(self, globs: Sequence[str]) -> None:
        """Take the globs.

        Raises:
            ValueError: one is not valid; the message says why, and what to write.
        """
        if len(globs) > MOST:
            raise ValueError(f"more than {MOST:,} globs are too many: write wider ones")
        self.globs = tuple(globs)
        """As they were given."""
        self._rules = [(compile_glob(glob.removeprefix(EXCLUDES)), not glob.startswith(EXCLUDES)) for glob in globs]
        self._otherwise = not any(is_wanted for _, is_wanted in self._rules)
        self._rules.reverse()

    def match(self, path: str) -> bool:
        """Is a file meant? Where every glob excludes, all other files are."""
        return next((is_wanted for pattern, is_wanted in self._rules if pattern.match(path)), self._otherwise)

    def find_unmatched(self, listings: Iterable[Iterable[str]]) -> list[str]:
        """Return the globs, but those that exclude, that match no file at all.

        Args:
            listings: of files; the next one is asked for only when it is needed.
        """
        left = {glob: compile_glob(glob) for glob in self.globs if not glob.startswith(EXCLUDES)}
        if not left:
            return []
        for listing in listings:
            for path in listing:
                for glob in [glob for glob, pattern in left.items() if pattern.match(path)]:
                    del left[glob]
                if not left:
                    return []
        return list(left)


def compile_glob(glob: str) -> re.Pattern[str]:
    """Return the pattern of a glob without ``!``, which matches whole paths from the top of the repository.

    Raises:
        ValueError: it is not valid; the message says why, and what to write.
    """
    if not glob or not glob.isprintable() or len(glob) > LONGEST:
        raise ValueError(f"a glob has 1 to {LONGEST:,} printable characters")
    parts = glob.split("/")
    _refuse_parts(glob, parts)
    pattern, is_below = "", False
    for run, is_last in _split_at_deep(parts):
        if is_last and not run:  # it ends in **
            return re.compile(f"{pattern}.+", re.DOTALL)
        matched = "/".join(map(_translate, run)) + ("" if is_last else "/" if run else "")
        if is_below and is_last:
            pattern += f"{_FOLDERS}*{matched}"
        elif is_below:
            pattern += f"(?>{_FOLDERS}*?{matched})"
        else:
            pattern += matched
        is_below = True
    return re.compile(rf"{pattern}\Z", re.DOTALL)


def _split_at_deep(parts: Sequence[str]) -> Iterator[tuple[list[str], bool]]:
    """Yield the parts before, between and behind those that are ``**``, and whether they are the last ones."""
    run: list[str] = []
    for place, part in enumerate(parts):
        if part != _DEEP:
            run.append(part)
        elif run or place == 0:  # one ** behind another adds nothing
            yield run, False
            run = []
    yield run, True


def _refuse_parts(glob: str, parts: Sequence[str]) -> None:
    """Return unless the parts of a glob between its slashes can match no path.

    Raises:
        ValueError: they cannot.
    """
    if glob.startswith("/"):
        raise ValueError(f'write it from the top of the repository, without the first slash: "{glob.lstrip("/")}"')
    if glob.endswith("/"):
        raise ValueError(f'a folder is no file: "{glob}**" matches all files in it')
    if set(parts) & {"", ".", ".."}:
        raise ValueError('write it from the top of the repository, without "." and ".." and double slashes')
    if odd := next((part for part in parts if _DEEP in part and part != _DEEP), None):
        raise ValueError(f'** stands alone between slashes: "**/{odd.replace(_DEEP, "*")}"')


def _translate(part: str) -> str:
    """Return the pattern of what stands between two slashes.

    Raises:
        ValueError: a range is not valid, or a backslash is the last character.
    """
    pieces, place = [""], 0
    while place < len(part):
        letter = part[place]
        end = _end_of_class(part, place) if letter == "[" else 0
        if letter == "*":
            pieces.append("")
            place += 1
        elif end:
            pieces[-1] += _translate_class(part[place + 1 : end])
            place = end + 1
        elif letter == "\\" and place + 1 == len(part):
            raise ValueError("a backslash stands before the character that it takes as it is")
        else:
            place += letter == "\\"
            pieces[-1] += "[^/]" if letter == "?" else re.escape(part[place])
            place += 1
    if len(pieces) == 1:
        return pieces[0]
    first, *middle, last = pieces
    least = "(?=[^/])" if not any(pieces) else ""  # a name has a character
    return first + "".join(f"(?>[^/]*?{piece})" for piece in middle) + f"{least}[^/]*{last}"


def _end_of_class(part: str, start: int) -> int:
    """Return where the class of characters that begins at a bracket ends; 0: it is only a bracket."""
    place = start + 1
    place += part[place : place + 1] in {"!", "^"}
    place += part[place : place + 1] == "]"  # as the first one it is a character
    return max(part.find("]", place), 0)


def _translate_class(inner: str) -> str:
    """Return the pattern of a class of characters, which never holds a slash.

    Raises:
        ValueError: a range is not valid.
    """
    is_negated = inner[0] in "!^"
    letters = "".join(c if c == "-" else re.escape(c) for c in (inner[1:] if is_negated else inner))
    pattern = f"(?!/)[{'^' if is_negated else ''}{letters}]"
    try:
        re.compile(pattern)
    except re.error:
        raise ValueError(f'"[{inner}]" is no class of characters') from None
    return pattern
