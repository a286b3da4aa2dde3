"""Stage metrics in Prometheus' text format: counters, gauges and histograms with buckets."""

from __future__ import annotations

from math import isfinite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Literal

    from perfgate.measure.tracing.durations import Durations

    Labels = tuple[tuple[str, str], ...]

_PER_SECOND = 1000.0


class Family:
    """One metric: its name without prefix and unit, its kind, what it means, and its series."""

    __slots__ = ("durations", "kind", "meaning", "name", "values")

    def __init__(
        self,
        name: str,
        kind: Literal["counter", "gauge", "histogram"],
        meaning: str,
        *,
        durations: Mapping[Labels, Durations] | None = None,
        values: Mapping[Labels, float] | None = None,
    ) -> None:
        """Keep it."""
        self.name = name
        self.kind = kind
        self.meaning = meaning
        self.durations = durations or {}
        self.values = values or {}


def expose(families: Sequence[Family], *, prefix: str, unit: str) -> str:
    """Return metrics in Prometheus' text format, version 0.0.4.

    Args:
        families: in the order in which they are written.
        prefix: what each name begins with.
        unit: of the durations, ``ms`` or ``seconds``.
    """
    lines: list[str] = []
    for family in families:
        name = f"{prefix}_{family.name}"
        if family.kind == "histogram":
            name = f"{name}_{unit}"
        lines += [f"# HELP {name} {family.meaning}", f"# TYPE {name} {family.kind}"]
        for labels, durations in sorted(family.durations.items()):
            lines += _histogram(name, labels, durations, _PER_SECOND if unit == "seconds" else 1.0)
        lines += [f"{name}{_braces(labels)} {_number(value)}" for labels, value in sorted(family.values.items())]
    return "\n".join(lines) + "\n"


def _histogram(name: str, labels: Labels, durations: Durations, per_unit: float) -> Iterator[str]:
    for bound, below in durations.cumulative():
        yield f"{name}_bucket{_braces((*labels, ('le', _number(bound / per_unit))))} {below}"
    yield f"{name}_sum{_braces(labels)} {_number(durations.total / per_unit)}"
    yield f"{name}_count{_braces(labels)} {durations.count}"


def _braces(labels: Labels) -> str:
    inside = ",".join(f'{key}="{_escape(value)}"' for key, value in labels)
    return f"{{{inside}}}" if inside else ""


def _escape(value: str) -> str:
    text = value.encode("utf-8", "replace").decode()
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    if not isfinite(value):
        return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"  # noqa: PLR0124 - not-a-number is no equal of itself
    return str(int(value)) if value == int(value) else repr(value)
