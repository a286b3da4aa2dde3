"""Logs of a service hold valid JSON whatever a program puts into them, and `perfgate import` reads them as they are."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import time

import pytest

from perfgate.monitor import InputSampleLog, PredictionLog, RequestLog, log_input_sample, prediction, records
from perfgate.monitor import input_samples as module
from perfgate.monitor.records import LONGEST_NAME

SEVEN = {
    "series_id": "sensor_123",
    "model_version": "v1",
    "latency_inference_ms": 45.2,
    "latency_logging_ms": 12.3,
    "latency_total_ms": 58.7,
    "cache_hit": True,
    "anomaly": False,
}


def rows(path):
    def refuse(text):
        raise AssertionError(f"{text} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.jsonl"


def test_a_prediction_is_a_record_of_seven_fields_with_its_time(path):
    before = dt.datetime.now(dt.UTC)
    PredictionLog(path).write(**SEVEN)
    (row,) = rows(path)
    at = dt.datetime.fromisoformat(row.pop("timestamp"))
    assert row == {"event": "prediction_metrics", **SEVEN, "ok": True}
    assert abs((at - before).total_seconds()) < 60


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        *((math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"), (None, None)),
        *(("soon", "not a number"), (10**400, "not a number")),
    ],
)
def test_a_time_that_is_no_number_is_a_text_that_no_reader_takes_for_a_gap(path, value, kept):
    log = PredictionLog(path)
    log.write(latency_total_ms=value)
    assert rows(path)[0]["latency_total_ms"] == kept


@pytest.mark.parametrize("name", ['"', "a\nb", "\ud800", "\0", "ü", 7, None, ["a"]])
def test_a_name_may_be_anything(path, name):
    PredictionLog(path).write(latency_total_ms=1.0, series_id=name)
    assert rows(path)[0]["series_id"] == str(name)


def test_a_long_name_is_cut_and_many_names_are_not_all_kept(path, monkeypatch):
    monkeypatch.setattr(records, "_MOST_NAMES", 5)
    log = PredictionLog(path)
    log.write(latency_total_ms=1.0, series_id="x" * 10_000)
    for n in range(20):
        log.write(latency_total_ms=1.0, series_id=f"s{n}")
    assert [row["series_id"] for row in rows(path)] == ["x" * LONGEST_NAME, *(f"s{n}" for n in range(20))]
    assert len(records._names) <= 5


def test_a_number_of_numpy_is_a_number(path):
    numpy = pytest.importorskip("numpy")
    PredictionLog(path).write(latency_total_ms=numpy.float32(1.5), cache_hit=numpy.True_, anomaly=numpy.False_)
    row = rows(path)[0]
    assert (row["latency_total_ms"], row["cache_hit"], row["anomaly"]) == (1.5, True, False)


def test_times_are_utc_and_never_go_back_within_a_second():
    found = [records.now() for _ in range(1_000)]
    assert found == sorted(found)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text) for text in found)
    assert abs(dt.datetime.fromisoformat(found[0]).timestamp() - time.time()) < 60


def test_a_request_is_a_record_with_its_response_time(path):
    RequestLog(path).write(method="GET", route="/users/{id}", status=200, duration_ms=12.5)
    (row,) = rows(path)
    del row["timestamp"]
    assert row == {"event": "request", "method": "GET", "route": "/users/{id}", "status": 200, "duration_ms": 12.5}


def test_a_prediction_block_gives_its_parts_to_the_log(path):
    with prediction(PredictionLog(path), series_id="a", model_version="v2") as p:
        with p.inference():
            time.sleep(0.002)
        with p.logging():
            pass
        with p.logging():
            pass
        p.cache_hit, p.anomaly = False, True
    (row,) = rows(path)
    assert (row["series_id"], row["model_version"], row["cache_hit"], row["anomaly"]) == ("a", "v2", False, True)
    assert 2.0 <= row["latency_inference_ms"] < row["latency_total_ms"]
    assert 0.0 < row["latency_logging_ms"] < row["latency_total_ms"] - row["latency_inference_ms"]


def test_a_prediction_that_raises_is_kept_as_failed_and_the_exception_goes_on(path):
    with pytest.raises(RuntimeError, match="no model"), prediction(PredictionLog(path)):
        raise RuntimeError("no model")
    (row,) = rows(path)
    assert row["ok"] is False
    assert (row["latency_inference_ms"], row["latency_logging_ms"]) == (None, None)


def test_an_input_sample_is_the_payload_itself(path):
    InputSampleLog(path).write({"age": 30, "limit": 2000, "history": "good"})
    assert rows(path) == [{"age": 30, "limit": 2000, "history": "good"}]


def test_log_input_sample_writes_where_the_course_has_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module._default.cache_clear()
    log_input_sample({"age": 30})
    log_input_sample({"age": 31})
    module._default.cache_clear()
    assert rows(tmp_path / "logs" / "input_samples.jsonl") == [{"age": 30}, {"age": 31}]


@pytest.mark.parametrize(("rate", "least", "most"), [(0.0, 0, 0), (0.2, 198, 202), (0.7, 698, 702), (1.0, 1000, 1000)])
def test_the_rate_is_exact_to_one_in_a_hundred(path, rate, least, most):
    log = InputSampleLog(path, rate=rate)
    assert least <= sum(log.write({"n": n}) for n in range(1_000)) <= most
    assert log.dropped == 0, "what is not chosen is not dropped"


@pytest.mark.parametrize("rate", [-1, 2, math.nan, "1", True, None])
def test_a_rate_that_is_none_is_refused(path, rate):
    with pytest.raises((TypeError, ValueError), match="rate must be"):
        InputSampleLog(path, rate=rate)


def test_only_the_fields_that_are_listed_are_kept(path):
    InputSampleLog(path, fields=["age", "limit"]).write({"age": 30, "name": "Ada", "limit": 2, "email": "a@b"})
    assert rows(path) == [{"age": 30, "limit": 2}]


def test_redacted_fields_are_replaced_at_any_depth_whatever_their_case(path):
    payload = {"Email": "a@b", "user": {"email": "a@b", "age": 3, "orders": [{"EMAIL": "a@b", "sum": 1}]}}
    InputSampleLog(path, redact=["email"]).write(payload)
    hidden = module.REDACTED
    assert rows(path) == [
        {"Email": hidden, "user": {"email": hidden, "age": 3, "orders": [{"EMAIL": hidden, "sum": 1}]}}
    ]
    assert "a@b" not in path.read_text()


@pytest.mark.parametrize("argument", ["fields", "redact"])
def test_one_text_in_place_of_a_list_is_refused_since_its_letters_would_be_the_fields(path, argument):
    with pytest.raises(TypeError, match=argument):
        InputSampleLog(path, **{argument: "email"})


def test_a_payload_may_hold_what_json_does_not_know(path):
    numpy = pytest.importorskip("numpy")
    nested: dict[str, object] = {}
    nested["itself"] = nested
    payload = {
        "nan": math.nan, "set": {1}, "when": dt.date(2026, 1, 2), "float": numpy.float32(0.5), 3: "key",
        "bytes": b"x", "long": "x" * 5_000, "many": list(range(5_000)), "nested": nested, "half": "\ud800",
    }  # fmt: skip
    InputSampleLog(path).write(payload)
    (row,) = rows(path)
    assert (row["nan"], row["set"], row["when"], row["float"], row["3"]) == (None, [1], "2026-01-02", 0.5, "key")
    assert (len(row["long"]), len(row["many"]), row["half"]) == (1_000, 1_000, "\ud800")


def test_a_model_of_pydantic_is_its_fields(path):
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Request", age=(int, ...))
    InputSampleLog(path).write(model(age=30))
    assert rows(path) == [{"age": 30}]


@pytest.mark.parametrize("payload", [[1, 2], "text", None, {str(n): "x" * 900 for n in range(100)}])
def test_what_is_no_sample_or_too_large_is_dropped_and_counted(path, payload, caplog):
    log = InputSampleLog(path)
    assert not log.write(payload)
    assert log.dropped == 1
    assert "a sample " in caplog.text
    assert path.read_text() == ""


def test_samples_can_be_read_by_their_owner_alone(path):
    InputSampleLog(path)
    assert path.stat().st_mode & 0o077 == 0


class Hostile:
    """Raises whatever is asked of it."""

    def model_dump(self):
        raise RuntimeError("no")


@pytest.mark.parametrize("payload", [Hostile(), {"a": 10**5_000}, {"a": type("B", (), {"__str__": lambda s: 1 / 0})()}])
def test_a_payload_that_raises_is_dropped_and_the_service_goes_on(path, payload, caplog):
    log = InputSampleLog(path)
    assert not log.write(payload)
    assert log.dropped == 1
    assert "a sample cannot be written" in caplog.text
