"""Four-key files written by any program, checked outside CI."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from support import verdict_of

if TYPE_CHECKING:
    from support import Project


def baseline_of(project: Project, n: int, *benchmarks: str) -> None:
    for i, benchmark in enumerate(benchmarks):
        project.write_runs(n, f"old-{benchmark}", benchmark=benchmark, seed=i)
    outcome = project.cli("baseline", "refresh")
    assert outcome.code == 0, str(outcome)


@pytest.mark.parametrize(("slower", "code"), [(1.0, 0), (1.3, 1)], ids=["unchanged", "slower-by-30-percent"])
def test_twenty_four_key_files_beside_twenty(project: Project, slower: float, code: int) -> None:
    project.write_runs(20, "old")
    assert project.cli("baseline", "refresh").code == 0
    project.write_runs(20, "new", elapsed=slower)
    outcome = project.cli("check", "--report", "r.json")
    assert outcome.code == code, str(outcome)
    finding = next(f for f in project.read_json("r.json")["findings"] if f["metric"] == "elapsed")
    assert (finding["benchmark"], finding["n_baseline"], finding["n_current"]) == ("model_run", 20, 20)
    assert finding["status"] == ("regressed" if code else "unchanged")
    assert finding["method"] == "same-session"


def test_five_against_five_fail_when_one_benchmark_is_half_as_fast_again(project: Project) -> None:
    baseline_of(project, 5, "train")
    project.write_runs(5, "new", elapsed=1.5, benchmark="train")
    outcome = project.cli("check")
    assert outcome.code == 1, str(outcome)
    assert re.search(r"^Regressed \(1\)\n.*\n  train\n  ✗ elapsed .* \+49\.6% ", outcome.stdout, re.MULTILINE)


def test_twenty_unchanged_benchmarks_of_ten_runs_each_pass(project: Project) -> None:
    names = [f"stage-{i:02d}" for i in range(20)]
    baseline_of(project, 10, *names)
    for i, name in enumerate(names):
        project.write_runs(10, f"new-{name}", benchmark=name, spread=0.03, seed=100 + i)
    outcome = project.cli("check")
    assert outcome.code == 0, str(outcome)
    assert verdict_of(outcome.stdout).startswith("PASS 40 gated values, none significantly worse. Smallest")


def test_one_slower_benchmark_among_twenty_is_the_one_that_is_named(project: Project) -> None:
    names = [f"stage-{i:02d}" for i in range(20)]
    baseline_of(project, 10, *names)
    for i, name in enumerate(names):
        project.write_runs(10, f"new-{name}", benchmark=name, elapsed=1.5 if name == "stage-07" else 1.0, seed=200 + i)
    outcome = project.cli("check", "--report", "r.json")
    assert outcome.code == 1, str(outcome)
    failed = [f for f in project.read_json("r.json")["findings"] if f["status"] == "regressed"]
    assert [(f["benchmark"], f["metric"]) for f in failed] == [("stage-07", "elapsed")]


def test_runs_that_are_all_clearly_worse_and_too_few_to_prove_it_are_no_pass(project: Project) -> None:
    baseline_of(project, 3, "train")
    project.write_runs(3, "new", elapsed=1.5, benchmark="train")
    outcome = project.cli("check")
    assert outcome.code == 2, str(outcome)
    assert "3 and 3 runs can never prove a change; measure 5 on each side" in " ".join(outcome.stdout.split())


def test_too_few_runs_to_prove_a_change_are_suspected_and_the_report_says_what_settles_it(project: Project) -> None:
    baseline_of(project, 3, "train")
    project.write_runs(3, "new", elapsed=1.2, benchmark="train")
    outcome = project.cli("check")
    assert outcome.code == 0, str(outcome)
    told = " ".join(outcome.stdout.split())
    assert "Suspected (does not fail) (1)" in told
    assert verdict_of(outcome.stdout).endswith("So few runs cannot prove a change of any size. 1 suspected.")
    assert "3 and 3 runs can never prove a change; measure 5 on each side" in told


def test_a_suspicion_fails_for_those_who_ask_for_it(project: Project) -> None:
    baseline_of(project, 3, "train")
    project.write_runs(3, "new", elapsed=1.2, benchmark="train")
    project.write("perfgate.toml", '[defaults]\non_suspected = "fail"\n')
    assert project.cli("check").code == 1


def test_a_new_benchmark_beside_known_ones_is_listed_and_passes(green: Project) -> None:
    green.write_runs(5, "fresh", benchmark="fresh")
    outcome = green.cli("check", "--report", "r.json")
    assert outcome.code == 0, str(outcome)
    assert {f["benchmark"] for f in green.read_json("r.json")["findings"] if f["status"] == "new"} == {"fresh"}


def test_an_improvement_passes_and_is_shown(green: Project) -> None:
    green.change_runs("new-train-*", elapsed_sec=0.5)
    outcome = green.cli("check")
    assert outcome.code == 0, str(outcome)
    assert "Improved" in outcome.stdout


def test_a_regression_is_judged_the_same_from_a_folder_below(green: Project) -> None:
    green.write("perfgate.toml", '[defaults]\nthreshold = "+6%"\n')
    green.change_runs("new-train-*", elapsed_sec=2.0)
    green.path("src").mkdir()
    assert green.cli("check", cwd="src").code == 1


def test_a_slowdown_that_was_accepted_is_the_baseline_from_then_on(project: Project) -> None:
    baseline_of(project, 10, "train")
    project.write_runs(10, "slow", elapsed=1.3, benchmark="train")
    assert project.cli("check").code == 1
    outcome = project.cli("baseline", "refresh", "--replace", "--reason", "a larger model")
    assert outcome.code == 0, str(outcome)
    stored = json.loads(project.baseline("train").read_text())["metrics"]["elapsed"]
    assert stored["n"] == 10
    assert stored["p50"] > 1.25
    project.write_runs(10, "next", elapsed=1.3, benchmark="train")
    outcome = project.cli("check")
    assert outcome.code == 0, str(outcome)
