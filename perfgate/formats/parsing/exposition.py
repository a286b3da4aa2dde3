"""Prometheus' text exposition, and OpenMetrics: a scrape -> its series, nothing judged yet."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from perfgate.core.sources.series import unit_of

if TYPE_CHECKING:
    from perfgate.formats.parsing.source import Source

Labels = tuple[tuple[str, str], ...]
Kind = Literal["counter", "gauge", "gaugehistogram", "histogram", "summary"]

_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_LABEL = re.compile(rf"[ \t]*(?:([A-Za-z_:][A-Za-z0-9_:.]*)|{_QUOTED})[ \t]*(?:=[ \t]*{_QUOTED})?[ \t]*(,?)[ \t]*")
_REST = re.compile(r"[ \t]*([^\s#]+)(?:[ \t]+([-+.0-9eE]+))?[ \t]*(#[ \t]*\{.*)?\Z")
_META = re.compile(rf"#[ \t]+(TYPE|UNIT)[ \t]+(?:{_QUOTED}|([^\s\"]+))[ \t]+(\S+)[ \t]*\Z")
_PARTS = ("_bucket", "_count", "_sum", "_gcount", "_gsum", "_created")
_ONLY_OPENMETRICS = frozenset({"gaugehistogram", "info", "stateset", "unknown"})
MACHINES = frozenset({"host", "hostname", "instance", "nodename", "pod"})
"""Labels that change with the machine: the same benchmark would be another one on each."""
_RUNTIME = ("go_", "jvm_", "nodejs_", "process_", "prometheus_", "promhttp_", "python_", "scrape_")
_TIMES = ("_created", "_start_time_seconds", "_timestamp", "_timestamp_seconds")
_HINT = "save what /metrics answers, such as: curl -s localhost:8000/metrics > after.prom"


class Series(Struct):
    """One series of a scrape, all parts of a histogram or a summary merged."""

    name: str
    """As found, without ``_bucket``, ``_count`` and ``_sum``."""
    labels: Labels
    """Ascending by name, values as they are escaped in the file; without ``le`` and ``quantile``."""
    kind: Kind
    """What it counts as; without a type or a name that implies one it is a gauge."""
    unit: str
    """As its name or a UNIT line says, such as ``s`` or ``ms``; ``1`` when neither does."""
    points: dict[float, float] = field(default_factory=dict)
    """Of a histogram: upper bound -> cumulative count; of a summary: share -> value."""
    value: float | None = None
    """Of a counter or a gauge. May be no number."""
    sum: float | None = None
    """Of a histogram or a summary."""
    count: float | None = None
    """Of a histogram or a summary."""
    created: float | None = None
    """When it began, in seconds since 1970; None: not stated."""

    @property
    def title(self) -> str:
        """The name with its labels, as Prometheus writes it."""
        return titled(self.name, self.labels)


def titled(name: str, labels: Labels) -> str:
    """Return a series' name, ``name{label="value",...}``, without the labels that name a machine."""
    inside = ",".join(f'{label}="{value}"' for label, value in labels if label not in MACHINES)
    return f"{name}{{{inside}}}" if inside else name


def is_of_runtime(name: str) -> bool:
    """Is it a metric of the client library or the scraper itself, which nobody gates?"""
    return name.startswith(_RUNTIME) or name == "up"


def is_instant(name: str) -> bool:
    """Is it a point in time, by its name?"""
    return name.endswith(_TIMES)


def parse_scrape(source: Source) -> list[Series]:
    """Return the series of one scrape in file order.

    Raises:
        CannotDecideError: a line is broken, the end is missing, or there is more than one scrape in it.
    """
    text = source.text()
    reading = _Reading(source)
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped == "# EOF":
            reading.is_ended = True
        elif stripped.startswith("#"):
            reading.take_meta(stripped)
        elif stripped:
            reading.take_sample(stripped, number)
    if not reading.is_ended and (reading.is_openmetrics or not text.endswith("\n")):
        what = '"# EOF"' if reading.is_openmetrics else "an end of line"
        raise source.fault(f"does not end in {what}: it is cut off", _HINT)
    return list(reading.series.values())


class _Reading:
    """What was read of a scrape so far."""

    def __init__(self, source: Source) -> None:
        self.series: dict[tuple[str, Labels], Series] = {}
        self.is_ended = False
        self.is_openmetrics = False
        self._source = source
        self._types: dict[str, str] = {}
        self._units: dict[str, str] = {}
        self._families: set[str] = set()
        """Histograms and summaries that have no type."""

    def take_meta(self, line: str) -> None:
        """Take a type or a unit; every other comment says nothing that is used."""
        meta = _META.match(line)
        if meta is None:
            return
        name = meta[3] if meta[2] is None else meta[2]
        if meta[1] == "UNIT":
            self._units[name] = meta[4]
            self.is_openmetrics = True
        else:
            self._types[name] = meta[4]
            self.is_openmetrics |= meta[4] in _ONLY_OPENMETRICS

    def take_sample(self, line: str, number: int) -> None:
        """Take one sample to its series."""
        where = f"line {number}"
        found = _sample(line)
        if self.is_ended:
            raise self._source.fault("goes on after its end: it holds more than one scrape", _HINT, where)
        if found is None:
            raise self._source.fault("is no sample of Prometheus' text format", _HINT, where)
        name, labels, value, has_exemplar = found
        self.is_openmetrics |= has_exemplar
        family, part = self._family(name)
        declared = self._types.get(family, "")
        keys = dict(labels)
        if declared == "stateset" or self._types.get(name.removesuffix("_info")) == "info":
            return
        if part == "_created":
            self._begin(family, labels, value)
            return
        mark = "le" if part == "_bucket" else "quantile" if declared == "summary" or not declared else ""
        point = _float(keys[mark]) if mark in keys and part in {"", "_bucket"} else None
        if point is not None and math.isnan(point):
            raise self._source.fault(f'has "NaN" as {mark}', _HINT, where)
        if point is not None:
            labels = tuple((k, v) for k, v in labels if k != mark)
        series = self._series(family, labels, self._kind(family, part, declared, is_point=point is not None))
        if not _put(series, part, point, value):
            message = f"{titled(name, found[1])} is there twice: the file holds more than one scrape"
            raise self._source.fault(message, _HINT, where)

    def _family(self, name: str) -> tuple[str, str]:
        """Return the name of what a sample belongs to, and which part of it the sample is."""
        for part in _PARTS:
            stem = name.removesuffix(part)
            if stem == name or not stem:
                continue
            declared = self._types.get(stem, "")
            if part == "_created" and (declared or f"{stem}_total" in self._types):
                return (stem if declared != "counter" and declared else f"{stem}_total"), part
            if name not in self._types and (
                declared in {"histogram", "gaugehistogram"}
                or (declared == "summary" and part in {"_count", "_sum"})
                or (not declared and part == "_bucket")
                or (not declared and part in {"_count", "_sum"} and stem in self._families)
            ):
                return stem, part
        return name, ""

    def _kind(self, family: str, part: str, declared: str, *, is_point: bool) -> Kind:
        if declared in {"counter", "gauge", "gaugehistogram", "histogram", "summary"}:
            return declared  # type: ignore[return-value] # one of the kinds, as just asked
        if part == "_bucket" or is_point:
            self._families.add(family)
            return "histogram" if part else "summary"
        is_total = family.endswith("_total") or self._types.get(family.removesuffix("_total")) == "counter"
        return "counter" if is_total else "gauge"

    def _series(self, family: str, labels: Labels, kind: Kind) -> Series:
        found = self.series.get((family, labels))
        if found is None:
            stem = family.removesuffix("_total")
            stated = self._units.get(family) or self._units.get(stem) or ""
            unit = unit_of(f"_{stated}" if stated else family)
            found = self.series[family, labels] = Series(family, labels, kind, unit)
        return found

    def _begin(self, family: str, labels: Labels, value: float) -> None:
        series = self.series.get((family, labels))
        if series is not None:
            series.created = value


def _put(series: Series, part: str, point: float | None, value: float) -> bool:
    """Put a value in its place in a series; False: there is one already."""
    if point is not None:
        is_new = point not in series.points
        series.points[point] = value
        return is_new
    attribute = {"_sum": "sum", "_gsum": "sum", "_count": "count", "_gcount": "count"}.get(part, "value")
    if getattr(series, attribute) is not None:
        return False
    setattr(series, attribute, value)
    return True


def _sample(line: str) -> tuple[str, Labels, float, bool] | None:
    """Return name, labels, value, and whether an exemplar is there; None: it is no sample."""
    match = _NAME.match(line)
    name, at = (match[0], match.end()) if match else ("", 0)
    inside = _LABELS_BEGIN.match(line, at)
    labels: dict[str, str] = {}
    if inside is not None:
        at = inside.end()
        while not line.startswith("}", at):
            label = _LABEL.match(line, at)
            if label is None or (not label[4] and not line.startswith("}", label.end())):
                return None
            at = label.end()
            key = label[1] if label[2] is None else label[2]
            if label[3] is not None:
                if key in labels:
                    return None
                labels[key] = label[3]
            elif label[2] is not None and not name:
                name = key  # {"a name of any characters",label="..."}
            else:
                return None
        at += 1
    elif not line[at : at + 1].isspace():
        return None
    rest = _REST.match(line, at)
    value = _float(rest[1]) if rest else None
    if not name or rest is None or value is None:
        return None
    return name, tuple(sorted(labels.items())), value, rest[3] is not None


_LABELS_BEGIN = re.compile(r"[ \t]*\{[ \t]*")


def _float(text: str) -> float | None:
    """Return a number, which may be infinite or not a number; None for anything else."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
