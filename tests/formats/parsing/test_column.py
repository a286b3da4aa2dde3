"""Columns of a log: of many values their counts by cell, to the same bit by plain Python and by numpy."""

import math
import subprocess
import sys
from array import array
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS

from perfgate.formats.parsing.logs import column as module
from perfgate.formats.parsing.logs.column import Column, count_by_cell
from perfgate.stats.cells import TINY, cells_of

ENDS = (0.0, -0.0, 5e-324, -5e-324, TINY, -TINY, 1.0, -1.0, 1.7e308, -1.7e308)
VALUES = st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(ENDS), max_size=200)
FACTORS = st.sampled_from([1.0, 1e-3, 1e-9, 0.3, 1e6])


def exactly(cells):
    """Return cells with each bit of their numbers, the sign of a zero among them."""
    return [(low.hex(), high.hex(), size) for low, high, size in cells]


@LAWS
@given(VALUES, FACTORS)
def test_numpy_counts_the_same_cells_to_the_bit(values, factor):
    scaled = [v * factor for v in values]
    if all(map(math.isfinite, scaled)):
        with mock.patch.object(module._Counter, "few", -1):
            assert exactly(count_by_cell(array("d", values), factor)) == exactly(cells_of(sorted(scaled)))


@pytest.mark.parametrize("few", [-1, 10**9])
def test_a_value_that_is_infinite_once_it_is_multiplied_is_no_other_cell(few):
    with mock.patch.object(module._Counter, "few", few):
        assert count_by_cell([1.0, 1e308], 1e6) == [(1e6, 1e6, 1), (math.inf, math.inf, 1)]
        with pytest.raises(OverflowError):
            count_by_cell([1e308, 1e308], 1e6)


def test_numpy_is_loaded_once_there_are_many_values_and_not_before():
    script = (
        "import sys\n"
        "from perfgate.formats.parsing.logs.column import count_by_cell\n"
        "for _ in range(2): count_by_cell([1.0] * 1_250_000)\n"
        "print('numpy' in sys.modules)\n"
        "count_by_cell([1.0])\n"
        "print('numpy' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@LAWS
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=80), st.integers(1, 30), st.sampled_from([1.0, 1e-3]))
def test_a_column_that_is_folded_again_and_again_holds_the_cells_of_all_its_values(values, most, factor):
    with mock.patch.object(module, "MOST_KEPT", most):
        column = Column(factor)
        for start in range(0, len(values), 7):
            column.extend(values[start : start + 7])
        kept = list(column.finish())
    scaled = [v * factor for v in values]
    assert len(column) == len(values)
    assert column.total == pytest.approx(math.fsum(values), rel=1e-9, abs=1e-9)
    if kept:
        assert (kept, column.cells) == (scaled, [])
        assert len(values) < most + 7
    else:
        assert column.cells == cells_of(sorted(scaled))
