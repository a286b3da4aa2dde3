"""Readers of other tools' files: one pure parser for each format; `discovery` alone opens run inputs.

A package that adds a format imports the names below from here, and from nowhere deeper. Each is
loaded on first use, so that reading perfgate's own runs does not pay for the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfgate.formats.catalog.format import Format
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Histogram, Quantiles, Record, Samples, Share, Single, Skipped
    from perfgate.formats.parsing.source import Source

__all__ = [
    "ForeignOptions",
    "Format",
    "Histogram",
    "Quantiles",
    "Record",
    "Samples",
    "Share",
    "Single",
    "Skipped",
    "Source",
]

_HOMES = {"ForeignOptions": "options", "Format": "catalog.format", "Source": "parsing.source"}


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'parsing.record')}"), name)
    return found
