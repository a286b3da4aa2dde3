"""The peers' rules at their boundaries, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from peers import PEERS

TEN = [1.00, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08, 1.09]  # median 1.045, mean 1.045


def times(values, factor):
    return [v * factor for v in values]


@pytest.mark.parametrize(
    ("rule", "base", "current", "fails"),
    [
        pytest.param("p95 +3 %", TEN, times(TEN, 1.029), False, id="p95 below"),
        pytest.param("p95 +3 %", TEN, [*TEN[:9], 1.13], False, id="p95 of ten, the largest far out"),
        pytest.param("p95 +3 %", TEN, [*TEN[:9], 1.16], True, id="p95 of ten, the largest further out"),
        pytest.param("p50 +5 %", TEN, times(TEN, 1.049), False, id="p50 below"),
        pytest.param("p50 +5 %", TEN, times(TEN, 1.051), True, id="p50 above"),
        pytest.param("p50 +10 %", TEN, [*TEN[:5], *times(TEN[5:], 9)], True, id="half of the runs"),
        pytest.param("p50 +10 %", TEN, [*TEN[:6], *times(TEN[6:], 9)], False, id="less than half of the runs"),
        pytest.param("pytest-benchmark `mean:5%`", TEN, [*TEN[:9], 1.60], False, id="a mean 4.9 % higher"),
        pytest.param("pytest-benchmark `mean:5%`", TEN, [*TEN[:9], 1.62], True, id="a mean 5.1 % higher"),
        pytest.param("github-action-benchmark 200 %", [1.0], [2.0], False, id="twice"),
        pytest.param("github-action-benchmark 200 %", [1.0], [2.01], True, id="more than twice"),
        # apart, the exact two-sided p is 2 / C(6, 3) = 0.1 and 2 / C(8, 4) = 0.029
        pytest.param("benchstat (Mann-Whitney, 5 %)", TEN[:3], TEN[3:6], False, id="three against three"),
        pytest.param("benchstat (Mann-Whitney, 5 %)", TEN[:4], TEN[4:8], True, id="four against four"),
        pytest.param("benchstat (Mann-Whitney, 5 %)", TEN[4:8], TEN[:4], False, id="faster"),
        # 2 / C(10, 5) = 0.0079 and 2 / C(12, 6) = 0.0022 are not below 0.002, 2 / C(14, 7) = 0.0006 is
        pytest.param("asv continuous (factor 1.1)", TEN[:6], times(TEN[:6], 2), False, id="six against six"),
        pytest.param("asv continuous (factor 1.1)", TEN[:7], times(TEN[:7], 2), True, id="seven against seven"),
        pytest.param("asv continuous (factor 1.1)", TEN[:7], times(TEN[:7], 1.099), False, id="certain, but small"),
        # s = 1 on both sides: t = d / sqrt(2 / 3), and t(0.975, 4) = 2.776 is reached at d = 2.267
        pytest.param("pyperf (t test, 95 %)", [9, 10, 11], [11.26, 12.26, 13.26], False, id="t just below"),
        pytest.param("pyperf (t test, 95 %)", [9, 10, 11], [11.27, 12.27, 13.27], True, id="t just above"),
        # mean 10, s = 1, t(0.99, 2) = 6.965: 10 + 6.965 * sqrt(1 + 1/3) = 18.042
        pytest.param("Bencher (t test, 99 %)", [9, 10, 11], [1, 18.04, 99], False, id="prediction just below"),
        pytest.param("Bencher (t test, 99 %)", [9, 10, 11], [1, 18.05, 99], True, id="prediction just above"),
    ],
)
def test_a_rule_fails_just_beyond_its_limit(rule, base, current, fails):
    said = PEERS[rule](np.array([[base]], float), np.array([[current]], float))
    assert said.tolist() == [[fails]]


def test_ties_are_judged_by_the_normal_law_with_its_corrections():
    # z = (36 - 18 - 0.5) / sqrt(36 / 12 * (13 - (210 + 210) / 132)) = 3.22: p = 0.0013, where exact ranks say 0.0022
    base, current = np.ones((1, 1, 6)), np.full((1, 1, 6), 2.0)
    assert PEERS["asv continuous (factor 1.1)"](base, current).tolist() == [[True]]
