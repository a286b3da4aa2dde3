"""Reader of JUnit XML, as pytest and many other test runners write it: one time for each passing test case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.parsers import expat

from perfgate.formats.parsing.record import Record, Samples, Skipped
from perfgate.formats.parsing.values import to_number
from perfgate.formats.parsing.xml_text import is_cut_off, without_forbidden

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

_DEEPEST = 50  # real files nest suites two or three deep
_CHUNK = 1 << 16
_OUTCOMES = {"failure": "failed", "error": "failed", "skipped": "skipped"}
_NOT_RUN = frozenset(("disabled", "fail", "failed", "error", "notrun", "not run", "skipped", "suppressed"))
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_HINT = "write the report again, without a DTD"


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the time of each test case that passed; one below `ForeignOptions.min_time` is compared as that long."""
    cases = _Cases(source)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = cases.start
    parser.EndElementHandler = cases.end
    parser.StartDoctypeDeclHandler = cases.refuse  # entities can only be declared there
    text = without_forbidden(source.text().lstrip())
    try:
        for begin in range(0, len(text), _CHUNK):
            parser.Parse(text[begin : begin + _CHUNK], False)  # noqa: FBT003 - takes no keyword
            yield from _records(cases, options)
        parser.Parse("", True)  # noqa: FBT003 - takes no keyword
    except expat.ExpatError as caught:
        message = f"not XML: {expat.ErrorString(caught.code)} (line {caught.lineno}, column {caught.offset + 1})"
        hint = (
            "the file may be cut off: run the tests again"
            if is_cut_off(caught.code)
            else "correct that line, or write it with another reporter"
        )
        raise source.fault(message, hint) from None


class _Cases:
    """The test cases of a report, as its tags come by."""

    def __init__(self, source: Source) -> None:
        self.ended: list[tuple[str, str, str, str]] = []
        """Name, time as written, why it is no measurement (else empty), and when its suite began."""
        self._source = source
        self._open: list[str] = []
        self._started: list[str] = []
        self._case: dict[str, str] | None = None
        self._why = ""

    def refuse(self, *_: object) -> None:
        """Refuse a document type: it could hold entities that grow without end."""
        raise self._source.fault("a DTD is not read", _HINT)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take note of a tag."""
        tag = tag.rpartition(" ")[2]
        self._open.append(tag)
        if len(self._open) > _DEEPEST:
            raise self._source.fault("nested too deeply", "run the tests again")
        if tag in {"testsuite", "testsuites"}:
            self._started.append(attributes.get("timestamp") or (self._started[-1] if self._started else ""))
        elif tag == "testcase":
            self._case = attributes
            state = {attributes.get(key, "").lower() for key in ("status", "result")}
            self._why = "failed or not run" if state & _NOT_RUN else ""
        elif self._case is not None and self._open[-2] == "testcase":
            self._why = self._why or _OUTCOMES.get(tag, "")

    def end(self, tag: str) -> None:
        """Take note of a tag's end."""
        self._open.pop()
        tag = tag.rpartition(" ")[2]
        if tag in {"testsuite", "testsuites"}:
            self._started.pop()
        elif tag == "testcase" and self._case is not None:
            name = "::".join(filter(None, (self._case.get("classname"), self._case.get("name"))))
            started = self._started[-1] if self._started else ""
            self.ended.append((name, self._case.get("time", ""), self._why, started))
            self._case = None


def _records(cases: _Cases, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the records of the cases that have ended, and forget them."""
    for name, written, why, started in cases.ended:
        value = to_number(written.replace(",", "") if _THOUSANDS.fullmatch(written.strip()) else written)
        if why:
            yield Skipped(benchmark=name, why=why)
        elif value is None or value < 0:
            yield Skipped(benchmark=name, why="no time" if not written else "the time is no number")
        else:
            is_short = value < options.min_time
            yield Record(
                benchmark=name,
                metric="time",
                unit="s",
                better="lower",
                flags=("rounded", "short") if is_short else ("rounded",),
                least=options.min_time,
                started_at=started,
                payload=Samples(values=(value,)),
            )
    cases.ended.clear()
