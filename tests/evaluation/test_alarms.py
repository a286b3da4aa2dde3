from __future__ import annotations

import pytest
from alarms import Compared, compare
from draws import draw
from experiment import Share
from noise import STRESS, load

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize(
    ("expected", "is_inside"), [(1.1, False), (1.4, True), (7.7, True), (7.9, False)], ids="{}".format
)
def test_an_expectation_is_held_against_the_interval_of_what_happened(expected, is_inside):
    assert Compared(Share(4, 127), expected).is_inside is is_inside  # Wilson: 1.2 to 7.8


@pytest.mark.slow
def test_the_rate_that_an_audit_expects_is_the_one_that_happens_on_all_data_sets_but_one():
    found = {}
    for each in load().sets:
        if each.name != STRESS:
            requests = draw(each.apart, (3, each.name), count=40, rows=6, sessions=5, runs=6)
            if requests:
                found[each.name] = compare(requests)
    assert len(found) >= 2
    assert sum(not c.is_inside for c in found.values()) <= 1, found
