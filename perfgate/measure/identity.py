"""Run ids: unique by default, computed from given parts on request, safe as file names always."""

from __future__ import annotations

import os
import sys
import time

_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_OTHERS = _FIRST | frozenset("._:@+=-")
_LONGEST = 200  # with ".json" it stays below the 255 bytes that file systems allow for a name


def new_run_id() -> str:
    """Return a fresh run id, ``<UTC time>-<8 hex>``: it sorts by time and two shards never share one."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.urandom(4).hex()}"


def check_run_id(run_id: str) -> str:
    """Return the run id as it is, when it may be one.

    Raises:
        TypeError: it is no string.
        ValueError: it is empty, longer than 200 characters, or holds a character that
            has no place in a file name.
    """
    if not isinstance(run_id, str):
        raise TypeError(f"run_id must be a str, not {type(run_id).__name__}")
    if not (0 < len(run_id) <= _LONGEST and run_id[0] in _FIRST and _OTHERS.issuperset(run_id)):
        raise ValueError(
            f"run_id {run_id[:80]!a} is not allowed: 1 to {_LONGEST} characters, the first an ASCII letter "
            "or digit, the others ASCII letters, digits or one of . _ : @ + = -"
        )
    return run_id


def deterministic_run_id(*parts: str) -> str:
    """Return a run id that is the same whenever the parts are the same: 32 hex digits.

    Each part goes in with its length, so that ``("ab", "c")`` and ``("a", "bc")`` differ.

    Args:
        parts: at least one text, for instance a commit, a benchmark and a repetition.

    Raises:
        TypeError: a part is no string.
        ValueError: there are no parts.
    """
    if not parts:
        raise ValueError("deterministic_run_id needs at least one part")
    joined = bytearray()
    for part in parts:
        if not isinstance(part, str):
            raise TypeError(f"deterministic_run_id joins str parts, not {type(part).__name__}")
        encoded = part.encode("utf-8", "surrogatepass")
        joined += b"%d:%b" % (len(encoded), encoded)
    return hex_digest(bytes(joined))[:32]


def file_name(run_id: str, system: str = os.name) -> str:
    """Return the name of the run's summary file; Windows has no colon in names, so a dash stands there."""
    stem = run_id.replace(":", "-") if system == "nt" else run_id
    return f"{stem}.json"


def hex_digest(content: bytes) -> str:
    """Return the SHA-256 of the bytes in hex, without hashlib.

    hashlib loads OpenSSL, which is 10 ms and 4 MB of resident memory that the
    measured program would find in its own peak; the interpreter's built-in hash
    costs neither. Which one there is follows from the version: to look for one that is
    missing takes longer than the hash, each time.
    """
    try:
        if sys.version_info >= (3, 12):
            from _sha2 import sha256  # type: ignore[import-not-found]
        else:
            from _sha256 import sha256  # type: ignore[import-not-found]
    except ImportError:  # pragma: no cover - an interpreter built without its own hashes
        from hashlib import sha256  # slow to import, the last resort
    return str(sha256(content).hexdigest())
