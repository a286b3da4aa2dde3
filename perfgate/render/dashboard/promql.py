"""Pieces of PromQL: rates, shares and quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.formats.parsing.exposition import MACHINES
from perfgate.render.promql import quoted, select_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.sources.series import Selector

INTERVAL = "$__rate_interval"
"""Grafana's variable: the shortest time that surely has several scrapes."""
RANGE = "$__range"
"""Grafana's variable: the time that the dashboard shows."""


def selected(selector: Selector, *more: str) -> str:
    """Return a selector of the configuration whose texts hold no variable of Grafana; further matchers may."""
    return select_name(selector.name, *(f"{m.label}{m.op}{_literal(m.text)}" for m in selector.matchers), *more)


def _literal(text: str) -> str:
    """Return a text as a string in which Grafana finds neither ``$name`` nor ``[[name]]``."""
    return quoted(text).replace("$", "\\u0024").replace("[[", "[\\u005b")


def rate(selector: str, by: Sequence[str] | None = ()) -> str:
    """Return how often something happened a second, added up over all labels but some.

    Args:
        selector: of counters.
        by: labels that are kept; None: all but those of the machine.
    """
    return f"sum{_by(by)} (rate({selector}[{INTERVAL}]))"


def share(part: str, whole: str, by: Sequence[str] = ()) -> str:
    """Return one rate as a share of another: 0 where the part was never counted, nothing where the whole was not."""
    below = rate(whole, by)
    return f"({rate(part, by)} or 0 * {below}) / {below}"


def increase(selector: str) -> str:
    """Return how often something happened in the time that is shown, for each set of labels but the machine's."""
    return f"sum{_by(None)} (increase({selector}[{RANGE}]))"


def mean(name: str, matchers: str, by: Sequence[str] | None) -> str:
    """Return the mean of a histogram; `by` is as in `rate`."""
    return f"{rate(select_name(f'{name}_sum', matchers), by)} / {rate(select_name(f'{name}_count', matchers), by)}"


def quantile(q: float, name: str, matchers: str, by: Sequence[str] | None) -> str:
    """Return a quantile of a histogram, interpolated inside a bucket.

    Args:
        q: which, 0.0 < q < 1.0.
        name: of the histogram.
        matchers: chooses its series; empty: all.
        by: labels of which each set of values has a quantile of its own; None: all but those of the machine.
    """
    labels = None if by is None else ("le", *by)
    return f"histogram_quantile({q:g}, {rate(select_name(f'{name}_bucket', matchers), labels)})"


def legend(by: Sequence[str] | None) -> str:
    """Return a legend with the values of some labels; of none ``all``. `by` is as in `rate`."""
    if by is None:
        return "__auto"
    return " ".join(f"{{{{{label}}}}}" for label in by) or "all"


def _by(labels: Sequence[str] | None) -> str:
    if labels is None:
        return f" without ({', '.join(sorted(MACHINES))})"  # as `perfgate check` leaves them out of names
    return f" by ({', '.join(labels)})" if labels else ""
