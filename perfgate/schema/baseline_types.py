"""The shapes of baselines and profiles for the fast decoder; equal to the published schemas by a test."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Whole = Annotated[int, msgspec.Meta(ge=0)] | Annotated[float, msgspec.Meta(ge=0, multiple_of=1)]  # 7.0 is one too
_Many = Annotated[int, msgspec.Meta(ge=1, le=2**53)] | Annotated[float, msgspec.Meta(ge=1, le=2**53, multiple_of=1)]
_Hits = Annotated[int, msgspec.Meta(ge=0, le=2**53)] | Annotated[float, msgspec.Meta(ge=0, le=2**53, multiple_of=1)]
_Shards = Annotated[int, msgspec.Meta(ge=1, le=9999)] | Annotated[float, msgspec.Meta(ge=1, le=9999, multiple_of=1)]
_Better = Literal["lower", "higher"]


class StoredMetric(msgspec.Struct, forbid_unknown_fields=True):
    """One metric: its values by session, and the quantiles stated beside them."""

    unit: _Name
    better: _Better
    n: Annotated[int, msgspec.Meta(ge=1)] | Annotated[float, msgspec.Meta(ge=1, multiple_of=1)]
    p50: float
    p95: float
    p99: float
    values: Annotated[dict[str, Annotated[list[float], msgspec.Meta(min_length=1)]], msgspec.Meta(min_length=1)]
    source: list[str] = []
    stands_for: dict[str, _Many] = {}
    hits: dict[str, _Hits] = {}
    least: float = 0.0


class StoredQuantiles(msgspec.Struct, forbid_unknown_fields=True):
    """One metric of which a tool states only quantiles: these by session, and the bounds of the buckets they lie in."""

    unit: _Name
    better: _Better
    quantiles: Annotated[dict[str, Annotated[dict[str, float], msgspec.Meta(min_length=1)]], msgspec.Meta(min_length=1)]
    bounds: dict[str, dict[str, tuple[float, float | None]]] = {}
    source: list[str] = []


class StoredSession(msgspec.Struct, forbid_unknown_fields=True):
    """Facts about one session."""

    started_at: str
    machine: str
    commit: str
    rows_used: list[_Whole]
    runs: list[Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{12}([0-9a-f]{8})?$")]]
    cpu_model: str = ""
    failed: _Hits = 0


class StoredProvenance(msgspec.Struct, forbid_unknown_fields=True):
    """Where a baseline came from."""

    commit: str
    date: str
    tool: str
    reason: str


class StoredProfile(msgspec.Struct, forbid_unknown_fields=True):
    """One profile of a profile file."""

    benchmark: _Name
    labels: dict[str, str]
    machine_class: _Name
    metrics: dict[str, StoredMetric]
    sessions: Annotated[dict[str, StoredSession], msgspec.Meta(min_length=1)]
    environment: dict[str, str] = {}
    stated: dict[str, StoredQuantiles] = {}


class StoredBaseline(StoredProfile, forbid_unknown_fields=True, kw_only=True):
    """A baseline file of schema 1."""

    schema: Literal["perfgate/baseline/1"]
    provenance: StoredProvenance | None = None


class StoredFailed(msgspec.Struct, forbid_unknown_fields=True):
    """A session of which all runs of one benchmark failed, so that no profile holds it."""

    benchmark: _Name
    labels: dict[str, str]
    machine_class: _Name
    session: _Name
    runs: _Many
    started_at: str = ""
    commit: str = ""


class StoredShard(msgspec.Struct, forbid_unknown_fields=True):
    """Which shard a profile file holds, and what must be alike in all shards."""

    index: _Shards
    total: _Shards
    commit: _Name
    rules: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{12}$(?!\n)")]


class StoredProfiles(msgspec.Struct, forbid_unknown_fields=True):
    """A profile file of schema 1."""

    schema: Literal["perfgate/profile/1"]
    profiles: Annotated[list[StoredProfile], msgspec.Meta(min_length=1)]
    shard: StoredShard | None = None
    failed: list[StoredFailed] = []


class FlatMetric(msgspec.Struct, forbid_unknown_fields=True):
    """One metric of the flat layout."""

    unit: _Name
    values: Annotated[list[float], msgspec.Meta(min_length=1)]
    better: _Better = "lower"


class FlatBaseline(msgspec.Struct, forbid_unknown_fields=True):
    """A baseline of schema 0: values without sessions, easy to write by hand."""

    schema: Literal["perfgate/baseline/0"]
    benchmark: _Name
    machine_class: _Name
    metrics: Annotated[dict[str, FlatMetric], msgspec.Meta(min_length=1)]
    labels: dict[str, str] = {}
    rows_used: Annotated[int, msgspec.Meta(ge=0)] = 0
