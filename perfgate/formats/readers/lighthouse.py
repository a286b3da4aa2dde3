"""Reader of Lighthouse: a report (``--output=json``) is one run, a folder of them, as Lighthouse CI keeps it, many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from perfgate.formats.catalog import layouts
from perfgate.formats.parsing.record import Record, Samples, Skipped
from perfgate.formats.parsing.values import in_base, number, table, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.parsing.source import Source

_UNITS = {"millisecond": "ms", "byte": "B", "unitless": "1", "element": "1"}
_JUDGED = frozenset(
    {
        "cumulative-layout-shift", "first-contentful-paint", "first-meaningful-paint", "interaction-to-next-paint",
        "interactive", "largest-contentful-paint", "max-potential-fid", "server-response-time", "speed-index",
        "total-blocking-time", "total-byte-weight",
    }
)  # fmt: skip
_Key = tuple[str, str, str]


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield every audit that has a number, and the score; pages are named by their path.

    A page that was measured with another form factor or throttling is another benchmark.
    """
    found: dict[_Key, dict[str, list[float]]] = {}
    units: dict[str, str] = {}
    started = ""
    for one in _reports(source):
        document = table(one.json())
        name = _page(text(document.get("requestedUrl")) or text(document.get("finalUrl"))) or source.name
        error = text(table(document.get("runtimeError")).get("code"))
        if error not in {"", "NO_ERROR"}:
            yield Skipped(benchmark=name, why=f"the page did not load: {error[:100]}")
            continue
        settings = table(document.get("configSettings"))
        key = (name, text(settings.get("formFactor")), text(settings.get("throttlingMethod")))
        started = started or text(document.get("fetchTime"))
        for metric, value, unit in _numbers(document):
            units[metric] = unit
            found.setdefault(key, {}).setdefault(metric, []).append(value)
    for (name, _, _), metrics in found.items():
        for metric, values in metrics.items():
            yield Record(
                benchmark=name,
                metric=metric,
                unit=units[metric],
                better="higher" if metric == "performance_score" else "lower",
                is_side=metric not in _JUDGED and metric != "performance_score",
                started_at=started,
                payload=Samples(values=values),
            )


def _reports(source: Source) -> Iterator[Source]:
    if not source.is_folder:
        yield source
        return
    for name in sorted(source.matching(layouts.LIGHTHOUSE)):
        yield source.inside(name)


def _page(url: str) -> str:
    """Return an address without its host, which is often another one for each run."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.path or '/'}{query}{'#' if parts.fragment else ''}{parts.fragment}" if url else ""


def _numbers(document: dict[str, Any]) -> Iterator[tuple[str, float, str]]:
    """Yield metric, value and unit, in base units."""
    for name, audit in table(document.get("audits")).items():
        value, unit = number(table(audit).get("numericValue")), _UNITS.get(text(table(audit).get("numericUnit")))
        if value is not None and unit is not None:
            (scaled,), base = in_base([value], unit)
            yield name, scaled, base
    score = number(table(table(document.get("categories")).get("performance")).get("score"))
    if score is not None:
        yield "performance_score", score, "1"
