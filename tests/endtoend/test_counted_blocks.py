"""`--counts` of a program that measures itself: each block of `measure_run_context` is counted, and nothing else."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from ab_cases import REPORT, ab, report, versions
from count_cases import UNCOVERED, stand_in
from support import RUNS, Project, assert_cannot_decide

if TYPE_CHECKING:
    from pathlib import Path

needs_valgrind = pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind")
BLOCK = {"benchmark": "load", "labels": {"n": "3"}, "rows": 7, "status": "ok", "instructions": 1000, "fault": ""}
NUMBER = "n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) > n\n"
"""Of the run, 0 for the warm-up run."""
START = """
from perfgate.measure import measure_run_context, measured
import asyncio, os, subprocess, sys, threading

def work(n):
    table = {}
    for i in range(n):
        table[i % 97] = i
    return table

"""


def written(project: Project) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for path in project.runs():
        document = json.loads(path.read_text())
        found.setdefault(document["benchmark"], []).append(document)
    return found


def counts(project: Project) -> dict[str, float]:
    return {name: some[0]["series"]["instructions"]["values"][0] for name, some in written(project).items()}


def stated(*blocks: dict) -> str:
    """Return a shell program that leaves these blocks, as a program does whose blocks Callgrind counts."""
    return "".join(f"echo '{json.dumps({**BLOCK, **b})}' >> \"$PERFGATE_COUNTS/blocks\"\n" for b in blocks)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return stand_in(tmp_path)


def run(project: Project, *words: str, env: dict[str, str], runs: int = 1):
    return project.cli("run", "-n", str(runs), "--counts", *words, "--", "sh", "bench.sh", env=env)


def test_each_benchmark_is_one_value_a_process_the_mean_of_its_blocks(project: Project, env) -> None:
    project.write("bench.sh", stated({}, {"instructions": 3001}, {"benchmark": "", "labels": {}, "rows": 0}))
    assert run(project, "--rows", "5", env=env, runs=2).code == 0
    found = written(project)
    assert {name: len(some) for name, some in found.items()} == {"load": 2, "bench": 2}
    (load, _), (own, _) = found["load"], found["bench"]
    assert (load["labels"], load["rows_used"], own["rows_used"]) == ({"n": "3"}, 7, 5)
    assert load["series"]["instructions"]["values"] == [2000.5]
    source = own["series"]["instructions"]["source"]
    assert source.startswith("callgrind of valgrind-9.9.9, ")
    assert load["series"]["instructions"]["source"] == f"{source}, means of calls of measure_run_context"


@pytest.mark.parametrize(
    ("blocks", "cause", "cure"),
    [
        (({"status": "failed"},), r"load\[n=3\]: the measured block raised an exception", "correct the program"),
        (
            ({"fault": "it starts processes, whose instructions are not counted"},),
            "it starts processes",
            "--whole-command",
        ),
        (({"fault": "no memory"},), r"was not counted: no memory \[region-missing\]", "--whole-command"),
        (({"instructions": 0},), r"was not counted: no instructions \[region-missing\]", "--whole-command"),
        (({"instructions": "many"},), "counts of measured blocks cannot be read", "perfgate.measure write them"),
        (({"instructions": 10**400},), "counts of measured blocks cannot be read", "perfgate.measure write them"),
        (({"rows": -1},), "counts of measured blocks cannot be read", "perfgate.measure write them"),
        (({"benchmark": "x" * 501},), "counts of measured blocks cannot be read", "perfgate.measure write them"),
        (({"benchmark": "\ud800"},), "counts of measured blocks cannot be read", "perfgate.measure write them"),
    ],
)
def test_a_block_that_was_not_counted_is_no_count(project: Project, env, blocks, cause, cure) -> None:
    project.write("bench.sh", f'{NUMBER}if [ "$n" = 0 ]; then\n{stated({})}else\n{stated(*blocks)}fi\n')
    assert_cannot_decide(run(project, env=env), cause, cure)
    assert project.runs() == []


def test_a_program_that_runs_outside_of_the_counter_is_no_count(project: Project, env) -> None:
    project.write("job.py", START + "with measure_run_context(benchmark='x'): work(10)")
    project.write("bench.sh", f"exec '{sys.executable}' job.py\n")
    outcome = run(project, env={**env, **UNCOVERED})
    cause = r"x: the program measured itself, but not under Valgrind: it starts another interpreter \[region-missing\]"
    assert_cannot_decide(outcome, cause, "name the program itself")
    assert project.runs() == []


def test_without_a_warm_up_run_nobody_knows_that_a_program_measures_itself(project: Project, env) -> None:
    project.write("bench.sh", stated({}))
    cause = "which no warm-up run has shown"
    assert_cannot_decide(run(project, "--warmup", "0", env=env), cause, "leave --warmup 0 out")


def test_a_run_that_measures_other_than_its_warm_up_is_no_count(project: Project, env) -> None:
    project.write("bench.sh", f'{NUMBER}if [ "$n" = 0 ]; then\n{stated({})}fi\n')
    assert_cannot_decide(run(project, env=env), "in its warm-up run, and not in this one", "measure the same")
    project.write("bench.sh", f'{NUMBER}{stated({})}if [ "$n" != 3 ]; then\n{stated({"benchmark": "b"})}fi\n')
    cause = r'"b\[n=3\]" is in the results of 1 of 2 runs'
    assert_cannot_decide(run(project, env=env, runs=2), cause, "measure the same benchmarks")


def test_the_whole_of_it_is_counted_where_that_is_meant(project: Project, env) -> None:
    project.write("bench.sh", '[ -z "$PERFGATE_COUNTS" ] || exit 1\n{ echo 5,000,000 >&3; } 2>/dev/null; exit 0\n')
    assert run(project, "--whole-command", env=env).code == 0
    assert counts(project) == {"bench": 5_000_000}
    assert written(project)["bench"][0]["series"]["instructions"]["source"].startswith("valgrind-9.9.9, ")


def test_two_sides_that_are_counted_by_two_tools_are_not_compared(project: Project, env) -> None:
    whole = "{ echo 5,000,000 >&3; } 2>/dev/null; exit 0\n"
    versions(project, whole, stated({"benchmark": "", "labels": {}, "instructions": 5_000_000, "rows": 0}))
    outcome = ab(project, *REPORT, "--counts", "--", "sh", "bench.sh", runs=None, **env)
    assert outcome.code == 2, str(outcome)
    (row,) = (f for f in report(project)["findings"] if f["statistic"] == "p50")
    assert (row["status"], row["reason"]) == ("not-comparable", "sides-source")


def test_a_program_that_nobody_counts_is_measured_as_ever(project: Project) -> None:
    project.write("job.py", START + "with measure_run_context(benchmark='x'): work(10)")
    for place, files in (("none", 1), ("functions", 1)):
        project.path("functions").mkdir(exist_ok=True)
        project.write("functions/source", "callgrind")
        environ = {"PERFGATE_COUNTS": str(project.path(place))}
        assert project.command(sys.executable, "job.py", env=environ).code == 0
        assert len(project.runs()) == files, place  # the plugin of pytest counts functions: no time of a block in one


PROGRAMS = {
    "nested": (
        START
        + """
with measure_run_context(benchmark="outer"):
    work(20_000)
    with measure_run_context(benchmark="inner"):
        work(10_000)
    work(10_000)
with measure_run_context(benchmark="alone"):
    work(20_000)
with measure_run_context(benchmark="not kept", write=False):
    work(10_000)
try:
    with measure_run_context(benchmark="ends"):
        work(20_000)
        sys.exit(0)
except SystemExit:
    pass
@measured(benchmark="often")
def often():
    work(20_000)
often()
often()
""",
        {"outer": 2.0, "inner": 0.5, "alone": 1.0, "ends": 1.0, "often": 1.0},
    ),
    "threads and tasks": (
        START
        + """
def in_thread():
    with measure_run_context(benchmark="threads"):
        work(20_000)
threads = [threading.Thread(target=in_thread) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
async def task():
    with measure_run_context(benchmark="tasks"):
        work(10_000)
        await asyncio.sleep(0)
        work(10_000)
async def both():
    await asyncio.gather(task(), task())
asyncio.run(both())
with measure_run_context(benchmark="alone"):
    work(20_000)
""",
        {"tasks": 1.5, "alone": 1.0},  # of the four halves of both tasks each has three
    ),
    "a forked process": (
        START
        + """
if os.fork() == 0:
    with measure_run_context(benchmark="child"):
        work(20_000)
    os._exit(0)
os.wait()
with measure_run_context(benchmark="alone"):
    work(20_000)
""",
        {"child": 1.0, "alone": 1.0},
    ),
}


@pytest.mark.tools
@needs_valgrind
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "nested" else pytest.mark.heavy) for name in PROGRAMS]
)
def test_a_block_has_the_instructions_of_its_process_while_it_is_open(project: Project, name: str) -> None:
    program, wanted = PROGRAMS[name]
    project.write("job.py", program)
    outcome = project.cli("run", "-n", "1", "--counts", "--", sys.executable, "job.py", env=UNCOVERED)
    assert outcome.code == 0, str(outcome)
    found = counts(project)
    assert wanted.keys() <= found.keys()
    assert "not kept" not in found
    assert 1_000_000 < found["alone"] < 30_000_000  # and not the start of an interpreter
    for benchmark, share in wanted.items():
        assert abs(found[benchmark] / found["alone"] / share - 1) < 0.05, benchmark
    if "threads" in found:  # each has what the other one did while it was open
        assert 1.0 < found["threads"] / found["alone"] < 2.5
    assert not (project.root / RUNS).joinpath("blocks").exists()


@pytest.mark.tools
@needs_valgrind
@pytest.mark.parametrize(
    "body",
    [
        "with measure_run_context(benchmark='x'): subprocess.run(['true'])",
        "with measure_run_context(benchmark='x'):\n    if os.fork() == 0: os._exit(0)\nos.wait()",
    ],
)
def test_a_block_that_starts_a_process_is_not_counted(project: Project, body: str) -> None:
    project.write("job.py", START + body)
    outcome = project.cli("run", "-n", "1", "--counts", "--", sys.executable, "job.py", env=UNCOVERED)
    assert_cannot_decide(outcome, "x: the measured block is not counted as a whole", "--whole-command")


@pytest.mark.tools
@needs_valgrind
def test_ab_finds_one_percent_of_a_block_behind_a_shell(project: Project) -> None:
    versions(project)
    body = "from perfgate.measure import measure_run_context\nwith measure_run_context(benchmark='x'):\n"
    body += "    for i in range({}): i % 97"
    project.write("bench.sh", f"'{sys.executable}' -S job.py\n")
    project.write("job.py", body.format(100_000))
    project.commit("A job")
    project.git("branch", "-f", "main")
    project.write("job.py", body.format(101_000))
    project.commit("More work")
    outcome = ab(project, *REPORT, "--base", "main", "--counts", "--", "sh", "bench.sh", runs=None, **UNCOVERED)
    assert outcome.code == 1, str(outcome)
    (row,) = (f for f in report(project)["findings"] if f["statistic"] == "p50")
    assert (row["benchmark"], row["method"], row["n_current"]) == ("x", "exact", 2)
    assert abs(row["change"] - 0.01) < 0.001
