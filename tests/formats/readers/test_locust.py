"""locust: counts by millisecond become requests, the CSV is a snapshot, and failures never help."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cases import DATA, contents, values_of

from perfgate.core.errors import CannotDecideError
from perfgate.formats.detect import detect
from perfgate.formats.parsing.source import Source

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,"
    "Max Response Time,Average Content Size,Requests/s,Failures/s,50%,95%,100%"
)


def endpoint(**facts: Any) -> dict[str, Any]:
    return {
        "name": "/a", "method": "GET", "start_time": 1795221366.9, "num_requests": 3, "num_failures": 0,
        "response_times": {"120": 1, "2": 2},
    } | facts  # fmt: skip


def write(folder: Path, content: str) -> Path:
    path = folder / "stats.txt"
    path.write_text(content, encoding="utf-8")
    return path


def read(folder: Path, *entries: dict[str, Any]):
    return contents(write(folder, json.dumps(entries, indent=4)))


def test_counts_by_millisecond_become_single_requests_in_seconds(tmp_path):
    times, errors = read(tmp_path, endpoint()).records
    assert list(values_of(times)) == pytest.approx([0.002, 0.002, 0.12])
    assert (times.payload.kind, times.count, times.is_mean, times.flags) == ("samples", 3, False, ("rounded",))
    assert times.started_at == "2026-11-21T00:36:06Z"
    assert (errors.metric, values_of(errors), errors.count) == ("error_rate", [0.0], 3)


def test_throughput_counts_the_requests_that_did_not_fail(tmp_path):
    facts = {"start_time": 100.0, "last_request_timestamp": 104.0, "num_requests": 500, "num_failures": 100}
    (found,) = [r for r in read(tmp_path, endpoint(**facts)).records if r.metric == "throughput"]
    assert (values_of(found), found.unit, found.better) == ([100.0], "1/s", "higher")


@pytest.mark.parametrize("begun", [0, 0.0, -5.0])
def test_a_start_at_zero_is_no_time_to_count_a_throughput_from(tmp_path, begun):
    records = read(tmp_path, endpoint(start_time=begun, last_request_timestamp=1795221370.0)).records
    assert {r.metric for r in records} == {"response_time", "error_rate"}


@pytest.mark.parametrize("ended", [None, 1795221366.9, 0.0, "soon"])
def test_without_the_time_of_the_last_request_there_is_no_throughput(tmp_path, ended):
    records = read(tmp_path, endpoint(last_request_timestamp=ended)).records
    assert {r.metric for r in records} == {"response_time", "error_rate"}


@pytest.mark.parametrize("key", ["2", "2.0"])
def test_a_key_with_a_decimal_point_as_older_versions_write_it_is_the_same_time(tmp_path, key):
    assert values_of(read(tmp_path, endpoint(response_times={key: 1})).records[0])[0] == pytest.approx(0.002)


def test_failures_among_the_times_are_flagged_and_told_as_a_rate(tmp_path):
    times, errors = read(tmp_path, endpoint(num_failures=1)).records
    assert "failures-mixed" in times.flags
    assert values_of(errors)[0] == pytest.approx(1 / 3)


def test_of_an_endpoint_that_only_failed_the_error_rate_is_kept(tmp_path):
    got = read(tmp_path, endpoint(), endpoint(name="/b", num_failures=3))
    assert [(r.metric, values_of(r), r.count) for r in got.records if r.benchmark == "GET /b"] == [
        ("error_rate", [1.0], 3)
    ]
    assert [(s.benchmark, s.metric) for s in got.skipped] == [("GET /b", "response_time")]


@pytest.mark.parametrize(
    "facts",
    [
        {"num_requests": 0},
        {"num_failures": 4},
        {"num_failures": -1},
        {"response_times": {"2": 1.5}},
        {"response_times": {"2": -1}},
        {"response_times": {"-2": 1}},
        {"response_times": {"N/A": 1}},
        {"response_times": {}},
        {"response_times": None},
    ],
    ids=str,
)
def test_an_endpoint_whose_numbers_cannot_be_gives_no_times(tmp_path, facts):
    got = read(tmp_path, endpoint(), endpoint(name="/b", **facts))
    assert not [r for r in got.records if r.benchmark == "GET /b" and r.metric == "response_time"]
    assert [s for s in got.skipped if s.benchmark == "GET /b"]


def test_the_sum_of_all_endpoints_is_left_out(tmp_path):
    got = read(tmp_path, endpoint(), endpoint(name="Aggregated", method=""))
    assert {r.benchmark for r in got.records} == {"GET /a"}


def test_an_endpoint_of_that_name_is_no_sum(tmp_path):
    assert read(tmp_path, endpoint(name="Aggregated")).records[0].benchmark == "GET Aggregated"


@pytest.mark.parametrize("method", ["", None, "None"])
def test_an_endpoint_without_a_method_is_named_alone(tmp_path, method):
    assert read(tmp_path, endpoint(method=method)).records[0].benchmark == "/a"


def test_a_million_millions_of_requests_are_thinned_by_rank_and_not_held(tmp_path):
    record = read(tmp_path, endpoint(num_requests=10**12, response_times={"1": 9 * 10**11, "7": 10**11})).records[0]
    assert record.count == 10**12
    assert len(values_of(record)) == 1_000_000
    assert sum(v > 0.005 for v in values_of(record)) == 100_000


@pytest.mark.parametrize(
    "log",
    ["[2026-11-21 00:36:06,941] ci-runner/INFO/locust.main: Starting Locust 2.47.0\n", 'it\'s "warm" [now\n'],
    ids=["locust's", "the user's"],
)
def test_lines_of_log_around_the_array_are_passed_over(tmp_path, log):
    path = write(tmp_path, f"{log}{json.dumps([endpoint()], indent=4)}\n{log}")
    assert contents(path).records[0].count == 3


TABLE = """Type     Name                          # reqs      # fails |    Avg     Min     Max    Med |   req/s
--------|----------------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
GET      /a                                 3     0(0.00%) |      2       2     120      2 |    1.00        0.00
"""


def test_tables_in_front_of_the_array_are_passed_over_however_long_they_are(tmp_path):
    path = write(tmp_path, f"{TABLE * 300}{json.dumps([endpoint()], indent=4)}\n")
    assert contents(path).records[0].count == 3


def test_tables_alone_name_the_option_to_give(tmp_path):
    with pytest.raises(CannotDecideError) as caught:
        contents(write(tmp_path, TABLE))
    assert "--skip-log-setup --json" in caught.value.diagnostics[0].hint


def test_two_runs_in_one_file_are_an_error(tmp_path):
    array = json.dumps([endpoint()], indent=4)
    with pytest.raises(CannotDecideError, match="statistics of 2 runs"):
        contents(write(tmp_path, f"{array}\n{array}\n"))


def test_a_file_that_is_cut_off_is_an_error_and_says_so(tmp_path):
    path = write(tmp_path, json.dumps([endpoint()], indent=4)[:-20])
    with pytest.raises(CannotDecideError) as caught:
        contents(path)
    assert "cut off" in caught.value.diagnostics[0].hint


def test_an_empty_array_holds_nothing_that_was_measured(tmp_path):
    with pytest.raises(CannotDecideError, match="nothing that was measured"):
        contents(write(tmp_path, "[]"), given="locust-json")


def test_the_csv_is_told_to_be_a_snapshot():
    assert all({"rounded", "snapshot"} <= set(r.flags) for r in contents(DATA / "locust/run_stats.csv").records)


def test_the_csv_of_a_failing_endpoint_flags_its_times_and_tells_the_rate(tmp_path):
    got = contents(write(tmp_path, f"{HEADER}\nGET,/a,4,1,2,2.0,1,9,2.0,7.5,1.8,2,9,9\n"))
    times, throughput, errors = got.records
    assert dict(times.payload.points) == pytest.approx({0.5: 0.002, 0.95: 0.009, 1.0: 0.009})
    assert {flag for r in (times, throughput) for flag in r.flags} == {"failures-mixed", "rounded", "snapshot"}
    assert (values_of(throughput), throughput.better, values_of(errors)) == ([7.5], "higher", [0.25])


def test_a_csv_row_without_requests_is_skipped_and_one_with_failures_alone_keeps_its_error_rate(tmp_path):
    rows = "GET,/a,4,0,2,2.0,1,9,2.0,7.5,0,2,9,9\nGET,/b,0,0,0,0,0,0,0,0.0,0.0,N/A,N/A,N/A\n"
    rows += "GET,/c,2,2,1,1,1,1,1,9,9,1,1,1\n"
    got = contents(write(tmp_path, f"{HEADER}\n{rows},Aggregated,6,2,2,2.0,1,9,2.0,7.5,1.8,2,9,9\n"))
    assert [(r.metric, values_of(r)) for r in got.records if r.benchmark != "GET /a"] == [("error_rate", [1.0])]
    assert [(s.benchmark, s.why) for s in got.skipped] == [
        ("GET /b", "no requests"),
        ("GET /c", "every request failed"),
    ]


def test_a_csv_without_percentiles_gives_the_median_and_no_p95(tmp_path):
    header = HEADER.removesuffix(",50%,95%,100%")
    got = contents(write(tmp_path, f'{header}\nPOST,"/a, ""b""",4,0,2,2.0,1,9,2.0,7.5,0\n'))
    assert got.records[0].benchmark == 'POST /a, "b"'
    assert got.records[0].payload.points == ((0.5, 0.002),)


def test_the_csv_of_exceptions_names_the_file_to_give(tmp_path):
    with pytest.raises(CannotDecideError) as caught:
        detect(Source(str(write(tmp_path, "Count,Message,Traceback,Nodes\n"))))
    assert "PREFIX_stats.csv" in caught.value.diagnostics[0].hint
