"""Never confirmed by a lie: one fault in the report that is given to `perfgate check --confirm`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sessions import BENCHMARKS, write_session
from support import Project, assert_cannot_decide, assert_reads_alike

if TYPE_CHECKING:
    from pathlib import Path

Spoil = Callable[[Any], object]

COMMIT = "a" * 40
SUSPECT = 1.11
FORMAT = "perfgate schema report"
AGAIN = "measure all benchmarks in a fresh session, against the same baseline and of the same commit"


@pytest.fixture(scope="module")
def suspected_template(settled_template: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with ``first.json``, which suspects, and a second session that has been measured."""
    project = settled_template.copy_to(tmp_path_factory.mktemp("suspected") / "project")
    write_session(project, 6, SUSPECT, commit=COMMIT)
    first = project.cli("check", "--report", "first.json")
    assert first.code == 0, str(first)
    assert "--confirm" in first.stdout
    write_session(project, 7, SUSPECT, commit=COMMIT)
    return project


@pytest.fixture
def suspected(suspected_template: Project, tmp_path: Path) -> Project:
    """A copy of it, to be spoilt."""
    return suspected_template.copy_to(tmp_path / "project")


def side(report: Any, which: str = "current", benchmark: str = "train") -> Any:
    """Return what a report holds of one benchmark."""
    return next(p for p in report["samples"][which] if p["benchmark"] == benchmark)


def values(report: Any, which: str = "current") -> Any:
    return side(report, which)["metrics"]["elapsed"]["values"]


def spoil(project: Project, change: Spoil, name: str = "bad.json") -> None:
    """Write the good report with a change."""
    report = project.read_json("first.json")
    change(report)
    project.write(name, json.dumps(report))


def confirm(project: Project, *reports: str) -> Any:
    flags = [word for report in reports for word in ("--confirm", report)]
    return project.cli("check", *flags, "--report", "r.json")


def assert_refused(project: Project, place: str, cure: str, *reports: str) -> None:
    outcome = confirm(project, *(reports or ("bad.json",)))
    assert_cannot_decide(outcome, place, re.escape(cure))
    written = project.read_json("r.json")
    assert (written["verdict"], written["exit_code"]) == ("error", 2)
    assert "\nCANNOT DECIDE  " in f"\n{outcome.stdout}"


def test_the_report_confirms_before_any_fault(suspected: Project) -> None:
    outcome = confirm(suspected, "first.json")
    assert (outcome.code, outcome.stderr) == (1, ""), str(outcome)


ODDITIES: dict[str, tuple[Callable[[Project], object], str, str]] = {
    "absent": (lambda p: None, "does not exist", "check the path"),
    "folder": (lambda p: p.path("bad.json").mkdir(), "is a folder", "rename it"),
    "pipe": (lambda p: os.mkfifo(p.path("bad.json")), "a pipe", "name a file"),
    "link-loop": (lambda p: p.path("bad.json").symlink_to("bad.json"), "loop of symbolic links", "correct the link"),
    "giant": (
        lambda p: os.truncate(p.write("bad.json", b"{}"), 70_000_000),
        "is larger than 67,108,864 b",
        "name the right files",
    ),
}


@pytest.mark.parametrize(("make", "cause", "cure"), ODDITIES.values(), ids=ODDITIES)
def test_what_is_no_regular_file_confirms_nothing(
    suspected: Project, make: Callable[[Project], object], cause: str, cure: str
) -> None:
    make(suspected)
    assert_refused(suspected, rf"bad\.json:? .*{cause}", cure)


def test_an_empty_path_is_told_as_such(suspected: Project) -> None:
    assert_cannot_decide(confirm(suspected, ""), "--confirm is empty", "perfgate check --help")


TEXTS: dict[str, tuple[Callable[[str], str], str]] = {
    "empty": (lambda _: "", "is empty"),
    "truncated": (lambda good: good[:-60], "not JSON"),
    "not-json": (lambda _: "Pass: 4 gated values", "not JSON"),
    "two-documents": (lambda good: good + good, "not JSON"),
    "nested": (lambda _: "[" * 100_000, "nested too deeply"),
    "nan": (lambda good: good.replace('"unit": "s"', '"unit": NaN', 1), "NaN"),
    "infinity": (lambda good: good.replace('"unit": "s"', '"unit": -Infinity', 1), "Infinity"),
    "beyond-doubles": (lambda good: good.replace('"unit": "s"', '"unit": 1e400', 1), "too large"),
    "twice-a-key": (lambda good: good.replace('"notes"', '"verdict": "pass", "notes"', 1), "stands twice"),
    "half-a-character": (lambda good: good.replace('"train"', r'"\ud800"', 1), "lone surrogate"),
    "another-file": (
        lambda _: '{"run_id": "x", "elapsed_sec": 1}',
        r'the keys "schema", "verdict", .* and \d+ more are missing',
    ),
    "array": (lambda good: f"[{good}]", "expected an object"),
}


@pytest.mark.parametrize(("change", "cause"), TEXTS.values(), ids=TEXTS)
def test_what_is_no_report_confirms_nothing(suspected: Project, change: Callable[[str], str], cause: str) -> None:
    good = suspected.path("first.json").read_text()
    bad = change(good)
    assert bad != good
    suspected.write("bad.json", bad)
    assert_refused(suspected, rf"bad\.json:? .*{cause}", FORMAT)


@pytest.mark.sampled
@pytest.mark.parametrize("value", [5e-324, 1e-300, 1e300, 1.7e308])
@pytest.mark.parametrize("which", ["baseline", "current"])
def test_values_of_any_size_have_an_outcome(suspected: Project, which: str, value: float) -> None:
    def set_values(report: Any) -> None:
        for session in values(report, which).values():
            session[:] = [value] * len(session)

    spoil(suspected, set_values)
    outcome = confirm(suspected, "bad.json")
    assert outcome.code in {1, 2}, str(outcome)
    assert "crashed" not in outcome.stderr, str(outcome)
    assert "nan" not in outcome.stdout, str(outcome)
    assert_reads_alike(suspected.cli("report", "r.json").stdout, outcome)


HUGE = 10**400
SHAPES: dict[str, tuple[Spoil, str]] = {
    "another-schema": (lambda r: r.update(schema="perfgate/report/3"), 'expected "perfgate/report/2"'),
    "no-samples": (lambda r: r.pop("samples"), '"samples" is missing'),
    "verdict": (lambda r: r.update(verdict="regression", exit_code=1), "/verdict: .*does not follow"),
    "exit-code": (lambda r: r.update(exit_code=1), "/verdict: .*does not follow"),
    "hidden-regression": (lambda r: r["findings"][0].update(status="regressed"), "/verdict: .*does not follow"),
    "value-is-a-text": (lambda r: values(r).update({"job-6": ["11.0"]}), "expected a number"),
    "no-values": (lambda r: values(r).update({"job-6": []}), "must not be empty"),
    "huge-value": (lambda r: values(r).update({"job-6": [HUGE]}), "too large"),
    "huge-baseline": (lambda r: values(r, "baseline").update({"job-1": [HUGE]}), "too large"),
    "huge-rows": (lambda r: side(r)["sessions"]["job-6"].update(rows_used=[HUGE]), "too large"),
    "huge-evidence": (lambda r: r["findings"][0]["evidence"].update(se=HUGE), "too large"),
    "unlisted-session": (lambda r: values(r).update({"job-9": [11.0]}), r"does not list \(job-9\)"),
    "no-session-listed": (lambda r: side(r).update(sessions={}), r"does not list \(job-6\)"),
    "benchmark-twice": (lambda r: r["samples"]["current"].append(side(r)), '"train" stands twice'),
}


@pytest.mark.sampled
@pytest.mark.parametrize(("change", "cause"), SHAPES.values(), ids=SHAPES)
def test_a_report_that_contradicts_itself_is_neither_confirmed_nor_drawn(
    suspected: Project, change: Spoil, cause: str
) -> None:
    spoil(suspected, change)
    assert_refused(suspected, rf"bad\.json:? .*{cause}", FORMAT)
    assert_cannot_decide(suspected.cli("report", "bad.json"), rf"bad\.json:? .*{cause}", FORMAT)


def _of_another_commit(report: Any) -> None:
    for benchmark in BENCHMARKS:
        side(report, benchmark=benchmark)["sessions"]["job-6"]["commit"] = "b" * 40


def _another_session(report: Any) -> None:
    one = side(report)
    one["sessions"]["job-8"] = {**one["sessions"]["job-6"], "runs": ["0123456789ab"]}
    for metric in one["metrics"].values():
        metric["values"]["job-8"] = [1.0]


OTHERS: dict[str, tuple[Spoil, str]] = {
    "tampered-baseline": (lambda r: values(r, "baseline")["job-1"].append(9.0), "other baselines"),
    "no-baseline": (lambda r: r["samples"].update(baseline=[]), "other baselines"),
    "one-baseline-less": (lambda r: r["samples"]["baseline"].remove(side(r, "baseline")), "other baselines"),
    "another-commit": (_of_another_commit, r"another commit \(b{12} and a{12}\)"),
    "benchmark-lacking": (lambda r: r["samples"]["current"].remove(side(r)), 'no runs with elapsed.* of "train"'),
    "metric-lacking": (lambda r: side(r)["metrics"].pop("elapsed"), 'no runs with elapsed of "train"'),
    "runs-lacking": (lambda r: values(r).clear(), 'no runs with elapsed of "train"'),
    "session-lacking": (_another_session, r'no runs of "score" in the session job-8'),
    "another-unit": (lambda r: side(r)["metrics"]["elapsed"].update(unit="B"), '"train" with another unit'),
    "another-direction": (lambda r: side(r)["metrics"]["elapsed"].update(better="higher"), "unit or direction"),
    "another-machine": (lambda r: side(r).update(machine_class="other"), 'no runs with .*"train"'),
    "renamed": (lambda r: side(r).update(benchmark="tr\n`ain`\x1b[2J"), 'no runs with .*"train"'),
    "commit-with-newlines": (
        lambda r: side(r)["sessions"]["job-6"].update(commit="x\n`y\x1b[2J"), r"another commit \(a{12}, x `y.\[2J and",
    ),
}  # fmt: skip


@pytest.mark.sampled
@pytest.mark.parametrize(("change", "cause"), OTHERS.values(), ids=OTHERS)
def test_a_report_of_another_question_confirms_nothing(suspected: Project, change: Spoil, cause: str) -> None:
    def drop_findings_too(report: Any) -> None:  # which would contradict what the samples hold now
        change(report)
        report["findings"] = [f for f in report["findings"] if f["benchmark"] != "train"]

    spoil(suspected, drop_findings_too)
    assert_refused(suspected, rf"bad\.json:? .*{cause}", AGAIN)


def test_an_undecided_report_confirms_nothing(suspected: Project) -> None:
    suspected.drop_runs("s07-score-*")
    assert suspected.cli("check", "--report", "bad.json").code == 2
    write_session(suspected, 8, SUSPECT, commit=COMMIT)
    assert_refused(
        suspected, r"bad\.json is the report of a check that could not decide", "fix what it names, and measure again"
    )


def test_the_same_session_is_no_second_one(suspected: Project) -> None:
    assert suspected.cli("check", "--report", "second.json").code == 0
    assert_refused(suspected, r"second\.json is of the same session \(job-7\)", AGAIN, "second.json")


def test_the_same_runs_under_another_name_are_no_second_session(suspected: Project) -> None:
    suspected.cli("check", "--report", "second.json")
    suspected.change_runs("*", session="job-9")
    assert_refused(suspected, r"second\.json:? holds 12 of the runs that are judged now", AGAIN, "second.json")


def test_runs_without_a_session_that_pile_up_in_one_folder_confirm_nothing(settled: Project) -> None:
    write_session(settled, 6, SUSPECT)
    settled.change_runs("*", session=None, started_at=None)
    assert settled.cli("check", "--report", "first.json").code == 0
    write_session(settled, 7, 1.0, keep=True)
    settled.change_runs("*", session=None, started_at=None)
    assert_refused(settled, r"first\.json:? holds 12 of the runs", "keep earlier run files elsewhere", "first.json")


def test_a_benchmark_that_became_a_baseline_since_confirms_nothing(settled: Project) -> None:
    write_session(settled, 6, SUSPECT)
    write_session(settled, 6, benchmarks=("fresh",), keep=True)
    assert settled.cli("check", "--report", "first.json").code == 0
    settled.drop_runs("s06-[ts]*")
    assert settled.cli("baseline", "refresh").code == 0
    write_session(settled, 7, SUSPECT, benchmarks=(*BENCHMARKS, "fresh"))
    assert_refused(settled, r"first\.json was judged against other baselines", AGAIN, "first.json")


def test_two_reports_of_different_commits_do_not_go_together(suspected: Project) -> None:
    spoil(suspected, _of_another_commit)
    write_session(suspected, 8, SUSPECT)
    suspected.change_runs("*", commit=None)
    report = suspected.read_json("bad.json")
    suspected.write("bad.json", json.dumps(report).replace("job-6", "job-5"))
    assert confirm(suspected, "first.json").code == 1
    assert_refused(suspected, r"bad\.json is of another commit", AGAIN, "first.json", "bad.json")


def test_every_fault_of_every_report_is_told(suspected: Project) -> None:
    spoil(suspected, _of_another_commit, "one.json")
    spoil(suspected, lambda r: side(r)["metrics"].pop("elapsed"), "two.json")
    outcome = confirm(suspected, "one.json", "two.json")
    assert outcome.code == 2
    heads = [line for line in outcome.stderr.splitlines() if line.startswith("cannot decide: ")]
    assert [line.rpartition("[")[2] for line in heads] == ["confirm-differs]", "confirm-incomplete]"]
    assert ["one.json" in heads[0], "two.json" in heads[1]] == [True, True]


def test_a_file_name_with_a_newline_stays_on_one_line(suspected: Project) -> None:
    spoil(suspected, lambda r: r.update(schema=3), "a\n`b`.json")
    assert_refused(suspected, r"a `b`\.json:? /schema", FORMAT, "a\n`b`.json")


def test_the_same_report_twice_counts_once(suspected: Project) -> None:
    assert confirm(suspected, "first.json").code == 1
    once = suspected.read_json("r.json")
    assert confirm(suspected, "first.json", "first.json").code == 1
    assert suspected.read_json("r.json")["findings"] == once["findings"]


def test_what_a_report_says_of_itself_counts_for_nothing(suspected: Project) -> None:
    """Its findings may be whitewashed or left out: the values it holds are judged again, or it is refused."""

    def whitewash(report: Any) -> None:
        for finding in report["findings"]:
            finding.update(status="unchanged", reason="within-noise", change=0.0, current=finding["baseline"])

    def leave_out(report: Any) -> None:
        report["findings"] = [f for f in report["findings"] if f["status"] != "suspected"]

    spoil(suspected, whitewash)
    assert_refused(suspected, r"/findings/0: .*is not that of the samples", "no check writes such a finding")
    spoil(suspected, leave_out)
    assert confirm(suspected, "bad.json").code == 1


def test_a_benchmark_with_a_strange_name_is_told_on_one_line(suspected: Project) -> None:
    write_session(suspected, 7, benchmarks=("odd",), keep=True, benchmark="tr\n`ain` | <b>\x1b[2J", commit=COMMIT)
    assert_refused(suspected, r'first\.json has no runs with .* of "tr `ain` \| <b>.\[2J"', AGAIN, "first.json")


def test_two_reports_of_the_same_runs_under_other_names_are_one_session(suspected: Project) -> None:
    text = suspected.path("first.json").read_text()
    names = sorted(side(json.loads(text))["sessions"])
    suspected.write("twice.json", text.replace(names[-1], f"{names[-1]}-again"))
    outcome = confirm(suspected, "first.json", "twice.json")
    assert outcome.code == 2
    assert "of the runs of another report, whose conditions it shares" in outcome.stderr
