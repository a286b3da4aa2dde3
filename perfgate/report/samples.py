"""Profile <-> JSON data inside a report: every value as it was judged, so that a reader can judge again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfgate.core.metrics import Metric
from perfgate.core.profile import (
    MetricProfile,
    Profile,
    Session,
    counts_to_data,
    find_wrong_counts,
    samples_from_data,
    session_extras,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_FACTS = ("started_at", "machine", "commit")


def profile_to_data(profile: Profile) -> dict[str, Any]:
    """Return a profile as JSON data; unlike in a baseline, no value is rounded."""
    return {
        "benchmark": profile.benchmark,
        "labels": dict(profile.labels),
        "machine_class": profile.machine_class,
        "sessions": {
            s.id: {
                **{name: getattr(s, name) for name in _FACTS},
                "rows_used": list(s.rows_used),
                "runs": list(s.runs),
                **session_extras(s),
            }
            for s in profile.sessions
        },
        "metrics": {m.metric.name: _metric_to_data(m) for m in profile.metrics},
    }


def _metric_to_data(m: MetricProfile) -> dict[str, Any]:
    return {
        "unit": m.metric.unit,
        "better": m.metric.better,
        "source": list(m.sources),
        "values": {s.session: list(s.values) for s in m.samples},
        "quantiles": dict(m.quantiles),
        **counts_to_data(m.samples),
    }


def find_contradictions(side: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what a schema cannot say about the profiles of one side: why they contradict themselves.

    Args:
        side: JSON data of profiles, valid by the schema.
    """
    seen: set[object] = set()
    for data in side:
        key = (data["machine_class"], data["benchmark"], tuple(sorted(data["labels"].items())))
        if key in seen:
            yield f'the benchmark "{data["benchmark"]}" stands twice'
        seen.add(key)
        for name, m in data["metrics"].items():
            if unknown := sorted(m["values"].keys() - data["sessions"].keys()):
                yield f'"{data["benchmark"]}" has values of {name} from a session that it does not list ({unknown[0]})'
            if wrong := find_wrong_counts(m["values"], *_counts(m)):
                yield f'"{data["benchmark"]}" has counts of {name} that contradict its values ({wrong[0]})'


def _counts(data: Mapping[str, Any]) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Return what the values of a metric stand for, and of how many; reports of 0.1.0 lack both."""
    return data.get("stands_for", {}), data.get("hits", {})


def profile_from_data(data: Mapping[str, Any]) -> Profile:
    """Return the profile that valid JSON data states."""
    return Profile(
        benchmark=data["benchmark"],
        labels=tuple(sorted(data["labels"].items())),
        machine_class=data["machine_class"],
        sessions=tuple(
            Session(
                id=name,
                **{fact: s[fact] for fact in _FACTS},
                rows_used=tuple(map(int, s["rows_used"])),
                runs=tuple(s["runs"]),
                cpu_model=s.get("cpu_model", ""),
                failed=int(s.get("failed", 0)),
            )
            for name, s in data["sessions"].items()
        ),
        metrics=tuple(_metric_from_data(name, m) for name, m in data["metrics"].items()),
    )


def _metric_from_data(name: str, data: Mapping[str, Any]) -> MetricProfile:
    return MetricProfile(
        metric=Metric(name=name, unit=data["unit"], better=data["better"]),
        sources=tuple(data["source"]),
        samples=samples_from_data(data["values"], *_counts(data)),
        quantiles=tuple((q, float(v)) for q, v in data["quantiles"].items()),
    )
