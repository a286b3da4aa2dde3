"""The report of an audit: word for word as text, and as data that its schema describes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from audit_cases import QUIET, audited, baseline, sessions
from gate_cases import percentiles, policy, rule

from perfgate import schema
from perfgate.render import render
from perfgate.report.audit import compose_audit

GOLDEN = Path(__file__).parent.parent / "golden"
LUCK = (0.03, -0.02, 0.01, -0.03, 0.02)


def document(result):
    return compose_audit(result, tool="perfgate 0.1.0", policy="perfgate.toml", baselines="baselines")


def rich():
    """Return an audit with something of everything."""
    peaks = {s: [v * 1e8 for v in of] for s, of in sessions(QUIET, within=0.001).items()}
    return audited(
        baseline({"elapsed": sessions(LUCK), "peak_memory": peaks}, name="train", labels=(("size", "big"),)),
        baseline({"elapsed": sessions([0, 0, 0, 0, -0.5], within=1e-6)}, name="faster"),
        baseline({"elapsed": sessions(QUIET[:2], runs=4)}, name="young", kind="class-b"),
        by=policy(rule(benchmark="gone"), rule(2, metric="elapsed", statistic="p95")),
        machine_class="class-c",
        today="2026-05-01",
    )


@pytest.mark.parametrize(("name", "form"), [("audit.txt", "text"), ("audit.md", "markdown")])
def test_the_report_is_word_for_word_the_golden_one(name, form):
    drawn = render(document(rich()), form)
    beside = GOLDEN / f"{name}.actual"
    if drawn != (GOLDEN / name).read_text(encoding="utf-8"):
        beside.write_text(drawn, encoding="utf-8")
        pytest.fail(f"{name} differs; what came out is in {beside.name}")
    beside.unlink(missing_ok=True)


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(rich(), id="rich"),
        pytest.param(audited(baseline()), id="clean"),
        pytest.param(audited(percentiles({"p50": 1.0})), id="percentiles"),
        pytest.param(audited(baseline(), by=policy(exclude=("*",))), id="nothing-left"),
        pytest.param(audited(baseline(), by=policy(rule(level="info"))), id="nothing-gated"),
    ],
)
def test_the_data_fit_the_schema_and_hold_every_number_of_the_text(result):
    data = json.loads(render(document(result), "json"))
    assert schema.explain("audit", data) == []
    assert [f["slug"] for f in data["findings"]] == [f.slug for f in result.findings]
    assert data["level"] == (result.findings[0].level if result.findings else "clean")
    for stated, one in zip(data["classes"], result.classes, strict=True):
        assert (stated["machine_class"], stated["age_days"]) == (one.machine_class, one.age)
        assert (stated["false_alarms"] is None) is (one.alarms is None)
        for row, sight in zip(stated["rows"], one.rows, strict=True):
            assert row["now"]["visible"] == pytest.approx(sight.now.once)
            assert len(row["options"]) == len(sight.options)


def test_the_data_say_how_far_each_session_lay_from_its_limit_and_where_the_newest_left_the_baseline():
    data = json.loads(render(document(rich()), "json"))
    rows = {r["benchmark"]: r for c in data["classes"] for r in c["rows"] if r["statistic"] == "p50"}
    assert rows["faster"]["slack"] == pytest.approx(-0.5, abs=1e-3)
    assert rows["train"]["slack"] is None
    assert [len(rows[b]["left_out"]) for b in ("faster", "young")] == [5, 0]
    assert rows["faster"]["left_out"][0] < -0.2


def test_a_name_from_a_baseline_is_shown_verbatim_and_breaks_no_markdown():
    drawn = render(document(audited(baseline({"elapsed": sessions(QUIET[:2])}, name="a|b `c` <d>"))), "markdown")
    assert "a\\|b" in drawn
    assert "``fewer than 3 sessions: a|b `c` <d>``" in drawn
