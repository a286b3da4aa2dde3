"""The lines of a log: whatever way they are taken, they are the same, and what a text file holds."""

from __future__ import annotations

import codecs
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS

from perfgate.core.errors import CannotDecideError
from perfgate.formats.parsing import source as of_source
from perfgate.formats.parsing.source import LONGEST_LINE, Source

PIECES = st.sampled_from(
    [
        b"a",
        b"\n",
        b"\r",
        b"\r\n",
        b"\xc3\xbc",
        b"\xc3",
        b"\xf0\x9f\x98\x80",
        b"\xf0\x9f",
        b"\xff",
        b"\xed\xa0\x80",
        b"\x0b",
        b"\xe2\x80\xa8",
        b"\x1c",
        codecs.BOM_UTF8,
        b"\0",
        b'"',
        b",",
    ]
)


def as_text_file(content, encoding="utf-8"):
    """Return the lines as Python's own text files give them."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, errors="replace", newline=None).read()
    lines = text.split("\n")
    return lines if lines.pop() == "" else text.split("\n")


def ways(content):
    """Return the lines in each way in which a source gives them."""
    batches = [line for batch in Source("a.log", content=content).line_batches() for line in batch]
    ended = list(Source("a.log", content=content).ended_lines())
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in ended)
    return list(Source("a.log", content=content).lines()), [line.decode() for line in batches], [x[:-1] for x in ended]


@LAWS
@given(st.lists(PIECES, max_size=40), st.integers(len(codecs.BOM_UTF8), 9))
def test_lines_are_those_of_a_text_file_wherever_the_parts_end(pieces, block):
    content = b"".join(pieces)
    expected = as_text_file(content, "utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8")
    if content[:2] == b"\x1f\x8b":
        return
    before, of_source._BLOCK = of_source._BLOCK, block
    try:
        assert ways(content) == (expected, expected, expected)
    finally:
        of_source._BLOCK = before


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_marked_encodings_are_read(encoding):
    text = "\u00fc,1\r\n\U0001f600,2\n\nlast"
    expected = ["\u00fc,1", "\U0001f600,2", "", "last"]
    assert ways(text.encode(encoding)) == (expected, expected, expected)


def test_a_cut_off_character_of_utf_16_becomes_a_replacement_character():
    assert list(Source("a.log", content="ab\nc".encode("utf-16")[:-1]).lines()) == ["ab", "\ufffd"]


def test_lines_longer_than_a_part_are_whole():
    long = "\u00fc" * 400_000
    content = f"{long}\nb\n{long}".encode()
    assert ways(content) == ([long, "b", long],) * 3


@pytest.mark.parametrize("end", ["", "\n", "\nmore\n"])
@pytest.mark.parametrize(("count", "is_refused"), [(LONGEST_LINE, False), (LONGEST_LINE + 1, True)])
@pytest.mark.parametrize("letter", ["x", "\u00fc"])
def test_a_line_may_have_so_many_characters_and_no_more(letter, count, is_refused, end):
    source = Source("a.log", content=f"short\n{letter * count}{end}".encode())
    if not is_refused:
        assert sum(1 for _ in source.lines()) == 2 + (end == "\nmore\n")
        return
    with pytest.raises(CannotDecideError, match="a line is longer than 1,048,576 characters"):
        list(source.lines())


def test_a_cut_off_archive_gives_one_error():
    content = gzip.compress(b"".join(b"line %d\n" % i for i in range(100_000)))
    with pytest.raises(CannotDecideError, match="cannot be read to its end"):
        list(Source("a.log", content=content[:-20]).line_batches())


def test_every_way_digests_the_same_bytes_and_counts_the_lines_that_have_an_end():
    content = b"".join(b"line %d\r\n" % i for i in range(50)) * 2 + b"line 0"
    found = set()
    for take in (Source.lines, Source.line_batches, Source.ended_lines):
        source = Source("a.log", content=content)
        source.counts_lines = True
        for _ in take(source):
            pass
        found.add((source.digest(), source.doubles.fault()))
    assert len(found) == 1
    assert found.pop()[1] == "each line is there twice"
