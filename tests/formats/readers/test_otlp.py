"""OpenTelemetry's JSON lines: every trap of spans and metrics."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cases import values_of

from perfgate.core.errors import CannotDecideError
from perfgate.formats.contents import Contents, read
from perfgate.formats.detect import detect, named
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.record import Record, Skipped, describe
from perfgate.formats.parsing.source import LONGEST_LINE, Source

SECOND = 10**9
START = 1_795_221_846 * SECOND


def span(name: str = "tick", *, took: int = SECOND, **more: Any) -> dict[str, Any]:
    return {"name": name, "startTimeUnixNano": str(START), "endTimeUnixNano": str(START + took), **more}


def spans(*found: dict[str, Any], scope: str = "app", service: str = "shop", version: str = "") -> dict[str, Any]:
    facts = {"service.name": service} | ({"service.version": version} if version else {})
    attributes = [{"key": k, "value": {"stringValue": v}} for k, v in facts.items()]
    scoped = [{"scope": {"name": scope}, "spans": list(found)}]
    return {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": scoped}]}


def metrics(name: str, kind: str, *points: dict[str, Any], unit: str = "s", **more: Any) -> dict[str, Any]:
    metric = {"name": name, "unit": unit, kind: {"dataPoints": list(points), **more}}
    return {"resourceMetrics": [{"scopeMetrics": [{"scope": {"name": "app"}, "metrics": [metric]}]}]}


def buckets(*counts: int, start: int = START, until: int = START + SECOND, **more: Any) -> dict[str, Any]:
    return {
        "startTimeUnixNano": str(start), "timeUnixNano": str(until), "count": str(sum(counts)), "sum": 1.0,
        "bucketCounts": [str(c) for c in counts], "explicitBounds": [0.1, 0.2][: len(counts) - 1], **more,
    }  # fmt: skip


def to_number(*batches: Any, options: ForeignOptions | None = None) -> Contents:
    lines = [b if isinstance(b, str) else json.dumps(b) for b in batches]
    source = Source("run.jsonl", content="\n".join(lines).encode())
    return read(source, named("otlp-json"), options or ForeignOptions())


def only(contents: Contents, metric: str = "duration") -> Record:
    [found] = [r for r in contents.records if r.metric == metric]
    return found


def test_nanoseconds_as_text_keep_all_their_digits() -> None:
    assert values_of(only(to_number(spans(span(took=1)))))[0] == 1e-9


def test_numbers_in_place_of_text_are_read_too() -> None:
    record = only(to_number(spans({"name": "a", "startTimeUnixNano": START, "endTimeUnixNano": START + 5})))
    assert values_of(record)[0] == 5e-9


def test_batches_come_together_by_name() -> None:
    record = only(to_number(spans(span(took=1)), "", spans(span(took=2), span(took=3))))
    assert (list(values_of(record)), record.count, record.is_mean) == ([1e-9, 2e-9, 3e-9], 3, False)


@pytest.mark.parametrize("code", [2, "2", "STATUS_CODE_ERROR"])
def test_a_failed_span_is_left_out_of_the_durations_and_counted(code: object) -> None:
    found = to_number(spans(span(took=SECOND), span(took=1, status={"code": code}), span(status={"code": 1})))
    assert list(values_of(only(found))) == [1.0, 1.0]
    assert values_of(only(found, "error_rate")) == [1 / 3]
    assert only(found, "error_rate").count == 3


def test_the_error_rate_is_there_before_anything_fails() -> None:
    assert values_of(only(to_number(spans(span())), "error_rate")) == [0.0]


def test_of_a_span_that_only_failed_the_error_rate_is_kept() -> None:
    found = to_number(spans(span("good"), span("bad", status={"code": 2})))
    assert found.skipped == (Skipped(benchmark="bad", metric="duration", why="every call failed"),)
    (rate,) = (r for r in found.records if r.benchmark == "bad")
    assert (rate.metric, values_of(rate), rate.count) == ("error_rate", [1.0], 1)


@pytest.mark.parametrize("end", [None, "0", str(START - 1), "soon", True, 1e30])
def test_a_span_without_an_end_is_no_call(end: object) -> None:
    found = to_number(spans(span(), span(endTimeUnixNano=end)))
    assert (only(found).count, only(found).flags) == (1, ("unfinished",))


def test_spans_without_an_end_are_counted() -> None:
    open_ones = [span(endTimeUnixNano=None) for _ in range(7)]
    found = to_number(spans(span(), span(), *open_ones, span("done")))
    assert [(s.metric, s.why) for s in found.skipped] == [("spans", "7 of 9 have no end")]
    found = to_number(spans(span("done"), *open_ones))
    assert [s.why for s in found.skipped] == ["no span that ended, of 7"]


def test_a_span_that_takes_no_time_is_a_call() -> None:
    assert list(values_of(only(to_number(spans(span(took=0)))))) == [0.0]


def test_a_name_in_two_scopes_is_two_benchmarks() -> None:
    found = to_number(spans(span(took=1), scope="a"), spans(span(took=2), scope="b"), spans(span(took=3), scope="a"))
    reported = {r.benchmark: list(values_of(r)) for r in found.records if r.metric == "duration"}
    assert reported == {"tick": [1e-9, 3e-9], "tick#2": [2e-9]}


def test_a_name_in_two_services_is_two_benchmarks() -> None:
    found = to_number(spans(span()), spans(span(), service="stock"))
    assert {r.benchmark for r in found.records} == {"tick", "tick#2"}


def test_the_version_of_the_service_is_the_commit_and_the_first_start_the_time() -> None:
    record = only(to_number(spans(span(), version="1.4.0")))
    assert (record.commit, record.started_at) == ("1.4.0", "2026-11-21T00:44:06Z")


def test_a_document_over_many_lines_is_read() -> None:
    text = json.dumps(spans(span()), indent=2)
    assert only(to_number(*text.split("\n"))).count == 1


def test_a_batch_may_be_longer_than_a_line_of_a_log() -> None:
    batch = spans(*[span(took=i, padding="x" * 200) for i in range(5000)])
    assert len(json.dumps(batch)) > LONGEST_LINE
    assert only(to_number(batch)).count == 5000


def test_too_many_broken_lines_are_refused_and_the_first_is_named() -> None:
    with pytest.raises(CannotDecideError, match=r"2 of 4 lines are no batches; the first is line 2"):
        to_number(spans(span()), '{"resourceSpans": [', "plain text", spans(span()))


def test_few_broken_lines_are_reported_and_the_rest_is_read() -> None:
    found = to_number(*[spans(span())] * 3, '{"resourceSpans": [', options=ForeignOptions(tolerance=0.25))
    assert only(found).count == 3
    assert [s.why for s in found.skipped] == ["its last line, line 4, is cut off"]


def test_lines_of_another_kind_are_broken_lines() -> None:
    with pytest.raises(CannotDecideError, match="line 2"):
        to_number(spans(span()), '{"event": "prediction_metrics"}')


def test_totals_are_taken_once_however_often_they_are_written() -> None:
    found = to_number(*[metrics("d", "histogram", p, aggregationTemporality=2) for p in (
        buckets(1, 0, 0), buckets(3, 1, 0, until=START + 3 * SECOND), buckets(2, 0, 0, until=START + 2 * SECOND),
    )])  # fmt: skip
    assert only(found).payload.buckets == ((0.1, 3.0), (0.2, 4.0), (float("inf"), 4.0))


def test_totals_that_begin_anew_are_added() -> None:
    again = START + 5 * SECOND
    points = buckets(3, 1, 0), buckets(1, 0, 1, start=again, until=again + 1)
    found = to_number(*[metrics("d", "histogram", p, aggregationTemporality=2) for p in points])
    assert only(found).count == 6


@pytest.mark.parametrize("temporality", [1, "AGGREGATION_TEMPORALITY_DELTA"])
def test_differences_are_added(temporality: object) -> None:
    found = to_number(*[metrics("d", "histogram", buckets(1, 2, 0), aggregationTemporality=temporality)] * 2)
    assert only(found).payload.buckets == ((0.1, 2.0), (0.2, 6.0), (float("inf"), 6.0))


def test_a_quantile_beyond_the_last_bound_is_saturated() -> None:
    found = to_number(metrics("d", "histogram", buckets(0, 0, 9), aggregationTemporality=2))
    assert describe(only(found))["saturated"] is True


@pytest.mark.parametrize(
    ("unit", "want"), [("ms", (1e-4, "s", "lower", "duration")), ("By", (0.1, "B", "lower", "size"))]
)
def test_units_of_ucum_become_base_units(unit: str, want: tuple[object, ...]) -> None:
    [record] = to_number(metrics("d", "histogram", buckets(1, 2, 0), unit=unit, aggregationTemporality=2)).records
    assert (pytest.approx(record.payload.buckets[0][0]), record.unit, record.better, record.metric) == want


@pytest.mark.parametrize("unit", ["{", "{a", "}{", "{}{"])
def test_a_unit_of_nothing_but_braces_is_gone_through_once(unit: str) -> None:
    # a second look from each brace would be 10^13 steps: this would not end
    [record] = to_number(
        metrics("d", "histogram", buckets(1, 2, 0), unit=unit * 3_000_000, aggregationTemporality=2)
    ).records
    assert record.is_side


def test_what_has_a_unit_of_its_own_has_no_direction_until_the_user_gives_one() -> None:
    batch = metrics("batch", "histogram", buckets(1, 2, 0), unit="{row}", aggregationTemporality=2)
    [record] = to_number(batch).records
    assert (record.unit, record.better, record.is_side) == ("1", None, True)
    [record] = to_number(batch, options=ForeignOptions(direction="higher")).records
    assert (record.better, record.is_side) == ("higher", False)


@pytest.mark.parametrize(
    ("kind", "point", "why"),
    [
        ("exponentialHistogram", {"count": "3", "scale": 3}, "exponential"),
        ("sum", {"asInt": "3"}, "counter"),
        ("histogram", buckets(0, 0, 0), "nothing was counted"),
        ("histogram", buckets(1, 2, 3, bucketCounts=["1", "2"]), "missing or no number"),
        ("histogram", buckets(1, 2, 3, bucketCounts=["1", "-2", "3"]), "missing or no number"),
        ("histogram", buckets(1, 2, 3, explicitBounds=[0.2, 0.1]), "missing or no number"),
        ("histogram", buckets(1, 2, 3, count="NaN"), "missing or no number"),
    ],
)
def test_what_cannot_be_used_is_skipped_with_its_reason(kind: str, point: dict[str, Any], why: str) -> None:
    found = to_number(spans(span()), metrics("m", kind, point, aggregationTemporality=2))
    assert [(s.benchmark, why in s.why) for s in found.skipped] == [("m", True)]


def test_buckets_that_change_within_a_file_are_skipped() -> None:
    points = buckets(1, 2, 3), buckets(1, 2, 3, explicitBounds=[0.1, 0.3])
    found = to_number(spans(span()), metrics("m", "histogram", *points, aggregationTemporality=1))
    assert "buckets change" in found.skipped[0].why


def test_a_histogram_that_does_not_say_what_its_counts_are_is_skipped() -> None:
    found = to_number(spans(span()), metrics("m", "histogram", buckets(1, 2, 3)))
    assert "totals or differences" in found.skipped[0].why


def test_without_buckets_the_mean_is_all_there_is() -> None:
    point = buckets(4, bucketCounts=[], sum=2.0)
    [record] = to_number(metrics("m", "histogram", point, aggregationTemporality=2)).records
    assert (record.metric, record.payload.kind, list(values_of(record))) == ("duration_mean", "value", [0.5])


def test_a_summary_gives_the_quantiles_that_it_states() -> None:
    stated = [{"quantile": 0.95, "value": 20.0}, {"quantile": 0.5, "value": 10.0}, {"quantile": 2, "value": 1.0}]
    point = {"count": "9", "sum": 3.0, "quantileValues": stated}
    [record] = to_number(metrics("m", "summary", point, unit="ms")).records
    assert (record.payload.points, record.count) == (((0.5, 0.01), (0.95, 0.02)), 9)


def test_a_gauge_is_shown_and_never_judged() -> None:
    [record] = to_number(metrics("m", "gauge", {"asDouble": 2.5}, {"asInt": "3"}, unit="1")).records
    assert (list(values_of(record)), record.is_side) == ([2.5, 3.0], True)


def test_attributes_are_part_of_the_name_and_machines_are_not() -> None:
    stated = {"z": {"intValue": "2"}, "a": {"boolValue": True}, "host.name": {"stringValue": "box"}}
    point = buckets(1, 2, 0, attributes=[{"key": k, "value": v} for k, v in stated.items()])
    assert only(to_number(metrics("m", "histogram", point, aggregationTemporality=2))).benchmark == "m{a=true,z=2}"


def test_processes_that_began_together_are_added() -> None:
    points = [buckets(1, 0, 0, attributes=[{"key": "server.port", "value": {"intValue": p}}]) for p in ("8000", "8001")]
    assert only(to_number(metrics("m", "histogram", *points, aggregationTemporality=2))).count == 2


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ('{\n    "name": "tick",\n    "context": {\n        "trace_id": "0x65"\n', "OTLP JSON file exporter"),
        ('{\n    "resource_metrics": [\n {"resource": {}, "scope_metrics": []}', "OTLP JSON file exporter"),
        ('{"traceEvents":[{"ph":"X","name":"a","ts":1,"dur":2}]}', "OTLP"),
        ('[{"ph":"X","name":"a","ts":1,"dur":2}]', "OTLP"),
        ('{"resourceLogs":[{"scopeLogs":[]}]}', "spans or the metrics"),
        ('{"data":[{"traceID":"1","spans":[]}]}', "OTLP"),
    ],
)
def test_the_wrong_file_of_a_tracer_is_named_with_its_hint(content: str, hint: str) -> None:
    with pytest.raises(CannotDecideError) as caught:
        detect(Source("x", content=content.encode()))
    assert hint in caught.value.diagnostics[0].hint
