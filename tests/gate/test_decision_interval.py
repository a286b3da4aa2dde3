"""The picture is the verdict: a value fails exactly when its change and its interval lie right of their marks."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from gate_cases import policy, profile, rule
from hypothesis import given
from hypothesis import strategies as st
from judged_cases import judged_verdict
from laws import laws

from perfgate.core.finding import FAILED, HOLDS, WHOLE_SUITE, Status
from perfgate.core.policy import Floor
from perfgate.gate.judge import Pair, judge

SEEDS = st.integers(0, 10**9)
NEAR = 1e-6
"""Changes nearer than this to a mark are equal to it, but for the last digit."""


class Picture:
    """Marks, dot and interval of a finding as a report draws them: to the right is worse."""

    def __init__(self, found, resolution):
        sign = 1 if found.better == "lower" else -1
        self.low, self.high = sorted(sign * end for end in found.decision_interval)
        self.dot, self.mark = sign * found.change, sign * found.allowed
        self.threshold = sign * found.limit
        # 25 % more cost is 20 % less of a rate.
        self.resolution = resolution if found.better == "lower" else resolution / (1 + resolution)

    @property
    def fails(self):
        return self.dot > self.mark and self.low > 0

    @property
    def is_close(self):
        """Is the dot so near to the mark that rounding decides?"""
        return abs(self.dot - self.mark) <= NEAR * (1 + abs(self.mark))


def drawn(seed):
    """Yield the findings that have an interval, each with its picture."""
    verdict = judged_verdict(seed)
    for f in verdict.findings:
        if f.decision_interval is not None and f.change is not None and f.allowed is not None:
            yield f, Picture(f, verdict.resolution)


def is_excluding(found):
    """May the row fail by a change below its threshold, which is not excluded?"""
    return found.reason in {"not-excluded", "worse-within-threshold"}


def assert_fails_as_drawn(f, picture):
    """Assert that a gated value fails exactly when dot and interval lie right of the marks."""
    if f.method == "same-session" and f.statistic == "p50" and picture.fails and f.status not in FAILED:
        # With `threshold_is = "excluded"` a change of the medians alone does not fail.
        assert picture.high <= picture.threshold, f
    else:
        assert (f.status in FAILED) == picture.fails, f


@laws(120)
@given(SEEDS)
def test_a_gated_value_fails_exactly_when_dot_and_interval_lie_right_of_the_marks(seed):
    for f, picture in drawn(seed):
        if f.level == "fail" and f.status is not Status.WAIVED and not picture.is_close and not is_excluding(f):
            assert_fails_as_drawn(f, picture)


def quiet(values=5, size=1.0001):
    """Return a baseline of sessions that agree."""
    return {f"s{i}": [size] * 3 for i in range(values)}


def suite(factors):
    """Return benchmarks of which each got slower by a factor of its own, all measured in the same sessions."""
    return [
        Pair(
            base=profile({"elapsed": {s: [v[0] * (1 + i / 7)] * 3 for s, v in quiet().items()}}, name=f"b{i}"),
            current=profile({"elapsed": {"now": [1.0001 * (1 + i / 7) * by] * 3}}, name=f"b{i}"),
        )
        for i, by in enumerate(factors)
    ]


RUNS, SLOW = [1 + i / 1000 for i in range(100)], [1.1 * (1 + i / 1000) for i in range(100)]
STEADY = [1 + i / 10_000 for i in range(250)]
FLOOR = Floor(auto=False, amounts=(("s", 0.2),))
RARE = {
    "tail-below-floor": ([Pair(base=profile({"elapsed": STEADY}),
                               current=profile({"elapsed": [1.1 * v for v in STEADY]}))],
                         {"floor": FLOOR, "rules": [rule(metric="elapsed", statistic="p95")]}, "below-floor",
                         Status.UNCHANGED),
    "same-session-below-floor": ([Pair(base=profile({"elapsed": RUNS}), current=profile({"elapsed": SLOW}))],
                                 {"floor": FLOOR}, "below-floor", Status.UNCHANGED),
    "across-sessions-below-floor": (suite([1.1]), {"floor": FLOOR}, "below-floor", Status.UNCHANGED),
    "suite-below-floor": (suite([1.1] * 6), {"floor": Floor(auto=False, amounts=(("s", 0.5),))}, "suite-moved",
                          Status.UNCHANGED),
    "suite-suspected": (suite([1.06] * 6), {}, "suite-not-proven", Status.SUSPECTED),
    "slower-only-beside-others": (suite([0.6] * 6 + [0.99]), {}, "only-beside", Status.SUSPECTED),
    "slower-beside-others": (suite([0.6] * 6 + [1.3]), {}, "worse", Status.REGRESSED),
}  # fmt: skip
"""Pictures that random suites hardly ever draw: pairs, keys of the policy, and what one of the findings is."""


@pytest.mark.parametrize("name", RARE)
def test_what_is_rare_is_drawn_as_it_is_judged(name):
    pairs, keys, reason, status = RARE[name]
    found = judge(pairs, policy(*keys.get("rules", ()), floor=keys.get("floor", Floor(auto=True)))).findings
    assert (reason, status) in {(f.reason, f.status) for f in found}
    for f in found:
        if f.level == "fail" and f.decision_interval is not None:
            assert_fails_as_drawn(f, Picture(f, 0.25))


@laws(120)
@given(SEEDS)
def test_what_fails_because_its_threshold_is_not_excluded_is_worse_for_certain_and_reaches_beyond_it(seed):
    for f, picture in drawn(seed):
        if f.reason == "not-excluded":
            assert picture.low > 0, f
            assert picture.high > picture.threshold, f


@laws(120)
@given(SEEDS)
def test_what_improved_lies_wholly_left_of_no_change(seed):
    for f, picture in drawn(seed):
        if f.status is Status.IMPROVED and f.method != "exact":
            assert picture.high < 0, f
            assert picture.dot < 0, f


@laws(120)
@given(SEEDS)
def test_what_lies_alone_wholly_left_of_no_change_by_more_than_its_threshold_improved(seed):
    """Beside others that got worse the interval is narrower, and an improvement needs what it needs alone."""
    for f, picture in drawn(seed):
        is_alone = f.method == "across-sessions" and f.benchmark != WHOLE_SUITE and f.evidence.together == 1
        if is_alone and f.status in HOLDS and picture.high < -NEAR:
            assert_no_gain(f)


GAINS = (1.04, 1.06, 1.1, 1.2, 1.3, 1.45, 1.6, 2.0)


def faster_beside(by, others):
    """Return the finding of a benchmark that got faster beside 4 that got slower and 15 that did not change."""
    findings = judge(suite([1 / by, *[others] * 4, *[1.0] * 15]), policy()).findings
    (found,) = (f for f in findings if (f.benchmark, f.statistic) == ("b0", "p50"))
    return found


@pytest.mark.parametrize("by", GAINS)
def test_an_improvement_needs_the_limit_of_a_row_alone_whatever_the_others_do(by):
    alone, beside = faster_beside(by, 1.0), faster_beside(by, 4.0)
    assert (alone.evidence.together, beside.evidence.together) == (1, 5)
    assert beside.status is alone.status
    assert (alone.status is Status.IMPROVED) == (Picture(alone, 0.25).high < 0)


def test_an_interval_beside_others_that_got_worse_may_lie_left_of_no_change_without_an_improvement():
    found = faster_beside(1.06, 4.0)
    assert found.status is Status.UNCHANGED
    assert Picture(found, 0.25).high < 0
    assert found.change < -found.limit


def assert_no_gain(f):
    """Assert that a change for the better is within threshold or floor, net of what all share or as measured."""
    changes = f.change, f.current / f.baseline - 1
    gains = [1 / (1 + c) - 1 if f.better == "lower" else c for c in changes]
    allowed = f.limit if f.better == "lower" else 1 / (1 + f.limit) - 1 if f.limit > -1 else math.inf
    least = min(abs(c) * f.baseline for c in changes)
    assert min(gains) <= allowed * (1 + NEAR) + NEAR or least <= f.evidence.floor * (1 + NEAR), f


@laws(120)
@given(SEEDS)
def test_of_what_neither_fails_nor_improved_the_right_end_says_how_far_it_is_known(seed):
    for f, picture in drawn(seed):
        if f.status not in HOLDS or f.benchmark == WHOLE_SUITE:
            continue
        edges = picture.mark, max(picture.resolution, picture.mark)
        if any(abs(picture.high - edge) <= NEAR * (1 + abs(edge)) for edge in edges):
            continue
        by_end = Status.UNCHANGED if picture.high < edges[0] else Status.WITHIN_NOISE
        by_end = Status.TOO_NOISY if picture.high > edges[1] else by_end
        assert f.status is by_end, f


@laws(120)
@given(SEEDS)
def test_the_dot_lies_within_its_interval(seed):
    for f, picture in drawn(seed):
        if not is_excluding(f) and f.method != "same-session":
            assert picture.low - NEAR <= picture.dot <= picture.high + NEAR, f


@pytest.mark.slow
def test_the_laws_meet_every_method_and_every_status_that_a_picture_shows():
    met = Counter((f.method, f.status) for seed in range(300) for f, _ in drawn(seed))
    assert {method for method, _ in met} >= {"same-session", "across-sessions", "exact"}
    for method in ("same-session", "across-sessions"):
        assert {status for m, status in met if m == method} >= {*HOLDS, Status.REGRESSED, Status.SUSPECTED}
