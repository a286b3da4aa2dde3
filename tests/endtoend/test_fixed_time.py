"""Commands that repeat for a fixed time are refused by `perfgate run` and `perfgate ab`."""

from __future__ import annotations

import json

import pytest
from ab_cases import ab, versions
from support import Outcome, Project, assert_cannot_decide, assert_green

_HYPERFINE = json.dumps({"results": [{"command": "x", "mean": 1.0, "times": [1.0, 1.1], "exit_codes": [0, 0]}]})


def _run(project: Project, *words: str, options: tuple[str, ...] = ()) -> Outcome:
    return project.cli("run", "-n", "2", *options, "--", *words)


def test_a_known_tool_is_refused_before_it_runs(project: Project) -> None:
    outcome = _run(project, "sh", "-c", "touch ran; go test -bench . > bench.txt")
    assert_cannot_decide(outcome, "this is go test -bench", r"perfgate run --results bench\.txt -- ")
    assert "[fixed-time-command]" in outcome.stderr
    assert not project.path("ran").exists()
    assert project.runs() == []


def test_ab_refuses_it_before_the_set_up(project: Project) -> None:
    versions(project)
    outcome = ab(
        project, "--setup", "touch ../made", "--", "env", "A=1", "pytest", "bench", "--benchmark-json=out.json"
    )
    assert_cannot_decide(outcome, "pytest-benchmark", r"perfgate ab --results out\.json -- ")
    assert not project.path("../made").exists()


def test_ab_refuses_it_as_one_of_two_commands(project: Project) -> None:
    outcome = ab(project, "--base-cmd", "sleep 0", "--head-cmd", "wrk -d1s http://localhost")
    assert_cannot_decide(outcome, "this is wrk", "--whole-command")


@pytest.mark.parametrize("warmup", ["0", "1"])
def test_a_file_that_appears_during_the_run_gives_it_away(project: Project, warmup: str) -> None:
    project.write("x.json", _HYPERFINE)
    outcome = _run(project, "sh", "-c", "mkdir -p out; cp x.json out/y.json", options=("--warmup", warmup))
    assert_cannot_decide(outcome, r"by out/y\.json, .*hyperfine", r"perfgate run --results out/y\.json -- ")
    assert project.runs() == []


def test_a_file_that_is_written_again_gives_it_away(project: Project) -> None:
    project.write("x.json", _HYPERFINE)
    outcome = _run(project, "sh", "-c", "cat x.json > z.json && mv z.json x.json")
    assert_cannot_decide(outcome, r"by x\.json", r"perfgate run --results x\.json -- ")


def test_a_folder_of_criterion_gives_it_away(project: Project) -> None:
    script = "mkdir -p target/criterion/f/new; echo '{}' > target/criterion/f/new/sample.json"
    outcome = _run(project, "sh", "-c", script)
    assert_cannot_decide(outcome, "by target/criterion, ", "perfgate run --results target/criterion -- ")


def test_ab_sees_the_file_on_each_side(project: Project) -> None:
    write = f"echo '{_HYPERFINE}' > found.json\n"
    versions(project, "sleep 0\n", write)
    assert_cannot_decide(
        ab(project, "--", "sh", "bench.sh"), r"by found\.json", r"perfgate ab --results found\.json -- "
    )


def test_what_it_prints_gives_it_away(project: Project) -> None:
    project.write("bench.sh", "echo 'BenchmarkParse-4  1000  1234 ns/op'\n")
    outcome = _run(project, "sh", "bench.sh")
    assert_cannot_decide(
        outcome, "by what the command prints, this is go test -bench", "perfgate run --results - -- sh bench.sh"
    )


def test_the_whole_command_can_be_meant(project: Project) -> None:
    project.write(
        "wrk", "#!/bin/sh\necho 'Running 1s test @ http://localhost'\necho '  2 threads and 10 connections'\n"
    ).chmod(0o755)
    assert _run(project, "./wrk").code == 2
    assert_green(_run(project, "./wrk", options=("--whole-command",)))
    assert len(project.runs()) == 2


def test_a_program_that_measures_itself_may_run_such_a_tool(project: Project) -> None:
    program = (
        "from perfgate.measure import measure_run_context\n"
        "with measure_run_context(benchmark='parse'):\n    pass\n"
        f"open('r.json', 'w').write({_HYPERFINE!r})\n"
        "print('Running 1s test @ http://localhost')\n"
    )
    project.write("own.py", program)
    assert_green(_run(project, "python", "own.py"))
    assert len(project.runs()) == 2


@pytest.mark.parametrize(
    "script",
    [
        "cp x.json y.tmp && rm y.tmp",
        "echo '<testsuites><testsuite/></testsuites>' > junit.xml",
        """echo '{"event": "prediction_metrics", "latency_total_ms": 3}' > predictions.jsonl""",
        "cat x.json > /dev/null; echo done",
    ],
    ids=["read only", "junit", "a log", "output"],
)
def test_other_files_and_output_are_no_sign(project: Project, script: str) -> None:
    project.write("x.json", _HYPERFINE)
    assert_green(_run(project, "sh", "-c", script))


def test_a_program_that_prints_much_leaves_little_behind(project: Project) -> None:
    assert_green(_run(project, "sh", "-c", "yes BenchmarkNot | head -c 30000000"))


def test_a_program_that_copies_a_result_file_is_measured(project: Project) -> None:
    project.write("seen.json", _HYPERFINE)
    assert_green(_run(project, "cp", "seen.json", "kept.json"))
