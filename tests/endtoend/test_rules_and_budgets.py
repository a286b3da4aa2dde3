"""What a configuration says is what the check does, and `explain` tells it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support import Project, assert_cannot_decide, assert_green

RULE = '[[rule]]\nbenchmark = "train"\n'
BUDGET = '[[budget]]\nbenchmark = "train"\nmetric = "elapsed"\nstatistic = "p95"\n'


def checked(project: Project, configuration: str) -> tuple[int, list[dict[str, Any]]]:
    project.write("perfgate.toml", configuration)
    outcome = project.cli("check", "--report", "r.json")
    assert outcome.code in {0, 1}, str(outcome)
    return outcome.code, project.read_json("r.json")["findings"]


def findings_of(project: Project, benchmark: str) -> list[dict[str, Any]]:
    return [f for f in project.read_json("r.json")["findings"] if f["benchmark"] == benchmark]


BUDGETS = {
    "within": ('limit = "< 2s"', 0, "unchanged"),
    "near": ('limit = "< 2s"\nwarn = "< 1s"', 0, "advisory"),
    "over": ('limit = "< 900ms"', 1, "over-budget"),
    "over-and-warned": ('limit = "< 900ms"\nwarn = "< 800ms"', 1, "over-budget"),
    "over-but-level-warn": ('limit = "< 900ms"\nlevel = "warn"', 0, "advisory"),
    "over-but-level-info": ('limit = "< 900ms"\nlevel = "info"', 0, "advisory"),
}


@pytest.mark.parametrize(("text", "code", "status"), BUDGETS.values(), ids=BUDGETS)
def test_a_budget_is_an_absolute_limit(green: Project, text: str, code: int, status: str) -> None:
    found, findings = checked(green, BUDGET + text)
    budget = next(f for f in findings if f["method"] == "budget")
    assert (found, budget["status"], budget["rule"]) == (code, status, "budget 1 (perfgate.toml)")


def test_a_budget_counts_where_the_baseline_holds(green: Project) -> None:
    code, findings = checked(green, BUDGET + 'limit = "< 900ms"')
    assert code == 1
    assert {f["status"] for f in findings if f["method"] != "budget"} == {"unchanged"}


def test_a_budget_for_a_benchmark_that_was_not_measured_is_no_pass(green: Project) -> None:
    green.write("perfgate.toml", BUDGET + 'limit = "< 2s"')
    green.drop_runs("*-train-*")
    assert_cannot_decide(green.cli("check"), "train .*no run of it", "measure it")


RULES = {
    "default": ("", 1),
    "looser-default": ('[defaults]\nthreshold = "+50%"', 0),
    "looser-for-it": (f'{RULE}threshold = "+50%"', 0),
    "looser-for-another": ('[[rule]]\nbenchmark = "score"\nthreshold = "+50%"', 1),
    "first-match-wins": (f'{RULE}metric = "elapsed"\nthreshold = "+50%"\n{RULE}threshold = "+1%"', 0),
    "only-a-warning": (f'{RULE}level = "warn"', 0),
    "floor": ('[defaults]\nfloor = "+1s"', 0),
    "lower-floor": ('[defaults]\nfloor = { time = "+100ms" }', 1),
    "absolute": (f'{RULE}metric = "elapsed"\nthreshold = "+500ms"', 0),
    "tail-as-a-ratio": (f'{RULE}level = "info"\n{RULE}statistic = "p95"\nmetric = "elapsed"\nmethod = "threshold"', 1),
    "excluded": ('exclude = ["train"]', 0),
    "its-time-excluded": ('exclude = ["train:elapsed", "train:throughput"]', 0),
    "its-memory-excluded": ('exclude = ["train:peak_memory"]', 1),
}


@pytest.mark.parametrize(("text", "code"), RULES.values(), ids=RULES)
def test_a_job_30_percent_slower_is_judged_by_the_rule_that_governs_it(green: Project, text: str, code: int) -> None:
    green.change_runs("new-train-*", elapsed_sec=1.3)
    found, findings = checked(green, text)
    assert found == code, [f for f in findings if f["status"] != "unchanged"]


def test_what_is_excluded_is_named_in_the_report(green: Project) -> None:
    checked(green, 'exclude = ["train"]')
    assert green.read_json("r.json")["suite"]["excluded"] == ["train"]
    assert re.search(r"^- Excluded by the configuration: train$", green.cli("check", "--verbose").stdout, re.MULTILINE)


def test_an_excluded_benchmark_may_be_missing(green: Project) -> None:
    green.drop_runs("*-train-*")
    green.write("perfgate.toml", 'exclude = ["train"]')
    assert_green(green.cli("check"))


def test_a_workload_that_grows_is_judged_by_its_rate(green: Project) -> None:
    green.write("perfgate.toml", f'{RULE}workload = "rate"\n')
    green.change_runs("new-train-*", rows_used=2000, elapsed_sec=2.0)
    outcome = green.cli("check", "--report", "r.json")
    assert outcome.code == 0, str(outcome)
    rows = {f["metric"]: f for f in findings_of(green, "train") if f["statistic"] == "p50"}
    assert (rows["throughput"]["status"], rows["throughput"]["level"]) == ("unchanged", "fail")
    assert (rows["elapsed"]["status"], rows["elapsed"]["level"]) == ("advisory", "warn")

    green.change_runs("new-train-*", rows_used=2000, elapsed_sec=3.0)
    outcome = green.cli("check", "--report", "r.json")
    assert outcome.code == 1, str(outcome)
    failed = [
        (f["benchmark"], f["metric"]) for f in green.read_json("r.json")["findings"] if f["status"] == "regressed"
    ]
    assert failed == [("train", "throughput")]


def test_explain_says_which_rule_governs_what(green: Project) -> None:
    green.write("perfgate.toml", f'{RULE}metric = "elapsed"\nthreshold = "+7%"\n{BUDGET}limit = "< 2s"\n')
    outcome = green.cli("explain", "train")
    assert_green(outcome)
    lines = {tuple(line.split()[:2]): line for line in outcome.stdout.splitlines() if line}
    assert lines["elapsed", "p50"].split() == [
        "elapsed", "p50", "+7%", "auto", "fail", "rule", "1", "(perfgate.toml)",
    ]  # fmt: skip
    assert lines["peak_memory", "p50"].split() == ["peak_memory", "p50", "+5%", "auto", "fail", "defaults"]
    assert lines["throughput", "p50"].split()[2:5] == ["-5%", "auto", "info"]
    assert "- elapsed p95 < 2s by budget 1 (perfgate.toml)" in outcome.stdout


def test_list_and_show_tell_what_is_committed(green: Project) -> None:
    listed = green.cli("baseline", "list")
    assert_green(listed)
    row = next(line.split() for line in listed.stdout.splitlines() if line.startswith("train"))
    assert row[:4] == ["train", "unspecified", "1", "10"]
    shown = green.cli("baseline", "show", "train")
    assert_green(shown)
    assert f"file unspecified/{green.baseline('train').name}" in " ".join(shown.stdout.split())
    assert "score" not in shown.stdout


def test_collect_shows_a_table_or_the_bytes_that_it_writes(green: Project) -> None:
    table = green.cli("collect", "--output", "p.json")
    assert table.code == 0
    row = next(line.split() for line in table.stdout.splitlines() if line.startswith("train"))
    assert row[0] == "train"
    as_json = green.cli("collect", "--format", "json")
    assert as_json.stdout == green.path("p.json").read_text()
    profiles = green.read_json("p.json")["profiles"]
    assert [(p["benchmark"], p["metrics"]["elapsed"]["n"]) for p in profiles] == [("score", 20), ("train", 20)]


def test_collected_profiles_are_judged_like_the_runs_themselves(green: Project) -> None:
    green.change_runs("new-train-*", elapsed_sec=1.3)
    assert green.cli("collect", "outputs/model_runs/new-*.json", "--output", "p.json").code == 0
    outcome = green.cli("check", "--current", "p.json", "--report", "r.json")
    assert outcome.code == 1, str(outcome)
    failed = [
        (f["benchmark"], f["metric"]) for f in green.read_json("r.json")["findings"] if f["status"] == "regressed"
    ]
    assert failed == [("train", "elapsed")]


def test_failed_runs_are_left_out_and_counted(green: Project) -> None:
    green.change_runs("new-train-000", status="failed", elapsed_sec=99.0)
    collected = green.cli("collect")
    assert collected.code == 0
    assert collected.stderr == 'left out, failed runs of "train": 1\n'
    outcome = green.cli("check", "--report", "r.json")
    assert outcome.code == 0, str(outcome)
    assert green.read_json("r.json")["suite"]["failed_runs"] == 1
    assert [n["slug"] for n in green.read_json("r.json")["notes"]].count("runs-failed") == 1
