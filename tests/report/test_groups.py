"""Many values by group: the first part of their names that makes few groups, and the mean of their changes."""

from __future__ import annotations

import math

import pytest
from gate_cases import finding, profile, verdict
from msgspec.structs import replace

from perfgate.core.finding import Status
from perfgate.report.verdict.groups import mean_change, split, tabulate_groups
from perfgate.report.verdict.sides import describe_sides


def named(*names, **more):
    return [finding(benchmark=n, **more) for n in names]


@pytest.mark.parametrize(
    ("form", "groups"),
    [
        ("{}.py::case{}", {"a.py", "b.py"}),
        ("t/{}/case{}", {"t/a", "t/b"}),
        ("{}.case{}", {"a", "b"}),
        ("{}[size={}]", {"a", "b"}),
        ("{}-case{}", {"a", "b"}),
        ("{}{}", None),
    ],
)
def test_a_group_is_the_part_of_the_name_that_makes_few_of_them(form, groups):
    found = split(named(*(form.format(g, i) for g in "ab" for i in range(20))))
    assert (None if found is None else set(found)) == groups


def test_the_metrics_of_few_benchmarks_are_groups_by_benchmark():
    values = [finding(benchmark=f"b{i}", metric=m) for i in range(10) for m in ("elapsed", "cpu", "peak_memory")]
    assert set(split(values)) == {f"b{i}" for i in range(10)}


def test_where_names_say_nothing_a_label_does():
    values = [finding(labels=(("size", str(i % 3)),)) for i in range(9)]
    assert set(split(values)) == {"size=0", "size=1", "size=2"}


def test_more_than_twelve_groups_are_none():
    assert split(named(*(f"{chr(97 + i)}::x" for i in range(13)))) is None


def test_the_mean_is_geometric_and_worse_is_up_whatever_the_direction():
    values = [finding(change=1.0), finding(change=-0.5, better="higher"), finding(change=0.0), finding(change=None)]
    assert mean_change(values) == pytest.approx(math.exp(2 * math.log(2) / 3) - 1)
    assert mean_change([finding(change=None)]) is None


def test_quiet_groups_are_one_line_and_the_worst_group_is_first():
    slow = [finding(Status.REGRESSED, benchmark=f"slow::{i}") for i in range(10)]
    calm = named(*(f"{g}::{i}" for g in "abc" for i in range(10)))
    table = tabulate_groups([*calm, *slow], verdict(*calm, *slow))
    rows = [[cell.text for cell in entry.cells] for entry in table.entries]
    assert [row[:3] for row in rows] == [["slow", "10", "10"], ["3 other groups", "30", "–"]]
    assert tabulate_groups(calm, verdict(*calm)) is None


@pytest.mark.parametrize(
    ("base", "now", "words"),
    [
        (
            {"s1": [1.0] * 5},
            {"s2": [1.0] * 10},
            "current bbbbbbb: 1 session of 10 runs; baseline aaaaaaa: 1 session of 5 runs; class-a",
        ),
        (
            {"s1": [1.0] * 5, "s3": [1.0] * 8},
            {"s2": [1.0]},
            "current bbbbbbb: 1 session of 1 run; baseline aaaaaaa: 2 sessions of 5 to 8 runs; class-a",
        ),
        ({"s/ab-1": [1.0] * 6}, {"s/ab-1": [1.0] * 6}, "base aaaaaaa → head bbbbbbb, 6 interleaved runs each"),
    ],
)
def test_what_was_compared_is_said_in_one_line(base, now, words):
    sides = profile({"elapsed": base}), profile({"elapsed": now})
    found = verdict(finding(), baseline=sides[:1], current=sides[1:])
    assert "".join(span.text for span in describe_sides(found)) == words


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        (("a", "b -x"), "base a → head b -x, 6 interleaved runs each"),
        (("a", "a"), "base a → head a, 6 interleaved runs each"),
        (
            (f"run {'x' * 200} 1", f"run {'y' * 200} 1"),
            f"base run {'x' * 15}…{'x' * 38} 1 → head run {'y' * 15}…{'y' * 38} 1, 6 interleaved runs each",
        ),
        (
            (f"run {'x' * 200} 1", f"run {'x' * 100}y{'x' * 100} 1"),
            f"base run {'x' * 15}…{'x' * 38} 1 → head run {'x' * 14}…{'x' * 36} 1 #2, 6 interleaved runs each",
        ),
    ],
)
def test_two_commands_are_named_and_long_ones_cut_apart(commands, words):
    sides = profile({"elapsed": {"s/ab-1": [1.0] * 6}}), profile({"elapsed": {"s/ab-1": [1.0] * 6}})
    found = verdict(finding(), baseline=sides[:1], current=sides[1:])
    found = replace(found, compared=replace(found.compared, commands=commands))
    assert "".join(span.text for span in describe_sides(found)) == words
