"""Profile <-> JSON text of a baseline or of a profile file. Same content, same bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from perfgate import schema
from perfgate.core.errors import CannotDecideError, at, cannot_decide, error
from perfgate.core.metrics import Metric
from perfgate.core.profile import (
    MetricProfile,
    Profile,
    Provenance,
    Sample,
    Session,
    counts_to_data,
    find_wrong_counts,
    samples_from_data,
    session_extras,
)
from perfgate.core.run import slug
from perfgate.core.statistic import STORED
from perfgate.core.text.canonical import rounded, short_hash, whole
from perfgate.core.text.strict_json import has_key_twice, load_json
from perfgate.schema.baseline_types import (
    FlatBaseline,
    StoredBaseline,
    StoredFailed,
    StoredMetric,
    StoredProfile,
    StoredProfiles,
    StoredSession,
    StoredShard,
)
from perfgate.store.layout import layout
from perfgate.store.stated import decode_stated, encode_stated, round_metric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.run import Labels

BASELINE = "perfgate/baseline/1"
FLAT = "perfgate/baseline/0"
PROFILE = "perfgate/profile/1"

RESTORE_OR_AGAIN = "restore it: git checkout -- FILE; or delete it, measure again, then perfgate baseline refresh"
"""The way out of a damaged baseline."""


MOST_METRICS = 10_000
"""Metrics of one benchmark: a thousand stages have three each. Each is held against every rule."""


def file_name(benchmark: str, labels: Labels) -> str:
    """Return the name of a benchmark's baseline file: readable, and unique by the hash of name and labels."""
    identity = json.dumps([benchmark, [list(pair) for pair in labels]], ensure_ascii=True)
    return f"{slug(benchmark) or 'benchmark'}-{short_hash(identity, digits=8)}.json"


def body(profile: Profile, *, of_runs: bool = False) -> dict[str, Any]:
    """Return a profile as JSON data, its values rounded; of runs with what was asked when they were read."""
    stated = {m.metric.name: encode_stated(m) for m in profile.metrics if m.stated}
    return {
        "benchmark": profile.benchmark,
        "labels": dict(profile.labels),
        "machine_class": profile.machine_class,
        "metrics": {m.metric.name: _metric_body(m, of_runs=of_runs) for m in profile.metrics if not m.stated},
        **({"stated": stated} if stated else {}),
        "sessions": {
            s.id: {
                "started_at": s.started_at,
                "machine": s.machine,
                "commit": s.commit,
                "rows_used": list(s.rows_used),
                "runs": list(s.runs),
                **session_extras(s),
            }
            for s in profile.sessions
        },
        "environment": dict(profile.environment),
    }


def _metric_body(profile: MetricProfile, *, of_runs: bool) -> dict[str, Any]:
    short = round_metric(profile)
    stated: dict[str, Any] = {"unit": profile.metric.unit, "better": profile.metric.better}
    if profile.sources:
        stated["source"] = list(profile.sources)
    if profile.least and of_runs:
        stated["least"] = profile.least
    stated["n"] = profile.count
    quantiles = short.pooled_quantiles([q for _, q in STORED])
    stated.update({name: rounded(value) for (name, _), value in zip(STORED, quantiles, strict=True)})
    stated["values"] = {s.session: [whole(v) for v in s.values] for s in short.samples}
    return stated | counts_to_data(profile.samples)


def encode_baseline(profile: Profile) -> bytes:
    """Return the bytes of a baseline file."""
    document: dict[str, Any] = {"schema": BASELINE, **body(profile)}
    if profile.provenance:
        p = profile.provenance
        document["provenance"] = {"commit": p.commit, "date": p.date, "tool": p.tool, "reason": p.reason}
    return (layout(document, "", "") + "\n").encode()


class ProfileFile(Struct, frozen=True, kw_only=True):
    """What a profile file holds."""

    profiles: tuple[Profile, ...]
    """One for each benchmark and class of machine."""
    shard: StoredShard | None
    """Which shard of how many they are; None: it does not say."""
    failed: tuple[StoredFailed, ...]
    """Sessions of which all runs of a benchmark failed: no profile has values of them."""


def encode_profiles(
    profiles: tuple[Profile, ...], shard: StoredShard | None = None, failed: Sequence[StoredFailed] = ()
) -> bytes:
    """Return the bytes of a profile file, of a shard's when it is one, with the sessions that only failed."""
    document: dict[str, Any] = {"schema": PROFILE}
    if shard is not None:
        document["shard"] = msgspec.to_builtins(shard)
    if failed:
        document["failed"] = [{k: v for k, v in msgspec.to_builtins(f).items() if v != ""} for f in failed]
    return (layout({**document, "profiles": [body(p, of_runs=True) for p in profiles]}, "", "") + "\n").encode()


def decode_baseline(content: bytes, origin: str) -> tuple[Profile, bool]:
    """Return the profile of a baseline file, and whether it is in the present schema.

    Raises:
        CannotDecideError: it is not valid; the error names every fault.
    """
    version = _version(content, origin)
    if version == FLAT:
        return _upgrade_flat(content, origin), False
    if version != BASELINE:
        message = f'unknown schema "{version}"' if version else 'the key "schema" is missing'
        raise cannot_decide(
            "baseline-version",
            f'{message}; this perfgate reads "{BASELINE}" and "{FLAT}"',
            place=origin,
            hint="install the perfgate that wrote it, or " + RESTORE_OR_AGAIN,
        )
    try:
        stored = msgspec.json.decode(content, type=StoredBaseline)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as caught:
        raise _explained("baseline", content, origin, str(caught)) from None
    return from_body(stored, origin), True


def decode_profiles(content: bytes, origin: str) -> tuple[Profile, ...]:
    """Return the profiles of a profile file.

    Raises:
        CannotDecideError: it is not valid; the error names every fault.
    """
    return decode_profile_file(content, origin).profiles


def decode_profile_file(content: bytes, origin: str, document: object = None) -> ProfileFile:
    """Return what a profile file holds.

    Args:
        content: its bytes.
        origin: its path, for messages.
        document: what `document_of` read from it; None: it has to be read.

    Raises:
        CannotDecideError: it is not valid; the error names every fault.
    """
    try:
        stored = msgspec.json.decode(content, type=StoredProfiles)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as caught:
        raise _explained("profile", content, origin, str(caught)) from None
    if has_key_twice(content, msgspec.json.decode(content) if document is None else document):
        load_json(content, origin, "baseline-invalid", RESTORE_OR_AGAIN)
    profiles = tuple(from_body(p, origin) for p in stored.profiles)
    return ProfileFile(profiles=profiles, shard=stored.shard, failed=tuple(stored.failed))


def document_of(content: bytes) -> object:
    """Return the JSON document that a file holds, None when it holds none."""
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def version_of(content: bytes) -> str:
    """Return the schema that a file states, empty when it states none or is no JSON object."""
    return version_in(document_of(content))


def version_in(document: object) -> str:
    """Return the schema that a document states, empty when it states none or is no JSON object."""
    stated = document.get("schema", "") if isinstance(document, dict) else ""
    return stated if isinstance(stated, str) else ""


def _version(content: bytes, origin: str) -> str:
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as caught:
        message = f"is not JSON: {caught}" if content.strip() else "is empty"
        if content.startswith(b"version https://git-lfs"):
            message = "a pointer of Git LFS, not the file: keep baselines in git itself, they are small text files"
        raise cannot_decide("baseline-invalid", message, place=origin, hint=RESTORE_OR_AGAIN) from None
    if not isinstance(document, dict):
        raise cannot_decide("baseline-invalid", "not a JSON object", place=origin, hint=RESTORE_OR_AGAIN)
    if has_key_twice(content, document):
        load_json(content, origin, "baseline-invalid", RESTORE_OR_AGAIN)
    stated = document.get("schema", "")
    return stated if isinstance(stated, str) else ""


def _explained(name: str, content: bytes, origin: str, cause: str) -> CannotDecideError:
    try:
        faults = schema.explain(name, msgspec.json.decode(content))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        faults = []
    diagnostics = [
        error("baseline-invalid", f.message, place=at(origin, f.pointer), hint=RESTORE_OR_AGAIN) for f in faults
    ]
    return CannotDecideError(diagnostics or [error("baseline-invalid", cause, place=origin, hint=RESTORE_OR_AGAIN)])


def from_body(stored: StoredProfile, origin: str) -> Profile:
    """Return the profile that decoded data states, after checking that its parts agree.

    Raises:
        CannotDecideError: a stated quantile is not the one of the values, or a session
            has values but no facts (or the reverse): somebody edited or merged it by hand.
    """
    if len(stored.metrics) + len(stored.stated) > MOST_METRICS:
        message = f"holds more than {MOST_METRICS:,} metrics of one benchmark"
        raise cannot_decide("baseline-invalid", message, place=origin, hint=RESTORE_OR_AGAIN)
    problems = []
    metrics: list[MetricProfile] = []
    for name, m in stored.metrics.items():
        wrong = find_wrong_counts(m.values, m.stands_for, m.hits) if m.stands_for or m.hits else []
        if not wrong:
            metrics.append(_metric(name, m))
            wrong = _find_disagreements(m, metrics[-1])
        problems += [f"/metrics/{name}/{what}" for what in wrong]
        problems += [f"/metrics/{name}/values/{s}" for s in m.values if s not in stored.sessions]
    for name, q in stored.stated.items():
        problems += [f"/stated/{name}/quantiles/{s}" for s in q.quantiles if s not in stored.sessions]
        if name in stored.metrics:
            problems.append(f"/stated/{name}")
    measured = {s for m in stored.metrics.values() for s in m.values}
    measured |= {s for q in stored.stated.values() for s in q.quantiles}
    problems += [f"/sessions/{s}" for s in stored.sessions if s not in measured]
    if not stored.metrics and not stored.stated:
        problems = ["/metrics"]
    if problems:
        message = "does not agree with the values of the file: it was edited or merged by hand"
        raise CannotDecideError(
            [error("baseline-inconsistent", message, place=f"{origin}: {p}", hint=RESTORE_OR_AGAIN) for p in problems]
        )
    metrics += [decode_stated(name, q) for name, q in stored.stated.items()]
    return Profile(
        benchmark=stored.benchmark,
        labels=tuple(sorted(stored.labels.items())),
        machine_class=stored.machine_class,
        sessions=tuple([_session(name, s) for name, s in stored.sessions.items()]),
        metrics=tuple(sorted(metrics, key=lambda m: m.metric.name)),
        environment=tuple(sorted(stored.environment.items())),
        provenance=_provenance(stored) if isinstance(stored, StoredBaseline) else None,
    )


def _provenance(stored: StoredBaseline) -> Provenance | None:
    p = stored.provenance
    return Provenance(commit=p.commit, date=p.date, tool=p.tool, reason=p.reason) if p else None


def _session(name: str, stored: StoredSession) -> Session:
    return Session(
        id=name,
        started_at=stored.started_at,
        machine=stored.machine,
        commit=stored.commit,
        rows_used=tuple(map(int, stored.rows_used)),
        runs=tuple(stored.runs),
        cpu_model=stored.cpu_model,
        failed=int(stored.failed),
    )


def _metric(name: str, stored: StoredMetric) -> MetricProfile:
    return MetricProfile(
        metric=Metric(name=name, unit=stored.unit, better=stored.better),
        sources=tuple(stored.source),
        samples=samples_from_data(stored.values, stored.stands_for, stored.hits),
        least=stored.least,
    )


def _find_disagreements(stored: StoredMetric, metric: MetricProfile) -> list[str]:
    """Return the stated facts of a metric that its values do not bear out."""
    wrong = ["n"] if stored.n != metric.count else []
    quantiles = metric.pooled_quantiles([q for _, q in STORED])
    pairs = zip(STORED, quantiles, strict=True)
    return wrong + [name for (name, _), value in pairs if getattr(stored, name) != rounded(value)]


def _upgrade_flat(content: bytes, origin: str) -> Profile:
    """Return the profile of schema 0, the flat layout for writing by hand: values without sessions."""
    try:
        flat = msgspec.json.decode(content, type=FlatBaseline)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as caught:
        raise cannot_decide("baseline-invalid", str(caught), place=origin, hint=RESTORE_OR_AGAIN) from None
    name = f"unknown-{short_hash(content.decode())}"
    return Profile(
        benchmark=flat.benchmark,
        labels=tuple(sorted(flat.labels.items())),
        machine_class=flat.machine_class,
        sessions=(Session(id=name, started_at="", machine="", commit="", rows_used=(flat.rows_used,), runs=()),),
        metrics=tuple(
            MetricProfile(
                metric=Metric(name=metric, unit=m.unit, better=m.better),
                sources=(),
                samples=(Sample(session=name, values=tuple(m.values)),),
            )
            for metric, m in sorted(flat.metrics.items())
        ),
    )


def known_runs(
    profiles: Mapping[Any, Profile] | tuple[Profile, ...], *, unnamed: bool = False
) -> dict[tuple[str, Labels], frozenset[str]]:
    """Return the short hashes of the run ids that baselines hold, by benchmark.

    Args:
        profiles: the baselines.
        unnamed: only runs without a session, which only their ids distinguish from newer runs.
    """
    known: dict[tuple[str, Labels], frozenset[str]] = {}
    for p in profiles if isinstance(profiles, tuple) else profiles.values():
        held = {r for s in p.sessions if not (unnamed and s.is_named) for r in s.runs}
        known[p.key] = known.get(p.key, frozenset()) | held
    return known
