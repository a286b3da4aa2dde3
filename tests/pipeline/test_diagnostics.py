"""Why there is no verdict: what follows from another fault is left out, and equal reasons are one entry."""

from __future__ import annotations

import pytest
from gate_cases import finding

from perfgate.core.errors import error
from perfgate.core.finding import Status
from perfgate.pipeline.diagnostics import NO_BASELINE, faults_of, without_consequences

BROKEN = error("run-invalid", "is empty", place="a.json", hint="measure again")
NOTHING = error("no-runs", "no run files in runs", hint="measure first: perfgate run -n 10 -- CMD")
UNBASED = error("no-baseline", NO_BASELINE, place="baselines")
LOST = error("no-baseline", f"{NO_BASELINE}, but git lists 2 files there", place="baselines")


def missing(benchmark, metric="elapsed", *, reason="no-runs", message="no run of it was found"):
    return finding(Status.MISSING, benchmark=benchmark, metric=metric, reason=reason, message=message)


@pytest.mark.parametrize(
    "slug", ["run-invalid", "run-unreadable", "runs-unreadable", "format-unknown", "format-invalid", "no-runs"]
)
def test_what_could_not_be_read_hides_the_benchmarks_that_are_missing_for_it(slug):
    fault = BROKEN._replace(slug=slug)
    other = finding(Status.NOT_COMPARABLE, reason="rows-differ", message="1 row, then 2")
    found = faults_of([fault], [missing("train"), other])
    assert [d.slug for d in found] == [slug, "rows-differ"]


def test_without_such_a_fault_a_missing_benchmark_is_one_of_its_own():
    assert [d.slug for d in faults_of([LOST], [missing("train")])] == ["no-baseline", "no-runs"]


def test_neither_runs_nor_a_baseline_is_one_fault_with_both_commands():
    (found,) = without_consequences([NOTHING, UNBASED])
    assert found.fact == "no run files in runs, and there is no baseline yet"
    assert found.hint == "perfgate run -n 10 -- CMD, then perfgate baseline refresh"


def test_a_baseline_that_was_lost_stays_beside_runs_that_cannot_be_read():
    assert without_consequences([BROKEN, UNBASED]) == (BROKEN,)
    assert without_consequences([BROKEN, LOST]) == (BROKEN, LOST)
    assert without_consequences([UNBASED]) == (UNBASED,)


def test_metrics_of_one_benchmark_are_one_entry_with_its_name_in_the_command():
    (found,) = faults_of([], [missing("my job"), missing("my job", "cpu")])
    assert found.place == "my job (elapsed, cpu)"
    assert "perfgate run -n 10 --benchmark 'my job' -- CMD" in found.hint


def test_benchmarks_with_one_reason_are_one_entry_that_names_them():
    (found,) = faults_of([], [missing("a"), missing("b"), missing("a", "cpu")])
    assert found.fact == "2 benchmarks: no run of them was found"
    assert found.details == ("a (elapsed, cpu)", "b elapsed")


def test_benchmarks_with_other_facts_are_entries_of_their_own():
    one, other = (missing(n, reason="all-failed", message=f"{n} runs, all failed") for n in "34")
    assert [d.place for d in faults_of([], [one, other])] == ["3 elapsed", "4 elapsed"]


def test_a_fault_that_names_the_benchmark_hides_the_same_reason_of_its_values():
    fault = error("looks-renamed", '"old" is no longer measured, and "new" is new: it looks renamed', hint="rename it")
    renamed = [missing("old", reason="looks-renamed"), missing("older", reason="looks-renamed")]
    assert [d.place for d in faults_of([fault], renamed)] == ["", "older elapsed"]
