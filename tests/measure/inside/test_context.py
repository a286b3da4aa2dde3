from __future__ import annotations

import json
import sys
import time
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from measured_programs import summaries

from perfgate.measure import measure_run_context


def test_the_four_keys_come_first_and_stand_beside_all_else_that_is_known():
    with measure_run_context("r-1", benchmark="train", labels={"n": 3, "on": True}, rows_used=7):
        pass
    (summary,) = summaries()
    assert list(summary) == [
        *("run_id", "elapsed_sec", "rows_used", "peak_memory_mb", "schema"),
        *("benchmark", "labels", "status", "started_at", "session", "memory_source", "environment"),
        *("elapsed_ns", "peak_memory_bytes", "cpu_sec"),
    ]
    assert summary["run_id"] == "r-1"
    assert summary["rows_used"] == 7
    assert summary["schema"] == "perfgate/run/1"
    assert summary["labels"] == {"n": "3", "on": "True"}
    assert summary["status"] == "ok"


def test_a_file_is_named_after_its_run_and_is_one_line():
    with measure_run_context() as run:
        assert run.path is None
    assert run.path == str(Path("outputs/model_runs", f"{run.run_id}.json").absolute())
    text = Path(run.path).read_text()
    assert text.count("\n") == 1
    assert text.endswith("}\n")


def test_elapsed_and_cpu_are_those_of_the_body():
    began = time.perf_counter_ns()
    with measure_run_context() as run:
        inner = time.perf_counter_ns()
        burned = time.process_time_ns()
        time.sleep(0.02)
        sum(range(300_000))
        burned = time.process_time_ns() - burned
        inner = time.perf_counter_ns() - inner
    outer = time.perf_counter_ns() - began
    summary = run.to_dict()
    assert inner <= summary["elapsed_ns"] <= outer
    assert summary["elapsed_sec"] == round(summary["elapsed_ns"] / 1e9, 3)
    assert burned / 1e9 <= summary["cpu_sec"] < outer / 1e9
    assert summary["cpu_sec"] == round(summary["cpu_sec"], 9)


def test_the_clock_runs_after_all_preparations_and_stops_before_all_else(monkeypatch):
    from perfgate.measure.inside import context, measurement

    events = []

    def note(event, real):
        def noted(*arguments):
            events.append(event)
            return real(*arguments)

        return noted

    monkeypatch.setattr(context, "perf_counter_ns", note("clock", time.perf_counter_ns))
    monkeypatch.setattr(measurement, "open_meter", note("memory", measurement.open_meter))
    for name in ("begin", "end"):
        monkeypatch.setattr(measurement.Measurement, name, note(name, getattr(measurement.Measurement, name)))
    with measure_run_context():
        events.append("body")
    assert events == ["begin", "memory", "clock", "body", "clock", "end"]


def test_started_at_is_utc_with_microseconds():
    before = datetime.now(UTC)
    with measure_run_context(write=False) as run:
        pass
    text = run.to_dict()["started_at"]
    assert len(text) == len("2026-11-21T01:58:44.123456Z")
    assert text.endswith("Z")
    started = datetime.fromisoformat(text)
    assert before - timedelta(milliseconds=1) <= started <= datetime.now(UTC)


def test_an_exception_is_recorded_as_failed_and_goes_on_untouched():
    error = ValueError("boom")
    with pytest.raises(ValueError, match="boom") as caught, measure_run_context():
        raise error
    assert caught.value is error
    frames = [frame.filename for frame in traceback.extract_tb(caught.tb)]
    assert not [name for name in frames if "perfgate" in Path(name).parts and "tests" not in Path(name).parts]
    assert error.__context__ is None
    assert [s["status"] for s in summaries()] == ["failed"]


@pytest.mark.parametrize(("code", "status"), [(None, "ok"), (0, "ok"), (1, "failed"), ("no", "failed"), (False, "ok")])
def test_leaving_the_program_in_good_order_is_no_failure(code, status):
    with pytest.raises(SystemExit), measure_run_context():
        sys.exit(code)
    assert summaries()[0]["status"] == status


def test_contexts_nest_and_each_has_its_own_run():
    with measure_run_context(benchmark="outer") as outer:
        with measure_run_context(benchmark="inner") as inner:
            inner.rows_used = 1
        outer.rows_used = 2
    assert outer.run_id != inner.run_id
    assert {s["benchmark"]: s["rows_used"] for s in summaries()} == {"outer": 2, "inner": 1}
    assert outer.to_dict()["elapsed_ns"] > inner.to_dict()["elapsed_ns"]


def test_a_context_measures_once():
    context = measure_run_context(write=False)
    with context:
        pass
    with pytest.raises(RuntimeError, match="new context"), context:
        pass


def test_the_folder_is_the_one_seen_at_the_start(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    with measure_run_context(out="there") as run:
        monkeypatch.chdir("elsewhere")
    assert Path(run.path).parent == tmp_path / "there"


def test_a_path_object_or_an_empty_text_names_the_folder_too(tmp_path):
    with measure_run_context(out=tmp_path / "a" / "b") as run:
        pass
    assert Path(run.path).parent == tmp_path / "a" / "b"
    with measure_run_context(out="") as run:
        pass
    assert Path(run.path).parent == tmp_path


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ({"run_id": "a/b"}, ValueError, "not allowed"),
        ({"run_id": 3}, TypeError, "run_id must be a str"),
        ({"benchmark": ""}, ValueError, "benchmark must not be empty"),
        ({"benchmark": "a\ud800"}, ValueError, "lone surrogate"),
        ({"benchmark": "x" * 501}, ValueError, "500"),
        ({"benchmark": 3}, TypeError, "benchmark"),
        ({"labels": {"a": "\udcff"}}, ValueError, "lone surrogate"),
        ({"labels": {"\udcff": "a"}}, ValueError, "lone surrogate"),
        ({"labels": {"": "a"}}, ValueError, "empty"),
        ({"labels": {1: "a"}}, TypeError, "label's name"),
        ({"labels": {"a": 1.5}}, TypeError, "label 'a'"),
        ({"labels": ["a"]}, TypeError, "mapping"),
        ({"rows_used": -1}, ValueError, "rows_used"),
        ({"rows_used": 2**53 + 1}, ValueError, "rows_used"),
        ({"rows_used": True}, TypeError, "bool"),
        ({"rows_used": 1.5}, TypeError, "float"),
        ({"memory": "guess"}, ValueError, "vmhwm, poll:<interval>"),
        ({"out": b"x"}, TypeError, "out"),
        ({"out": "a\0b"}, ValueError, "NUL"),
    ],
    ids=repr,
)
def test_a_wrong_argument_is_refused_before_anything_is_measured(arguments, error, told):
    with pytest.raises(error, match=told):
        measure_run_context(**arguments)


def test_names_in_any_script_are_kept_as_they_are():
    with measure_run_context(benchmark="größe-大", labels={"größe": "大", "empty": ""}) as run:
        pass
    assert "größe-大" in Path(run.path).read_text("utf-8")
    assert summaries()[0]["labels"] == {"größe": "大", "empty": ""}


def test_a_removed_working_folder_does_not_end_the_program(tmp_path, monkeypatch, capsys):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with measure_run_context() as run:
        pass
    assert run.path is None
    assert "perfgate: could not write" in capsys.readouterr().err


def test_the_json_holds_no_nan_and_parses_strictly():
    with measure_run_context() as run:
        pass

    def refuse(text):
        raise AssertionError(text)

    json.loads(Path(run.path).read_text(), parse_constant=refuse)


def test_what_is_read_from_the_system_is_read_before_the_clock_runs(python):
    done = python(
        """
        import sys
        from perfgate.measure import measure_run_context
        with measure_run_context() as run:
            before = set(sys.modules)
            run.to_json()
        print(set(sys.modules) - before)
        """
    )
    assert done.stdout.strip() == "set()"
