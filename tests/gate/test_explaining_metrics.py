"""Metrics that only explain a change are judged, listed and compared nowhere else."""

from __future__ import annotations

import pytest
from gate_cases import policy, profile

from perfgate.core.measured import EXPLAINING
from perfgate.core.metrics import Metric
from perfgate.gate.gate_changes import profile_moves
from perfgate.gate.removals import _values
from perfgate.gate.rows import rows_of
from perfgate.gate.rules import explain
from perfgate.report.profiles import compose_profiles
from perfgate.store.refresh import find_mismatches, moves_between


def side(prefix, value):
    explains = Metric(name=f"{prefix}load", unit="s", better="lower")
    return profile({"elapsed": [1.0] * 3, explains: [value] * 3})


@pytest.mark.parametrize("prefix", EXPLAINING)
def test_a_metric_that_explains_is_no_row_and_moves_nothing(prefix):
    was, now = side(prefix, 1.0), side(prefix, 2.0)
    assert {r.metric.name for r in rows_of(was, now, policy())} == {"elapsed"}
    assert {g.metric for g in explain(policy(), now)} == {"elapsed"}
    assert profile_moves(was, now) == ()
    assert [m.metric for m in moves_between(was, now, policy())] == ["elapsed"]
    assert find_mismatches(was, now, policy()) == []
    assert set(_values(now)) == {"elapsed"}
    (table,) = compose_profiles([now]).blocks
    assert [entry.cells[1].text for entry in table.entries] == ["elapsed"]
