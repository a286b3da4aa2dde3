"""Golden traces: a structure that was not there is a change, and the words say which."""

from __future__ import annotations

import pytest
from trace_cases import traces

from perfgate.gate.golden import compare, group, to_golden


def golden(*trees, attributes=()):
    """Return the golden traces of some trees."""
    return [to_golden(root, attributes, s) for root, s in group(traces(*trees), attributes).items()]


def calls(name, number, *parts):
    """Return so many equal spans."""
    return [(name, 1, 2, *parts)] * number


BASE = ("cart", 0, 9, ("load", 1, 5, *calls("query", 1)), ("render", 5, 8))


@pytest.mark.parametrize(
    ("now", "words"),
    [
        pytest.param(
            ("cart", 0, 9, ("load", 1, 5, *calls("query", 8)), ("render", 5, 8)),
            ["`query` 1 -> 8 calls in `load`"], id="more calls",
        ),
        pytest.param(
            ("cart", 0, 9, *calls("load", 3, ("query", 1, 2)), ("render", 5, 8)),
            ["`load` 1 -> 3 calls in `cart`"], id="what is inside is called as often as before in each call",
        ),
        pytest.param(
            ("cart", 0, 9, ("load", 1, 5, *calls("query", 1)), ("render", 5, 8), ("log", 8, 9, ("disk", 8, 9))),
            ["new span: `log` in `cart`, 1 call"], id="new, said once for all that is inside",
        ),
        pytest.param(
            ("cart", 0, 9, ("render", 5, 8)), ["gone span: `load` in `cart`, 1 call before"], id="gone"
        ),
        pytest.param(
            ("cart", 0, 9, ("load", 1, 5), ("render", 5, 8, *calls("query", 1))),
            ["moved: `query`, before in `load`, now in `render`"], id="moved",
        ),
    ],
)  # fmt: skip
def test_a_change_is_said_in_words(now, words):
    (change,) = compare(golden(BASE), traces(now)).changes
    assert list(change.words) == words


def test_another_division_of_the_same_calls_is_a_change():
    before = ("top", 0, 9, ("a", 1, 2, *calls("q", 2)), ("a", 3, 4))
    after = ("top", 0, 9, ("a", 1, 2, *calls("q", 1)), ("a", 3, 4, *calls("q", 1)))
    (change,) = compare(golden(before), traces(after)).changes
    assert "divided otherwise" in change.words[0]


def test_each_golden_structure_passes_and_the_nearest_explains_a_new_one():
    hit, miss = ("get", 0, 9), ("get", 0, 9, *calls("query", 2))
    held = golden(hit, miss, hit)
    assert [n for _, n in held[0].structures] == [2, 1]
    assert not compare(held, traces(miss, hit)).changes
    (change,) = compare(held, traces(hit, ("get", 0, 9, *calls("query", 3)))).changes
    assert (change.words, change.traces, change.of) == (("`query` 2 -> 3 calls in `get`",), 1, 2)


def test_a_root_that_is_not_traced_is_missing_and_one_without_a_golden_file_is_new():
    found = compare(golden(BASE, ("job", 0, 1)), traces(BASE, ("other", 0, 1)))
    assert (found.same, found.missing, found.new) == ((("cart", 1),), ("job",), ("other",))


def test_a_chosen_attribute_that_changes_is_a_change():
    before = ("get", 0, 9, ("q", {"table": "x"}, 1, 2))
    after = ("get", 0, 9, ("q", {"table": "y"}, 1, 2))
    assert not compare(golden(before), traces(after)).changes
    assert compare(golden(before, attributes=("table",)), traces(after)).changes


def test_of_many_new_structures_few_are_compared_with_the_golden_ones():
    now = [("cart", 0, 9, (f"new-{i}", 1, 2)) for i in range(60)]
    found = compare(golden(BASE), traces(*now)).changes
    assert len(found) == 60
    assert sum("new span" in change.words[0] for change in found) == 20
    assert found[-1].words == ("another structure than every golden one",)
