"""JSON read slowly and strictly: what every tool reads alike, and nothing else."""

from __future__ import annotations

import json
import math
import re
from itertools import chain
from typing import TYPE_CHECKING, Any, NoReturn

from perfgate.core.errors import cannot_decide

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_SPACES = (b" ", b"\n", b"\t", b"\r")
_BARE_POINT = re.compile(r"(-?)(\.\d{1,40})\d*")
"""A number as `bc` writes it, without a digit before the point."""


def load_json(content: bytes, origin: str, slug: str, hint: str) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return a JSON document; for explaining a faulty file, and for files of unknown origin.

    Args:
        content: the file's bytes.
        origin: its path, for messages.
        slug: slug of the error.
        hint: what to do about it.

    Raises:
        CannotDecideError: the bytes are not JSON that every tool reads alike: empty,
            cut off, not UTF-8, a lone surrogate, NaN, a number beyond doubles, a name
            that stands twice, or nested too deeply.
    """
    if not content.strip():
        raise cannot_decide(slug, "is empty", place=origin, hint=hint)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as caught:
        message = f"is not UTF-8 (byte {caught.start}: 0x{content[caught.start]:02x})"
        raise cannot_decide(slug, message, place=origin, hint=hint) from None
    try:
        document = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole, object_pairs_hook=_unique
        )
    except json.JSONDecodeError as caught:
        bare = _BARE_POINT.match(text, caught.pos)
        if bare:
            where = f"(line {caught.lineno}, column {caught.colno})"
            message = f'is not JSON: found "{bare[0]}": a number needs a digit before the point {where}'
            hint = f"write {bare[1]}0{bare[2]}, as printf '%.6f' in a shell does"
        else:
            message = f"is not JSON: {caught.msg} (line {caught.lineno}, column {caught.colno})"
        raise cannot_decide(slug, message, place=origin, hint=hint) from None
    except (ValueError, RecursionError) as caught:
        message = "nested too deeply" if isinstance(caught, RecursionError) else str(caught)
        raise cannot_decide(slug, message, place=origin, hint=hint) from None
    if re.search(r"\\u[dD][89a-fA-F]", text) and _has_surrogate(document):
        message = "a text holds half a character (a lone surrogate)"
        raise cannot_decide(slug, message, place=origin, hint=hint)
    return document


def has_key_twice(content: bytes, document: object) -> bool:
    """Does an object of a JSON text state a key twice, of which a fast decoder took the last without a word?

    As many keys are written as there are colons outside of texts; those that stand twice are
    missing in the document.

    Args:
        content: the text, which a decoder has read: valid UTF-8 and valid JSON.
        document: what it read.
    """
    held = sum(sum(map(len, objects)) for objects in _objects_by_depth(document))
    # Where no space stands before a colon, each key is a quote and a colon; a text that holds these two adds to them.
    if content.count(b'":') == held and not any(space + b":" in content for space in _SPACES):
        return False
    plain = _ESCAPE.sub(b"", content) if b"\\" in content else content
    written = b"".join(plain.split(b'"')[::2]).count(b":")
    return written != held


def objects_of(document: object) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON document, in no order that means anything."""
    return chain.from_iterable(_objects_by_depth(document))


def _objects_by_depth(document: object) -> Iterator[list[dict[str, Any]]]:
    """Yield the objects of each depth together: most values of a large file are numbers of one depth."""
    level = [document]
    while level:
        objects = [value for value in level if isinstance(value, dict)]
        yield objects
        lists = [value for value in level if isinstance(value, list)]
        inner = chain(chain.from_iterable(map(dict.values, objects)), chain.from_iterable(lists))
        level = [value for value in inner if isinstance(value, (dict, list))]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"the number {digits[:40]} is too large")
    return value


def _whole(digits: str) -> int:
    _finite(digits)
    return int(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        seen: set[str] = set()
        twice = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        raise ValueError(f'the key "{twice}" stands twice')
    return names


def _has_surrogate(document: object) -> bool:
    """Does any text of the document hold a lone surrogate?"""
    try:
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
