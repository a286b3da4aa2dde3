"""Many globs asked at once answer as each of them does alone."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS

from perfgate.core.errors import CannotDecideError
from perfgate.core.text import globs
from perfgate.core.text.globs import GlobIndex, first_place

TEXTS = st.text("ab*?[]!-.\n", max_size=5)


@LAWS
@given(st.lists(TEXTS, max_size=8), st.lists(TEXTS, max_size=4))
def test_an_index_answers_as_each_glob_does(patterns, names):
    index = GlobIndex(patterns)
    for name in [*names, *names, *patterns]:
        matching, same = index.matching(name), index.same(name)
        for place, glob in enumerate(patterns):
            assert bool(matching >> place & 1) == fnmatch.fnmatchcase(name, glob)
            assert bool(same >> place & 1) == (name == glob)
        assert (matching | same) >> len(patterns) == 0
        if matching:
            assert first_place(matching) == next(i for i, g in enumerate(patterns) if fnmatch.fnmatchcase(name, g))


def test_names_that_are_written_out_cost_no_comparison_and_known_ones_no_second_one(monkeypatch):
    monkeypatch.setattr(globs, "MOST_COMPARISONS", 20)
    index = GlobIndex([*(f"b{i}" for i in range(1000)), "x*", "y?"])
    for _ in range(3):
        assert [first_place(index.matching(f"b{i}")) for i in range(10)] == list(range(10))
    with pytest.raises(CannotDecideError, match="2 different patterns in rules are too many") as caught:
        index.matching("another")
    assert caught.value.diagnostics[0].slug == "too-many-patterns"
