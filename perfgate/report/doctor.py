"""What `perfgate doctor` found -> document: the checks by subject, of each subject the gravest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from perfgate.report.document import Block, Column, Document, Entry, Heading, Line, Paragraph, Table, name, strong, text
from perfgate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SCHEMA = "perfgate/doctor/1"
Level = Literal["ok", "note", "warning", "error"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note", "ok")
"""The gravest first; an error means that nothing can be measured here."""
_COLUMNS = (
    Column(title="Level", kind="text", leads=True),
    Column(title="Subject", kind="text", leads=True),
    Column(title="Found", kind="text"),
)


class Check(Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    area: str
    """The section that it is listed in."""
    name: str
    """Stable short name, such as ``governor``; docs/doctor.md lists them."""
    level: Level
    """How grave it is."""
    found: str
    """What was found, in words; may hold names from the machine."""
    hint: str = ""
    """What to do about it, one sentence; empty: nothing."""
    values: Mapping[str, Any] | None = None
    """The same as JSON data; None: the words are all there is."""


def gravest(levels: Iterable[Level]) -> Level:
    """Return the gravest of some levels; ``ok`` of none."""
    return min(levels, key=LEVELS.index, default="ok")


def compose_doctor(checks: Sequence[Check], *, tool: str) -> Document:
    """Return the report of what was found.

    Args:
        checks: in the order in which sections, and within a section the checks of one level, are shown.
        tool: version of perfgate.
    """
    blocks: list[Block] = [Paragraph(line=_headline(checks))]
    for area in dict.fromkeys(check.area for check in checks):
        blocks.append(Heading(line=(text(area),)))
        section = sorted((c for c in checks if c.area == area), key=lambda check: LEVELS.index(check.level))
        entries = tuple(_entry(check) for check in section)
        blocks.append(Table(columns=_COLUMNS, entries=entries, remarks=True))
    return Document(data=_to_data(checks, tool), blocks=tuple(blocks))


def _headline(checks: Sequence[Check]) -> Line:
    counts = [(level, sum(check.level == level for check in checks)) for level in LEVELS]
    numbers = ", ".join(count(n, level) for level, n in counts if n and level != "ok")
    return strong("Doctor"), text(f": {numbers or 'nothing to do'}, {count(len(checks), 'check')}.")


def _entry(check: Check) -> Entry:
    cells = (text(check.level), text(check.name), name(check.found))
    return Entry(cells=cells, remark=(text(f"Hint: {check.hint}"),) if check.hint else ())


def _to_data(checks: Sequence[Check], tool: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "tool": tool,
        "level": gravest(check.level for check in checks),
        "checks": [
            {
                "area": check.area,
                "name": check.name,
                "level": check.level,
                "found": check.found,
                "hint": check.hint,
                "values": dict(check.values or {}),
            }
            for check in checks
        ],
    }
