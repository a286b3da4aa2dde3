"""Reader of JMeter's results (JTL), as CSV or as XML: one sample for each request, failed ones left out."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import compress
from typing import TYPE_CHECKING
from xml.parsers import expat

from msgspec.structs import replace

from perfgate.formats.parsing.csv_rows import Tally, row_batches
from perfgate.formats.parsing.logs.numbers import all_numbers_of
from perfgate.formats.parsing.record import Record
from perfgate.formats.parsing.requests import Requests, instant, is_good_code
from perfgate.formats.parsing.timestamps import stated_seconds
from perfgate.formats.parsing.values import to_number
from perfgate.formats.parsing.xml_text import is_cut_off, without_forbidden

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Skipped
    from perfgate.formats.parsing.source import Source

_MS = 1000  # a second
_LATEST = 4.1e12  # the year 2099 in ms: what is more is the digits of a date
_COLUMNS = {"timeStamp": 0, "elapsed": 1, "label": 2, "responseCode": 3, "success": 7}
"""Their positions when there is no header, since JMeter 2."""
_HEADING = "elapsed"
"""Only a header holds this."""
_STATES = frozenset({"success", "responseCode"})
_DELIMITER = re.compile(r'\A"?\w+"?([,;\t|])')
_SAMPLES = frozenset({"httpSample", "sample"})
_MOST_UNFINISHED = 4 * 1024 * 1024
_CSV_HINT = "jmeter -n -t plan.jmx -l samples.jtl -Jjmeter.save.saveservice.print_field_names=true"
_XML_HINT = "the file may be cut off: let JMeter end, or write CSV (-Jjmeter.save.saveservice.output_format=csv)"


class _Samples:
    """The samples of a file, by their label."""

    def __init__(self, source: Source) -> None:
        self._source = source
        source.times.field = "timeStamp"
        self._found: dict[str, Requests] = {}
        self._first: float | None = None
        self._last: float | None = None

    def add(self, label: str, elapsed: object, *, is_good: bool | None, stamp: object) -> bool:
        """Take a sample; False: its time is none."""
        time = to_number(elapsed)
        if time is None or time < 0:
            return False
        begun = to_number(stamp)
        if begun is not None and begun <= 0:
            begun = stamp = None  # no time since 1970: nobody filled it in
        if not self._source.times.keeps(stamp if begun is None else begun):
            return True
        is_text = begun is None or begun > _LATEST
        if is_text and (seconds := stated_seconds(stamp)) is not None:
            begun = seconds * _MS
        self._last = begun or self._last
        if self._first is None:
            self._first = begun
        found = self._found.get(label)
        if found is None:
            found = self._found[label] = Requests()
        found.add(time / _MS, is_good=is_good, begun=None if begun is None else begun / _MS)
        return True

    def add_rows(
        self, labels: Sequence[str], times: Sequence[str], goods: Sequence[bool | None], stamps: Sequence[str]
    ) -> bool:
        """Take many samples, as `add` takes one; False: nothing was taken, one of them needs what `add` does."""
        elapsed, begun = all_numbers_of(times), all_numbers_of(stamps)
        if not elapsed or not begun or min(elapsed) < 0 or not 0 < min(begun) <= max(begun) <= _LATEST:
            return False
        kept = self._source.times.keep_each(begun)
        places: defaultdict[tuple[str, bool | None], list[int]] = defaultdict(list)
        for at in compress(range(len(labels)), kept):
            places[labels[at], goods[at]].append(at)
            self._last = begun[at]
        if self._first is None:
            self._first = next(compress(begun, kept), None)
        for (label, is_good), mine in places.items():
            found = self._found.setdefault(label, Requests())
            found.add_all([elapsed[at] / _MS for at in mine], is_good=is_good, begun=[begun[at] / _MS for at in mine])
        return True

    def records(self) -> Iterator[Record | Skipped]:
        """Yield what was found, label by label."""
        started, ended = (instant(s / _MS if s is not None else None) for s in (self._first, self._last))
        for label, found in self._found.items():
            for r in found.records(label or self._source.name, ("rounded",), started):
                yield replace(r, ended_at=ended) if isinstance(r, Record) else r


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield response time, error rate and throughput of each label.

    Of samples inside samples (redirects, embedded resources, the requests of a
    transaction) the outermost counts, as in JMeter's own CSV.

    Raises:
        CannotDecideError: times were not saved, or it is cut off or broken.
    """
    samples = _Samples(source)
    if source.head.lstrip().startswith("<"):
        _take_xml(source, samples)
        yield from samples.records()
    else:
        tally = Tally(source, options)
        _take_rows(source, samples, tally)
        yield from samples.records()
        yield from tally.skipped("samples", _CSV_HINT)


def _take_rows(source: Source, samples: _Samples, tally: Tally) -> None:
    delimiter = _DELIMITER.match(source.head.lstrip())
    columns: dict[str, int] = {}
    for lines, some in row_batches(source, tally, delimiter[1] if delimiter else ",", _HEADING):
        if len(some) > 1 and columns and _take_columns(samples, columns, some):
            continue
        for line, row in zip(lines, some, strict=True):
            if not columns or _HEADING in row:
                columns = _columns(row, source)
                if _HEADING in row:
                    continue
            cells = {name: row[i].strip() for name, i in columns.items() if i < len(row)}
            is_good = _is_good(cells.get("success"), cells.get("responseCode", ""))
            known = len(cells) == len(columns) and (is_good is not None or not _STATES & columns.keys())
            label = row[columns["label"]] if known and "label" in columns else ""
            if not known or not samples.add(label, cells[_HEADING], is_good=is_good, stamp=cells.get("timeStamp")):
                tally.add_broken(line)


def _take_columns(samples: _Samples, columns: dict[str, int], some: Sequence[list[str]]) -> bool:
    """Take rows of which none is a header; False: nothing was taken, since one of them may be broken."""
    if not {*_STATES, "label", "timeStamp"} <= columns.keys() or min(map(len, some)) <= max(columns.values()):
        return False
    cells = {name: [row[i] for row in some] for name, i in columns.items()}
    known = {cell: _is_good(cell.strip(), "") for cell in set(cells["success"])}
    if None in known.values():
        return False
    goods = [known[cell] for cell in cells["success"]]
    return samples.add_rows(cells["label"], cells[_HEADING], goods, cells["timeStamp"])


def _columns(row: list[str], source: Source) -> dict[str, int]:
    """Return the positions of the columns, by the header, or by JMeter's order when the first row is no header."""
    if _HEADING in row:
        return {name: row.index(name) for name in _COLUMNS if name in row}
    if to_number(row[1] if len(row) > 1 else "") is None or _is_good("".join(row[7:8]), "") is None:
        message = 'no column "elapsed", and the first row is not in JMeter\'s usual order'
        raise source.fault(message, f"let it write the names of the columns, and elapsed times: {_CSV_HINT}", "line 1")
    return dict(_COLUMNS)


def _is_good(success: str | None, code: str) -> bool | None:
    """Did a sample succeed? None: nothing says so."""
    if success is not None:
        return {"true": True, "false": False}.get(success.lower())
    return is_good_code(code)


def _take_xml(source: Source, samples: _Samples) -> None:
    tags = _Tags(source, samples)
    parser = expat.ParserCreate()
    parser.StartElementHandler = tags.start
    parser.EndElementHandler = tags.end
    parser.CharacterDataHandler = tags.pass_over
    parser.StartDoctypeDeclHandler = tags.refuse
    begun = False
    try:
        for line in source.lines():
            begun = begun or bool(line.strip())
            if begun:
                tags.unfinished += len(line)
                parser.Parse(f"{without_forbidden(line)}\n", False)  # noqa: FBT003 - takes no keyword
                tags.check()
        parser.Parse("", True)  # noqa: FBT003 - takes no keyword
    except expat.ExpatError as caught:
        message = f"not XML: {expat.ErrorString(caught.code)} (line {caught.lineno}, column {caught.offset + 1})"
        raise source.fault(message, _XML_HINT if is_cut_off(caught.code) else _CSV_HINT) from None


class _Tags:
    """The tags of a file as they come by; nothing of them is kept but the samples."""

    def __init__(self, source: Source, samples: _Samples) -> None:
        self.unfinished = 0
        """Characters since the last tag or text ended."""
        self._source = source
        self._samples = samples
        self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take a sample that is inside no other one."""
        self.unfinished = 0
        self._depth += 1
        if self._depth == 2 and tag in _SAMPLES:  # noqa: PLR2004 - inside the root
            is_good = _is_good(attributes.get("s"), attributes.get("rc", ""))
            label = attributes.get("lb", "")
            if not self._samples.add(label, attributes.get("t"), is_good=is_good, stamp=attributes.get("ts")):
                raise self._source.fault(
                    f'a sample "{label[:100]}" has no time', "set jmeter.save.saveservice.time=true"
                )

    def end(self, _tag: str) -> None:
        """Leave a tag."""
        self.unfinished = 0
        self._depth -= 1

    def pass_over(self, _text: str) -> None:
        """Pass over text, such as the body of an answer."""
        self.unfinished = 0

    def refuse(self, *_: object) -> None:
        """Refuse a document type: it could hold entities that grow without end."""
        raise self._source.fault("a DTD is not read", "write it with JMeter, which writes none")

    def check(self) -> None:
        """Refuse a tag without an end, which would be kept in memory as a whole."""
        if self.unfinished > _MOST_UNFINISHED:
            raise self._source.fault("a tag has no end", _XML_HINT)
