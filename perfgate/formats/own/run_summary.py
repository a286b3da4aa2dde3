"""Reader of perfgate's own run summaries: JSON text -> `Run`."""

from __future__ import annotations

import shlex
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import msgspec

from perfgate import schema
from perfgate.core.errors import CannotDecideError, Diagnostic, at, cannot_decide, error
from perfgate.core.measured import CALLS, CALLS_OF, FUNCTION, OWN, SERIES_SCHEMA, STAGE, UNCOUNTED, WHOLE, function_name
from perfgate.core.metrics import (
    CPU,
    DEADLINE_MISS,
    ELAPSED,
    FUNCTION_CALLS,
    PEAK_MEMORY,
    Direction,
    Metric,
    canonical_name,
)
from perfgate.core.run import NOWHERE, Environment, Labels, Run, Series, environment_of
from perfgate.core.text.dates import cut_to_hour
from perfgate.core.text.strict_json import has_key_twice, load_json, objects_of
from perfgate.core.text.units import to_base
from perfgate.formats.parsing.timestamps import find_normal_instant, normal_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Amount = Annotated[float, msgspec.Meta(ge=0, le=1e100)]
# beyond 2^53 a JSON number is no longer exact everywhere; 7.0 is a whole number too, as JSON Schema has it
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)] | Annotated[float, msgspec.Meta(ge=0, le=2**53, multiple_of=1)]
_Number = Annotated[int, msgspec.Meta(ge=1, le=2**53)] | Annotated[float, msgspec.Meta(ge=1, le=2**53, multiple_of=1)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_StageName = Annotated[str, msgspec.Meta(min_length=1, max_length=190)]
_LEAST, _MOST = 1e-100, 1e100  # their squares and ratios are still numbers
_BOM = b"\xef\xbb\xbf"
_VARYING = b"0123456789abcdefABCDEF.+-"
"""Characters in which the files of one program differ: numbers, times, and hexadecimal ids."""
_KEPT_OF_KEYS = dict.fromkeys(_VARYING)
_MOST_SHAPES = 1000
_ROUNDED_SEC, _ROUNDED_BYTES = 1e-3, 1e5  # what three decimals of a second, and one of a megabyte, may hide
_MOST_APART = 0.01  # share by which two values for one thing may differ
_NOTHING = msgspec.Raw(b"")
_BEYOND_PLAIN = frozenset(name.translate(_KEPT_OF_KEYS) for name in ("metrics", "stages", "traces", "profile"))
"""What their shape holds of the keys that no plain summary has."""
Kind = tuple[Any, ...]
"""What a run has in common with those that differ from it only in what is in their rows."""
Row = tuple[Any, ...]
"""What a summary states by itself: its number, id, start and rows of the run, and its values."""
_OTHER_SCHEMA = SERIES_SCHEMA.encode()
"""What `imported.is_imported` looks for, wherever in a file it stands."""
_HINT = "perfgate schema run prints the format; delete the file, correct what writes it, and measure again"


_OTHER_FILES = {
    "perfgate/profile/": (
        "is a profile, which perfgate collect wrote, and no run summary",
        "perfgate check --current FILE judges it; or perfgate check --baseline FILE judges others by it",
    ),
    "perfgate/baseline/": ("is a baseline, and no run summary", "perfgate check --baseline FILE judges runs by it"),
    "perfgate/report/": ("is the report of a check, and no run summary", "perfgate report FILE shows it"),
}
"""Beginnings of the schemas of perfgate's other files: what each is, and the command that takes it."""


class _Measurement(msgspec.Struct, gc=False):
    """An entry of ``metrics``."""

    value: Annotated[float, msgspec.Meta(ge=-1e100, le=1e100)]
    unit: str = "1"
    better: Literal["lower", "higher"] = "lower"


class _Traces(msgspec.Struct, gc=False):
    """What is known of the traces that ended in the run."""

    count: _Number
    deadline_misses: _Count | None = None
    deadline_ms: Annotated[float, msgspec.Meta(gt=0)] | None = None
    unfinished: _Count = 0
    dropped_spans: _Count = 0
    spans: _Count | None = None
    overhead: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None


class _Stage(msgspec.Struct, gc=False):
    """An entry of ``stages``: one stage in all traces of the run."""

    calls: _Count
    total_ns: _Count
    own_ns: _Count | None = None


class _Function(msgspec.Struct, gc=False):
    """An entry of ``functions``: one function in the profiled repetition."""

    function: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    file: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    calls: _Count
    own_ns: _Count
    cumulative_ns: _Count
    line: _Count = 0


class _Profile(msgspec.Struct, gc=False):
    """What one more repetition under a profiler counted."""

    fingerprint: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    function_calls: _Count | None = None
    skipped: _Count = 0
    functions: Annotated[list[_Function], msgspec.Meta(max_length=20)] = []


class _Summary(msgspec.Struct, gc=False):
    """The keys that are used; msgspec skips all others. Equal to the published schema by a test.

    It takes less time where they stand in the order in which they are written, and no default is made anew.
    """

    run_id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    elapsed_sec: _Amount
    rows_used: _Count
    peak_memory_mb: _Amount
    schema: Literal["perfgate/run/1"] = "perfgate/run/1"
    benchmark: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    labels: msgspec.Raw = _NOTHING
    status: Literal["ok", "failed"] = "ok"
    started_at: str | None = None
    session: str | None = None
    memory_source: str | None = None
    environment: msgspec.Raw = _NOTHING
    commit: str | None = None
    command: str | None = None
    shard: Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,3}/[1-9][0-9]{0,3}$(?!\n)")] | None = None
    elapsed_ns: _Count | None = None
    peak_memory_bytes: _Count | None = None
    cpu_sec: _Amount | None = None
    metrics: dict[_Name, _Measurement] | msgspec.UnsetType = msgspec.UNSET
    traces: _Traces | None = None
    stages: dict[_StageName, _Stage] | msgspec.UnsetType = msgspec.UNSET
    profile: _Profile | None = None


class SummaryReader:
    """Turns run summaries into runs; what many files state alike is read once and shared."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._decode = msgspec.json.Decoder(_Summary).decode
        self._strings = msgspec.json.Decoder(dict[str, str]).decode
        self._labels: dict[bytes, Labels] = {}
        self._environments: dict[bytes, Environment] = {b"": NOWHERE}
        self._metrics: dict[tuple[str, str, Direction], Metric] = {}
        self._document = msgspec.json.Decoder().decode
        self._shapes: set[bytes] = set()
        self._plain: set[bytes] = set()  # those of them that lack the keys beyond a plain summary

    def parse(self, content: bytes, origin: str, folder: str) -> Run:
        """Return the run of a summary.

        Args:
            content: the file's bytes.
            origin: its path, for messages.
            folder: name of the folder it is in, which names a benchmark that has no name.

        Raises:
            CannotDecideError: it is not a run summary; every fault is in it.
        """
        s, labels, environment = self._read(content, origin)
        seconds = s.elapsed_ns / 1e9 if s.elapsed_ns is not None else s.elapsed_sec
        size = s.peak_memory_bytes if s.peak_memory_bytes is not None else to_base(s.peak_memory_mb, "MB")[0]
        values: tuple[tuple[Metric, float], ...] = ((ELAPSED, seconds), (PEAK_MEMORY, float(size)))
        if abs(seconds - s.elapsed_sec) > _ROUNDED_SEC or abs(size - s.peak_memory_mb * 1e6) > _ROUNDED_BYTES:
            _check_agreement(s, seconds, size, origin)
        if s.cpu_sec is not None:
            values += ((CPU, s.cpu_sec),)
        if s.stages:
            values += self._stages(
                s.stages, int(s.traces.count) if s.traces else 1, is_cut=bool(s.traces and s.traces.dropped_spans)
            )
        series = (_misses(s.traces, origin) if s.traces else ()) + (self._profiled(s.profile) if s.profile else ())
        if s.metrics:
            values += tuple(self._own(name, m) for name, m in s.metrics.items())
            if len({metric.name for metric, _ in values}.union(x.metric.name for x in series)) < len(values) + len(
                series
            ):
                raise CannotDecideError(_twice(s.metrics, values, series, origin))
        for _, value in values:
            if value and not _LEAST <= abs(value) <= _MOST:
                values = _in_range(values, origin)
                break
        return Run(
            s.run_id,
            s.benchmark or (folder if folder not in ("", "model_runs") else "model_run"),
            labels,
            s.status,
            _instant(s.started_at, origin) if s.started_at else "",
            s.session or "",
            int(s.rows_used),
            values,
            s.memory_source or "",
            environment,
            s.commit or "",
            s.command or "",
            origin,
            s.shard or "",
            series,
        )

    def skim(
        self, items: Iterable[tuple[int, bytes]], found: dict[Kind, tuple[bytes, list[Row]]]
    ) -> Iterator[tuple[int, bytes]]:
        """Take plain summaries, without stages and own metrics, in a quarter of the time of `parse`.

        Two of one kind give runs that are equal but for their rows. The values are time, peak memory and CPU time,
        which means nothing where the kind says that it is not stated.

        Args:
            items: number and content of summaries, and of what may be none.
            found: of each kind the first summary and all rows; more are added.

        Yields:
            The items of which only `parse` can say what they are.
        """
        decode, plain = self._decode, self._plain
        last, facts = _NOTHING, b""  # most summaries state the environment of the one before
        for number, content in items:
            try:
                s = decode(content)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                yield number, content
                continue
            shape = content.translate(None, _VARYING)
            if shape not in plain and not self._is_plain(content, shape):
                yield number, content
                continue
            exact, stated, cpu, started = s.elapsed_ns, s.peak_memory_bytes, s.cpu_sec, s.started_at or ""
            seconds = s.elapsed_sec if exact is None else exact / 1e9
            size = to_base(s.peak_memory_mb, "MB")[0] if stated is None else float(stated)
            if not (
                -_ROUNDED_SEC <= seconds - s.elapsed_sec <= _ROUNDED_SEC
                and -_ROUNDED_BYTES <= size - s.peak_memory_mb * 1e6 <= _ROUNDED_BYTES
                and seconds >= _LEAST
                and _LEAST <= size <= _MOST
                and (cpu is None or cpu >= _LEAST)
                and (not started or find_normal_instant(started))
            ):
                yield number, content
                continue
            if s.environment != last:
                last = s.environment
                facts = bytes(last)
            session, labels = s.session, s.labels
            kind = (
                s.benchmark,
                b"" if labels is _NOTHING else bytes(labels),
                s.status,
                session,
                s.memory_source,
                facts,
                s.commit,
                s.command,
                s.shard,
                cpu is None,
                None if session else cut_to_hour(started),
            )
            if (held := found.get(kind)) is None:
                held = found[kind] = content, []
            held[1].append((number, s.run_id, started, int(s.rows_used), seconds, size, cpu))

    def _is_plain(self, content: bytes, shape: bytes) -> bool:
        """Is a summary plain that is the first of its shape?"""
        if shape not in self._shapes and len(self._shapes) < _MOST_SHAPES:
            with suppress(CannotDecideError):  # `parse` says what is wrong
                self._read(content, "")
        return shape in self._plain

    def _read(self, content: bytes, origin: str) -> tuple[_Summary, Labels, Environment]:
        """Return what a summary states, its labels and its environment; it is valid, and no key stands twice."""
        try:
            s = self._decode(content)
            raw = bytes(s.labels)
            labels = self._labels.get(raw) if raw else ()
            if labels is None:
                labels = self._labels[raw] = tuple(sorted(self._strings(raw).items()))
            raw = bytes(s.environment)
            environment = self._environments.get(raw)
            if environment is None:
                environment = self._environments[raw] = environment_of(self._strings(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as caught:
            if content.startswith(_BOM):  # some editors put one in front; it says nothing
                return self._read(content[len(_BOM) :], origin)
            explain(content, origin, str(caught))
        if content.translate(None, _VARYING) not in self._shapes:
            self._check_keys(content, origin)
        return s, labels, environment

    def _check_keys(self, content: bytes, origin: str) -> None:
        """Raise CannotDecideError when a key stands twice, and remember the shape of a file that is sound for sure.

        The files of a program differ in numbers and ids alone. What is left of a file without
        these characters says for all of them that no key stands twice, if its keys still differ. It
        also says that they are no imported series, and write the key of the id without escapes.
        """
        try:
            document = self._document(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as caught:
            explain(content, origin, str(caught))
        if has_key_twice(content, document):
            explain(content, origin, "a key stands twice")
        shape = content.translate(None, _VARYING)
        is_plain = b"\\" not in content and _OTHER_SCHEMA.translate(None, _VARYING) not in shape
        if is_plain and len(self._shapes) < _MOST_SHAPES:
            objects = objects_of(document)
            if all(len({key.translate(_KEPT_OF_KEYS) for key in o}) == len(o) for o in objects):
                self._shapes.add(shape)
                if _BEYOND_PLAIN.isdisjoint(key.translate(_KEPT_OF_KEYS) for key in document):
                    self._plain.add(shape)

    def _stages(self, stages: dict[str, _Stage], traces: int, *, is_cut: bool) -> tuple[tuple[Metric, float], ...]:
        """Return time and calls a trace of each stage; the calls of the whole would be those of the traces.

        Where spans had no room (`is_cut`), times are those of the first ones: only that of the whole is known.
        """
        found = []
        for name, stage in stages.items():
            if not is_cut or name == WHOLE:
                found.append((self._metric(STAGE + name, "s", "lower"), stage.total_ns / traces / 1e9))
            if not is_cut and stage.own_ns is not None and stage.own_ns != stage.total_ns:
                found.append((self._metric(OWN + name, "s", "lower"), stage.own_ns / traces / 1e9))
            if name != WHOLE or stage.calls != traces:
                found.append((self._metric(CALLS + name, "1", "lower"), stage.calls / traces))
        return tuple(found)

    def _profiled(self, profile: _Profile) -> tuple[Series, ...]:
        """Return what a profiled repetition counted, and calls and own time of its dearest functions.

        Where it states no count, which blocks were profiled is a race: then times alone explain, and only others such.
        """
        source = profile.fingerprint
        found = []
        if profile.function_calls is not None:
            found.append(Series(metric=FUNCTION_CALLS, source=source, values=(float(profile.function_calls),)))
        else:
            source += UNCOUNTED
        for name, calls, own in _functions_by_name(profile.functions):
            times = self._metric(FUNCTION + name, "s", "lower")
            found.append(Series(metric=times, source=source, values=(own,)))
            if profile.function_calls is not None:
                counts = self._metric(CALLS_OF + name, "1", "lower")
                found.append(Series(metric=counts, source=source, values=(calls,)))
        return tuple(found)

    def _own(self, name: str, stated: _Measurement) -> tuple[Metric, float]:
        """Return a metric that the program recorded itself, in base units."""
        value, unit = to_base(stated.value, stated.unit)
        return self._metric(canonical_name(name), unit, stated.better), value

    def _metric(self, name: str, unit: str, better: Direction) -> Metric:
        """Return a metric, one object for all runs that have it."""
        key = (name, unit, better)
        metric = self._metrics.get(key)
        if metric is None:
            metric = self._metrics[key] = Metric(name=name, unit=unit, better=better)
        return metric


def _functions_by_name(functions: Iterable[_Function]) -> list[tuple[str, float, float]]:
    """Return calls and own seconds of functions by file and name: a line changes when others are edited."""
    found: dict[str, tuple[float, float]] = {}
    for f in functions:
        name = function_name(f.function, f.file)
        calls, own = found.get(name, (0.0, 0.0))
        found[name] = (calls + f.calls, own + f.own_ns / 1e9)
    return [(name, calls, own) for name, (calls, own) in found.items()]


def _misses(traces: _Traces, origin: str) -> tuple[Series, ...]:
    """Return how many of the traces took longer than their deadline; nothing when they had none.

    Raises:
        CannotDecideError: more than there were.
    """
    if traces.deadline_misses is None:
        return ()
    misses, count = int(traces.deadline_misses), int(traces.count)
    if misses > count:
        raise CannotDecideError([_fault(origin, "/traces/deadline_misses", f"{misses:,} of {count:,} traces")])
    source = f"a deadline of {traces.deadline_ms:g} ms" if traces.deadline_ms else ""
    return (Series(metric=DEADLINE_MISS, share=(misses, count), source=source),)


def _check_agreement(s: _Summary, seconds: float, size: float, origin: str) -> None:
    """Raise CannotDecideError when the rounded and the unrounded value of a run are of different amounts."""
    pairs = (
        ("elapsed_sec", s.elapsed_sec, "elapsed_ns", s.elapsed_ns, seconds, 1.0, _ROUNDED_SEC),
        ("peak_memory_mb", s.peak_memory_mb, "peak_memory_bytes", s.peak_memory_bytes, size, 1e6, _ROUNDED_BYTES),
    )
    faults = [
        _fault(origin, f"/{rounded}", f'"{rounded}" is {stated:g}, and "{exact}" is {raw}: they contradict each other')
        for rounded, stated, exact, raw, amount, factor, slack in pairs
        if abs(amount - stated * factor) > max(slack, _MOST_APART * max(amount, stated * factor))
    ]
    if faults:
        raise CannotDecideError(faults)


def _instant(text: str, origin: str) -> str:
    """Return when a run started, in the form that sorts as text.

    Raises:
        CannotDecideError: it is no point in time: which session is the newest would be unknown.
    """
    try:
        return normal_instant(text)
    except (ValueError, OverflowError):
        message = f'"{text[:40]}" is no point in time; write UTC as 2026-01-31T12:00:00Z'
        raise CannotDecideError([_fault(origin, "/started_at", message)]) from None


def _in_range(values: tuple[tuple[Metric, float], ...], origin: str) -> tuple[tuple[Metric, float], ...]:
    """Return the values with what is too small for any clock as zero.

    Raises:
        CannotDecideError: a value is too large to compute with.
    """
    faults = [
        _fault(origin, "", f'"{metric.name}" is {value:g} {metric.unit}: no measurement is that far from 1')
        for metric, value in values
        if not abs(value) <= _MOST
    ]
    if faults:
        raise CannotDecideError(faults)
    return tuple((metric, value if abs(value) >= _LEAST else 0.0) for metric, value in values)


def _twice(
    own: Iterable[str], values: Iterable[tuple[Metric, float]], series: Iterable[Series], origin: str
) -> list[Diagnostic]:
    """Return a fault for each metric of its own that a run states under another name too."""
    names = Counter([*(metric.name for metric, _ in values), *(x.metric.name for x in series)])
    return [
        _fault(origin, f"/metrics/{name}", f'the run states "{canonical_name(name)}" twice')
        for name in own
        if names[canonical_name(name)] > 1
    ]


def explain(content: bytes, origin: str, cause: str) -> NoReturn:
    """Raise everything that is wrong with a summary that the decoder refused.

    Raises:
        CannotDecideError: always.
    """
    document = load_json(content, origin, "run-invalid", _HINT)
    stated = str(document.get("schema")) if isinstance(document, dict) else ""
    for other, (what, hint) in _OTHER_FILES.items():
        if stated.startswith(other):
            raise cannot_decide("run-invalid", what, place=origin, hint=hint.replace("FILE", shlex.quote(origin)))
    faults = schema.explain("run", document)
    if not faults:
        raise CannotDecideError([_fault(origin, "", cause)])
    raise CannotDecideError([_fault(origin, f.pointer, f.message) for f in faults])


def _fault(origin: str, pointer: str, message: str) -> Diagnostic:
    return error("run-invalid", message, place=at(origin, pointer), hint=_HINT)
