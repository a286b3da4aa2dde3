"""The table of formats: the name of each, how it is recognised, its reader, and what it provides."""

from __future__ import annotations

import re
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from perfgate.formats.catalog.json_keys import is_open, outline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from perfgate.core.run import Run
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Record, Skipped
    from perfgate.formats.parsing.source import Source


class Parse(Protocol):
    """A reader: one input in, records out. It opens nothing but the source, and judges nothing."""

    def __call__(self, source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
        """Yield what the input says.

        Raises:
            CannotDecideError: the input is not what its beginning promised (`Source.fault`).
        """
        ...  # pragma: no cover - a signature


class ParseBetween(Protocol):
    """A reader of what happened between two snapshots of the same counters."""

    def __call__(self, before: Source, after: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
        """Yield the differences.

        Raises:
            CannotDecideError: one of the two is not what its beginning promised.
        """
        ...  # pragma: no cover - a signature


class ParseRuns(Protocol):
    """A reader of runs as perfgate itself writes them, with session and environment."""

    def __call__(self, source: Source, options: ForeignOptions) -> Iterator[Run]:
        """Yield the runs.

        Raises:
            CannotDecideError: one is not valid; every fault is in it.
        """
        ...  # pragma: no cover - a signature


class Head(Struct, frozen=True, dict=True):
    """The beginning of an input, which detection reads."""

    source: Source
    is_completed: bool = False
    """Are the keys those of the whole first document, however far behind they stand?"""

    @cached_property
    def text(self) -> str:
        """The text without blanks in front."""
        return self.source.head.lstrip()

    @cached_property
    def keys(self) -> frozenset[str]:
        """Paths of the JSON keys; empty when it is no JSON."""
        if self.text[:1] not in {"{", "["}:
            return frozenset()
        if not self.is_completed:
            return outline(self.text)
        if self.source.outline is None:  # every question about a large file would go through all of it
            self.source.outline = outline(self.source.skim().lstrip(), every=len(self.text))
        return self.source.outline

    @property
    def is_open(self) -> bool:
        """Is it JSON whose first document goes on behind it, so that keys may be missing only here?"""
        return self.text[:1] in {"{", "["} and self.source.is_cut and is_open(self.text)

    def complete(self) -> Head:
        """Return this, with the keys of the whole first document: the order of keys has no meaning in JSON."""
        return replace(self, is_completed=True) if self.is_open else self


class Format(Struct, frozen=True, kw_only=True):
    """One row of the table; a package of somebody else may add one by the entry point ``perfgate.formats``."""

    name: str
    """As in ``--from``."""
    tool: str
    """What people call it."""
    keys: tuple[str, ...] = ()
    """JSON keys that all have to be in the first document, as `outline` writes them; ``a|b``: one of them."""
    pattern: str = ""
    """Regular expression that has to match somewhere in the head, ``^`` and ``$`` at lines."""
    is_either: bool = False
    """Are the keys alone enough, or the pattern alone? (Of a tool that prints tables in front of its JSON.)"""
    files: tuple[str, ...] = ()
    """Of a folder: globs inside it that all have to match something; ``a|b``: one of them (`Source.matching`)."""
    reader: str = ""
    """Module of `perfgate.formats.readers` with the function `parse`; empty: the format is known, and not read."""
    function: str = "parse"
    """The function in it."""
    between: str = ""
    """Of counters since a start: the function that reads two snapshots; empty: one file is all."""
    runs: str = ""
    """Of perfgate's own files: the function that gives whole runs in place of records; empty: there is none."""
    only_on_request: bool = False
    """Is it read only by ``--from``, since its content could be of other formats too?"""
    provides: str = ""
    """What is in it: ``raw samples``, ``quantiles``, …"""
    hint: str = ""
    """Command by which the tool writes the best file; of a rejected format: which file to give instead."""

    def missing_marks(self, head: Head) -> list[str]:
        """Return the marks of this format that an input does not have; none: it is of this format."""
        if self.files:
            missing = [g for g in self.files if not head.source.is_folder or not next(head.source.matching(g), None)]
            return [f"no {glob.split('|')[0]} in it" for glob in missing]
        if head.source.is_folder:
            return ["it is a folder"]
        keys = [f'no "{key.split("|")[0]}"' for key in self.keys if not any(k in head.keys for k in key.split("|"))]
        is_like = not self.pattern or re.search(self.pattern, head.text, re.MULTILINE)
        if self.is_either and (is_like or not keys):
            return []
        return keys if is_like else [*keys, f"no line like {self.pattern!r}"]

    @property
    def mark_count(self) -> int:
        """Number of marks by which it is recognised."""
        return len(self.keys) + bool(self.pattern) + len(self.files)

    def load(self) -> Parse:
        """Return its reader."""
        parse: Parse = getattr(self._module(), self.function)
        return parse

    def load_between(self) -> ParseBetween:
        """Return its reader of two snapshots."""
        parse: ParseBetween = getattr(self._module(), self.between)
        return parse

    def load_runs(self) -> ParseRuns:
        """Return its reader of whole runs."""
        parse: ParseRuns = getattr(self._module(), self.runs)
        return parse

    def _module(self) -> ModuleType:
        return import_module(self.reader if "." in self.reader else f"perfgate.formats.readers.{self.reader}")
