"""The published JSON Schemas, and the one door to jsonschema, which explains what is wrong.

Typed decoders (msgspec) decide fast that all is well; only a file that they refuse
comes here, so that a clean check never pays for jsonschema.
"""

from __future__ import annotations

import json
import math
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from perfgate.core.text.names import list_some
from perfgate.core.text.near_names import find_near

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsonschema.exceptions import ValidationError

NAMES = (
    "run",
    "baseline",
    "profile",
    "percentiles",
    "report",
    "audit",
    "config",
    "waivers",
    "drift-reference",
    "history",
)
"""Schemas; `_NEWEST` has the versions of those that are no longer at their first."""

_NEWEST = {"report": 2}

MOST_FAULTS = 1000
"""Faults of one document that are reported; a large and wholly wrong one would fill the memory with them."""

_LONGEST = 60
_MOST_NAMED = 6
_EXACT = 2.0**53
_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}
_SIZES = {
    "minLength": ("at least", "characters"),
    "maxLength": ("at most", "characters"),
    "minItems": ("at least", "entries"),
    "maxItems": ("at most", "entries"),
    "minProperties": ("at least", "keys"),
    "maxProperties": ("at most", "keys"),
}


class Fault(Struct, frozen=True, kw_only=True):
    """One violation of a schema."""

    path: tuple[str | int, ...]
    """Keys and indexes that lead to the place; empty for the whole document."""
    message: str
    """What was expected and what was found."""
    is_unknown_key: bool = False
    """Is it a key too many, which hides nothing else?"""

    @property
    def pointer(self) -> str:
        """JSON pointer of the place, such as ``/samples/2/unit``, each key cut to a length that fits a line."""
        return "".join(f"/{_escaped(str(key))}" for key in self.path)


def text(name: str, version: int | None = None) -> str:
    """Return a schema's text, one of `NAMES`; of its newest version unless one is asked for."""
    from importlib import resources  # 10 ms that a clean check does not need

    return (
        resources.files(__package__)
        .joinpath(f"{name}-{version or _NEWEST.get(name, 1)}.json")
        .read_text(encoding="utf-8")
    )


def load(name: str, version: int | None = None) -> dict[str, Any]:
    """Return a schema as data, as `text` does."""
    schema: dict[str, Any] = json.loads(text(name, version))
    return schema


def explain(name: str, document: object, version: int | None = None) -> list[Fault]:
    """Return what is wrong with a document, in the order of its places; empty when nothing is.

    Args:
        name: of the schema, one of `NAMES`.
        document: what is to fulfil it.
        version: of the schema; None: the newest.
    """
    import jsonschema  # 90 ms that only a faulty document costs

    validator = jsonschema.Draft202012Validator(load(name, version))
    found = islice(validator.iter_errors(document), MOST_FAULTS)
    errors = sorted(found, key=lambda e: [str(p) for p in e.absolute_path])
    return list(dict.fromkeys(fault for e in errors for fault in _faults(e)))


def remove_unknown_keys(document: dict[str, Any], faults: Iterable[Fault]) -> None:
    """Remove the keys from a document that `explain` reports as unknown."""
    for fault in faults:
        if fault.is_unknown_key:
            table: Any = document
            for key in fault.path[:-1]:
                table = table[key]
            del table[fault.path[-1]]


def _faults(error: ValidationError) -> list[Fault]:
    """Return one validation error in our words; unknown keys are reported one by one."""
    wanted: Any = error.validator_value
    schema: Any = error.schema
    found: Any = error.instance
    path = tuple(error.absolute_path)
    if error.validator == "required":
        missing = [k for k in wanted if k not in found]
        return [Fault(path=path, message=_describe_missing(missing))] if missing else []
    if error.validator == "additionalProperties" and wanted is False:
        known = list(schema.get("properties", {}))
        return [
            Fault(
                path=(*path, k),
                message=f'unknown key "{_cut(k)}"{_did_you_mean(k, known)}',
                is_unknown_key=True,
            )
            for k in found
            if k not in known
        ]
    if error.validator == "enum":
        options = ", ".join(json.dumps(v) for v in wanted)
        return [Fault(path=path, message=f"expected one of {options}, found {_shown(found)}")]
    if error.validator == "type":
        types = wanted if isinstance(wanted, list) else [wanted]
        named = " or ".join(_type_name(t) for t in types if t != "null")
        return [Fault(path=path, message=f"expected {named}, found {_shown(found)}")]
    if error.validator in _BOUNDS:
        message = f"expected {_BOUNDS[error.validator]} {_bound(wanted)}, found {_shown(found)}"
        return [Fault(path=path, message=message)]
    if error.validator in _SIZES:
        return [Fault(path=path, message=_describe_size(str(error.validator), wanted, len(found)))]
    if error.validator == "pattern" and "description" in schema:
        return [Fault(path=path, message=f"found {_shown(found)}; expected: {schema['description']}")]
    if error.validator in {"oneOf", "anyOf"}:
        return _faults_of_branches(error)
    if error.validator == "const":
        return [
            Fault(
                path=path,
                message=f"expected {_shown(wanted)}, found {_shown(found)}",
            )
        ]
    return [Fault(path=path, message=f"{_cut(error.message)}")]


def _describe_missing(keys: list[str]) -> str:
    named = [f'"{k}"' for k in keys]
    if len(named) == 1:
        return f"the key {named[0]} is missing"
    return f"the keys {list_some(named, _MOST_NAMED)} are missing"


def _describe_size(validator: str, wanted: int, size: int) -> str:
    """Return what is wrong with the length of a text, list or object."""
    which, unit = _SIZES[validator]
    if wanted == 1 and which == "at least":
        return "must not be empty"
    return f"expected {which} {wanted} {unit}, found {size}"


def _faults_of_branches(error: ValidationError) -> list[Fault]:
    """Return the faults of a value that may have several forms: those of the form that it has, else the forms."""
    forms: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        forms.setdefault(inner.schema_path[0], []).append(inner)
    path = tuple(error.absolute_path)
    other = [
        e
        for errors in forms.values()
        for e in errors
        if e.validator == "type" and e.absolute_path == error.absolute_path
    ]
    meant = [errors for errors in forms.values() if not any(e in other for e in errors)]
    if len(meant) == 1:
        return [fault for inner in meant[0] for fault in _faults(inner)]
    if not meant:
        named = " or ".join(_type_name(str(e.validator_value)) for e in other)
        return [Fault(path=path, message=f"expected {named}, found {_shown(error.instance)}")]
    lacking: list[Any] = [e.validator_value for errors in meant for e in errors if e.validator == "required"]
    if lacking:
        keys = [key for wanted in lacking for key in wanted]
        return [Fault(path=path, message=f"one of these keys is missing: {', '.join(dict.fromkeys(keys))}")]
    return [Fault(path=path, message=_cut(error.message))]


def find_not_finite(document: object, path: tuple[str | int, ...] = ()) -> list[Fault]:
    """Return the numbers of a document that are infinite, or none: a schema does not know of them."""
    if isinstance(document, dict):
        return [fault for key, value in document.items() for fault in find_not_finite(value, (*path, key))]
    if isinstance(document, list):
        return [fault for i, value in enumerate(document) for fault in find_not_finite(value, (*path, i))]
    if isinstance(document, float) and not math.isfinite(document):
        return [Fault(path=path, message=f"expected a finite number, found {document}")]
    return []


def _bound(value: float) -> str:
    """Return a limit without the decimals of a whole number that a double holds."""
    return str(int(value)) if abs(value) < _EXACT and value == int(value) else str(value)


def _type_name(name: str) -> str:
    """Return a JSON type with its article."""
    return ("an " if name[0] in "aeiou" else "a ") + name


def _shown(value: object) -> str:
    """Return a value as JSON, cut to a length that fits a line."""
    try:
        return _cut(json.dumps(value, ensure_ascii=True))
    except (TypeError, ValueError):
        return _cut(str(value))


def _cut(message: str) -> str:
    """Return the text, cut to a length that fits a line."""
    return message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"


def _escaped(key: str) -> str:
    """Return a key as a part of a JSON pointer (RFC 6901)."""
    return _cut(key.replace("~", "~0").replace("/", "~1"))


def _did_you_mean(word: str, known: list[str]) -> str:
    """Return a suggestion in words, or nothing when no known word is near."""
    near = find_near(word, known)
    return f'; did you mean "{near}"?' if near else f"; known: {', '.join(known)}"
