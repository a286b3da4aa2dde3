"""The numbers of a verdict as reports state them: 12 digits, so that no last bit of a machine shows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec.structs import astuple, replace

from perfgate.core.finding import NO_EVIDENCE, Evidence

if TYPE_CHECKING:
    from perfgate.core.finding import Finding, Verdict

_FIELDS = Evidence.__struct_fields__


def round_numbers(verdict: Verdict) -> Verdict:
    """Return the verdict with its numbers as `to_data` writes them.

    Every report is drawn from these, so that one drawn again from ``report.json`` reads
    the same where a 13th digit would have decided how a number is rounded.
    """
    return replace(
        verdict,
        findings=tuple(map(_round_finding, verdict.findings)),
        suite=replace(verdict.suite, false_alarms=round_number(verdict.suite.false_alarms)),
    )


def round_number(value: float | None) -> float | None:
    """Return a number with 12 digits; None where there is none, or it is not finite."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.12g}")


def _round_finding(f: Finding) -> Finding:
    return replace(
        f,
        baseline=round_number(f.baseline),
        current=round_number(f.current),
        change=round_number(f.change),
        limit=round_number(f.limit),
        suspect_limit=round_number(f.suspect_limit),
        allowed=round_number(f.allowed),
        detectable=round_number(f.detectable),
        interval=_round_interval(f.interval),
        decision_interval=_round_interval(f.decision_interval),
        evidence=NO_EVIDENCE if f.evidence is NO_EVIDENCE else _round_evidence(f.evidence),
    )


def _round_evidence(evidence: Evidence) -> Evidence:
    stated = zip(_FIELDS, astuple(evidence), strict=True)
    return Evidence(**{name: round_number(value) for name, value in stated if value is not None})


def _round_interval(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return an interval with rounded ends; None when one is infinite."""
    if interval is None:
        return None
    low, high = round_number(interval[0]), round_number(interval[1])
    return None if low is None or high is None else (low, high)
