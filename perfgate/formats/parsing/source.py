"""One input for a reader: a file's text, whole or line by line, with every bound in one place."""

from __future__ import annotations

import codecs
import fnmatch
import io
import json
import os
import re
import zlib
from functools import cached_property
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct

from perfgate.core.errors import cannot_decide
from perfgate.core.text.steps import note_read
from perfgate.formats.parsing.doubles import Doubles
from perfgate.formats.parsing.files import open_regular, unreadable
from perfgate.formats.parsing.timestamps import Times
from perfgate.formats.parsing.xml_text import declared_encoding

if TYPE_CHECKING:
    import hashlib
    from collections.abc import Iterator

    from perfgate.core.errors import CannotDecideError
    from perfgate.formats.parsing.timestamps import Period
    from perfgate.formats.run_ids import Claims

HEAD = 64 * 1024
"""Bytes that detection looks at."""
LARGEST_DOCUMENT = 64 * 1024 * 1024
"""Largest file, in bytes when unpacked, that is taken into memory as a whole."""
LARGEST_LOG = 4 * 1024 * 1024 * 1024
"""Largest log, in bytes when unpacked, that is read line by line."""
LONGEST_LINE = 1024 * 1024
"""Longest line of a log in characters."""
_DECLARATION = 1024
"""Bytes in which the declaration of an XML file stands, blanks in front of it included."""
_BLOCK = 64 * 1024
"""Bytes of a log that are taken at a time."""

_ENDINGS = (".gz", ".json", ".jsonl", ".ndjson", ".csv", ".txt", ".jtl", ".prom", ".log", ".tsv", ".xml", ".parquet")
_MAGIC = re.compile(r"[*?\[]")
_SLUG = "format-invalid"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
          (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))  # fmt: skip
"""What begins with these bytes is in this encoding; the last two are XML without a mark."""
_UTF_8 = ("utf-8", "utf-8-sig")


class Listing(Struct, frozen=True, kw_only=True):
    """What one folder holds."""

    names: list[str]
    """Of everything in it, in the order of the file system."""
    folders: list[str]
    """Of the folders among them, links to folders included."""


class Source:
    """A file for a reader. Nothing is read before it is asked for; everything that is read is bounded."""

    def __init__(self, path: str, *, content: bytes | None = None, only: Period | None = None) -> None:
        """Name a file.

        Args:
            path: where it is, also for messages.
            content: what it holds, when that is known already.
            only: the period whose rows are read; None: all rows are.
        """
        self.path = path
        self.outline: frozenset[str] | None = None
        """Paths of the keys of the whole first document, once somebody has looked for them."""
        self.times = Times(only)
        """Takes the time of each row, and says which rows a reader leaves out."""
        self.doubles = Doubles()
        """Counts the lines of a log whose rows state their times, or whose reader asks for it."""
        self.counts_lines = False
        self.is_hashed = True
        """Is what is read from it hashed for `digest`? Its reader may know that nobody asks for that."""
        self.claims: Claims | None = None
        """How run summaries in it are read, for the reader of those; None: each as a whole."""
        self.size = 0
        """Bytes of the file, once it was opened; 0: not known, since it is packed."""
        self._content = content
        self._head: bytes | None = None
        self._listings: dict[str, Listing | OSError] = {}

    @cached_property
    def _digest(self) -> hashlib._Hash:
        """The hash of what was read so far. A folder that is only listed needs none, nor OpenSSL."""
        import hashlib

        return hashlib.sha256()

    @cached_property
    def name(self) -> str:
        """The file's stem: the name of a benchmark that the file itself does not name."""
        base = os.path.basename(os.path.abspath(self.path))
        for ending in _ENDINGS:
            base = base.removesuffix(ending)
        return base or "benchmark"

    @property
    def is_folder(self) -> bool:
        """Is it a folder, as criterion and asv write them?"""
        return self._content is None and os.path.isdir(self.path)

    @property
    def head(self) -> str:
        """The beginning of the text, at most `HEAD` bytes; empty for a folder."""
        return "" if self.is_folder else decode_head(self.head_bytes)

    @property
    def head_bytes(self) -> bytes:
        """The first bytes, unpacked."""
        if self._head is None:
            with self._opened() as file:
                self._head = self._taken(file, HEAD)
        return self._head

    @property
    def is_cut(self) -> bool:
        """Is there more than the head?"""
        return len(self.head_bytes) >= HEAD

    def skim(self) -> str:
        """Return the text, of a very large file the first `LARGEST_DOCUMENT` bytes, to look for keys in.

        What is no text becomes a replacement character, and the digest does not change.

        Raises:
            CannotDecideError: it cannot be read.
        """
        with self._opened() as file:
            return decode_head(self._taken(file, LARGEST_DOCUMENT))

    def digest(self) -> str:
        """Return 12 hex digits of what was read so far; a reader that has finished has read all of it."""
        return self._digest.hexdigest()[:12]

    def content(self) -> bytes:
        """Return all bytes, unpacked.

        Raises:
            CannotDecideError: there are too many, or they cannot be read.
        """
        with self._opened() as file:
            content = self._taken(file, LARGEST_DOCUMENT + 1)
        if len(content) > LARGEST_DOCUMENT:
            raise self.fault(
                f"is larger than {LARGEST_DOCUMENT:,} bytes", "write a smaller file, or one measurement a line"
            )
        self._digest.update(content)
        return content

    def text(self) -> str:
        """Return the whole text; BOM, UTF-16, gzip and XML's encoding are seen through, ends of line are kept.

        Raises:
            CannotDecideError: it is too large, no text, or cannot be read.
        """
        content = self.content()
        encoding = _encoding(content)
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as caught:
            raise self.fault(
                f"not {encoding.upper().removesuffix('-SIG')} (byte {caught.start})", "write UTF-8"
            ) from None

    def json(self, *, is_nan_kept: bool = False) -> Any:  # noqa: ANN401 - JSON may be anything
        """Return the whole JSON document; a bare NaN or Infinity, which some tools write, is None.

        Args:
            is_nan_kept: is it the float instead, for who counts what is there and is no number?

        Raises:
            CannotDecideError: it is not JSON, is nested too deeply, or cannot be read.
        """
        text = self.text()
        if not text.strip():
            raise self.fault("is empty", "measure again")
        try:
            return json.loads(text) if is_nan_kept else json.loads(text, parse_constant=lambda _: None)
        except json.JSONDecodeError as caught:
            message = f"is not JSON: {caught.msg} (line {caught.lineno}, column {caught.colno})"
            raise self.fault(message, "the file may be cut off: measure again") from None
        except (ValueError, RecursionError) as caught:
            message = "nested too deeply" if isinstance(caught, RecursionError) else str(caught)[:200]
            raise self.fault(f"is not JSON that can be read: {message}", "measure again") from None

    def lines(self, longest: int = LONGEST_LINE) -> Iterator[str]:
        """Yield the lines without their ends, one by one; what is no text becomes a replacement character.

        Args:
            longest: characters that a line may have; more for formats that write whole batches a line.

        Raises:
            CannotDecideError: a line or the whole is too long, or it cannot be read.
        """
        return chain.from_iterable(self.text_batches(longest))

    def text_batches(self, longest: int = LONGEST_LINE) -> Iterator[list[str]]:
        """Yield the same lines, many at a time.

        Raises:
            CannotDecideError: a line or the whole is too long, or it cannot be read.
        """
        for block in self._blocks(longest):
            lines = block.decode().split("\n")
            last = lines.pop()  # empty, unless the file ends without an end of line
            if self.times.field or self.counts_lines:
                self.doubles.take(lines)
            if last:
                lines.append(last)
            yield lines

    def ended_lines(self) -> Iterator[str]:
        """Yield the same lines with one line feed behind each, as the csv module takes them.

        Raises:
            CannotDecideError: a line or the whole is too long, or it cannot be read.
        """
        return chain.from_iterable(self._ended_batches())

    def _ended_batches(self) -> Iterator[list[str]]:
        for block in self._blocks(LONGEST_LINE):
            lines = list(io.StringIO(block.decode(), newline="\n"))
            last = "" if block.endswith(b"\n") else lines.pop()
            if self.times.field or self.counts_lines:
                self.doubles.take(lines)
            if last:
                lines.append(f"{last}\n")
            yield lines

    def line_batches(self) -> Iterator[list[bytes]]:
        """Yield the same lines in UTF-8, many at a time, for decoders that read bytes.

        Raises:
            CannotDecideError: a line or the whole is too long, or it cannot be read.
        """
        for block in self._blocks(LONGEST_LINE):
            lines = block.split(b"\n")
            last = lines.pop()
            if self.times.field or self.counts_lines:
                self.doubles.take(lines)
            if last:
                lines.append(last)
            yield lines

    def _blocks(self, longest: int) -> Iterator[bytes]:
        """Yield whole lines as valid UTF-8, each with a line feed behind it, which only the last may lack."""
        begun: list[bytes] = []  # pieces of the line that no part has ended so far
        for part in self._parts():
            cut = part.rfind(b"\n") + 1
            if cut:
                block = _valid(b"".join((*begun, memoryview(part)[:cut])))
                self._check_lengths(block, longest)
                yield block
                begun.clear()
            begun.append(part[cut:])
            if sum(map(len, begun)) > longest:
                self._check_lengths(b"".join(begun), longest)
        if last := b"".join(begun):
            yield _valid(last)

    def _check_lengths(self, block: bytes, longest: int) -> None:
        """Refuse a line that is too long; one has at most as many characters as bytes."""
        if len(block) > longest and max(map(len, block.decode("utf-8", "replace").split("\n"))) > longest:
            raise self.fault(f"a line is longer than {longest:,} characters", "write one record a line")

    def _parts(self) -> Iterator[bytes]:
        """Yield the bytes, counted, digested and in UTF-8, with a line feed as the only end of a line."""
        encoding = _encoding(self.head_bytes)
        decoder = None if encoding in _UTF_8 else codecs.getincrementaldecoder(encoding)("replace")
        held, size, is_first = b"", 0, True  # a carriage return that ends a part may be half of an end of line
        with self._opened() as file:
            while True:
                try:
                    part = content = file.read(_BLOCK)
                    if decoder is not None:
                        part = decoder.decode(content, not content).encode()
                except (OSError, EOFError, zlib.error, UnicodeError) as caught:
                    raise self._broken(caught) from None
                size += len(content)
                note_read(len(content), self.size)
                if size > LARGEST_LOG:
                    raise self.fault(f"is larger than {LARGEST_LOG:,} bytes", "divide it into several files")
                if self.is_hashed:
                    self._digest.update(content)
                if is_first and decoder is None:
                    part = part.removeprefix(codecs.BOM_UTF8)
                is_first = False
                if held or b"\r" in part:
                    part = held + part
                    held = b"\r" if content and part.endswith(b"\r") else b""
                    part = part.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                if part:
                    yield part
                if not content:
                    return

    def fault(self, message: str, hint: str, where: str = "") -> CannotDecideError:
        """Return the error for what is wrong with the file.

        Args:
            message: what, one sentence without a full stop.
            hint: what to do about it.
            where: which part of the file; empty: the whole.
        """
        return cannot_decide(_SLUG, message, place=f"{self.path}: {where}" if where else self.path, hint=hint)

    def inside(self, *parts: str) -> Source:
        """Return a file inside this folder; a link that leads out of it is refused when it is read."""
        path = os.path.join(self.path, *parts)
        root = os.path.realpath(self.path)
        if os.path.commonpath([root, os.path.realpath(path)]) != root:
            raise self.fault(
                "is a link that leads out of the folder", "copy the file in its place", os.path.join(*parts)
            )
        found = Source(path)
        found._digest = self._digest
        return found

    def listing(self, inner: str = "") -> Listing:
        """Return what this folder, or one inside it, holds; each is listed once, however many patterns ask.

        Args:
            inner: path relative to this folder; empty: the folder itself.

        Raises:
            OSError: it is no folder, or cannot be listed.
        """
        if inner not in self._listings:
            self._listings[inner] = _list(os.path.join(self.path, inner))
        found = self._listings[inner]
        if isinstance(found, OSError):
            raise found
        return found

    def matching(self, globs: str) -> Iterator[str]:
        """Yield the paths inside this folder, relative to it, that one of the globs matches.

        Args:
            globs: such as ``*/new/sample.json``, alternatives divided by ``|``; ``*`` is one level, so that a
                search never goes deeper than they are written. Hidden names match only where a dot is written.
        """
        for pattern in globs.split("|"):
            yield from filter(self._is_own, self._expanded("", pattern.split("/")))

    def holds(self, path: str) -> bool:
        """Is there such a path, relative to this folder, in it?"""
        return os.path.lexists(os.path.join(self.path, path)) and self._is_own(path)

    def _is_own(self, path: str) -> bool:
        """Is a path to be read from here? What a link inside leads to is read there; `inside` refuses one out of it."""
        root = os.path.realpath(self.path)
        real = os.path.realpath(os.path.join(self.path, path))
        return not real.startswith(os.path.join(root, "")) or real == os.path.join(root, path)

    def _expanded(self, folder: str, parts: list[str]) -> Iterator[str]:
        """Yield the paths below a folder that the parts of a glob match, level by level."""
        pattern, *rest = parts
        if not _MAGIC.search(pattern):
            names = [pattern]
        else:
            try:
                listing = self.listing(folder)
            except OSError:  # no folder, or one that may not be listed: nothing in it can match
                return
            names = fnmatch.filter(listing.folders if rest else listing.names, pattern)
            names = [name for name in names if name[0] != "." or pattern[0] == "."]
        for name in names:
            path = f"{folder}/{name}" if folder else name
            if rest:
                yield from self._expanded(path, rest)
            elif os.path.lexists(os.path.join(self.path, path)):
                yield path

    def _opened(self) -> IO[bytes]:
        """Return the unpacked bytes as a file."""
        try:
            raw: IO[bytes] = io.BytesIO(self._content) if self._content is not None else open_regular(self.path)
            mark = raw.read(2)
            raw.seek(0)
        except OSError as caught:
            raise unreadable(self.path, caught, "run-unreadable") from None
        if mark != b"\x1f\x8b":
            self.size = os.fstat(raw.fileno()).st_size if self._content is None else len(self._content)
            return raw
        import gzip

        unpacked = gzip.GzipFile(fileobj=raw)
        unpacked.myfileobj = raw  # type: ignore[assignment] # closes the file with it
        return unpacked  # type: ignore[return-value]

    def _taken(self, file: IO[bytes], most: int) -> bytes:
        parts, size = [], 0
        try:
            while size < most and (more := file.read(min(1 << 20, most - size))):
                parts.append(more)
                size += len(more)
                if most > HEAD:
                    note_read(len(more), self.size)
        except (OSError, EOFError, zlib.error) as caught:
            raise self._broken(caught) from None
        return b"".join(parts)

    def _broken(self, caught: Exception) -> CannotDecideError:
        reason = str(caught) or type(caught).__name__
        return self.fault(f"cannot be read to its end ({reason[:100]})", "the file may be cut off: write it again")


def _list(path: str) -> Listing | OSError:
    """Return what a folder holds, or why it cannot be listed."""
    names: list[str] = []
    folders: list[str] = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                names.append(entry.name)
                if _is_folder(entry):
                    folders.append(entry.name)
    except OSError as caught:
        return caught
    return Listing(names=names, folders=folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links: reading it gives the error that names it
        return False


def _valid(block: bytes) -> bytes:
    """Return lines in UTF-8, with a replacement character for what is no text."""
    try:
        if not block.isascii():
            block.decode()
    except UnicodeDecodeError:
        return block.decode("utf-8", "replace").encode()
    return block


def decode_head(content: bytes) -> str:
    """Return the beginning of a text; what is cut off in the middle of a character is left out."""
    decoder = codecs.getincrementaldecoder(_encoding(content))("replace")
    return decoder.decode(content)


def _encoding(content: bytes) -> str:
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    return marked or declared_encoding(content[:_DECLARATION]) or "utf-8"
