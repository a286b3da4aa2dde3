"""Pages, memory, processes and models: what failed is no measurement, and what is not stated is not made up."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from cases import DATA, contents, values_of

from perfgate.core.errors import CannotDecideError
from perfgate.formats.options import ForeignOptions

if TYPE_CHECKING:
    from pathlib import Path

RUN = """{died}\tCommand being timed: "{command}"
\tUser time (seconds): 0.09
\tSystem time (seconds): 0.06
\tElapsed (wall clock) time (h:mm:ss or m:ss): {elapsed}
\tMaximum resident set size (kbytes): 1000
\tExit status: {status}
"""


def run(*, died: str = "", command: str = "train", elapsed: str = "0:00.16", status: int = 0) -> str:
    return RUN.format(died=died, command=command, elapsed=elapsed, status=status)


def write(folder: Path, content: object, name: str = "given.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def by_metric(got) -> dict[str, Any]:
    return {r.metric: r for r in got.records}


def lhr(**facts: Any) -> dict[str, Any]:
    audits = {
        "speed-index": {"numericValue": 120, "numericUnit": "millisecond"},
        "network-rtt": {"numericValue": 0.5, "numericUnit": "millisecond"},
        "viewport": {"score": 1},
    }
    settings = {"formFactor": "mobile", "throttlingMethod": "simulate"}
    return {
        "lighthouseVersion": "12.8.2", "requestedUrl": "http://ci:1@127.0.0.1:8080/a?b=c", "audits": audits,
        "configSettings": settings, "categories": {"performance": {"score": 0.98}},
    } | facts  # fmt: skip


def test_a_page_is_named_by_its_path_without_host_and_password(tmp_path):
    got = contents(write(tmp_path, lhr()))
    assert {r.benchmark for r in got.records} == {"/a?b=c"}


def test_audits_that_only_inform_are_listed_and_not_judged(tmp_path):
    found = by_metric(contents(write(tmp_path, lhr())))
    assert {name for name, r in found.items() if r.is_side} == {"network-rtt"}
    assert (found["performance_score"].better, values_of(found["performance_score"])) == ("higher", [0.98])


def test_a_page_that_did_not_load_is_skipped_by_name(tmp_path):
    shutil.copy(write(tmp_path, lhr()), tmp_path / "lhr-1.json")
    write(tmp_path, lhr(requestedUrl="http://x/b", runtimeError={"code": "NO_FCP"}), "lhr-2.json")
    got = contents(tmp_path)
    assert {r.count for r in got.records} == {1}
    assert [(s.benchmark, s.why) for s in got.skipped] == [("lhr-2: /b", "the page did not load: NO_FCP")]


def test_reports_of_a_phone_and_of_a_desktop_are_two_benchmarks(tmp_path):
    write(tmp_path, lhr(), "lhr-1.json")
    write(tmp_path, lhr(configSettings={"formFactor": "desktop", "throttlingMethod": "simulate"}), "lhr-2.json")
    got = contents(tmp_path)
    assert {(r.benchmark, r.count) for r in got.records} == {("/a?b=c", 1), ("/a?b=c#2", 1)}


def test_each_step_of_a_flow_is_a_benchmark(tmp_path):
    visit = lhr(requestedUrl="http://localhost:8080/shop", gatherMode="navigation")
    faster = {"speed-index": {"numericValue": 40, "numericUnit": "millisecond"}}
    steps: list[Any] = [
        {"name": "Cold", "lhr": visit},
        {"name": "Warm", "lhr": visit | {"audits": faster}},
        {"name": "Scroll", "lhr": {**visit, "requestedUrl": None, "finalDisplayedUrl": "http://localhost:8080/shop",
                                   "gatherMode": "timespan", "categories": {}}},
        {"name": "Look", "lhr": {**visit, "gatherMode": "snapshot", "audits": {}, "categories": {}}},
        {"name": "Broken", "lhr": None},
    ]  # fmt: skip
    got = contents(write(tmp_path, {"steps": steps, "name": "Buy"}))
    found = {r.benchmark: values_of(r) for r in got.records if r.metric == "speed-index"}
    assert found == {"/shop": [0.12], "/shop#2": [0.04], "/shop (timespan)": [0.12]}
    assert {(s.benchmark, s.why) for s in got.skipped} == {
        ("/shop (snapshot)", "it holds no numbers"),
        ("Broken", "it holds no numbers"),
    }


@pytest.mark.parametrize("broken", [0, 1, 2])
@pytest.mark.parametrize("how", ["error", "empty", "no report", "null"])
def test_a_step_of_a_flow_that_fails_leaves_the_others_their_names(tmp_path, broken, how):
    def visit(ms):
        audits = {"speed-index": {"numericValue": ms, "numericUnit": "millisecond"}}
        report = lhr(requestedUrl="http://localhost:8080/pay", gatherMode="navigation") | {"audits": audits}
        return {"name": "Navigation report (localhost:8080/pay)", "lhr": report}

    steps = [visit(ms) for ms in (10, 20, 30)]
    names = ["/pay", "/pay#2", "/pay#3"]
    whole = contents(write(tmp_path, {"steps": steps, "name": "Pay"}))
    assert {r.benchmark for r in whole.records} == set(names)
    report = steps[broken]["lhr"]
    failed = {
        "error": report | {"runtimeError": {"code": "NO_FCP"}},
        "empty": report | {"audits": {}, "categories": {}, "configSettings": {}},
        "no report": {},
        "null": None,
    }
    steps[broken]["lhr"] = failed[how]
    got = contents(write(tmp_path, {"steps": steps, "name": "Pay"}))
    found = {r.benchmark: values_of(r) for r in got.records if r.metric == "speed-index"}
    assert found == {n: [v] for n, v in zip(names, (0.01, 0.02, 0.03), strict=True) if n != names[broken]}
    assert [s.benchmark for s in got.skipped] == [names[broken]]


def test_runs_that_were_appended_are_samples_of_one_command(tmp_path):
    got = by_metric(contents(write(tmp_path, run() + run(elapsed="1:02:03") + run(elapsed="2:03.50"))))
    assert values_of(got["time"]) == pytest.approx([0.16, 3723.0, 123.5])
    assert values_of(got["max_rss"]) == [1024000.0] * 3


@pytest.mark.parametrize(
    "failed",
    [
        {"status": 1, "died": "Command exited with non-zero status 1\n"},
        {"status": 0, "died": "Command terminated by signal 9\n"},
        {"status": 3},
    ],
    ids=["status", "signal", "quiet"],
)
def test_a_run_that_failed_is_left_out_and_counted(tmp_path, failed):
    got = by_metric(contents(write(tmp_path, run() + run(elapsed="0:00.01", **failed) + run())))
    assert values_of(got["time"]) == [0.16, 0.16]
    assert values_of(got["error_rate"]) == pytest.approx([1 / 3])


def test_of_a_command_that_only_failed_the_error_rate_is_kept(tmp_path):
    got = contents(write(tmp_path, run() + run(command="serve", status=1)))
    assert [(r.metric, values_of(r)) for r in got.records if r.benchmark == "serve"] == [("error_rate", [1.0])]
    assert [(s.benchmark, s.metric) for s in got.skipped] == [("serve", "time")]


def test_a_command_may_hold_quotes_and_ends_of_lines(tmp_path):
    got = contents(write(tmp_path, run(command='sh -c "\n  echo a\n"')))
    assert {r.benchmark for r in got.records} == {'sh -c "\n  echo a\n"'}


def test_a_run_that_is_cut_off_is_an_error(tmp_path):
    with pytest.raises(CannotDecideError, match="a run is cut off"):
        contents(write(tmp_path, run() + run()[:-20]))
    with pytest.raises(CannotDecideError, match="a run is cut off"):
        contents(write(tmp_path, 'Command being timed: "a\n' + "b\n" * 5000))


def vitest(**facts: Any) -> dict[str, Any]:
    entry = {"name": "sort", "sampleCount": 40, "median": 0.5, "p75": 0.6, "p99": 0.9, "samples": []} | facts
    return {"files": [{"filepath": "/a/b.bench.js", "groups": [{"fullName": "b.bench.js", "benchmarks": [entry]}]}]}


def test_vitest_has_no_p95_and_none_is_made_up(tmp_path):
    (record,) = contents(write(tmp_path, vitest())).records
    assert dict(record.payload.points) == pytest.approx({0.5: 0.0005, 0.75: 0.0006, 0.99: 0.0009})
    assert record.benchmark == "b.bench.js > sort"


@pytest.mark.parametrize("facts", [{"sampleCount": 0}, {"median": None, "p75": None, "p99": None}], ids=str)
def test_a_vitest_benchmark_that_threw_is_skipped_by_name(tmp_path, facts):
    with pytest.raises(CannotDecideError, match=r"b\.bench\.js > sort"):
        contents(write(tmp_path, vitest(**facts)))


def test_allocations_are_those_that_were_made_not_those_that_were_freed_too():
    assert values_of(by_metric(contents(DATA / "memray/score_job.json"))["allocations"]) == [140.0]


def test_a_missing_peak_is_skipped_and_the_rest_read(tmp_path):
    got = contents(write(tmp_path, {"total_num_allocations": 3, "total_bytes_allocated": 9}))
    assert {r.metric for r in got.records} == {"allocations", "total_bytes_allocated"}
    assert [(s.benchmark, s.metric) for s in got.skipped] == [("given", "peak_memory")]


def test_metrics_of_a_task_keep_their_filter_and_their_direction(tmp_path):
    reported = {
        "exact_match,strict-match": 0.5,
        "exact_match_stderr,strict-match": 0.1,
        "bits,none": 2.0,
        "x,none": 1,
        "y": 7,
    }
    ways = {"t": {"exact_match": True, "bits": False}}
    document = {"results": {"t": reported}, "configs": {}, "higher_is_better": ways, "git_hash": "a1b2c3"}
    records = contents(write(tmp_path, document), options=ForeignOptions()).records
    assert {(r.metric, r.better) for r in records} == {
        ("exact_match,strict-match", "higher"),
        ("bits", "lower"),
        ("x", None),
    }
    assert {r.commit for r in records} == {"a1b2c3"}


def test_raw_times_of_vllm_are_seconds_and_those_of_failed_requests_left_out(tmp_path):
    document = {
        "model_id": "m", "completed": 2, "failed": 1, "request_throughput": 1.5, "median_ttft_ms": 60.0,
        "ttfts": [0.05, 0.0, 0.07], "itls": [[0.01, 0.02], [], [0.03]], "errors": ["", "refused", ""],
        "median_tpot_ms": 11.0, "p99_tpot_ms": 12.0, "p99.9_tpot_ms": 13.0,
    }  # fmt: skip
    found = by_metric(contents(write(tmp_path, document)))
    assert list(values_of(found["ttft"])) == [0.05, 0.07]
    assert list(values_of(found["itl"])) == [0.01, 0.02, 0.03]
    assert dict(found["tpot"].payload.points) == pytest.approx({0.5: 0.011, 0.99: 0.012, 0.999: 0.013})
    assert values_of(found["error_rate"]) == pytest.approx([1 / 3])


def test_of_a_model_that_answered_nothing_the_error_rate_is_kept(tmp_path):
    got = contents(write(tmp_path, {"model_id": "m", "completed": 0, "failed": 9, "request_throughput": 0.0}))
    assert [(r.benchmark, r.metric, values_of(r), r.count) for r in got.records] == [("m", "error_rate", [1.0], 9)]
    assert [s.why for s in got.skipped] == ["no request was completed"]


def test_a_model_that_was_asked_nothing_is_skipped_by_name(tmp_path):
    with pytest.raises(CannotDecideError, match='"m" \\(no request was completed\\)'):
        contents(write(tmp_path, {"model_id": "m", "completed": 0, "request_throughput": 0.0}))


def lm_eval(**facts: Any) -> dict[str, Any]:
    results = {task: {"alias": task, "em,none": 0.5, "ppl,none": 7.5, "ppl_stderr,none": 1} for task in ("t", "u", "g")}
    return {"results": results, "configs": {}, "n-shot": {}} | facts


def test_the_number_of_examples_of_a_task_is_its_workload(tmp_path):
    facts = {"n-samples": {"t": {"original": 900, "effective": 30}}, "higher_is_better": {"t": {"em": True}}}
    rows = {r.benchmark: r.rows for r in contents(write(tmp_path, lm_eval(**facts))).records}
    assert rows == {"t": 30, "u": 0, "g": 0}


def configured(**ways: bool | None) -> dict[str, Any]:
    listed = [{"metric": m} | ({} if way is None else {"higher_is_better": way}) for m, way in ways.items()]
    return {"metric_list": [*listed, "odd", {"metric": None}]}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param({"configs": {"t": configured(em=True, ppl=False)}}, {"t": ("higher", "lower")}, id="its-own"),
        pytest.param({"configs": {"t": configured(em=None)}}, {}, id="not-stated"),
        pytest.param({"higher_is_better": {"t": {"em": False}}, "configs": {"t": configured(em=True)}},
                     {"t": ("lower", None)}, id="the-table-first"),
        pytest.param({"configs": {"t": configured(em=True), "u": configured(em=True)},
                      "group_subtasks": {"g": ["h"], "h": ["t", "u", "g", 1]}},
                     {"t": ("higher", None), "u": ("higher", None), "g": ("higher", None)}, id="a-group"),
        pytest.param({"configs": {"t": configured(em=True), "u": configured(em=False)},
                      "group_subtasks": {"g": ["t", "u"]}},
                     {"t": ("higher", None), "u": ("lower", None)}, id="a-group-that-disagrees"),
    ],
)  # fmt: skip
def test_the_direction_of_a_metric_is_read_from_the_configuration_of_its_task(tmp_path, facts, expected):
    found = {(r.benchmark, r.metric): r.better for r in contents(write(tmp_path, lm_eval(**facts))).records}
    wanted = {(t, m): expected.get(t, (None, None))[i] for t in ("t", "u", "g") for i, m in enumerate(("em", "ppl"))}
    assert found == wanted


def test_an_error_rate_of_nothing_failed_is_there_to_compare_with(tmp_path):
    timed = by_metric(contents(write(tmp_path, run() * 4)))["error_rate"]
    served = {"model_id": "m", "completed": 7, "failed": 0, "request_throughput": 2.0}
    answered = by_metric(contents(write(tmp_path, served)))["error_rate"]
    assert [(r.payload.hits, r.payload.of, r.is_derived) for r in (timed, answered)] == [(0, 4, True), (0, 7, True)]


def test_a_load_that_failed_does_not_take_the_name_of_the_page(tmp_path):
    for i in range(4):
        write(tmp_path, lhr(**({"runtimeError": {"code": "NO_FCP"}} if i == 0 else {})), f"lhr-{i}.json")
    got = contents(tmp_path)
    assert {(r.benchmark, r.count) for r in got.records} == {("/a?b=c", 3)}
    assert [s.benchmark for s in got.skipped] == ["lhr-0: /a?b=c"]
