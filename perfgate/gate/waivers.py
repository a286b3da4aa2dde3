"""Waivers over findings: what is worse within a ceiling and before a day fails nothing, and is reported each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.errors import Diagnostic, note, warning
from perfgate.core.finding import UNDECIDED, WHOLE_SUITE, Finding, Status
from perfgate.core.profile import title
from perfgate.gate.methods.limits import SLACK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.policy import Waiver
    from perfgate.core.profile import Profile

_WORSENS = {"lower": "+", "higher": "-"}  # the sign of a worsening
_WORSE = frozenset({Status.REGRESSED, Status.SUSPECTED})


def waive(
    findings: Sequence[Finding], waivers: Sequence[Waiver], today: str
) -> tuple[tuple[Finding, ...], tuple[Diagnostic, ...]]:
    """Return findings with those waived that a waiver lets pass, and what is to be said of the waivers.

    A waiver changes the status of its own row only: the row stays in the family that
    shares the accepted false alarms, or else it would move the limits of all others.

    Args:
        findings: of one check.
        waivers: one at most for each row.
        today: the day of the check, ``2026-01-31``.
    """
    notes = [_expired(w) for w in waivers if w.until < today]
    valid = {w.row: w for w in waivers if w.until >= today}
    judged: dict[tuple[str, str, str], list[Finding]] = {}
    found = []
    for f in findings:
        waiver = valid.get(row_of(f))
        if waiver is None or f.method == "budget":
            found.append(f)
        else:
            if waiver.ceiling.sign != _WORSENS[f.better] and not judged.get(waiver.row):
                notes.append(_wrong_sign(waiver, f.better))
            found.append(_waived(f, waiver))
            judged.setdefault(waiver.row, []).append(f)
    for waiver in valid.values():
        rows = judged.get(waiver.row, [])
        if not rows:
            message = "no row of this check is the one that it names"
            notes.append(note("waiver-unused", message, place=_place(waiver), hint="remove it, or correct the name"))
        elif not any(f.status in _WORSE | UNDECIDED for f in rows):
            notes.append(note("waiver-unused", "its row holds without it", place=_place(waiver), hint="remove it"))
    return tuple(found), tuple(notes)


def idle(waivers: Sequence[Waiver], profiles: Sequence[Profile], today: str) -> list[Diagnostic]:
    """Return a warning for each waiver that counts for nothing: it has ended, or no baseline has its row."""
    known = {(title(*p.key), m.metric.name): m.metric.better for p in profiles for m in p.metrics}
    names = {metric for _, metric in known}
    found = []
    for waiver in waivers:
        is_known = waiver.metric in names if waiver.benchmark == WHOLE_SUITE else waiver.row[:2] in known
        if waiver.until < today:
            found.append(_expired(waiver))
        elif (better := known.get(waiver.row[:2])) is not None and waiver.ceiling.sign != _WORSENS[better]:
            found.append(_wrong_sign(waiver, better))
        elif not is_known:
            message = "no baseline has the row that it names"
            found.append(warning("waiver-unused", message, place=_place(waiver), hint="remove it, or correct the name"))
    return found


def row_of(f: Finding) -> tuple[str, str, str]:
    """Return what a waiver calls the row of a finding."""
    return title(f.benchmark, f.labels), f.metric, f.statistic


def _place(waiver: Waiver) -> str:
    return f"{waiver.origin}: {waiver.place}"


def _expired(waiver: Waiver) -> Diagnostic:
    message = f"it ended on {waiver.until} and counts for nothing"
    return warning(
        "waiver-expired", message, place=_place(waiver), hint="fix the regression and remove it, or renew it"
    )


def _wrong_sign(waiver: Waiver, better: str) -> Diagnostic:
    message = f'its ceiling "{waiver.ceiling.text}" points to the better side of the row, so that it lets nothing pass'
    turned = f"{_WORSENS[better]}{waiver.ceiling.text.lstrip('+-')}"
    return warning("waiver-sign", message, place=_place(waiver), hint=f'write "{turned}", in review')


def _waived(f: Finding, waiver: Waiver) -> Finding:
    """Return a finding as a waiver that holds leaves it."""
    if f.status not in _WORSE or f.level != "fail":
        return f
    words = f"up to {waiver.ceiling.text} until {waiver.until}: {waiver.reason}"
    words += f" ({waiver.issue})" if waiver.issue else ""
    if _is_within(f, waiver):
        return replace(f, status=Status.WAIVED, reason="waived", message=words)
    if f.status is Status.REGRESSED:
        return replace(f, reason="beyond-waiver", message=f"it is waived {words}")
    return f


def _is_within(f: Finding, waiver: Waiver) -> bool:
    """Is the worsening one that the waiver allows? A change that its terms do not cover is not.

    It has to be within the ceiling as it was measured, too: what all benchmarks did
    together may be taken off a change, but a value beyond the ceiling is beyond it.
    """
    if f.change is None or waiver.ceiling.sign != _WORSENS[f.better]:
        return False
    changes = [f.change]
    if f.baseline and f.current is not None:
        changes.append((f.current - f.baseline) / abs(f.baseline))
    worse = max(c if f.better == "lower" else -c for c in changes)
    if not waiver.ceiling.is_relative:
        if f.baseline is None or waiver.ceiling.unit != f.unit:
            return False
        worse *= abs(f.baseline)
    return worse <= waiver.ceiling.amount * (1 + SLACK)
