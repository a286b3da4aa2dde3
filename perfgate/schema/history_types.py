"""The shape of a record of the ledger for the fast decoders; equal to the published schema by a test."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)] | Annotated[float, msgspec.Meta(ge=0, le=2**53, multiple_of=1)]
_Value = Annotated[float, msgspec.Meta(ge=0)]

_INSTANT = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z)?$(?!\n)"


class StoredHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: what all rows of the record share."""

    schema: Literal["perfgate/history/1"]
    session: _Name
    started_at: Annotated[str, msgspec.Meta(pattern=_INSTANT)]
    machine_class: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$(?!\n)")]
    machine: str
    commit: str
    branch: str
    tool: str
    rows_used: dict[str, list[_Count]]
    environment: dict[str, str]


class StoredRow(msgspec.Struct, frozen=True, array_like=True):
    """Each line below it: one metric of one benchmark."""

    benchmark: _Name
    labels: dict[str, str]
    metric: _Name
    unit: str
    better: Literal["lower", "higher"]
    n: _Count
    p50: _Value
    p95: _Value | None
    spread: _Value | None
    source: list[str]
