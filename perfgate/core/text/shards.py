"""Which part of a measuring a job does, written ``2/4``: the second shard of four."""

from __future__ import annotations

MOST = 9999
"""The most shards: far more jobs than any CI system starts for one run."""


def shard_of(text: str) -> tuple[int, int] | None:
    """Return index and total of a shard such as ``2/4``, None when the text is no shard.

    Both count from 1, and the index never exceeds the total.
    """
    index, slash, total = text.partition("/")
    if not slash or not all(_is_count(part) for part in (index, total)):
        return None
    return (int(index), int(total)) if 1 <= int(index) <= int(total) else None


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and text[0] != "0" and len(text) <= len(str(MOST))
