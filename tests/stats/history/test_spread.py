"""The spread inside one session, by hand."""

from __future__ import annotations

import math

import pytest

from perfgate.stats.history.spread import relative_spread


@pytest.mark.parametrize(
    ("values", "spread"),
    [
        pytest.param([1.0, 1.0, 1.0], 0.0, id="none"),
        pytest.param([1.0, math.e, math.e**3], 1.4826, id="by-hand"),
        pytest.param([10.0, 10 * math.e, 10 * math.e**3], 1.4826, id="in-any-unit"),
        pytest.param([1.0, 1.01, 0.99, 1.0, 50.0], 1.4826 * math.log(1.01), id="an-outlier-moves-nothing"),
        pytest.param([1.0, 2.0], None, id="two"),
        pytest.param([], None, id="nothing"),
        pytest.param([0.0, 1.0, 2.0], None, id="zero"),
        pytest.param([-1.0, 1.0, 2.0], None, id="negative"),
    ],
)
def test_the_spread_is_a_share_of_the_median(values: list[float], spread: float | None) -> None:
    found = relative_spread(values)
    assert found == (None if spread is None else pytest.approx(spread, abs=1e-12))
