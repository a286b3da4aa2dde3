"""Reader of locust: ``--json`` on standard output (counts by millisecond), and the statistics of ``--csv``."""

from __future__ import annotations

import json
import re
from array import array
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from perfgate.formats.parsing.csv_rows import Tally, rows
from perfgate.formats.parsing.failures import all_failed
from perfgate.formats.parsing.record import Quantiles, Record, Samples, Share, Single, Skipped
from perfgate.formats.parsing.requests import instant
from perfgate.formats.parsing.values import items, number, table, take_quantiles, text, to_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Flag
    from perfgate.formats.parsing.source import Source

MOST_TIMES = 1_000_000
"""Times of one endpoint that are kept; of more, as many order statistics at even ranks."""
_MS = 1000
"""Milliseconds a second: dividing by them rounds once, so that 9 ms are 0.009 s."""
_TOTAL = "Aggregated"
_ARRAY = re.compile(r"^\[\s*(?=[{\]])", re.MULTILINE)
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")
_HINT = "locust --headless --skip-log-setup --json > locust.json"


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield response time, error rate and throughput of each endpoint of ``--json``; log lines are passed over.

    The throughput is that of the requests that did not fail, from the start to the last request.
    """
    for entry in map(table, _entries(source)):
        name = _name(entry.get("method"), entry.get("name"))
        if name != _TOTAL:
            yield from _endpoint(name, entry)


def _entries(source: Source) -> list[Any]:
    content = source.text()
    decoder = json.JSONDecoder(parse_constant=lambda _: None)
    found: list[list[Any]] = []
    begin = _ARRAY.search(content)
    try:
        while begin:
            entries, end = decoder.raw_decode(content, begin.start())
            found.append(items(entries))
            begin = _ARRAY.search(content, end)
    except (ValueError, RecursionError) as caught:
        message = f"is not JSON: {str(caught)[:100] or 'nested too deeply'}"
        raise source.fault(message, f"the file may be cut off: {_HINT}") from None
    if not found:
        raise source.fault("no JSON array begins in it", _HINT)
    if len(found) > 1:
        raise source.fault(f"holds the statistics of {len(found)} runs", "give each run a file of its own")
    return found[0]


def _name(method: object, name: object) -> str:
    """Return ``METHOD name``; locust writes no method, or None, where there is none."""
    method = text(method)
    return " ".join(filter(None, ("" if method == "None" else method, text(name))))


def _endpoint(name: str, entry: dict[str, Any]) -> Iterator[Record | Skipped]:
    requests, failed = number(entry.get("num_requests")), number(entry.get("num_failures"))
    started = instant(number(entry.get("start_time")))
    if unmeasured := _unmeasured(name, requests, failed, started):
        yield from unmeasured
        return
    counts = _counts(table(entry.get("response_times")))
    if counts is None:
        yield Skipped(benchmark=name, why="a count of response times is no whole number")
        return
    flags: tuple[Flag, ...] = ("failures-mixed", "rounded") if failed else ("rounded",)
    facts: dict[str, Any] = {"benchmark": name, "better": "lower", "flags": flags, "started_at": started}
    yield Record(**facts, metric="response_time", unit="s", payload=_times(counts))
    if requests and failed is not None:
        yield Record(**facts, metric="error_rate", unit="1", payload=Share(hits=int(failed), of=int(requests)))
        begun, ended = number(entry.get("start_time")), number(entry.get("last_request_timestamp"))
        if begun and ended and ended > begun > 0:
            rate = Single(value=(requests - failed) / (ended - begun))
            facts["better"] = "higher"
            yield Record(**facts, metric="throughput", unit="1/s", n=int(requests), is_derived=True, payload=rate)


def _unmeasured(
    name: str, requests: float | None, failed: float | None, started_at: str = ""
) -> tuple[Record | Skipped, ...]:
    """Return what stands in the place of an endpoint that has no times; empty when it has some."""
    if not requests:
        return (Skipped(benchmark=name, why="no requests"),)
    if requests < 0 or (failed is not None and not 0 <= failed <= requests):
        return (Skipped(benchmark=name, why="its numbers of requests and failures cannot be"),)
    if failed == requests:
        return tuple(all_failed(name, "response_time", int(requests), "every request failed", started_at))
    return ()


def _counts(response_times: dict[str, Any]) -> list[tuple[float, int]] | None:
    """Return seconds and how many requests took them, ascending; None when one is no such thing."""
    found: list[tuple[float, int]] = []
    for key, count_text in response_times.items():
        time, count = to_number(key), number(count_text)
        if time is None or time < 0 or count is None or count < 0 or count != int(count):
            return None
        found.append((time / _MS, int(count)))
    return sorted(found)


def _times(counts: list[tuple[float, int]]) -> Samples:
    """Return each time as often as it was counted, at most `MOST_TIMES` of them."""
    total = sum(n for _, n in counts)
    if total <= MOST_TIMES:
        return Samples(values=array("d", chain.from_iterable(repeat(time, n) for time, n in counts)))
    kept, passed, taken = array("d"), 0, 0
    for time, n in counts:
        passed += n
        upto = passed * MOST_TIMES // total
        kept.extend(repeat(time, upto - taken))
        taken = upto
    return Samples(values=kept, stands_for=total)


def parse_csv(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the percentiles, throughput and error rate of each endpoint of ``PREFIX_stats.csv``.

    locust writes it every second or two, so that it lacks the end of the run.
    """
    tally = Tally(source, options)
    header: list[str] = []
    for line, row in rows(source, tally):
        if not header:
            header = row
        elif len(row) != len(header):
            tally.add_broken(line)
        else:
            yield from _row(dict(zip(header, row, strict=True)))
    yield from tally.skipped("endpoints", "the file may be cut off: run locust again")


def _row(row: dict[str, str]) -> Iterator[Record | Skipped]:
    name = _name(row.get("Type"), row.get("Name"))
    if name == _TOTAL:
        return
    requests, failed = to_number(row.get("Request Count")), to_number(row.get("Failure Count"))
    if unmeasured := _unmeasured(name, requests, failed):
        yield from unmeasured
        return
    flags: tuple[Flag, ...] = ("failures-mixed", "rounded", "snapshot") if failed else ("rounded", "snapshot")
    facts: dict[str, Any] = {"benchmark": name, "n": int(requests or 0), "flags": flags}
    shares = [(round(float(m[1]) / 100, 9), to_number(v)) for k, v in row.items() if (m := _SHARE.fullmatch(k))]
    quantiles = take_quantiles(shares or [(0.5, to_number(row.get("Median Response Time")))], 1 / _MS)
    yield Record(**facts, metric="response_time", unit="s", better="lower", payload=Quantiles(points=quantiles))
    rate = to_number(row.get("Requests/s"))
    if rate is not None:
        yield Record(**facts, metric="throughput", unit="1/s", better="higher", payload=Single(value=rate))
    if requests and failed is not None:
        yield Record(
            **facts, metric="error_rate", unit="1", better="lower", payload=Share(hits=int(failed), of=int(requests))
        )
