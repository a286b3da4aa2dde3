"""What a row could have seen is what it would have failed on: just above fails, just below does not."""

from __future__ import annotations

import pytest
from gate_cases import judged_values, lognormal, policy, profile, rule, scaled

from perfgate.core.finding import Status
from perfgate.gate.judge import Pair, judge

JUST = 1e-6
OPEN = rule(metric="rate", threshold="-5%")


def at_change(base, current, found, change):
    """Return the current values scaled so that the row shows that change."""
    return scaled(current, (1 + change) / (1 + found.change))


def around(found):
    """Return a change a little larger than the visible one, and one a little smaller, away from zero."""
    return found.detectable * (1 + JUST), found.detectable * (1 - JUST)


def sessions(count, seed, runs=10):
    return {f"s{i}": lognormal(seed * 100 + i, runs, centre=1 + i / 100) for i in range(count)}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("metric", ["elapsed", "rate"])
@pytest.mark.parametrize("runs", [5, 8, 25], ids="n={}".format)
def test_one_session_fails_just_above_what_is_visible(seed, metric, runs):
    by = policy(OPEN)
    base, current = lognormal(seed, runs, spread=0.1), lognormal(seed + 50, runs, spread=0.1)
    found = judged_values(base, current, by, metric)
    for change, fails in zip(around(found), (True, False), strict=True):
        now = judged_values(base, at_change(base, current, found, change), by, metric)
        assert now.change == pytest.approx(change, rel=1e-9)
        assert (now.status is Status.REGRESSED) is fails


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("metric", ["elapsed", "rate"])
@pytest.mark.parametrize("m", [1, 2, 5], ids="m={}".format)
def test_across_sessions_fails_just_above_what_is_visible(seed, metric, m):
    by = policy(OPEN)
    base, current = sessions(m, seed, runs=9), {"now": lognormal(seed + 50, 9)}
    found = judged_values(base, current, by, metric)
    assert found.method == "across-sessions"
    for change, fails in zip(around(found), (True, False), strict=True):
        now = judged_values(base, at_change(base, current, found, change), by, metric)
        assert now.change == pytest.approx(change, rel=1e-9)
        assert (now.status is Status.REGRESSED) is fails


@pytest.mark.parametrize("worse", [0, 1, 4, 7])
def test_each_row_of_a_family_says_what_it_alone_could_have_seen(worse):
    base = [lognormal(i, 8, spread=0.1) for i in range(8)]
    current = [lognormal(i + 50, 8, spread=0.1, centre=1.0 + 2 * (i < worse)) for i in range(8)]
    found = rows_of_family(base, current)
    assert sum(f.status is Status.REGRESSED for f in found) == worse
    for i, row in enumerate(found):
        for change, fails in zip(around(row), (True, False), strict=True):
            values = at_change(base[i], current[i], row, change)
            now = rows_of_family(base, [*current[:i], values, *current[i + 1 :]])[i]
            assert (now.status is Status.REGRESSED) is fails


def rows_of_family(base, current):
    """Judge a family of benchmarks and return their p50 in order."""
    names = [f"b{i}" for i in range(len(base))]
    pairs = [
        Pair(base=profile({"elapsed": b}, name=n), current=profile({"elapsed": c}, name=n))
        for n, b, c in zip(names, base, current, strict=True)
    ]
    found = {f.benchmark: f for f in judge(pairs, policy()).findings if f.statistic == "p50"}
    return [found[n] for n in names]
