"""Current samples and their reference -> verdict: the one place that decides about drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import error
from perfgate.core.rollout.drift import FEWEST_ROWS, Compared, DriftVerdict, FieldCheck
from perfgate.core.text.names import list_some
from perfgate.gate.drift.checks import effective, find_checks, why_not_compared, why_too_few
from perfgate.gate.drift.effective import Sides
from perfgate.gate.drift.shapes import find_bins, find_distances
from perfgate.stats.multiplicity import holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.finding import Level
    from perfgate.core.rollout.drift import Counted, Current, Outcome, Reference
    from perfgate.gate.drift.checks import Raw

_ORDER: tuple[Outcome, ...] = ("drift", "too-few", "same", "not-compared")
_MORE = "collect more of them, over a longer time"
_MOST_NAMES = 5
_MANY_POINTS = 20


def judge_drift(
    reference: Reference,
    current: Current,
    *,
    level: Level,
    origin: str = "",
    files: Sequence[str] = (),
    notes: Sequence[Diagnostic] = (),
) -> DriftVerdict:
    """Return whether the inputs drifted.

    Args:
        reference: the summary.
        current: what the current samples have.
        level: whether drift fails, warns or is only shown.
        origin: where the reference was read.
        files: those of the current samples.
        notes: what was left out when they were read.
    """
    sides = Sides.of(reference, current)
    few = [
        error("drift-insufficient", f"{rows:,} samples {where}, fewer than {FEWEST_ROWS}", place=place, hint=_MORE)
        for rows, where, place in zip(
            sides.rows, ("in the reference", "now"), (origin, ", ".join(files[:_MOST_NAMES])), strict=True
        )
        if rows < FEWEST_ROWS
    ]
    features = () if few else _compare(current.features, sides)
    return DriftVerdict(
        level=level,
        reference=origin,
        current=tuple(files),
        rows=sides.rows,
        clusters=sides.clusters,
        features=features,
        problems=tuple(few or _undecided(features, current, sides, origin)),
        notes=tuple(notes),
    )


def _is_same(features: Sequence[Counted]) -> bool:
    """Are the samples those that the reference was made of? No others have all of their counts alike.

    At least one number has to have so many points that chance could not make them equal.
    """
    points = [c for c in features if c.feature.numbers is not None and len(c.below) >= _MANY_POINTS]
    return bool(points) and all(
        (c.count, c.missing, c.odd) == (c.feature.count, c.feature.missing, c.feature.odd)
        and (c.feature.numbers is None or (c.below, c.at_most) == (c.feature.numbers.below, c.feature.numbers.at_most))
        and (c.feature.levels is None or c.levels == tuple(rows for _, rows in c.feature.levels.counts))
        for c in features
    )


def _compare(features: Sequence[Counted], sides: Sides) -> tuple[Compared, ...]:
    raw = [list(find_checks(counted, sides)) for counted in features]
    adjusted = iter(holm([t.p for tests in raw for t in tests]))
    compared = [
        _compared(counted, tests, [next(adjusted) for _ in tests], sides)
        for counted, tests in zip(features, raw, strict=True)
    ]
    return tuple(sorted(compared, key=lambda c: _ORDER.index(c.outcome)))


def _compared(counted: Counted, raw: Sequence[Raw], adjusted: Sequence[float], sides: Sides) -> Compared:
    checks = tuple(
        FieldCheck(check=t.check, effect=t.effect, floor=t.floor, p=t.p, adjusted=p, words=t.words)
        for t, p in zip(raw, adjusted, strict=True)
    )
    never = why_not_compared(counted)
    few = "" if never else why_too_few(counted, sides)
    independent = effective(counted, sides)
    outcome: Outcome = "not-compared" if never else "too-few" if few else "same"
    is_shown = not never and not few
    return Compared(
        name=counted.feature.name,
        kind=counted.feature.kind,
        outcome="drift" if any(t.is_drift for t in checks) else outcome,
        why=never or few,
        checks=checks,
        distances=tuple(find_distances(counted, independent)) if is_shown else (),
        bins=find_bins(counted) if is_shown else (),
        effective=independent,
    )


def _undecided(features: Sequence[Compared], current: Current, sides: Sides, origin: str) -> list[Diagnostic]:
    """Return why nothing is decided about fields that have values enough, or about all of them."""
    if not any(f.outcome in {"drift", "same"} for f in features):
        why = list_some([f"{f.name}: {f.why}" for f in features], _MOST_NAMES) or "the reference has no such field"
        hint = "compare other fields, or collect more samples"
        return [error("drift-nothing-compared", f"no field can be compared ({why})", place=origin, hint=hint)]
    enough = {
        c.feature.name
        for c in current.features
        if min(c.feature.count, c.count) >= FEWEST_ROWS and why_too_few(c, sides) and not why_not_compared(c)
    }
    if _is_same(current.features):
        message = "the samples are those that the reference was made of: they cannot differ from it"
        return [error("drift-same-samples", message, place=origin, hint="name samples that were collected later")]
    clustered = [f for f in features if f.outcome == "too-few" and f.name in enough]
    hint = "collect samples of more clusters, or leave these fields out: fields in [drift], or --field"
    return [error("drift-insufficient", f"{f.name}: {f.why}", place=origin, hint=hint) for f in clustered]
