"""What a command does, step by step, for the logger ``perfgate``: silent and nearly free unless somebody listens."""

from __future__ import annotations

import sys

LOGGER = "perfgate"


def is_heard() -> bool:
    """Does anybody listen to the steps? For those that take time to put into words.

    Where nobody has imported `logging`, nobody can listen, and it is not imported: that takes some milliseconds.
    """
    logging = sys.modules.get("logging")
    return logging is not None and bool(logging.getLogger(LOGGER).isEnabledFor(logging.INFO))


def log_step(message: str, *values: object) -> None:
    """Log a step at level INFO, when somebody listens.

    Args:
        message: with a ``%s`` for each value; never the words of a measured command, which may hold secrets.
        values: what is put into it.
    """
    if is_heard():
        sys.modules["logging"].getLogger(LOGGER).info(message, *values)
