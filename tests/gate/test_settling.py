"""The number of runs or sessions that a value is said to need does settle most values, measured anew."""

from __future__ import annotations

import math
import random

import pytest
from gate_cases import finding, judged_values, lognormal, policy, profile, rule, scaled, verdict
from msgspec.structs import replace

from perfgate.core.finding import Evidence, Status
from perfgate.gate.judge import Pair, judge
from perfgate.gate.settling import MOST_RUNS, MOST_SESSIONS, Settling, find_settling

OPEN = {
    Status.TOO_NOISY: {Status.TOO_NOISY},
    Status.WITHIN_NOISE: {Status.TOO_NOISY, Status.WITHIN_NOISE},
    Status.SUSPECTED: {Status.TOO_NOISY, Status.WITHIN_NOISE, Status.SUSPECTED},
}
"""What a value must not be once it is settled."""


def of(found, gated=1, **more):
    """Return what settles a value of a check with so many gated values."""
    whole = verdict(found, **more)
    return find_settling(found, replace(whole, suite=replace(whole.suite, gated=gated)))


def same_session(seed, runs, spread, effect):
    current = scaled(lognormal(seed + 10**6, runs, spread=spread), effect)
    return judged_values(lognormal(seed, runs, spread=spread), current)


def across(seed, sessions, rows, spread, threshold):
    """Judge rows, each with sessions of its own, of which none changed; return the first and the number of gated."""
    dice, machine = random.Random(seed), "m" if spread == 0.02 else ""

    def session():
        centre = math.exp(dice.gauss(0, spread))
        return [centre * math.exp(dice.gauss(0, 0.01)) for _ in range(5)]

    pairs = [
        Pair(
            base=profile({"elapsed": {f"{i}-{k}": session() for k in range(sessions)}}, name=f"b{i}", machine=machine),
            current=profile({"elapsed": {f"now-{i}": session()}}, name=f"b{i}", machine=machine),
        )
        for i in range(rows)
    ]
    judgement = judge(pairs, policy(threshold=threshold))
    (found,) = (f for f in judgement.findings if (f.benchmark, f.statistic) == ("b0", "p50"))
    return found, judgement.gated


@pytest.mark.parametrize(
    ("runs", "spread", "effect", "status"),
    [
        pytest.param(3, 0.1, 1.0, Status.TOO_NOISY, id="few-runs"),
        pytest.param(3, 0.3, 1.0, Status.TOO_NOISY, id="few-noisy-runs"),
        pytest.param(10, 0.25, 1.0, Status.TOO_NOISY, id="too-noisy"),
        pytest.param(6, 0.03, 1.0, Status.WITHIN_NOISE, id="within-noise"),
        pytest.param(10, 0.06, 1.0, Status.WITHIN_NOISE, id="within-more-noise"),
        pytest.param(6, 0.1, 1.15, Status.SUSPECTED, id="suspected"),
        pytest.param(3, 0.05, 1.1, Status.SUSPECTED, id="suspected-of-few-runs"),
    ],
)
def test_the_runs_that_it_names_settle_four_of_five_values_of_one_session(runs, spread, effect, status):
    open_ones = [(seed, f) for seed in range(80) if (f := same_session(seed, runs, spread, effect)).status is status]
    named = [(seed, n.runs) for seed, f in open_ones if (n := of(f)) is not None and n.runs <= 300]
    assert len(named) > 0.9 * len(open_ones) > 15
    again = [same_session(seed + 1000, n, spread, effect).status for seed, n in named]
    settled = sum(found not in OPEN[status] for found in again)
    assert settled >= 0.75 * len(named)


@pytest.mark.parametrize(
    ("sessions", "rows", "spread", "threshold", "status"),
    [
        pytest.param(1, 1, 0.05, "+10%", Status.TOO_NOISY, id="one-session"),
        pytest.param(1, 4, 0.02, "+10%", Status.TOO_NOISY, id="one-session-of-four-values"),
        pytest.param(1, 1, 0.02, "+10%", Status.WITHIN_NOISE, id="within-noise"),
    ],
)
def test_the_sessions_that_it_names_settle_most_values(sessions, rows, spread, threshold, status):
    judged = [(seed, *across(seed, sessions, rows, spread, threshold)) for seed in range(60)]
    named = [(seed, n) for seed, f, gated in judged if f.status is status and (n := of(f, gated))]
    assert len(named) > 25
    again = [across(seed + 1000, n.sessions, rows, spread, threshold)[0].status for seed, n in named]
    assert sum(found not in OPEN[status] for found in again) >= 0.7 * len(named)


NOISY = finding(
    Status.TOO_NOISY, method="same-session", n_baseline=10, n_current=10, allowed=0.05,
    decision_interval=(-0.3, 0.4), evidence=Evidence(alpha=0.01),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "runs"),
    [
        pytest.param({}, 50, id="as-it-is"),
        pytest.param({"decision_interval": (-0.55, 0.9)}, 200, id="twice-as-wide-takes-four-times-as-many"),
        pytest.param({"n_baseline": 20, "n_current": 20}, 100, id="as-wide-with-twice-as-many"),
        pytest.param({"allowed": 0.5}, 15, id="a-wide-threshold"),
        pytest.param({"status": Status.WITHIN_NOISE}, MOST_RUNS, id="to-the-threshold"),
        pytest.param({"status": Status.WITHIN_NOISE, "allowed": 0.03}, None, id="too-many"),
        pytest.param({"status": Status.WITHIN_NOISE, "allowed": 0.0}, None, id="nothing-is-allowed"),
        pytest.param({"status": Status.SUSPECTED, "change": 0.25}, 50, id="suspected"),
        pytest.param({"status": Status.UNCHANGED}, None, id="unchanged"),
        pytest.param({"status": Status.REGRESSED}, None, id="regressed"),
        pytest.param({"method": "threshold"}, None, id="plain-ratio"),
        pytest.param({"allowed": None}, None, id="no-threshold"),
        pytest.param({"decision_interval": (-1.0, 0.4)}, None, id="no-end"),
        pytest.param({"decision_interval": None, "interval": None}, None, id="no-interval"),
        pytest.param({"evidence": Evidence()}, None, id="no-level"),
    ],
)
def test_runs_grow_with_the_square_of_the_interval_up_to_a_thousand(change, runs):
    found = of(replace(NOISY, **change))
    assert (found.runs if found else None) == runs


def test_the_size_is_told_in_the_direction_of_the_metric():
    assert of(NOISY).size == pytest.approx(0.25)
    rate = replace(NOISY, better="higher", allowed=-0.05, unit="1/s")
    assert of(rate).size == pytest.approx(-0.2)  # 25 % more cost
    assert of(NOISY, resolution=0.5).size == pytest.approx(0.5)
    assert of(NOISY, resolution=0.5).runs < of(NOISY).runs


ACROSS = finding(
    Status.TOO_NOISY, sessions_baseline=1, n_baseline=5, n_current=5, allowed=0.05, decision_interval=(-0.3, 0.4),
    evidence=Evidence(spread=0.035, within=0.01, sessions_current=1.0),
)  # fmt: skip


def test_more_values_that_share_the_false_alarms_need_more_sessions():
    named = [of(ACROSS, gated).sessions for gated in (1, 2, 3)]
    assert named == sorted(named)
    assert named[0] < named[-1] <= MOST_SESSIONS
    assert of(ACROSS, 20) is None


def test_a_baseline_that_is_full_is_not_asked_for_more_sessions():
    assert of(replace(ACROSS, sessions_baseline=MOST_SESSIONS)) is None


def test_sessions_do_not_settle_a_tail():
    assert of(replace(ACROSS, statistic="p95")) is None


def test_what_is_named_is_one_number():
    assert of(NOISY) == Settling(size=pytest.approx(0.25), runs=50)
    assert of(ACROSS) == Settling(size=pytest.approx(0.25), sessions=of(ACROSS).sessions)
    assert of(judged_values([1.0, 1.1], [1.0, 1.1], policy(rule(metric="elapsed")))).runs >= 10
