"""asv and criterion: folders given at any level, and only what is of the last run."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from cases import DATA, values_of
from cases import contents as whole
from micro import of_folder, seen

from perfgate.core.errors import CannotDecideError
from perfgate.formats.options import ForeignOptions

if TYPE_CHECKING:
    from pathlib import Path

CRITERION = DATA / "criterion/criterion_dir"
ASV = DATA / "asv/results_default"
COLUMNS = ["result", "params", "version", "started_at", "duration"]


def write_result(folder: Path, sha: str, results: dict[str, Any], *, date: int = 1, env: str = "py") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "machine.json").write_text("{}")
    document = {"commit_hash": sha * 5, "env_name": env, "date": date, "result_columns": COLUMNS, "results": results}
    (folder / f"{sha}-{env}.json").write_text(json.dumps(document))


@pytest.mark.parametrize("below", ["", "criterion", "target/criterion"])
def test_criterions_folder_is_found_from_above(tmp_path: Path, below: str) -> None:
    shutil.copytree(CRITERION, tmp_path / below, dirs_exist_ok=True)
    assert {name for name, _ in of_folder(tmp_path)} == {"fib 12", "sum/100", "sum/1000"}


@pytest.mark.parametrize(("inside", "names"), [("fib 12", {"fib 12"}), ("sum", {"sum/100", "sum/1000"})])
def test_a_criterion_benchmark_or_group_may_be_given_alone(inside: str, names: set[str]) -> None:
    assert {name for name, _ in of_folder(CRITERION / inside)} == names


def test_criterions_run_before_is_not_read(tmp_path: Path) -> None:
    shutil.copytree(CRITERION / "fib 12", tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone" / "new")
    with pytest.raises(AssertionError, match="not recognised"):
        of_folder(tmp_path)


def test_a_custom_measurement_of_criterion_is_no_time(tmp_path: Path) -> None:
    shutil.copytree(CRITERION / "fib 12", tmp_path / "a[1]")
    raw = tmp_path / "a[1]/new/raw.csv"
    raw.write_text(raw.read_text().replace(",ns,", ",cycles,"))
    (record,) = of_folder(tmp_path, ForeignOptions(direction="lower")).values()
    assert (record.metric, record.unit, record.better) == ("value", "cycles", "lower")
    assert values_of(record)[0] > 1


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "a").symlink_to(CRITERION / "fib 12")
    with pytest.raises(CannotDecideError, match="leads out"):
        of_folder(tmp_path / "given")


@pytest.mark.parametrize("below", ["", "results", ".asv/results"])
def test_asvs_results_are_found_from_above(tmp_path: Path, below: str) -> None:
    shutil.copytree(ASV, tmp_path / below, dirs_exist_ok=True)
    assert of_folder(tmp_path)["bench_dev.track_accuracy", "value"].unit == "ratio"


def test_of_a_machines_folder_or_one_file_names_tell_what_is_measured() -> None:
    (file,) = (ASV / "ci-runner").glob("5*.json")
    alone = {(r.benchmark, r.metric): r for r in seen(file.read_bytes()).records}
    assert alone == of_folder(ASV / "ci-runner")
    whole = of_folder(ASV)
    assert alone.keys() == whole.keys()
    assert {key: r.unit for key, r in alone.items() if r != whole[key]} == {("bench_dev.track_accuracy", "value"): None}


def test_of_a_history_the_commit_measured_last_is_read_and_the_others_are_counted(tmp_path: Path) -> None:
    hour = 3_600_000
    for sha, date, measured in (("dddddddd", 2, 9), ("eeeeeeee", 4, 6), ("ffffffff", 1, 3)):
        rows = {"x.time_a": [[float(measured)], [], "v", measured * hour], "x.time_b": [[1.0], [], "v", hour]}
        write_result(tmp_path / "m", sha, rows, date=date * hour)
    contents = whole(tmp_path)
    assert {(r.commit, *values_of(r)) for r in contents.records} == {("d" * 40, 9.0), ("d" * 40, 1.0)}
    (passed,) = contents.skipped
    assert passed.benchmark == "2 other commits"
    assert passed.why == "measured before dddddddddddd, the only one that is read; eeeeeeeeeeee is the later commit"


def test_of_a_history_that_does_not_say_when_it_was_measured_the_newest_commit_is_read(tmp_path: Path) -> None:
    for sha, date in (("aaaaaaaa", 2), ("bbbbbbbb", 3), ("cccccccc", 1)):
        write_result(tmp_path / "m", sha, {"x.time_a": [[float(date)], []]}, date=date)
    contents = whole(tmp_path)
    assert [(r.commit, *values_of(r)) for r in contents.records] == [("b" * 40, 3.0)]
    assert [s.why for s in contents.skipped] == ["measured before bbbbbbbbbbbb, the only one that is read"]


def test_all_environments_of_the_commit_measured_last_are_read(tmp_path: Path) -> None:
    for sha, env, measured in (("aaaaaaaa", "py3.8", 7), ("aaaaaaaa", "py3.9", 2), ("bbbbbbbb", "py3.8", 5)):
        write_result(tmp_path / "m", sha, {"x.time_a": [[float(measured)], [], "v", measured]}, env=env)
    assert {r.benchmark for r in whole(tmp_path).records} == {"x.time_a [py3.8]", "x.time_a [py3.9]"}


def outdated(sha: str, date: int) -> dict[str, Any]:
    """Return a result file as asv 0.4 wrote it."""
    result = {"result": [0.2], "stats": [{"q_25": 0.1, "q_75": 0.3, "repeat": 5, "number": 1}]}
    about = {"params": {"machine": "n", "python": "3.7"}, "requirements": {}, "env_name": "py", "version": 1}
    return {"results": {"x.time_a": result}, "commit_hash": sha * 5, "date": date, **about}


def test_files_of_an_old_asv_are_refused_with_the_command_that_converts_them(tmp_path: Path) -> None:
    write_result(tmp_path, "aaaaaaaa", {"x.time_a": [[1.0], []]}, date=2)
    (tmp_path / "dddddddd-py.json").write_text(json.dumps(outdated("dddddddd", 3)))
    with pytest.raises(CannotDecideError) as of_newest:
        of_folder(tmp_path)
    (tmp_path / "aaaaaaaa-py.json").unlink()
    with pytest.raises(CannotDecideError) as of_all:
        of_folder(tmp_path)
    with pytest.raises(CannotDecideError) as of_file:
        seen(outdated("dddddddd", 3))
    for caught in (of_newest, of_all, of_file):
        (fault,) = caught.value.diagnostics
        assert "an asv before 0.5" in fault.message
        assert fault.hint.startswith("asv update")
    assert of_all.value.diagnostics[0].place == str(tmp_path / "dddddddd-py.json")


def test_an_old_asvs_file_of_an_earlier_commit_is_left_out(tmp_path: Path) -> None:
    write_result(tmp_path, "aaaaaaaa", {"x.time_a": [[1.0], []]}, date=2)
    (tmp_path / "dddddddd-py.json").write_text(json.dumps(outdated("dddddddd", 1)))
    assert list(of_folder(tmp_path)) == [("x.time_a", "time")]


def test_results_of_two_machines_are_not_mixed(tmp_path: Path) -> None:
    for machine in ("m", "n"):
        write_result(tmp_path / machine, "aaaaaaaa", {"x.time_a": [[1.0], []]})
    with pytest.raises(CannotDecideError, match="2 machines"):
        of_folder(tmp_path)


def test_results_of_two_environments_are_two_benchmarks(tmp_path: Path) -> None:
    for env in ("py3.11", "py3.12"):
        write_result(tmp_path, "aaaaaaaa", {"x.mem_a": [[8], []]}, env=env)
    assert [name for name, _ in of_folder(tmp_path)] == ["x.mem_a [py3.11]", "x.mem_a [py3.12]"]


def test_an_asv_benchmark_that_failed_is_skipped_by_every_combination() -> None:
    results = {
        "x.time_a": [None, [["1", "2"], ["'é'"]]],
        "x.track_b": [[float("nan"), 0], [["1", "2"]]],
        "x.time_c": [[1], [["1", "2"]]],
    }
    contents = seen({"commit_hash": "a", "result_columns": COLUMNS, "results": results})
    assert [s.benchmark for s in contents.skipped] == [
        "x.time_a(1, 'é')",
        "x.time_a(2, 'é')",
        "x.track_b(1)",
        "x.time_c",
    ]
    assert [(r.benchmark, r.better, *values_of(r)) for r in contents.records] == [("x.track_b(2)", None, 0.0)]
