"""Functions explain a change only where both sides were profiled alike, and only those that changed are named."""

from __future__ import annotations

import pytest
from gate_cases import finding, profile
from msgspec.structs import replace

from perfgate.core.finding import Status
from perfgate.core.metrics import FUNCTION_CALLS, Metric
from perfgate.gate.attribution.attribute import attribute
from perfgate.gate.attribution.functions import compare_functions

HERE = ("python 3.11, packages 1a2b3c4d",)


def side(times: dict[str, float], calls: dict[str, float], sources: tuple[str, ...] = HERE, others: int = 0):
    """Return a profiled benchmark by own time and calls of its functions, and calls of functions it does not name."""
    values = {Metric(name=f"function:{n}", unit="s", better="lower"): [t] for n, t in times.items()}
    values |= {Metric(name=f"function-calls:{n}", unit="1", better="lower"): [c] for n, c in calls.items()}
    values[FUNCTION_CALLS] = [sum(calls.values()) + others]
    found = profile({"elapsed": [1.0] * 3, **values})
    metrics = (m if m.metric.name == "elapsed" else replace(m, sources=sources) for m in found.metrics)
    return replace(found, metrics=tuple(metrics))


def named(was, now):
    return {c.name: (c.baseline, c.current, c.calls_baseline, c.calls_current) for c in compare_functions(was, now)}


BEFORE = side({"a.py:load": 0.1, "a.py:rank": 0.2, "b.py:emit": 0.1}, {"a.py:load": 1, "a.py:rank": 5, "b.py:emit": 9})


def test_a_function_that_is_called_more_often_and_one_that_takes_longer_are_named_the_worst_first():
    now = side(
        {"a.py:load": 0.1, "a.py:rank": 0.5, "b.py:emit": 0.11}, {"a.py:load": 1, "a.py:rank": 5, "b.py:emit": 10}
    )
    assert list(named(BEFORE, now).items()) == [
        ("a.py:rank", (0.2, 0.5, 5, 5)), ("b.py:emit", (0.1, 0.11, 9, 10)),
    ]  # fmt: skip
    shares = [c.share for c in compare_functions(BEFORE, now)]
    assert shares == [pytest.approx(0.3 / 0.31), pytest.approx(0.01 / 0.31)]


@pytest.mark.parametrize(("time", "is_named"), [(0.219, False), (0.221, True)])
def test_time_alone_names_a_function_from_a_twentieth_of_the_whole_on(time, is_named):
    now = side(
        {"a.py:load": 0.1, "a.py:rank": time, "b.py:emit": 0.1}, {"a.py:load": 1, "a.py:rank": 5, "b.py:emit": 9}
    )
    assert ("a.py:rank" in named(BEFORE, now)) is is_named


def test_a_function_new_or_gone_is_named_where_a_side_names_all_that_it_has():
    now = side({"a.py:load": 0.1, "a.py:rank": 0.2, "c.py:save": 0.3}, {"a.py:load": 1, "a.py:rank": 5, "c.py:save": 2})
    assert named(BEFORE, now) == {"c.py:save": (None, 0.3, None, 2), "b.py:emit": (0.1, None, 9, None)}


@pytest.mark.parametrize(("others", "is_new"), [(0, True), (1, False)])
def test_a_function_that_a_side_does_not_name_is_new_only_if_the_names_have_all_its_calls(others, is_new):
    was = side({"load": 0.1, "sort": 0.2}, {"load": 1, "sort": 2}, others=others)
    now = side({"load": 0.1, "sort": 0.2, "extra": 0.4}, {"load": 1, "sort": 2, "extra": 7}, others=3)
    assert named(was, now) == ({"extra": (None, 0.4, None, 7)} if is_new else {})


def test_a_log_names_only_the_dearest_so_that_none_of_its_functions_is_new():
    was, now = side({"a": 0.1}, {"a": 1}, sources=()), side({"a": 0.1, "b": 0.3}, {"a": 3, "b": 1}, sources=())
    assert named(was, now) == {"a": (0.1, 0.1, 1, 3)}


def test_profiles_of_other_interpreters_or_packages_explain_nothing():
    now = side({"a.py:load": 0.9}, {"a.py:load": 7}, sources=("python 3.13, packages 1a2b3c4d",))
    assert compare_functions(BEFORE, now) == ()
    assert compare_functions(BEFORE, profile({"elapsed": [1.0]})) == ()


def test_functions_stand_beside_what_got_worse_without_any_stage():
    now = side({"a.py:load": 0.1, "a.py:rank": 0.2, "b.py:emit": 0.1}, {"a.py:load": 3, "a.py:rank": 5, "b.py:emit": 9})
    key = {"benchmark": now.benchmark, "labels": now.labels, "machine_class": now.machine_class}
    (found,) = attribute([finding(Status.REGRESSED, **key)], [BEFORE], [now])
    assert found.stages == ()
    assert [c.name for c in found.functions] == ["a.py:load"]
    assert not list(attribute([finding(Status.UNCHANGED, **key)], [BEFORE], [now]))


def test_of_many_functions_few_are_named():
    many = [f"f{n}" for n in range(19)]
    now = side(dict.fromkeys(many, 0.2), dict.fromkeys(many, 2))
    assert len(compare_functions(side(dict.fromkeys(many, 0.1), dict.fromkeys(many, 1)), now)) == 10
