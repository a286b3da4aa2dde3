"""Reader of Lighthouse: a report (``--output=json``) is one run, a folder of them, as Lighthouse CI keeps it, many.

A user flow holds a report for each of its steps.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from perfgate.formats.catalog import layouts
from perfgate.formats.parsing.record import Record, Samples, Skipped
from perfgate.formats.parsing.values import in_base, items, number, table, text

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
_STEP = re.compile(r"(Navigation|Timespan|Snapshot) report \((\S{1,2000})\)")
"""The name that Lighthouse gives a step without one: what it is, and the page without its scheme."""


def parse(source: Source, options: ForeignOptions) -> Iterator[Record | Skipped]:
    """Yield every audit that has a number, and the score; pages are named by their path.

    A page that was measured with another form factor or throttling is another benchmark, and so is
    each step of a flow: a page that is opened again is in the browser's cache.
    """
    found: dict[_Key, dict[str, list[float]]] = {}
    units: dict[str, str] = {}
    started = ""
    for one in _sources(source):
        for name, document, is_step in _reports(one):
            error = text(table(document.get("runtimeError")).get("code"))
            numbers = list(_numbers(document))
            if error not in {"", "NO_ERROR"} or (is_step and not numbers):
                why = (
                    f"the page did not load: {error[:100]}" if error not in {"", "NO_ERROR"} else "it holds no numbers"
                )
                # under the page's name it would take that from the reports that are good
                is_alone = is_step and not source.is_folder
                yield Skipped(benchmark=name if is_alone else f"{one.name}: {name}", why=why)
                continue
            settings = table(document.get("configSettings"))
            key = (name, text(settings.get("formFactor")), text(settings.get("throttlingMethod")))
            started = started or text(document.get("fetchTime"))
            for metric, value, unit in numbers:
                units[metric] = unit
                found.setdefault(key, {}).setdefault(metric, []).append(value)
    for (name, *_), metrics in found.items():
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


def _sources(source: Source) -> Iterator[Source]:
    if not source.is_folder:
        yield source
        return
    for name in sorted(source.matching(layouts.LIGHTHOUSE)):
        yield source.inside(name)


def _reports(source: Source) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Yield name and content of the report in a file, or of those in a flow, and whether it is a step of one.

    A step is numbered among those of its name, failed ones included, so that none takes the name of another.
    """
    document = table(source.json())
    if "lighthouseVersion" in document or not items(document.get("steps")):
        yield _name(document) or source.name, document, False
        return
    seen: Counter[str] = Counter()
    for step in map(table, items(document.get("steps"))):
        report = table(step.get("lhr"))
        name = _name_step(step, report) or source.name
        seen[name] += 1
        yield f"{name}#{seen[name]}" if seen[name] > 1 else name, report, True


def _name_step(step: dict[str, Any], report: dict[str, Any]) -> str:
    """Return the name of a step by its page; of one without a report by its own name, which may hold the page."""
    page, mode, own = _name(report), text(report.get("gatherMode")), text(step.get("name"))
    if not page and (named := _STEP.fullmatch(own)):
        page, mode = _page(f"//{named[2]}"), mode or named[1].lower()
    # a snapshot and a time span of a page measure something else than its loading
    return f"{page or own} ({mode})" if mode not in {"", "navigation"} else page or own


def _name(report: dict[str, Any]) -> str:
    """Return the path of a report's page; a time span and a snapshot state the displayed page alone."""
    urls = (text(report.get(key)) for key in ("requestedUrl", "finalUrl", "finalDisplayedUrl"))
    return _page(next(filter(None, urls), ""))


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
