"""Time series of prometheus_client: made once a registry, with labels of bounded length and number."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from perfgate.monitor.records import LONGEST_NAME
from perfgate.monitor.workers import shared_folder, warn_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client import CollectorRegistry

M = TypeVar("M")
T = TypeVar("T")
OTHER = "other"
"""Value of a label that has too many."""
MOST_SERIES = 1_000
"""Sets of label values of one metric. More are no labels but identifiers, and each costs memory in the program, in
the scrape and in Prometheus."""
_GRID = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0)
_known: WeakKeyDictionary[CollectorRegistry, dict[str, tuple[tuple[object, ...], Any]]] = WeakKeyDictionary()


def bucket_edges(limits: Iterable[float]) -> tuple[float, ...]:
    """Return upper edges of buckets in seconds, ascending, with an edge exactly at each limit.

    The share of requests slower than a limit is then exact, and so is whether p95 is below it. A limit of more than
    ten seconds is taken, with a warning of the logger ``perfgate.monitor``: it may be meant in milliseconds.

    Args:
        limits: times in seconds, > 0, such as those of the budgets and their warnings.

    Raises:
        ValueError: a limit is not above 0, or infinite.
    """
    wanted = tuple(float(limit) for limit in limits)
    for limit in wanted:
        if not 0.0 < limit < float("inf"):
            raise ValueError(f"a limit must be a time in seconds above 0, not {limit}")
    if long := [limit for limit in wanted if limit > _GRID[-1]]:
        stated, meant = (", ".join(f"{limit * scale:g}" for limit in long) for scale in (1, 1e-3))
        warn_once(f"limits are in seconds, and {stated} s is long: for milliseconds give {meant}")
    return tuple(sorted({*_GRID, *wanted}))


def metric_of(
    kind: Callable[..., M],
    name: str,
    about: str,
    labels: tuple[str, ...],
    registry: CollectorRegistry,
    **options: object,
) -> M:
    """Return a metric of a registry; one that was made before with the same labels and options is the same.

    A test or a reload makes the same application twice in one process.

    Args:
        kind: `Counter`, `Gauge` or `Histogram` of prometheus_client.
        name: of the metric.
        about: its help text.
        labels: names of its labels.
        registry: where it is registered.
        options: others of `kind`.

    Raises:
        ValueError: another metric of that name is registered, or ``PROMETHEUS_MULTIPROC_DIR`` names no folder.
    """
    shared_folder()  # whoever states these metrics, workers that do not share them are noticed here
    made = _known.setdefault(registry, {})
    identity = (kind, labels, *sorted(options.items()))
    before = made.get(name)
    if before is not None and before[0] == identity:
        with suppress(ValueError):  # it is there, unless somebody took it out
            registry.register(before[1])
        return before[1]  # type: ignore[no-any-return]  # `kind` made it
    try:
        metric = kind(name, about, labels, registry=registry, **options)
    except ValueError as error:
        why = "with other labels or limits" if before is not None else "by something else in this program"
        message = f"the metric {name} is registered already, {why}: give a registry of its own, or make it once"
        raise ValueError(message) from error
    made[name] = (identity, metric)
    return metric


def _label_of(value: object) -> str:
    """Return a value of a label that every exposition can hold: bounded, and without half a character."""
    return str(value)[:LONGEST_NAME].encode("utf-8", "replace").decode("utf-8")


class Series(Generic[T]):
    """What is kept for each set of label values, made when it is first asked for.

    To ask prometheus_client each time would cost more than to observe.
    """

    __slots__ = ("_made", "_make", "_many")

    def __init__(self, make: Callable[..., T], *, many: int) -> None:
        """Start with none.

        Args:
            make: gives what is kept, from label values.
            many: position of the label that may have many values, >= 0: it is given up first, so that whoever
                chooses it hides none of the other labels.
        """
        self._make = make
        self._many = many
        self._made: dict[tuple[str, ...], T] = {}

    def of(self, *values: str) -> T:
        """Return what is kept for these label values.

        Beyond `MOST_SERIES` sets it is what is kept for `OTHER` in place of the label with many values; beyond twice
        as many, for `OTHER` in place of each.
        """
        made = self._made
        if values in made:
            return made[values]
        key = tuple(_label_of(value) for value in values)
        if key not in made and len(made) >= MOST_SERIES:
            key = (*key[: self._many], OTHER, *key[self._many + 1 :])
        if key not in made and len(made) >= 2 * MOST_SERIES:
            key = (OTHER,) * len(key)
        if key not in made:
            made[key] = self._make(*key)
        return made[key]
