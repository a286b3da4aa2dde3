"""Small profiles, policies and verdicts, written the way they read."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from perfgate.core.finding import Compared, Finding, Status, Suite, Verdict
from perfgate.core.metrics import CPU, ELAPSED, FUNCTION_CALLS, PEAK_MEMORY, THROUGHPUT, Metric
from perfgate.core.policy import Policy, Rule
from perfgate.core.profile import MetricProfile, Profile, Sample, Session
from perfgate.core.text.canonical import short_hash
from perfgate.core.text.units import parse_change
from perfgate.gate.judge import Judgement, Pair, judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNNAMED = "unknown-0123"

SCORE = Metric(name="score", unit="1", better="lower")
ERRORS = Metric(name="error_rate", unit="1", better="lower")
HITS = Metric(name="cache_hit_rate", unit="1", better="higher")
CALLS = Metric(name="calls", unit="1", better="lower")
RATE = Metric(name="rate", unit="1/s", better="higher")
KNOWN = {m.name: m for m in (CPU, ELAPSED, PEAK_MEMORY, THROUGHPUT, SCORE, CALLS, RATE, ERRORS, HITS)}

Sides = "Sequence[float] | Mapping[str, Sequence[float]]"


MILDEST_FIRST = [
    Status.IMPROVED,
    Status.UNCHANGED,
    Status.WITHIN_NOISE,
    Status.TOO_NOISY,
    Status.SUSPECTED,
    Status.INVALID,
    Status.REGRESSED,
]
"""What a slower row may become, never anything before what it is."""


def session(name: str, *, machine: str = "m", rows: Sequence[int] = (100,)) -> Session:
    """Return the facts of a session."""
    runs = (short_hash(name),)
    return Session(id=name, started_at="", machine=machine, commit="c0ffee", rows_used=tuple(rows), runs=runs)


def profile(
    values: Mapping[str | Metric, Any], *, name: str = "train", labels: tuple[tuple[str, str], ...] = (),
    machine: str = "m", rows: Sequence[int] = (100,), sources: Sequence[str] = (), kind: str = "class-a",
) -> Profile:  # fmt: skip
    """Return a profile; per metric a list of values (no session named) or sessions with their values or samples."""
    metrics, ids = [], {}
    for key, given in values.items():
        metric = KNOWN[key] if isinstance(key, str) else key
        samples = given if isinstance(given, dict) else {UNNAMED: given}
        ids |= dict.fromkeys(samples)
        metrics.append(
            MetricProfile(
                metric=metric,
                sources=tuple(sources) if metric in (PEAK_MEMORY, FUNCTION_CALLS) else (),
                samples=tuple(
                    v if isinstance(v, Sample) else Sample(session=s, values=tuple(v)) for s, v in samples.items()
                ),
            )
        )
    return Profile(
        benchmark=name,
        labels=labels,
        machine_class=kind,
        sessions=tuple(session(i, machine=machine, rows=rows) for i in ids),
        metrics=tuple(sorted(metrics, key=lambda m: m.metric.name)),
    )


def counted(**sessions: tuple[int, int]) -> dict[str, Sample]:
    """Return a share by session, from its hits and its calls."""
    return {s: Sample(session=s, values=(hits / of,), stands_for=of, hits=hits) for s, (hits, of) in sessions.items()}


def percentiles(
    stated: Mapping[str, float], *, metric: Metric = ELAPSED, name: str = "train", kind: str = ""
) -> Profile:
    """Return a profile that holds percentiles without raw values."""
    measured = MetricProfile(metric=metric, sources=(), samples=(), quantiles=tuple(stated.items()))
    return Profile(benchmark=name, labels=(), machine_class=kind, sessions=(), metrics=(measured,))


def policy(*rules: Rule, threshold: str = "+5%", **more: Any) -> Policy:
    """Return a policy with its default threshold."""
    return Policy(source="perfgate.toml", threshold=parse_change(threshold), rules=rules, **more)


def rule(number: int = 1, *, threshold: str | None = None, **more: Any) -> Rule:
    """Return a rule; its origin is its number."""
    return Rule(
        origin=f"rule {number} (perfgate.toml)", threshold=parse_change(threshold) if threshold else None, **more
    )


def judged(base: Profile | None, current: Profile | None, by: Policy | None = None, **more: Any) -> Judgement:
    """Judge one benchmark."""
    return judge([Pair(base=base, current=current, **more)], by or policy())


def row_of(judgement: Judgement, metric: str = "elapsed", statistic: str = "p50") -> Finding:
    """Return the finding of a metric's statistic; there must be one and only one."""
    (found,) = [f for f in judgement.findings if (f.metric, f.statistic) == (metric, statistic)]
    return found


def judged_values(base: Any, current: Any, by: Policy | None = None, metric: str = "elapsed", **more: Any) -> Finding:
    """Judge one metric of one benchmark and return its p50."""
    sides = profile({metric: base}, **more), profile({metric: current}, **more)
    return row_of(judged(*sides, by), metric)


def lognormal(seed: int, n: int, *, centre: float = 1.0, spread: float = 0.03) -> list[float]:
    """Return values with a lognormal spread around a centre."""
    dice = random.Random(seed)
    return [centre * math.exp(dice.gauss(0.0, spread)) for _ in range(n)]


def scaled(values: Any, factor: float) -> Any:
    """Return values, or sessions of values, times a factor."""
    if isinstance(values, dict):
        return {s: scaled(v, factor) for s, v in values.items()}
    return [v * factor for v in values]


def finding(status: Status = Status.UNCHANGED, **more: Any) -> Finding:
    """Return a finding of a status."""
    return replace(
        Finding(
            benchmark="train", labels=(), machine_class="class-a", metric="elapsed", unit="s", better="lower",
            statistic="p50", status=status, level="fail", method="across-sessions", baseline=1.0, current=1.01,
            change=0.01, interval=(-0.02, 0.04), limit=0.05, limit_text="+5%", n_baseline=30, n_current=10,
            sessions_baseline=3, detectable=0.12, reason="within-threshold", message="within the threshold",
            rule="defaults",
        ),
        **more,
    )  # fmt: skip


def verdict(*findings: Finding, **more: Any) -> Verdict:
    """Return a verdict of findings."""
    given: dict[str, Any] = {
        "findings": findings,
        "problems": (),
        "notes": (),
        "suite": Suite(
            gated=len(findings), accepted=0.01, false_alarms=1.0, failed_runs=0, baseline_runs=0,
            superseded_runs=0, excluded=(),
        ),
        "compared": Compared(
            tool="perfgate 0.1.0", policy="perfgate.toml", baselines="baselines", baseline_commits=("a" * 40,),
            current_commits=("b" * 40,), machine_classes=("class-a",), sessions=("s4",), reproduce="perfgate check",
        ),
    }  # fmt: skip
    return Verdict(**{**given, **more})
