"""The picture is the verdict: a value fails exactly when its change and its interval lie right of their marks."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_cases import judged_verdict
from laws import laws

from perfgate.core.finding import FAILED, HOLDS, Status

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


@laws(300)
@given(SEEDS)
def test_a_gated_value_fails_exactly_when_dot_and_interval_lie_right_of_the_marks(seed):
    for f, picture in drawn(seed):
        if f.level != "fail" or f.status is Status.WAIVED or picture.is_close or is_excluding(f):
            continue
        if f.method == "same-session" and f.statistic == "p50" and picture.fails and f.status not in FAILED:
            # With `threshold_is = "excluded"` a change of the medians alone does not fail.
            assert picture.high <= picture.threshold, f
            continue
        assert (f.status in FAILED) == picture.fails, f


@laws(200)
@given(SEEDS)
def test_what_fails_because_its_threshold_is_not_excluded_is_worse_for_certain_and_reaches_beyond_it(seed):
    for f, picture in drawn(seed):
        if f.reason == "not-excluded":
            assert picture.low > 0, f
            assert picture.high > picture.threshold, f


@laws(200)
@given(SEEDS)
def test_what_improved_lies_wholly_left_of_no_change(seed):
    for f, picture in drawn(seed):
        if f.status is Status.IMPROVED and f.method != "exact":
            assert picture.high < 0, f
            assert picture.dot < 0, f


@laws(300)
@given(SEEDS)
def test_of_what_neither_fails_nor_improved_the_right_end_says_how_far_it_is_known(seed):
    for f, picture in drawn(seed):
        if f.status not in HOLDS or f.benchmark == "(all benchmarks)":
            continue
        edges = picture.mark, max(picture.resolution, picture.mark)
        if any(abs(picture.high - edge) <= NEAR * (1 + abs(edge)) for edge in edges):
            continue
        by_end = Status.UNCHANGED if picture.high < edges[0] else Status.WITHIN_NOISE
        by_end = Status.TOO_NOISY if picture.high > edges[1] else by_end
        is_quieted = f.level != "fail" and f.status is Status.WITHIN_NOISE  # suspected, but not gated
        assert f.status is by_end or is_quieted, f


@laws(200)
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
