"""``baselines/waivers.toml`` <-> waivers and removals: reviewed text beside the baselines. All faults at once."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from perfgate import schema
from perfgate.core.errors import CannotDecideError, Diagnostic, at, cannot_decide, error
from perfgate.core.metrics import canonical_name
from perfgate.core.policy import Removal, Waiver
from perfgate.core.statistic import P50, STATISTICS
from perfgate.core.text.strict_toml import load_toml
from perfgate.core.text.toml_lines import locate
from perfgate.core.text.units import parse_change

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from perfgate.core.text.units import Change

NAME = "waivers.toml"
LARGEST = 1 << 20
"""Largest file in bytes."""

_SLUG = "waivers-invalid"
_HINT = "docs/waivers.md lists every key"
_WANTED = ("benchmark", "metric", "ceiling", "until", "reason")
_OPTIONAL = ("statistic", "issue")
_OF_REMOVED = frozenset({"benchmark", "reason"})


class Reviewed(Struct, frozen=True, kw_only=True):
    """What a file permits."""

    waivers: tuple[Waiver, ...] = ()
    """What may be worse for a time."""
    removals: tuple[Removal, ...] = ()
    """Benchmarks that were removed on purpose."""


def parse(content: bytes, origin: str) -> Reviewed:
    """Return what a file permits.

    Args:
        content: the file.
        origin: its path, for messages.

    Raises:
        CannotDecideError: it is not valid; the error names every fault.
    """
    if len(content) > LARGEST:
        raise cannot_decide(_SLUG, f"is larger than {LARGEST:,} bytes", place=origin, hint="remove old waivers")
    try:
        text = content.decode("utf-8-sig")
        document = _with_text_dates(load_toml(text))
    except UnicodeDecodeError as caught:
        message = f"is not UTF-8 (byte {caught.start})"
        raise cannot_decide(_SLUG, message, place=origin, hint="save the file as UTF-8") from None
    except (ValueError, RecursionError) as caught:  # ValueError: also a number of thousands of digits
        raise cannot_decide(_SLUG, f"is not TOML: {caught}", place=origin, hint="correct that line") from None
    if not _is_shaped(document):
        faults = [_fault(origin, f.pointer, f.message) for f in schema.explain("waivers", document)]
        raise CannotDecideError(locate(faults, text, origin))
    problems: list[Diagnostic] = []
    found: dict[tuple[str, str, str], Waiver] = {}
    for index, table in enumerate(document.get("waiver", ())):
        waiver = _read(table, index, origin, problems)
        if waiver is None:
            continue
        if waiver.row in found:
            message = f"a second waiver of {waiver.place}"
            problems.append(_fault(origin, f"/waiver/{index}", message, hint="keep one of them"))
        found[waiver.row] = waiver
    removals = _removals(document.get("removed", ()), origin, problems)
    if problems:
        raise CannotDecideError(locate(problems, text, origin))
    return Reviewed(waivers=tuple(found.values()), removals=removals)


def _removals(tables: Sequence[dict[str, str]], origin: str, problems: list[Diagnostic]) -> tuple[Removal, ...]:
    """Return the benchmarks that were removed on purpose; the faults are added to `problems`."""
    found: dict[str, Removal] = {}
    for index, table in enumerate(tables):
        name = table["benchmark"]
        if message := unsound_text(table["reason"]) or ("" if table["reason"].strip() else "says nothing"):
            problems.append(_fault(origin, f"/removed/{index}/reason", message))
        if name in found:
            message = f"{name} is removed twice"
            problems.append(_fault(origin, f"/removed/{index}", message, hint="keep one of them"))
        found[name] = Removal(origin=f"removed {index + 1} ({origin})", benchmark=name, reason=table["reason"])
    return tuple(found.values())


def _with_text_dates(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose dates are text, as JSON knows them."""
    tables = document.get("waiver")
    if isinstance(tables, list):
        for table in tables:
            until = table.get("until") if isinstance(table, dict) else None
            if isinstance(until, dt.date):  # a point in time is one, too, and no day by its length
                table["until"] = until.isoformat()
    return document


def _is_shaped(document: dict[str, Any]) -> bool:
    """Has the document the shape of waivers-1.json? Equal to it by a test; it spares a clean check jsonschema."""
    return (
        not document.keys() - {"waiver", "removed"}
        and _are_shaped(document.get("waiver", []), wanted={*_WANTED}, known={*_WANTED, *_OPTIONAL})
        and _are_shaped(document.get("removed", []), wanted=_OF_REMOVED, known=_OF_REMOVED)
    )


def _are_shaped(tables: object, *, wanted: AbstractSet[str], known: AbstractSet[str]) -> bool:
    """Is it a list of tables that hold texts under the keys they need, and no others?"""
    return isinstance(tables, list) and all(
        isinstance(t, dict) and wanted <= t.keys() <= known and all(isinstance(v, str) and v for v in t.values())
        for t in tables
    )


def _read(table: dict[str, str], index: int, origin: str, problems: list[Diagnostic]) -> Waiver | None:
    """Return the waiver of a table; None when it cannot be read; the faults are added to `problems`."""
    pointer = f"/waiver/{index}"
    ceiling = None
    try:
        ceiling = parse_change(table["ceiling"])
    except ValueError as caught:
        problems.append(_fault(origin, f"{pointer}/ceiling", str(caught)))
    faults = [
        (key, message)
        for key, message in (
            ("until", unsound_day(table["until"])),
            ("reason", unsound_text(table["reason"])),
            ("issue", unsound_text(table.get("issue", ""))),
            ("statistic", unsound_statistic(table.get("statistic", P50))),
        )
        if message
    ]
    problems += [_fault(origin, f"{pointer}/{key}", message) for key, message in faults]
    if ceiling is None or faults:
        return None
    return Waiver(
        origin=f"waiver {index + 1} ({origin})",
        benchmark=table["benchmark"],
        metric=canonical_name(table["metric"]),
        statistic=table.get("statistic", P50),
        ceiling=ceiling,
        until=table["until"],
        reason=table["reason"],
        issue=table.get("issue", ""),
    )


def unsound_day(text: str) -> str:
    """Return why a text is not a day; empty when it is one."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return f'"{text}" is not a day; write it like 2026-01-31'
    return "" if text == day.isoformat() else f'"{text}" is not a day; write "{day.isoformat()}"'


def unsound_text(text: str) -> str:
    """Return why a text cannot stand in a report's row; empty when it can."""
    if not text.isprintable():
        return "holds characters that cannot be printed; write one line of plain text"
    return "" if len(text) <= 500 else "is longer than 500 characters; write a line"  # noqa: PLR2004 - as it says


def unsound_statistic(text: str) -> str:
    """Return why a text is no statistic; empty when it is one."""
    return "" if text in STATISTICS else f'"{text}" is none of {", ".join(STATISTICS)}'


def _fault(origin: str, pointer: str, message: str, *, hint: str = _HINT) -> Diagnostic:
    return error(_SLUG, message, place=at(origin, pointer), hint=hint)


def add_waiver(
    content: bytes, *, row: tuple[str, str, str], ceiling: Change, until: str, reason: str, issue: str
) -> bytes:
    """Return a file with one more waiver; what stands in it stays as it is, comments too.

    Args:
        content: the file so far, valid; empty: there is none.
        row: benchmark, metric and statistic.
        ceiling: largest worsening that passes.
        until: last day, ``2026-01-31``.
        reason: why.
        issue: where it is followed up; empty: nowhere.
    """
    benchmark, metric, statistic = row
    lines = [
        "[[waiver]]",
        f"benchmark = {_quoted(benchmark)}",
        f"metric = {_quoted(metric)}",
        *([f"statistic = {_quoted(statistic)}"] if statistic != P50 else []),
        f"ceiling = {_quoted(ceiling.text)}",
        f"until = {until}",
        f"reason = {_quoted(reason)}",
        *([f"issue = {_quoted(issue)}"] if issue else []),
    ]
    before = content.decode("utf-8-sig")
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    return f"{before}{gap}{chr(10).join(lines)}\n".encode()


def _quoted(text: str) -> str:
    """Return a text as TOML: its strings escape as those of JSON do, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
