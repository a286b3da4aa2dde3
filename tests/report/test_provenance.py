"""The common change of all benchmarks stands first when it is large, or when a value holds only because of it."""

from __future__ import annotations

import math

import pytest
from gate_cases import finding, verdict

from perfgate.core.finding import WHOLE_SUITE, Evidence, Status
from perfgate.render import render
from perfgate.report.compose import compose
from perfgate.report.document import Values
from perfgate.report.provenance import list_large_shifts


def suite(change, **more):
    return finding(
        benchmark=WHOLE_SUITE, change=change, evidence=Evidence(rows=6.0), baseline=None, current=None, **more
    )


def row(now, **more):
    return finding(
        baseline=1.0, current=now, limit=0.05, suspect_limit=-0.05 if more.get("better") == "higher" else 0.05, **more
    )


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        pytest.param([row(1.06)], 1, id="beyond"),
        pytest.param([row(1.06), row(1.2, benchmark="b")], 2, id="two"),
        pytest.param([row(1.06, status=Status.IMPROVED)], 1, id="improved"),
        pytest.param([row(1.06, status=Status.WITHIN_NOISE)], 1, id="within-noise"),
        pytest.param([row(1.06, status=Status.TOO_NOISY)], 1, id="too-noisy"),
        pytest.param([row(1.049)], 0, id="within-the-threshold"),
        pytest.param([finding(baseline=1.0, current=1.06, limit=0.05, suspect_limit=0.08)], 0,
                     id="within-chance"),
        pytest.param([row(1.06, level="info")], 0, id="not-gated"),
        pytest.param([row(1.06, metric="cpu")], 0, id="another-metric"),
        pytest.param([row(1.06, status=Status.SUSPECTED)], 0, id="listed-already"),
        pytest.param([row(0.9, better="higher")], 1, id="a-rate"),
        pytest.param([row(1.2, better="higher")], 0, id="a-rate-that-rose"),
        pytest.param([finding(baseline=0.0, current=1.0)], 0, id="no-ratio"),
    ],
)  # fmt: skip
def test_a_small_change_of_all_stands_first_when_values_hold_because_of_it(rows, held):
    found = verdict(suite(0.055), *rows)
    lines = ["".join(s.text for s in line) for line in list_large_shifts(found)]
    assert [f"{held} value" in line for line in lines] == ([True] if held else [])


@pytest.mark.parametrize("change", [0.11, -0.11, math.expm1(0.3)])
def test_a_large_change_of_all_stands_first(change):
    assert len(list_large_shifts(verdict(suite(change), row(1.0)))) == 1
    assert list_large_shifts(verdict(suite(change, level="info"), row(1.0))) == []


def test_a_suspicion_that_a_fresh_session_did_not_confirm_is_listed():
    found = verdict(row(1.02, reason="not-confirmed", message="1 of 2 fresh sessions show it"))
    document = compose(found)
    assert "refuted" in [b.part for b in document.blocks if isinstance(b, Values)]
    assert "Suspected before, not confirmed (1)" in render(document, "text")
