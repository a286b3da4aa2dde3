"""Every real file goes from a baseline to a verdict, and budgets hold what load tests and logs measured."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support import Project, assert_cannot_decide, assert_green

from perfgate.core.finding import HOLDS

DATA = Path(__file__).parents[1] / "formats" / "data"
LOWER = ("--direction", "lower")
TRACKS = ("--min-time", "0.01")

FILES: dict[str, tuple[str, ...]] = {
    "pytest-benchmark/bench_raw.json": (),
    "pytest-benchmark/0001_saved_without_data.json": (),
    "hyperfine/named.json": (),
    "hyperfine/parameter_scan.json": (),
    "github-action-benchmark/custom_smaller_is_better.json": LOWER,
    "github-action-benchmark/custom_bigger_is_better.json": ("--direction", "higher"),
    "bencher-bmf/report.json": ("--from", "bencher-bmf"),
    "go-bench/bench_count6.txt": (),
    "go-bench/bench_test2json.jsonl": (),
    "junit/pytest.xml": TRACKS,
    "pyperf/suite.json": (),
    "pyperf/command.json": (),
    "google-benchmark/repetitions_with_aggregates.json": (),
    "google-benchmark/aggregates_only.json": (),
    "cargo-bencher/bencher.txt": (),
    "jmh/avgt_thrpt_gcprof.json": (),
    "locust/stats.json": (),
    "locust/run_stats.csv": (),
    "k6/summary_export.json": (),
    "k6/handle_summary.json": (),
    "k6/machine_readable_v2.json": (),
    "k6/points.ndjson": (),
    "jmeter/samples.csv": (),
    "jmeter/samples.xml": (),
    "hey/requests.csv": (),
    "otlp/spans.jsonl": (),
}


@pytest.fixture(autouse=True)
def _counted(project: Project) -> None:
    project.is_counted = True


def refreshed(project: Project, file: str, *words: str) -> str:
    """Make a baseline of a real file; return a second one of that name that measured the same."""
    name = Path(file).name
    shutil.copy(DATA / file, project.path(name))
    outcome = project.cli("baseline", "refresh", name, *words)
    assert outcome.code == 0, str(outcome)
    project.write(f"again/{name}", (DATA / file).read_bytes() + b"\n")
    return f"again/{name}"


FIRST = {name.partition("/")[0]: name for name in reversed(FILES)}.values()
"""The first file of each tool."""


@pytest.mark.sampled
@pytest.mark.parametrize("file", [f if f in FIRST else pytest.param(f, marks=pytest.mark.slow) for f in FILES])
def test_a_real_file_makes_a_baseline_and_an_equal_one_passes_by_gated_rows(project: Project, file: str) -> None:
    again = refreshed(project, file, *FILES[file])
    outcome = project.cli("check", again, *FILES[file], "--report", "r.json")
    assert_green(outcome)
    report = project.read_json("r.json")
    assert [f for f in report["findings"] if f["level"] == "fail" and f["status"] in HOLDS]
    assert {f["status"] for f in report["findings"]} <= HOLDS
    assert project.cli("report", "r.json").stdout == outcome.stdout


@pytest.mark.parametrize("folder", ["criterion/criterion_dir", "asv/results_default", "asv/results_record_samples"])
def test_a_folder_that_a_tool_wrote_is_taken_as_a_whole(project: Project, folder: str) -> None:
    shutil.copytree(DATA / folder, project.path("results"))
    assert project.cli("baseline", "refresh", "results").code == 0
    assert_cannot_decide(project.cli("check", "results"), "belong to the baseline", "measure again")


def budget(project: Project, benchmark: str, metric: str, limit: str, statistic: str = "p95") -> None:
    told = {"benchmark": benchmark, "metric": metric, "statistic": statistic, "limit": limit}
    lines = "".join(f"{k} = {json.dumps(v)}\n" for k, v in told.items())
    project.write("perfgate.toml", f"[[budget]]\n{lines}")


BUDGETS = {
    "locust": ("locust/stats.json", "GET /slow", "response_time", "< 100ms", "< 15ms"),
    "locust-csv": ("locust/run_stats.csv", "GET /slow", "response_time", "< 100ms", "< 15ms"),
    "k6": ("k6/handle_summary.json", "http_req_duration", "duration", "< 100ms", "< 1ms"),
    "k6-points": ("k6/points.ndjson", "http_req_duration", "duration", "< 100ms", "< 10ms"),
    "jmeter": ("jmeter/samples.csv", "slow", "response_time", "< 1s", "< 1ms"),
    "log": ("prediction-log/predictions.jsonl", "sensor_123/v1", "latency_total", "< 100ms", "< 50ms"),
}


@pytest.mark.sampled
@pytest.mark.parametrize("name", BUDGETS)
def test_a_budget_needs_no_second_file(project: Project, name: str) -> None:
    file, benchmark, metric, held, broken = BUDGETS[name]
    again = refreshed(project, file)
    for limit, code in ((held, 0), (broken, 1)):
        budget(project, benchmark, metric, limit)
        outcome = project.cli("check", again)
        assert outcome.code == code, str(outcome)
    budget(project, "nosuch", metric, held)
    assert_cannot_decide(project.cli("check", again), "no benchmark matches .nosuch.", "correct the name")


def test_the_error_rate_has_a_budget_too(project: Project) -> None:
    again = refreshed(project, "locust/stats.json")
    budget(project, "GET *", "error_rate", "< 1%", "p50")
    assert_green(project.cli("check", again))
    document = json.loads((DATA / "locust/stats.json").read_text())
    for entry in document:
        entry["num_failures"] = entry["num_requests"] // 2
    project.write("failing.json", json.dumps(document))
    assert project.cli("check", "failing.json").code == 1


def test_failing_fast_does_not_pass_for_being_fast(project: Project) -> None:
    refreshed(project, "locust/stats.json")
    document = json.loads((DATA / "locust/stats.json").read_text())
    for entry in document:
        ok = sum(entry["response_times"].values())
        entry["response_times"] = {"1": ok * 3, **{k: v for k, v in entry["response_times"].items() if k != "1"}}
        entry["num_requests"] = sum(entry["response_times"].values())
        entry["num_failures"] = ok * 3 - 10
    project.write("failing.json", json.dumps(document))
    outcome = project.cli("check", "failing.json", "--report", "r.json")
    (slow,) = [
        f for f in project.read_json("r.json")["findings"]
        if (f["benchmark"], f["metric"], f["statistic"]) == ("GET /slow", "response_time", "p50")
    ]  # fmt: skip
    assert slow["status"] != "improved", str(outcome)
    assert slow["current"] >= slow["baseline"] * 0.95


def test_two_scrapes_are_one_measurement(project: Project) -> None:
    for name in ("before.prom", "after.prom"):
        shutil.copy(DATA / "prometheus" / name, project.path(name))
    outcome = project.cli("import", "--dry-run", "--json", "before.prom", "after.prom")
    assert outcome.code == 0, str(outcome)
    counted = {r["benchmark"]: r["n"] for r in json.loads(outcome.stdout) if r["kind"] == "histogram"}
    since_start = project.cli("import", "--dry-run", "--json", "after.prom")
    assert counted
    assert all(n <= {r["benchmark"]: r["n"] for r in json.loads(since_start.stdout)}[b] for b, n in counted.items())
    three = project.cli("import", "--dry-run", "before.prom", "after.prom", "before.prom", "./after.prom")
    assert_cannot_decide(three, "3 snapshots", "two: before, after")


def test_files_of_several_tools_are_read_in_one_call(project: Project) -> None:
    for file in ("hyperfine/named.json", "go-bench/bench_count6.txt", "locust/stats.json"):
        shutil.copy(DATA / file, project.path(Path(file).name))
    outcome = project.cli("baseline", "refresh", "*.json", "bench_count6.txt")
    assert outcome.code == 0, str(outcome)
    for file in ("hyperfine/named.json", "go-bench/bench_count6.txt", "locust/stats.json"):
        project.write(Path(file).name, (DATA / file).read_bytes() + b"\n")
    assert_green(project.cli("check", "*.json", "bench_count6.txt"))
    project.path("stats.json").unlink()
    assert_cannot_decide(project.cli("check", "*.json", "bench_count6.txt"), "GET", "measure it")


def test_budgets_alone_need_no_baseline_and_say_that_nothing_else_was_judged(project: Project) -> None:
    shutil.copy(DATA / "locust/stats.json", project.path("stats.json"))
    budget(project, "GET *", "response_time", "< 100ms")
    outcome = project.cli("check", "stats.json")
    assert_green(outcome)
    assert "there is no baseline: only the budgets were judged" in " ".join(outcome.stdout.split())
    budget(project, "GET *", "response_time", "< 1ms")
    assert project.cli("check", "stats.json").code == 1
    budget(project, "nosuch", "response_time", "< 1ms")
    assert_cannot_decide(project.cli("check", "stats.json"), "no baseline|no benchmark matches", "perfgate|mend")


@pytest.mark.parametrize(("failures", "code"), [(0, 0), (2, 0), (30, 1), (1117, 2)])
def test_more_than_one_call_in_a_hundred_that_fails_fails_the_check(project: Project, failures: int, code: int) -> None:
    refreshed(project, "locust/stats.json")
    document = json.loads((DATA / "locust/stats.json").read_text())
    document[-1]["num_failures"] = failures
    assert document[-1]["num_requests"] == 1117
    project.write("now.json", json.dumps(document))
    outcome = project.cli("check", "now.json", "--report", "r.json")
    assert outcome.code == code, str(outcome)
    if code == 1:
        worse = {f["metric"] for f in project.read_json("r.json")["findings"] if f["status"] == "regressed"}
        assert worse == {"error_rate"}


def test_one_failure_in_thousands_moves_no_percentile_that_a_tool_states(project: Project) -> None:
    again = refreshed(project, "k6/handle_summary.json")
    document = json.loads((DATA / "k6/handle_summary.json").read_text())
    failed = document["metrics"]["http_req_failed"]["values"]
    failed.update(rate=0.0001, passes=1, fails=9999)
    project.write(again, json.dumps(document))
    assert_green(project.cli("check", again))


def test_a_time_of_zero_is_no_improvement(project: Project) -> None:
    refreshed(project, "hyperfine/named.json")
    document = json.loads((DATA / "hyperfine/named.json").read_text())
    for entry in document["results"]:
        entry["times"] = [0.0] * len(entry["times"])
    project.write("now.json", json.dumps(document))
    outcome = project.cli("check", "now.json")
    assert_cannot_decide(outcome, "a time of zero on one side", "elapsed_ns|exclude|measure")


def test_runs_that_failed_slowly_are_left_out_too(project: Project) -> None:
    refreshed(project, "hyperfine/named.json")
    document = json.loads((DATA / "hyperfine/named.json").read_text())
    for entry in document["results"]:
        entry["times"] += [9.0] * 12
        entry["exit_codes"] += [1] * 12
    project.write("now.json", json.dumps(document))
    outcome = project.cli("check", "now.json", "--report", "r.json")
    times = [f for f in project.read_json("r.json")["findings"] if f["metric"] == "time"]
    assert times
    assert {f["status"] for f in times} <= HOLDS, str(outcome)
    assert outcome.code == 1  # nearly half of the runs failed


def test_a_folder_that_holds_a_link_to_itself_is_read_once(project: Project) -> None:
    shutil.copytree(DATA / "criterion/criterion_dir", project.path("results"))
    before = project.cli("import", "--dry-run", "--json", "results").stdout
    project.path("results/me").symlink_to(".")
    assert project.cli("import", "--dry-run", "--json", "results").stdout == before


def test_an_unknown_key_of_a_map_is_named(project: Project) -> None:
    project.write("perfgate.toml", '[[map]]\nname = "m"\nvalues = [{ value = "a", direction = "lower" }]\n')
    project.write("t.csv", "a\n1\n")
    assert_cannot_decide(project.cli("check", "t.csv"), "unknown key .direction.*better", "schema config")


@pytest.mark.slow
def test_many_names_are_read_in_a_time_that_grows_as_they_do(project: Project) -> None:
    entries = [{"command": f"c{i}", "times": [1.0, 1.1], "exit_codes": [0, 0]} for i in range(20_000)]
    project.write("many.json", json.dumps({"results": entries}))
    outcome = project.cli("import", "--dry-run", "--json", "many.json")  # ends within the limit of every process
    assert len(json.loads(outcome.stdout)) == 20_000


def answering(project: Project, name: str, code: int, seconds: float) -> None:
    times = [seconds + i / 1000 for i in range(6)]
    entry = {"command": "lint src", "median": seconds, "times": times, "exit_codes": [code] * 6}
    project.write(name, json.dumps({"results": [entry]}))


@pytest.mark.parametrize(("was", "now", "code"), [(1, 1, 0), (1, 127, 2), (0, 2, 1), (2, 0, 0)])
def test_an_exit_code_is_the_program_s_answer_when_both_sides_have_it(project: Project, was: int, now: int, code: int):
    answering(project, "base.json", was, 1.0)
    answering(project, "now.json", now, 0.9 if now == was else 0.02)
    assert project.cli("baseline", "refresh", "base.json").code == 0
    outcome = project.cli("check", "now.json")
    assert outcome.code == code, str(outcome)
