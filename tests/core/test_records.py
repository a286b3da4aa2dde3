"""The records: verdicts and their exit codes, machine classes, and what a profile answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS
from msgspec.structs import replace
from records import a_profile

from perfgate.core.errors import error, warning
from perfgate.core.finding import Compared, ExitCode, Finding, Status, Suite, Verdict
from perfgate.core.profile import Session, title
from perfgate.core.run import class_of, slug

SUITE = Suite(gated=0, accepted=0.01, false_alarms=None, failed_runs=0, baseline_runs=0, superseded_runs=0, excluded=())
COMPARED = Compared(
    tool="t", policy="p", baselines="b", baseline_commits=(), current_commits=(), machine_classes=(), sessions=(),
    reproduce="",
)  # fmt: skip


def a_finding(status: Status) -> Finding:
    return Finding(
        benchmark="b", labels=(), machine_class="c", metric="elapsed", unit="s", better="lower", statistic="p50",
        status=status, level="fail", method="auto", baseline=1.0, current=1.0, change=0.0, interval=None, limit=None,
        limit_text="", n_baseline=1, n_current=1, sessions_baseline=1, detectable=None, reason="", message="", rule="",
    )  # fmt: skip


def a_verdict(*statuses: Status, **changes) -> Verdict:
    findings = tuple(a_finding(s) for s in statuses)
    return replace(Verdict(findings=findings, problems=(), notes=(), suite=SUITE, compared=COMPARED), **changes)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.REGRESSED, 1), (Status.OVER_BUDGET, 1), (Status.MISSING, 2), (Status.NOT_COMPARABLE, 2),
        (Status.INVALID, 2), (Status.SUSPECTED, 0), (Status.ADVISORY, 0), (Status.WAIVED, 0), (Status.NEW, 0),
        (Status.IMPROVED, 0), (Status.UNCHANGED, 0),
    ],
)  # fmt: skip
def test_each_status_has_its_exit_code(status, code):
    verdict = a_verdict(Status.UNCHANGED, status)
    assert verdict.exit_code == code
    assert verdict.name == ("pass", "regression", "error")[code]


def test_what_cannot_be_decided_wins_over_a_regression():
    assert a_verdict(Status.REGRESSED, Status.MISSING).exit_code is ExitCode.CANNOT_DECIDE
    assert a_verdict(Status.REGRESSED, problems=(error("s", "m"),)).exit_code is ExitCode.CANNOT_DECIDE


def test_nothing_judged_is_never_green():
    assert a_verdict().exit_code is ExitCode.CANNOT_DECIDE


def test_a_note_changes_no_exit_code():
    assert a_verdict(Status.UNCHANGED, notes=(warning("s", "m"),)).exit_code is ExitCode.PASS


def test_a_suspected_row_fails_only_where_the_policy_says_so():
    assert a_verdict(Status.SUSPECTED).exit_code is ExitCode.PASS
    assert a_verdict(Status.SUSPECTED, fail_suspected=True).exit_code is ExitCode.REGRESSION
    assert a_verdict(Status.IMPROVED, fail_improved=True).exit_code is ExitCode.REGRESSION
    assert not a_verdict(fail_improved=True).fails(replace(a_finding(Status.IMPROVED), level="warn"))
    assert not a_verdict(fail_suspected=True).fails(a_finding(Status.ADVISORY))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(
            {"ci": "gha", "distro": "ubuntu-24.04", "arch": "x64", "cpus": "4", "cpu_model": "EPYC 7763"},
            "gha-ubuntu-24.04-x64-4cpu",
            id="a-hosted-runner-without-its-processor",
        ),
        pytest.param(
            {"ci": "gha", "hosting": "own", "os": "linux", "arch": "x64", "cpus": "4", "cpu_model": "EPYC 7763"},
            "gha-linux-x64-4cpu-epyc-7763",
            id="an-own-runner-with-its-processor",
        ),
        pytest.param(
            {"os": "linux", "arch": "x86_64", "cpus": "8", "cpu_model": "Core(TM) i7 @ x"},
            "linux-x86-64-8cpu-core-tm-i7-x",
            id="a-laptop-with-its-processor",
        ),
        pytest.param({"os": "linux"}, "linux", id="only-what-is-known"),
        pytest.param({}, "unspecified", id="nothing"),
        pytest.param({"os": "???"}, "unspecified", id="nothing-that-names-a-folder"),
    ],
)
def test_the_machine_class_comes_from_stable_facts(facts, expected):
    assert class_of(facts) == expected


@LAWS
@given(st.text(max_size=100))
def test_a_slug_is_a_safe_part_of_a_file_name(text):
    short = slug(text)
    assert set(short) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert len(short) <= 60
    assert "--" not in short
    assert short == short.strip("-.")


def test_a_profile_finds_its_parts_by_name():
    profile = a_profile({"s1": (0.3, 0.1), "s2": (0.2,)})
    assert profile.metric("elapsed") is profile.metrics[0]
    assert profile.metric("cpu") is None
    assert profile.session("s2") is profile.sessions[1]
    assert profile.session("s3") is None
    assert profile.metrics[0].pooled() == (0.1, 0.2, 0.3)
    assert profile.key == ("train", ())


@pytest.mark.parametrize(
    ("session_id", "session_name", "is_named"),
    [("ci-1", "ci-1", True), ("ci-1/b2", "ci-1", True), ("a/b/c", "a", True), ("unknown-12ab", "unknown-12ab", False)],
)
def test_a_session_knows_its_session_and_whether_its_runs_named_it(session_id, session_name, is_named):
    session = Session(id=session_id, started_at="", machine="", commit="", rows_used=(), runs=())
    assert (session.session, session.is_named) == (session_name, is_named)


def test_a_title_shows_the_labels():
    assert title("train", ()) == "train"
    assert title("train", (("a", "1"), ("size", "big"))) == "train[a=1,size=big]"
