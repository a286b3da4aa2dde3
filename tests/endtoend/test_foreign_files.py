"""Files of other tools go through check, refresh, collect and import as they are."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import Project, assert_cannot_decide, assert_green

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parents[1] / "formats" / "data"
PYTEST = "pytest-benchmark/bench_raw.json"
SAVED = "pytest-benchmark/0001_saved_without_data.json"
Change = "Callable[[Any], object]"


@pytest.fixture(autouse=True)
def _counted(project: Project) -> None:
    project.is_counted = True


def given(project: Project, file: str, name: str = "bench.json", change: Callable[[Any], object] | None = None) -> None:
    """Put a real file into the project, changed if asked for."""
    if change is None:
        shutil.copy(DATA / file, project.path(name))
        return
    document = json.loads((DATA / file).read_text())
    change(document)
    project.write(name, json.dumps(document))


def times(factor: float) -> Callable[[Any], object]:
    """Return a change that makes all of a pytest-benchmark file slower by a factor."""

    def change(document: Any) -> None:
        for b in document["benchmarks"]:
            stats = b["stats"]
            stats["data"] = [v * factor for v in stats.get("data", ())]
            stats |= {name: stats[name] * factor for name in ("q1", "median", "q3")}

    return change


def refreshed(project: Project, file: str = PYTEST) -> Project:
    given(project, file)
    outcome = project.cli("baseline", "refresh", "bench.json")
    assert outcome.code == 0, str(outcome)
    return project


@pytest.mark.sampled
@pytest.mark.parametrize("file", [PYTEST, SAVED])
@pytest.mark.parametrize(("factor", "code"), [(1.01, 0), (3.0, 1)])
@pytest.mark.parametrize(
    "ci",
    [
        pytest.param({}, id="laptop"),
        pytest.param({"CI": "true", "GITHUB_RUN_ID": "7"}, id="ci", marks=pytest.mark.slow),
    ],
)
def test_a_file_is_judged_against_a_baseline_made_from_another(
    project: Project, file: str, factor: float, code: int, ci: dict[str, str]
) -> None:
    refreshed(project, file)
    given(project, file, "new.json", times(factor))
    outcome = project.cli("check", "new.json", "--report", "r.json", env=ci)
    assert outcome.code == code, str(outcome)
    report = project.read_json("r.json")
    assert {f["benchmark"] for f in report["findings"] if f["level"] == "fail"} >= {"test_bench_dev.py::test_sort[100]"}
    assert {f["method"] for f in report["findings"] if f["benchmark"][0] != "("} == {
        "across-sessions" if file == PYTEST else "threshold"
    }
    assert project.cli("report", "r.json").stdout == project.cli("check", "new.json", env=ci | {"CI": ""}).stdout or ci


def test_a_file_of_another_tool_may_be_the_baseline_itself(project: Project) -> None:
    given(project, PYTEST)
    given(project, PYTEST, "same.json", times(1.01))
    given(project, PYTEST, "slow.json", times(4))
    assert_green(project.cli("check", "same.json", "--baseline", "bench.json"))
    assert project.cli("check", "slow.json", "--baseline", "bench.json").code == 1


def test_the_same_file_again_is_no_new_measurement(project: Project) -> None:
    refreshed(project)
    assert_cannot_decide(project.cli("check", "bench.json"), "belong to the baseline", "measure again")


def test_a_benchmark_that_is_gone_from_the_file_is_missing(project: Project) -> None:
    refreshed(project)
    given(project, PYTEST, "new.json", lambda d: d["benchmarks"].pop(0))
    outcome = project.cli("check", "new.json")
    assert_cannot_decide(outcome, "test_json_dumps", "measure it")


def test_a_benchmark_that_failed_is_named_and_missing(project: Project) -> None:
    refreshed(project)

    def fail(document: Any) -> None:
        document["benchmarks"][0]["stats"] = {}

    given(project, PYTEST, "new.json", fail)
    outcome = project.cli("check", "new.json")
    assert outcome.code == 2, str(outcome)
    assert 'left out, "test_bench_dev.py::test_json_dumps"' in outcome.stdout.replace("\n ", "")


def test_means_of_calls_and_single_calls_are_not_compared(project: Project) -> None:
    given(project, "hyperfine/named.json", change=lambda d: [r.pop("exit_codes") for r in d["results"]])
    assert project.cli("baseline", "refresh", "bench.json").code == 0
    entries = [{"fullname": name, "stats": {"data": [0.27, 0.28], "rounds": 2}} for name in ("py-sum", "noop")]
    project.write("new.json", json.dumps({"machine_info": {}, "benchmarks": entries}))
    outcome = project.cli("check", "new.json")
    assert_cannot_decide(outcome, "time was measured by different methods", "measure all runs by one method")


def test_what_was_imported_is_what_the_file_says(project: Project) -> None:
    given(project, PYTEST)
    straight = json.loads(project.cli("collect", "bench.json", "--format", "json").stdout)
    outcome = project.cli("import", "bench.json")
    assert outcome.code == 0, str(outcome)
    assert "wrote 5 runs to outputs/model_runs" in outcome.stdout
    through = json.loads(project.cli("collect", "--format", "json").stdout)
    assert through == straight
    again = project.cli("import", "--dry-run", "--json", "outputs/model_runs")
    assert {r["benchmark"]: r["p50"] for r in json.loads(again.stdout)} == {
        r["benchmark"]: r["p50"] for r in json.loads(project.cli("import", "--dry-run", "--json", "bench.json").stdout)
    }
    assert len(straight["profiles"]) == 5


@pytest.mark.parametrize("ci", [{}, {"CI": "true", "GITHUB_RUN_ID": "7", "GITHUB_JOB": "bench"}], ids=["laptop", "ci"])
def test_importing_twice_changes_nothing(project: Project, ci: dict[str, str]) -> None:
    given(project, SAVED)
    project.cli("import", "bench.json", env=ci)
    before = {p.name: p.read_bytes() for p in project.path("outputs/model_runs").iterdir()}
    project.cli("import", "bench.json", env=ci)
    assert {p.name: p.read_bytes() for p in project.path("outputs/model_runs").iterdir()} == before
    assert project.cli("collect").code == 0


def test_a_dry_run_prints_every_record_and_writes_nothing(project: Project) -> None:
    given(project, "hyperfine/named.json")
    outcome = project.cli("import", "bench.json", "--dry-run", "--json")
    first, second = json.loads(outcome.stdout)
    assert (first["benchmark"], first["metric"], first["kind"], first["n"]) == ("py-sum", "time", "samples", 15)
    assert len(first["samples"]) == 15
    assert second["benchmark"] == "noop"
    assert not project.path("outputs/model_runs").exists()
    assert "py-sum" in project.cli("import", "bench.json", "--dry-run").stdout


def test_quantiles_of_several_sessions_make_one_baseline(project: Project) -> None:
    for n in (1, 2, 3):
        given(project, SAVED, "bench.json", times(1 + n / 100))
        outcome = project.cli("baseline", "refresh", "bench.json")
        assert outcome.code == 0, str(outcome)
    given(project, SAVED, "new.json", times(1.04))
    assert_green(project.cli("check", "new.json"))
    given(project, SAVED, "new.json", times(1.2))
    assert project.cli("check", "new.json").code == 1
    audit = project.cli("audit")
    assert audit.code in {0, 1}, str(audit)
    shown = project.cli("baseline", "show", "test_bench_dev.py::test_json_dumps")
    assert shown.code == 0, str(shown)
    assert project.cli("baseline", "list").code == 0
    assert project.cli("baseline", "refresh", "bench.json").code == 0


def test_values_and_quantiles_do_not_stand_in_one_baseline(project: Project) -> None:
    refreshed(project, PYTEST)
    given(project, SAVED, "bench.json", times(1.01))
    before = project.baseline_files()
    outcome = project.cli("baseline", "refresh", "bench.json")
    assert_cannot_decide(outcome, "has values in the baseline, but only quantiles in the runs", "--replace")
    assert project.baseline_files() == before


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gzip", "crlf"])
def test_how_a_file_is_written_does_not_matter(project: Project, encoding: str) -> None:
    given(project, PYTEST)
    straight = project.cli("collect", "bench.json").stdout
    text = (DATA / PYTEST).read_text()
    content = {
        "gzip": lambda: gzip.compress(text.encode()), "crlf": lambda: text.replace("\n", "\r\n").encode(),
    }.get(encoding, lambda: text.encode(encoding))()  # fmt: skip
    project.write("odd.json", content)

    def bare(table: str) -> list[list[str]]:
        return [[c for c in line.split() if not c.startswith(("files-", "fil…"))] for line in table.splitlines()]

    assert bare(project.cli("collect", "odd.json").stdout) == bare(straight)


def test_a_copy_of_a_file_counts_once(project: Project) -> None:
    given(project, PYTEST)
    given(project, PYTEST, "copy.json")
    outcome = project.cli("collect", "bench.json", "copy.json")
    assert outcome.code == 0, str(outcome)
    assert "copies of other files: 1" in outcome.stderr
    assert "1,415" in outcome.stdout


def test_of_very_many_values_the_quantiles_stay(project: Project) -> None:
    data = [1 + i / 10_000 for i in range(10_000)]
    entry = {"fullname": "t", "stats": {"data": data, "rounds": len(data)}}
    project.write("bench.json", json.dumps({"machine_info": {}, "benchmarks": [entry]}))
    outcome = project.cli("collect", "bench.json", "--format", "json")
    (profile,) = json.loads(outcome.stdout)["profiles"]
    time = profile["metrics"]["time"]
    assert (time["n"], len(*time["values"].values())) == (10_000, 2_001)
    assert (time["p50"], time["p95"], time["p99"]) == (
        pytest.approx(1.5, rel=2e-4), pytest.approx(1.95, rel=2e-4), pytest.approx(1.99, rel=2e-4)
    )  # fmt: skip
    assert "of up to 10,000 values of a metric 2,001 quantiles are kept" in outcome.stderr


def test_a_file_in_no_format_names_what_it_is_near_to(project: Project) -> None:
    project.write("bench.json", '{"machine_info": {}, "results": 3}')
    outcome = project.cli("check", "bench.json", "--baseline", "b.json")
    project.write("b.json", '{"benchmarks": {"t": {"tick_ms": {"p50": 1}}}}')
    outcome = project.cli("check", "bench.json", "--baseline", "b.json")
    assert_cannot_decide(outcome, "in no known format; nearest: pytest-benchmark", "perfgate formats")
    assert re.findall(r"[\w-]+ \([^)]*\)", outcome.cause) == ['pytest-benchmark (no "benchmarks[]")']
    project.write("notes.md", "# Benchmarks\n\nThey are measured with care.\n")
    outcome = project.cli("import", "--dry-run", "notes.md")
    assert_cannot_decide(outcome, "notes.md is in no known format", "perfgate formats")
    assert "nearest" not in outcome.stderr


def test_a_file_that_another_program_sorted_is_compared_with_one_that_is_not(project: Project) -> None:
    rows = [{"fullname": f"t::{i}", "stats": {"data": [0.25 + i / 1e4] * 400}} for i in range(40)]
    document = {"machine_info": {"node": "n"}, "benchmarks": rows, "commit_info": {}}
    project.write("b.json", json.dumps(document))
    project.write("n.json", json.dumps(document | {"version": "5"}, sort_keys=True))
    assert len(project.path("n.json").read_bytes()) > 1 << 16
    for sides in (("n.json", "--baseline", "b.json"), ("b.json", "--baseline", "n.json")):
        assert_green(project.cli("check", *sides))


@pytest.mark.parametrize(
    ("file", "words", "place", "cure"),
    [
        pytest.param("a,b\n1,2\n", ["--from", "hyperfin"], "no format .hyperfin.", "did you mean .hyperfine."),
        pytest.param("{", ["--from", "hyperfine"], "not JSON", "measure again"),
        pytest.param('{"results": []}', ["--from", "hyperfine"], "holds nothing that was measured", "--export-json"),
        pytest.param('{"results": [{"command": "a", "times": [1.0]}]}', ["--from", "pytest-benchmark"],
                     "holds nothing that was measured", "its content is hyperfine"),
        pytest.param("command,mean,stddev,median,user,system,min,max\n", [], "--export-csv", "--export-json"),
        pytest.param('[{"name": "a", "unit": "ms", "value": 3}]', [], "which way is better", "--direction lower"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_what_to_do(
    project: Project, file: str, words: list[str], place: str, cure: str
) -> None:
    project.write("bench.json", file)
    for command in (
        ["collect", "bench.json"],
        ["import", "bench.json"],
        ["baseline", "refresh", "bench.json"],
    ):
        assert_cannot_decide(project.cli(*command, "bench.json", *words), place, cure)


def test_one_value_each_is_a_plain_ratio_in_the_direction_asked_for(project: Project) -> None:
    project.write("b.json", '[{"name": "score", "unit": "points", "value": 100}]')
    project.write("n.json", '[{"name": "score", "unit": "points", "value": 80}]')
    both = ("check", "n.json", "--baseline", "b.json")
    assert project.cli(*both, "--direction", "higher").code == 1
    assert_green(project.cli(*both, "--direction", "lower"))


def test_a_direction_against_the_unit_cannot_decide(project: Project) -> None:
    project.write("b.json", '[{"name": "served", "unit": "req/s", "value": 340}]')
    project.write("n.json", '[{"name": "served", "unit": "req/s", "value": 170}]')
    both = ("check", "n.json", "--baseline", "b.json")
    assert_cannot_decide(project.cli(*both, "--direction", "lower"), "b.json", "give --direction higher")
    assert project.cli(*both, "--direction", "higher").code == 1


def test_a_direction_against_that_of_our_own_runs_cannot_decide(project: Project) -> None:
    run = '{"run_id": "%s", "elapsed_sec": 2.5, "rows_used": 40, "peak_memory_mb": 9.5, "benchmark": "sort"}'
    project.write("b.json", run % "one")
    project.write("n.json", run % "two")
    assert project.cli("baseline", "refresh", "b.json").code == 0
    words = ("check", "n.json", "--direction")
    assert_cannot_decide(project.cli(*words, "higher"), "n.json", "leave out --direction")
    assert project.cli(*words, "lower").code == 0


PROM = """# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.05"} %d
latency_seconds_bucket{le="0.1"} %d
latency_seconds_bucket{le="+Inf"} 100
latency_seconds_sum 5
latency_seconds_count 100
"""


@pytest.mark.parametrize(
    ("counts", "threshold", "code", "reason"),
    [
        pytest.param((10, 99), "+5%", 2, "bucket-too-wide", id="wide"),
        pytest.param((10, 99), "+200%", 0, "within-threshold", id="asked-for-no-more"),
        pytest.param((10, 20), "+200%", 2, "saturated", id="beyond-the-last"),
    ],
)
def test_a_bucket_wider_than_the_threshold_cannot_be_decided(
    project: Project, counts: tuple[int, int], threshold: str, code: int, reason: str
) -> None:
    project.write("perfgate.toml", f'[defaults]\nthreshold = "{threshold}"\n')
    project.write("then.prom", PROM % (11, 99))
    project.write("now.prom", PROM % counts)
    assert project.cli("baseline", "refresh", "--runs", "then.prom").code == 0
    outcome = project.cli("check", "now.prom", "--report", "r.json")
    assert outcome.code == code, str(outcome)
    assert reason in {f["reason"] for f in project.read_json("r.json")["findings"]}


FINE = """# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.2"} 30
wait_seconds_bucket{le="0.204"} 70
wait_seconds_bucket{le="0.4"} %d
wait_seconds_bucket{le="0.8"} %d
wait_seconds_bucket{le="1.6"} %d
wait_seconds_bucket{le="+Inf"} 100
wait_seconds_sum 21
wait_seconds_count 100
"""


@pytest.mark.parametrize(
    ("then", "now", "status", "reason"),
    [
        pytest.param((100, 100, 100), (71, 72, 73), "advisory", "saturated", id="beyond-the-last"),
        pytest.param((71, 72, 73), (71, 72, 73), "advisory", "saturated", id="beyond-the-last-on-both-sides"),
        pytest.param((71, 72, 73), (100, 100, 100), "advisory", "saturated", id="beyond-the-last-before"),
        pytest.param((100, 100, 100), (71, 72, 100), "advisory", "bucket-too-wide", id="two-buckets-on"),
        pytest.param((100, 100, 100), (71, 100, 100), "unchanged", "bucket-too-wide", id="the-next-bucket"),
        pytest.param((71, 72, 100), (100, 100, 100), "unchanged", "bucket-too-wide", id="two-buckets-back"),
    ],
)
def test_a_percentile_that_is_not_gated_says_that_its_bucket_hides_it(
    project: Project, then: tuple[int, ...], now: tuple[int, ...], status: str, reason: str
) -> None:
    project.write("then.prom", FINE % then)
    project.write("now.prom", (FINE % now).replace("sum 21", "sum 22"))
    assert project.cli("baseline", "refresh", "--runs", "then.prom").code == 0
    outcome = project.cli("check", "now.prom", "--report", "r.json")
    assert outcome.code == 0, str(outcome)
    found = {f["statistic"]: f for f in project.read_json("r.json")["findings"]}
    assert (found["p95"]["status"], found["p95"]["reason"]) == (status, reason)
    assert ("Unknown, and not gated" in outcome.stdout) == (reason == "saturated")
    assert ("Worse, but not gated" in outcome.stdout) == (status == "advisory" and reason != "saturated")


@pytest.mark.parametrize(
    ("limit", "code"),
    [("< 100ms", 0), ("< 200ms", 0), ("< 80ms", 2), ("< 50ms", 1), ("< 10ms", 1)],
)
def test_a_budget_on_buckets_is_told_from_their_bounds(project: Project, limit: str, code: int) -> None:
    budget = f'[[budget]]\nbenchmark = "*"\nmetric = "duration"\nstatistic = "p95"\nlimit = "{limit}"\n'
    project.write("perfgate.toml", f'{budget}[defaults]\nthreshold = "+200%"\n')
    project.write("then.prom", PROM % (11, 99))
    project.write("now.prom", PROM % (12, 99))
    project.cli("baseline", "refresh", "--runs", "then.prom")
    outcome = project.cli("check", "now.prom")
    assert outcome.code == code, str(outcome)


def test_the_table_of_formats_says_how_to_write_the_best_file(project: Project) -> None:
    told = project.cli("formats").stdout
    assert "pytest --benchmark-json=bench.json" in told
    named = {f["name"]: f for f in json.loads(project.cli("formats", "--json").stdout)}
    assert named["bencher-bmf"]["asked"]
    assert not named["pytest-benchmark"]["asked"]


def log_lines(count: int, milliseconds: float, failed: int) -> str:
    rows = ({"path": "/score", "took_ms": milliseconds + i % 50 / 100, "ok": i >= failed} for i in range(count))
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def test_a_short_log_beside_a_long_one_weighs_what_it_holds(project: Project) -> None:
    project.write(
        "perfgate.toml",
        '[[map]]\nname = "score"\nfiles = ["*.jsonl"]\n'
        'benchmark = "{path}"\nok = "ok"\nvalues = [{ value = "took_ms" }]\n',
    )
    day, night = log_lines(30_000, 12, 300), log_lines(700, 90, 350)
    project.write("day.jsonl", day)
    project.write("night.jsonl", night)
    apart = json.loads(project.cli("collect", "day.jsonl", "night.jsonl", "--format", "json").stdout)
    project.write("day.jsonl", day + night)
    whole = json.loads(project.cli("collect", "day.jsonl", "--format", "json").stdout)
    for document in (apart, whole):
        metrics = document["profiles"][0]["metrics"]
        assert (metrics["took"]["n"], metrics["error_rate"]["n"]) == (30_050, 30_700)
        assert list(metrics["error_rate"]["hits"].values()) == [650]
        assert metrics["took"]["p50"] == pytest.approx(0.01225, rel=1e-3)
        assert metrics["took"]["p95"] == pytest.approx(0.01248, rel=1e-3)
        assert metrics["took"]["p99"] == pytest.approx(0.09006, rel=2e-3)
    p99s = [document["profiles"][0]["metrics"]["took"]["p99"] for document in (apart, whole)]
    assert p99s[0] == p99s[1]


@pytest.mark.parametrize(("failures", "code"), [(2, 0), (3, 1)])
def test_a_budget_on_failures_fails_when_they_prove_it(project: Project, failures: int, code: int) -> None:
    project.write(
        "perfgate.toml",
        '[[map]]\nname = "score"\nfiles = ["*.jsonl"]\n'
        'benchmark = "{path}"\nok = "ok"\nvalues = [{ value = "took_ms" }]\n'
        '[[budget]]\nbenchmark = "*"\nmetric = "error_rate"\nstatistic = "p50"\nlimit = "< 1%"\n',
    )
    project.write("day.jsonl", log_lines(50, 12, failures))
    outcome = project.cli("check", "day.jsonl")
    assert outcome.code == code, str(outcome)
    assert ("it takes 3" in " ".join(outcome.stdout.split())) is (code == 0)


def test_a_folder_of_reports_is_compared_and_one_of_other_files_is_named(project: Project) -> None:
    suite = '<testsuite><testcase classname="c" name="{}" time="{}"/></testsuite>'
    for folder, factor in (("before", 1), ("after", 9)):
        for name, seconds in (("a", 0.5), ("b", 2.5)):
            project.write(f"{folder}/TEST-{name}.xml", suite.format(name, seconds * factor))
    assert project.cli("baseline", "refresh", "before").code == 0
    outcome = project.cli("check", "after")
    assert outcome.code == 1, str(outcome)
    project.write("other/notes.txt", "nothing measured\n")
    outcome = project.cli("check", "before", "other")
    assert_cannot_decide(outcome, "other: holds no .*; it holds notes.txt", r"give other/\*\.txt")


def on(day: int, commit: str, factor: float) -> Callable[[Any], object]:
    """Return a change that makes a pytest-benchmark file one of another day and commit."""

    def change(document: Any) -> None:
        times(factor)(document)
        document["datetime"] = f"2026-02-{day:02}T09:30:00+00:00"
        document["commit_info"]["id"] = commit * 40

    return change


@pytest.mark.parametrize(("last", "code"), [(1.0, 0), (4.0, 1)])
def test_a_folder_of_saved_runs_is_judged_by_the_one_measured_last(project: Project, last: float, code: int):
    given(project, PYTEST, change=on(1, "d", 1.0))
    assert project.cli("baseline", "refresh", "bench.json").code == 0
    project.path("saved").mkdir()
    for name, day, commit, factor in (("x", 5, "e", last), ("y", 3, "c", 5.0 - last), ("z", 4, "b", 1.0)):
        given(project, PYTEST, f"saved/{name}.json", on(day, commit, factor))
    outcome = project.cli("check", "saved")
    assert outcome.code == code, str(outcome)
    shown = " ".join(outcome.stdout.split())
    assert "left out: commit bbbbbbbbbbbb, cccccccccccc; judged: commit eeeeeeeeeeee" in shown
    in_ci = project.cli("check", "saved", env={"CI": "true", "GITLAB_CI": "true", "CI_JOB_ID": "7"})
    assert in_ci.code == code, str(in_ci)


def test_saved_runs_of_several_days_are_several_sessions_of_a_baseline(project: Project):
    for day in (2, 3, 4):
        given(project, PYTEST, f"{day}.json", on(day, str(day), 1.0 + day / 1000))
    assert project.cli("baseline", "refresh", "2.json", "3.json", "4.json").code == 0
    given(project, PYTEST, change=on(5, "a", 1.0))
    assert "3 sessions" in project.cli("check", "bench.json").stdout


def test_saved_runs_that_cannot_be_ordered_are_no_session(project: Project):
    given(project, PYTEST, "a.json", on(2, "a", 1.0))
    given(project, PYTEST, "b.json", on(2, "b", 1.0))
    outcome = project.cli("check", "a.json", "b.json")
    assert_cannot_decide(outcome, "2 commits", "the files of one commit")


def test_imported_files_of_several_days_stay_several_sessions(project: Project):
    given(project, PYTEST, change=on(1, "d", 1.0))
    assert project.cli("baseline", "refresh", "bench.json").code == 0
    given(project, PYTEST, "a.json", on(2, "a", 1.0))
    given(project, PYTEST, "b.json", on(3, "b", 4.0))
    ci = {"CI": "true", "GITLAB_CI": "true", "CI_JOB_ID": "7"}
    assert project.cli("import", "a.json", "b.json", "--output", "runs", env=ci).code == 0
    assert project.cli("check", "runs").code == 1


def of_machine(**changes: Any) -> Callable[[Any], object]:
    """Return a change that makes a pytest-benchmark file one of another machine."""

    def change(document: Any) -> None:
        stated = document["machine_info"]
        stated["machine"] = changes.get("machine", "x86_64")
        stated["cpu"] |= {"count": changes.get("count", 6), "brand_raw": changes.get("brand", "Some CPU @ 2.1GHz")}

    return change


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"count": 12}, 2),
        ({"machine": "arm64"}, 2),
        ({"brand": "Other"}, 2),
        ({"brand": "Some CPU 3.0GHz"}, 0),
    ],
)
def test_a_file_is_compared_with_those_of_the_same_machine(project: Project, changes: dict[str, Any], code: int):
    given(project, PYTEST, change=of_machine())
    assert project.cli("baseline", "refresh", "bench.json").code == 0
    assert [p.name for p in project.path("baselines").iterdir()] == ["linux-x64-6cpu-some"]
    given(project, PYTEST, change=lambda d: (times(1.01)(d), of_machine(**changes)(d)))
    outcome = project.cli("check", "bench.json")
    assert outcome.code == code, str(outcome)
    assert code == 0 or "machine class" in outcome.cause


def test_hosted_jobs_with_other_processors_are_one_class(project: Project):
    hosted = {"GITHUB_ACTIONS": "true", "CI": "true", "RUNNER_ENVIRONMENT": "github-hosted"}
    given(project, PYTEST, change=of_machine())
    assert project.cli("baseline", "refresh", "bench.json", env=hosted).code == 0
    given(project, PYTEST, change=lambda d: (times(1.01)(d), of_machine(brand="Other")(d)))
    assert project.cli("check", "bench.json", env=hosted).code == 0
    assert project.cli("check", "bench.json").code == 0


def test_a_baseline_that_states_no_machine_is_compared_and_refreshed(project: Project):
    given(project, PYTEST, change=lambda d: d["machine_info"].clear())
    assert project.cli("baseline", "refresh", "bench.json").code == 0
    given(project, PYTEST, change=times(4.0))
    assert project.cli("check", "bench.json").code == 1
    given(project, PYTEST, change=times(1.01))
    assert project.cli("baseline", "refresh", "bench.json").code == 0
    assert [p.name for p in project.path("baselines").iterdir()] == ["unspecified"]


@pytest.mark.parametrize("file", [PYTEST, "hyperfine/named.json", "google-benchmark/repetitions_with_aggregates.json"])
def test_benchmarks_of_a_file_are_new_beside_those_of_runs(project: Project, file: str):
    machine = {"os": "linux", "distro": "some-1", "arch": "x64", "cpus": "3"}
    project.write_runs(10, "a", session="one", environment=machine, started_at="2026-01-02T03:04:05Z")
    assert project.cli("baseline", "refresh").code == 0
    project.write_runs(10, "b", session="two", environment=machine, started_at="2026-01-03T03:04:05Z")
    given(project, file)
    outcome = project.cli("check", "outputs/model_runs", "bench.json")
    assert outcome.code == 0, str(outcome)
    assert "\nNew (" in outcome.stdout
    assert project.cli("check", "bench.json").code == 2
    assert project.cli("baseline", "refresh", "bench.json").code == 0
    assert "\nNew (" not in project.cli("check", "outputs/model_runs", "bench.json").stdout


def test_imported_files_keep_their_machine(project: Project):
    given(project, PYTEST, change=of_machine())
    assert project.cli("import", "bench.json", "--output", "runs").code == 0
    assert project.cli("baseline", "refresh", "runs").code == 0
    assert [p.name for p in project.path("baselines").iterdir()] == ["linux-x64-6cpu-some"]


def junit(project: Project, **times: float) -> None:
    cases = "".join(f'<testcase classname="k" name="{name}" time="{time:.3f}"/>' for name, time in times.items())
    project.write("tests.xml", f'<testsuite name="s">{cases}</testsuite>')


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("now", "options", "code"),
    [
        pytest.param({"a": 0.9, "b": 0.02, "c": 0.03}, (), 0, id="a-test-becomes-short"),
        pytest.param({"a": 0.9, "b": 0.14, "c": 0.099}, (), 0, id="a-short-test-stays-short"),
        pytest.param({"a": 0.9, "b": 0.14, "c": 1.7}, (), 1, id="a-short-test-becomes-long"),
        pytest.param({"a": 0.9, "b": 0.14, "c": 0.102}, (), 0, id="just-above-the-least-time"),
        pytest.param({"a": 0.9, "b": 0.14, "c": 0.45}, ("--min-time", "0.5"), 0, id="both-below-what-is-asked"),
        pytest.param({"a": 0.9, "b": 0.14, "c": 0.099}, ("--min-time", "0.02"), 1, id="less-is-asked"),
        pytest.param({"a": 0.9, "b": 0.14}, (), 2, id="a-short-test-is-gone"),
    ],
)
def test_the_least_time_is_a_property_of_both_sides(project: Project, now: dict[str, float], options, code: int):
    junit(project, a=0.9, b=0.14, c=0.03)
    assert project.cli("baseline", "refresh", "tests.xml").code == 0
    junit(project, **now)
    outcome = project.cli("check", *options, "tests.xml")
    assert outcome.code == code, str(outcome)
    assert project.cli("collect", *options, "--output", "now.json", "tests.xml").code == 0
    assert project.cli("check", "--current", "now.json").code == code
    if code != 2:
        assert project.cli("import", *options, "tests.xml", "--output", "runs").code == 0
        assert project.cli("check", "runs").code == code


def test_a_test_that_stays_short_does_not_loosen_its_baseline(project: Project):
    junit(project, a=0.9, c=0.01)
    assert project.cli("baseline", "refresh", "tests.xml").code == 0
    junit(project, a=0.9, c=0.08)
    assert project.cli("baseline", "refresh", "tests.xml").code == 0
