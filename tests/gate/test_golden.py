"""Golden traces: a structure that was not there is a change, and the words say which."""

from __future__ import annotations

from typing import ClassVar

import pytest
from trace_cases import traces

from perfgate.gate.golden import Golden, compare, group, to_golden


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
    compared = compare(golden(BASE), traces(*now))
    found = compared.changes
    assert (len(found), compared.undescribed) == (60, 40)
    assert sum("new span" in change.words[0] for change in found) == 20
    assert found[-1].words == ("another structure than every golden one",)


class Large(tuple):
    """A structure that says it has many rows, and counts how often it is read."""

    __slots__ = ()
    read: ClassVar[list[str]] = []

    def __len__(self):
        return 150_000

    def __iter__(self):
        self.read.append(self[0].name)
        return super().__iter__()


def large(*roots):
    """Return a golden file for each root, of which each holds two large structures."""
    Large.read.clear()
    made = [*golden(*[(root, 0, 9) for root in roots]), *golden(*[(root, 0, 9, ("old", 1, 2)) for root in roots])]
    return [
        Golden(
            root=root,
            attributes=(),
            structures=tuple((Large(s), 1) for g in made if g.root == root for s, _ in g.structures),
        )
        for root in roots
    ]


def test_golden_structures_are_counted_once_for_all_that_is_compared_with_them():
    found = compare(large("a", "b"), traces(*[("a", 0, 9, (f"new-{i}", 1, 2)) for i in range(3)], ("b", 0, 9)))
    assert [change.words[0] for change in found.changes] == [f"new span: `new-{i}` in `a`, 1 call" for i in range(3)]
    assert Large.read == ["a", "a"]
    assert found.undescribed == 0


def test_of_all_golden_files_together_only_so_many_rows_are_compared():
    roots = [f"root-{i}" for i in range(9)]
    found = compare(large(*roots), traces(*[(root, 0, 9, ("new", 1, 2)) for root in roots]))
    words = [change.words[0] for change in found.changes]
    assert ["new span" in word for word in words] == [True] * 6 + [False] * 3
    assert words[-1] == "another structure than every golden one"
    assert (found.undescribed, len(Large.read)) == (3, 12)


def test_of_many_differences_the_first_are_said():
    many = [(f"{side}-{i}", 1, 2) for side in ("old", "new") for i in range(40)]
    (change,) = compare(golden(("cart", 0, 9, *many[:40])), traces(("cart", 0, 9, *many[40:]))).changes
    assert (len(change.words), change.words[-1]) == (21, "and 60 more")
