"""Every number of a report can be computed again from ``report.json`` alone, by the published formulas."""

from __future__ import annotations

import copy
import json
import math
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from by_hand import computed_again, suite_again

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Project

FROM_THE_CONFIGURATION = {"floor"}


class Lab:
    """Measures benchmarks that differ by luck: of the session, of the benchmark in it, and of the run."""

    def __init__(self, project: Project, seed: int, *, spread: float = 0.02, machine: str = "") -> None:
        self.project, self.dice = project, random.Random(seed)
        self.spread, self.machine, self.count = spread, machine, 0

    def measure(
        self, session: str, benchmarks: dict[str, float], runs: int | tuple[int, int] = (2, 6), **keys: Any
    ) -> None:
        """Write the runs of a session; of each benchmark its typical seconds are given."""
        luck = self.dice.gauss(0, self.spread)
        for name, typical in benchmarks.items():
            centre = typical * math.exp(luck + self.dice.gauss(0, self.spread / 2))
            for _ in range(runs if isinstance(runs, int) else self.dice.randint(*runs)):
                self.count += 1
                elapsed = float(f"{centre * math.exp(self.dice.gauss(0, 0.01)):.6g}")
                named = {"session": session, "started_at": self.moment} if session else {}
                environment = {"machine": self.machine} if self.machine else {}
                self.project.write_run(
                    f"r{self.count:05}", benchmark=name, elapsed_sec=elapsed, environment=environment,
                    peak_memory_mb=float(f"{100 * self.dice.lognormvariate(0, 0.01):.6g}"), **named, **keys,
                )  # fmt: skip

    @property
    def moment(self) -> str:
        return f"2026-01-{1 + self.count // 1440:02}T{self.count // 60 % 24:02}:{self.count % 60:02}:00Z"

    def refresh(self) -> None:
        done = self.project.cli("baseline", "refresh", "--sessions", "all", "--runs", "outputs/model_runs/*.json")
        assert done.code == 0, str(done)
        self.project.drop_runs("*")

    def check(self, *arguments: str, code: int) -> dict[str, Any]:
        done = self.project.cli("check", "--report", "r.json", *arguments)
        assert done.code == code, str(done)
        return dict(self.project.read_json("r.json"))


def times(n: int, slower: float = 1.0, **special: float) -> dict[str, float]:
    """Return benchmarks with their typical seconds, one of them slower by a factor of its own."""
    return {f"b{i}": (1 + i / 7) * slower * special.get(f"b{i}", 1.0) for i in range(n)}


def suite_that_moved(project: Project, by: float = 1.12) -> dict[str, Any]:
    lab = Lab(project, 1)
    project.write(
        "perfgate.toml",
        '[[rule]]\nmetric = "throughput"\nthreshold = "-7%"\n[defaults]\nfalse_alarms = "2%"\n',
    )
    for i in range(4):
        lab.measure(f"s{i}", times(6))
    lab.refresh()
    lab.measure("now", times(6, by, b2=2.5))
    return lab.check(code=1)


def suite_that_got_faster(project: Project) -> dict[str, Any]:
    lab = Lab(project, 10)
    for i in range(5):
        lab.measure(f"s{i}", times(7))
    lab.refresh()
    lab.measure("now", times(7, 0.6, b2=1.66, b3=2.2))
    return lab.check(code=1)


def suite_that_moved_far(project: Project) -> dict[str, Any]:
    return suite_that_moved(project, 2.0)


def small_suite_on_one_machine(project: Project) -> dict[str, Any]:
    lab = Lab(project, 2, machine="boot-1")
    lab.measure("s0", times(2))
    lab.refresh()
    lab.measure("now", times(2, b1=1.3))
    return lab.check(code=0)


def confirmed(project: Project) -> dict[str, Any]:
    lab = Lab(project, 3)
    for i in range(5):
        lab.measure(f"s{i}", times(7), (1, 6))
    lab.refresh()
    for name in ("first", "second", "third"):
        lab.measure(name, times(7, b3=1.09))
        reports = [f"{r}.json" for r in ("first", "second") if project.path(f"{r}.json").exists()]
        confirm = [word for r in reports for word in ("--confirm", r)]
        report = lab.check("--report", f"{name}.json", *confirm, code=0 if name == "first" else 1)
    return report


def sessions_side_by_side(project: Project) -> dict[str, Any]:
    lab = Lab(project, 4)
    for i in range(3):
        lab.measure(f"s{i}", times(5))
    lab.refresh()
    for session in ("x/1", "x/2", "y"):
        lab.measure(session, times(5, b4=1.5))
    return lab.check("--sessions", "all", code=1)


def batches_of_a_terminal(project: Project) -> dict[str, Any]:
    lab = Lab(project, 9)
    for session, rest in (("t/1", 0), ("t/2", 0), ("t/3", 300), ("u", 0), ("t/4", 1440)):
        lab.count += rest
        lab.measure(session, times(5))
    lab.refresh()
    lab.measure("now", times(5, b4=2.5))
    report = lab.check(code=1)
    assert {f["sessions_baseline"] for f in report["findings"]} == {4}
    return report


def one_session(project: Project) -> dict[str, Any]:
    lab = Lab(project, 5, spread=0.001)
    lab.measure("", {**times(3), "tied": 1.0}, 6)
    project.change_runs("r00019", elapsed_sec=1.0)
    project.change_runs("r0002[01]", elapsed_sec=1.01)
    lab.refresh()
    lab.measure("", {**times(3, b1=1.4, b2=0.6), "tied": 1.2}, 7)
    project.change_runs("r00046", elapsed_sec=1.01)
    return lab.check(code=1)


def plain_ratios(project: Project) -> dict[str, Any]:
    lab = Lab(project, 6)
    project.write(
        "perfgate.toml",
        '[[rule]]\nbenchmark = "b0"\nmetric = "elapsed"\nstatistic = "p95"\nmethod = "threshold"\nthreshold = "+3%"\n'
        '[[rule]]\nmetric = "calls"\nmethod = "exact"\nthreshold = "+1%"\n',
    )
    calls = {"calls": {"value": 1000, "unit": "1"}}
    lab.measure("s0", {**times(2), "once": 1.0}, 1, metrics=calls)
    lab.measure("s1", times(2), metrics=calls)
    lab.refresh()
    lab.measure("now", {**times(2, b0=1.2), "once": 1.3}, 1, metrics={"calls": {"value": 1011, "unit": "1"}})
    return lab.check(code=1)


def tails(project: Project) -> dict[str, Any]:
    lab = Lab(project, 7)
    project.write("perfgate.toml", '[[rule]]\nmetric = "elapsed"\nstatistic = "p95"\nthreshold = "+20%"\n')
    for i in range(2):
        lab.measure(f"s{i}", times(5), (60, 64))
    lab.refresh()
    lab.measure("now", times(5, b1=1.6), 70)
    return lab.check(code=1)


def amounts(project: Project) -> dict[str, Any]:
    lab = Lab(project, 8, machine="boot-1")
    project.write(
        "perfgate.toml",
        'exclude = ["*:peak_memory", "*:throughput"]\n'
        '[defaults]\nthreshold = "+40ms"\nfalse_alarms = "5%"\nfloor = { time = "+60ms" }\n',
    )
    for i in range(10):
        lab.measure(f"s{i}", times(5), (1, 4))
    lab.refresh()
    lab.measure("now", times(5, b0=1.05, b4=1.4))
    return lab.check(code=1)


ACROSS, SAME, PLAIN = "across-sessions", "same-session", "threshold"
CASES: dict[str, tuple[Callable[[Project], dict[str, Any]], set[tuple[str, str]]]] = {
    "common-shift": (suite_that_moved, {(ACROSS, "suite-moved"), (ACROSS, "worse"), (ACROSS, "within-noise")}),
    "shift-beyond-what-is-taken-off": (suite_that_moved_far, {(ACROSS, "suite-worse"), (ACROSS, "worse")}),
    "suite-got-faster": (suite_that_got_faster, {(ACROSS, "only-beside"), (ACROSS, "worse")}),
    "small-suite": (small_suite_on_one_machine, {(ACROSS, "not-proven")}),
    "confirmed": (confirmed, {(ACROSS, "confirmed"), (ACROSS, "within-threshold")}),
    "side-by-side": (sessions_side_by_side, {(ACROSS, "confirmed"), (ACROSS, "within-threshold")}),
    "batches": (batches_of_a_terminal, {(ACROSS, "worse"), (ACROSS, "within-noise")}),
    "same-session": (one_session, {(SAME, "worse"), (SAME, "better"), (SAME, "within-threshold")}),
    "plain-ratio": (plain_ratios, {(PLAIN, "worse"), ("exact", "worse"), ("", "within-threshold")}),
    "tails": (tails, {(ACROSS, "worse")}),
    "amounts": (amounts, {(ACROSS, "worse"), (ACROSS, "below-floor")}),
}


def assert_alike(finding: dict[str, Any], expected: dict[str, Any]) -> None:
    """Assert that a finding says what was computed, and nothing besides."""
    assert finding["evidence"].keys() - FROM_THE_CONFIGURATION == expected["evidence"].keys()
    for name, value in {**expected, **expected["evidence"]}.items():
        told = finding["evidence"].get(name, finding.get(name))
        if name != "evidence":
            where = f"{name} of {finding['benchmark']} {finding['metric']} {finding['statistic']}"
            assert told == (pytest.approx(value, rel=1e-9, abs=1e-11) if isinstance(value, float | list) else value), (
                where
            )


@pytest.mark.parametrize(("make", "reasons"), CASES.values(), ids=CASES)
def test_every_number_of_a_report_follows_from_the_values_in_it(
    project: Project, make: Callable[[Project], dict[str, Any]], reasons: set[tuple[str, str]]
) -> None:
    report = make(project)
    judged = computed_again(report)
    assert len(judged) == len(report["findings"])
    assert reasons <= {(f["method"], f["reason"]) for f, _ in judged}
    for finding, expected in judged:
        assert_alike(finding, expected)
    for name, value in suite_again(report).items():
        assert report["suite"].get(name, report.get(name)) == value, name


def test_nothing_of_the_tool_takes_part_in_the_computation() -> None:
    sources = sorted(Path(__file__).parent.glob("by_hand*.py"))
    assert len(sources) == 4
    for source in sources:
        assert not re.search(r"^\s*(?:from|import) perfgate", source.read_text(encoding="utf-8"), re.MULTILINE)


def test_a_changed_number_is_noticed(project: Project) -> None:
    report = small_suite_on_one_machine(project)
    for path in (
        ("change",),
        ("detectable",),
        ("allowed",),
        ("limit",),
        ("evidence", "se"),
        ("evidence", "within"),
        ("current",),
    ):
        changed = copy.deepcopy(report)
        place = changed["findings"][0]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] *= 1 + 1e-6
        finding, expected = computed_again(changed)[0]
        with pytest.raises(AssertionError):
            assert_alike(finding, expected)


def test_a_changed_value_is_noticed(project: Project) -> None:
    report = small_suite_on_one_machine(project)
    text = json.dumps(report["samples"]["current"])
    value = next(iter(report["samples"]["current"][1]["metrics"]["elapsed"]["values"].values()))[0]
    report["samples"]["current"] = json.loads(text.replace(repr(value), repr(value * 2)))
    noticed = 0
    for finding, expected in computed_again(report):
        try:
            assert_alike(finding, expected)
        except AssertionError:
            noticed += 1
    assert noticed
