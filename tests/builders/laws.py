"""How often hypothesis tries a law."""

from __future__ import annotations

from hypothesis import settings


def laws(examples: int) -> settings:
    """Return settings for a number of examples: the same ones every time, so that a red test stays red."""
    return settings(derandomize=True, database=None, deadline=None, max_examples=examples)


LAWS = laws(150)
DEAR_LAWS = laws(60)
"""For laws of whole verdicts, where each example takes milliseconds."""
