"""Verdicts as the gate makes them, at random: every method, noisy and exact values, rules, budgets and waivers."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from gate_cases import CPU, ELAPSED, PEAK_MEMORY, RATE, SCORE, THROUGHPUT, counted, percentiles, policy, profile, rule
from gate_cases import verdict as plain_verdict

from perfgate.core.metrics import FUNCTION_CALLS, Metric
from perfgate.core.policy import Budget, Floor, Waiver
from perfgate.core.text.units import parse_change, parse_limit
from perfgate.gate.judge import Pair, judge
from perfgate.gate.verdict import Case, join

if TYPE_CHECKING:
    from perfgate.core.finding import Verdict
    from perfgate.core.policy import Policy

TIME = Metric(name="time", unit="s", better="lower")
METRICS = (CPU, ELAPSED, PEAK_MEMORY, THROUGHPUT, SCORE, RATE, FUNCTION_CALLS, TIME)
COUNTS = (1, 2, 3, 4, 5, 8, 10, 20, 60)
EFFECTS = (0, 0, 0, 0.02, 0.049, 0.05, 0.06, 0.1, 0.2, 0.5, 1, 3, -0.1, -0.5)


def judged_verdict(seed: int) -> Verdict:
    """Return the verdict of a suite, its rules and its waivers, all made from a seed."""
    dice = random.Random(seed)
    metrics = dice.sample(METRICS, dice.randint(1, 4))
    pairs = list(_pairs(dice, metrics))
    by = _policy(dice, metrics[0])
    waivers = tuple(
        Waiver(
            origin="waiver 1", benchmark=f"b{i}", metric=metrics[0].name, statistic=dice.choice(["p50", "p95"]),
            ceiling=parse_change(dice.choice(["+10%", "-10%", "+400%", "-60%"])), until="2030-01-01", reason="known",
        )
        for i in range(dice.choice([0, 1, 2]))
    )  # fmt: skip
    empty = plain_verdict()
    return join(
        Case(
            policy=by, findings=judge(pairs, by, dice.choice([None, None, None, 0.3])).findings, pairs=tuple(pairs),
            baselines=tuple(p.base for p in pairs if p.base), measured=tuple(p.current for p in pairs if p.current),
            waivers=waivers, today="2026-01-01", is_part=True, problems=(), notes=(), later_notes=(),
            suite=empty.suite, compared=empty.compared, introduces=False, gate_changes=(),
        )
    )  # fmt: skip


def _pairs(dice: random.Random, metrics: list[Metric]) -> Any:
    kind = dice.choice(["unnamed", "interleaved", "sessions", "sessions", "several"])
    sessions = [
        dice.gauss(dice.choice([0, 0, 0.1, 0.3, -0.2, 0.6]), 0.02) for _ in range(3 if kind == "several" else 1)
    ]
    for number in range(dice.choice([1, 1, 2, 4, 6, 9])):
        name, machine = f"b{number}", dice.choice(["m", ""])
        sides = [_values(dice, m, kind, sessions) for m in metrics]
        base = profile({m: was for m, (was, _) in zip(metrics, sides, strict=True)}, name=name, machine=machine)
        current = profile({m: now for m, (_, now) in zip(metrics, sides, strict=True)}, name=name, machine=machine)
        odd = dice.random()
        if odd < 0.03:
            yield Pair(base=None, current=current)
        elif odd < 0.06:
            yield Pair(base=base, current=None)
        elif odd < 0.11:
            stated = ({"p50": 1.0, "p95": 2.0}, {"p50": dice.choice([0.5, 1.04, 1.2]), "p95": dice.choice([1.0, 2.2])})
            yield Pair(
                **dict(
                    zip(("base", "current"), (percentiles(s, name=name, kind="class-a") for s in stated), strict=True)
                )
            )
        elif odd < 0.16:
            of = dice.choice([10, 100, 1000])
            yield Pair(
                base=profile({"error_rate": counted(b0=(dice.randint(0, 3), of))}, name=name),
                current=profile({"error_rate": counted(c0=(dice.randint(0, of), of))}, name=name),
            )
        else:
            yield Pair(base=base, current=current)


def _values(dice: random.Random, metric: Metric, kind: str, sessions: list[float]) -> tuple[Any, Any]:
    """Return the values of a metric on both sides, by session where these have names."""
    spread, centre, digits = (
        dice.choice([0, 0.001, 0.02, 0.1, 0.4]),
        10 ** dice.uniform(-5, 8),
        dice.choice([0, 2, 3, 6]),
    )
    moved = centre * (1 + dice.choice(EFFECTS))

    def sample(middle: float, count: int) -> list[float]:
        found = [middle * math.exp(dice.gauss(0, spread)) for _ in range(count)]
        found = [float(f"{v:.{digits}g}") for v in found] if digits else found
        if dice.random() < 0.03:
            found[0] = 0.0
        return [found[0]] * count if dice.random() < 0.05 else found

    if kind == "unnamed":
        return sample(centre, dice.choice(COUNTS)), sample(moved, dice.choice(COUNTS))
    if kind == "interleaved":
        count = dice.choice(COUNTS[1:])
        return {"s0/ab-1": sample(centre, count)}, {"s0/ab-1": sample(moved, count)}
    base = {
        f"s{i}": sample(centre * math.exp(dice.gauss(0, 0.02)), dice.choice(COUNTS)) for i in range(dice.randint(1, 6))
    }
    fresh = {f"c{i}": sample(moved * math.exp(shift), dice.choice(COUNTS)) for i, shift in enumerate(sessions)}
    return base, fresh


def _policy(dice: random.Random, metric: Metric) -> Policy:
    rules = [
        rule(
            i, benchmark=dice.choice(["*", "b0"]), metric=dice.choice(["*", metric.name]),
            statistic=dice.choice(["p50", "p95", "p9?", "p*"]),
            threshold=dice.choice([None, "+0%", "+3%", "+20%", "+1ms"]),
            method=dice.choice(["auto", "auto", "threshold", "exact"]),
            level=dice.choice([None, "fail", "warn", "info"]),
            floor=dice.choice([None, Floor(auto=False), Floor(auto=True, amounts=(("s", 1e-3), ("B", 1e6)))]),
        )
        for i in range(dice.randint(0, 3))
    ]  # fmt: skip
    sign = "<" if metric.better == "lower" else ">"
    limit = parse_limit(f"{sign} {10 ** dice.uniform(-4, 8):.3f} {metric.unit}")
    budget = Budget(
        origin="budget 1", benchmark="b*", metric=metric.name, statistic=dice.choice(["p50", "p95"]), limit=limit,
        level=dice.choice(["fail", "warn"]),
    )  # fmt: skip
    return policy(
        *rules, threshold=dice.choice(["+5%", "+0%", "+50%"]), false_alarms=dice.choice([0.01, 0.001, 0.05, 0.3]),
        budgets=(budget,) * dice.choice([0, 1]), threshold_is=dice.choice(["measured", "excluded"]),
        on_suspected=dice.choice(["pass", "fail"]), on_improved=dice.choice(["pass", "fail"]),
        floor=Floor(auto=dice.random() < 0.5),
        on_too_noisy=dice.choice(["pass", "error"]), resolution=parse_change(dice.choice(["+25%", "+25%", "+8%"])),
    )  # fmt: skip
