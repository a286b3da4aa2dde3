"""The parts of a large log: files on disk or in object storage. The only door to fsspec."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import stat
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.text.names import list_some
from perfgate.core.text.origin import requirement
from perfgate.formats.parsing.files import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCHEMES = ("s3", "gs", "az", "memory")
"""Where parts may lie beside the local disk. Others are refused: a chain such as ``simplecache::`` writes files."""
MOST_PARTS = 100_000
"""Parts of one collection; each takes 20 ms of overhead twice."""
_LIBRARIES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs"}
_ENDINGS = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.:-]*)://")
_MAGIC = re.compile(r"[*?\[]")
_USER = re.compile(r"(?<=://)[^/\s]*@|[^\s/:@'\"]+:[^\s/@'\"]*@")
_QUERY = re.compile(r"(://[^\s?#'\"]*)[?#][^\s'\"]*")
_LONGEST_CAUSE = 200
_MOST_SHOWN = 3
_BLOCK = 4 << 20
_REFUSED = ("credential", "forbidden", "access denied", "accessdenied", "not authorized", "unauthorized", "401", "403")
CUT_OFF = "it may be cut off: write it again"
"""What to do about a part that ends too early."""
DENIED = "the credentials were refused, or there are none"


class Part(Struct, frozen=True, kw_only=True):
    """One file of a large log."""

    name: str
    """As people read it: what was given, without user, password and query."""
    url: str
    """What opens it; may hold secrets, and is never printed."""
    size: int
    """In bytes."""

    @property
    def is_local(self) -> bool:
        """Does it lie on a disk?"""
        return _SCHEME.match(self.url) is None

    @property
    def is_of_this_process(self) -> bool:
        """Does no other process have it?"""
        return self.url.startswith("memory://")


def masked(text: str) -> str:
    """Return a text without the secrets that addresses in it may hold: user, password and query."""
    return _QUERY.sub(r"\1", _USER.sub("", text))


def expand(paths: Sequence[str]) -> tuple[list[Part], list[Diagnostic], int]:
    """Return the parts that paths, folders and globs name, each once, ascending; faults; and how many were named again.

    Args:
        paths: files, folders or globs, on disk or as ``s3://``, ``gs://``, ``az://`` and ``memory://``.

    Raises:
        CannotDecideError: a library is not installed, or there are too many parts.
    """
    found: dict[str, Part] = {}
    problems: list[Diagnostic] = []
    again = 0
    for path in paths:
        try:
            parts = _expand(path)
        except CannotDecideError as caught:
            problems.extend(caught.diagnostics)
            continue
        for part in parts:
            again += part.url in found
            found.setdefault(part.url, part)
        if len(found) > MOST_PARTS:
            message = f"are more than {MOST_PARTS:,} files"
            hint = "name fewer, such as those of one day"
            raise cannot_decide("parts-many", message, place=masked(path), hint=hint)
    return sorted(found.values(), key=lambda p: p.url), problems, again


def _expand(path: str) -> list[Part]:
    """Return the parts that one path names.

    Raises:
        CannotDecideError: it names none, or storage does not give them.
    """
    scheme = _scheme_of(path)
    try:
        files, address = _connect(path if scheme else os.path.abspath(path))
        is_glob = _MAGIC.search(address) is not None and (scheme != "" or not os.path.exists(path))
        if is_glob:
            names = files.glob(address, detail=True)
        elif files.isdir(address):
            names = {n: facts for n, facts in files.find(address, detail=True).items() if _is_taken(n, address)}
        else:
            names = {address: files.info(address)}
        followed = {n: _followed(n) if facts.get("islink") else facts for n, facts in sorted(names.items())}
    except CannotDecideError:
        raise
    except Exception as caught:
        raise CannotDecideError([unreadable(masked(path), caught)]) from None
    found = [_part(path, n, facts) for n, facts in followed.items() if facts["type"] == "file"]
    if not found:
        folders = [n for n, facts in followed.items() if facts["type"] == "directory"]
        raise _nothing_in(path, folders, is_glob=is_glob)
    return found


def _nothing_in(path: str, folders: Sequence[str], *, is_glob: bool) -> CannotDecideError:
    """Return the error for a path that names no file.

    Args:
        path: as given.
        folders: what a glob matches in the place of files.
        is_glob: is it a glob, and no folder?
    """
    place = masked(path)
    if not is_glob:
        message = f"holds no file that ends in {', '.join(_ENDINGS)}"
        hint = f"correct the path; or give a pattern, such as {place.rstrip('/')}/*"
        return cannot_decide("no-runs", message, place=place, hint=hint)
    if folders:
        hint = f"the pattern matches folders alone: add what names the files in them, {place.rstrip('/')}/*"
        return cannot_decide("no-runs", "no file matches", place=place, hint=hint)
    above = os.path.dirname(path) or os.curdir
    held = sorted(n for n in os.listdir(above) if n[0] != ".") if os.path.isdir(above) else []
    shown = f"; {above} holds {list_some(held, _MOST_SHOWN)}" if held else ""
    return cannot_decide("no-runs", "no file matches", place=place, hint=f"correct the pattern{shown}")


def _followed(link: str) -> dict[str, Any]:
    """Return what a symbolic link on disk leads to, as listings have it.

    Raises:
        CannotDecideError: it leads nowhere.
    """
    try:
        facts = os.stat(link)
    except OSError as caught:
        raise CannotDecideError([unreadable(masked(os.path.relpath(link)), caught)]) from None
    return {"type": "file" if stat.S_ISREG(facts.st_mode) else "other", "size": facts.st_size}


def _is_taken(name: str, folder: str) -> bool:
    """Is a file of a folder a part? Others, such as ``_SUCCESS``, are what engines leave beside them."""
    inner = name[len(folder) :].strip("/").split("/")
    bare = name.lower().removesuffix(".gz")
    return bare.endswith(_ENDINGS) and not any(piece.startswith((".", "_")) for piece in inner)


def _part(given: str, name: str, facts: dict[str, Any]) -> Part:
    scheme = _scheme_of(given)
    url = f"{scheme}://{name.lstrip('/')}" if scheme else name
    shown = os.path.relpath(name) if url == name and not os.path.isabs(given) else url
    return Part(name=masked(shown), url=url, size=int(facts.get("size") or 0))


def _scheme_of(path: str) -> str:
    """Return the scheme of an address; empty: it is a path on disk.

    Raises:
        CannotDecideError: it is none that is read.
    """
    found = _SCHEME.match(path)
    if found is None:
        return ""
    if found[1] not in SCHEMES:
        message = f'"{found[1]}://" is not read; there are a path on disk, {", ".join(f"{s}://" for s in SCHEMES)}'
        raise cannot_decide("usage", message, place=masked(path), hint="copy the files to one of these")
    return found[1]


def _connect(url: str) -> tuple[Any, str]:
    """Return the file system of an address, and the address in it.

    Raises:
        CannotDecideError: a library is not installed.
    """
    try:
        import fsspec.core  # type: ignore[import-untyped]
    except ImportError:
        raise missing("fsspec", "scale") from None
    try:
        files, address = fsspec.core.url_to_fs(url)
    except ImportError:
        library = _LIBRARIES.get(_scheme_of(url), "")
        message = f"{library} is not installed: it reads {_scheme_of(url)}://"
        raise cannot_decide("extra-missing", message, hint=f"pip install {library}") from None
    return files, address


def missing(library: str, extra: str) -> CannotDecideError:
    """Return the error for a library that is not installed, with what installs it."""
    hint = f"pip install '{requirement(extra)}'"
    return cannot_decide("extra-missing", f"{library} is not installed: --engine needs it", hint=hint)


def unreadable(name: str, caught: BaseException) -> Diagnostic:
    """Return the error for a part that storage does not give, without any secret.

    Args:
        name: the part, as people read it.
        caught: what the library of the storage raised.
    """
    cause = " ".join(masked(f"{type(caught).__name__}: {caught}").split())[:_LONGEST_CAUSE]
    if isinstance(caught, FileNotFoundError):
        return error("part-unreadable", MISSING, place=name, hint="correct the path")
    if isinstance(caught, PermissionError) or any(word in cause.lower() for word in _REFUSED):
        hint = "set the credentials of this storage in the environment, here and on every worker"
        return error("part-unreadable", f"cannot be read: {DENIED} ({cause})", place=name, hint=hint)
    if isinstance(caught, (EOFError, zlib.error, gzip.BadGzipFile)):
        return error("part-unreadable", f"cannot be unpacked: {cause}", place=name, hint=CUT_OFF)
    hint = "check the address and the network, then run the command again"
    return error("part-unreadable", f"cannot be read: {cause}", place=name, hint=hint)


@contextmanager
def opened(part: Part) -> Iterator[Any]:
    """Yield a part as a binary file; closed at the end."""
    if part.is_local:
        with open(part.url, "rb") as file:
            yield file
        return
    files, address = _connect(part.url)
    with files.open(address, "rb", block_size=_BLOCK) as file:
        yield file


def digest_part(part: Part, *_: object) -> str:
    """Return the SHA-256 of the bytes of a part; a kernel, like those that count."""
    with opened(part) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def door_to(part: Part, address: str) -> Any:
    """Return a file system of fsspec in which one part is all there is, under a name of our own.

    So DuckDB opens that part and nothing else, and is given neither its address nor a secret.

    Args:
        part: the part.
        address: what it is called, such as ``part://0``.
    """
    import fsspec

    class Door(fsspec.AbstractFileSystem):  # type: ignore[misc] # fsspec has no types
        """A file system that holds one file."""

        protocol = address.partition(":")[0]
        cachable = False
        caught: Exception | None = None

        def glob(self, path: str, **_: object) -> list[str]:
            """Return the file, when it is asked for."""
            return [path] if path == address else []

        def exists(self, path: str, **_: object) -> bool:
            """Is it the file?"""
            return path == address

        def info(self, path: str, **_: object) -> dict[str, Any]:
            """Return the size of the file."""
            if path != address:
                raise FileNotFoundError(path)
            return {"name": path, "size": part.size, "type": "file"}

        def modified(self, _: str) -> Any:
            """Return one moment for all: nothing is kept of a file that could change."""
            from datetime import UTC, datetime

            return datetime.fromtimestamp(0, UTC)

        def open(self, path: str, mode: str = "rb", **_: object) -> Any:
            """Open the file where it lies, to be read."""
            if path != address or "r" not in mode:
                raise FileNotFoundError(path)
            try:
                files, inner = _connect(part.url)
                return files.open(inner, "rb", block_size=_BLOCK)
            except Exception as caught:
                self.caught = caught
                raise

    return Door()
