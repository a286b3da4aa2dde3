"""Budget -> PromQL: the one place that says which expression watches a budget."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import error, note
from perfgate.core.metrics import THROUGHPUT
from perfgate.core.sources.series import Matcher, Ratio, Selector, find_ratio, is_label_name, unit_of
from perfgate.core.statistic import QUANTILE_OF
from perfgate.core.text.units import scale_of
from perfgate.render.promql import select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.policy import Budget
    from perfgate.core.text.units import Limit

Kind = Literal["slow", "share", "quotient", "rate", "gauge"]
"""What is compared: the share of a histogram beyond its limit; a share of counted events; a quotient of a sum; what a
counter counts in a second; the values of a gauge."""
SHARES = frozenset({"slow", "share"})

_GAUGE, _TOTAL, _MEAN = "value", "total", "_mean"
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_PLAIN_EXPONENTS = range(-4, 6)
_BEYOND_IN_WORDS = {"s": "slow share", "B": "large share"}


class Bound(Struct, frozen=True, kw_only=True):
    """When a value is beyond a limit."""

    op: str
    """``>``, ``>=``, ``<`` or ``<=``: how a value beyond it stands to `at`."""
    at: Fraction
    """A share of 1, or an amount in the unit of the series."""

    @property
    def text(self) -> str:
        """As PromQL has it: ``> 0.05``."""
        return f"{self.op} {number(self.at)}"


class Watched(Struct, frozen=True, kw_only=True):
    """A budget that Prometheus can watch. Windows are in seconds."""

    budget: Budget
    """Its limit, and its warning."""
    name: str
    """The budget's own, or one made of metric and statistic; unique in a policy."""
    kind: Kind
    """What is compared."""
    part: Selector
    """What is counted: of `slow` the buckets without ``le``, of `rate` and `gauge` the series themselves."""
    whole: Selector
    """Of what; where nothing is divided it is `part`."""
    counted: Selector | None
    """Counter of events; None: a gauge has none."""
    by: tuple[str, ...]
    """Labels of which each set of values is watched alone."""
    factor: Fraction
    """From the unit of the series to the base unit."""
    job: str = ""
    """Value of the label ``job`` of all its series; empty: any."""

    def bound(self, limit: Limit) -> Bound:
        """Return when a value is beyond the budget's limit or its warning.

        A share at its limit is no evidence against it, as in `perfgate check`; any other value that does not hold is.
        """
        if self.kind == "slow":
            return Bound(op=">", at=1 - _exact(QUANTILE_OF[self.budget.statistic]))
        at = _exact(limit.amount) / self.factor
        if self.kind == "share":
            return Bound(op=">" if limit.op[0] == "<" else "<", at=at)
        return Bound(op=_NEGATED[limit.op], at=at)

    def events(self, window: int) -> str:
        """Return how many events there were in a window; empty: a gauge has none."""
        return self._increase(self.counted, window) if self.counted else ""

    def value(self, limit: Limit, window: int) -> str:
        """Return what is compared with `bound`, over a window; without events there is no value."""
        if self.kind == "gauge":
            over = "max" if limit.op[0] == "<" else "min"
            quantile = number(_exact(QUANTILE_OF[self.budget.statistic]))
            return f"{over}{self._by}(quantile_over_time({quantile}, {select(self.part)}[{duration(window)}]))"
        if self.kind == "rate":
            return f"{self.events(window)} / {window}"
        whole = self._increase(self.whole, window)
        if self.kind == "slow":
            return f"({whole} - {self._increase(self.bucket(limit), window)}) / ({whole} > 0)"
        return f"({self._increase(self.part, window)} or {whole} * 0) / ({whole} > 0)"

    def bucket(self, limit: Limit) -> Selector:
        """Return the buckets of a histogram that end at a limit."""
        texts = edge_texts(float(_exact(limit.amount) / self.factor))
        pattern = "|".join(text.replace(".", r"\.").replace("+", r"\+") for text in texts)
        edge = Matcher(label="le", op="=" if len(texts) == 1 else "=~", text=texts[0] if len(texts) == 1 else pattern)
        return _with(self.part, edge)

    def age(self, age: int) -> str:
        """Return what is there only when the series were there so many seconds ago."""
        return f"on({', '.join(self.by)}) count{self._by}({select(self.whole)} offset {duration(age)})"

    def missing(self, window: int) -> str:
        """Return what is there only when the budget cannot be watched: no series, no such bucket, no such label.

        A counter of throughput that stands still says nothing of how fast the service is.
        """
        wanted = [self.whole]
        if self.kind == "slow":
            wanted += [self.bucket(limit) for limit in (self.budget.limit, self.budget.warn) if limit]
        elif self.part != self.whole:
            job = [m for m in self.part.matchers if m.label == "job" and m.op == "="]
            there = [Matcher(label=m.label, op="!=", text="") for m in self.part.matchers if m not in job]
            wanted.append(Selector(text="", name=self.part.name, matchers=(*there, *job)))
        absent = " or ".join(dict.fromkeys(f"absent({select(each)})" for each in wanted))
        idle = f" or {self.events(window)} == 0" if self.kind == "rate" else ""
        return f"max({absent}){idle}"

    def in_words(self, limit: Limit, window: int) -> str:
        """Return a limit in both forms: ``p95 < 100ms = slow share < 5%``."""
        stated = f"{self.budget.statistic} {limit.text}"
        if self.kind == "slow":
            return f"{stated} = {_BEYOND_IN_WORDS[limit.unit]} {limit.op} {percent(self.bound(limit).at)}"
        stated = f"{self.budget.metric} {limit.text}"
        if self.kind == "share":
            turned = {"<": ">", ">": "<"}[limit.op[0]] + limit.op[1:]
            return f"{stated} = all others {turned} {percent(1 - _exact(limit.amount))}"
        if self.kind == "rate":
            return f"{stated} = {limit.op} {number(_exact(limit.amount) * window)} in {duration(window)}"
        return stated if self.kind == "quotient" else f"{self.budget.metric} {self.budget.statistic} {limit.text}"

    @property
    def _by(self) -> str:
        return f" by ({', '.join(self.by)}) " if self.by else ""

    def _increase(self, selector: Selector, window: int) -> str:
        return f"sum{self._by}(increase({select(selector)}[{duration(window)}]))"


def watch(
    budgets: Sequence[Budget], ratios: Sequence[Ratio], *, job: str = ""
) -> tuple[list[Watched], list[Diagnostic]]:
    """Return the budgets that Prometheus can watch, and what to say about the others.

    What a series is follows from the budget. The name of a ratio: a share of counters. `throughput`: a counter.
    ``value``: a gauge. ``duration_mean``, ``size_mean``: sum by count of a histogram or summary. Any other metric in
    seconds or bytes: a histogram. Anything else: a gauge.

    Args:
        budgets: of the policy.
        ratios: of the policy.
        job: value of the label ``job`` of all series; empty: any.

    Returns:
        The watched budgets in their order, a note for each budget that is none and no fault, and errors.
    """
    found: list[Watched] = []
    remarks: list[Diagnostic] = []
    names = _names(budgets)
    for budget, name in zip(budgets, names, strict=True):
        one = _watched(budget, name, ratios, job)
        if isinstance(one, Watched):
            found.append(one)
        else:
            remarks.append(one)
    return found, remarks


def _watched(budget: Budget, name: str, ratios: Sequence[Ratio], job: str) -> Watched | Diagnostic:
    if not budget.series:
        message = f'"{name}" has no series: no alert watches it'
        return note("alert-none", message, place=budget.origin, hint="add the key series, if Prometheus has it")
    ratio = find_ratio(ratios, budget.series, budget.metric)
    matchers = (Matcher(label="job", op="=", text=job),) if job else ()
    if ratio:
        watched = _of_ratio(budget, name, ratio, matchers)
    elif budget.metric == _TOTAL or (budget.series.endswith("_total") and budget.metric != THROUGHPUT.name):
        message = f'"{name}": a total of {budget.series} only grows: no alert watches it'
        hint = f'limit its metric = "{THROUGHPUT.name}", or a [[ratio]] of it'
        return note("alert-none", message, place=budget.origin, hint=hint)
    else:
        watched = _of_series(budget, name, matchers)
    return _fault(watched, ratio) or replace(watched, job=job)


def _of_ratio(budget: Budget, name: str, ratio: Ratio, matchers: tuple[Matcher, ...]) -> Watched:
    whole = _with(ratio.whole, *matchers)
    counted = whole
    if whole.name.endswith("_sum"):
        counted = Selector(text="", name=f"{whole.name.removesuffix('_sum')}_count", matchers=whole.matchers)
    return Watched(
        budget=budget,
        name=name,
        kind="quotient" if ratio.is_of_sums else "share",
        part=_with(ratio.part, *matchers),
        whole=whole,
        counted=counted,
        by=ratio.by,
        factor=Fraction(1),
    )


def _of_series(budget: Budget, name: str, matchers: tuple[Matcher, ...]) -> Watched:
    def of(suffix: str) -> Selector:
        return Selector(text="", name=budget.series + suffix, matchers=matchers)

    factor = _exact(scale_of(unit_of(budget.series))[0])
    kind: Kind = "gauge"
    part, whole, counted = of(""), of(""), None
    if budget.metric == THROUGHPUT.name:
        kind, counted, factor = "rate", part, Fraction(1)
    elif budget.metric in {f"duration{_MEAN}", f"size{_MEAN}", f"{_GAUGE}{_MEAN}"}:
        kind, part, whole = "quotient", of("_sum"), of("_count")
        counted = whole
    elif budget.limit.unit in _BEYOND_IN_WORDS and budget.metric != _GAUGE:
        kind, part, whole = "slow", of("_bucket"), of("_count")
        counted = whole
    return Watched(budget=budget, name=name, kind=kind, part=part, whole=whole, counted=counted, by=(), factor=factor)


def _fault(watched: Watched, ratio: Ratio | None) -> Diagnostic | None:
    """Return why a budget fits no series: what `perfgate check` says of it as well."""
    budget = watched.budget
    unit, better = budget.kind_of_series(ratio)
    if better is None and watched.kind != "gauge":
        better = "lower"
    if misfit := budget.find_misfit(unit, better, series=budget.series):
        return misfit
    for label in watched.by:
        if not is_label_name(label):
            message = f'"{label}" is no name of a label, by which "{budget.metric}" is split'
            return error("alert-impossible", message, place=budget.origin, hint="correct the key by of the [[ratio]]")
    return None


def _names(budgets: Sequence[Budget]) -> list[str]:
    """Return the names of budgets: their own, else of metric and statistic, with a number where that is taken."""
    taken = {b.name for b in budgets if b.name}
    found: list[str] = []
    for budget in budgets:
        name = budget.name or unused(f"{budget.metric} {budget.statistic}", taken)
        taken.add(name)
        found.append(name)
    return found


def unused(name: str, taken: set[str]) -> str:
    """Return a name, with the first number from 2 on that makes it another than those that are taken."""
    number_of, free = 1, name
    while free in taken:
        number_of += 1
        free = f"{name} {number_of}" if " " in name else f"{name}{number_of}"
    return free


def _with(selector: Selector, *matchers: Matcher) -> Selector:
    return Selector(text="", name=selector.name, matchers=(*selector.matchers, *matchers))


def number(value: Fraction) -> str:
    """Return a number with as many digits as it needs: ``0.05``, ``160``."""
    return repr(float(value)).removesuffix(".0")


def percent(share: Fraction) -> str:
    """Return a share in percent: ``5%``."""
    return f"{number(share * 100)}%"


def duration(seconds: int) -> str:
    """Return a time as Prometheus writes it, in one unit: ``5m``, ``90s``."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def edge_texts(edge: float) -> tuple[str, ...]:
    """Return how the upper edge of a bucket is written in its label ``le``.

    As Go prints a float in the shortest way, and whole numbers also with ``.0``, as OpenMetrics and prometheus_client
    have them.

    Args:
        edge: > 0, in the unit of the series.
    """
    decimal = Decimal(repr(edge)).normalize()
    exponent = decimal.adjusted()
    if exponent in _PLAIN_EXPONENTS:
        plain = f"{decimal:f}"
        return (plain,) if "." in plain else (plain, f"{plain}.0")
    mantissa = f"{decimal.scaleb(-exponent):f}"
    return (f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}",)


def _exact(amount: float) -> Fraction:
    """Return the decimal number that was written: 0.1 is a tenth."""
    return Fraction(repr(amount))
