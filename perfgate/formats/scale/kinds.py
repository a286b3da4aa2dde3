"""What a part is, by its name and how it begins; and what its first lines say about it in words."""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from perfgate.core.errors import cannot_decide
from perfgate.formats.parsing.logs.rows import Broken, is_array_text, is_json_text, object_after_prefix, object_of
from perfgate.formats.parsing.parquet import MAGIC
from perfgate.formats.scale.parts import CUT_OFF, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.errors import CannotDecideError
    from perfgate.formats.scale.parts import Part

HEAD = 1 << 16
"""Bytes that are looked at."""
_BY_ENDING = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "table", ".tsv": "table"}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_PREFIX = "text stands in front of the object, which is read without --engine alone"
_DEEPEST = 4
_MOST_NAMES = 200


class Kind(Struct, frozen=True, kw_only=True):
    """What a part is."""

    name: str
    """``parquet``, ``json``, ``table`` or ``empty``."""
    is_packed: bool
    """Is it compressed by gzip?"""
    head: bytes
    """How its text begins, of JSON in whole lines; empty for Parquet."""

    @property
    def text(self) -> str:
        """How it begins; what is no UTF-8 becomes a replacement character."""
        return self.head.decode("utf-8-sig", "replace")


def kind_of(part: Part) -> Kind:
    """Return what a part is: what its ending says, else its first lines.

    Raises:
        CannotDecideError: it is in none of the formats, or not in the one that its ending says.
    """
    with opened(part) as file:
        head = file.read(HEAD)
        is_packed = head[:2] == b"\x1f\x8b"
        if is_packed:
            file.seek(0)
            with gzip.open(file) as unpacked:
                head = unpacked.read(HEAD)
    name = part.name.lower().removesuffix(".gz")
    if head.startswith(MAGIC):
        if is_packed:
            raise _refused(part, "is Parquet inside of gzip", "unpack it: Parquet is compressed in itself")
        return Kind(name="parquet", is_packed=False, head=b"")
    if name.endswith(".parquet"):
        why = "is empty, which no Parquet file is" if not head else "cannot be read as Parquet: it begins otherwise"
        raise _refused(part, why, CUT_OFF)
    kind = _text_kind(part, name, head)
    if kind == "json" and len(head) >= HEAD:
        head = head[: head.rfind(b"\n") + 1]
    return Kind(name=kind, is_packed=is_packed, head=head)


def _text_kind(part: Part, name: str, head: bytes) -> str:
    """Return ``json``, ``table`` or ``empty``.

    Raises:
        CannotDecideError: it is no text, or JSON that does not stand in lines.
    """
    if head.startswith(_UTF_16):
        raise _refused(part, "is UTF-16", "write UTF-8; or leave out --engine, which UTF-8 alone is for")
    text = head.decode("utf-8-sig", "replace")
    if "\0" in text:
        raise _refused(part, "is neither Parquet nor text", "leave it out; or write JSON lines")
    if not text.strip():
        return "empty"
    stated = next((kind for ending, kind in _BY_ENDING.items() if name.endswith(ending)), "")
    if stated != "table" and is_array_text(text):
        what = "is one JSON array" if text.lstrip().startswith("[") else "holds JSON over several lines"
        raise _refused(part, f"{what}: its rows cannot be counted apart", "write one JSON object a line")
    return stated or ("json" if is_json_text(text) else "table")


def _refused(part: Part, message: str, hint: str) -> CannotDecideError:
    return cannot_decide("part-unreadable", message, place=part.name, hint=hint)


def _lines_of(found: Kind) -> Iterator[tuple[int, bytes]]:
    """Yield the first lines that hold something, each with its number."""
    for number, line in enumerate(found.head.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            yield number, line


def describe_broken(part: Part, found: Kind, count: int) -> str:
    """Return which line of JSON lines cannot be read first, and why.

    Args:
        part: the lines.
        found: how they begin.
        count: how many cannot be read, >= 1.

    Returns:
        Such as ``the first is line 2: not UTF-8``; empty: it is neither among the first nor the last.
    """
    for number, line in _lines_of(found):
        if why := _why_broken(line):
            return f"{'it' if count == 1 else 'the first'} is line {number:,}: {why}"
    why = _why_broken(_last_line(part)) if not found.is_packed else ""
    return f"{'it' if count == 1 else 'one'} is the last line: {why}" if why else ""


def _last_line(part: Part) -> bytes:
    """Return the last line that holds something; empty: it is too long."""
    with opened(part) as file:
        file.seek(max(0, part.size - HEAD), os.SEEK_SET)
        tail = file.read(HEAD).rstrip()
    return tail[tail.rfind(b"\n") + 1 :] if b"\n" in tail else b""


def _why_broken(line: bytes) -> str:
    """Return why a line cannot be read; empty: it can, or holds nothing."""
    try:
        text = line.decode()
    except UnicodeDecodeError as caught:
        return f"not UTF-8 (byte {caught.start + 1:,})"
    broken = Broken()
    row = object_of(text, 1, broken, is_choosy=False)
    if row is None:
        return broken.why
    if object_after_prefix(text) is not None:
        return _PREFIX
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError as caught:
        return f"half a character (\\u{ord(caught.object[caught.start]):04x})"
    return ""


def key_twice(found: Kind, names: Sequence[str]) -> tuple[int, str]:
    """Return the number of a line among the first that states a key of some fields twice, differently, and the key.

    None does: 0 and no key.

    Args:
        found: JSON lines.
        names: of fields, dotted paths.
    """
    wanted = {key for name in names for key in (name, *name.split("."))}
    twice: list[str] = []

    def take(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        held = dict(pairs)
        if len(held) < len(pairs):
            twice.extend(key for key, value in pairs if key in wanted and value != held[key])
        return held

    for number, line in _lines_of(found):
        try:
            json.loads(line, object_pairs_hook=take)
        except (ValueError, RecursionError):
            continue
        if twice:
            return number, twice[0]
    return 0, ""


def names_in(found: Kind) -> list[str]:
    """Return the fields of the first rows of JSON lines, those inside of objects by dotted paths."""
    names: dict[str, None] = {}
    for _, line in _lines_of(found):
        try:
            row = msgspec.json.decode(line)
        except (ValueError, RecursionError):
            continue
        names |= dict.fromkeys(_paths(row))
        if len(names) > _MOST_NAMES:
            break
    return list(names)[:_MOST_NAMES]


def _paths(row: object, above: str = "", deepest: int = _DEEPEST) -> Iterator[str]:
    """Yield the paths of what an object holds."""
    for key, value in row.items() if isinstance(row, dict) else ():
        if isinstance(value, dict) and deepest > 1:
            yield from _paths(value, f"{above}{key}.", deepest - 1)
        else:
            yield f"{above}{key}"
