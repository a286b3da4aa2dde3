"""The checks of one field, each with its effect and its chance without drift; nothing is decided here."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.rollout.drift import FEWEST_EFFECTIVE, FEWEST_ROWS, FLOOR, SHARE_FLOOR
from perfgate.stats.drift.gaps import differs_p, gap_p, largest_gap, more_p

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.rollout.drift import Check, Counted
    from perfgate.gate.drift.effective import Effects, Sides


class Raw(Struct, frozen=True, kw_only=True):
    """A check before its chance is adjusted for the number of all checks."""

    check: Check
    """What was compared."""
    effect: float
    """Size of the difference, -1.0 to 1.0."""
    floor: float
    """Size up to which it is no drift."""
    p: float
    """Chance of so large a difference without drift, 0.0 to 1.0."""
    words: str
    """What differs."""


def find_checks(counted: Counted, sides: Sides) -> Iterator[Raw]:
    """Yield the checks of a field, in their order: presence and missing values, type, levels, distance.

    One that finds nothing on either side is none: it could not show a difference, whatever the samples.
    """
    yield from _missing(counted, sides)
    yield from _odd(counted, sides)
    if why_too_few(counted, sides):
        return
    if counted.feature.levels is not None:
        yield from _unknown(counted, sides)
    if not why_not_compared(counted):
        yield _level_distance(counted, sides) if counted.feature.levels else _distance(counted, sides)


def why_not_compared(counted: Counted) -> str:
    """Return why the distribution of a field is not compared, whatever its rows; empty: it is."""
    feature = counted.feature
    if not feature.count:
        return "a new field" if feature.missing and counted.count else "no value on either side"
    if feature.kind == "time":
        return "points in time move on; log a duration, an hour or a weekday in their place"
    if feature.kind == "structure":
        return "a list; log its length, or what matters of it"
    if feature.levels is not None and not feature.levels.counts:
        return f"no level has {feature.levels.least_rows} rows in the reference, as of an identifier or of free text"
    if feature.numbers is not None and not feature.numbers.values:
        return "the reference has too few numbers"
    return ""


def why_too_few(counted: Counted, sides: Sides) -> str:
    """Return why the values of a field are too few for a statement on their distribution; empty: they are enough."""
    counts = counted.feature.count, counted.count
    for count, where in zip(counts, ("in the reference", "now"), strict=True):
        if count < FEWEST_ROWS:
            return f"{count:,} values {where}, fewer than {FEWEST_ROWS}"
    for independent, where in zip(effective(counted, sides), ("in the reference", "now"), strict=True):
        if independent < FEWEST_EFFECTIVE:
            return (
                f"rows of one cluster are alike: the values are worth {independent:,.0f} independent ones {where}, "
                f"fewer than {FEWEST_EFFECTIVE}"
            )
    return ""


def effective(counted: Counted, sides: Sides) -> tuple[float, float]:
    """Return the number of independent values of the reference, and now."""
    effects = value_effects(counted, sides)
    return counted.feature.count / effects[0], counted.count / effects[1]


def value_effects(counted: Counted, sides: Sides) -> Effects:
    """Return the design effects of the values of a field."""
    counts = counted.feature.count, counted.count
    return sides.effects(max(counted.feature.intraclass, counted.intraclass), counts)


def _missing(counted: Counted, sides: Sides) -> Iterator[Raw]:
    feature = counted.feature
    if not feature.missing and not counted.missing:
        return
    was, now = (feature.missing, sides.rows[0]), (counted.missing, sides.rows[1])
    shares = was[0] / was[1], now[0] / now[1]
    if min(shares) >= 1.0:
        return
    effects = sides.effects(max(feature.missing_intraclass, counted.missing_intraclass))
    check: Check = "schema" if max(shares) >= 1.0 else "missing"
    words = f"missing {_percent(shares[0])} -> {_percent(shares[1])}"
    if shares[1] >= 1.0:
        words = f"the field is missing; it had a value in {_percent(1.0 - shares[0])} of the reference"
    elif shares[0] >= 1.0:
        words = f"a new field, in {_percent(1.0 - shares[1])} of the rows"
    p = differs_p(was, now, effects)
    yield Raw(check=check, effect=shares[1] - shares[0], floor=SHARE_FLOOR, p=p, words=words)


def _odd(counted: Counted, sides: Sides) -> Iterator[Raw]:
    """Yield whether more values have another type than before; a field that never had a value has no type."""
    feature = counted.feature
    if not counted.odd or not feature.count:
        return
    was = feature.odd, feature.count + feature.odd
    now = counted.odd, counted.count + counted.odd
    shares = was[0] / was[1], now[0] / now[1]
    words = f"type {feature.kind} -> {counted.odd_kind} in {_percent(shares[1])} of the values"
    p = more_p(was, now, sides.effects(counted.odd_intraclass, (was[1], now[1])))
    yield Raw(check="type", effect=shares[1] - shares[0], floor=SHARE_FLOOR, p=p, words=words)


def _unknown(counted: Counted, sides: Sides) -> Iterator[Raw]:
    """Yield whether more rows have a level that the reference does not show.

    Levels that are shown were chosen by their rows in the reference, so that the same levels have fewer
    rows in another sample. By how many follows from the levels with exactly as many rows as are needed: the
    estimate of Good and Turing, which they made for levels that were seen once. Two standard deviations
    of their number are added.

    Source:
        Good (1953), "The Population Frequencies of Species and the Estimation of Population Parameters",
        Biometrika 40(3/4).
    """
    levels = counted.feature.levels
    if not counted.unknown or levels is None or not levels.counts:
        return
    rows = counted.feature.count
    barely = sum(count == levels.least_rows for _, count in levels.counts)
    hits = min(rows, levels.hidden_rows + round(levels.least_rows * (barely + 2.0 * sqrt(barely))))
    was, now = (hits, rows), (counted.unknown, counted.count)
    shares = was[0] / was[1], now[0] / now[1]
    named = ", ".join(f'"{level}"' for level, _ in counted.new_levels)
    words = f"levels that the reference does not show: {_percent(shares[1])} of the values, such as {named}"
    p = more_p(was, now, sides.effects(counted.unknown_intraclass, (was[1], now[1])))
    yield Raw(check="levels", effect=shares[1] - shares[0], floor=SHARE_FLOOR, p=p, words=words)


def _distance(counted: Counted, sides: Sides) -> Raw:
    feature = counted.feature
    was, now = cumulative(counted)
    gap = largest_gap((*was[0], *was[1]), (*now[0], *now[1]))
    p = gap_p(gap, *effective(counted, sides)) if gap else 1.0
    words = f"up to {_percent(gap)} of the values lie elsewhere"
    if feature.numbers is not None and gap:
        worst = max(range(len(was[1])), key=lambda i: max(abs(was[0][i] - now[0][i]), abs(was[1][i] - now[1][i])))
        words = (
            f"up to {feature.numbers.values[worst]:.4g}: {_percent(was[1][worst])} -> {_percent(now[1][worst])}"
            " of the values"
        )
    return Raw(check="distance", effect=gap, floor=FLOOR, p=p, words=words)


def cumulative(counted: Counted) -> tuple[tuple[list[float], list[float]], tuple[list[float], list[float]]]:
    """Return the shares below each point and up to it, of the reference and now."""
    numbers, count = counted.feature.numbers, counted.feature.count
    if numbers is None:
        return ([], []), ([], [])
    was = [rows / count for rows in numbers.below], [rows / count for rows in numbers.at_most]
    return was, ([rows / counted.count for rows in counted.below], [rows / counted.count for rows in counted.at_most])


def _level_distance(counted: Counted, sides: Sides) -> Raw:
    """Return the largest difference of a level's share, with its chance as the largest of so many."""
    feature = counted.feature
    shown = feature.levels.counts if feature.levels else ()
    differences = [
        (now / counted.count - rows / feature.count, level, rows, now)
        for (level, rows), now in zip(shown, counted.levels, strict=True)
    ]
    effect, level, rows, now = max(differences, key=lambda d: (abs(d[0]), d[1]))
    was, is_now = (rows, feature.count), (now, counted.count)
    p = min(1.0, len(shown) * differs_p(was, is_now, value_effects(counted, sides)))
    words = f'"{level}" {_percent(rows / feature.count)} -> {_percent(now / counted.count)}'
    return Raw(check="distance", effect=effect, floor=FLOOR, p=p, words=words)


def _percent(share: float) -> str:
    """Return a share in words; what is neither nothing nor everything never reads so."""
    shown = f"{share * 100:.1f}".removesuffix(".0")
    if shown in {"0", "100"} and 0.0 < share < 1.0:
        return f"{share * 100:.2g} %" if shown == "0" else f"{share * 100:.7g} %"
    return f"{shown} %"
