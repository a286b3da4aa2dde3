"""The parts of a report of a check, as data: what belongs to each, in the order of need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from perfgate.core.finding import WHOLE_SUITE, Finding, Status, Verdict
from perfgate.core.metrics import is_of_stage

if TYPE_CHECKING:
    from collections.abc import Sequence

Need = Literal["verdict", "attention", "other", "background"]
"""Who needs a part: it makes the verdict; it deserves attention; it holds; only those who ask."""


class Part(Struct, frozen=True, kw_only=True):
    """A section of a report."""

    name: str
    """By which code calls it."""
    title: str
    """Its heading."""
    noun: str
    """What one of its values is, in a count: ``3 suspected``."""
    need: Need
    """Who needs it."""
    has_steps: bool = False
    """Is there something to do about its values?"""


PARTS: tuple[Part, ...] = (
    Part(name="failed", title="Regressed", noun="regressed", need="verdict", has_steps=True),
    Part(name="undecided", title="Could not be judged", noun="could not be judged", need="verdict", has_steps=True),
    Part(name="removed", title="Removed", noun="removed", need="attention"),
    Part(name="suspected", title="Suspected (does not fail)", noun="suspected", need="attention", has_steps=True),
    Part(
        name="refuted", title="Suspected before, not confirmed", noun="suspected before and not confirmed",
        need="attention",
    ),
    Part(name="waived", title="Worse, and waived", noun="waived", need="attention"),
    Part(name="advisory", title="Worse, but not gated", noun="worse, but not gated", need="attention"),
    Part(name="unknown", title="Unknown, and not gated", noun="unknown, and not gated", need="attention"),
    Part(name="improved", title="Improved", noun="improved", need="attention", has_steps=True),
    Part(
        name="noisy", title="Too noisy to judge (does not fail)", noun="too noisy to judge", need="attention",
        has_steps=True,
    ),
    Part(name="within", title="No significant change", noun="without a significant change", need="other"),
    Part(name="unchanged", title="Within the threshold", noun="within the threshold", need="other"),
    Part(name="new", title="New", noun="new", need="other"),
    Part(name="stages", title="Stages that took longer", noun="of stages", need="background"),
    Part(
        name="shown", title="Percentiles of too few runs", noun="shown only (too few runs for a percentile)",
        need="background",
    ),
    Part(name="ungated", title="Not gated", noun="not gated", need="background"),
)  # fmt: skip
"""The parts that hold values, what a reader needs most first."""


def title_of(part: Part, findings: Sequence[Finding]) -> str:
    """Return the heading of a part; where nothing was measured it says so."""
    if part.name == "undecided" and all(f.status is Status.MISSING for f in findings):
        return "Not measured"
    return part.title


_PLAIN = {
    Status.IMPROVED: "improved",
    Status.SUSPECTED: "suspected",
    Status.WAIVED: "waived",
    Status.REMOVED: "removed",
    Status.NEW: "new",
}
_HOLDING = {Status.TOO_NOISY: "noisy", Status.WITHIN_NOISE: "within", Status.UNCHANGED: "unchanged"}
UNJUDGED = frozenset({Status.NEW, Status.REMOVED})


def judged(verdict: Verdict) -> list[Finding]:
    """Return the gated values that were to be judged."""
    return [
        f for f in verdict.findings if f.level == "fail" and f.status not in UNJUDGED and f.benchmark != WHOLE_SUITE
    ]


def group(verdict: Verdict) -> dict[str, list[Finding]]:
    """Return the findings by the name of the part that they belong to, each part in the order of the verdict."""
    groups: dict[str, list[Finding]] = {p.name: [] for p in PARTS}
    for f in verdict.findings:
        if f.benchmark != WHOLE_SUITE or f.status is not Status.UNCHANGED:
            groups[_part_of(f, verdict)].append(f)
    if groups["new"] and not verdict.baseline and not verdict.introduces:
        groups["new"] = _not_limited(groups["new"], [f for f in verdict.findings if f.method == "budget"])
    return groups


def _not_limited(new: Sequence[Finding], limited: Sequence[Finding]) -> list[Finding]:
    """Return the values without those that a budget judged: without baselines "new" says nothing more of them.

    A budget on a series of Prometheus may call the only metric of that series by a name of its own: then that of
    the same statistic and the same value is meant.
    """
    of_metric = {f.key for f in limited}
    names = {f.key for f in new}
    of_value = {(f.key[:3], f.statistic, f.current) for f in limited if f.key not in names}
    return [f for f in new if f.key not in of_metric and (f.key[:3], f.statistic, f.current) not in of_value]


def _part_of(f: Finding, verdict: Verdict) -> str:
    """Return the name of the part of a finding."""
    if f.status is Status.IMPROVED:
        return "improved"
    if verdict.fails(f):
        return "failed"
    if verdict.is_undecided(f):
        return "undecided"
    if f.level == "fail" and f.reason == "not-confirmed":
        return "refuted"
    if f.level == "fail" and f.reason == "budget-of-few-calls":
        return "suspected"
    if f.status in _HOLDING:
        if not f.method and f.benchmark != WHOLE_SUITE:
            return "shown"  # a percentile of few runs only repeats what its median says
        return _HOLDING[f.status] if f.level == "fail" else "ungated"
    if f.status is Status.ADVISORY and f.reason == "saturated":
        return "unknown"
    if f.status is Status.ADVISORY and f.level == "info" and is_of_stage(f.metric):
        return "stages"  # it explains the time of the whole, which is judged
    return _PLAIN.get(f.status, "advisory")
