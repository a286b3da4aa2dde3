"""What measuring costs: each figure is there, and the program's own trace is left alone."""

from __future__ import annotations

from itertools import count, repeat

import pytest

from perfgate.measure import own_costs
from perfgate.measure.own_costs import OwnCosts, measure_costs, read_clock
from perfgate.measure.tracing.spans import ACTIVE, Trace


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(own_costs, "_PER_BATCH", 50)
    monkeypatch.setattr(own_costs, "_CONTEXTS", 2)


@pytest.mark.usefixtures("few")
def test_every_cost_is_measured_and_no_file_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFGATE_RECEIPT", str(tmp_path / "receipt"))
    costs = measure_costs()
    assert min(costs.span, costs.span_with_two, costs.clock_pair, costs.context) > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("few")
def test_a_trace_that_goes_on_is_left_alone():
    trace = Trace("mine")
    token = ACTIVE.set(trace.root)
    measure_costs()
    assert ACTIVE.get() is trace.root
    assert trace.spans == []
    ACTIVE.reset(token)


def test_the_shortest_stage_is_the_one_of_which_a_span_is_3_percent():
    costs = OwnCosts(clock_read=1.0, clock_pair=2.0, span=1_200.0, span_with_two=1.0, disabled_span=1.0, context=1.0)
    assert costs.break_even == pytest.approx(40_000.0)


def test_the_smallest_step_of_a_clock_is_seen():
    numbers = count(0, 250)
    assert read_clock(lambda: next(numbers)).step == 250


@pytest.mark.parametrize("readings", [repeat(7), count(0, -1)], ids=["stands-still", "runs-backward"])
def test_a_clock_that_does_not_run_is_none(readings, monkeypatch):
    monkeypatch.setattr(own_costs, "_MOST_READS", 100)
    assert read_clock(lambda: next(readings)) is None
