"""The variables of profiling: off by default, since a profile slows down what it measures."""

from __future__ import annotations

import os

from perfgate.measure.variables import PROCESS, Variables

SWITCH = "PERFGATE_PROFILE"
ALIAS = "ENABLE_PERFORMANCE_MONITORING"
"""Asked where `SWITCH` is not set."""
FILE = "PERFGATE_PROFILE_FILE"
"""Where a program that `perfgate run --profile` profiles leaves its profile when it ends."""


def switched_off() -> dict[str, str]:
    """Return the variables that switch profiling off in a program that this process starts."""
    return {SWITCH: "0", **({ALIAS: "0"} if ALIAS in os.environ else {})}


def switched_on(file: str) -> tuple[tuple[str, str | None], ...]:
    """Return the variables that profile a program which this process starts; `ALIAS` is what it is here.

    Args:
        file: where the program leaves its profile.
    """
    return (SWITCH, "1"), (ALIAS, os.environ.get(ALIAS)), (FILE, file)


def switched_on_by(variables: Variables = PROCESS) -> str:
    """Return the name of the variable that switches profiling on; empty: it is off.

    Unset and empty mean off; so does an unknown word, with a message.
    """
    name = SWITCH if variables.environ.get(SWITCH, "").strip() else ALIAS
    return name if variables.read_request(name, default=False, otherwise="nothing is profiled") else ""
