"""Reader of ``vllm bench serve --save-result``: what is stated is in ms, the raw times of ``--save-detailed`` in s."""

from __future__ import annotations

import re
from array import array
from itertools import chain
from typing import TYPE_CHECKING, Any

from perfgate.formats.parsing.failures import all_failed
from perfgate.formats.parsing.record import Quantiles, Record, Samples, Share, Single, Skipped
from perfgate.formats.parsing.values import all_numbers, items, number, table, take_quantiles, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.record import Flag
    from perfgate.formats.parsing.source import Source

_TIMES = ("ttft", "tpot", "itl", "e2el")
_RATES = ("request_throughput", "output_throughput", "total_token_throughput")
_RAW = {"ttft": "ttfts", "itl": "itls", "e2el": "latencies"}
_SHARE = re.compile(r"p(\d{1,2}(?:\.\d{1,6})?)")


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield the times to the first token, per token, between tokens and to the end, and the rates, by model."""
    document = table(source.json())
    name = text(document.get("model_id")) or source.name
    completed, failed = number(document.get("completed")), number(document.get("failed"))
    if not completed or completed < 0:
        if failed and failed > 0:
            yield from all_failed(name, "e2el", int(failed), "no request was completed")
        else:
            yield Skipped(benchmark=name, why="no request was completed")
        return
    flags: tuple[Flag, ...] = ("failures-mixed",) if failed else ()
    for metric in _TIMES:
        facts: dict[str, Any] = {"benchmark": name, "metric": metric, "unit": "s", "better": "lower"}
        raw = _raw(document, metric)
        quantiles = take_quantiles(_stated(document, metric), 1e-3)
        if raw:
            yield Record(**facts, payload=Samples(values=raw))
        elif quantiles:
            yield Record(**facts, n=None if metric == "itl" else int(completed), payload=Quantiles(points=quantiles))
    for metric in _RATES:
        rate = number(document.get(metric))
        if rate is not None:
            yield Record(
                benchmark=name, metric=metric, unit="1/s", better="higher", flags=flags, payload=Single(value=rate)
            )
    if failed is not None and failed >= 0:
        total = completed + failed
        yield Record(
            benchmark=name,
            metric="error_rate",
            unit="1",
            better="lower",
            is_derived=not failed,
            payload=Share(hits=int(failed), of=int(total)),
        )


def _stated(document: dict[str, Any], metric: str) -> Iterator[tuple[float, object]]:
    yield 0.5, document.get(f"median_{metric}_ms")
    for key, value in document.items():
        begin = key.removesuffix(f"_{metric}_ms")
        share = _SHARE.fullmatch(begin) if begin != key else None
        if share and float(share[1]) != 50:  # noqa: PLR2004 - the median
            yield round(float(share[1]) / 100, 9), value


def _raw(document: dict[str, Any], metric: str) -> array[float]:
    """Return the raw values of requests that did not fail; empty when they are not all there."""
    found = items(document.get(_RAW.get(metric, "")))
    errors = items(document.get("errors"))
    kept = [value for i, value in enumerate(found) if i >= len(errors) or not errors[i]]
    values = all_numbers(list(chain.from_iterable(map(items, kept))) if metric == "itl" else kept)
    return array("d", values or ())
