"""`perfgate run --profile`: exact calls beside the times, of one more repetition that nobody times."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Outcome, Project

MEASURES_ITSELF = """
import os
from perfgate.measure import measure_run_context

def price(n):
    return n * 3

with open("launches.txt", "a") as log:
    log.write(os.environ.get("PERFGATE_PROFILE", "") + " ")
with measure_run_context(benchmark="basket"):
    for n in range({rows}):
        price(n)
"""
IN_BLOCKS = """
import perfgate

def price(n):
    return n * 3

for batch in range(4):
    with perfgate.profile() as p:
        price(batch)
"""


def profiled(project: Project, name: str, *more: str, runs: int = 2) -> Outcome:
    return project.cli("run", "-n", str(runs), "--profile", *more, "--", "python", name)


def profiles(project: Project) -> list[dict[str, object]]:
    summaries = [json.loads(path.read_text()) for path in project.runs()]
    return [s.get("profile") for s in sorted(summaries, key=lambda s: s["started_at"])]


@pytest.fixture
def basket(project: Project) -> Project:
    """A project whose program calls one function 40 times."""
    project.write(
        "perfgate.toml",
        'exclude = ["*:peak_memory"]\n[defaults]\nthreshold = "+900%"\n'
        '[[rule]]\nmetric = "function_calls"\nthreshold = "+2%"\n',
    )
    project.write("basket.py", MEASURES_ITSELF.replace("{rows}", "40"))
    return project


def test_the_last_run_has_the_profile_of_a_repetition_after_it(basket: Project) -> None:
    outcome = profiled(basket, "basket.py")
    assert outcome.code == 0, str(outcome)
    assert outcome.stderr == ""
    first, last = profiles(basket)
    assert first is None
    assert last["function_calls"] == 40
    assert [(f["function"], f["file"], f["calls"]) for f in last["functions"]] == [("price", "basket.py", 40)]
    assert str(last["fingerprint"]).startswith("python 3.")
    assert basket.path("launches.txt").read_text() == "0 0 0 1 "  # the warm-up, two runs, the profiled repetition


def test_more_calls_of_the_same_work_fail_and_equal_ones_pass(basket: Project) -> None:
    assert profiled(basket, "basket.py").code == 0
    refreshed = basket.cli("baseline", "refresh")
    assert refreshed.code == 0
    assert "function:" not in refreshed.stdout
    assert profiled(basket, "basket.py").code == 0
    outcome = basket.cli("check")
    assert outcome.code == 0, str(outcome)
    assert "metric-gaps" not in outcome.stdout
    assert "function:" not in outcome.stdout
    basket.write("basket.py", MEASURES_ITSELF.replace("{rows}", "41"))
    assert profiled(basket, "basket.py").code == 0
    outcome = basket.cli("check", "--report", "report.json")
    assert outcome.code == 1, str(outcome)
    assert "function_calls" in outcome.stdout
    assert "basket: functions that changed: basket.py:price, calls 40 → 41" in outcome.stdout
    assert "calls 40 → 41" in basket.cli("report", "report.json").stdout
    (where,) = json.loads(basket.path("report.json").read_text())["attribution"]
    assert [(f["function"], f["calls_baseline"], f["calls_current"]) for f in where["functions"]] == [
        ("basket.py:price", 40, 41)
    ]


def test_counts_of_another_interpreter_are_not_compared_and_both_are_named(basket: Project) -> None:
    assert profiled(basket, "basket.py").code == 0
    assert basket.cli("baseline", "refresh").code == 0
    assert profiled(basket, "basket.py").code == 0
    for path in basket.runs():
        summary = json.loads(path.read_text())
        if "profile" in summary:
            summary["profile"]["fingerprint"] = "python 3.99, packages 00000000"
            path.write_text(json.dumps(summary))
    outcome = basket.cli("check")
    assert outcome.code == 2, str(outcome)
    assert "counted-elsewhere" in outcome.stderr
    assert "python 3.99, packages 00000000" in outcome.stderr
    assert outcome.stderr.count("counted-elsewhere") == 1  # and not once for each function
    assert basket.cli("baseline", "refresh").code == 2
    assert basket.cli("baseline", "refresh", "--replace", "--reason", "another Python").code == 0


def test_blocks_outside_of_a_measured_run_are_summed_into_the_run_measured_from_outside(project: Project) -> None:
    project.write("blocks.py", IN_BLOCKS)
    outcome = profiled(project, "blocks.py", "--format", "json")
    assert outcome.code == 0, str(outcome)
    assert profiles(project)[-1]["function_calls"] == 4
    printed = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert ["profile" in s for s in printed] == [False, True]
    assert printed[-1]["profile"] == profiles(project)[-1]


def test_a_program_without_anything_to_profile_is_a_warning_with_what_to_do(project: Project) -> None:
    project.write("quiet.py", "pass\n")
    outcome = profiled(project, "quiet.py")
    assert outcome.code == 0, str(outcome)
    assert outcome.cause == "warning: quiet: the profiled repetition left no profile [profile-missing]"
    assert "with perfgate.profile():" in outcome.stderr
    assert profiles(project) == [None, None]


def test_a_program_that_fails_under_the_profiler_ends_with_2_and_its_runs_stand(project: Project) -> None:
    project.write("shy.py", "import os, sys\nsys.exit(3 if os.environ['PERFGATE_PROFILE'] == '1' else 0)\n")
    outcome = profiled(project, "shy.py")
    assert outcome.code == 2, str(outcome)
    assert "the profiled repetition failed: exited with 3" in outcome.stderr
    assert [json.loads(p.read_text())["status"] for p in project.runs()] == ["ok", "ok"]


def test_a_program_that_profiles_itself_has_no_second_profile(project: Project) -> None:
    project.write("own.py", "import cProfile\n" + "p = cProfile.Profile(); p.enable()\n" + IN_BLOCKS)
    outcome = profiled(project, "own.py")
    assert outcome.code == 0, str(outcome)
    assert "profile-missing" in outcome.stderr


def test_what_a_program_measures_under_the_profiler_is_kept_nowhere(project: Project) -> None:
    project.write(
        "stubborn.py",
        "from perfgate.measure import init_tracer, measure_run_context\n"
        "tracer = init_tracer()\n"
        "with measure_run_context(benchmark='stubborn', write=True):\n"
        "    tracer.start_trace('t')\n    sorted([2, 1])\n    tracer.finish_trace()\n",
    )
    outcome = project.cli(
        "run", "-n", "2", "--warmup", "0", "--profile", "--", "python", "stubborn.py",
        env={"PERFGATE_TRACE_FILE": str(project.path("traces.jsonl"))},
    )  # fmt: skip
    assert outcome.code == 0, str(outcome)
    assert len(project.runs()) == 2
    assert len(project.path("traces.jsonl").read_text().splitlines()) == 2
    assert "<built-in method builtins.sorted>" in {f["function"] for f in profiles(project)[-1]["functions"]}


def test_the_profiles_of_forked_workers_that_end_by_themselves_are_added(project: Project) -> None:
    project.write(
        "forks.py",
        "import os, sys\nimport perfgate\n"
        "def work(): pass\n"
        "with perfgate.profile():\n    work()\n"
        "child = os.fork()\n"
        "with perfgate.profile():\n    work(); work()\n"
        "if child:\n    os.waitpid(child, 0)\n",
    )
    assert profiled(project, "forks.py").code == 0
    assert profiles(project)[-1]["function_calls"] == 5


POOL = """
import threading
import perfgate

def price(n):
    return n * 3

inside, seen = threading.Event(), threading.Event()

def other():
    inside.wait(30)
    with perfgate.profile() as p:
        price(1)
    seen.set()

thread = threading.Thread(target=other)
thread.start()
with perfgate.profile() as p:
    price(2)
    if {together}:
        inside.set()
        seen.wait(30)
inside.set()
thread.join()
"""


def test_where_blocks_of_another_thread_were_skipped_no_count_is_stated_and_that_is_said(project: Project) -> None:
    project.write("perfgate.toml", '[defaults]\nthreshold = "+900%"\n')
    project.write("pool.py", POOL.replace("{together}", "True"))
    outcome = profiled(project, "pool.py")
    assert outcome.code == 0, str(outcome)
    assert outcome.stderr.count("note: pool: no function_calls") == 1
    last = profiles(project)[-1]
    assert "function_calls" not in last
    assert last["skipped"] == 1
    assert "price" in {f["function"] for f in last["functions"]}
    assert project.cli("baseline", "refresh").code == 0
    assert profiled(project, "pool.py").code == 0
    outcome = project.cli("check")
    assert outcome.code == 0, str(outcome)
    assert "no function_calls: blocks of other threads or tasks ran unprofiled" in outcome.stdout
    assert project.cli("baseline", "refresh").code == 0


def test_a_count_that_became_a_race_is_no_pass(project: Project) -> None:
    project.write("pool.py", POOL.replace("{together}", "False"))
    assert "calls-raced" not in profiled(project, "pool.py").stderr
    assert profiles(project)[-1]["function_calls"] >= 2
    assert project.cli("baseline", "refresh").code == 0
    project.write("pool.py", POOL.replace("{together}", "True"))
    assert profiled(project, "pool.py").code == 0
    outcome = project.cli("check")
    assert outcome.code == 2, str(outcome)
    assert "no-values" in outcome.stderr
    assert "calls-raced" in outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    "given", [{"PERFGATE_PROFILE": "1"}, {"ENABLE_PERFORMANCE_MONITORING": "true"}], ids=["ours", "alias"]
)
def test_a_timed_run_is_never_profiled_and_a_switch_that_asks_for_it_is_said(
    project: Project, given: dict[str, str]
) -> None:
    project.write(
        "block.py",
        "import os, perfgate\n"
        "with perfgate.measure_run_context(benchmark='block') as run, perfgate.profile() as p:\n"
        "    run.record('profiled', float(type(p).__name__ == 'Profiled'))\n"
        "    run.record('asked', float(os.environ.get('ENABLE_PERFORMANCE_MONITORING', '0') != '0'))\n",
    )
    outcome = project.cli("run", "-n", "2", "--", "python", "block.py", env=given)
    assert outcome.code == 0, str(outcome)
    (name,) = given
    assert outcome.cause.startswith(f"note: {name} is switched off for the measured command")
    for path in project.runs():
        metrics = json.loads(path.read_text())["metrics"]
        assert (metrics["profiled"]["value"], metrics["asked"]["value"]) == (0.0, 0.0)
    quiet = project.cli("run", "-n", "1", "--", "python", "block.py")
    assert quiet.stderr == ""


def test_neither_side_of_a_comparison_is_profiled_and_the_report_says_so(project: Project) -> None:
    project.write(
        "block.py",
        "import perfgate, sys, os\n"
        "with perfgate.measure_run_context(benchmark='block'), perfgate.profile() as p:\n    pass\n"
        "sys.exit(3 if p.metrics or os.environ['PERFGATE_PROFILE'] != '0' else 0)\n",
    )
    outcome = project.cli(
        "ab", "--base-cmd", "python block.py", "--head-cmd", "python  block.py", "-n", "2",
        env={"PERFGATE_PROFILE": "1"},
    )  # fmt: skip
    assert "command-failed" not in outcome.stderr, str(outcome)
    assert "PERFGATE_PROFILE is switched off for the measured command" in outcome.stdout


OWN_PROFILER = """
import cProfile
from perfgate import measure_run_context

def price(n):
    return n * 3

with measure_run_context(benchmark="own"):
    own = cProfile.Profile()
    own.enable()
    price(2)
    own.disable()
"""


def test_a_program_with_a_profiler_of_its_own_in_the_measured_body_has_no_count_and_the_hint_says_why(
    project: Project,
) -> None:
    project.write("own.py", OWN_PROFILER)
    outcome = profiled(project, "own.py")
    if sys.version_info >= (3, 12):  # the second profiler raises in the program
        assert outcome.code == 2, str(outcome)
        assert "command-failed" in outcome.stderr
    else:
        assert outcome.code == 0, str(outcome)
        assert outcome.cause.startswith("warning: own: the program started a profiler of its own")
    assert "leave --profile out: a program that uses a profiler of its own has no function_calls" in outcome.stderr
    assert profiles(project) == [None, None]
