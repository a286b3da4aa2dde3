"""Comparing two results by their names, a threshold for one check, and explanations of names."""

from __future__ import annotations

import json

import pytest
from support import ROOT

from perfgate.core.finding import Status
from perfgate.pipeline.explain.message_page import find_message, list_messages
from perfgate.report.verdict.meanings import MEANINGS

REAL = ROOT / "tests" / "formats" / "data"


@pytest.fixture
def two(project):
    """Return a project with two folders of runs, the second twice as slow."""
    for folder, elapsed in (("old", 1.0), ("new", 2.0)):
        project.write_runs(8, folder, elapsed=elapsed, seed=1, benchmark="train")
        project.path(folder).mkdir()
        for path in project.runs():
            path.rename(project.path(folder) / path.name)
    return project


def test_two_folders_are_compared_by_their_names(two):
    done = two.cli("compare", "old", "new", "--same-session")
    assert done.code == 1, str(done)
    assert "1 of 2 gated values is worse by more than 5%" in done.stdout
    assert two.cli("compare", "new", "old", "--same-session").code == 0


def test_a_comparison_names_itself_as_the_command_that_repeats_it(two):
    done = two.cli("compare", "old", "new", "--same-session", "--format", "json")
    assert '"reproduce": "perfgate compare --same-session old new"' in done.stdout


@pytest.mark.parametrize("is_collected", [False, True], ids=["percentiles", "profiles"])
def test_two_files_of_percentiles_or_profiles_are_compared(two, is_collected):
    for name, p50 in (("old", 1.0), ("new", 2.0)):
        if is_collected:
            assert two.cli("collect", name, "-o", f"{name}.json").code == 0
        else:
            held = {"benchmarks": {"train": {"time_sec": {"p50": p50}}}}
            two.path(f"{name}.json").write_text(json.dumps(held), encoding="utf-8")
    done = two.cli("compare", "old.json", "new.json", "--same-session")
    assert done.code == 1, str(done)


def test_a_report_is_no_result_to_compare_with(two):
    two.cli("compare", "old", "new", "--report", "report.json")
    done = two.cli("compare", "report.json", "new")
    assert done.code == 2
    assert "report.json is the report of a check, not what was measured [baseline-invalid]" in done.stderr


def test_a_comparison_with_nothing_is_no_answer(two):
    done = two.cli("compare", "old", "nowhere")
    assert done.code == 2
    assert done.stderr.startswith("cannot decide: ")


@pytest.mark.parametrize(("threshold", "code"), [("+5%", 1), ("+150%", 0)])
def test_a_threshold_of_the_command_line_replaces_the_default(two, threshold, code):
    assert two.cli("compare", "old", "new", "--same-session", "--threshold", threshold).code == code


@pytest.mark.parametrize("threshold", ["10", "10%", "1.1", "much"])
def test_a_threshold_without_a_sign_is_refused_with_what_was_meant(two, threshold):
    done = two.cli("compare", "old", "new", "--threshold", threshold)
    assert done.code == 2
    assert f'"{threshold}"' in done.stderr
    assert "+" in done.stderr


def test_explain_without_a_name_lists_the_benchmarks_and_what_is_gated(two):
    two.write_runs(8, "run", elapsed=1.0, seed=1, benchmark="train")
    assert two.cli("baseline", "refresh").code == 0
    assert "train      elapsed +5%, peak_memory +5%" in two.cli("explain").stdout


def test_explain_knows_every_message_of_the_page(project):
    messages = list_messages()
    assert len(messages) > 100
    done = project.cli("explain", "no-runs")
    assert done.code == 0
    assert "Cause: " in done.stdout
    assert "What to do: " in done.stdout
    assert find_message("never-heard-of") is None
    assert all("](" not in m.cause + m.fix for m in messages)


def test_a_name_that_is_neither_a_benchmark_nor_a_message_is_refused(project):
    done = project.cli("explain", "no-rnus")
    assert done.code == 2
    assert 'there is no benchmark, message or status "no-rnus"' in done.stderr
    assert "hint: perfgate explain no-runs" in done.stderr
    assert "hint: perfgate explain suspected" in project.cli("explain", "suspceted").stderr


@pytest.mark.parametrize("status", [*Status])
def test_explain_knows_every_status_of_a_value(project, status):
    done = project.cli("explain", status.value)
    assert done.code == 0
    assert f"Status of a value: {MEANINGS[status].words}" in done.stdout.replace("\n", " ")
    assert "Exit code: " in done.stdout
    assert "What to do: " in done.stdout
    assert project.cli("explain", status.value.replace("-", " ")).stdout == done.stdout


def test_a_benchmark_comes_before_a_status_of_its_name(two):
    two.write_runs(8, "run", elapsed=1.0, seed=1, benchmark="new")
    assert two.cli("baseline", "refresh").code == 0
    assert "Exit code" not in two.cli("explain", "new").stdout


def test_a_shell_completes_the_benchmarks_and_metrics_of_the_baselines(two):
    two.write_runs(8, "run", elapsed=1.0, seed=1, benchmark="train")
    assert two.cli("baseline", "refresh").code == 0

    def completed(*words):
        asked = {
            "_PERFGATE_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("perfgate", *words)),
            "COMP_CWORD": str(len(words)),
        }
        return {line.partition(",")[2] for line in two.cli(env=asked).stdout.splitlines()}

    assert completed("check", "--benchmark", "tr") == {"train"}
    assert completed("waive", "tra") == {"train"}
    assert completed("waive", "train", "peak") == {"peak_memory"}
    assert "no-runs" in completed("explain", "no")
    two.write("baselines/unspecified/train-broken.json", "{")
    assert completed("check", "--benchmark", "tr") <= {"train", "tr"}


def test_the_list_of_baselines_says_how_old_they_are(two):
    two.write_runs(8, "run", elapsed=1.0, seed=1, benchmark="train", started_at="2024-05-01T10:00:00Z")
    assert two.cli("baseline", "refresh").code == 0
    head, row = two.cli("baseline", "list").stdout.splitlines()
    assert "Age" in head
    assert " days " in row


def saved(factor, day):
    """Return a real file of pytest-benchmark of another day, the samples of one test multiplied."""
    held = json.loads((REAL / "pytest-benchmark" / "bench_raw.json").read_text(encoding="utf-8"))
    stats = held["benchmarks"][0]["stats"]
    stats["data"] = [factor * value for value in stats["data"]]
    return json.dumps({**held, "datetime": f"2026-01-{day}T12:00:00+00:00"})


def test_one_file_of_a_tool_on_each_side_is_said_to_prove_little_and_what_would_is_named(project):
    for name, factor, day in (("a.json", 1.0, 30), ("b.json", 1.5, 31)):
        project.write(name, saved(factor, day))
    done = project.cli("compare", "a.json", "b.json", "--verbose")
    assert done.code == 0, str(done)
    assert "one-run-each" in done.stdout
    assert "next: measure both versions interleaved: perfgate ab --results FILE -- CMD" in done.stdout
    assert "one-run-each" not in project.cli("compare", "a.json", "b.json", "--same-session", "--verbose").stdout
