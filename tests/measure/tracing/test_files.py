"""Traces as OTLP JSON lines: what the reader of OTLP reads, whole lines, and no harm when they cannot be written."""

from __future__ import annotations

import itertools
import json

import pytest

from perfgate.measure import init_tracer
from perfgate.measure.tracing.files import encode
from perfgate.measure.tracing.spans import Span, Trace


def one(tracer, trace_id="t", **attributes):
    tracer.start_trace(trace_id, metadata={"symbols": ["A", "B"]})
    with tracer.span("outer", **attributes), tracer.span("inner"):
        pass
    return tracer.finish_trace()


def spans_of(line: bytes | str) -> dict[str, dict]:
    return {s["name"]: s for s in json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]}


def test_a_trace_is_one_export_batch_with_its_tree_and_its_attributes(tracer):
    spans = spans_of(encode(one(tracer, rows=3, ratio=0.5, ok=True, shape=(2, 3))))
    assert list(spans) == ["tick_total", "outer", "inner"]
    assert "parentSpanId" not in spans["tick_total"]
    assert spans["outer"]["parentSpanId"] == spans["tick_total"]["spanId"]
    assert spans["inner"]["parentSpanId"] == spans["outer"]["spanId"]
    assert len({s["traceId"] for s in spans.values()}) == 1
    assert len(spans["inner"]["traceId"]) == 32
    values = {a["key"]: a["value"] for a in spans["outer"]["attributes"]}
    assert values == {
        "rows": {"intValue": "3"}, "ratio": {"doubleValue": 0.5}, "ok": {"boolValue": True},
        "shape": {"stringValue": "[2, 3]"},
    }  # fmt: skip
    for span in spans.values():
        assert int(span["endTimeUnixNano"]) >= int(span["startTimeUnixNano"]) > 1.7e18


def test_a_stage_that_an_exception_left_has_the_status_of_an_error(tracer):
    tracer.start_trace("t")
    with pytest.raises(ValueError, match="no"), tracer.span("bad"):
        raise ValueError("no")
    assert spans_of(encode(tracer.finish_trace()))["bad"]["status"] == {"code": 2}


def test_two_traces_of_one_name_have_ids_of_their_own(tracer):
    lines = [encode(one(tracer)) for _ in range(2)]
    assert len({spans_of(line)["outer"]["traceId"] for line in lines}) == 2


def test_a_hostile_trace_is_still_one_line(tracer):
    trace = Trace("\ud800\n", {"\n": "\u2028", "b": b"\xff"})
    span = Span("a\nb\ud800", trace.root, trace, {"x": float("nan")})
    span.began = span.ended = trace.root.began
    span.failed = False
    trace.spans.append(span)
    trace.finish(trace.root.began)
    line = encode(trace)
    assert line.endswith(b"\n")
    assert b"\n" not in line[:-1]
    assert len(spans_of(line)) == 2


def test_finished_traces_are_appended_to_the_file_and_every_so_many_th_is_golden(tracer, tmp_path, monkeypatch):
    monkeypatch.setattr("perfgate.measure.tracing.files._numbers", itertools.count())
    monkeypatch.setenv("PERFGATE_TRACE_FILE", str(tmp_path / "new" / "traces.jsonl"))
    monkeypatch.setenv("PERFGATE_TRACE_GOLDEN", str(tmp_path / "golden"))
    monkeypatch.setenv("PERFGATE_TRACE_GOLDEN_INTERVAL", "4")
    init_tracer()
    for _ in range(9):
        one(tracer)
    assert len((tmp_path / "new" / "traces.jsonl").read_text().splitlines()) == 9
    (golden,) = (tmp_path / "golden").iterdir()
    assert len(golden.read_text().splitlines()) == 3


@pytest.mark.parametrize("interval", ["0", "-1", "x", "nan"])
def test_an_interval_that_is_none_is_said_once_and_the_default_is_used(tracer, tmp_path, monkeypatch, capsys, interval):
    monkeypatch.setattr("perfgate.measure.tracing.files._numbers", itertools.count())
    monkeypatch.setenv("PERFGATE_TRACE_GOLDEN", str(tmp_path))
    monkeypatch.setenv("PERFGATE_TRACE_GOLDEN_INTERVAL", interval)
    init_tracer()
    for _ in range(101):
        one(tracer)
    (golden,) = tmp_path.iterdir()
    assert len(golden.read_text().splitlines()) == 2
    assert capsys.readouterr().err.count("PERFGATE_TRACE_GOLDEN_INTERVAL") == 1


def test_a_file_that_cannot_be_written_is_said_once_and_the_program_goes_on(tracer, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PERFGATE_TRACE_FILE", str(tmp_path / "file" / "traces.jsonl"))
    init_tracer()
    assert [one(tracer).trace_id for _ in range(3)] == ["t"] * 3
    assert capsys.readouterr().err.count("could not write to") == 1
