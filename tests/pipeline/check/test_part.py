"""A check of some benchmarks: the others are named, and what was asked for is judged as ever."""

from __future__ import annotations

import pytest
from check_cases import CALM, Folder, baseline, outside_ci, slugs
from msgspec.structs import replace

from perfgate.core.finding import Status


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Folder:
    """Return a folder with baselines of three benchmarks, of which one was measured."""
    (tmp_path / ".git").mkdir()  # the search for a configuration ends here
    folder = outside_ci(tmp_path, monkeypatch)
    for name in ("load", "score", "train"):
        folder.baseline(replace(baseline(), benchmark=name))
    folder.runs(CALM, benchmark="score")
    return folder


def benchmarks(verdict) -> set[str]:
    return {f.benchmark for f in verdict.findings}


def test_the_others_are_left_out_and_named(folder):
    verdict = folder.check(benchmarks=("sc*",))
    assert (verdict.exit_code, benchmarks(verdict)) == (0, {"score"})
    (left,) = [d for d in verdict.notes if d.slug == "benchmarks-left-out"]
    assert left.message == "--benchmark left out 2 of 3 benchmarks: load, train"


def test_what_was_asked_for_is_missing_when_it_was_not_measured(folder):
    verdict = folder.check(benchmarks=("score", "train"))
    assert verdict.exit_code == 2
    assert {(f.benchmark, f.status) for f in verdict.findings if f.status is Status.MISSING} >= {
        ("train", Status.MISSING)
    }
    assert "load" not in benchmarks(verdict)


def test_a_regression_of_it_fails(folder):
    folder.runs([2.0, 2.1, 2.05], benchmark="load")
    assert folder.check(benchmarks=("load",)).exit_code == 1
    assert folder.check(benchmarks=("score",)).exit_code == 0


@pytest.mark.parametrize("globs", [("skore",), ("score", "t[rain")])
def test_a_name_that_no_benchmark_has_is_an_error(folder, globs):
    verdict = folder.check(benchmarks=globs)
    assert verdict.exit_code == 2
    assert slugs(verdict.problems) == ["benchmark-unknown"]


def test_failed_runs_of_others_keep_nothing_from_a_verdict(folder):
    folder.run(0.0, benchmark="load", status="failed")
    folder.run(0.0, benchmark="fresh", status="failed")
    assert folder.check(benchmarks=("score",)).exit_code == 0


def test_rules_and_budgets_of_others_are_no_fault_and_those_of_it_hold(folder):
    folder.write(
        "perfgate.toml",
        '[[rule]]\nbenchmark = "train"\nmetric = "elapsed"\nthreshold = "+9%"\n'
        '[[budget]]\nbenchmark = "score"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 1ms"\n',
    )
    assert folder.check(benchmarks=("score",)).exit_code == 1
    assert folder.check(benchmarks=("score",)).problems == ()


def test_without_a_name_nothing_is_left_out(folder):
    assert "benchmarks-left-out" not in slugs(folder.check().notes)
