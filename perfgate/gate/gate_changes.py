"""Two gates compared, value by value: what moved, and does it let more pass than before?

Rules are compared by what they do to the rows that there are: a rule put in front of the
others changes no row that it does not match, and a reordered list may change many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.gate_changes import Move
from perfgate.core.metrics import explains
from perfgate.core.policy import AS_PROGRAMS_SAY, CANARY, NO_BASELINES, NO_SAMPLES, without_origins
from perfgate.core.profile import title
from perfgate.core.rollout.canary import Phase
from perfgate.core.statistic import STATISTICS
from perfgate.core.text.canonical import rounded
from perfgate.core.text.units import describe_time
from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perfgate.core.finding import Level
    from perfgate.core.metrics import Metric
    from perfgate.core.policy import Budget, Drift, Floor, Policy, Removal, Ruling, Tracing, Waiver
    from perfgate.core.profile import MetricProfile, Profile
    from perfgate.core.rollout.canary import Canary
    from perfgate.core.sources.field_map import FieldMap, FieldValue
    from perfgate.core.sources.series import Ratio
    from perfgate.core.text.units import Change

_LEVELS: tuple[Level, ...] = ("fail", "warn", "info")
_REACTIONS = ("refuse", "report", "allow")
_Values = tuple[str, str, bool | None]  # before, after, laxer


def profile_moves(was: Profile, now: Profile) -> tuple[Move, ...]:
    """Return how the p50 of each metric and the number of sessions moved."""
    moves = []
    for name in sorted({m.metric.name for p in (was, now) for m in p.metrics if not explains(m.metric.name)}):
        move = _metric_move(name, was.metric(name), now.metric(name))
        moves += [move] if move else []
    sessions = len(was.sessions), len(now.sessions)
    if sessions[0] != sessions[1]:
        # Fewer sessions say less about how far they lie apart: the limits widen.
        laxer = sessions[1] < sessions[0]
        moves.append(_move("sessions", float(sessions[0]), float(sessions[1]), laxer=laxer))
    return tuple(moves)


def _metric_move(name: str, was: MetricProfile | None, now: MetricProfile | None) -> Move | None:
    """Return how one metric's p50 moved, None when it did not."""
    before, after = (float(rounded(median(m.pooled()))) if m and m.samples else None for m in (was, now))
    if was and now and was.metric != now.metric:
        return _move(name, _direction(was.metric), _direction(now.metric), laxer=True)
    present = now or was
    if before == after or present is None:
        return None
    if before is None or after is None:
        laxer = True if after is None else None
    else:
        laxer = (after > before) == (present.metric.better == "lower")
    return _move(f"{name} p50", before, after, unit=present.metric.unit, laxer=laxer)


def _direction(metric: Metric) -> str:
    return f"in {metric.unit}, {metric.better} is better"


def _move(
    what: str, before: float | str | None, after: float | str | None, *, laxer: bool | None, unit: str = ""
) -> Move:
    change = None
    if isinstance(before, float) and isinstance(after, float) and before > 0:
        change = float(f"{after / before - 1:.12g}")
    return Move(what=what, unit=unit, before=before, after=after, change=change, laxer=laxer)


def policy_moves(was: Policy, now: Policy, profiles: Sequence[Profile]) -> tuple[Move, ...]:
    """Return what a configuration says otherwise than another one.

    Args:
        was: the one that counts.
        now: the other.
        profiles: the baselines of both sides, whose rows rules are held against.
    """
    moves = [_move(name, *values[:2], laxer=values[2]) for name, values in _keys(was, now) if values[0] != values[1]]
    moves += _ruled(was, now, profiles)
    moves += _budgets(was.budgets, now.budgets)
    moves += _named("map", *({m.name: _map_values(m) for m in side} for side in (was.maps, now.maps)))
    moves += _named("ratio", *({r.name: _ratio_values(r) for r in side} for side in (was.ratios, now.ratios)))
    return tuple(moves)


def _keys(was: Policy, now: Policy) -> Iterator[tuple[str, _Values]]:
    """Yield each key that is not a rule or a budget."""
    yield "false_alarms", (_share(was), _share(now), now.false_alarms < was.false_alarms)
    yield "threshold", (was.threshold.text, now.threshold.text, _is_wider(was.threshold, now.threshold))
    yield "floor", (_floor(was.floor), _floor(now.floor), _is_higher(was.floor, now.floor))
    yield "on_suspected", (was.on_suspected, now.on_suspected, now.on_suspected == "pass")
    yield "on_too_noisy", (was.on_too_noisy, now.on_too_noisy, now.on_too_noisy == "pass")
    yield "resolution", (was.resolution.text, now.resolution.text, _is_wider(was.resolution, now.resolution))
    yield "on_improved", (was.on_improved, now.on_improved, now.on_improved == "pass")
    yield "threshold_is", (was.threshold_is, now.threshold_is, now.threshold_is == "measured")
    yield "workload", (was.workload, now.workload, None)
    yield "baseline_changes", (was.baseline_changes, now.baseline_changes, _is_later(_REACTIONS, was, now))
    more = set(now.exclude) >= set(was.exclude)
    fewer = set(now.exclude) <= set(was.exclude)
    yield "exclude", (", ".join(was.exclude), ", ".join(now.exclude), None if more == fewer else more)
    yield "runs", (", ".join(was.runs), ", ".join(now.runs), None)
    yield "baselines", (was.baselines, now.baselines, True if now.baselines == NO_BASELINES else None)
    yield "trace", (_stated(was.trace, AS_PROGRAMS_SAY), _stated(now.trace, AS_PROGRAMS_SAY), None)
    yield "canary", (_stated(was.canary, CANARY), _stated(now.canary, CANARY), None)
    yield "drift", (_stated(was.drift, NO_SAMPLES), _stated(now.drift, NO_SAMPLES), _is_softer(was.drift, now.drift))
    yield "machine_class", (was.machine_class, now.machine_class, None)
    yield "history_ref", (was.history_ref, now.history_ref, False)


def _stated(table: Tracing | Canary | Drift, default: Tracing | Canary | Drift) -> str:
    """Return what a table says that is not so anyway."""
    keys = (name for name in table.__struct_fields__ if getattr(table, name) != getattr(default, name))
    return ", ".join(f"{key} {_as_text(getattr(table, key))}" for key in keys if key != "stated")


def _as_text(value: object) -> str:
    if isinstance(value, tuple):
        return "; ".join(_as_text(item) for item in value) or "(none)"
    if isinstance(value, Phase):
        return f"{value.weight}% for {describe_time(value.min_age)}, {value.min_samples} requests"
    return "off" if value is None else str(getattr(value, "text", value))


def _is_softer(was: Drift, now: Drift) -> bool | None:
    """Does drift fail less than before? None: something else is compared."""
    if replace(was, level=now.level) != now:
        return True if was.samples and not now.samples else None
    return _LEVELS.index(now.level) > _LEVELS.index(was.level)


def _is_later(order: Sequence[str], was: Policy, now: Policy) -> bool:
    return order.index(now.baseline_changes) > order.index(was.baseline_changes)


def _share(policy: Policy) -> str:
    return f"{policy.false_alarms * 100:g}%"


def _is_wider(was: Change, now: Change) -> bool | None:
    """Does a threshold accept more? None: a share and an amount cannot be compared."""
    return now.amount > was.amount if now.unit == was.unit else None


def _floor(floor: Floor) -> str:
    return ", ".join((*(["auto"] if floor.auto else []), *(f"{amount:g} {unit}" for unit, amount in floor.amounts)))


def _is_higher(was: Floor, now: Floor) -> bool | None:
    """Does a floor hide more? None: more in one unit, less in another."""
    units = {unit for unit, _ in (*was.amounts, *now.amounts)}
    steps = [now.amount(u) - was.amount(u) for u in units] + [float(now.auto) - float(was.auto)]
    if min(steps) < 0 < max(steps):
        return None
    return max(steps) > 0


def _ruled(was: Policy, now: Policy, profiles: Sequence[Profile]) -> list[Move]:
    """Return what rules change for the rows that there are, rows that change alike together."""
    found: dict[tuple[str, _Values], list[str]] = {}
    for row, before, after in _rulings(was, now, profiles):
        for name, values in _ruling_values(before, after):
            if values[0] != values[1]:
                rows = found.setdefault((name, values), [])
                rows += [] if row in rows[-1:] else [row]
    moves = []
    for (name, values), rows in found.items():
        more = len(rows) - 1
        others = f" and {more:,} more row{'s' if more > 1 else ''}" if more else ""
        moves.append(_move(f"{name} of {rows[0]}{others}", *values[:2], laxer=values[2]))
    if not moves and without_origins(was).rules != without_origins(now).rules:
        counts = (f"{len(p.rules)} rules" for p in (was, now))
        moves.append(_move("rules, though no row", next(counts), next(counts), laxer=None))
    return moves


def _rulings(was: Policy, now: Policy, profiles: Iterable[Profile]) -> Iterator[tuple[str, Ruling, Ruling]]:
    """Yield each row that a rule governs in either configuration, and what governs it in both."""
    if without_origins(was).rules == without_origins(now).rules:
        return
    rows = {(p.key, m.metric) for p in profiles for m in p.metrics}
    for key, metric in sorted(rows, key=lambda row: (row[0], row[1].name)):
        for statistic in STATISTICS:
            row = (key[0], title(*key), metric, statistic)
            before, after = was.ruling(*row), now.ruling(*row)
            if (before.origin, after.origin) != ("defaults", "defaults"):
                yield f"{title(*key)} {metric.name} {statistic}", before, after


def _ruling_values(was: Ruling, now: Ruling) -> Iterator[tuple[str, _Values]]:
    """Yield what two rulings of one row say of each key."""
    yield "threshold", (was.threshold.text, now.threshold.text, _is_wider(was.threshold, now.threshold))
    yield "floor", (_floor(was.floor), _floor(now.floor), _is_higher(was.floor, now.floor))
    yield "method", (was.method, now.method, None)
    yield "level", (was.level, now.level, _LEVELS.index(now.level) > _LEVELS.index(was.level))
    yield "workload", (was.workload, now.workload, None)


def _budgets(was: Sequence[Budget], now: Sequence[Budget]) -> Iterator[Move]:
    """Yield the budgets that are not in both, or not alike."""
    sides = [{(b.benchmark or b.series, b.metric, b.statistic): b for b in side} for side in (was, now)]
    for row in sorted({*sides[0], *sides[1]}):
        before, after = (side.get(row) for side in sides)
        words = tuple(_budget(b) if b else None for b in (before, after))
        if words[0] != words[1]:
            yield _move(f"budget of {' '.join(row)}", *words, laxer=_allows_more(before, after))


def _budget(budget: Budget) -> str:
    words = [budget.limit.text, f"warn {budget.warn.text}" if budget.warn else "", f"level {budget.level}"]
    words += [f"series {budget.series}" if budget.series and budget.benchmark else ""]
    return ", ".join(filter(None, words))


def _allows_more(was: Budget | None, now: Budget | None) -> bool | None:
    """Does a budget let more pass? None: that is unknown."""
    if was is None or now is None:
        return now is None
    if was.limit.unit != now.limit.unit or was.limit.op[0] != now.limit.op[0] or was.series != now.series:
        return None
    step = now.limit.amount - was.limit.amount
    steps = [step if now.limit.op[0] == "<" else -step, float(_LEVELS.index(now.level) - _LEVELS.index(was.level))]
    if min(steps) < 0 < max(steps):
        return None
    return max(steps) > 0


def _named(kind: str, was: Mapping[str, dict[str, str]], now: Mapping[str, dict[str, str]]) -> Iterator[Move]:
    """Yield the keys of named tables that are not alike; whether they let more pass is unknown."""
    for name in sorted({*was, *now}):
        before, after = was.get(name, {}), now.get(name, {})
        for key in dict.fromkeys((*before, *after)):
            if before.get(key) != after.get(key):
                yield _move(f"{key} of {kind} {name}", before.get(key), after.get(key), laxer=None)


def _ratio_values(ratio: Ratio) -> dict[str, str]:
    """Return what a ratio says, key by key."""
    return {
        "part": ratio.part.text,
        "whole": ratio.whole.text,
        "better": ratio.better,
        "by": ", ".join(ratio.by),
    }


def _map_values(field_map: FieldMap) -> dict[str, str]:
    """Return what a field map says, key by key."""
    return {
        "values": ", ".join(_map_value(v) for v in field_map.values),
        "benchmark": field_map.benchmark,
        "labels": ", ".join(field_map.labels),
        "ok": field_map.ok,
        "time": field_map.time,
        "where": ", ".join(f"{field} = {value}" for field, value in field_map.where),
        "files": ", ".join(field_map.files),
    }


def _map_value(value: FieldValue) -> str:
    remarks = (
        value.metric,
        value.unit,
        value.better and f"{value.better} is better",
        "share" if value.share else "",
        value.over and f"over {value.over}",
        "zero is a value" if value.allow_zero else "",
    )
    stated = ", ".join(remark for remark in remarks if remark)
    return f"{value.value} ({stated})" if stated else value.value


def waiver_moves(was: Iterable[Waiver], now: Iterable[Waiver]) -> tuple[Move, ...]:
    """Return the waivers that are not in both, or not alike."""
    sides = [{w.row: w for w in side} for side in (was, now)]
    moves = []
    for row in sorted({*sides[0], *sides[1]}):
        before, after = (side.get(row) for side in sides)
        words = tuple(_waiver(w) if w else None for w in (before, after))
        if words[0] != words[1]:
            moves.append(_move(" ".join(row), *words, laxer=_waives_more(before, after)))
    return tuple(moves)


def removal_moves(was: Iterable[Removal], now: Iterable[Removal]) -> tuple[Move, ...]:
    """Return the benchmarks that only one side states to be removed, or that both do for other reasons."""
    sides = [{entry.benchmark: entry.reason for entry in side} for side in (was, now)]
    return tuple(
        _move(f"removed {name}", before, after, laxer=before is None)
        for name in sorted({*sides[0], *sides[1]})
        if (before := sides[0].get(name)) != (after := sides[1].get(name))
    )


def _waiver(waiver: Waiver) -> str:
    return f"{waiver.ceiling.text} until {waiver.until}: {waiver.reason}"


def _waives_more(was: Waiver | None, now: Waiver | None) -> bool | None:
    """Does a waiver let more pass, or for longer? None: that is unknown."""
    if was is None or now is None:
        return was is None
    wider = _is_wider(was.ceiling, now.ceiling)
    return True if wider or now.until > was.until else wider
