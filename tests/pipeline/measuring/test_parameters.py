"""Lists of parameters: what is typed, and what becomes of commands."""

from __future__ import annotations

import pytest

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.pipeline.measuring.hooks import Hooks
from perfgate.pipeline.measuring.parameters import (
    MOST,
    combine,
    describe,
    find_unused,
    hooks_of,
    join_labels,
    name_values,
    parse_lists,
    put_in,
    spread_hooks,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("a", ("a",), id="one"),
        pytest.param("a,b c", ("a", "b c"), id="blank-inside"),
        pytest.param(r"a\,b,c", ("a,b", "c"), id="comma"),
        pytest.param(r"a\\,b", ("a\\", "b"), id="backslash"),
        pytest.param(r"a\d,\n\\", (r"a\d", "\\n\\"), id="other-backslashes"),
        pytest.param("a\\", ("a\\",), id="backslash-at-the-end"),
        pytest.param("é,日本", ("é", "日本"), id="letters"),
        pytest.param(",".join(map(str, range(MOST))), tuple(map(str, range(MOST))), id="most"),
    ],
)
def test_commas_separate_values_unless_escaped(text, values):
    (found,) = parse_lists([("size", text)])
    assert (found.name, found.values) == ("size", values)


@pytest.mark.parametrize("text", ["", " ", ",", "a,", ",a", "a, ,b", "--", "a,a", "a\nb", "\udc80", "x" * 501])
def test_what_is_no_list_is_refused(text):
    with pytest.raises(ValueError, match="-L size"):
        parse_lists([("size", text)])


@pytest.mark.parametrize("name", ["", "a b", "a.b", "{a}", "é", "x" * 501])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="the name of a parameter"):
        parse_lists([(name, "a")])


def test_combinations_are_labels_in_the_order_of_names_and_the_last_list_is_fastest():
    lists = parse_lists([("b", "1,2"), ("a", "x,y")])
    assert combine(lists) == tuple((("a", a), ("b", b)) for b in "12" for a in "xy")
    assert combine(()) == ((),)
    assert describe(combine(lists)[0]) == "a=x, b=1"
    assert describe(()) == ""


@pytest.mark.parametrize(
    ("word", "replaced"),
    [
        ("{a}", "1"),
        ("x{a}{b}y{a}", "x1{a}y1"),
        ("{{a}}", "{1}"),
        ("{c} {} {a b} {A}", "{c} {} {a b} {A}"),
        ("${a", "${a"),
        ("{a{a}", "{a1"),
    ],
)
def test_each_placeholder_is_replaced_once(word, replaced):
    assert put_in([word], (("a", "1"), ("b", "{a}"))) == (replaced,)
    assert put_in([word], ()) == (word,)


def test_a_name_must_stand_in_a_command():
    lists = parse_lists([("a", "1"), ("b", "2")])
    assert find_unused(lists, [("x{a}", "{b}")]) is None
    assert find_unused(lists, [("{a}",), ("b", "{", "b", "}")]) == "b"
    assert find_unused((), [("{a}",)]) is None
    assert words_of(("x", "{a}", "{c}"), parse_lists([("a", "x,y")])) == ("x", "{c}", "y")


def test_setup_and_cleanup_are_run_for_the_parameters_that_they_name():
    hooks = Hooks(setup=(("s",), ("s", "{a}")), prepare=(("p", "{a}{b}"),), cleanup=(("c", "{b}", "{a}"),))
    lists = parse_lists([("a", "1,2"), ("b", "x,y")])
    spread = spread_hooks(hooks, lists)
    assert spread.setup == (("s",), ("s", "1"), ("s", "2"))
    assert spread.cleanup == tuple(("c", b, a) for a in "12" for b in "xy")
    assert spread.prepare == hooks.prepare
    assert hooks_of(spread, combine(lists)[1]).prepare == (("p", "1y"),)
    assert spread_hooks(hooks, ()) == hooks


def test_a_label_of_its_own_stays_unless_it_has_another_value():
    assert join_labels("x", {"k": "1", "a": "2"}, (("a", "2"), ("b", "3"))) == {"k": "1", "a": "2", "b": "3"}
    with pytest.raises(CannotDecideError, match='label "a" of its own'):
        join_labels("x", {"a": "1"}, (("a", "2"),))


def test_a_failure_names_the_combination():
    failure = cannot_decide("x", "nothing was written", output=["line"])
    assert name_values(failure, ()) is failure
    named = name_values(failure, (("a", "1"),))
    assert (named.diagnostics[0].message, named.output) == ("nothing was written (with a=1)", ("line",))
