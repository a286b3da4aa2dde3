"""How often hypothesis tries a law."""

from __future__ import annotations

import os

from hypothesis import settings

_IS_FULL = os.environ.get("LAWS") == "full"
"""`.ci/run --full` tries all examples; half of them keep the tests of every commit short."""


def laws(examples: int) -> settings:
    """Return settings for a number of examples: the same ones every time, so that a red test stays red."""
    tried = examples if _IS_FULL else (examples + 1) // 2
    return settings(derandomize=True, database=None, deadline=None, max_examples=tried)


LAWS = laws(150)
DEAR_LAWS = laws(60)
"""For laws of whole verdicts, where each example takes milliseconds."""
