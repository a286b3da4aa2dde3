"""Comparability: each rule by itself, and what makes a profile that no check can judge."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from records import a_profile

from perfgate.core.comparability import (
    compare_definitions,
    compare_kinds,
    compare_methods,
    compare_metrics,
    compare_rows,
    find_flaws,
    needs_same_rows,
    why_unmeasured,
)
from perfgate.core.metrics import CPU, ELAPSED, FUNCTION_CALLS, PEAK_MEMORY, THROUGHPUT, Metric
from perfgate.core.policy import Policy, Rule
from perfgate.core.profile import MetricProfile, Stated, with_stated
from perfgate.core.statistic import Quantile
from perfgate.core.text.units import parse_change

SIDES = ("in the left", "in the right")
DEPTH = Metric(name="depth", unit="1", better="lower")


def policy(*rules, **more):
    return Policy(source="p", threshold=parse_change("+5%"), rules=rules, **more)


def measured(metric=ELAPSED, sources=(), values=(0.4, 0.5)):
    return a_profile({"s1": values}, metric=metric, sources=sources).metrics[0]


def quantiles_of(metric=DEPTH, sources=()):
    without_origins = MetricProfile(metric=metric, sources=sources, samples=())
    return with_stated(without_origins, [Stated(session="s1", quantiles=(Quantile("p50", 3.0, 3.0, 3.0),))])


def with_rows(*rows, metric=ELAPSED):
    found = a_profile({f"s{i}": (0.4,) for i in range(len(rows))}, metric=metric)
    sessions = (replace(s, rows_used=r) for s, r in zip(found.sessions, rows, strict=True))
    return replace(found, sessions=tuple(sessions))


def slugs(profile, by=None):
    return [f.slug for f in find_flaws(profile, by or policy())]


@pytest.mark.parametrize(
    ("unit", "better", "slug", "message"),
    [
        ("1", "lower", None, ""),
        ("B", "lower", "unit-differs", 'the unit of "depth" is "1" in the left, but "B" in the right'),
        ("1", "higher", "direction-differs", 'lower is better for "depth" in the left, but higher in the right'),
        ("B", "higher", "unit-differs", 'the unit of "depth"'),
    ],
)
def test_a_metric_is_defined_by_its_unit_and_its_direction(unit, better, slug, message):
    found = compare_definitions(DEPTH, Metric(name="depth", unit=unit, better=better), SIDES)
    assert (found.slug if found else None) == slug
    assert message in (found.message if found else "")


@pytest.mark.parametrize(
    ("metric", "was", "now", "named"),
    [
        pytest.param(PEAK_MEMORY, ("poll",), ("poll",), "", id="same"),
        pytest.param(PEAK_MEMORY, (), (), "", id="nobody-states-it"),
        pytest.param(PEAK_MEMORY, ("poll",), ("cgroup",), "cgroup, poll", id="others"),
        pytest.param(PEAK_MEMORY, ("cgroup", "poll"), ("poll",), "cgroup, poll", id="mixed-on-one-side"),
        pytest.param(PEAK_MEMORY, (), ("poll",), "poll, unknown", id="memory-of-an-unknown-method"),
        pytest.param(DEPTH, ("means of calls",), (), "means of calls, single calls", id="the-usual-method"),
    ],
)
def test_two_sides_must_be_measured_by_one_method(metric, was, now, named):
    found = compare_methods(measured(metric, was), measured(metric, now))
    name = metric.name.replace("_", " ")
    assert (found.message if found else "") == (f"{name} was measured by different methods ({named})" if named else "")


@pytest.mark.parametrize(
    ("was", "now", "named"),
    [
        pytest.param(("python 3.11, packages a",), ("python 3.11, packages a",), "", id="same"),
        pytest.param((), (), "", id="of-a-log"),
        pytest.param(
            ("python 3.12, packages a",), ("python 3.11, packages b",),
            "python 3.11, packages b, and with python 3.12, packages a", id="others",
        ),
        pytest.param(
            ("python 3.12, packages a",), (),
            "python 3.12, packages a, and with an interpreter that is not stated", id="one-side-does-not-say",
        ),
    ],
)  # fmt: skip
def test_function_calls_of_another_interpreter_or_other_packages_are_not_compared(was, now, named):
    found = compare_methods(measured(FUNCTION_CALLS, was), measured(FUNCTION_CALLS, now))
    assert (found.message if found else "") == (f"function calls were counted with {named}" if named else "")
    assert found is None or found.slug == "counted-elsewhere"


def test_functions_of_several_interpreters_explain_nothing_and_are_no_flaw():
    metric = Metric(name="function:a.py:f", unit="s", better="lower")
    assert slugs(replace(a_profile(), metrics=(measured(metric, ("a", "b")),))) == []


def test_quantiles_that_state_no_method_have_that_of_the_other_side():
    assert compare_methods(quantiles_of(), measured(DEPTH, ("means of calls",))) is None
    assert compare_methods(quantiles_of(sources=("a",)), measured(DEPTH, ("b",))).slug == "source-differs"


def test_values_and_quantiles_cannot_stand_in_one_profile():
    assert compare_kinds(measured(), measured(), SIDES) is None
    assert compare_kinds(quantiles_of(), quantiles_of(), SIDES) is None
    found = compare_kinds(measured(DEPTH), quantiles_of(), SIDES)
    assert (found.slug, found.message) == (
        "kinds-differ", '"depth" has values in the left, but only quantiles in the right',
    )  # fmt: skip


@pytest.mark.parametrize(
    ("was", "now", "differ"),
    [((30,), (30,), False), ((30,), (31,), True), ((30, 31), (30,), True), ((), (31,), False), ((30,), (), False)],
)
def test_rows_differ_when_both_sides_state_them_and_they_are_others(was, now, differ):
    assert (compare_rows(with_rows(was), with_rows(now)) is not None) == differ


@pytest.mark.parametrize("workload", ["same", "rate"])
@pytest.mark.parametrize("metric", [ELAPSED, CPU, PEAK_MEMORY, THROUGHPUT, DEPTH], ids=lambda m: m.name)
def test_rows_matter_to_what_depends_on_them_while_the_workload_is_the_same(metric, workload):
    sides = with_rows((30,), metric=metric), with_rows((60,), metric=metric)
    found = compare_metrics(sides[0].metrics[0], sides[1].metrics[0], sides, workload)
    assert (found is not None) == (workload == "same")  # alone, one of one's own is of the whole workload
    # A baseline may hold scores of several amounts of rows: a check compares them one by one.
    assert needs_same_rows(sides[0], policy(workload=workload)) == (found is not None and metric is not DEPTH)


def test_the_definition_is_compared_before_the_method_and_the_method_before_the_rows():
    one = a_profile({"s": (9.0,)}, metric=PEAK_MEMORY, sources=("poll",), rows=(30,))
    other = a_profile({"s": (9.0,)}, metric=PEAK_MEMORY, sources=("cgroup",), rows=(60,))
    assert compare_metrics(one.metrics[0], other.metrics[0], (one, other), "same").slug == "source-differs"
    megabytes = replace(other.metrics[0], metric=replace(PEAK_MEMORY, unit="MB"))
    assert compare_metrics(one.metrics[0], megabytes, (one, other), "same").slug == "unit-differs"


@pytest.mark.parametrize(
    ("metric", "values", "message"),
    [
        (ELAPSED, (0.4, 0.0), "a time of zero"),
        (PEAK_MEMORY, (9.0, 0.0), "a peak of zero"),
        (Metric(name="latency", unit="s", better="lower"), (0.4, -0.1), "a negative time"),
        (Metric(name="latency", unit="s", better="lower"), (0.4, 0.0), ""),
        (CPU, (0.4, 0.0), ""),
        (ELAPSED, (0.4, 0.1), ""),
    ],
)
def test_a_zero_that_is_no_measurement_is_found(metric, values, message):
    found = why_unmeasured(measured(metric, values=values))
    assert (found.message if found else "").startswith(message)
    assert (found is None) == (message == "")
    assert slugs(a_profile({"s1": values}, metric=metric)) == (["zero-values"] if message else [])


def test_a_metric_measured_by_several_methods_cannot_be_judged_unless_it_is_excluded():
    mixed = a_profile(metric=PEAK_MEMORY, sources=("cgroup", "poll"))
    (flaw,) = find_flaws(mixed, policy())
    assert (flaw.slug, flaw.metric) == ("source-differs", "peak_memory")
    assert flaw.message == "peak memory was measured by different methods (cgroup, poll)"
    assert slugs(mixed, policy(exclude=("*:peak_memory",))) == []
    assert slugs(mixed, policy(exclude=("train",))) == []
    assert slugs(mixed, policy(exclude=("*:elapsed",))) == ["source-differs"]


def test_sessions_on_other_rows_cannot_be_judged_where_the_same_rows_are_gated():
    torn = with_rows((30,), (60,))
    (flaw,) = find_flaws(torn, policy())
    assert (flaw.slug, flaw.message) == (
        "sessions-disagree", "its sessions worked on different rows (rows_used: 30, 60)",
    )  # fmt: skip
    assert slugs(with_rows((30, 60), (30, 60))) == []
    assert slugs(with_rows((30,), ())) == []
    assert slugs(with_rows((30,), (60,), metric=DEPTH)) == []
    assert slugs(torn, policy(workload="rate")) == []
    assert slugs(torn, policy(Rule(origin="r", metric="elapsed", level="warn"))) == []
    assert slugs(torn, policy(exclude=("*:elapsed",))) == []


def test_a_benchmark_of_throughput_alone_is_gated_by_it():
    assert slugs(with_rows((30,), (60,), metric=THROUGHPUT)) == ["sessions-disagree"]


def test_sessions_of_both_kinds_are_a_flaw_even_where_the_metric_is_excluded():
    both = replace(measured(DEPTH), stated=quantiles_of().stated)
    profile = replace(a_profile({"s1": (0.4,)}), metrics=(both,))
    assert slugs(profile, policy(exclude=("*:depth",))) == ["kinds-differ"]
