"""``baselines/input-reference.json`` <-> reference: canonical JSON, a level a line, so that a diff can be read."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from perfgate import schema
from perfgate.core.errors import CannotDecideError, at, cannot_decide, error
from perfgate.core.rollout.drift import Clusters, Feature, Levels, Numbers, Reference
from perfgate.core.text.canonical import dumps
from perfgate.core.text.strict_json import load_json
from perfgate.schema.drift_types import StoredFeature, StoredReference

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = "perfgate/drift-reference/1"
LARGEST = 16 * 1024 * 1024
"""Largest file in bytes: a thousand fields fit."""
_INVALID = "drift-reference-invalid"
_HINT = "restore it from git, or write it again: perfgate baseline drift"
_EXACT = 1e15  # whole numbers up to there are written without a point


def encode(reference: Reference) -> bytes:
    """Return the content of the file."""
    clusters = reference.clusters
    document = {
        "schema": SCHEMA,
        "rows": reference.rows,
        "least_rows": reference.least_rows,
        "fields": list(reference.fields),
        "clusters": clusters
        and {"field": clusters.field, "count": clusters.count, "mean_rows": _number(clusters.mean_rows)},
        "features": {feature.name: _to_data(feature) for feature in reference.features},
    }
    return dumps(document).encode()


def _to_data(feature: Feature) -> dict[str, Any]:
    data: dict[str, Any] = {
        "kind": feature.kind,
        "count": feature.count,
        "missing": feature.missing,
        "odd": feature.odd,
        "intraclass": _number(feature.intraclass),
        "missing_intraclass": _number(feature.missing_intraclass),
    }
    if feature.numbers is not None:
        data["values"] = [_number(value) for value in feature.numbers.values]
        data["below"] = list(feature.numbers.below)
        data["at_most"] = list(feature.numbers.at_most)
    if feature.levels is not None:
        data["levels"] = dict(feature.levels.counts)
        data["least_rows"] = feature.levels.least_rows
        data["hidden"] = feature.levels.hidden
        data["hidden_rows"] = feature.levels.hidden_rows
    return data


def _number(value: float) -> float | int:
    """Return a number as it is written: all of its digits, since a tie that is rounded would move."""
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def decode(content: bytes, origin: str) -> Reference:
    """Return the reference of a file.

    Args:
        content: the file.
        origin: its path, for messages.

    Raises:
        CannotDecideError: it is not valid, or of another version.
    """
    document = load_json(content, origin, _INVALID, _HINT)
    version = document.get("schema") if isinstance(document, dict) else None
    if version != SCHEMA:
        found = f'found "{version}"' if isinstance(version, str) else "it states none"
        hint = "install the perfgate that wrote it, or write it again: perfgate baseline drift"
        message = f'this perfgate reads the schema "{SCHEMA}"; {found}'
        raise cannot_decide("drift-reference-version", message, place=origin, hint=hint)
    try:
        stored = msgspec.convert(document, StoredReference)
    except msgspec.ValidationError as caught:
        faults = schema.explain("drift-reference", document)
        found_faults = [error(_INVALID, f.message, place=at(origin, f.pointer), hint=_HINT) for f in faults]
        raise CannotDecideError(found_faults or [error(_INVALID, str(caught), place=origin, hint=_HINT)]) from None
    problems = [
        error(_INVALID, message, place=at(origin, f"/features/{name}"), hint=_HINT)
        for name, feature in stored.features.items()
        for message in _disagreements(feature, stored.rows)
    ]
    if problems:
        raise CannotDecideError(problems)
    clusters = stored.clusters
    return Reference(
        rows=int(stored.rows),
        fields=tuple(stored.fields),
        least_rows=int(stored.least_rows),
        clusters=None
        if clusters is None
        else Clusters(field=clusters.field, count=int(clusters.count), mean_rows=clusters.mean_rows),
        features=tuple(_from_data(name, feature) for name, feature in sorted(stored.features.items())),
    )


def _from_data(name: str, stored: StoredFeature) -> Feature:
    numbers = levels = None
    if stored.values and stored.below and stored.at_most:
        numbers = Numbers(
            values=tuple(map(float, stored.values)),
            below=tuple(map(int, stored.below)),
            at_most=tuple(map(int, stored.at_most)),
        )
    elif stored.kind == "number":
        numbers = Numbers(values=(), below=(), at_most=())
    if isinstance(stored.levels, dict):
        levels = Levels(
            counts=tuple(sorted(((k, int(v)) for k, v in stored.levels.items()), key=lambda item: (-item[1], item[0]))),
            least_rows=int(stored.least_rows or 1),
            hidden=int(stored.hidden or 0),
            hidden_rows=int(stored.hidden_rows or 0),
        )
    return Feature(
        name=name,
        kind=stored.kind,
        count=int(stored.count),
        missing=int(stored.missing),
        odd=int(stored.odd),
        intraclass=stored.intraclass,
        missing_intraclass=stored.missing_intraclass,
        numbers=numbers,
        levels=levels,
    )


def _disagreements(stored: StoredFeature, rows: float) -> Iterator[str]:
    """Yield what of a feature does not agree with the rest: somebody edited or merged it by hand."""
    if stored.count + stored.missing + stored.odd != rows:
        yield f"count, missing and odd are not {rows:,} rows together"
    points = (stored.values, stored.below, stored.at_most)
    if any((part is msgspec.UNSET) == (stored.kind == "number") for part in points):
        yield "values, below and at_most belong to a number, all three"
    elif stored.kind == "number" and not _ascend(stored):
        yield "values, below and at_most do not ascend, or are beyond the count"
    of_levels = (stored.levels, stored.least_rows, stored.hidden, stored.hidden_rows)
    is_category = stored.kind in {"text", "boolean", "mixed"}
    if any((part is msgspec.UNSET) == is_category for part in of_levels):
        yield "levels, least_rows, hidden and hidden_rows belong to a category, all four"
    elif is_category and sum((stored.levels or {}).values()) + (stored.hidden_rows or 0) != stored.count:
        yield f"the rows of the levels are not {stored.count:,} together"


def _ascend(stored: StoredFeature) -> bool:
    """Are the points of a number ascending, each with at least one value, and none beyond the count?"""
    values, below, at_most = stored.values or [], stored.below or [], stored.at_most or []
    if not len(values) == len(below) == len(at_most):
        return False
    return (
        all(a < b for a, b in pairwise(values))
        and all(a < b for a, b in zip(below, at_most, strict=True))
        and all(a <= b for a, b in zip(at_most, [*below[1:], stored.count], strict=False))
    )
