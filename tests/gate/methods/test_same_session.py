"""One session on both sides: Mann-Whitney, shared over the family by Holm, and the ratio beyond the threshold."""

from __future__ import annotations

import math
import random

import pytest
from gate_cases import MILDEST_FIRST, judged, judged_values, lognormal, policy, profile, row_of, rule, scaled
from msgspec.structs import replace

from perfgate.core.finding import Status
from perfgate.core.policy import Floor
from perfgate.gate.judge import Pair, judge

TIGHT = [1.001, 1.0012, 1.0023, 1.0034, 1.0045, 1.0056, 1.0067, 1.0078, 1.0089, 1.0091]


def pairs_of(count, base, current, *, calm=()):
    """Return so many benchmarks with both sides; those in `calm` do not change."""
    return [
        Pair(
            base=profile({"elapsed": base}, name=f"b{i:02}"),
            current=profile({"elapsed": base if i in calm else current}, name=f"b{i:02}"),
        )
        for i in range(count)
    ]


def p50s(judgement):
    return [f for f in judgement.findings if f.statistic == "p50"]


@pytest.mark.parametrize(
    ("rows", "runs", "status"),
    [
        pytest.param(1, 4, "invalid", id="one-benchmark-4+4"),
        pytest.param(1, 5, "regressed", id="one-benchmark-5+5"),
        pytest.param(20, 6, "invalid", id="twenty-6+6"),
        pytest.param(20, 7, "regressed", id="twenty-7+7"),
    ],
)
def test_one_benchmark_can_fail_on_five_runs_and_twenty_need_seven(rows, runs, status):
    # Only one of the twenty gets worse, so that Holm's first step decides.
    found = judge(pairs_of(rows, TIGHT[:runs], scaled(TIGHT[:runs], 2), calm=range(1, rows)), policy())
    (row,) = [f for f in p50s(found) if f.benchmark == "b00"]
    assert (row.status, row.method, row.n_baseline, row.n_current) == (status, "same-session", runs, runs)
    assert found.gated == rows
    if status == "invalid":
        assert row.reason == "never-proven"
        assert "runs can never prove a change; measure" in row.message
        assert row.detectable is None


@pytest.mark.parametrize(
    ("base", "current", "expected"),
    [
        pytest.param([1.0], [23.0, 22.5, 23.1], ("invalid", "never-proven"), id="one-against-three"),
        pytest.param(TIGHT[:2], scaled(TIGHT[:2], 2.9), ("suspected", "few-runs"), id="two-may-do-so"),
        pytest.param([1.0] * 2, [3.0] * 2, ("suspected", "few-runs"), id="two-exactly-three-times-as-slow"),
        pytest.param([1.0] * 2, [3.01] * 2, ("invalid", "never-proven"), id="two-more-than-three-times-as-slow"),
        pytest.param(TIGHT[:2], scaled(TIGHT[:2], 3.1), ("invalid", "never-proven"), id="two-three-times-as-slow"),
        pytest.param(TIGHT[:3], scaled(TIGHT[:3], 1.24), ("suspected", "few-runs"), id="as-noise-may-do"),
        pytest.param([1.0, 1.3, 1.1], [1.2, 1.9, 2.0], ("suspected", "few-runs"), id="not-every-run"),
        pytest.param([1.0, 1.1, 4.0], [3.9, 4.5, 5.0], ("suspected", "few-runs"), id="far-but-not-every-run"),
        pytest.param(TIGHT[:3], scaled(TIGHT[:3], 0.5), ("too-noisy", "few-runs"), id="better"),
    ],
)
def test_what_is_clearly_worse_and_could_not_have_failed_is_no_pass(base, current, expected):
    found = judged_values(base, current)
    assert (found.status, found.reason) == expected
    shown = judged_values(base, current, policy(rule(metric="*", level="info")))
    assert shown.status is Status.TOO_NOISY


def test_few_runs_say_how_many_are_needed():
    assert judged_values(TIGHT[:3], scaled(TIGHT[:3], 2)).message == (
        "3 and 3 runs can never prove a change; measure 5 on each side"
    )
    quiet = judged_values(TIGHT[:3], TIGHT[:3])
    assert (quiet.status, quiet.reason, quiet.detectable) == (Status.TOO_NOISY, "few-runs", None)


@pytest.mark.parametrize(
    ("factor", "status", "reason"),
    [
        pytest.param(1.0, "unchanged", "within-threshold", id="equal"),
        pytest.param(1.0499, "within-noise", "within-noise", id="just-below"),
        pytest.param(1.05, "within-noise", "within-noise", id="at"),
        pytest.param(1.0501, "regressed", "worse", id="just-above"),
        pytest.param(1 / 1.0499, "unchanged", "within-threshold", id="almost-better"),
        pytest.param(1 / 1.0501, "improved", "better", id="better"),
    ],
)
@pytest.mark.parametrize("metric", ["elapsed", "rate"])
def test_with_proof_the_threshold_decides_in_the_metrics_own_direction(factor, status, reason, metric):
    # A threshold of -100/21 % on a rate is one of +5 % on its reciprocal.
    by = policy(rule(metric="rate", threshold=f"-{100 / 21:.12f}%"))
    base, current = TIGHT, scaled(TIGHT, factor)
    if metric == "rate":
        base, current = [1 / v for v in base], [1 / v for v in current]
    found = judged_values(base, current, by, metric)
    assert (found.status, found.reason, found.method) == (status, reason, "same-session")
    sign = 1 if metric == "elapsed" else -1
    assert found.limit * sign > 0
    assert found.detectable * sign > 0
    assert found.interval[0] <= found.change <= found.interval[1]


def test_a_ratio_without_proof_is_suspected_or_noise():
    base = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6]
    suspected = judged_values(base, [1.25, 1.35, 1.44, 1.5101, 1.52, 1.61, 1.7])
    assert (suspected.status, suspected.reason) == (Status.SUSPECTED, "more-runs")
    noise = judged_values(lognormal(12, 9, spread=0.06), lognormal(5012, 9, spread=0.06, centre=1.02))
    assert noise.change > 0.05
    assert (noise.status, noise.reason) == (Status.WITHIN_NOISE, "within-noise")


def test_a_noisy_row_says_that_it_cannot_be_gated():
    noisy = lognormal(1, 10, spread=0.5)
    found = judged_values(noisy, lognormal(2, 10, spread=0.5))
    assert (found.status, found.reason) == (Status.TOO_NOISY, "too-noisy")
    assert found.detectable > 0.25


def test_a_wide_threshold_is_no_noise():
    found = judged_values(TIGHT, TIGHT, policy(rule(metric="elapsed", threshold="+50%")))
    assert (found.reason, found.detectable) == ("within-threshold", pytest.approx(0.5))


def test_the_level_of_a_row_follows_from_the_rows_that_hold_no_proof():
    # Of twenty rows nineteen are worse on 6+6 runs: Holm never gets past its first step.
    found = judge(pairs_of(20, TIGHT[:6], scaled(TIGHT[:6], 2), calm=[0]), policy())
    assert {f.status for f in p50s(found)} == {Status.TOO_NOISY, Status.INVALID}
    # On 7+7 the first step holds, and each next one is easier.
    found = judge(pairs_of(20, TIGHT[:7], scaled(TIGHT[:7], 2), calm=[0]), policy())
    assert sum(f.status is Status.REGRESSED for f in found.findings) == 19


def test_holm_steps_down_once_the_clearest_rows_have_failed():
    clear = [Pair(base=profile({"elapsed": TIGHT}, name=f"a{i:02}"),
                  current=profile({"elapsed": scaled(TIGHT, 2)}, name=f"a{i:02}")) for i in range(18)]  # fmt: skip
    short = pairs_of(1, TIGHT[:6], scaled(TIGHT[:6], 2))
    alone = judge([*short, *(Pair(base=c.base, current=c.base) for c in clear)], policy())
    beside = judge([*short, *clear], policy())
    assert [f.status for f in p50s(alone) if f.benchmark == "b00"] == [Status.INVALID]
    assert [f.status for f in p50s(beside) if f.benchmark == "b00"] == [Status.REGRESSED]


@pytest.mark.parametrize(
    ("false_alarms", "status"),
    [pytest.param(0.01, "regressed", id="one-percent"), pytest.param(0.001, "invalid", id="a-tenth")],
)
def test_the_knob_says_how_much_proof_it_takes(false_alarms, status):
    assert judged_values(TIGHT[:5], scaled(TIGHT[:5], 2), policy(false_alarms=false_alarms)).status == status


@pytest.mark.parametrize(
    ("floor", "status", "reason"),
    [
        pytest.param(Floor(auto=False, amounts=(("s", 1e-4),)), "regressed", "worse", id="none-to-speak-of"),
        pytest.param(Floor(auto=False, amounts=(("s", 0.2),)), "unchanged", "below-floor", id="stated"),
        pytest.param(Floor(auto=True, amounts=(("s", 0.2),)), "unchanged", "below-floor", id="both"),
    ],
)
def test_proof_does_not_help_a_change_below_the_floor(floor, status, reason):
    found = judged_values(TIGHT, scaled(TIGHT, 1.1), policy(floor=floor))
    assert (found.status, found.reason) == (status, reason)


def test_times_of_a_millisecond_cannot_change_by_less_than_their_decimals():
    base, current = [0.001] * 9 + [0.002], [0.0014] * 5 + [0.00141] * 5
    found = judged_values(base, current)
    assert (found.status, found.reason) == (Status.UNCHANGED, "below-floor")
    assert judged_values(base, [0.002] * 10).status is Status.REGRESSED


@pytest.mark.parametrize(
    ("metric", "base", "current"),
    [
        pytest.param("peak_memory", 50e6, 57.3e6, id="50.0-MB"),
        pytest.param("elapsed", 1.0, 1.1, id="one-second"),
        pytest.param("elapsed", 10.0, 12.0, id="ten-seconds"),
    ],
)
def test_round_values_that_never_vary_are_not_taken_for_coarse_ones(metric, base, current):
    found = judged_values([base] * 10, [current] * 10, None, metric)
    assert (found.status, found.reason) == (Status.REGRESSED, "worse")


def test_coarse_values_are_suspected_only_where_their_ranks_prove_a_change():
    fine = [0.0011, 0.00112, 0.00114, 0.00116, 0.00118, 0.0012, 0.00122, 0.00124, 0.00126, 0.00128]
    proven = judged_values(fine, [0.002] * 10)
    assert (proven.status, proven.reason) == (Status.SUSPECTED, "too-coarse")
    unproven = judged_values(fine, [0.001] * 4 + [0.002] * 6)
    assert unproven.evidence.p > 0.05
    assert (unproven.status, unproven.reason) != (Status.SUSPECTED, "too-coarse")


def test_a_time_that_always_reads_one_millisecond_is_coarse():
    found = judged_values([0.001] * 10, [0.00149, 0.00148] * 5)
    assert (found.status, found.reason) == (Status.UNCHANGED, "below-floor")


@pytest.mark.parametrize("level", ["warn", "info"])
def test_what_is_not_gated_is_told_and_never_fails(level):
    by = policy(rule(metric="elapsed", level=level))
    worse = judged_values(TIGHT, scaled(TIGHT, 2), by)
    assert (worse.status, worse.level, worse.reason) == (Status.ADVISORY, level, "not-gated")
    few = judged_values(TIGHT[:3], scaled(TIGHT[:3], 2), by)
    assert (few.status, few.reason) == (Status.TOO_NOISY, "few-runs")
    assert judged_values(TIGHT, scaled(TIGHT, 0.5), by).status is Status.IMPROVED


@pytest.mark.parametrize(
    ("runs", "factor", "by", "status", "reason"),
    [
        pytest.param(10, 1.2, (), "within-noise", "within-noise", id="shown-and-moved-a-little"),
        pytest.param(10, 1.3, (), "advisory", "tail-of-few", id="shown-and-moved-much"),
        pytest.param(58, 1.3, (), "advisory", "tail-of-few", id="58-runs"),
        pytest.param(10, 1.2, ("fail",), "advisory", "tail-of-few", id="asked-for"),
        pytest.param(10, 0.5, (), "unchanged", "better", id="shown-and-better"),
        pytest.param(10, 0.5, ("fail",), "unchanged", "better", id="asked-for-and-better"),
        pytest.param(10, 1.0, (), "unchanged", "within-threshold", id="equal"),
        pytest.param(10, "all by 2", (), "within-noise", "within-noise", id="no-more-than-the-median"),
    ],
)
def test_the_p95_of_few_runs_is_shown_and_never_fails(runs, factor, by, status, reason):
    rules = [rule(metric="elapsed", statistic="p95", level=level) for level in by]
    base = sorted(lognormal(5, runs))
    slow = 0 if factor in {0.5, "all by 2"} else -(runs // 5)
    current = [*base[:slow], *scaled(base[slow:], 2 if factor == "all by 2" else factor)]
    sides = profile({"elapsed": base}), profile({"elapsed": current})
    found = row_of(judged(*sides, policy(*rules)), statistic="p95")
    assert (found.status, found.reason, found.method) == (status, reason, "")


def test_runs_that_state_no_session_are_counted():
    found = judge(pairs_of(3, TIGHT, TIGHT), policy())
    assert (found.gated, found.rows_without_session, found.rows_by_plain_ratio) == (3, 3, 0)


def interleaved(base, current, runs=None, by=None):
    """Judge one benchmark whose runs were measured interleaved by one comparison."""
    sides = []
    for number, values in enumerate((base, current)):
        side = profile({"elapsed": {"s0/ab-1": values}})
        digests = tuple(f"{number}{i:03}" for i in range(runs or len(values)))
        sides.append(replace(side, sessions=tuple(replace(s, runs=digests) for s in side.sessions)))
    return row_of(judged(*sides, by))


def drifting(seed, rounds, effect, drift=0.1):
    """Return both sides on a machine whose speed walks, in rounds of ABBA or BAAB."""
    dice = random.Random(seed)
    speed, base, current = 0.0, [], []
    for _ in range(rounds):
        speed += dice.gauss(0.0, drift)
        for side in ("abba", "baab")[dice.random() < 0.5]:
            value = math.exp(speed + dice.gauss(0.0, 0.01)) * (1.0 + effect * (side == "b"))
            (base if side == "a" else current).append(value)
    return base, current


def test_a_slowdown_on_a_drifting_machine_is_found_within_the_blocks():
    base, current = drifting(4, 10, 0.15)
    found = interleaved(base, current)
    assert (found.status, found.evidence.blocks) == (Status.REGRESSED, 10)
    assert "within blocks" in found.message
    assert found.evidence.typical_low < 0.15 < found.evidence.typical_high
    assert found.detectable < found.change
    together = judged_values({"s0/ab-1": base}, {"s0/ab-1": current})  # one run seems to hold several values
    assert (together.evidence.blocks, together.status) == (None, Status.SUSPECTED)


def test_runs_that_did_not_drift_are_ranked_together():
    found = interleaved(*drifting(4, 10, 0.15, drift=0.0))
    assert (found.status, found.evidence.blocks) == (Status.REGRESSED, None)


def test_values_of_fewer_runs_than_there_are_values_have_no_blocks():
    base, current = drifting(4, 10, 0.15)
    assert interleaved(base, current, runs=10).evidence.blocks is None
    assert interleaved(base[:9], current[:9]).evidence.blocks is None


@pytest.mark.parametrize("seed", range(20))
def test_a_row_on_a_drifting_machine_fails_exactly_beyond_the_limit_that_is_shown(seed):
    found = interleaved(*drifting(seed, 8, 0.08))
    beyond = found.change > found.detectable * (1 + 1e-6)
    assert (found.status is Status.REGRESSED) == beyond


@pytest.mark.sampled
@pytest.mark.parametrize("seed", range(20))
def test_slower_never_helps_on_a_drifting_machine(seed):
    base, current = drifting(seed, 8, 0.06)
    found = [interleaved(base, [v * factor for v in current]) for factor in (1.0, 1.05, 1.1, 1.2, 1.5, 3.0)]
    ranks = [MILDEST_FIRST.index(f.status) for f in found]
    assert ranks == sorted(ranks)
    assert found[-1].status is Status.REGRESSED


EVEN = random.Random(1).sample([1 + 0.002 * i for i in range(-10, 10)], 20)
EXCLUDED = policy(threshold_is="excluded")


@pytest.mark.parametrize(
    ("factor", "by_default", "excluding"),
    [
        pytest.param(1.01, ("unchanged", "within-threshold"), ("unchanged", "within-threshold"), id="not-certain"),
        pytest.param(1.02, ("unchanged", "within-threshold"), ("unchanged", "within-threshold"), id="five-excluded"),
        pytest.param(
            1.047, ("within-noise", "worse-within-threshold"), ("regressed", "not-excluded"), id="not-excluded"
        ),
        pytest.param(1.08, ("regressed", "worse"), ("regressed", "worse"), id="beyond"),
        pytest.param(0.9, ("improved", "better"), ("improved", "better"), id="better"),
    ],
)
def test_worse_for_certain_within_the_threshold_is_named_and_fails_where_it_is_asked_for(factor, by_default, excluding):
    current = scaled(EVEN, factor)
    for by, expected in ((policy(), by_default), (EXCLUDED, excluding)):
        found = interleaved(EVEN, current, by=by)
        assert (found.status, found.reason) == expected
        assert (found.status is Status.REGRESSED) == (found.change > found.detectable)
    apart = judged_values(EVEN, current, EXCLUDED)  # not interleaved: what was measured decides
    assert apart.status == by_default[0]


def test_with_the_threshold_excluded_a_change_of_less_than_half_of_it_never_fails():
    wide = [1 + 0.02 * i for i in range(-10, 10)]  # nothing is excluded, and nothing certain
    assert interleaved(wide, scaled(wide, 1.02), by=EXCLUDED).status is Status.UNCHANGED
    tight = [1 + 0.0001 * i for i in range(-10, 10)]
    strict = policy(threshold_is="excluded", threshold="+50%")
    assert interleaved(tight, scaled(tight, 1.2), by=strict).status is Status.UNCHANGED


@pytest.mark.parametrize("seed", range(30))
def test_with_the_threshold_excluded_a_row_fails_exactly_beyond_the_limit_that_is_shown(seed):
    base, current = lognormal(seed, 12, spread=0.03), lognormal(seed + 500, 12, spread=0.03, centre=1.045)
    found = interleaved(base, current, by=EXCLUDED)
    assert (found.status is Status.REGRESSED) == (found.change > found.detectable * (1 + 1e-9))
