"""Traces -> calls and time a trace of each stage, as metrics of the benchmark of the root span."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from perfgate.core.errors import warning
from perfgate.core.measured import CALLS, OWN, STAGE, WHOLE
from perfgate.core.traces.spans import MOST_INCOMPLETE, describe_causes, own_times
from perfgate.formats.parsing.record import Record, Samples, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.traces.spans import Trace, Traces

_HINT = "export whole traces to one file: every span, with a queue of the exporter that is large enough"
MOST_STAGES = 200
"""Stages of one root that become metrics, those of most calls first: names with ids in them are no stages."""
_LEAST_PRESENT = 0.5
"""Share of traces that have a stage, from which on it is a metric: one that is rare may be missing by chance."""


class _Stage(Struct):
    """One stage, one value for each trace that has it."""

    calls: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))
    own: array[float] = field(default_factory=lambda: array("d"))


class _Root(Struct):
    """The traces of one root."""

    traces: int = 0
    stages: dict[str, _Stage] = field(default_factory=dict)


def records_of(traces: Traces, commits: dict[str, str]) -> Iterator[Record | Skipped]:
    """Yield calls, time and own time a trace of each stage, by the name of the root.

    A trace is judged when it has one root, every span of it leads there, and each has ended: what is missing may
    have been dropped. Where more than a tenth of the traces are not, nothing is known of any.

    Args:
        traces: of one file.
        commits: version of the measured code by the name of a span, as far as it is known.
    """
    roots: dict[str, _Root] = {}
    several = unfinished = 0
    for trace in traces.complete:
        if len(trace.roots) != 1 or trace.unfinished:
            several += len(trace.roots) != 1
            unfinished += trace.unfinished
            continue
        root = roots.setdefault(trace.spans[0].name, _Root())
        root.traces += 1
        _add(trace, root.stages)
    of = len(traces.complete) + len(traces.incomplete)
    incomplete = of - sum(root.traces for root in roots.values())
    causes = [describe_causes(traces.incomplete)]
    causes += [f"{number:,} {words}" for words, number in (
        ("traces with several roots", several), ("spans without an end", unfinished)
    ) if number]  # fmt: skip
    counted = f"{incomplete:,} of {of:,} traces are incomplete ({', '.join(filter(None, causes))})"
    if incomplete > MOST_INCOMPLETE * of:
        why = f"{counted}, more than a tenth: calls and times of stages are unknown"
        yield Skipped(benchmark="traces", metric="calls", why=why, message=warning("stages-unknown", why, hint=_HINT))
        return
    for name, root in sorted(roots.items()):
        yield from _records(name, root, commits.get(name, ""))
    if incomplete:
        why = f"{counted}: they count for no stage"
        message = warning("traces-incomplete", why, hint=_HINT)
        yield Skipped(benchmark="traces", metric="calls", why=why, message=message)


def _add(trace: Trace, stages: dict[str, _Stage]) -> None:
    """Add the stages of a trace; a stage inside itself counts its time once."""
    calls: Counter[str] = Counter()
    times: Counter[str] = Counter()
    own: Counter[str] = Counter()
    path: list[int] = []
    around: Counter[str] = Counter()
    names = [WHOLE if span.parent < 0 else span.name for span in trace.spans]
    for place, (span, alone) in enumerate(zip(trace.spans, own_times(trace), strict=True)):
        while path and path[-1] != span.parent:
            around[names[path.pop()]] -= 1
        name = names[place]
        calls[name] += 1
        own[name] += alone or 0
        if not around[name]:
            times[name] += span.duration or 0
        path.append(place)
        around[name] += 1
    for name, number in calls.items():
        stage = stages.setdefault(name, _Stage())
        stage.calls.append(number)
        stage.times.append(times[name] / 1e9)
        stage.own.append(own[name] / 1e9)


def _records(name: str, root: _Root, commit: str) -> Iterator[Record]:
    """Yield the metrics of the stages that most traces of a root have."""
    if list(root.stages) == [WHOLE]:
        return  # a span without others is a call, which is a benchmark already
    often = {n: s for n, s in root.stages.items() if len(s.calls) >= root.traces * _LEAST_PRESENT}
    chosen = sorted(often, key=lambda n: (-sum(often[n].calls), n))[:MOST_STAGES]
    facts: dict[str, Any] = {"benchmark": name, "better": "lower", "commit": commit}
    for stage in sorted(chosen):
        found = often[stage]
        yield Record(**facts, metric=STAGE + stage, unit="s", payload=Samples(values=found.times))
        if found.own != found.times:
            yield Record(**facts, metric=OWN + stage, unit="s", payload=Samples(values=found.own))
        if stage != WHOLE:
            yield Record(**facts, metric=CALLS + stage, unit="1", payload=Samples(values=found.calls))
