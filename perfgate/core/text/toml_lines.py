"""Where a key stands in a TOML text: Python's parser does not say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.text.strict_toml import compile_token

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perfgate.core.errors import Diagnostic

Path = tuple[str | int, ...]


def locate(faults: Iterable[Diagnostic], text: str, origin: str, above: str = "") -> list[Diagnostic]:
    """Return faults of a TOML file with the line in their place and the key in their words, in the order of lines.

    ``perfgate.toml: /rule/0/threshold`` becomes ``perfgate.toml:3`` and ``threshold: …``. A key that stands in none is
    missing in the table of that line.

    Args:
        faults: their places are JSON pointers into the document; a place without one stays.
        text: the file's, which is valid TOML.
        origin: its path.
        above: pointer of the table that the faults' pointers start from.
    """
    lines = find_lines(text)
    found = [_located(fault, lines, origin, above) for fault in faults]
    return [fault for _, fault in sorted(found, key=lambda pair: pair[0])]


def _located(fault: Diagnostic, lines: Mapping[Path, int], origin: str, above: str) -> tuple[int, Diagnostic]:
    pointer = fault.place.removeprefix(origin).removeprefix(": ")
    path = _path_of(above + pointer) if pointer.startswith("/") else ()
    line = next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 0)
    if not path or not line:
        return 0, fault
    message = fault.message if f'key "{path[-1]}"' in fault.message else f"{_name(path, lines)}: {fault.message}"
    return line, fault._replace(place=f"{origin}:{line}", message=message)


def find_lines(text: str) -> dict[Path, int]:
    """Return the line (from 1 on) of each table and key of a TOML text; entries of arrays of values have none."""
    lines: dict[Path, int] = {}
    last: dict[Path, int] = {}
    table: Path = ()
    for number, words, brackets in _statements(text):
        if brackets:
            *above, name = words
            table = (*_resolve(above, last), name)
            if brackets > 1:
                last[table] = last.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, last[table])
            lines.setdefault(table, number)
            continue
        for n in range(1, len(words) + 1):
            lines.setdefault((*table, *words[:n]), number)
    return lines


def _resolve(words: Sequence[str], last: dict[Path, int]) -> Path:
    """Return the path of a table, with the index of each array of tables in it: that of the last one."""
    path: Path = ()
    for word in words:
        path = (*path, word)
        if path in last:
            path = (*path, last[path])
    return path


def _statements(text: str) -> Iterator[tuple[int, list[str], int]]:
    """Yield the line, the parts of the name and the brackets (0: a key, 1: a table, 2: an array of them) of each."""
    number, depth, start = 1, 0, True
    words: list[str] = []
    brackets = 0
    is_named = False
    for token in compile_token().finditer(text):
        found = token[0]
        if start:
            words, brackets, is_named, line = [], 0, False, number
            start = False
        if found == "\n" and depth <= 0:
            if words:
                yield line, words, brackets
            start, depth = True, 0
        elif found in {"[", "{"}:
            brackets += not words and not is_named
            depth += 1
        elif found in {"]", "}"}:
            depth -= 1
            is_named = True
        elif found == "=":
            is_named = True
        elif token.lastgroup == "part" and not is_named:
            words.append(_bare(token))
        number += found.count("\n")
    if words and not start:
        yield line, words, brackets


def _bare(token: re.Match[str]) -> str:
    word = token[0]
    return word[1:-1] if word[0] in "\"'" and word[-1] == word[0] and len(word) > 1 else word


def _path_of(pointer: str) -> Path:
    keys = (key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:])
    return tuple(int(key) if key.isdecimal() else key for key in keys)


def _name(path: Path, lines: Mapping[Path, int]) -> str:
    """Return the last key of a path as it stands in the file; of a table in an array the array's, in its brackets."""
    names = [key for key in path if isinstance(key, str)]
    return f"[[{'.'.join(names)}]]" if isinstance(path[-1], int) and path in lines else names[-1]
