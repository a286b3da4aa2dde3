"""Small files, written in a test, and what is read from them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from perfgate.core.errors import CannotDecideError
from perfgate.formats.contents import Contents, read
from perfgate.formats.detect import detect, named
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.formats.parsing.record import Record


def seen(content: object, *, given: str = "", options: ForeignOptions | None = None) -> Contents:
    """Read a file of this content (text, bytes, or a JSON document) by what is in it, or as the format given."""
    raw = content if isinstance(content, (str, bytes)) else json.dumps(content)
    source = Source("given.txt", content=raw.encode() if isinstance(raw, str) else raw)
    known = named(given) if given else detect(source)
    assert known is not None, "not recognised"
    return read(source, known, options or ForeignOptions())


def by_name(content: object, **how: Any) -> dict[tuple[str, str], Record]:
    """Return the records of such a file by benchmark and metric."""
    return {(r.benchmark, r.metric): r for r in seen(content, **how).records}


def skipped(content: object, **how: Any) -> dict[str, str]:
    """Return the benchmarks of such a file that were skipped, and why."""
    return {s.benchmark: s.why for s in seen(content, **how).skipped}


def refusal(content: object, **how: Any) -> str:
    """Return the error of a file that cannot be read, its hint included."""
    with pytest.raises(CannotDecideError) as caught:
        seen(content, **how)
    return " ".join(f"{d.message} {d.hint}" for d in caught.value.diagnostics)


def of_folder(path: Path, options: ForeignOptions | None = None) -> dict[tuple[str, str], Record]:
    """Return the records of a folder by benchmark and metric."""
    source = Source(str(path))
    known = detect(source)
    assert known is not None, f"{path} is not recognised"
    return {(r.benchmark, r.metric): r for r in read(source, known, options or ForeignOptions()).records}
