"""Real files, spoilt: what a reader meets in the field, and what somebody hostile would hand it."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

from perfgate.core.errors import CannotDecideError
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.record import Record, Skipped
from perfgate.formats.parsing.source import Source

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from perfgate.formats.catalog.format import Format

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 0.0, -0.0, 1e308, -1e308, 5e-324, 10**400, "", "NaN", "+INF", "1e999", "12", "µs",
    "\ud800", "x" * 300, [], {}, [[]], [None], {"": ""}, ["a", 1], float("nan"), float("inf"),
)  # fmt: skip
_WORDS = (
    b"NaN",
    b"-1",
    b"1e999",
    b"",
    b"\xff\xfe",
    b"\x00",
    b"null",
    b"\xc2\xb5",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b"\n",
    b"\r\n",
    b",",
    b"9" * 400,
)
_TOKEN = re.compile(rb"[A-Za-z_]+|[-+0-9.eE]+|\s+|.", re.DOTALL)


def mutated(random: Random, content: bytes) -> bytes:
    """Return the content with a few changes of one kind."""
    change = random.choice((_tokens, _tokens, _bytes, _cut, _lines, _nodes, _nodes, _nodes))
    return change(random, content)


def _tokens(random: Random, content: bytes) -> bytes:
    parts = _TOKEN.findall(content[:20_000])
    for _ in range(random.randint(1, 4)):
        if parts:
            parts[random.randrange(len(parts))] = random.choice(_WORDS)
    return b"".join(parts) + content[20_000:]


def _bytes(random: Random, content: bytes) -> bytes:
    spoilt = bytearray(content)
    for _ in range(random.randint(1, 8)):
        if spoilt:
            spoilt[random.randrange(len(spoilt))] = random.randrange(256)
    return bytes(spoilt)


def _cut(random: Random, content: bytes) -> bytes:
    begin = random.choice((0, 0, random.randint(0, len(content))))
    return content[begin : random.randint(begin, len(content))]


def _lines(random: Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    for _ in range(random.randint(1, 5)):
        i = random.randrange(len(lines))
        lines[i : i + 1] = random.choice(([], [lines[i]] * 2, [b""], [lines[random.randrange(len(lines))]]))
        lines = lines or [b""]
    return b"\n".join(lines)


def _nodes(random: Random, content: bytes) -> bytes:
    """Put something odd in the place of JSON nodes; of a file of JSON lines in one line."""
    try:
        return _spoilt_document(random, content)
    except (ValueError, RecursionError):
        lines = content.split(b"\n")
        i = random.randrange(len(lines))
        try:
            lines[i] = _spoilt_document(random, lines[i])
        except (ValueError, RecursionError):
            return _tokens(random, content)
        return b"\n".join(lines)


def _spoilt_document(random: Random, content: bytes) -> bytes:
    document = json.loads(content)
    for _ in range(random.randint(1, 3)):
        document = _spoilt(random, document, random.randint(0, 6))
    return json.dumps(document).encode()


def _spoilt(random: Random, node: Any, depth: int) -> Any:
    if depth == 0 or not node or not isinstance(node, (dict, list)):
        return copy.deepcopy(random.choice(ODD))  # it may be spoilt further itself
    key = random.choice(list(node)) if isinstance(node, dict) else random.randrange(len(node))
    if random.random() < 0.15:
        del node[key]
    elif isinstance(node, dict) and random.random() < 0.1:
        node[random.choice(("", "µ", "a" * 300))] = node.pop(key)
    else:
        node[key] = _spoilt(random, node[key], depth - 1)
    return node


def feed(known: Format, path: Path, content: bytes) -> int:
    """Read spoilt content without the guard around readers; return the number of records.

    Anything but records or `CannotDecideError` gets through to the caller.
    """
    count = 0
    try:
        for found in known.load()(Source(str(path), content=content), ForeignOptions(direction="lower")):
            assert isinstance(found, (Record, Skipped)), found
            count += isinstance(found, Record)
    except CannotDecideError:
        pass
    return count
