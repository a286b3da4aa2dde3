"""Any numbers have a defined outcome: an exit code, a reason, a report without NaN, and no traceback."""

from __future__ import annotations

import functools
import json
import random
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from profile_files import write_profile
from sessions import BENCHMARKS, write_session
from support import assert_reads_alike

from perfgate import schema
from perfgate.core.finding import HOLDS, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Outcome, Project

    Values = Callable[[int], list[float]]

SHAPES = {1: [5], 2: [5, 1], 3: [3, 1, 7], 5: [1, 2, 3, 5, 8], 10: [1, 1, 2, 3, 4, 5, 6, 7, 8, 9]}
FIRST = {1, 5}
"""One shape for each method; the others are slow because they are many."""


def usual(n: int, centre: float = 10.0, seed: int = 1) -> list[float]:
    """Return `n` values that spread by 1 % around `centre`."""
    dice = random.Random(f"{n}-{centre}-{seed}")
    return [round(centre * dice.gauss(1, 0.01), 5) for _ in range(n)]


def refuse_constant(name: str) -> float:
    raise AssertionError(f"report.json holds {name}")


@functools.cache
def report_schema() -> jsonschema.Draft202012Validator:
    """Return the schema of a report; to read and to check it takes longer than most checks."""
    return jsonschema.Draft202012Validator(schema.load("report"))


def check(project: Project, *arguments: str) -> tuple[Outcome, Any]:
    """Check, and assert what holds for any numbers."""
    outcome = project.cli("check", *arguments, "--report", "r.json")
    report = json.loads(project.path("r.json").read_text(), parse_constant=refuse_constant)
    report_schema().validate(report)
    assert report["exit_code"] == outcome.code, str(outcome)
    assert {f["reason"] == "" for f in report["findings"]} <= {False}
    for word in ("Traceback", "crashed", "Warning"):
        assert word not in outcome.stderr, str(outcome)
    for word in ("nan", "inf%", "inf s"):
        assert word not in outcome.stdout, str(outcome)
    assert bool(outcome.stderr) == (outcome.code == 2), str(outcome)
    assert_reads_alike(project.cli("report", "r.json").stdout, outcome)
    return outcome, report


def said(report: Any, metric: str = "elapsed", benchmark: str = "train") -> tuple[str, str, str]:
    """Return status, reason and method of a median."""
    found = [f for f in report["findings"] if (f["benchmark"], f["metric"]) == (benchmark, metric)]
    found = [f for f in found if f["statistic"] == "p50"]
    assert len(found) == 1, report["findings"]
    return found[0]["status"], found[0]["reason"], found[0]["method"]


def compare(project: Project, base: Values, now: Values, shape: list[int], **keys: str) -> tuple[Outcome, Any]:
    """Check profile files: sessions of the sizes of `shape` against one of six."""
    write_profile(project, "base.json", {f"s{i}": base(n) for i, n in enumerate(shape)}, **keys)
    write_profile(project, "now.json", {"now": now(6)}, **keys)
    return check(project, "--baseline", "base.json", "--current", "now.json")


OUTCOMES: dict[str, tuple[Values, Values, int, str | frozenset[Status]]] = {
    "identical": (lambda n: [10.0] * n, lambda n: [10.0] * n, 0, HOLDS),
    "identical-and-doubled": (lambda n: [10.0] * n, lambda n: [20.0] * n, 1, "regressed"),
    "identical-and-halved": (lambda n: [10.0] * n, lambda n: [5.0] * n, 0, "improved"),
    "ties": (lambda n: [10.0, 10.0, 10.1] * n, lambda n: [10.0, 10.1, 10.0] * n, 0, HOLDS),
    "usual": (usual, usual, 0, HOLDS),
    "usual-and-tripled": (usual, lambda n: usual(n, 30.0), 1, "regressed"),
    "one-outlier": (usual, lambda n: [*usual(n), 1e6], 0, HOLDS),
    "one-value": (usual, lambda _: [10.0], 0, HOLDS),
    "zeros-now": (usual, lambda n: [0.0] * n, 2, "invalid"),
    "zeros-then": (lambda n: [0.0] * n, usual, 2, "invalid"),
    "one-zero": (usual, lambda n: [0.0, *usual(n)], 2, "invalid"),
    "negative": (usual, lambda n: [-10.0] * n, 2, "invalid"),
    "tiny": (lambda n: [1e-300] * n, lambda n: [1e-300] * n, 0, HOLDS),
    "tiny-and-doubled": (lambda n: [1e-300] * n, lambda n: [2e-300] * n, 1, "regressed"),
    "giant": (lambda n: [1e300] * n, lambda n: [1e300] * n, 0, HOLDS),
    "giant-and-doubled": (lambda n: [1e300] * n, lambda n: [2e300] * n, 1, "regressed"),
    "from-tiny-to-giant": (lambda n: [1e-300] * n, lambda n: [1e300] * n, 1, "regressed"),
    "from-giant-to-tiny": (lambda n: [1e300] * n, lambda n: [1e-300] * n, 0, "improved"),
    "nearly-infinite": (usual, lambda n: [1.7e308] * n, 1, "regressed"),
    "subnormal": (usual, lambda n: [5e-324] * n, 0, "improved"),
}


@pytest.mark.sampled
@pytest.mark.parametrize("sessions", [n if n in FIRST else pytest.param(n, marks=pytest.mark.slow) for n in SHAPES])
@pytest.mark.parametrize("name", OUTCOMES)
def test_any_values_have_a_defined_outcome(project: Project, name: str, sessions: int) -> None:
    base, now, code, status = OUTCOMES[name]
    outcome, report = compare(project, base, now, SHAPES[sessions])
    assert outcome.code == code, str(outcome)
    assert said(report)[0] in ({status} if isinstance(status, str) else status), str(outcome)


@pytest.mark.parametrize("base", [usual, lambda n: [10.0] * n, lambda n: [0.0] * n], ids=["usual", "equal", "zero"])
@pytest.mark.parametrize("now", [usual, lambda n: [0.0] * n, lambda n: [-1.0] * n], ids=["usual", "zero", "negative"])
def test_a_metric_of_one_s_own_may_be_zero_or_negative(project: Project, base: Values, now: Values) -> None:
    project.write("perfgate.toml", '[[rule]]\nmetric = "queue"\nlevel = "fail"\n')
    outcome, report = compare(project, base, now, [5, 5, 5], metric="queue")
    assert outcome.code in {0, 1}, str(outcome)
    worse = max(now(6)) > max(base(5)) * 1.05
    assert (outcome.code == 1) == worse, str(outcome)
    assert said(report, "queue")[2] == ("across-sessions" if min(*base(5), *now(6)) > 0 else "threshold")


@pytest.mark.parametrize("values", [1, 2, 5])
def test_one_value_on_each_side_is_a_plain_ratio(project: Project, values: int) -> None:
    write_profile(project, "base.json", {"then": [10.0] * values})
    write_profile(project, "now.json", {"now": [13.0]})
    outcome, report = check(project, "--baseline", "base.json", "--current", "now.json")
    plain = said(report) == ("regressed", "worse", "threshold")
    assert plain == (values == 1), str(outcome)


@pytest.mark.slow
@pytest.mark.parametrize(("centre", "code"), [(10.0, 0), (13.0, 1)])
def test_ten_thousand_runs_a_session_are_judged_in_time(project: Project, centre: float, code: int) -> None:
    write_profile(project, "base.json", {f"s{i}": usual(10_000, seed=i) for i in range(5)})
    write_profile(project, "now.json", {"now": usual(10_000, centre)})
    outcome, report = check(project, "--baseline", "base.json", "--current", "now.json")
    assert outcome.code == code, str(outcome)
    assert {(f["n_baseline"], f["n_current"]) for f in report["findings"]} == {(50_000, 10_000)}


@pytest.mark.parametrize(("metric", "unit"), [("elapsed", "B"), ("queue", "1/s")])
def test_another_unit_is_never_compared(project: Project, metric: str, unit: str) -> None:
    write_profile(project, "base.json", {"then": usual(5)}, metric=metric)
    write_profile(project, "now.json", {"now": usual(5)}, metric=metric, unit=unit)
    outcome, report = check(project, "--baseline", "base.json", "--current", "now.json")
    assert outcome.code == 2, str(outcome)
    assert "unit" in outcome.cause
    assert said(report, metric)[0] == "not-comparable"


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 20])
@pytest.mark.parametrize(("factor", "fails"), [(1.0, False), (2.0, True)])
def test_unnamed_runs_fail_only_when_there_are_enough(project: Project, n: int, factor: float, *, fails: bool) -> None:
    project.write("perfgate.toml", '[[rule]]\nmetric = "peak_memory"\nlevel = "info"\n')
    project.write_runs(5, "old", 10.0, benchmark="train")
    assert project.cli("baseline", "refresh").code == 0
    project.write_runs(n, "new", 10.0 * factor, benchmark="train")
    outcome, report = check(project)
    status, _, method = said(report)
    assert method == "same-session"
    slow = {1: (0, "suspected"), 2: (2, "invalid"), 3: (2, "invalid")}
    expected = slow.get(n, (1, "regressed")) if fails else (0, "too-noisy" if n <= 3 else "unchanged")
    assert (outcome.code, status) == expected, str(outcome)


@pytest.mark.parametrize("lacking", BENCHMARKS)
def test_a_session_that_lacks_a_benchmark_now_cannot_be_passed_over(settled: Project, lacking: str) -> None:
    write_session(settled, 6, benchmarks=[b for b in BENCHMARKS if b != lacking])
    outcome, report = check(settled)
    assert (outcome.code, said(report, benchmark=lacking)[0]) == (2, "missing"), str(outcome)


def test_baseline_sessions_that_hold_one_benchmark_only_are_used_for_it(project: Project) -> None:
    for number in (1, 2, 3):
        write_session(project, number, benchmarks=BENCHMARKS[: 1 + number % 2], keep=True)
    assert project.cli("baseline", "refresh").code == 0
    write_session(project, 6)
    outcome, report = check(project)
    assert outcome.code == 0, str(outcome)
    held = {f["benchmark"]: f["sessions_baseline"] for f in report["findings"]}
    assert held == {"train": 3, "score": 2}
