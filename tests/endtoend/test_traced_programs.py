"""A program that traces itself: calls a trace are gated, and the report says where the time went."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Project

MEASURES_ITSELF = """
import sys
from perfgate.measure import init_metrics, init_tracer, measure_run_context, traced

tracer = init_tracer()
init_metrics(deadline_ms=60_000)

@traced(name="lookup")
def look_up(n):
    return sum(range(n))

def handle(queries):
    with tracer.span("load"):
        for _ in range(queries):
            with tracer.span("query"):
                look_up(2000)
    with tracer.span("answer"):
        look_up(2000)

for run in range(4):
    with measure_run_context(benchmark="api"):
        for request in range(5):
            tracer.start_trace(f"request-{request}")
            handle({queries})
            tracer.finish_trace()
"""
PLAIN = """
from perfgate.measure import init_tracer

tracer = init_tracer()
for request in range(3):
    tracer.start_trace("request")
    with tracer.span("load"):
        pass
    tracer.finish_trace()
"""


@pytest.fixture
def traced_api(project: Project) -> Project:
    """A project with a baseline of an API that makes one query a request."""
    project.write("perfgate.toml", 'exclude = ["*:peak_memory"]\n[defaults]\nthreshold = "+900%"\n')
    project.write("api.py", MEASURES_ITSELF.replace("{queries}", "1"))
    assert project.command("python", "api.py").code == 0
    assert project.cli("baseline", "refresh").code == 0
    return project


def test_eight_queries_a_request_in_place_of_one_fail_and_the_report_names_the_stage(traced_api: Project) -> None:
    traced_api.write(
        "perfgate.toml",
        'exclude = ["*:peak_memory"]\n[defaults]\nthreshold = "+900%"\n'
        '[[rule]]\nmetric = "calls:*"\nthreshold = "+5%"\n',
    )
    traced_api.write("api.py", MEASURES_ITSELF.replace("{queries}", "8"))
    assert traced_api.command("python", "api.py").code == 0
    outcome = traced_api.cli("check", "--report", "report.json")
    assert outcome.code == 1, str(outcome)
    report = json.loads(traced_api.path("report.json").read_text())
    failed = {f["metric"]: (f["baseline"], f["current"]) for f in report["findings"] if f["status"] == "regressed"}
    assert failed["calls:query"] == (1, 8)
    (where,) = report["attribution"]
    stages = {s["stage"]: (s["calls_baseline"], s["calls_current"]) for s in where["stages"]}
    assert stages["query"] == (1, 8)
    assert stages["lookup"] == (2, 9)
    assert "answer" not in {name for name, calls in stages.items() if calls[0] != calls[1]}
    assert "Where the time went\napi: +" in outcome.stdout


def test_the_same_program_again_has_the_same_calls_and_passes(traced_api: Project) -> None:
    assert traced_api.command("python", "api.py").code == 0
    outcome = traced_api.cli("check", "--report", "report.json")
    assert outcome.code == 0, str(outcome)
    findings = json.loads(traced_api.path("report.json").read_text())["findings"]
    calls = {f["metric"]: (f["method"], f["change"]) for f in findings if f["metric"].startswith("calls:")}
    assert calls == dict.fromkeys(["calls:answer", "calls:load", "calls:lookup", "calls:query"], ("exact", 0.0))
    (misses,) = [f for f in findings if f["metric"] == "deadline_miss"]
    assert (misses["current"], misses["n_current"]) == (0, 20)


def test_a_program_that_is_measured_from_outside_leaves_its_stages_in_the_summary(project: Project) -> None:
    project.write("job.py", PLAIN)
    assert project.cli("run", "-n", "1", "--", "python", "job.py").code == 0
    (summary,) = [json.loads(p.read_text()) for p in project.path("outputs/model_runs").iterdir()]
    assert (summary["traces"]["count"], summary["traces"]["spans"]) == (3, 3)
    assert 0 < summary["traces"]["overhead"] <= 1
    assert {name: s["calls"] for name, s in summary["stages"].items()} == {"load": 3, "tick_total": 3}


def test_the_table_of_the_configuration_reaches_the_program_and_a_variable_of_this_call_wins(project: Project) -> None:
    project.write("job.py", PLAIN)
    project.write(
        "perfgate.toml",
        "[trace]\nenabled = false\ndeadline_ms = 0.000001\nexport_golden = true\ngolden_trace_interval = 2\n",
    )
    assert project.cli("run", "-n", "1", "--", "python", "job.py").code == 0
    (summary,) = [json.loads(p.read_text()) for p in project.path("outputs/model_runs").iterdir()]
    assert "traces" not in summary
    assert not project.path("artifacts").exists()
    assert project.cli("run", "-n", "1", "--", "python", "job.py", env={"PERFGATE_TRACE": "1"}).code == 0
    summaries = [json.loads(p.read_text()) for p in project.path("outputs/model_runs").iterdir()]
    (traces,) = [s["traces"] for s in summaries if "traces" in s]
    assert (traces["count"], traces["deadline_ms"], traces["deadline_misses"]) == (3, 1e-6, 3)
    golden = list(project.path("artifacts/traces").iterdir())  # one of each process, the warm-up's among them
    assert [len(file.read_text().splitlines()) for file in golden] == [2, 2]


def test_budgets_limit_stages_calls_and_the_share_of_missed_deadlines(project: Project) -> None:
    budgets = {"deadline_miss": "< 2%", "stage:query": "< 1ns", "calls:query": "<= 1"}
    project.write(
        "perfgate.toml",
        'baselines = "none"\n[trace]\ndeadline_ms = 0.000001\n'
        + "".join(
            f'[[budget]]\nbenchmark = "api"\nmetric = "{metric}"\nstatistic = "p50"\nlimit = "{limit}"\n'
            for metric, limit in budgets.items()
        ),
    )
    project.write("api.py", MEASURES_ITSELF.replace("{queries}", "3").replace("range(4)", "range(1)"))
    assert project.cli("run", "-n", "2", "--", "python", "api.py").code == 0
    outcome = project.cli("check", "--report", "report.json")
    assert outcome.code == 1, str(outcome)
    findings = json.loads(project.path("report.json").read_text())["findings"]
    over = {f["metric"]: f["current"] for f in findings if f["status"] == "over-budget"}
    assert over.keys() == budgets.keys()
    assert (over["deadline_miss"], over["calls:query"]) == (1.0, 3)


def test_more_queries_in_the_traces_of_opentelemetry_fail_and_the_same_number_passes(project: Project) -> None:
    def export(name: str, queries: int) -> None:
        lines = []
        for number in range(6):
            spans = [("1", "", "order", 0, 90 + number)]
            spans += [(f"q{i}", "1", "select", 10 + i, 11 + i) for i in range(queries)]
            batch = [
                {
                    "traceId": f"{name}-{number}", "spanId": own, "parentSpanId": parent, "name": stage,
                    "startTimeUnixNano": str(1_700_000_000_000_000_000 + number * 10**9 + start * 10**6),
                    "endTimeUnixNano": str(1_700_000_000_000_000_000 + number * 10**9 + end * 10**6),
                }
                for own, parent, stage, start, end in spans
            ]  # fmt: skip
            lines.append(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": batch}]}]}))
        project.write(name, "\n".join(lines) + "\n")

    export("then.jsonl", 2)
    assert project.cli("baseline", "refresh", "then.jsonl").code == 0
    export("same.jsonl", 2)
    assert project.cli("check", "same.jsonl").code == 0
    export("now.jsonl", 7)
    outcome = project.cli("check", "now.jsonl", "--report", "report.json")
    assert outcome.code == 1, str(outcome)
    findings = json.loads(project.path("report.json").read_text())["findings"]
    failed = [
        (f["benchmark"], f["metric"], f["baseline"], f["current"]) for f in findings if f["status"] == "regressed"
    ]
    assert failed == [("order", "calls:select", 2, 7)]


@pytest.mark.parametrize(("body", "is_said"), [("pass", True), ("time.sleep(0.02)", False)], ids=["empty", "long"])
def test_run_says_that_tracing_itself_takes_a_large_share_of_the_time(project, body, is_said):
    project.write(
        "ticks.py",
        "import time\nfrom perfgate.measure import init_tracer\ntracer = init_tracer()\ntracer.start_trace('t')\n"
        f"for _ in range(3):\n    with tracer.span('stage'):\n        {body}\ntracer.finish_trace()\n",
    )
    outcome = project.cli("run", "-n", "1", "--warmup", "0", "--", "python", "ticks.py")
    assert outcome.code == 0
    assert ("warning: tracing costs about" in outcome.stderr) is is_said


def test_traces_of_workers_count_however_they_were_started(project: Project) -> None:
    project.write(
        "pool.py",
        "import multiprocessing as mp, os, sys\n"
        "from perfgate.measure import init_tracer\n"
        "tracer = init_tracer()\n"
        "def work(i):\n"
        "    tracer.start_trace('r')\n"
        "    with tracer.span('query'): pass\n"
        "    tracer.finish_trace()\n"
        "if __name__ == '__main__':\n"
        "    if sys.argv[1] == 'os.fork':\n"
        "        if os.fork() == 0:\n"
        "            for i in range(10): work(i)\n"
        "            sys.exit()\n"
        "        os.wait()\n"
        "        sys.exit()\n"
        "    mp.set_start_method(sys.argv[1])\n"
        "    work(0)\n"
        "    with mp.Pool(2) as p:\n"
        "        p.map(work, range(9)); p.close(); p.join()\n",
    )
    for way in ("os.fork", "fork", "spawn", "forkserver"):
        outcome = project.cli("run", "-n", "1", "--benchmark", way, "--", "python", "pool.py", way)
        assert outcome.code == 0, str(outcome)
    found = [json.loads(path.read_text()) for path in project.runs()]
    assert {s["benchmark"]: (s["traces"]["count"], s["stages"]["query"]["calls"]) for s in found} == {
        "os.fork": (10, 10), "fork": (10, 10), "spawn": (10, 10), "forkserver": (10, 10),
    }  # fmt: skip


def test_a_run_without_stages_by_a_mistake_is_said_once_for_all_its_runs(project: Project) -> None:
    head = "from perfgate.measure import init_tracer, measure_run_context\nt = init_tracer()\n"
    project.write("spans.py", head + "with measure_run_context():\n    with t.span('q'): pass\n")
    project.write("late.py", head + "with measure_run_context(): pass\nt.start_trace('r')\nt.finish_trace()\n")
    outcome = project.cli("run", "-n", "3", "--", "python", "spans.py")
    assert outcome.stderr.count("spans were opened, but no trace") == 1
    outcome = project.cli("run", "-n", "3", "--", "python", "late.py")
    assert outcome.stderr.count("traces that ended outside of every measured block: 1") == 1


def test_a_trace_with_more_spans_than_it_keeps_has_exact_calls_and_no_times_of_stages(project: Project) -> None:
    project.write(
        "many.py",
        "from perfgate.measure import init_tracer\nt = init_tracer()\nt.start_trace('r')\n"
        "for i in range(20_100):\n    with t.span('q'): pass\nt.finish_trace()\n",
    )
    outcome = project.cli("run", "-n", "2", "--", "python", "many.py")
    assert outcome.code == 0, str(outcome)
    assert outcome.stderr.count("[spans-dropped]") == 1
    names = {line.split()[0] for line in outcome.stdout.splitlines() if line.startswith("  ")}
    assert {"calls:q", "stage:tick_total"} <= names
    assert "stage:q" not in names
