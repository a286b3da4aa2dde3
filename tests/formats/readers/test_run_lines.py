"""Many run summaries in one file give what files of their own would."""

from __future__ import annotations

import gzip
import importlib.util
import json

import pytest
from cases import DATA, assert_case, values_of
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError
from perfgate.formats.contents import read
from perfgate.formats.detect import detect, named
from perfgate.formats.discovery import RunReader
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.source import Source

PLAIN = {"run_id": "a", "elapsed_sec": 1.5, "rows_used": 10, "peak_memory_mb": 2.0}
RICH = PLAIN | {
    "run_id": "b", "benchmark": "train", "labels": {"size": "big"}, "session": "s1", "cpu_sec": 0.5, "commit": "c0ffee",
    "started_at": "2026-01-31T12:00:00Z", "elapsed_ns": 1_500_000_001, "metrics": {"loss": {"value": 3, "unit": "1"}},
    "environment": {"os": "linux", "cpus": "2", "machine": "m1"}, "memory_source": "vmhwm",
}  # fmt: skip
FAILED = PLAIN | {"run_id": "c", "status": "failed", "benchmark": "broken"}
RUNS = [PLAIN, RICH, FAILED, RICH | {"run_id": "d", "elapsed_sec": 3.0, "elapsed_ns": 3_000_000_000}]


def lines(*runs):
    return "".join(json.dumps(run) + "\n" for run in runs)


def runs_in(folder):
    reader = RunReader()
    runs = list(reader.read(sorted(map(str, folder.iterdir()))))
    return [replace(run, origin="") for run in runs], reader


@pytest.mark.parametrize(
    "content",
    [
        lines(*RUNS).encode(),
        lines(*RUNS).replace("\n", "\r\n\r\n").encode(),
        ("\ufeff" + lines(*RUNS)).encode(),
        lines(*RUNS).encode("utf-16"),
        gzip.compress(lines(*RUNS).encode(), mtime=0),
        json.dumps(RUNS).encode(),
        json.dumps(RUNS, indent=2).encode(),
        lines(*RUNS, PLAIN).encode(),
    ],
    ids=["lines", "crlf and blanks", "bom", "utf-16", "gzip", "array", "array over lines", "a copy"],
)
def test_one_file_gives_the_runs_that_files_of_their_own_give(tmp_path, content):
    alone, together = tmp_path / "job", tmp_path / "other"
    alone.mkdir()
    together.mkdir()
    for run in RUNS:
        (alone / f"{run['run_id']}.json").write_text(json.dumps(run))
    (together / "job.jsonl").write_bytes(content)
    want, _ = runs_in(alone)
    got, reader = runs_in(together)
    assert reader.problems == []
    assert got == want
    assert [r.session for r in got] == ["", "s1", "", "s1"]


def test_the_records_are_those_of_the_runs_and_failed_ones_are_named():
    source = Source("job.jsonl", content=lines(*RUNS).encode())
    got = read(source, named("model-runs"), ForeignOptions())
    found = {(r.benchmark, r.metric): (list(values_of(r)), r.unit) for r in got.records}
    assert found == {
        ("job", "elapsed"): ([1.5], "s"),
        ("job", "peak_memory"): ([2e6], "B"),
        ("train[size=big]", "elapsed"): ([1.500000001, 3.0], "s"),
        ("train[size=big]", "peak_memory"): ([2e6, 2e6], "B"),
        ("train[size=big]", "cpu"): ([0.5, 0.5], "s"),
        ("train[size=big]", "loss"): ([3, 3], "1"),
    }
    assert [(s.benchmark, s.why) for s in got.skipped] == [("broken", "every run failed")]


def test_every_fault_is_told_with_its_line(tmp_path):
    text = lines(PLAIN, PLAIN | {"run_id": "b", "elapsed_sec": "x"}) + "{\n" + lines(PLAIN | {"rows_used": 11})
    (tmp_path / "job.jsonl").write_text(text)
    runs, reader = runs_in(tmp_path)
    assert [r.run_id for r in runs] == ["a"]
    reported = [(d.place.rpartition("job.jsonl: ")[2], d.slug) for d in reader.problems]
    assert reported == [("line 2: /elapsed_sec", "run-invalid"), ("line 3", "run-invalid"), ("line 4", "run-id-twice")]


def test_an_id_that_stands_in_another_file_too_is_an_error(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(PLAIN))
    (tmp_path / "job.jsonl").write_text(lines(PLAIN, RICH))
    runs, reader = runs_in(tmp_path)
    assert [r.run_id for r in runs] == ["a", "b"]
    assert [d.slug for d in reader.problems] == ["run-id-twice"]


def test_a_single_faulty_summary_is_told_as_what_it_is(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(PLAIN | {"rows_used": -1}, indent=1))
    _, reader = runs_in(tmp_path)
    assert [d.place.rpartition("a.json: ")[2] for d in reader.problems] == ["/rows_used"]


def test_parquet_says_what_is_needed_or_gives_what_json_lines_give():
    path = DATA / "model-runs/smoke.parquet"
    known = detect(Source(str(path)))
    assert known is not None
    assert known.name == "model-runs-parquet"
    if importlib.util.find_spec("pyarrow") is None:
        with pytest.raises(CannotDecideError, match="needs pyarrow") as caught:
            read(Source(str(path)), known, ForeignOptions())
        assert "pip install pyarrow" in caught.value.diagnostics[0].hint
        assert "perfgate collect --engine local" in caught.value.diagnostics[0].hint
        return
    got = read(Source(str(path)), known, ForeignOptions()).records
    lines_of = read(Source(str(DATA / "model-runs/smoke.jsonl")), named("model-runs"), ForeignOptions()).records
    assert got == lines_of


def test_parquet_that_holds_a_log_is_one_error_with_the_command_that_reads_it(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.Table.from_pylist([{"route": "/a", "took_ms": 1.0}] * 9), tmp_path / "log.parquet")
    known = named("model-runs-parquet")
    with pytest.raises(CannotDecideError, match='is Parquet without the column "run_id"') as caught:
        read(Source(str(tmp_path / "log.parquet")), known, ForeignOptions())
    assert "perfgate collect --engine local" in caught.value.diagnostics[0].hint


def test_parquet_takes_nested_columns_points_in_time_and_nothing(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    rows = [run | {"started_at": None} for run in RUNS]
    pq.write_table(
        pa.Table.from_pylist([{k: row.get(k) for k in RICH | FAILED} for row in rows]), tmp_path / "job.parquet"
    )
    alone = tmp_path / "job"
    alone.mkdir()
    for run in rows:
        (alone / f"{run['run_id']}.json").write_text(json.dumps(run))
    want, _ = runs_in(alone)
    reader = RunReader()
    got = [replace(run, origin="") for run in reader.read([str(tmp_path / "job.parquet")])]
    assert reader.problems == []
    assert got == want


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1PAR1", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_a_broken_parquet_file_is_one_clear_error(content):
    with pytest.raises(CannotDecideError):
        read(Source("a.parquet", content=content), named("model-runs-parquet"), ForeignOptions())


def test_the_worked_example_in_a_folder_of_its_name():
    assert_case(DATA / "model-runs/smoke.jsonl")


@pytest.mark.parametrize("is_array", [False, True], ids=["lines", "array"])
def test_a_key_that_stands_twice_is_a_fault_in_a_file_of_many_runs(tmp_path, is_array):
    broken = json.dumps(PLAIN).replace("{", '{"elapsed_sec": 9.0, ', 1)
    good = json.dumps(RICH)
    path = tmp_path / "runs.json"
    path.write_text(f"[{good}, {broken}]" if is_array else f"{good}\n{broken}\n")
    reader = RunReader()
    assert [run.run_id for run in reader.read([str(path)])] in ([], ["b"])
    (problem,) = reader.problems
    assert 'the key "elapsed_sec" stands twice' in problem.message
