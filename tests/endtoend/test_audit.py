"""`perfgate audit` as users run it: exit codes, formats, and baselines of every kind."""

from __future__ import annotations

import json
import random

import pytest
from support import Project, assert_cannot_decide

TODAY = ("--today", "2026-02-01")
HERE = ("--machine-class", "unspecified")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A project with a baseline of five quiet sessions."""
    project = Project(tmp_path_factory.mktemp("sound"))
    dice = random.Random(5)
    for day in range(5):
        luck = 1 + 0.002 * dice.gauss(0, 1)
        for i in range(6):
            project.write_run(
                f"run-{day}-{i}", benchmark="train", session=f"job-{day}", memory_source="vmhwm",
                elapsed_sec=round(2 * luck * dice.gauss(1, 0.003), 4),
                peak_memory_mb=round(100 * dice.gauss(1, 0.002), 1),
                started_at=f"2026-01-{20 + day}T08:00:0{i}Z",
            )  # fmt: skip
    done = project.cli("baseline", "refresh", "--sessions", "all")
    assert done.code == 0, str(done)
    return project


@pytest.fixture
def project(sound, tmp_path):
    return sound.copy_to(tmp_path / "project")


def test_a_sound_baseline_is_clean_and_exits_0_whatever_is_asked_for(project):
    for level in ("note", "warning", "error", "never"):
        done = project.cli("audit", *TODAY, *HERE, "--fail-on", level)
        assert done.code == 0, str(done)
    assert done.stdout.startswith("Audit of 2026-02-01: clean.\n")
    assert "1 benchmark, 2 gated values; 5 sessions, 6 runs in each; newest run 2026-01-24, 8 days ago" in " ".join(
        done.stdout.split()
    )


@pytest.mark.parametrize(
    ("level", "code"),
    [("note", 1), ("warning", 0), ("error", 0), ("never", 0)],
    ids=["note", "warning", "error", "never"],
)
def test_a_note_fails_only_where_notes_are_asked_for(project, level, code):
    done = project.cli("audit", "--today", "2026-05-01", *HERE, "--fail-on", level)
    assert done.code == code, str(done)
    assert "1 note" in done.stdout
    assert "(baseline-old)" in done.stdout
    assert done.stderr == ""


def test_a_rule_that_matches_nothing_fails_at_every_level_but_never(project):
    project.write("perfgate.toml", '[[rule]]\nbenchmark = "trian"\nthreshold = "+3%"\n')
    for level, code in (("note", 1), ("warning", 1), ("error", 1), ("never", 0)):
        assert project.cli("audit", *TODAY, *HERE, "--fail-on", level).code == code
    assert project.cli("audit", *TODAY, *HERE).code == 1


def test_the_class_of_this_machine_is_told_by_its_facts_unless_it_is_given(project):
    assert "(class-foreign)" in project.cli("audit", *TODAY).stdout
    project.write("perfgate.toml", 'machine_class = "unspecified"\n')
    assert "(class-foreign)" not in project.cli("audit", *TODAY).stdout


def test_json_is_the_whole_audit_and_the_same_bytes_every_time(project):
    first, again = (project.cli("audit", *TODAY, *HERE, "--format", "json") for _ in range(2))
    assert first.stdout == again.stdout
    data = json.loads(first.stdout)
    assert (data["schema"], data["today"], data["level"]) == ("perfgate/audit/1", "2026-02-01", "clean")
    assert data["classes"][0]["false_alarms"]["sessions"] == 5


def test_an_audit_without_a_date_takes_todays(project):
    data = json.loads(project.cli("audit", *HERE, "--fail-on", "never", "--format", "json").stdout)
    assert data["today"] >= "2026-01-24"
    assert data["classes"][0]["age_days"] >= 0


def test_another_folder_or_file_of_baselines_can_be_audited(project):
    for path in ("baselines", str(project.baseline("train").relative_to(project.root))):
        assert project.cli("audit", *TODAY, *HERE, "--baseline", path).code == 0
    project.write("percentiles.json", '{"benchmarks": {"train": {"elapsed_sec": {"p50": 1.0, "p95": 1.2}}}}')
    done = project.cli("audit", *TODAY, "--baseline", "percentiles.json")
    assert done.code == 0, str(done)
    assert "(alarms-unknown)" in done.stdout


@pytest.mark.parametrize(
    ("spoil", "arguments", "place", "cure"),
    [
        pytest.param({}, ("--baseline", "nowhere"), "nowhere", ".", id="no-such-folder"),
        pytest.param({"empty/README": ""}, ("--baseline", "empty"), "empty", "refresh", id="no-baseline"),
        pytest.param({"baselines/unspecified/x.json": "{"}, (), r"x\.json", "git", id="broken-baseline"),
        pytest.param({"perfgate.toml": "runs = 3\n"}, (), r"perfgate\.toml", ".", id="bad-configuration"),
        pytest.param({}, ("--today", "tomorrow"), "--today", "audit --help", id="no-date"),
        pytest.param({}, ("--today", "2026-01-31T10:00"), "--today", "audit --help", id="more-than-a-date"),
        pytest.param({}, ("--fail-on", "sometimes"), "--fail-on", "audit --help", id="no-level"),
    ],
)
def test_what_cannot_be_audited_exits_2_with_cause_and_cure(project, spoil, arguments, place, cure):
    for name, content in spoil.items():
        project.write(name, content)
    assert_cannot_decide(project.cli("audit", *TODAY, *arguments), place, cure)


def test_what_the_audit_says_of_an_unchanged_program_is_what_a_check_finds(project):
    """The left-out sessions all hold, and so does the next one."""
    rate = json.loads(project.cli("audit", *TODAY, *HERE, "--format", "json").stdout)["classes"][0]["false_alarms"]
    assert rate["failed"] == 0
    for i in range(6):
        project.write_run(
            f"new-{i}", benchmark="train", session="job-9", memory_source="vmhwm", elapsed_sec=2 + 0.002 * i,
            started_at=f"2026-01-30T08:00:0{i}Z", peak_memory_mb=100.0 + i / 10,
        )  # fmt: skip
    assert project.cli("check").code == 0
