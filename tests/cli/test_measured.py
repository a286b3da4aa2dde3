"""The table of `perfgate run`: within 80 columns and one screen, whatever was measured."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from records import a_profile

from perfgate.cli.measured import COLUMNS, Measured, draw_measured
from perfgate.core.metrics import CPU, ELAPSED, PEAK_MEMORY, THROUGHPUT, Metric
from perfgate.core.text.columns import columns_of

RMSE = Metric(name="rmse", unit="1", better="lower")


def profile(name="train", **values):
    """Return a profile of one session; the values by metric."""
    known = {m.name: m for m in (CPU, ELAPSED, PEAK_MEMORY, THROUGHPUT, RMSE)}
    metrics = []
    for metric, found in values.items():
        told = known.get(metric) or Metric(name=metric, unit="s", better="lower")
        metrics += a_profile({"s1": found}, metric=told).metrics
    return replace(a_profile(), benchmark=name, metrics=tuple(sorted(metrics, key=lambda m: m.metric.name)))


def drawn(*profiles, runs=3, warmup=1, seconds=1.42, listing="perfgate collect"):
    measured = Measured(profiles=profiles, runs=runs, warmup=warmup, seconds=seconds, listing=listing)
    return draw_measured(measured)


def test_a_benchmark_has_its_metrics_in_the_order_in_which_people_look_for_them():
    found = profile(
        cpu=(0.0839, 0.0855, 0.084),
        elapsed=(0.0849, 0.0888, 0.08494),
        peak_memory=(74.01e6, 74.1e6, 74.02e6),
        rmse=(0.09973, 0.09973, 0.09973),
        throughput=(353.2e3, 367.5e3, 353.9e3),
        **{"stage:fit": (0.01, 0.0102, 0.01)},
    )
    assert drawn(found) == (
        "train: 3 runs, 1 warm-up, 1.4 s\n"
        "                  median        p95  spread\n"
        "  elapsed       84.94 ms   88.41 ms   ±0.1%\n"
        "  cpu              84 ms   85.35 ms   ±0.2%\n"
        "  peak_memory   74.02 MB   74.09 MB   ±0.0%\n"
        "  rmse           0.09973    0.09973   exact\n"
        "  throughput   353.9 k/s  366.1 k/s   ±0.3%\n"
        "  stage:fit        10 ms   10.18 ms   ±0.0%\n"
    )


@pytest.mark.parametrize(
    ("values", "spread"),
    [
        pytest.param((1.0,), "1 value", id="one value"),
        pytest.param((1.0, 1.0), "exact", id="equal"),
        pytest.param((0.0, 0.0), "exact", id="all zero"),
        pytest.param((0.0, 0.0, 1.0), "–", id="median zero"),
        pytest.param((1.0, 1.0, 2.0), "±0.0%", id="most are equal"),
        pytest.param((1.0, 2.0, 3.0), "±74.1%", id="spread"),
        pytest.param((-9.0, 0.1, 9.0), "over ±1,000%", id="giant"),
    ],
)
def test_the_spread_says_how_much_the_runs_differ(values, spread):
    row = drawn(profile(rmse=values)).splitlines()[-1]
    assert row.endswith(f"  {spread}")


def test_without_a_warm_up_and_of_one_run_it_says_so():
    assert drawn(profile(elapsed=(1.0,)), runs=1, warmup=0, seconds=150).startswith("train: 1 run, 2 min\n")


def test_several_benchmarks_have_a_line_each_and_one_heading():
    lines = drawn(profile("a", elapsed=(1.0,)), profile("b", elapsed=(2.0,))).splitlines()
    assert lines[0] == "2 benchmarks: 3 runs, 1 warm-up, 1.4 s"
    assert [line for line in lines if line[0] != " "][1:] == ["a", "b"]


def test_a_run_of_which_nothing_was_collected_has_no_rows():
    assert drawn().startswith("0 benchmarks: 3 runs, 1 warm-up, 1.4 s\n")


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        pytest.param("x", "m", id="short"),
        pytest.param("n" * 500, "stage:" + "s" * 300, id="long"),
        pytest.param("試験" * 100, "段" * 90, id="wide"),
        pytest.param("a\033[2Jb", "m\r", id="escapes"),
    ],
)
@pytest.mark.parametrize(
    ("benchmarks", "metrics"), [(1, 16), (1, 17), (1, 200), (2, 7), (2, 40), (7, 2), (8, 3), (90, 9)]
)
def test_the_table_fits_into_80_columns_and_one_screen(name, metric, benchmarks, metrics):
    values = {f"{metric}{i}": (1.0, 1.5) for i in range(metrics)}
    text = drawn(*(profile(f"{name}-{i}", **values) for i in range(benchmarks)))
    lines = text.splitlines()
    assert max(map(columns_of, lines)) <= COLUMNS
    assert len(lines) <= 20  # and two below it, the command and the prompt: 24
    assert text.replace("\n", "").isprintable()
    named = [line for line in lines if line[0] != " "]
    assert len(set(named)) == len(named)
    is_whole = metrics * benchmarks + benchmarks * (benchmarks > 1) <= 16
    assert ("perfgate collect" in text) is not is_whole


def test_names_that_differ_where_they_are_cut_are_told_apart():
    metrics = {f"stage:{'a' * 40}{i}{'b' * 60}": (1.0,) for i in range(3)}
    lines = drawn(*(profile(f"{'n' * 60}{i}{'m' * 80}", **metrics) for i in range(2))).splitlines()
    assert len(set(lines)) == 2 + 2 + 3


@pytest.mark.parametrize(
    ("benchmarks", "metrics", "more"),
    [
        (1, 16, ""),
        (1, 17, "  and 1 more metric: perfgate collect"),
        (1, 28, "  and 12 more metrics: perfgate collect"),
        (8, 1, ""),
        (9, 1, "  and 1 more benchmark: perfgate collect"),
        (9, 3, "  and 1 more benchmark and 16 more metrics: perfgate collect"),
    ],
)
def test_what_has_no_room_is_counted_beside_the_command_that_lists_it(benchmarks, metrics, more):
    values = {f"m{i}": (1.0, 1.5) for i in range(metrics)}
    last = drawn(*(profile(f"b{i}", **values) for i in range(benchmarks))).splitlines()[-1]
    assert last == more if more else "more" not in last
