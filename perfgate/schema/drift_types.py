"""The shape of a reference of input samples for the fast decoder; equal to the published schema by a test."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Name = Annotated[str, msgspec.Meta(min_length=1)]


class StoredClusters(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Rows that belong together."""

    field: _Name
    count: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    mean_rows: Annotated[float, msgspec.Meta(ge=1)]


class StoredFeature(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One field: a number has points, a category levels, the others neither."""

    kind: Literal["number", "text", "boolean", "mixed", "time", "structure", "nothing"]
    count: _Count
    missing: _Count
    odd: _Count = 0
    intraclass: _Share = 0.0
    missing_intraclass: _Share = 0.0
    values: list[float] | None = None
    below: list[_Count] | None = None
    at_most: list[_Count] | None = None
    levels: dict[str, Annotated[int, msgspec.Meta(ge=1, le=2**53)]] | None = None
    least_rows: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None
    hidden: _Count | None = None
    hidden_rows: _Count | None = None


class StoredReference(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    schema: Literal["perfgate/drift-reference/1"]
    rows: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    least_rows: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    features: dict[str, StoredFeature]
    fields: list[_Name] = []
    clusters: StoredClusters | None = None
