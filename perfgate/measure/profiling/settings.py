"""The variables of profiling: off by default, since a profile slows down what it measures."""

from __future__ import annotations

import os

from perfgate.measure.variables import OFF_WORDS, ON_WORDS, say_once

SWITCH = "PERFGATE_PROFILE"
ALIAS = "ENABLE_PERFORMANCE_MONITORING"
"""Asked where `SWITCH` is not set."""
FILE = "PERFGATE_PROFILE_FILE"
"""Where a program that `perfgate run --profile` profiles leaves its profile when it ends."""


def is_profiling() -> bool:
    """Is profiling on? Unset and empty mean off; so does an unknown word, with a message on stderr."""
    name = SWITCH if os.environ.get(SWITCH) else ALIAS
    word = os.environ.get(name, "").strip().lower()
    if not word or word in OFF_WORDS:
        return False
    if word in ON_WORDS:
        return True
    say_once(f"{name}={word[:40]!a} is not one of 0, false, off, no, 1, true, on, yes; nothing is profiled")
    return False
