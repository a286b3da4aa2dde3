"""Prometheus' HTTP API: every trap of its answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cases import DATA, contents, values_of

from perfgate.core.errors import CannotDecideError
from perfgate.formats.contents import Contents, read
from perfgate.formats.detect import named
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.source import Source


def answer(kind: str, *result: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": kind, "result": list(result)}}


def to_number(document: Any, options: ForeignOptions | None = None) -> Contents:
    source = Source("p95.json", content=json.dumps(document).encode())
    return read(source, named("prometheus-api"), options or ForeignOptions())


def series(*values: str, **labels: str) -> dict[str, Any]:
    metric = {"__name__" if k == "name" else k: v for k, v in labels.items()}
    return {"metric": metric, "values": [[1.7e9 + i, v] for i, v in enumerate(values)]}


def test_the_message_of_the_server_is_passed_on() -> None:
    with pytest.raises(CannotDecideError, match=r"bad_data: .*unclosed left parenthesis"):
        contents(DATA / "prometheus-api" / "query_error.json")


def test_an_answer_of_nothing_but_nan_is_no_measurement() -> None:
    with pytest.raises(CannotDecideError, match="no values"):
        contents(DATA / "prometheus-api" / "query_idle.json")


def test_nan_is_left_out_of_the_values_over_time() -> None:
    [record] = to_number(answer("matrix", series("0.1", "NaN", "0.3", route="/a"))).records
    assert (values_of(record), record.is_mean, record.unit) == ([0.1, 0.3], True, None)


def test_points_that_are_nan_are_counted_by_series() -> None:
    found = to_number(answer("matrix", series("NaN", "4", "NaN", "5", route="/pay"), series("2", route="/list")))
    assert [(s.benchmark, s.metric, s.why) for s in found.skipped] == [('{route="/pay"}', "points", "2 of 4 are NaN")]
    assert [r.benchmark for r in found.records] == ['{route="/pay"}', '{route="/list"}']


def test_a_series_of_nothing_but_nan_is_named_with_its_count() -> None:
    found = to_number(answer("matrix", series("NaN", "NaN", "NaN", route="/pay"), series("2", route="/list")))
    assert [(s.benchmark, s.why) for s in found.skipped] == [('{route="/pay"}', "no values: 3 points are NaN")]
    with pytest.raises(CannotDecideError, match="no values: 1 point is NaN"):
        to_number({"status": "success", "data": {"resultType": "scalar", "result": [1.7e9, "NaN"]}})


def test_an_answer_that_may_lack_a_part_is_refused_with_the_warning() -> None:
    document = answer("matrix", series("1", "2")) | {"warnings": ["store 10.0.0.7 did not answer", "too slow"]}
    with pytest.raises(CannotDecideError, match=r'the server warns: "store 10\.0\.0\.7 did not answer" and 1 more'):
        to_number(document)
    remark = ["PromQL info: metric might not be a counter"]
    for warnings in ([], remark):
        assert to_number(answer("matrix", series("1", "2")) | {"warnings": warnings}).skipped == ()


@pytest.mark.parametrize(("nan", "is_there"), [(30, True), (31, False), (59, False)])
def test_a_series_of_which_more_than_half_is_nan_is_no_measurement(nan: int, is_there: bool) -> None:  # noqa: FBT001
    found = to_number(answer("matrix", series(*["NaN"] * nan, *["1"] * (60 - nan)), series("2", route="/list")))
    assert len(found.records) == 1 + is_there
    [skipped] = found.skipped
    assert (skipped.message is None) is is_there
    assert f"{nan} of 60" in skipped.why


@pytest.mark.parametrize(
    ("times", "words"),
    [([1000], "1000 s after 1970"), ([1.7e9, 1.7e9 + 36_000], "10 h apart"), ([1.7e9, 1.7e9 + 60], "")],
)
def test_points_that_cannot_be_of_the_measurement_are_refused(times: list[float], words: str) -> None:
    entries = [{"metric": {"job": str(i)}, "value": [at, "0.05"]} for i, at in enumerate(times)]
    if not words:
        assert len(to_number(answer("vector", *entries)).records) == len(times)
        return
    with pytest.raises(CannotDecideError, match=words):
        to_number(answer("vector", *entries))


def test_a_named_series_is_what_was_observed_and_an_expression_sums_up() -> None:
    [record] = to_number(answer("matrix", series("1", "2", name="lag_seconds", instance="box:80"))).records
    assert (record.benchmark, record.unit, record.is_mean) == ("lag_seconds", "s", False)


def test_the_direction_is_the_users() -> None:
    document = answer("matrix", series("1", "2"))
    assert to_number(document).records[0].better is None
    assert to_number(document, ForeignOptions(direction="lower")).records[0].better == "lower"


def test_a_scalar_has_the_name_of_its_file() -> None:
    [record] = to_number(answer("scalar") | {"data": {"resultType": "scalar", "result": [1.7e9, "4"]}}).records
    assert (record.benchmark, record.payload.kind, values_of(record)) == ("p95", "value", [4.0])


def test_counters_that_begin_anew_go_on_growing() -> None:
    one = series("5", "7", "1", name="t_seconds_bucket", le="0.1")
    other = series("6", "9", "4", name="t_seconds_bucket", le="+Inf")
    [record] = to_number(answer("matrix", one, other)).records
    assert (record.payload.buckets[0], record.count) == ((0.1, 3.0), 7)


def test_machines_keep_their_buckets_apart() -> None:
    found = [
        {"metric": {"__name__": "t_seconds_bucket", "le": le, "instance": box}, "value": [1.7e9, count]}
        for box, counts in (("a:80", "12"), ("b:80", "34"))
        for le, count in zip(("0.1", "+Inf"), counts, strict=True)
    ]
    assert [(r.benchmark, r.count) for r in to_number(answer("vector", *found)).records] == [
        ("t_seconds", 2), ("t_seconds#2", 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (series("1", "2", name="n_total"), "rate()"),
        (series("1", "+Inf", name="n"), "infinite"),
        (series(name="n"), "no values"),
        ({"metric": {"__name__": "n"}, "histograms": [[1.7e9, {"count": "3"}]]}, "native histogram"),
        (series("1", "1", name="n_bucket", le="+Inf"), "nothing was counted"),
    ],
)
def test_what_cannot_be_used_is_skipped_with_its_reason(entry: dict[str, Any], why: str) -> None:
    [skipped] = to_number(answer("matrix", series("1"), entry)).skipped
    assert (skipped.benchmark.removesuffix("_total"), why in skipped.why) == ("n", True)


def test_buckets_of_other_points_in_time_are_skipped() -> None:
    one, other = series("1", "2", name="n_bucket", le="1"), series("1", name="n_bucket", le="+Inf")
    assert "points in time" in to_number(answer("matrix", series("1"), one, other)).skipped[0].why


@pytest.mark.parametrize("kind", ["string", "streams", ""])
def test_an_answer_of_another_type_is_refused(kind: str) -> None:
    with pytest.raises(CannotDecideError, match="no measurements"):
        to_number(answer(kind))
