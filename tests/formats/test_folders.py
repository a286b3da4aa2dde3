"""A folder stands for what a tool keeps in it, and one that is not read says what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from records import refused

from perfgate.formats.discovery import RunReader, find
from perfgate.formats.folders import files_of, unmatched
from perfgate.pipeline.inputs import read_runs, read_settings

if TYPE_CHECKING:
    from pathlib import Path

JUNIT = '<testsuite><testcase classname="c" name="{}" time="2.5"/></testsuite>'
OTHERWISE = "give the files, or the folder that they are in; perfgate formats lists what is read"
SAVED = '{"machine_info": {}, "benchmarks": [{"fullname": "t::a", "stats": {"data": [0.25]}}]}'


def write(folder: Path, *names: str, text: str = "{}") -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["b.json", "a.json", "TEST-c.xml", ".d.json", "e.txt"], ["a.json", "b.json"], id="its-json"),
        pytest.param(["TEST-b.xml", "TEST-a.xml", "testng.xml"], ["TEST-a.xml", "TEST-b.xml"], id="surefire"),
        pytest.param(["junit-2.xml", "junit-1.xml", "out.txt"], ["junit-1.xml", "junit-2.xml"], id="xml"),
        pytest.param(["m/0002_b.json", "m/0001_a.json", "m/c.json"], ["m/0001_a.json", "m/0002_b.json"], id="saved"),
        pytest.param([".keep"], [], id="empty"),
    ],
)
def test_a_folder_stands_for(tmp_path, names, expected):
    write(tmp_path / "f", *names)
    wanted = [f"f/{name}" for name in expected]
    assert files_of("f") == wanted
    assert find(["f/"]) == (wanted, [])


def test_a_folder_that_a_tool_wrote_as_a_whole_stands_for_itself(tmp_path):
    write(tmp_path / "f", "lhr-1.json", "manifest.json")
    assert files_of("f") == ["f"]


@pytest.mark.parametrize(
    ("names", "message", "hint"),
    [
        (["a.csv", "b.csv", "c.md"], "holds no *.json; it holds a.csv and 2 others", "give f/*.csv"),
        (["notes.txt"], "holds no *.json; it holds notes.txt", "give f/*.txt"),
        (["surefire/TEST-a.xml"], "holds no *.json; it holds the folder surefire", "give f/surefire"),
        (["README", "a/b.txt", "z/c.json"], "holds no *.json; it holds README and 2 others", "give f/z"),
        (["a/b/c/d.json"], "holds no *.json; it holds the folder a", OTHERWISE),
    ],
)  # fmt: skip
def test_a_folder_of_other_files_says_what_it_holds_and_what_to_give(tmp_path, names, message, hint):
    write(tmp_path / "f", *names)
    files, (fault,) = find(["f"])
    assert files == []
    assert (fault.slug, fault.place, fault.message, fault.hint) == ("no-runs", "f", message, hint)


def test_what_is_suggested_is_of_a_known_format_where_there_is_one(tmp_path):
    write(tmp_path / "f", "a.log", "b.log", "deep/c.json")
    write(tmp_path / "f", "bench.txt", text="goos: linux\ngoarch: amd64\nBenchmarkA 1 5 ns/op\n")
    assert refused(files_of, "f")[0].hint == "give f/*.txt"


def test_a_glob_that_matches_nothing_says_what_its_folder_holds(tmp_path):
    write(tmp_path / "f", "x.xml", "y.xml")
    write(tmp_path / "empty", ".keep")
    (fault,) = unmatched(["f/*.json", "empty/*.json", "gone/*.json"])
    assert (fault.place, fault.message, fault.hint) == (
        "f", "holds no *.json; it holds x.xml and 1 other", "give f/*.xml"
    )  # fmt: skip
    (here,) = unmatched(["*.csv"])
    assert (here.place, here.message) == (".", "holds no *.csv; it holds the folder empty and 1 other")
    assert read_runs(["f/*.json"], read_settings(None))[1] == [fault]


def test_a_suggestion_can_be_typed_whatever_the_folder_is_called(tmp_path):
    write(tmp_path / "a b[1]", "x.jtl")
    (fault,) = refused(files_of, "a b[1]")
    assert fault.hint == "give 'a b[[]1]/*.jtl'"
    assert find(["a b[[]1]/*.jtl"]) == (["a b[1]/x.jtl"], [])


def test_saved_runs_of_two_machines_are_refused(tmp_path):
    write(tmp_path / ".benchmarks", "m1/0001_a.json", "m2/0001_a.json")
    (fault,) = refused(files_of, ".benchmarks")
    assert (fault.message, fault.hint) == (
        "holds saved runs of 2 machines",
        "give the folder of one machine: .benchmarks/m1",
    )


@pytest.mark.parametrize("given", ["mlruns", "mlruns/7", "mlruns/7/r"])
def test_the_store_of_mlflow_is_refused_with_what_to_give(tmp_path, given):
    write(tmp_path, "mlruns/7/meta.yaml", "mlruns/7/r/meta.yaml", "mlruns/7/r/metrics/loss")
    (fault,) = refused(files_of, given)
    assert (fault.slug, fault.message) == ("format-unread", "this is a folder of MLflow's file store")
    assert "mlflow experiments csv" in fault.hint


def test_code_about_metrics_is_no_store_of_mlflow(tmp_path):
    write(tmp_path, "src/metrics/loss.py", "0.txt")
    assert refused(files_of, ".")[0].slug == "no-runs"


def test_a_folder_beside_good_files_is_not_passed_over(tmp_path):
    write(tmp_path / "f", "a.csv")
    write(tmp_path, "good.json")
    files, (fault,) = find(["good.json", "f"])
    assert (files, fault.place) == (["good.json"], "f")


def test_the_files_of_a_folder_are_read(tmp_path):
    write(tmp_path / "reports", "TEST-a.xml", text=JUNIT.format("x"))
    write(tmp_path / ".benchmarks", "m/0001_a.json", text=SAVED)
    reader = RunReader()
    files, problems = find(["reports", ".benchmarks"])
    runs = {run.benchmark: run.series[0].values for run in reader.read(files)}
    assert (runs, problems, reader.problems) == ({"c::x": (2.5,), "t::a": (0.25,)}, [], [])
