"""A suspicion is settled by fresh sessions: each is judged by itself, and a row fails only when all show it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sessions import make_settled, write_session
from support import verdict_of

if TYPE_CHECKING:
    from support import Outcome, Project

SUSPECT, FAR = 1.11, 1.4  # beyond the inner limit (about +9 %), beyond the outer one (about +17 %)
SUITE = tuple(f"part{i}" for i in range(6))
ALL = "(all benchmarks)"


@pytest.fixture
def suite(project: Project) -> Project:
    """A project with a baseline of five sessions of six benchmarks."""
    return make_settled(project, SUITE)


def judged(project: Project, number: int, factor: float, *arguments: str, **keys: Any) -> tuple[Outcome, Any]:
    """Measure a session and check it; the report is kept as ``NUMBER.json``."""
    write_session(project, number, factor, **keys)
    outcome = project.cli("check", *arguments, "--report", f"{number}.json")
    return outcome, project.read_json(f"{number}.json")


def row(report: Any, benchmark: str = "train", metric: str = "elapsed") -> Any:
    """Return the row of a benchmark's median."""
    found = [
        f for f in report["findings"] if (f["benchmark"], f["metric"], f["statistic"]) == (benchmark, metric, "p50")
    ]
    assert len(found) == 1, report["findings"]
    return found[0]


def said(report: Any, benchmark: str = "train") -> tuple[str, str]:
    found = row(report, benchmark)
    return found["status"], found["reason"]


def test_a_suspicion_that_a_fresh_session_shows_too_is_confirmed(settled: Project) -> None:
    first, report = judged(settled, 6, SUSPECT)
    assert (first.code, said(report)) == (0, ("suspected", "not-proven"))
    assert "--confirm" in first.stdout
    second, report = judged(settled, 7, SUSPECT, "--confirm", "6.json")
    assert second.code == 1, str(second)
    assert said(report) == ("regressed", "confirmed")
    assert row(report)["message"].endswith("all 2 fresh sessions show it")
    assert row(report)["evidence"]["sessions_current"] == 2
    assert row(report)["n_current"] == 12
    assert report["provenance"]["sessions"] == ["job-6", "job-7"]
    assert report["provenance"]["reproduce"] == "perfgate check --confirm 6.json"


def test_a_suspicion_that_a_fresh_session_does_not_show_passes(settled: Project) -> None:
    assert judged(settled, 6, SUSPECT)[0].code == 0
    outcome, report = judged(settled, 7, 1.0, "--confirm", "6.json")
    assert outcome.code == 0, str(outcome)
    assert said(report) == ("within-noise", "not-confirmed")
    assert row(report)["message"].endswith("1 of 2 fresh sessions show it")


def test_one_wild_session_does_not_fail_when_a_fresh_one_does_not_show_it(settled: Project) -> None:
    alone, _ = judged(settled, 6, FAR)
    assert alone.code == 1, str(alone)
    outcome, report = judged(settled, 7, 1.0, "--confirm", "6.json")
    assert outcome.code == 0, str(outcome)
    assert said(report) == ("too-noisy", "not-confirmed")


def test_a_calm_session_of_before_does_not_outvote_the_one_that_fails_now(settled: Project) -> None:
    assert judged(settled, 6, 1.0)[0].code == 0
    outcome, _ = judged(settled, 7, FAR, "--confirm", "6.json")
    assert outcome.code == 2, str(outcome)
    assert "cannot decide: 6.json" in outcome.stderr
    assert judged(settled, 8, 1.0, "--confirm", "6.json")[0].code == 0  # nothing to outvote


def test_the_second_session_fails_on_its_own_without_confirm(settled: Project) -> None:
    assert judged(settled, 6, 1.0)[0].code == 0
    outcome, report = judged(settled, 7, FAR)
    assert (outcome.code, said(report)) == (1, ("regressed", "worse"))


@pytest.mark.parametrize(("third", "code", "reason"), [(SUSPECT, 1, "confirmed"), (1.0, 0, "not-confirmed")])
def test_two_reports_and_a_report_of_two_sessions_say_the_same(
    settled: Project, third: float, code: int, reason: str
) -> None:
    judged(settled, 6, SUSPECT)
    judged(settled, 7, SUSPECT)
    apart, by_two = judged(settled, 8, third, "--confirm", "6.json", "--confirm", "7.json")
    assert (apart.code, said(by_two)[1]) == (code, reason), str(apart)
    assert row(by_two)["evidence"]["sessions_current"] == 3
    assert judged(settled, 7, SUSPECT, "--confirm", "6.json")[0].code == 1
    chained, by_one = judged(settled, 8, third, "--confirm", "7.json")
    assert chained.code == code, str(chained)
    assert by_one["findings"] == by_two["findings"]


def test_the_order_of_the_reports_changes_no_finding(settled: Project) -> None:
    judged(settled, 6, SUSPECT)
    judged(settled, 7, FAR)
    one = judged(settled, 8, SUSPECT, "--confirm", "6.json", "--confirm", "7.json")[1]
    other = judged(settled, 8, SUSPECT, "--confirm", "7.json", "--confirm", "6.json")[1]
    assert one["findings"] == other["findings"]


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_a_confirmed_report_is_drawn_again_the_same(settled: Project, form: str) -> None:
    judged(settled, 6, SUSPECT)
    write_session(settled, 7, SUSPECT)
    outcome = settled.cli("check", "--confirm", "6.json", "--report", "7.json", "--format", form)
    assert outcome.code == 1, str(outcome)
    again = settled.cli("report", "7.json", "--format", form)
    assert again.stdout == outcome.stdout
    assert "all 2 fresh sessions show it" in " ".join(again.stdout.split())


def test_all_sessions_of_one_folder_are_judged_each_by_itself(settled: Project) -> None:
    write_session(settled, 6, SUSPECT)
    write_session(settled, 7, SUSPECT, keep=True)
    outcome = settled.cli("check", "--sessions", "all", "--report", "all.json")
    assert (outcome.code, said(settled.read_json("all.json"))) == (1, ("regressed", "confirmed")), str(outcome)
    write_session(settled, 8, 1.0, keep=True)
    outcome = settled.cli("check", "--sessions", "all", "--report", "all.json")
    assert (outcome.code, said(settled.read_json("all.json"))) == (0, ("within-noise", "not-confirmed")), str(outcome)
    assert row(settled.read_json("all.json"))["message"].endswith("2 of 3 fresh sessions show it")


def test_sessions_side_by_side_and_confirmed_ones_are_judged_alike(settled: Project) -> None:
    judged(settled, 6, SUSPECT)
    confirmed = judged(settled, 7, FAR, "--confirm", "6.json")[1]
    write_session(settled, 6, SUSPECT, keep=True)
    assert settled.cli("check", "--sessions", "all", "--report", "all.json").code == 1
    assert settled.read_json("all.json")["findings"] == confirmed["findings"]


def test_only_the_newest_session_is_judged_by_default(settled: Project) -> None:
    write_session(settled, 6, FAR)
    write_session(settled, 7, 1.0, keep=True)
    outcome = settled.cli("check", "--report", "r.json")
    assert (outcome.code, said(settled.read_json("r.json"))[0]) == (0, "within-noise"), str(outcome)
    assert settled.read_json("r.json")["provenance"]["sessions"] == ["job-7"]


def test_a_suspicion_fails_at_once_where_the_configuration_wants_it(settled: Project) -> None:
    settled.write("perfgate.toml", '[defaults]\non_suspected = "fail"\n')
    first, report = judged(settled, 6, SUSPECT)
    assert (first.code, report["verdict"], said(report)[0]) == (1, "regression", "suspected"), str(first)
    assert settled.cli("report", "6.json").stdout == first.stdout
    second, report = judged(settled, 7, 1.0, "--confirm", "6.json")
    assert (second.code, said(report)) == (0, ("within-noise", "not-confirmed")), str(second)


def test_an_improvement_is_one_only_when_every_session_shows_it(settled: Project) -> None:
    judged(settled, 6, 0.7)
    assert said(judged(settled, 7, 0.7, "--confirm", "6.json")[1])[0] == "improved"
    assert said(judged(settled, 7, 1.0, "--confirm", "6.json")[1])[0] == "within-noise"


def test_a_suite_that_slows_down_as_a_whole_fails_and_is_told_first(suite: Project) -> None:
    outcome, report = judged(suite, 6, 1.6, benchmarks=SUITE)
    assert outcome.code == 1, str(outcome)
    first = report["findings"][0]
    assert (first["benchmark"], first["metric"], first["status"], first["reason"]) == (
        ALL, "elapsed", "regressed", "suite-worse",
    )  # fmt: skip
    assert first["change"] == pytest.approx(0.6, abs=0.05)
    lines = [line.strip() for line in outcome.stdout.splitlines()]
    named = next(place for place, line in enumerate(lines) if line.startswith((ALL, "part")))
    assert lines[named] == ALL, str(outcome)
    assert re.match(r"✗ elapsed .* \+(?:5[5-9]|6[0-5])(?:\.\d)?% ", lines[named + 1]), str(outcome)
    assert "All benchmarks together got worse." in verdict_of(outcome.stdout)


def test_a_suite_that_moves_a_little_is_told_first_and_passes(suite: Project) -> None:
    outcome, report = judged(suite, 6, 1.12, benchmarks=SUITE)
    assert outcome.code == 0, str(outcome)
    assert row(report, ALL)["status"] in {"unchanged", "suspected"}
    assert row(report, ALL)["change"] == pytest.approx(0.12, abs=0.03)
    assert {said(report, benchmark)[0] for benchmark in SUITE} == {"within-noise"}
    second = outcome.stdout.split("\n\n")[1]
    assert re.match(r"All benchmarks changed together: \+1[123]\.\d% in elapsed", second), str(outcome)


def test_one_benchmark_does_not_hide_behind_a_suite_that_moved(suite: Project) -> None:
    write_session(suite, 6, 1.12, benchmarks=SUITE[1:])
    write_session(suite, 6, 1.12 * FAR, benchmarks=SUITE[:1], keep=True)
    outcome = suite.cli("check", "--report", "r.json")
    assert outcome.code == 1, str(outcome)
    report = suite.read_json("r.json")
    assert [f["benchmark"] for f in report["findings"] if f["status"] == "regressed"] == [SUITE[0]]


def test_a_suite_that_slowed_down_in_one_session_only_passes(suite: Project) -> None:
    assert judged(suite, 6, 1.6, benchmarks=SUITE)[0].code == 1
    outcome, report = judged(suite, 7, 1.0, "--confirm", "6.json", benchmarks=SUITE)
    assert outcome.code == 0, str(outcome)
    assert row(report, ALL)["status"] == "unchanged"


def test_a_suite_that_slowed_down_in_every_session_fails(suite: Project) -> None:
    judged(suite, 6, 1.3, benchmarks=SUITE)
    outcome, report = judged(suite, 7, 1.3, "--confirm", "6.json", benchmarks=SUITE)
    assert outcome.code == 1, str(outcome)
    assert said(report, ALL) == ("regressed", "suite-worse")
