"""k6: three summaries that say the same in three ways, and the points behind them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cases import DATA, contents, values_of

from perfgate.core.errors import CannotDecideError
from perfgate.formats.detect import detect
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.source import Source

if TYPE_CHECKING:
    from pathlib import Path

TREND = {"avg": 5.0, "min": 1.0, "med": 4.0, "max": 9.0, "p(90)": 7.0, "p(95)": 8.0}


def write(folder: Path, content: str) -> Path:
    path = folder / "k6.json"
    path.write_text(content, encoding="utf-8")
    return path


def exported(folder: Path, **metrics: Any):
    return contents(write(folder, json.dumps({"metrics": metrics, "root_group": {"name": ""}})))


def handled(folder: Path, options: ForeignOptions | None = None, **metrics: Any):
    document = {"root_group": {"name": ""}, "metrics": metrics, "state": {"testRunDurationMs": 9.5}}
    return contents(write(folder, json.dumps(document)), options=options)


def by_name(got) -> dict[str, Any]:
    return {r.benchmark: r for r in got.records}


def test_an_export_knows_the_unit_of_k6s_own_times_alone(tmp_path):
    found = by_name(exported(tmp_path, http_req_duration=TREND, mine=TREND))
    own, custom = found["http_req_duration"], found["mine"]
    assert (own.metric, own.unit, own.better, own.payload.points[0]) == ("duration", "s", "lower", (0.5, 0.004))
    assert (custom.metric, custom.unit, custom.better, custom.payload.points[0]) == ("value", None, None, (0.5, 4.0))


def test_the_direction_of_a_custom_trend_is_the_users(tmp_path):
    trend = {"type": "trend", "contains": "default", "values": TREND}
    (record,) = handled(tmp_path, ForeignOptions(direction="higher"), rows=trend).records
    assert (record.unit, record.better) == ("1", "higher")


def test_a_custom_trend_of_times_and_one_of_bytes_have_their_units(tmp_path):
    found = by_name(
        handled(
            tmp_path,
            model={"type": "trend", "contains": "time", "values": TREND},
            size={"type": "trend", "contains": "data", "values": TREND},
        )
    )
    assert (found["model"].unit, found["model"].better) == ("s", "lower")
    assert (found["size"].unit, found["size"].better) == ("B", None)


def test_a_sub_metric_is_a_benchmark_of_its_own(tmp_path):
    found = by_name(exported(tmp_path, **{"http_req_duration": TREND, "http_req_duration{name:slow}": TREND}))
    assert found["http_req_duration{name:slow}"].unit == "s"


def test_quantiles_that_are_not_stated_are_not_made_up(tmp_path):
    stats = {"avg": 5.0, "med": 4.0, "p(90)": None, "p(99.9)": 9.0, "count": 12}
    (record,) = exported(tmp_path, http_req_duration=stats).records
    assert dict(record.payload.points) == {0.5: 0.004, 0.999: pytest.approx(0.009)}
    assert record.count == 12


def test_a_trend_of_means_alone_is_a_value(tmp_path):
    (record,) = exported(tmp_path, http_req_duration={"avg": 5.0, "min": 1.0}).records
    assert (record.payload.kind, values_of(record)) == ("value", [0.005])


def test_a_trend_that_counted_nothing_is_skipped_by_name(tmp_path):
    got = exported(tmp_path, http_req_duration=TREND, grpc_req_duration={"med": 0, "p(95)": 0, "count": 0})
    assert [(s.benchmark, s.why) for s in got.skipped] == [("grpc_req_duration", "no values")]


@pytest.mark.parametrize("shape", ["exported", "handled"])
def test_passes_of_http_req_failed_are_the_failed_requests(tmp_path, shape):
    if shape == "exported":
        got = exported(tmp_path, http_req_duration=TREND, http_req_failed={"passes": 30, "fails": 90, "value": 0.25})
    else:
        failed = {"type": "rate", "contains": "default", "values": {"passes": 30, "fails": 90, "rate": 0.25}}
        trend = {"type": "trend", "contains": "time", "values": TREND}
        got = handled(tmp_path, http_req_duration=trend, http_req_failed=failed)
    found = by_name(got)
    assert (found["http_req_failed"].metric, values_of(found["http_req_failed"])) == ("error_rate", [0.25])
    assert found["http_req_failed"].count == 120
    assert found["http_req_duration"].flags == ("failures-mixed",)


def test_times_of_expected_answers_alone_hold_no_failures(tmp_path):
    name = "http_req_duration{expected_response:true}"
    failed = {"passes": 30, "fails": 90, "value": 0.25}
    found = by_name(
        exported(tmp_path, **{name: TREND, "http_reqs": {"count": 120, "rate": 9.5}}, http_req_failed=failed)
    )
    assert found[name].flags == ()
    assert found["http_reqs"].flags == ("failures-mixed",)


def test_when_every_request_failed_no_time_looks_like_a_gain(tmp_path):
    failed = {"passes": 120, "fails": 0, "value": 1}
    rate = {"count": 120, "rate": 900.0}
    got = exported(tmp_path, http_req_duration=TREND, iteration_duration=TREND, http_reqs=rate, http_req_failed=failed)
    assert {r.benchmark for r in got.records} == {"http_req_failed"}
    assert {s.benchmark for s in got.skipped} == {"http_req_duration", "iteration_duration", "http_reqs"}


def test_a_share_of_no_requests_is_skipped(tmp_path):
    got = exported(tmp_path, iteration_duration=TREND, http_req_failed={"passes": 0, "fails": 0, "value": 0})
    assert [s.benchmark for s in got.skipped] == ["http_req_failed"]


def test_a_crossed_threshold_in_an_export_does_not_spoil_the_metric(tmp_path):
    trend = TREND | {"thresholds": {"p(95)<200": True}}
    assert exported(tmp_path, http_req_duration=trend).records[0].payload.points[-1][0] == 0.95


def test_gauges_and_counters_are_no_benchmarks(tmp_path):
    got = exported(
        tmp_path, http_req_duration=TREND, vus={"value": 2, "min": 2, "max": 2}, data_sent={"count": 9, "rate": 1}
    )
    assert {r.benchmark for r in got.records} == {"http_req_duration"}


@pytest.mark.parametrize("file", ["summary_export.json", "handle_summary.json", "points.ndjson"])
def test_parts_of_a_request_are_listed_and_never_judged(file):
    side = {r.benchmark for r in contents(DATA / "k6" / file).records if r.is_side}
    assert side == {f"http_req_{part}" for part in ("blocked", "connecting", "receiving", "sending", "tls_handshaking")}


@pytest.mark.slow
def test_a_summary_with_a_long_script_in_front_is_known(tmp_path):
    document = json.loads((DATA / "k6/machine_readable_v2.json").read_text())
    document["config"]["script"] = 'const a = {"b": [1]};\n' * 10_000
    path = write(tmp_path, json.dumps({"config": {"execution": "local"} | document["config"]} | document))
    assert contents(path).format.name == "k6-summary"


def line(name: str, value: object, **tags: str) -> str:
    point = {"time": "2026-11-21T00:54:58.196718726Z", "value": value, "tags": tags}
    return json.dumps({"metric": name, "type": "Point", "data": point})


def points(folder: Path, *lines: str, options: ForeignOptions | None = None):
    return contents(write(folder, "\n".join(lines)), options=options)


def test_points_of_failed_requests_are_left_out_and_their_share_is_told(tmp_path):
    got = points(
        tmp_path,
        line("http_req_duration", 50.0, expected_response="true"),
        line("http_req_failed", 0, expected_response="true"),
        line("http_req_duration", 1.0, expected_response="false"),
        line("http_req_failed", 1, expected_response="false"),
    )
    found = by_name(got)
    assert list(values_of(found["http_req_duration"])) == [0.05]
    assert (found["http_req_failed"].metric, values_of(found["http_req_failed"])) == ("error_rate", [0.5])


def test_points_of_failed_requests_alone_are_skipped_by_name(tmp_path):
    got = points(
        tmp_path,
        line("iteration_duration", 3.0),
        line("http_req_duration", 1.0, expected_response="false"),
        line("http_req_failed", 1, expected_response="false"),
    )
    assert [(s.benchmark, s.why) for s in got.skipped] == [("http_req_duration", "every request failed")]


def test_broken_points_are_counted_and_the_first_is_named(tmp_path):
    lines = [line("http_req_duration", 5.0)] * 300
    lines[17] = lines[17][:40]
    lines[20] = line("http_req_duration", "NaN")
    got = points(tmp_path, *lines)
    assert got.records[0].count == 298
    assert [s.why for s in got.skipped] == ["2 of 300 lines are no points; the first is line 18"]


def test_too_many_broken_points_are_an_error_at_the_tolerance_that_was_set(tmp_path):
    lines = [*[line("http_req_duration", 5.0)] * 9, "{"]
    with pytest.raises(CannotDecideError, match="1 of 10 lines"):
        points(tmp_path, *lines)
    assert points(tmp_path, *lines, options=ForeignOptions(tolerance=0.1)).records[0].count == 9


def test_the_csv_of_points_names_the_better_output(tmp_path):
    with pytest.raises(CannotDecideError) as caught:
        detect(Source(str(write(tmp_path, "metric_name,timestamp,metric_value,check,error\n"))))
    assert "--out json=" in caught.value.diagnostics[0].hint


@pytest.mark.parametrize(
    ("facts", "rate"),
    [
        pytest.param({"passes": 30, "fails": 90, "value": 0.0}, 0.25, id="counts-win"),
        pytest.param({"passes": -5, "fails": 15, "value": 0.5}, None, id="negative"),
        pytest.param({"passes": 1e308, "fails": 1e308, "value": 0.5}, None, id="beyond-counting"),
        pytest.param({"passes": 0.5, "fails": 1, "value": 0.5}, None, id="halves"),
        pytest.param({"value": 0.125}, 0.125, id="no-counts"),
    ],
)
def test_the_counts_of_failed_requests_decide_and_what_cannot_be_is_left_out(tmp_path, facts, rate):
    path = tmp_path / "summary.json"
    trend = {"avg": 1, "med": 1, "p(95)": 2, "min": 1, "max": 2, "p(90)": 2}
    path.write_text(json.dumps({"root_group": {}, "metrics": {"http_req_duration": trend, "http_req_failed": facts}}))
    found = [r.payload.value for r in contents(path).records if r.metric == "error_rate"]
    assert found == ([] if rate is None else [rate])
