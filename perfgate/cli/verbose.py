"""``--verbose``: what the logger ``perfgate`` is given, on stderr when the command has ended.

Not before: whatever reads stderr finds the cause of exit code 2 in its first line.
"""

from __future__ import annotations

import logging

from perfgate.core.errors import plain
from perfgate.core.text.steps import LOGGER

_MOST_LINES = 1_000


class _Lines(logging.Handler):
    """Keeps the lines until the command has ended."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self.left_out = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, once, while there is room."""
        line = plain(f"perfgate: {record.getMessage()}")
        if line in self.lines:
            return
        if len(self.lines) < _MOST_LINES:
            self.lines.append(line)
        else:
            self.left_out += 1


_handlers: list[tuple[_Lines, int]] = []


def listen() -> None:
    """Keep what is logged from now on."""
    logger = logging.getLogger(LOGGER)
    handler = _Lines()
    _handlers.append((handler, logger.level))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def is_listening() -> bool:
    """Was `--verbose` given to the command that runs?"""
    return bool(_handlers)


def take_lines() -> list[str]:
    """Return what was logged since `listen`, and listen no more."""
    lines: list[str] = []
    logger = logging.getLogger(LOGGER)
    while _handlers:
        handler, level = _handlers.pop()
        logger.removeHandler(handler)
        logger.setLevel(level)
        lines = [*handler.lines, *lines]
        if handler.left_out:
            lines.append(f"perfgate: … and {handler.left_out} more lines")
    return lines
