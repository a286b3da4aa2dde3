"""What a change does to its own gate: as JSON data, and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfgate.core.gate_changes import GateChange, Move
from perfgate.report.document import Block, Bullets, name, text
from perfgate.report.words import amount, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.finding import Verdict
    from perfgate.report.document import Line, Span

_SLUGS = frozenset({"gate-edited", "gate-edit-refused"})
_MOST_FILES = 12
_MOST_MOVES = 4
_NONE = "–"


def change_to_data(change: GateChange) -> dict[str, Any]:
    """Return a change of the gate as JSON data."""
    return {
        "kind": change.kind,
        "edit": change.edit,
        "path": change.path,
        "name": change.name,
        "machine_class": change.machine_class,
        "moves": [
            {"what": m.what, "unit": m.unit, "before": m.before, "after": m.after, "change": m.change, "laxer": m.laxer}
            for m in change.moves
        ],
    }


def change_from_data(data: dict[str, Any]) -> GateChange:
    """Return the change of the gate that valid data states."""
    return GateChange(**{**data, "moves": tuple(Move(**m) for m in data["moves"])})


def list_gate_changes(verdict: Verdict) -> list[Block]:
    """Return what was edited, a line for each file; nothing when the gate allows it."""
    if not any(d.slug in _SLUGS for d in (*verdict.notes, *verdict.problems)) or not verdict.gate_changes:
        return []
    lines = [_file(c) for c in verdict.gate_changes[:_MOST_FILES]]
    more = len(verdict.gate_changes) - _MOST_FILES
    lines += [(text(f"… and {more} more files"),)] if more > 0 else []
    return [Bullets(lines=tuple(lines))]


def _file(change: GateChange) -> Line:
    """Return what was done to one file."""
    what = name(f"{change.name} ({change.machine_class})" if change.name else change.path)
    line: Line = (what, text(f" {'cannot be read' if change.edit == 'unreadable' else change.edit}"))
    for index, move in enumerate(_worst_first(change.moves)[:_MOST_MOVES]):
        line += (text("; " if index else ": "), *_describe_move(move))
    more = len(change.moves) - _MOST_MOVES
    return (*line, text(f"; and {more} more")) if more > 0 else line


def _worst_first(moves: Sequence[Move]) -> list[Move]:
    return sorted(moves, key=lambda m: not m.laxer)


def _describe_move(move: Move) -> Line:
    """Return one value, before and after."""
    line: Line = (name(move.what), text(" "), _value(move, move.before), text(" → "), _value(move, move.after))
    remarks = [percent(move.change)] if move.change is not None and move.unit else []
    remarks += ["lets more pass"] if move.laxer else []
    return (*line, text(f" ({', '.join(remarks)})")) if remarks else line


def _value(move: Move, value: float | str | None) -> Span:
    if value is None or value == "":
        return text(_NONE)
    if isinstance(value, str):
        return name(value)
    other = move.after if value == move.before else move.before
    if not move.unit:
        return text(f"{value:g}")
    return name(amount(value, move.unit, beside=other if isinstance(other, int | float) else None))
