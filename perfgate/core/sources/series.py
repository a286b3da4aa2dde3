"""Series of Prometheus by name and labels, and shares of one set of counters in another: ``[[ratio]]``."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.metrics import Direction

_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*\Z")
_SELECTOR = re.compile(r"\s*([A-Za-z_:][A-Za-z0-9_:]*)\s*(?:\{(.*)\})?\s*\Z", re.DOTALL)
_MATCHER = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(,|\Z)', re.DOTALL)
_PATTERN = re.compile(r"(?:[A-Za-z0-9_/ :,@<>=~%&#;'-]|\\\\?[.+*?()|\[\]{}^$/-]|\[[A-Za-z0-9_-]+\]|\.[*+]?|\|)*\Z")
_MOST_STARS = 2
"""``.*`` and ``.+`` in a pattern: the time to match grows with the length of a value to this power."""
_LONGEST_VALUE = 2_000
"""Characters of a label that a pattern is held against; a longer one matches none."""
_PARTS = ("_sum", "_count", "_bucket")


def is_series_name(name: str) -> bool:
    """Can a metric of Prometheus have this name?"""
    return _NAME.match(name) is not None


def family_of(benchmark: str) -> str:
    """Return the name of a series without its labels: ``requests_total`` of ``requests_total{code="200"}``."""
    return benchmark.partition("{")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """What one label of a series must be."""

    label: str
    """Its name."""
    op: str
    """``=``, ``!=``, ``=~`` or ``!~``."""
    text: str
    """What it is compared with; of ``=~`` and ``!~`` a pattern that must match all of the label."""

    def holds(self, value: str) -> bool:
        """Is a label's value as it must be? A label that is not there is empty, as Prometheus has it."""
        if self.op[1:] == "~":
            is_equal = len(value) <= _LONGEST_VALUE and re.fullmatch(self.text, value) is not None
        else:
            is_equal = value == self.text
        return is_equal is (self.op[0] == "=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Some series of one name."""

    text: str
    """As it stands in the configuration."""
    name: str
    """Of the metric."""
    matchers: tuple[Matcher, ...]
    """What their labels must be."""

    def selects(self, name: str, labels: Mapping[str, str]) -> bool:
        """Is a series one of them?"""
        return name == self.name and all(m.holds(labels.get(m.label, "")) for m in self.matchers)


def parse_selector(text: str) -> Selector:
    """Return what selects series, such as ``http_requests_total{status=~"5.."}``.

    Raises:
        ValueError: it is no selector, or its pattern is one that could take long to match.
    """
    found = _SELECTOR.match(text)
    if found is None:
        raise ValueError(f'"{text}" selects no series; write it like http_requests_total{{status=~"5.."}}')
    inside, at, matchers = (found[2] or "").strip(), 0, []
    while at < len(inside):
        part = _MATCHER.match(inside, at)
        if part is None:
            raise ValueError(f'"{text}": "{inside[at:]}" is no label="value"')
        value = re.sub(r"\\(.)", lambda m: m[1] if m[1] in '"\\' else "\n" if m[1] == "n" else m[0], part[3])
        if part[2].endswith("~") and (not _PATTERN.match(value) or _count_stars(value) > _MOST_STARS):
            message = f'"{text}": the pattern "{value}" is not one of literals, ., .*, .+, [abc] and |'
            raise ValueError(f"{message}, with {_MOST_STARS} of .* and .+ at most")
        matchers.append(Matcher(label=part[1], op=part[2], text=value))
        at = part.end()
    return Selector(text=text.strip(), name=found[1], matchers=tuple(matchers))


def _count_stars(pattern: str) -> int:
    return pattern.count(".*") + pattern.count(".+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One ``[[ratio]]``: what some counters counted, of what others counted in the same time."""

    name: str
    """Of the metric: ``cache_hit_rate``."""
    part: Selector
    """What is divided; its series are added up."""
    whole: Selector
    """By what; its series are added up."""
    better: Direction
    """Which way is an improvement."""
    by: tuple[str, ...] = ()
    """Labels of which each set of values has a ratio of its own; none: there is one of all."""

    @property
    def is_of_sums(self) -> bool:
        """Does it divide sums of times or sizes, which are no counts?"""
        return self.part.name.endswith("_sum") or self.whole.name.endswith("_sum")

    @property
    def benchmark(self) -> str:
        """What it belongs to: the counters of the whole, without the part of a histogram that is counted."""
        name = self.whole.name
        return next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), name)


class Counted(NamedTuple):
    """What one series of counters counted in some time."""

    name: str
    """Of the metric; of a histogram with ``_sum``, ``_count`` or ``_bucket``."""
    labels: Mapping[str, str]
    """Of the series."""
    value: float
    """By how much it grew, >= 0."""


class Divided(NamedTuple):
    """A ratio of some counters."""

    benchmark: str
    """What it belongs to, with the labels of `Ratio.by`."""
    part: float
    """What is divided, >= 0."""
    whole: float
    """By what, >= 0."""


def divide(ratio: Ratio, counted: Sequence[Counted]) -> tuple[list[Divided], str]:
    """Return a ratio for each set of values of its labels, in the order in which the counters have them.

    A part of which no series is there counts as none of the whole: a service that never failed has no counter of
    failures. But its labels must be there, since a misspelled one would never select anything.

    Args:
        ratio: what is divided by what.
        counted: all counters of the same time.

    Returns:
        The ratios, and in words why there are none; empty: there are some.
    """
    wholes: dict[tuple[str, ...], float] = defaultdict(float)
    parts: dict[tuple[str, ...], float] = defaultdict(float)
    for each in counted:
        key = tuple(each.labels.get(label, "") for label in ratio.by)
        if ratio.whole.selects(each.name, each.labels):
            wholes[key] += each.value
        if ratio.part.selects(each.name, each.labels):
            parts[key] += each.value
    if not wholes:
        return [], f"no series is {ratio.whole.text}"
    known = {label for each in counted if each.name == ratio.part.name for label in each.labels}
    unknown = [m.label for m in ratio.part.matchers if m.label not in known]
    if ratio.part.name not in {each.name for each in counted} or unknown:
        why = (
            f"no series of {ratio.part.name} has the label {unknown[0]}" if known else f"no series is {ratio.part.text}"
        )
        return [], why
    found = [Divided(_titled(ratio, key), parts.get(key, 0.0), whole) for key, whole in wholes.items()]
    return found, ""


def _titled(ratio: Ratio, key: tuple[str, ...]) -> str:
    inside = ",".join(f'{label}="{value}"' for label, value in sorted(zip(ratio.by, key, strict=True)))
    return f"{ratio.benchmark}{{{inside}}}" if inside else ratio.benchmark
