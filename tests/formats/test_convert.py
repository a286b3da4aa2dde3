"""What becomes of records: nothing that failed makes a time look better, and counts stay counts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws
from msgspec.structs import replace

from perfgate.formats.contents import Contents, read
from perfgate.formats.convert import MOST_VALUES, to_runs
from perfgate.formats.detect import named
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.failures import stated_quantiles, without_failures
from perfgate.formats.parsing.record import Histogram, Quantiles, Record, Samples, Share, Single
from perfgate.formats.parsing.source import Source
from perfgate.stats.cells import count_of_cells

LAWS = laws(60)


def record(*values: float, **changes) -> Record:
    facts = {"benchmark": "b", "metric": "response_time", "unit": "s", "better": "lower"}
    return Record(**{**facts, "payload": Samples(values=values), **changes})


def rate(share: float) -> Record:
    return record(metric="error_rate", unit="1", payload=Single(value=share))


def runs_of(*records: Record):
    contents = Contents(format=named("hyperfine"), records=records, skipped=(), digest="0" * 12)
    return to_runs(contents, "f.json")


@LAWS
@given(
    good=st.lists(st.floats(0.01, 1), min_size=3, max_size=60),
    failed=st.lists(st.floats(1e-6, 0.005), max_size=40),
)
def test_failing_fast_never_makes_a_time_look_better(good, failed):
    mixed = record(*failed, *good, flags=("failures-mixed",))
    kept = without_failures(mixed, mixed.payload, len(failed) / mixed.count)
    assert sorted(kept) == sorted(good)


def test_where_the_file_says_which_calls_failed_these_are_left_out():
    samples = Samples(values=[1.0, 9.0, 1.1, 9.5], failed=(1, 3))
    mixed = record(payload=samples, flags=("nonzero-exit",))
    assert without_failures(mixed, samples, 0.5) == [1.0, 1.1]


STATED = ((0.5, 0.010), (0.66, 0.012), (0.9, 0.015), (0.95, 0.020), (0.99, 0.030))


def quantiles(share, flags=("failures-mixed",)):
    stated = Quantiles(points=STATED)
    return {q.name: q for q in stated_quantiles(record(payload=stated, flags=flags), stated, share)}


def test_quantiles_with_many_failures_are_known_between_two_that_are_stated():
    found = quantiles(0.1)
    assert (found["p50"].low, found["p50"].high) == (0.010, 0.012)
    assert 0.010 < found["p50"].value < 0.012
    assert (found["p90"].low, found["p90"].high) == (0.015, 0.020)
    assert (found["p99"].low, found["p99"].high) == (0.030, math.inf)


@pytest.mark.parametrize(("share", "flags"), [(0.0001, ("failures-mixed",)), (0.01, ("failures-mixed",)), (0.5, ())])
def test_one_failure_in_a_hundred_moves_no_quantile_nor_do_failures_that_were_left_out(share, flags):
    assert {q.name: (q.low, q.value, q.high) for q in quantiles(share, flags).values()} == {
        "p50": (0.010,) * 3, "p90": (0.015,) * 3, "p95": (0.020,) * 3, "p99": (0.030,) * 3,
    }  # fmt: skip


def test_a_rate_that_the_tool_states_beside_its_benchmarks_counts_for_all():
    mixed = record(0.001, 1.0, 2.0, 3.0, flags=("failures-mixed",))
    beside = replace(rate(0.25), benchmark="failed")
    (run, _) = runs_of(mixed, beside).runs
    assert run.series[0].values == (1.0, 2.0, 3.0)


def test_what_the_reader_left_out_itself_is_not_left_out_again():
    clean = record(1.0, 2.0, 3.0)
    assert without_failures(clean, clean.payload, 0.5) is clean.payload.values


def test_few_values_are_kept_in_their_order_and_many_as_their_counts():
    few, many = [*range(MOST_VALUES, 0, -1)], [*range(MOST_VALUES + 1, 0, -1)]
    (series,) = runs_of(record(*map(float, few))).runs[0].series
    assert (series.values, series.cells) == (tuple(few), ())
    (series,) = runs_of(record(*map(float, many))).runs[0].series
    assert series.values == ()
    assert count_of_cells(series.cells) == MOST_VALUES + 1


def test_values_that_stand_for_more_weigh_more_also_when_the_failed_ones_are_left_out():
    samples = Samples(values=[0.001] * 1000 + [1.0] * 3000, stands_for=8_000_000)
    mixed = record(payload=samples, flags=("failures-mixed",))
    (series, _) = runs_of(mixed, record(metric="error_rate", unit="1", payload=Share(hits=1, of=4))).runs[0].series
    assert series.cells == ((1.0, 1.0, 6_000_000),)


def test_a_share_keeps_its_counts():
    (series,) = runs_of(record(metric="error_rate", unit="1", payload=Share(hits=3, of=60))).runs[0].series
    assert (series.values, series.share) == ((0.05,), (3, 60))


def test_one_run_holds_all_that_a_file_says_of_a_benchmark():
    (run,) = runs_of(record(1.0, 2.0), rate(0.0), record(3.0, metric="allocs", unit="1")).runs
    assert [s.metric.name for s in run.series] == ["response_time", "error_rate", "allocs"]
    assert run.run_id.startswith("hyperfine-000000000000-")


def test_what_has_no_direction_is_named_and_left_out_or_asked_for():
    unclear = record(1.0, metric="score", better=None)
    found = runs_of(record(1.0), unclear)
    assert [n.slug for n in found.notes] == ["direction-unknown"]
    assert "score" in found.notes[0].message
    assert [p.slug for p in runs_of(unclear).problems] == ["direction-unknown"]


def test_what_nobody_judges_is_no_part_of_a_run_and_not_enough_by_itself():
    side = record(1.0, metric="counter", is_side=True)
    (run,) = runs_of(record(1.0), side).runs
    assert [s.metric.name for s in run.series] == ["response_time"]
    assert [p.slug for p in runs_of(side).problems] == ["nothing-to-gate"]


@pytest.mark.parametrize(
    ("buckets", "p95"),
    [
        pytest.param(((0.1, 50.0), (0.2, 100.0)), (0.19, 0.1, 0.2), id="inside"),
        pytest.param(((0.1, 50.0), (float("inf"), 100.0)), (0.1, 0.1, float("inf")), id="beyond-the-last"),
    ],
)
def test_a_quantile_of_buckets_knows_its_bucket(buckets, p95):
    (run,) = runs_of(record(payload=Histogram(buckets=buckets))).runs
    found = next(q for q in run.series[0].quantiles if q.name == "p95")
    assert (found.value, found.low, found.high) == pytest.approx(p95)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00:00Z", ""])
def test_a_time_in_a_tool_s_own_way_is_no_fault(text):
    (run,) = runs_of(record(1.0, started_at=text)).runs
    assert run.started_at == ""


def test_the_runs_of_a_report_share_what_they_state_alike():
    cases = "".join(f'<testcase name="t{i}" time="0.{i + 200}"/>' for i in range(300))
    report = f'<testsuite timestamp="2026-01-31T08:00:00">{cases}</testsuite>'
    runs = to_runs(read(Source("j.xml", content=report.encode()), named("junit"), ForeignOptions()), "j.xml").runs
    assert len(runs) == 300
    assert len({id(s.metric) for r in runs for s in r.series}) == 1
    assert len({id(r.started_at) for r in runs}) == 1
