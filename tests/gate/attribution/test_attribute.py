"""Where the time went: the stages' parts of a change add up, and calls that changed are named."""

from __future__ import annotations

import pytest
from gate_cases import finding, profile
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perfgate.core.finding import Status
from perfgate.core.metrics import Metric
from perfgate.gate.attribution.attribute import attribute


def side(own: dict[str, float], calls: dict[str, float] | None = None, total: dict[str, float] | None = None):
    """Return a benchmark by the own time of its stages; a stage with inner ones has another time in total."""
    total = {**({"tick_total": sum(own.values())} if "tick_total" in own else {}), **(total or {})}
    values = {metric(f"stage:{name}", "s"): [total.get(name, t)] * 3 for name, t in own.items()}
    values |= {metric(f"own:{name}", "s"): [own[name]] * 3 for name in total}
    values |= {metric(f"calls:{name}", "1"): [n] * 3 for name, n in (calls or {}).items()}
    return profile({"elapsed": [1.0] * 3, **values})


def metric(name: str, unit: str) -> Metric:
    return Metric(name=name, unit=unit, better="lower")


def attributed(was, now, status: Status = Status.REGRESSED):
    key = {"benchmark": now.benchmark, "labels": now.labels, "machine_class": now.machine_class}
    return tuple(attribute([finding(status, **key)], [was], [now]))


def test_the_stage_that_got_slower_comes_first_with_its_part_of_the_change():
    (found,) = attributed(
        side({"fetch": 0.010, "spread": 0.020, "emit": 0.005, "tick_total": 0.001}),
        side({"fetch": 0.011, "spread": 0.020, "emit": 0.025, "tick_total": 0.001}),
    )
    assert found.change == pytest.approx(0.021)
    assert [(s.name, s.share) for s in found.stages] == [("emit", pytest.approx(20 / 21))]


def test_the_inner_stage_is_named_and_not_the_one_around_it():
    (found,) = attributed(
        side({"predict": 0.001, "features": 0.004}, total={"predict": 0.005}),
        side({"predict": 0.001, "features": 0.014}, total={"predict": 0.015}),
    )
    assert [(s.name, s.share) for s in found.stages] == [("features", pytest.approx(1.0))]


def test_stages_new_gone_or_called_more_often_are_named_however_small():
    (found,) = attributed(
        side({"slow": 1.0, "query": 0.001, "old": 0.001}, {"slow": 1, "query": 1, "old": 1}),
        side({"slow": 2.0, "query": 0.001, "extra": 0.001}, {"slow": 1, "query": 8, "extra": 1}),
    )
    named = {s.name: (s.baseline, s.current, s.calls_baseline, s.calls_current) for s in found.stages}
    assert named == {
        "slow": (1.0, 2.0, 1, 1), "query": (0.001, 0.001, 1, 8), "extra": (None, 0.001, None, 1),
        "old": (0.001, None, 1, None),
    }  # fmt: skip


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.floats(0.001, 1), st.floats(0.001, 1)), min_size=1))
def test_the_parts_of_all_stages_add_up_to_the_whole(times):
    was, now = ({name: pair[i] for name, pair in times.items()} for i in (0, 1))
    # Stages called more often are all named, so that no part is left out.
    named = attributed(side(was, dict.fromkeys(was, 1)), side(now, dict.fromkeys(now, 2)))
    (found,) = named
    if found.change > 1e-9:
        assert sum(s.share for s in found.stages) == pytest.approx(1.0, abs=1e-6)
    else:
        assert all(s.share is None for s in found.stages) or abs(found.change) < 1e-6


@pytest.mark.parametrize("status", [Status.UNCHANGED, Status.IMPROVED, Status.ADVISORY, Status.MISSING])
def test_where_nothing_got_worse_nothing_is_attributed(status):
    assert attributed(side({"a": 1.0}), side({"a": 2.0}), status) == ()


def test_a_benchmark_without_stages_or_without_a_baseline_has_no_attribution():
    traced, plain = side({"a": 1.0}), profile({"elapsed": [1.0]})
    assert attributed(plain, traced) == attributed(traced, plain) == ()
    assert not list(attribute([finding(Status.REGRESSED)], [], [replace(traced, benchmark="train")]))


def test_of_many_stages_few_are_named():
    names = [f"s{i}" for i in range(500)]
    (found,) = attributed(side(dict.fromkeys(names, 1.0)), side(dict.fromkeys(names, 2.0)))
    assert len(found.stages) <= 15
    (found,) = attributed(
        side(dict.fromkeys(names, 1.0), dict.fromkeys(names, 1)),
        side(dict.fromkeys(names, 2.0), dict.fromkeys(names, 2)),
    )
    assert len(found.stages) <= 15


def test_the_time_of_a_trace_whose_stages_ran_at_the_same_time_is_that_of_its_root():
    (found,) = attributed(
        side({"query": 0.032, "tick_total": 0.0001}, {"query": 8}, {"tick_total": 0.0045}),
        side({"query": 0.064, "tick_total": 0.0001}, {"query": 8}, {"tick_total": 0.0087}),
    )
    assert (found.change, found.work) == (pytest.approx(0.0042), pytest.approx(0.032))
