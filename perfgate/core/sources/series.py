"""Series of Prometheus by name and labels, and shares of one set of counters in another: ``[[ratio]]``."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.metrics import RATES
from perfgate.core.sources.exposed import INFERENCE_LATENCY, LOGGING_LATENCY
from perfgate.core.text.names import list_some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from perfgate.core.metrics import Direction

NAME = "__name__"
"""Label of every series: the name of its metric."""
BUDGET, WINDOW, SEVERITY = "budget", "window", "severity"
"""Labels that `perfgate alerts` gives to what it records, and to its alerts."""
RESERVED = frozenset({NAME, "alertname", BUDGET, WINDOW, SEVERITY})
"""Labels by which nothing can be split: a rule writes its own value over the one of the series, and two series
become one."""

_NAME = r"[A-Za-z_:][A-Za-z0-9_:]*\Z"
_TITLE = r'[A-Za-z_:][A-Za-z0-9_:]*\{[^=,{}"]+="(?s:.*)"\}(?:#[0-9]+)?\Z'
_SELECTOR = r"(?s)\s*([A-Za-z_:][A-Za-z0-9_:]*)\s*(?:\{(.*)\})?\s*\Z"
_MATCHER = r'(?s)\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(,|\Z)'
_PATTERN = r"(?:[A-Za-z0-9_/ :,@<>=~%&#;'-]|\\\\?[.+*?()|\[\]{}^$/-]|\[[A-Za-z0-9_-]+\]|\.[*+]?|\|)*\Z"
_MOST_STARS = 2
"""``.*`` and ``.+`` in a pattern: the time to match grows with the length of a value to this power."""
_LONGEST_VALUE = 2_000
"""Characters of a label that a pattern is held against; a longer one matches none."""
_WILD = r"[.\[\\]"
"""What makes a pattern more than texts with ``|`` between them."""
_MOST_SHOWN = 8
_LONGEST_SHOWN = 40
"""Values of a label in a message, and characters of each."""
_PARTS = ("_sum", "_count", "_bucket")
_UNITS = (
    *((rate, "1/s") for rate in RATES),
    ("seconds", "s"), ("second", "s"), ("sec", "s"), ("milliseconds", "ms"), ("millis", "ms"), ("ms", "ms"),
    ("microseconds", "us"), ("us", "us"), ("nanoseconds", "ns"), ("ns", "ns"), ("minutes", "min"), ("hours", "h"),
    ("bytes", "B"), ("kilobytes", "kB"), ("megabytes", "MB"), ("kibibytes", "KiB"), ("mebibytes", "MiB"),
    ("percent", "%"),
)  # fmt: skip
"""Last word of a name -> unit; a rate first, since ``per_second`` ends in ``second``."""
_TIMED_BY = {
    INFERENCE_LATENCY: "; time it in `with p.inference():`",
    LOGGING_LATENCY: "; time it in `with p.logging():`",
}
"""How the parts of a prediction of `perfgate.monitor` are timed, which have no series before."""


def is_series_name(name: str) -> bool:
    """Can a metric of Prometheus have this name?"""
    return re.match(_NAME, name) is not None


def is_series_with_labels(benchmark: str) -> bool:
    """Is a benchmark's name that of a series with its labels, such as ``requests_total{code="200"}``?"""
    return re.match(_TITLE, benchmark) is not None


def is_label_name(name: str) -> bool:
    """Can a label of Prometheus have this name?"""
    return is_series_name(name) and ":" not in name


def stem_of(name: str) -> str:
    """Return the name of a histogram or a summary, of that of one of its parts; any other name as it is."""
    return next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), name)


def without_label(benchmark: str, label: str) -> tuple[str, str | None]:
    """Return the name of a series without one of its labels, and that label's value; None: it has no such label."""
    name, brace, inside = benchmark.partition("{")
    if not brace or not is_series_with_labels(benchmark):
        return benchmark, None
    kept, found, at = [], None, 0
    inside = inside.removesuffix("}")
    while at < len(inside) and (part := re.compile(_MATCHER).match(inside, at)):
        at = part.end()
        if part[1] == label and part[2] == "=":
            found = part[3]
        else:
            kept.append(part[0].rstrip(", "))
    if found is None or at < len(inside):
        return benchmark, None
    return f"{name}{{{','.join(kept)}}}" if kept else name, found


def unit_of(name: str) -> str:
    """Return the unit that the end of a name says, ``1`` when it says none."""
    stem = name.removesuffix("_total")
    return next((unit for word, unit in _UNITS if stem.endswith((f"_{word}", f".{word}"))), "1")


def family_of(benchmark: str) -> str:
    """Return the name of a series without its labels: ``requests_total`` of ``requests_total{code="200"}``.

    Where series differ in the machine alone, all but the first have a number: ``requests_total#2``.
    """
    return benchmark.partition("{")[0].partition("#")[0]


class Matcher(Struct, frozen=True, kw_only=True):
    """What one label of a series must be."""

    label: str
    """Its name."""
    op: str
    """``=``, ``!=``, ``=~`` or ``!~``."""
    text: str
    """What it is compared with; of ``=~`` and ``!~`` a pattern that must match all of the label."""

    def __str__(self) -> str:
        """Return it as it is written."""
        return f'{self.label}{self.op}"{self.text}"'

    def holds(self, value: str) -> bool:
        """Is a label's value as it must be? A label that is not there is empty, as Prometheus has it."""
        if self.op[1:] == "~":
            is_equal = len(value) <= _LONGEST_VALUE and re.fullmatch(self.text, value) is not None
        else:
            is_equal = value == self.text
        return is_equal is (self.op[0] == "=")

    def is_unused(self, values: Sequence[str]) -> bool:
        """Does it look misspelled, since none of the values of its label is what it compares with?"""
        if any(self.holds(value) is (self.op[0] == "=") for value in values):
            return False
        return self._is_of_texts or any(re.search(self.text, value[:_LONGEST_VALUE]) for value in values)

    def is_misspelled(self, values: Sequence[str]) -> bool:
        """Is it a mistake for certain, and not the name of something that never happened, as ``500`` beside ``200``?"""
        if not self.is_unused(values):
            return False
        texts = self.text.split("|") if self._is_of_texts else []
        same = any(_is_same_word(text, value) for text in texts for value in values)
        return same or not any(_may_stand_beside(text, value) for text in texts for value in values)

    @property
    def _is_of_texts(self) -> bool:
        return self.op[1:] != "~" or not re.search(_WILD, self.text)


def _is_same_word(text: str, value: str) -> bool:
    """Do two values of a label differ in case, or in the ``s`` of the plural, alone?"""
    return text != value and text.casefold().rstrip("s") == value.casefold().rstrip("s") != ""


def _may_stand_beside(text: str, value: str) -> bool:
    """May both be values of one label? Not ``5xx`` beside ``200``, nor ``50``."""
    if not (text.isalnum() and value.isalnum()):
        return True
    is_number = text.isdecimal(), value.isdecimal()
    return len(text) == len(value) if all(is_number) else not any(is_number)


class Selector(Struct, frozen=True, kw_only=True):
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
        ValueError: it is no selector, it selects nothing, or its pattern is one that could take long to match.
    """
    found = re.match(_SELECTOR, text)
    if found is None:
        raise ValueError(f'"{text}" selects no series; write it like http_requests_total{{status=~"5.."}}')
    inside, at, matchers = (found[2] or "").strip(), 0, []
    while at < len(inside):
        part = re.compile(_MATCHER).match(inside, at)
        if part is None:
            raise ValueError(f'"{text}": "{inside[at:]}" is no label="value"')
        value = re.sub(r"\\(.)", lambda m: m[1] if m[1] in '"\\' else "\n" if m[1] == "n" else m[0], part[3])
        if part[2].endswith("~") and (not re.match(_PATTERN, value) or _count_stars(value) > _MOST_STARS):
            message = f'"{text}": the pattern "{value}" is not one of literals, ., .*, .+, [abc] and |'
            raise ValueError(f"{message}, with {_MOST_STARS} of .* and .+ at most")
        if part[2].endswith("~") and (why := _find_fault(value)):
            raise ValueError(f'"{text}": the pattern "{value}" is not valid: {why}')
        if part[1] == NAME:
            raise ValueError(f'"{text}": the name of the metric stands before the brace; leave out {NAME}')
        matchers.append(Matcher(label=part[1], op=part[2], text=value))
        at = part.end()
    if why := _find_contradiction(matchers):
        raise ValueError(f'"{text}" selects no series: {why}')
    return Selector(text=text.strip(), name=found[1], matchers=tuple(matchers))


def _find_contradiction(matchers: Sequence[Matcher]) -> str:
    """Return which two matchers no value of a label satisfies; empty: all may hold together."""
    for one in matchers:
        for other in matchers:
            if one.op == "=" and other.label == one.label and not other.holds(one.text):
                hint = f'; for either write {one.label}=~"{one.text}|{other.text}"' if other.op == "=" else ""
                return f"no value is both {one} and {other}{hint}"
    return ""


def _find_fault(pattern: str) -> str:
    """Return why a pattern cannot be compiled, such as ``[z-a]``; empty: it can."""
    try:
        re.compile(pattern)
    except re.error as caught:
        return str(caught)
    return ""


def _count_stars(pattern: str) -> int:
    return pattern.count(".*") + pattern.count(".+")


class Ratio(Struct, frozen=True, kw_only=True):
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
    def is_share(self) -> bool:
        """Is the part some of the whole, so that it lies between 0 and 1? A sum by a count is a mean."""
        return self.part.name.endswith("_sum") is self.whole.name.endswith("_sum")

    @property
    def benchmark(self) -> str:
        """What it belongs to: the counters of the whole, without the part of a histogram that is counted."""
        return stem_of(self.whole.name)


def find_faults(ratio: Ratio) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a ratio, as the place in its table and in words."""
    part, whole = (
        (s.name, frozenset(m for m in s.matchers if (m.op, m.text) != _ANY)) for s in (ratio.part, ratio.whole)
    )
    if part == whole:
        why = "is all of the whole, so that the ratio is always 100%"
        yield "/part", f'"{ratio.part.text}" {why}; select some of it by a label'
    for label in ratio.by:
        if label in RESERVED:
            why = f'"{label}" is a label that the alerts set themselves'
            yield "/by", f"{why}; name another one, or have the program expose it under another name"


_ANY = ("=~", ".*")
"""What every value of a label matches."""


def find_ratio(ratios: Iterable[Ratio], benchmark: str, metric: str) -> Ratio | None:
    """Return the ratio of that name that belongs to a benchmark; None: there is none."""
    return next((r for r in ratios if r.name == metric and r.benchmark == benchmark), None)


class Counted(NamedTuple):
    """What one series of counters counted in some time."""

    name: str
    """Of the metric; of a histogram with ``_sum``, ``_count`` or ``_bucket``."""
    labels: Mapping[str, str]
    """Of the series."""
    value: float
    """By how much it grew, >= 0; 0.0 where that is unknown."""
    fault: str = ""
    """Why it is unknown by how much it grew, such as ``it is not in the second scrape``; empty: it is known."""


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
    failures. But its labels must be there, since a misspelled one would never select anything, and so would a
    misspelled value (`Matcher.is_misspelled`); and a counter of which it is unknown what it counted makes the ratio
    unknown, not smaller. So does a sum of times or sizes of which the ``_count`` beside it is 0: nothing was
    timed, and nobody knows how long it took.

    Args:
        ratio: what is divided by what.
        counted: all counters of the same time.

    Returns:
        The ratios, and in words why there are none; empty: there are some.
    """
    wholes, parts = _add_up(ratio.whole, ratio.by, counted), _add_up(ratio.part, ratio.by, counted)
    stem = ratio.part.name.removesuffix("_sum")
    times = replace(ratio.part, name=f"{stem}_count")
    observed = _add_up(times, ratio.by, counted) if stem != ratio.part.name else {}
    if why := _find_unknown(ratio.whole, ratio.by, counted):
        return [], why
    if not wholes:
        return [], f"no series is {ratio.whole.text}"
    if why := _find_unknown(ratio.part, ratio.by, counted):
        return [], why
    for each in counted:
        if each.fault and any(s.selects(each.name, each.labels) for s in (ratio.whole, ratio.part)):
            return [], f"{_titled(each.name, each.labels)}: {each.fault}"
    found = []
    for key, whole in wholes.items():
        labels = dict(zip(ratio.by, key, strict=True))
        if observed and whole > 0 and not observed.get(key):
            return [], f"{_titled(stem, labels)}: nothing was observed, its count is 0{_TIMED_BY.get(stem, '')}"
        found.append(Divided(_titled(ratio.benchmark, labels), parts.get(key, 0.0), whole))
    return found, ""


def _add_up(selector: Selector, by: Sequence[str], counted: Sequence[Counted]) -> dict[tuple[str, ...], float]:
    """Return what the selected series counted together, for each set of values of some labels."""
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    for each in counted:
        if selector.selects(each.name, each.labels):
            sums[tuple(each.labels.get(label, "") for label in by)] += each.value
    return sums


def _find_unknown(selector: Selector, by: Sequence[str], counted: Sequence[Counted]) -> str:
    """Return which metric, label or value is in no series, in words; empty: all are there, or may be."""
    of_metric = [each for each in counted if each.name == selector.name]
    if not of_metric:
        return f"no series is {selector.text}{_TIMED_BY.get(stem_of(selector.name), '')}"
    known = {label for each in of_metric for label in each.labels}
    unknown = [label for label in (*(m.label for m in selector.matchers), *by) if label not in known]
    if unknown:
        return f"no series of {selector.name} has the label {unknown[0]}"
    return _describe((selector,), counted, Matcher.is_misspelled)


def describe_unused(ratio: Ratio, counted: Sequence[Counted]) -> str:
    """Return which matcher selects, or excludes, no value of its label, and which values there are.

    A ratio of 0 is right for a service that never failed, and wrong for ``status="5xx"`` where the values are 200
    and 500. So only what looks like a mistake is described: a text that is no value, and a pattern that is found
    inside a value and matches none in full. ``=~"5.."`` beside 200 and 404 is neither.

    Args:
        ratio: what is divided by what.
        counted: all counters of the same time.

    Returns:
        One sentence; empty: there is no such matcher.
    """
    return _describe((ratio.part, ratio.whole), counted, Matcher.is_unused)


def _describe(
    selectors: Sequence[Selector], counted: Sequence[Counted], is_odd: Callable[[Matcher, Sequence[str]], bool]
) -> str:
    """Return the first odd matcher of some selectors in one sentence with the values there are; empty: none is odd."""
    for selector in selectors:
        for matcher in selector.matchers:
            values = sorted({each.labels.get(matcher.label, "") for each in counted if each.name == selector.name})
            if values and is_odd(matcher, values):
                what = "selects" if matcher.op[0] == "=" else "excludes"
                quoted = [f'"{value[:_LONGEST_SHOWN]}"' for value in values]
                return f"{matcher} {what} no series; the values are {list_some(quoted, _MOST_SHOWN)}"
    return ""


def _titled(name: str, labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name}{{{inside}}}" if inside else name
