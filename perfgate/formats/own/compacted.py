"""Compacted files: the run summaries of many run files, one a line, packed by gzip where the name says so."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError
from perfgate.formats.detect import named
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.source import LONGEST_LINE, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perfgate.core.run import Run

NAME = "compacted.jsonl.gz"
"""The name of a compacted file, unless another one is asked for."""
ENDINGS = ("compacted.jsonl", NAME)
"""How the names of compacted files end. A folder of run files, and a glob ``*.json``, mean these of it, too."""
LONGEST_FILE = LONGEST_LINE - 1024
"""Longest run file in bytes that becomes a line that readers take, the name of its benchmark added."""
_PACKED = ".gz"
_HINT = "restore the file, or remove what is damaged in it; perfgate compact writes it whole or not at all"
_LINES = "model-runs"
"""The format of what is in them."""
_GZIP = 16 + zlib.MAX_WBITS
_PART = 1 << 20
_BOM = b"\xef\xbb\xbf"


def is_compacted(path: str) -> bool:
    """Is a file a compacted one, by its name?"""
    return path.endswith(ENDINGS) and not os.path.basename(path).startswith(".")


def runs_in(path: str) -> Iterator[Run]:
    """Yield the runs of a compacted file.

    Raises:
        CannotDecideError: it cannot be read, or a run in it is not valid; every fault is in it.
    """
    try:
        yield from named(_LINES).load_runs()(Source(path), ForeignOptions())
    except CannotDecideError as caught:
        raise CannotDecideError([fault._replace(hint=_HINT) for fault in caught.diagnostics]) from None


def lines_in(path: str) -> Iterator[bytes]:
    """Yield the lines of a compacted file, each with its end.

    Raises:
        CannotDecideError: it cannot be read.
    """
    return (line.encode() + b"\n" for line in Source(path).lines() if line.strip())


def line_of(content: bytes, run: Run) -> bytes:
    """Return a run file as a line, its text as it is: JSON has ends of lines between its parts only.

    A run that does not name its benchmark has the name of its folder, which the line must state.

    Args:
        content: the file's bytes.
        run: what was read from them.
    """
    text = content.removeprefix(_BOM).replace(b"\r", b" ").replace(b"\n", b" ").strip()
    document = msgspec.json.decode(text)
    if "benchmark" not in document:
        text = b'{"benchmark": %b, %b' % (msgspec.json.encode(run.benchmark), text[1:])
    elif not document["benchmark"]:
        text = msgspec.json.encode({**document, "benchmark": run.benchmark})
    return text + b"\n"


def packed(lines: Iterable[bytes], path: str) -> Iterator[bytes]:
    """Yield lines as the bytes of a compacted file; the same lines give the same bytes.

    Args:
        lines: each with its end.
        path: the file; its name says whether they are packed.
    """
    packer = zlib.compressobj(wbits=_GZIP) if path.endswith(_PACKED) else None
    held: list[bytes] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= _PART:
            yield packer.compress(b"".join(held)) if packer else b"".join(held)
            held, size = [], 0
    rest = b"".join(held)
    yield packer.compress(rest) + packer.flush() if packer else rest


def is_same(run: Run, other: Run) -> bool:
    """Are two runs equal in all but where they were read from?"""
    return replace(run, origin="") == replace(other, origin="")
