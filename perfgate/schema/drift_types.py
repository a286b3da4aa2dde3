"""The shape of a reference of input samples for the fast decoder; equal to the published schema by a test."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)] | Annotated[float, msgspec.Meta(ge=0, le=2**53, multiple_of=1)]
_Many = Annotated[int, msgspec.Meta(ge=1, le=2**53)] | Annotated[float, msgspec.Meta(ge=1, le=2**53, multiple_of=1)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Name = Annotated[str, msgspec.Meta(min_length=1)]


class StoredClusters(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Rows that belong together."""

    field: _Name
    count: _Many
    mean_rows: Annotated[float, msgspec.Meta(ge=1)]


class StoredFeature(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One field: a number has points, a category levels, the others neither."""

    kind: Literal["number", "text", "boolean", "mixed", "time", "structure", "nothing"]
    count: _Count
    missing: _Count
    odd: _Count = 0
    intraclass: _Share = 0.0
    missing_intraclass: _Share = 0.0
    values: list[float] | msgspec.UnsetType = msgspec.UNSET
    below: list[_Count] | msgspec.UnsetType = msgspec.UNSET
    at_most: list[_Count] | msgspec.UnsetType = msgspec.UNSET
    levels: dict[str, _Many] | msgspec.UnsetType = msgspec.UNSET
    least_rows: _Many | msgspec.UnsetType = msgspec.UNSET
    hidden: _Count | msgspec.UnsetType = msgspec.UNSET
    hidden_rows: _Count | msgspec.UnsetType = msgspec.UNSET


class StoredReference(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    schema: Literal["perfgate/drift-reference/1"]
    rows: _Many
    least_rows: _Many
    features: dict[str, StoredFeature]
    fields: list[_Name] = []
    clusters: StoredClusters | None = None
