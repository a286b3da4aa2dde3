"""Which baseline belongs to which runs, and why a baseline has none. The baselines are the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import Diagnostic, note
from perfgate.core.finding import Finding, Status
from perfgate.core.profile import Profile, title
from perfgate.gate.judge import Pair
from perfgate.gate.rows import finding_of, rows_of
from perfgate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.collect import Key, Selection
    from perfgate.core.policy import Policy
    from perfgate.pipeline.inputs import Side


def pair(base: Sequence[Profile], selection: Selection, policy: Policy, *, classless: bool) -> list[Pair]:
    """Return the benchmarks to judge, both sides as far as they exist.

    Only classes of machine that were measured now are judged: the baselines of the
    others belong to other legs of a matrix. When nothing was measured, all baselines
    are missing.

    Args:
        base: all baselines.
        selection: what was measured.
        policy: its exclude list counts.
        classless: compare without regard to the class of machine.
    """
    wanted = {c for c in (policy.machine_class,) if c} | {s.machine_class for s in selection.selected}
    committed = {p.machine_class for p in base}
    judged = wanted & committed or (committed if not wanted else set())
    baselines = {_place(p, classless=classless): p for p in base if classless or p.machine_class in judged}
    current = {
        _place(p, classless=classless): p
        for p in selection.profiles
        if classless or not committed or (p.machine_class in judged and not _classes_elsewhere(base, p))
    }
    pairs = []
    for place in sorted({*baselines, *current}):
        was, now = baselines.get(place), current.get(place)
        present = was or now
        if present is not None and not policy.excludes(present.benchmark, title(*present.key)):
            pairs.append(Pair(base=was, current=now, absent=_absent(present.key, place[0], selection)))
    return pairs


def _classes_elsewhere(base: Sequence[Profile], profile: Profile) -> list[str]:
    """Return the classes that have a baseline of a benchmark whose own class has none."""
    classes = sorted({p.machine_class for p in base if p.key == profile.key})
    return [] if profile.machine_class in classes else classes


def unjudged(base: Side, selection: Selection) -> list[Diagnostic]:
    """Return a note on the classes of machine that have baselines, but of which nothing was measured."""
    measured = {s.machine_class for s in selection.selected}
    others = sorted({p.machine_class for p in base.profiles} - measured)
    if base.is_classless or not measured or not others:
        return []
    return [note("classes-not-judged", f"baselines of other machines were not judged: {', '.join(others)}")]


def _place(profile: Profile, *, classless: bool) -> tuple[str, Key]:
    return ("" if classless else profile.machine_class, profile.key)


def _absent(key: Key, machine_class: str, selection: Selection) -> tuple[str, str]:
    """Return why nothing was measured of a benchmark, as slug and further facts."""
    mine = [s for s in selection.selected if s.key == key and machine_class in ("", s.machine_class)]
    failed, known = sum(s.failed for s in mine), sum(s.known for s in mine)
    if failed:
        return (
            "all-failed",
            f"{failed} of {failed + known} runs failed" if known else f"{failed} runs, all failed",
        )
    if known:
        return "only-baseline-runs", count(known, "run")
    older = [s for s in selection.superseded if s.key == key and s.ok]
    if older:
        return (
            "older-session",
            f"its newest runs are of session {max(older, key=lambda s: s.started_at).session}",
        )
    return "no-runs", ""


def foreign(base: Side, selection: Selection, policy: Policy, *, known: bool) -> list[Finding]:
    """Return a finding for each measured benchmark that has baselines of other classes of machine only."""
    if not known or base.is_classless or not selection.selected:
        return []
    committed = sorted({p.machine_class for p in base.profiles})
    findings = []
    for profile in selection.profiles:
        elsewhere = _classes_elsewhere(base.profiles, profile) if profile.machine_class in committed else committed
        if not elsewhere or policy.excludes(profile.benchmark, title(*profile.key)):
            continue
        row = next(rows_of(None, profile, policy), None)
        if row is not None:
            message = f"the runs are of {profile.machine_class}, the baselines of {', '.join(elsewhere)}"
            findings.append(finding_of(row, Status.NOT_COMPARABLE, "class-differs", message))
    return findings
