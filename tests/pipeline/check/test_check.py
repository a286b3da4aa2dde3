"""A check from files to verdict: everything that is wrong ends up in the verdict, and none of it passes."""

from __future__ import annotations

import json

import pytest
from check_cases import CALM, SESSIONS, baseline, outside_ci, reasons, slugs
from gate_cases import profile

from perfgate.core.errors import error
from perfgate.core.finding import Status
from perfgate.pipeline.verdicts import cause
from perfgate.store.codec import encode_baseline, encode_profiles


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder outside CI."""
    (tmp_path / ".git").mkdir()  # the search for a configuration ends here
    return outside_ci(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("factor", "code", "found"),
    [
        pytest.param(1.0, 0, {"within-noise"}, id="calm"),
        pytest.param(2.0, 1, {"regressed"}, id="twice-as-slow"),
        pytest.param(1.08, 0, {"suspected"}, id="in-between"),
        pytest.param(0.5, 0, {"improved"}, id="twice-as-fast"),
    ],
)
def test_a_check_compares_the_newest_session_with_the_baseline(folder, factor, code, found):
    folder.baseline(baseline())
    folder.runs([v * factor for v in CALM], commit="c0ffee")
    verdict = folder.check()
    assert verdict.exit_code == code
    assert {f.status for f in verdict.findings if (f.metric, f.statistic) == ("elapsed", "p50")} == found
    assert (verdict.compared.baselines, verdict.compared.current_commits) == ("baselines", ("c0ffee",))
    assert (verdict.compared.sessions, verdict.compared.machine_classes) == (("now",), ("unspecified",))
    assert (verdict.suite.gated, verdict.suite.false_alarms) == (2, 1.0)
    assert cause(verdict) == ()


def test_a_suspected_row_fails_where_the_configuration_says_so(folder):
    folder.baseline(baseline())
    folder.runs([v * 1.08 for v in CALM])
    folder.write("perfgate.toml", '[defaults]\non_suspected = "fail"\n')
    assert folder.check().exit_code == 1


def test_a_row_that_is_too_noisy_keeps_the_check_from_a_verdict_where_the_configuration_says_so(folder):
    folder.baseline(baseline())
    folder.runs(CALM)
    folder.write("perfgate.toml", '[defaults]\nresolution = "+6%"\n')
    assert folder.check().exit_code == 0
    folder.write("perfgate.toml", '[defaults]\nresolution = "+6%"\non_too_noisy = "error"\n')
    verdict = folder.check()
    assert (verdict.exit_code, verdict.resolution) == (2, 0.06)
    undecided = [f for f in verdict.findings if verdict.is_undecided(f)]
    assert {(f.status, f.level) for f in undecided} == {("too-noisy", "fail")}
    folder.write("perfgate.toml", '[defaults]\nresolution = "+60%"\non_too_noisy = "error"\n')
    assert folder.check().exit_code == 0


def test_an_improved_row_fails_where_the_configuration_says_so_until_its_baseline_has_the_gain(folder):
    folder.baseline(baseline())
    folder.runs([v * 0.5 for v in CALM])
    assert folder.check().exit_code == 0
    folder.write("perfgate.toml", '[defaults]\non_improved = "fail"\n')
    verdict = folder.check()
    assert verdict.exit_code == 1
    assert {f.reason for f in verdict.findings if verdict.fails(f)} == {"better"}


@pytest.mark.parametrize("what", ["nothing", "no-baseline", "no-runs", "no-such-file", "bad-config", "bad-baseline"])
def test_what_cannot_be_read_is_told_and_never_passes(folder, what):
    request = {}
    if what not in {"nothing", "no-baseline"}:
        folder.baseline(baseline())
    if what not in {"nothing", "no-runs"}:
        folder.runs(CALM)
    if what == "bad-config":
        folder.write("perfgate.toml", "threshhold = 1\n")
    if what == "bad-baseline":
        folder.write("baselines/unspecified/x.json", "{")
    if what == "no-such-file":
        request = {"current": "nowhere.json"}
    verdict = folder.check(**request)
    assert verdict.exit_code == 2
    expected = {
        "nothing": ["no-runs"], "no-baseline": ["no-baseline"], "no-runs": ["no-runs"],
        "no-such-file": ["baseline-unreadable"], "bad-config": ["config-invalid"], "bad-baseline": ["baseline-invalid"],
    }  # fmt: skip
    assert slugs(verdict.problems) == expected[what]
    assert cause(verdict)[: len(verdict.problems)] == verdict.problems


def test_a_benchmark_that_disappeared_is_a_cause_with_its_cure(folder):
    folder.baseline(baseline())
    folder.baseline(baseline("serve"))
    folder.runs(CALM)
    verdict = folder.check()
    assert verdict.exit_code == 2
    assert cause(verdict)[0] == error(
        "no-runs",
        "no run of it was found",
        place="serve (elapsed, peak_memory)",
        hint="find out why it did not run, then measure it: perfgate run -n 10 --benchmark serve -- CMD; "
        "or if it was removed on purpose, this prints the path of its baseline file, to remove: "
        "perfgate baseline show serve",
    )


@pytest.mark.parametrize(
    ("how", "reason"),
    [("failed", "all-failed"), ("known", "only-baseline-runs"), ("older", "older-session")],
)
def test_a_benchmark_without_runs_to_judge_says_why(folder, how, reason):
    folder.baseline(baseline())
    folder.baseline(baseline("serve"))
    folder.runs(CALM)
    if how == "failed":
        folder.run(1.0, benchmark="serve", status="failed")
    if how == "known":
        # Its run is called like the one whose hash the baseline holds.
        folder.run(1.0, benchmark="serve", run_id="a")
        known = profile({"elapsed": SESSIONS}, name="serve", machine="", kind="unspecified")
        folder.baseline(with_run(known, "a"))
    if how == "older":
        folder.run(1.0, benchmark="serve", session="before", started_at="2026-01-01T00:00:00Z")
    verdict = folder.check()
    assert {f.reason for f in verdict.findings if f.benchmark == "serve"} == {reason}
    assert verdict.exit_code == 2


def with_run(known, run_id):
    """Return a baseline whose first session holds a run of that id that took a second."""
    from msgspec.structs import replace

    from perfgate.core.text.canonical import short_hash

    first, *rest = known.sessions
    digest = short_hash(f"{run_id}\0[1.0, 57300000.0]")
    return replace(known, sessions=(replace(first, runs=(digest,)), *rest))


def test_a_failed_and_a_known_run_are_told_together(folder):
    folder.baseline(with_run(baseline(), "a"))
    folder.run(1.0, run_id="a")
    folder.run(1.0, status="failed")
    verdict = folder.check()
    assert {f.message for f in verdict.findings} == {"1 of 2 runs failed"}
    assert (verdict.suite.baseline_runs, verdict.suite.failed_runs) == (1, 1)


def test_runs_of_another_class_of_machine_are_not_compared(folder):
    folder.baseline(baseline(kind="class-b"), kind="class-b")
    folder.runs(CALM)
    verdict = folder.check()
    assert ("not-comparable", "class-differs") in reasons(verdict)
    assert "the runs are of unspecified, the baselines of class-b" in {f.message for f in verdict.findings}
    assert folder.check(machine_class="class-b").exit_code == 0
    folder.write("perfgate.toml", 'exclude = ["train"]\n')
    assert slugs(cause(folder.check())) == ["nothing-judged"]


def test_only_the_class_that_was_measured_is_judged(folder):
    folder.baseline(baseline())
    folder.baseline(baseline("other", kind="class-b"), kind="class-b")
    folder.runs(CALM)
    assert folder.check().exit_code == 0


def test_what_is_wholly_excluded_was_not_judged(folder):
    folder.baseline(baseline())
    folder.runs(CALM)
    folder.write("perfgate.toml", 'exclude = ["train"]\n')
    verdict = folder.check()
    assert (verdict.exit_code, verdict.suite.excluded) == (2, ("train",))
    assert slugs(cause(verdict)) == ["nothing-judged"]


def test_notes_tell_how_the_check_was_made(folder):
    folder.baseline(baseline())
    folder.runs(CALM, metrics={"score": {"value": 1.0}})
    folder.run(1.0)
    folder.run(1.0, status="failed")
    folder.run(1.0, session="before", started_at="2026-01-01T00:00:00Z")
    verdict = folder.check()
    assert slugs(verdict.notes) == ["runs-failed", "runs-superseded", "metric-gaps"]
    assert (verdict.suite.failed_runs, verdict.suite.superseded_runs) == (1, 1)
    both = folder.check(every_session=True)
    assert both.compared.sessions == ("before", "now")
    assert both.suite.superseded_runs == 0


def test_runs_that_state_no_session_are_warned_of(folder):
    unnamed = profile({"elapsed": [1.0, 1.1], "peak_memory": [57.3e6] * 2}, machine="", kind="unspecified")
    folder.baseline(unnamed)
    folder.runs([1.0, 1.1], session="")
    verdict = folder.check()
    assert slugs(verdict.notes) == ["sessions-unknown"]
    assert {f.method for f in verdict.findings if f.statistic == "p50"} == {"same-session"}


def test_rules_and_budgets_are_checked_too(folder):
    folder.baseline(baseline())
    folder.runs(CALM)
    folder.write(
        "perfgate.toml",
        '[[rule]]\nbenchmark = "trian"\n\n[[budget]]\nbenchmark = "train"\nmetric = "elapsed"\n'
        'statistic = "p50"\nlimit = "< 1s"\n\n[[budget]]\nbenchmark = "x"\nmetric = "elapsed"\n'
        'statistic = "p50"\nlimit = "< 1s"\n',
    )
    verdict = folder.check()
    assert slugs(verdict.problems) == ["rule-matches-nothing", "budget-matches-nothing"]
    assert verdict.findings[0].status is Status.OVER_BUDGET
    assert verdict.exit_code == 2


def test_plain_percentiles_need_no_runs(folder):
    base = folder.write("base.json", json.dumps({"benchmarks": {"train": {"elapsed_sec": {"p95": 1.0}}}}))
    for p95, code in ((1.03, 0), (1.031, 1)):
        now = folder.write("now.json", json.dumps({"benchmarks": {"train": {"elapsed_sec": {"p95": p95}}}}))
        verdict = folder.check(baseline=base, current=now)
        assert verdict.exit_code == code
        assert slugs(verdict.notes) == ["plain-ratio"]
        assert (verdict.suite.gated, verdict.suite.false_alarms) == (0, None)
    other = folder.write("other.json", json.dumps({"benchmarks": {"serve": {"elapsed_sec": {"p95": 1.0}}}}))
    assert ("missing", "no-runs") in reasons(folder.check(baseline=base, current=other))


@pytest.mark.parametrize("form", ["folder", "baseline", "profiles"])
def test_baselines_come_from_a_folder_or_a_file(folder, form):
    folder.runs(CALM)
    if form == "folder":
        folder.baseline(baseline())
        path = "baselines"
    else:
        content = encode_baseline(baseline()) if form == "baseline" else encode_profiles((baseline(),))
        path = folder.write("base.json", content.decode())
    verdict = folder.check(baseline=path)
    assert (verdict.exit_code, verdict.compared.baselines) == (0, path)


def test_a_configuration_elsewhere_says_where_its_baselines_are(folder):
    folder.write("sub/perfgate.toml", 'baselines = "../baselines"\nruns = ["../outputs/model_runs/*.json"]\n')
    folder.baseline(baseline())
    folder.runs(CALM)
    verdict = folder.check(config="sub/perfgate.toml")
    assert (verdict.exit_code, verdict.compared.policy) == (0, "sub/perfgate.toml")
