"""What all benchmarks did together is judged wherever it is taken off, by a threshold that somebody chose."""

from __future__ import annotations

import random

import pytest
from gate_cases import lognormal, policy, profile, row_of, rule
from msgspec.structs import replace

from perfgate.core.finding import WHOLE_SUITE, Status
from perfgate.core.policy import Floor
from perfgate.gate.judge import Pair, judge
from perfgate.stats.sessions import session_limit

SEVERAL = [f"s{i}" for i in range(5)]


def suite(slower=1.0, *, sessions=lambda _: SEVERAL, benchmarks=6, tail=1.0, runs=6, metric="elapsed"):
    """Return pairs whose current values are worse alike; of every tenth run by the tail's factor as well."""
    pairs = []
    for i in range(benchmarks):
        base = {s: lognormal(f"{i}-{s}", runs, spread=0.01) for s in sessions(i)}
        now = lognormal(f"{i}-now", runs, centre=slower, spread=0.01)
        now = [v * (tail if k % 10 == 0 else 1.0) for k, v in enumerate(now)]
        sides = [profile({metric: side}, name=f"b{i}") for side in (base, {"now": now})]
        pairs.append(Pair(base=sides[0], current=sides[1]))
    return pairs


def told(pairs, by, statistic="p50"):
    """Return the finding about the whole suite, None when there is none."""
    found = [f for f in judge(pairs, by).findings if f.benchmark == WHOLE_SUITE and f.statistic == statistic]
    assert len(found) <= 1
    return found[0] if found else None


def own(pairs, by, statistic="p50"):
    """Return the findings of the benchmarks themselves."""
    return [f for f in judge(pairs, by).findings if f.benchmark != WHOLE_SUITE and f.statistic == statistic]


def test_a_suite_that_got_slower_fails_when_the_threshold_is_an_amount_too():
    found = told(suite(1.35), policy(threshold="+3ms"))
    assert (found.status, found.reason, found.limit_text) == (Status.REGRESSED, "suite-worse", "+3ms")
    assert found.limit == pytest.approx(0.003, rel=0.02)


def test_a_suite_within_the_threshold_that_a_rule_gives_all_its_rows_holds():
    wide = policy(rule(metric="elapsed", threshold="+50%"))
    found = told(suite(1.3), wide)
    assert (found.status, found.limit, found.limit_text) == (Status.UNCHANGED, 0.5, "+50%")
    assert found.rule == "rule 1 (perfgate.toml)"
    assert told(suite(1.6), wide).status is Status.REGRESSED
    assert told(suite(1.3), policy()).status is Status.REGRESSED


def test_one_strict_row_keeps_what_is_taken_off_it_from_hiding():
    by = policy(rule(benchmark="b3", metric="elapsed", threshold="+5%"), rule(2, metric="elapsed", threshold="+50%"))
    found = told(suite(1.3), by)
    assert (found.status, found.limit_text) == (Status.REGRESSED, "+5%")


def test_the_threshold_of_a_row_that_is_not_gated_does_not_count():
    by = policy(rule(benchmark="b3", threshold="+1%", level="info"), rule(2, metric="elapsed", threshold="+50%"))
    assert told(suite(1.3), by).limit_text == "+50%"


def test_tails_that_got_slower_together_fail_together():
    by, pairs = policy(rule(metric="elapsed", statistic="p95")), suite(tail=1.45, runs=70)
    found = told(pairs, by, "p95")
    assert (found.status, found.reason) == (Status.REGRESSED, "suite-worse")
    assert {f.status for f in own(pairs, by, "p95")} == {Status.TOO_NOISY}
    assert told(pairs, by).status is Status.UNCHANGED


def test_a_tail_that_nobody_gates_is_told_and_does_not_fail_the_suite():
    found = told(suite(tail=1.45, runs=70), policy(), "p95")
    assert (found.status, found.level, found.reason) == (Status.UNCHANGED, "info", "suite-moved")
    assert found.change > 0.2


def test_where_each_baseline_has_sessions_of_its_own_nothing_is_taken_off():
    # Each row's own spread holds the luck of its sessions: taken off, that of the current one would count twice.
    pairs = suite(1.2, sessions=lambda i: [f"{i}-{s}" for s in SEVERAL], benchmarks=20)
    assert told(pairs, policy()) is None
    found = own(pairs, policy())
    assert all(abs(f.evidence.shift) < 1e-12 for f in found)
    assert {f.status for f in found} == {Status.REGRESSED}


def test_unshared_sessions_do_not_make_a_suite_look_calm():
    # One session is shared; a hundred others, one for each row, say nothing of what the suite does from day to day.
    alone = told(suite(1.06, sessions=lambda _: ["shared"], benchmarks=20), policy())
    among = told(suite(1.06, sessions=lambda i: ["shared", *(f"{i}-{s}" for s in SEVERAL)], benchmarks=20), policy())
    assert (among.sessions_baseline, among.detectable) == (1, pytest.approx(alone.detectable))
    assert among.status is Status.UNCHANGED


def test_the_order_of_benchmarks_does_not_decide_whose_threshold_counts():
    dice = random.Random(0)
    by = policy(rule(benchmark="b3", metric="elapsed", threshold="+7%"), rule(2, metric="elapsed", threshold="+9%"))
    pairs = suite(1.08)
    assert told(dice.sample(pairs, len(pairs)), by) == told(pairs, by)


def test_a_row_alone_has_no_suite():
    (pair,) = suite(1.35, benchmarks=1)
    assert told([pair], policy()) is None
    assert row_of(judge([pair], policy())).status is Status.REGRESSED


def floor(seconds, unit="s"):
    return Floor(auto=True, amounts=((unit, seconds),))


@pytest.mark.parametrize(
    ("seconds", "status"), [(0.3, Status.REGRESSED), (0.4, Status.UNCHANGED), (9.0, Status.UNCHANGED)]
)
def test_a_common_change_below_the_floor_of_every_row_fails_neither_the_rows_nor_the_suite(seconds, status):
    pairs, by = suite(1.35), policy(floor=floor(seconds))
    assert told(pairs, by).status is status
    assert {f.status for f in own(pairs, by)} == {Status.UNCHANGED}


def test_one_row_with_a_lower_floor_lets_the_suite_fail():
    low = replace(rule(benchmark="b3", metric="elapsed"), floor=floor(0.1))
    assert told(suite(1.35), policy(low, floor=floor(0.4))).status is Status.REGRESSED
    unseen = replace(low, level="info")
    assert told(suite(1.35), policy(unseen, floor=floor(0.4))).status is Status.UNCHANGED


def test_a_floor_holds_the_suite_of_a_rate_too():
    pairs, gates = suite(1 / 1.35, metric="rate"), rule(metric="rate", level="fail")
    assert told(pairs, policy(gates, floor=floor(0.2, "1/s"))).status is Status.REGRESSED
    assert told(pairs, policy(gates, floor=floor(0.3, "1/s"))).status is Status.UNCHANGED


def test_a_suspicion_of_the_whole_suite_needs_more_than_the_floor():
    pairs = suite(1.065)
    assert told(pairs, policy()).status is Status.SUSPECTED
    assert told(pairs, policy(floor=floor(0.2))).status is Status.UNCHANGED


def test_the_whole_suite_counts_sessions_and_no_runs_of_its_own():
    found = told(suite(1.3), policy())
    assert (found.n_baseline, found.n_current, found.sessions_baseline) == (0, 0, 5)
    assert (found.baseline, found.current, found.labels) == (None, None, ())
    limits = [session_limit(5, fresh, family=6, false_alarms=0.01) for fresh in (2, 1)]
    assert [found.evidence.k_in, found.evidence.k_out] == limits


def test_what_all_benchmarks_did_together_before_is_no_spread_of_any():
    pairs = []
    for i in range(6):
        base = {
            s: lognormal(f"{i}-{s}", 6, centre=f, spread=0.002)
            for s, f in zip(SEVERAL, (1, 1.3, 0.8, 1.2, 0.7), strict=True)
        }
        now = lognormal(f"{i}-now", 6, centre=1.3 if i == 0 else 1.0, spread=0.002)
        sides = [profile({"elapsed": side}, name=f"b{i}") for side in (base, {"now": now})]
        pairs.append(Pair(base=sides[0], current=sides[1]))
    found = {f.benchmark: f for f in own(pairs, policy())}
    assert found["b0"].evidence.prior < 0.02
    assert {name for name, f in found.items() if f.status is Status.REGRESSED} == {"b0"}
