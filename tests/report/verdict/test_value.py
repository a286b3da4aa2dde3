"""A finding in words: what the numbers of its row leave open."""

from __future__ import annotations

import pytest
from gate_cases import counted, judged, policy, profile, row_of, rule

from perfgate.core.metrics import Metric
from perfgate.core.policy import ERROR_RATE
from perfgate.report.rows import lines_of
from perfgate.report.verdict.value import value_of

RATE = Metric(name=ERROR_RATE, unit="1", better="lower")


@pytest.mark.parametrize(
    ("failed", "threshold", "status", "remark"),
    [
        pytest.param(82, None, "unchanged", "limit +0.01", id="within-an-absolute-limit"),
        pytest.param(480, None, "regressed", "limit +0.01", id="beyond-an-absolute-limit"),
        pytest.param(60, None, "unchanged", "", id="no-change"),
        pytest.param(40, None, "unchanged", "", id="better"),
        pytest.param(82, "+50%", "unchanged", "", id="a-relative-limit"),
    ],
)
def test_an_absolute_limit_stands_beside_a_change_in_percent(failed, threshold, status, remark):
    sides = [profile({RATE: counted(**{day: (hits, 3000)})}) for day, hits in (("a", 60), ("b", failed))]
    rules = [rule(metric=ERROR_RATE, threshold=threshold)] if threshold else []
    found = row_of(judged(*sides, policy(*rules)), ERROR_RATE)
    assert found.status == status
    assert "".join(span.text for span in value_of(found).remark) == remark
    assert "".join(lines_of(found)).count("limit +") == 1
