"""A database of DuckDB that can read the parts and nothing else: no other file, no network, no extension."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from perfgate.formats.scale.columns import quote_text
from perfgate.formats.scale.parts import door_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.formats.scale.parts import Part

MEMORY = "600MB"
"""What DuckDB keeps in memory for one part; beyond it writes to its folder for temporary files."""
ADDRESS = "part://0"
"""What a part that is not on disk is called; one on disk is a link in a folder of its own."""
MOST_LINKED = 1000
"""Parts that one database can open."""
_TABLES = ("counted", "wanted", "reject_errors", "reject_scans")
_known: list[str] = []  # what a process that is asked for part after part reads by one database
_kept: list[_Database] = []  # that one, while it is not in use


class _Database:
    """A database, and a folder of links to all that it can open."""

    def __init__(self, urls: Sequence[str], door: Any) -> None:
        import duckdb

        self._folder = tempfile.TemporaryDirectory(prefix="perfgate-")
        self.links = {url: os.path.join(self._folder.name, f"part{i}") for i, url in enumerate(urls)}
        for url, link in self.links.items():
            os.symlink(url, link)
        self.base: Any = duckdb.connect(":memory:", config={"threads": 1})
        if door is not None:
            self.base.register_filesystem(door)
        for name, value in (
            ("memory_limit", MEMORY),
            ("temp_directory", os.path.join(self._folder.name, "spill")),
            ("TimeZone", "UTC"),
            ("preserve_insertion_order", False),
            ("enable_progress_bar", False),
            ("autoinstall_known_extensions", False),
            ("autoload_known_extensions", False),
            ("allow_community_extensions", False),
            ("allowed_paths", [ADDRESS] if door is not None else list(self.links.values())),
            ("enable_external_access", False),
            ("lock_configuration", True),
        ):
            self.base.execute(f"SET {name} = {literal(value)}")

    def clear(self) -> None:
        """Remove the tables of a part."""
        for name in _TABLES:
            self.base.execute(f"DROP TABLE IF EXISTS {name}")

    def close(self) -> None:
        """End it, and remove its folder."""
        self.base.close()
        self._folder.cleanup()


def keep_database(urls: Sequence[str]) -> None:
    """Let this process read these files on disk by one database: to start one takes as long as to count 300,000 rows.

    Args:
        urls: at most `MOST_LINKED`.
    """
    _known[:] = urls


@contextmanager
def locked(part: Part) -> Iterator[tuple[Any, str, Any]]:
    """Yield a database that can read a part, the part's address in it, and its door; None: it is on disk."""
    import duckdb

    door = None if part.is_local else door_to(part, ADDRESS)
    is_known = part.url in _known
    urls = _known if is_known else [part.url] if door is None else []
    database = _kept.pop() if is_known and _kept else _Database(urls, door)
    is_sound = False
    try:
        yield database.base, database.links.get(part.url, ADDRESS), door
        is_sound = True
    except (RuntimeError, duckdb.InterruptException) as caught:
        if "interrupted" in str(caught):  # DuckDB puts this in the place of what the handler of a signal raised
            raise KeyboardInterrupt from None
        raise
    finally:
        if is_known and is_sound:
            database.clear()
            _kept.append(database)
        else:
            database.close()


def literal(value: object) -> str:
    """Return a text, a number, a truth value or a list as SQL."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return quote_text(value) if isinstance(value, str) else str(value).lower()
