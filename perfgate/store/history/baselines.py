"""The history that versions of the baselines hold: each states its newest sessions, so that every ninth is enough."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, note
from perfgate.core.history.past import BenchmarkHistory, History, Past, Reading
from perfgate.core.metrics import Metric
from perfgate.core.rollout.drift import REFERENCE
from perfgate.core.run import OF_ONE_RUN
from perfgate.core.statistic import P50
from perfgate.core.text.names import list_some
from perfgate.schema.baseline_types import StoredMetric, StoredProvenance, StoredQuantiles
from perfgate.stats.quantiles import median, quantile, runs_needed_for_bound
from perfgate.store.baselines import LARGEST
from perfgate.store.codec import FLAT, decode_baseline, encode_baseline, version_of
from perfgate.store.git import UNSHALLOW, is_shallow
from perfgate.store.history.record import is_time, is_usable
from perfgate.store.history.versions import list_missing, list_versions, promisor, read_contents

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.run import Labels
    from perfgate.store.history.versions import Version

_EVERY = 9
"""Of the ten sessions that a version holds by default, the oldest is the newest one of the ninth version before."""
LEAST_FOR_P95 = runs_needed_for_bound(0.95, 0.95)
"""Values that a p95 of one session needs."""

_Key = tuple[str, str, "Labels"]


class _File:
    """What was read of the versions of one file, by their places, the newest 0."""

    def __init__(self, versions: Sequence[Version], missing: Collection[str]) -> None:
        self.is_present = bool(versions[0].oid)
        self.missing = sum(v.oid in missing for v in versions)
        self.versions = [v for v in versions if v.oid and v.oid not in missing]
        self.wanted = {*range(0, len(self.versions), _EVERY), *([len(self.versions) - 1] if self.versions else [])}
        self.read: dict[int, _Version | None] = {}

    def ask(self) -> Iterator[tuple[int, str, _Version | None]]:
        """Yield place and hash of each version that is still to be read, and the next newer one that was read."""
        newer: _Version | None = None
        for place in sorted(self.wanted):
            if place in self.read:
                newer = self.read[place] or newer
            else:
                yield place, self.versions[place].oid, newer

    def close_gaps(self) -> None:
        """Ask for the version before one that cannot be read, and for those between two that leave something open.

        Between versions that share no session, or were measured in different environments, one is asked for. A session
        that states no time stands at the date of the version that has it first: all are asked for.
        """
        self.wanted |= {place + 1 for place, found in self.read.items() if not found and place + 1 < len(self.versions)}
        for newer, older in pairwise(place for place, found in sorted(self.read.items()) if found):
            one, other = self.read[newer], self.read[older]
            if one and other and older - newer > 1:
                is_untimed = any(not s.started_at and name not in other.sessions for name, s in one.sessions.items())
                if is_untimed or one.environment != other.environment or one.sessions.keys().isdisjoint(other.sessions):
                    between = [p for p in range(newer + 1, older) if p not in self.read]
                    self.wanted |= {*(between if is_untimed else between[len(between) // 2 :][:1])}


class _Version(msgspec.Struct, frozen=True, kw_only=True):
    """What one version of a baseline states."""

    key: _Key
    environment: Labels
    reason: str | None
    """Why it was refreshed; None: it was written by hand."""
    sessions: dict[str, Past]
    unusable: Collection[str]
    """Names of sessions with values that nothing can compute with."""


class _StatedSession(msgspec.Struct):
    """What a history needs of `StoredSession`."""

    started_at: str
    machine: str
    commit: str
    rows_used: list[int | Annotated[float, msgspec.Meta(multiple_of=1)]]


class _Stated(msgspec.Struct):
    """What a history needs of `StoredBaseline`; metrics that nobody asks for are not decoded."""

    schema: Literal["perfgate/baseline/1"]
    benchmark: str
    labels: dict[str, str]
    machine_class: str
    metrics: dict[str, msgspec.Raw]
    sessions: dict[str, _StatedSession]
    environment: dict[str, str] = {}
    stated: dict[str, msgspec.Raw] = {}
    provenance: StoredProvenance | None = None


_decode = msgspec.json.Decoder(_Stated).decode
_decode_metric = msgspec.json.Decoder(StoredMetric).decode
_decode_quantiles = msgspec.json.Decoder(StoredQuantiles).decode


def read_baselines(folder: str, ref: str, below: str, *, wants: Callable[[str], bool]) -> History:
    """Return the history of the baselines along the first parents of a commit.

    Args:
        folder: in the repository.
        ref: full hash of the newest commit.
        below: folder of the baselines, relative to `folder`.
        wants: is a metric of that name asked for?

    Raises:
        CannotDecideError: git cannot be asked.
    """
    remote = promisor(folder)
    fetch = f"git fetch --refetch --no-filter {remote}"
    try:
        listed = list_versions(folder, ref, below)
        missing = list_missing(folder, ref, below) if remote else set[str]()
    except CannotDecideError:
        if not remote:
            raise
        remark = note("history-unreadable", "the clone is partial, and lacks older folders", place=below, hint=fetch)
        return History(source="", benchmarks=(), notes=(remark,))
    files = {path: _File(found, missing) for path, found in listed.items() if not path.endswith(f"/{REFERENCE}")}
    while asked := [(file, *version) for file in files.values() for version in file.ask()]:
        # as they were committed: git stores a version as its difference from the one beside it
        asked.sort(key=lambda one: one[0].versions[one[1]].recorded_at, reverse=True)
        of_content: dict[str, list[tuple[_File, int, _Version | None]]] = defaultdict(list)
        for file, place, oid, newer in asked:
            file.read[place] = None
            of_content[oid].append((file, place, newer))
        for oid, content in read_contents(folder, [*of_content], largest=LARGEST):
            for file, place, newer in of_content[oid]:
                file.read[place] = _parse(content, file.versions[place].recorded_at, wants, newer)
        for file in files.values():
            file.close_gaps()
    return History(
        source=f"versions of {below}",
        benchmarks=tuple(sorted(_join(files.values()), key=lambda b: (b.machine_class, b.benchmark, b.labels))),
        notes=tuple(_notes(folder, files, below, fetch)),
    )


def _parse(content: bytes, recorded_at: str, wants: Callable[[str], bool], newer: _Version | None) -> _Version | None:
    """Return what a version states; None when it cannot be read, as one with marks of a conflict.

    Args:
        content: of the file.
        recorded_at: date of the commit that has it first (UTC, ISO 8601).
        wants: is a metric of that name asked for?
        newer: a newer version, whose values count for the sessions that both state; None: there is none.
    """
    try:
        stored = _decode_stated(content)
        key = (stored.machine_class, stored.benchmark, tuple(sorted(stored.labels.items())))
        known = newer.sessions.keys() if newer and newer.key == key else frozenset[str]()
        readings: dict[str, dict[str, Reading]] = {name: {} for name in stored.sessions if name not in known}
        is_open = bool(readings)
        metrics = {n: _decode_metric(raw) for n, raw in stored.metrics.items() if is_open and wants(n)}
        stated_metrics = {n: _decode_quantiles(raw) for n, raw in stored.stated.items() if is_open and wants(n)}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, CannotDecideError):
        return None
    unusable = set[str]()
    for name, m in metrics.items():
        metric, sources = Metric(name=name, unit=m.unit, better=m.better), tuple(m.source)
        for session, values in m.values.items():
            if session in readings:
                n = int(m.stands_for.get(session, len(values)))
                p50 = median(values)
                p95 = quantile(sorted(values), 0.95) if len(values) >= LEAST_FOR_P95 else None
                readings[session][name] = Reading(metric=metric, sources=sources, n=n, p50=p50, p95=p95)
                if not is_usable(p50, p95):
                    unusable.add(session)
    for name, q in stated_metrics.items():
        metric, sources = Metric(name=name, unit=q.unit, better=q.better), tuple(q.source)
        for session, stated in q.quantiles.items():
            if session in readings and P50 in stated:
                p50, p95 = stated[P50], stated.get("p95")
                readings[session][name] = Reading(metric=metric, sources=sources, n=0, p50=p50, p95=p95)
                if not is_usable(p50, p95):
                    unusable.add(session)
    environment = tuple(sorted((k, v) for k, v in stored.environment.items() if k not in OF_ONE_RUN))
    return _Version(
        key=key,
        environment=environment,
        reason=stored.provenance.reason if stored.provenance else None,
        sessions={
            name: Past(
                session=name,
                started_at=s.started_at if is_time(s.started_at) else "",
                recorded_at=recorded_at,
                machine=s.machine,
                commit=s.commit,
                rows_used=tuple(map(int, s.rows_used)),
                environment=environment,
                restart=None,
                readings=readings.get(name, {}),
            )
            for name, s in stored.sessions.items()
            if name not in unusable
        },
        unusable=unusable,
    )


def _decode_stated(content: bytes) -> _Stated:
    """Return what a baseline states; of schema 0 what it is in the present one."""
    try:
        return _decode(content)
    except msgspec.ValidationError:
        if version_of(content) != FLAT:
            raise
        profile, _ = decode_baseline(content, "")
        return _decode(encode_baseline(profile))


def _join(files: Iterable[_File]) -> Iterator[BenchmarkHistory]:
    """Yield each benchmark once, also where its file moved to another folder or name."""
    found: dict[_Key, dict[str, Past]] = {}
    present: set[_Key] = set()
    for file in files:
        newest = min((place for place, version in file.read.items() if version), default=0)
        for place, version in sorted(file.read.items(), reverse=True):  # the oldest first: the newest statement stays
            if version is None:
                continue
            known = found.setdefault(version.key, {})
            older = file.read.get(place + 1)
            is_anew = older is not None and bool(older.sessions) and version.sessions.keys().isdisjoint(older.sessions)
            for name, past in version.sessions.items():
                first = known.get(name)
                restart = version.reason if is_anew and name == next(iter(version.sessions)) else None
                known[name] = (
                    replace(past, environment=first.environment, recorded_at=first.recorded_at, restart=first.restart)
                    if first
                    else replace(past, restart=restart)
                    if restart is not None
                    else past
                )
            if file.is_present and place == newest:
                present.add(version.key)
    _order(found)
    for (machine_class, benchmark, labels), sessions in found.items():
        if not sessions:
            continue
        yield BenchmarkHistory(
            machine_class=machine_class,
            benchmark=benchmark,
            labels=labels,
            is_present=(machine_class, benchmark, labels) in present,
            sessions=tuple(sorted(sessions.values(), key=lambda s: (s.when, s.session))),
        )


def _order(found: Mapping[_Key, dict[str, Past]]) -> None:
    """Give sessions that state no time, and that git got to know in the same second, times in the order of the file."""
    fullest = sorted(found.items(), key=lambda item: -len(item[1]))  # others may lack the oldest ones
    untimed = [(k[0], past, held) for k, held in fullest for past in held.values() if not past.started_at]
    of_second: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for machine_class, past, _ in untimed:
        ranks = of_second[machine_class, past.recorded_at]
        ranks.setdefault(past.session, len(ranks))
    for machine_class, past, held in untimed:
        ranks = of_second[machine_class, past.recorded_at]
        if past.recorded_at and len(ranks) > 1:
            at = f"{past.recorded_at.removesuffix('Z')}.{ranks[past.session]:06d}Z"
            held[past.session] = replace(past, recorded_at=at)


def _notes(folder: str, files: dict[str, _File], below: str, fetch: str) -> Iterator[Diagnostic]:
    missing = sum(file.missing for file in files.values())
    if missing:
        count = missing + sum(len(file.versions) for file in files.values())
        message = f"the clone is partial, and lacks {missing:,} of {count:,} versions of baselines"
        yield note("history-unreadable", message, place=below, hint=fetch)
    broken = sorted(path for path, file in files.items() if None in file.read.values())
    if broken:
        count = sum(1 for file in files.values() for found in file.read.values() if found is None)
        message = f"versions of baselines that cannot be read are left out: {count}, of {list_some(broken)}"
        if not any(found for file in files.values() for found in file.read.values()):
            message = f"none of {count:,} versions of baselines can be read: {list_some(broken)}"
        yield note("history-unreadable", message, place=below)
    unusable = {(path, name) for path, file in files.items() for v in file.read.values() if v for name in v.unusable}
    if unusable:
        paths = list_some(sorted({path for path, _ in unusable}))
        message = f"sessions with values that nothing can compute with are left out: {len(unusable)}, of {paths}"
        yield note("history-unreadable", message, place=below, hint="values are 0, or of a size of 1e-100 to 1e100")
    if is_shallow(folder):
        message = "the clone is shallow: what is older than its oldest commit is not known"
        yield note("history-shallow", message, hint=UNSHALLOW)
