"""Parquet: how its files begin, and what reads them where it is no run summaries that they hold."""

from __future__ import annotations

import shlex

from perfgate.core.text.origin import requirement

MAGIC = b"PAR1"
"""How each file begins."""


def engine_hint(path: str) -> str:
    """Return the command that counts a log in Parquet, and what it needs."""
    command = f"perfgate collect --engine local {shlex.quote(path)}"
    return f"{command} reads a log by a field map; it needs pip install '{requirement('scale')}'"
