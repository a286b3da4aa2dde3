"""The classic gate: two files of percentiles, p95 may grow by 3 %."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import Project, assert_cannot_decide, verdict_of

BASE = {"tick": {"tick_total_ms": {"p50": 61.0, "p95": 100.0}, "rows_per_s": {"p50": 500.0}}}


def write(project: Project, name: str, benchmarks: dict[str, Any], **form: Any) -> None:
    project.write(name, json.dumps({"benchmarks": benchmarks}, **form))


def gate(project: Project, base: dict[str, Any], current: dict[str, Any]) -> Any:
    write(project, "base.json", base)
    write(project, "now.json", current, indent=1)  # never the same bytes
    return project.cli("check", "--baseline", "base.json", "--current", "now.json", "--report", "r.json")


def times(p95: float, key: str = "tick_total_ms") -> dict[str, Any]:
    return {"tick": {key: {"p50": p95 * 0.6, "p95": p95}}}


GROWTH = {
    "halved": (50.0, 0), "equal": (100.0, 0), "by-2-percent": (102.0, 0), "just-below-3": (102.999, 0),
    "exactly-3-percent": (103.0, 0), "just-above-3": (103.001, 1), "by-4-percent": (104.0, 1), "doubled": (200.0, 1),
}  # fmt: skip


@pytest.mark.parametrize(("p95", "code"), GROWTH.values(), ids=GROWTH)
def test_p95_may_grow_by_3_percent_and_no_more(project: Project, p95: float, code: int) -> None:
    outcome = gate(project, times(100.0), times(p95))
    assert outcome.code == code, str(outcome)
    report = project.read_json("r.json")
    finding = next(f for f in report["findings"] if f["statistic"] == "p95")
    assert (finding["metric"], finding["unit"], finding["method"]) == ("tick_total", "s", "threshold")
    assert finding["limit_text"] == "+3%"
    assert finding["status"] == ("regressed" if code else "improved" if p95 < 90 else "unchanged")


@pytest.mark.parametrize("base", [0.1, 0.3, 0.07, 1.1, 3.3, 123.456, 1e-7])
@pytest.mark.parametrize("key", ["elapsed_sec", "elapsed_ms", "size_mb"])
def test_exactly_3_percent_holds_for_any_amount_in_any_unit(project: Project, base: float, key: str) -> None:
    at_the_limit = float(f"{base * 1.03:.12g}")
    assert gate(project, times(base, key), times(at_the_limit, key)).code == 0


def test_what_just_fails_is_never_shown_as_its_limit(project: Project) -> None:
    outcome = gate(project, times(100.0), times(103.001))
    assert outcome.code == 1
    row = next(line for line in outcome.stdout.splitlines() if line.startswith("  ✗ tick  "))
    assert row.split("  ")[-1] == "+3.001%"
    assert verdict_of(outcome.stdout).startswith("REGRESSION 1 of 1 gated value is worse by more than 3%.")


def test_a_rate_is_worse_when_it_falls(project: Project) -> None:
    project.write("perfgate.toml", '[[rule]]\nmetric = "rows_per_s"\nthreshold = "-3%"\nmethod = "threshold"\n')
    for p50, code in ((485.0, 0), (484.0, 1), (700.0, 0)):
        outcome = gate(project, BASE, {"tick": {**BASE["tick"], "rows_per_s": {"p50": p50}}})
        assert outcome.code == code, str(outcome)


def test_two_units_of_one_metric_are_compared_as_one(project: Project) -> None:
    assert gate(project, times(100.0, "tick_total_ms"), times(0.102, "tick_total_sec")).code == 0
    assert gate(project, times(100.0, "tick_total_ms"), times(0.104, "tick_total_sec")).code == 1


def test_a_unit_may_stand_in_the_file(project: Project) -> None:
    stated = {"p95": 100.0, "unit": "ms", "better": "lower"}
    assert gate(project, {"tick": {"pace": stated}}, {"tick": {"pace": {**stated, "p95": 104.0}}}).code == 1


UNDECIDED: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown-unit": (times(100.0, "tick_parsec"), r"now\.json: /benchmarks/tick/tick_parsec", "_sec, _ms"),
    "benchmark-gone": ({"tock": BASE["tick"]}, "tick .*no run of it", "measure it"),
    "metric-gone": ({"tick": {"rows_per_s": {"p50": 500.0}}}, "tick tick_total", "record it again|measure"),
    "p95-gone": (
        {"tick": {**BASE["tick"], "tick_total_ms": {"p50": 61.0}}}, "tick tick_total: .*percentile", "percentile",
    ),
    "a-text": ({"tick": {"tick_total_ms": {"p95": "0"}}}, r"now\.json: /benchmarks/tick/tick_total_ms/p95", "schema"),
    "a-size-for-a-time": (
        {"tick": {**BASE["tick"], "tick_total_ms": {"p50": 1.0, "p95": 2.0, "unit": "MB", "better": "lower"}}},
        "tick tick_total", "measure|record",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("current", "cause", "cure"), UNDECIDED.values(), ids=UNDECIDED)
def test_what_cannot_be_compared_exits_2(project: Project, current: dict[str, Any], cause: str, cure: str) -> None:
    outcome = gate(project, BASE, current)
    assert_cannot_decide(outcome, cause, cure)
    assert project.read_json("r.json")["verdict"] == "error"


def test_runs_are_judged_against_a_file_of_percentiles_too(project: Project) -> None:
    write(project, "base.json", {"train": {"elapsed_sec": {"p50": 1.0, "p95": 1.05}}})
    project.write_runs(20, "new", benchmark="train", spread=0.001)
    outcome = project.cli("check", "--baseline", "base.json")
    assert outcome.code == 0, str(outcome)
    project.change_runs("*", elapsed_sec=1.2)
    assert project.cli("check", "--baseline", "base.json").code == 1


@pytest.mark.parametrize("how", ["same", "link", "copy"])
def test_percentiles_are_no_measurement_beside_themselves(project: Project, how: str) -> None:
    write(project, "base.json", {"solve": {"elapsed_sec": {"p50": 3.5, "p95": 4.25}}})
    now = "base.json" if how == "same" else "now.json"
    if how == "link":
        project.path(now).symlink_to("base.json")
    elif how == "copy":
        project.write(now, project.path("base.json").read_text())
    outcome = project.cli("check", "--baseline", "base.json", "--current", now)
    assert_cannot_decide(outcome, "solve elapsed: its newest runs all belong to the baseline", "measure again")
    assert "[only-baseline-runs]" in outcome.stderr


def test_a_copy_of_percentiles_without_any_time_is_judged(project: Project) -> None:
    for name in ("base.json", "now.json"):
        write(project, name, {"solve": {"size_bytes": {"p50": 4096.0}}})
    assert project.cli("check", "--baseline", "base.json", "--current", "now.json").code == 0
