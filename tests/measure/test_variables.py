from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from measured_programs import summaries

from perfgate.measure import measure_run_context

_LOOK = """
    from perfgate.measure import measure_run_context
    for _ in range(2):
        with measure_run_context(write=False) as run:
            pass
        print(run.to_json())
    """


@pytest.mark.parametrize("word", ["0", "false", "OFF", "No", " off "])
def test_measuring_can_be_switched_off(python, word):
    done = python(_LOOK, PERFGATE_ENABLED=word)
    nothing = '{"run_id": null, "elapsed_sec": null, "rows_used": null, "peak_memory_mb": null}\n'
    assert done.stdout == nothing * 2
    assert done.stderr == ""


@pytest.mark.parametrize("word", ["1", "TRUE", "on", "yes", "", None])
def test_measuring_is_on_unless_it_is_switched_off(python, word):
    done = python(_LOOK, **({} if word is None else {"PERFGATE_ENABLED": word}))
    assert '"status": "ok"' in done.stdout
    assert done.stderr == ""


def test_an_unknown_word_counts_as_on_and_is_told_once(python):
    done = python(_LOOK, PERFGATE_ENABLED="nein")
    assert '"status": "ok"' in done.stdout
    assert done.stderr.count("\n") == 1
    assert "perfgate: PERFGATE_ENABLED='nein'" in done.stderr


def test_the_switch_is_read_once_at_import(python):
    done = python(
        """
        import os
        import perfgate.measure
        os.environ["PERFGATE_ENABLED"] = "0"
        with perfgate.measure.measure_run_context(write=False) as run:
            pass
        print(run.to_dict()["status"])
        """
    )
    assert done.stdout == "ok\n"


def test_a_switched_off_context_is_shared_ignores_all_and_writes_nothing():
    context = measure_run_context(enabled=False)
    assert context is measure_run_context(enabled=False, run_id="not/checked")
    with context as run, context as again:
        assert run is again
        run.rows_used = 5
        run.rows_used += 1
        run.record("elapsed", float("nan"))
    assert (run.rows_used, run.run_id, run.path) == (0, "", None)
    assert list(run.to_dict().values()) == [None] * 4
    assert list(json.loads(run.to_json())) == ["run_id", "elapsed_sec", "rows_used", "peak_memory_mb"]
    assert list(Path().iterdir()) == []


def test_a_switched_off_context_lets_exceptions_through():
    with pytest.raises(KeyError), measure_run_context(enabled=False):
        raise KeyError


def test_an_argument_switches_on_what_the_environment_switched_off(python):
    done = python(
        """
        from perfgate.measure import measure_run_context
        with measure_run_context(enabled=True, write=False) as run:
            pass
        print(run.to_dict()["status"])
        """,
        PERFGATE_ENABLED="0",
    )
    assert done.stdout == "ok\n"


def test_the_environment_names_benchmark_folder_command_and_rows(monkeypatch, tmp_path):
    monkeypatch.setenv("PERFGATE_BENCHMARK", "from-env")
    monkeypatch.setenv("PERFGATE_OUT", str(tmp_path / "env-out"))
    monkeypatch.setenv("PERFGATE_COMMAND", "0123456789ab")
    monkeypatch.setenv("PERFGATE_ROWS", "42")
    with measure_run_context() as run:
        assert run.rows_used == 0
    (summary,) = summaries(tmp_path / "env-out")
    assert summary["benchmark"] == "from-env"
    assert summary["command"] == "0123456789ab"
    assert summary["rows_used"] == 42


def test_what_the_program_says_outweighs_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("PERFGATE_BENCHMARK", "from-env")
    monkeypatch.setenv("PERFGATE_OUT", str(tmp_path / "env-out"))
    monkeypatch.setenv("PERFGATE_ROWS", "42")
    monkeypatch.setenv("PERFGATE_MEMORY", "poll")
    with measure_run_context(benchmark="mine", out="mine", memory="auto") as run:
        run.rows_used = 0
    (summary,) = summaries("mine")
    assert (summary["benchmark"], summary["rows_used"], summary["memory_source"]) == ("mine", 0, "vmhwm")


@pytest.mark.parametrize("rows", ["-1", "1.5", "many", "٣", "9" * 5000, str(2**53 + 1)], ids=lambda rows: rows[:9])
def test_rows_of_the_environment_that_make_no_sense_are_told_and_ignored(monkeypatch, capsys, rows):
    monkeypatch.setenv("PERFGATE_ROWS", rows)
    for _ in range(2):
        with measure_run_context():
            pass
    assert [s["rows_used"] for s in summaries()] == [0, 0]
    told = capsys.readouterr().err
    assert told.count("perfgate: PERFGATE_ROWS=") == told.count("\n") == 1


def test_a_memory_mode_of_the_environment_is_used(monkeypatch):
    monkeypatch.setenv("PERFGATE_MEMORY", "poll:50ms")
    with measure_run_context(write=False) as run:
        pass
    assert run.to_dict()["memory_source"] == "poll(50ms)"


def test_an_unknown_memory_mode_of_the_environment_is_told_and_ignored(monkeypatch, capsys):
    monkeypatch.setenv("PERFGATE_MEMORY", "guess")
    with measure_run_context(write=False) as run:
        pass
    assert run.to_dict()["memory_source"] == "vmhwm"
    told = capsys.readouterr().err
    assert "PERFGATE_MEMORY" in told
    assert "tracemalloc" in told


def test_a_benchmark_of_the_environment_that_is_no_utf_8_is_told_and_ignored(monkeypatch, capsys):
    monkeypatch.setenv("PERFGATE_BENCHMARK", "a\udcff")
    with measure_run_context():
        pass
    assert "benchmark" not in summaries()[0]
    assert "PERFGATE_BENCHMARK is not valid UTF-8" in capsys.readouterr().err


def test_a_benchmark_of_the_environment_that_is_too_long_is_told_and_ignored(monkeypatch, capsys):
    monkeypatch.setenv("PERFGATE_BENCHMARK", "x" * 501)
    with measure_run_context():
        pass
    assert "benchmark" not in summaries()[0]
    assert "PERFGATE_BENCHMARK" in capsys.readouterr().err


def test_a_warm_up_measures_but_writes_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("PERFGATE_WRITE", "0")
    monkeypatch.setenv("PERFGATE_RECEIPT", str(tmp_path / "receipt"))
    with measure_run_context() as run:
        pass
    assert run.path is None
    assert run.to_dict()["elapsed_ns"] > 0
    assert list(tmp_path.iterdir()) == []


def test_writing_can_be_switched_by_the_program(monkeypatch):
    with measure_run_context(write=False) as run:
        pass
    assert run.path is None
    monkeypatch.setenv("PERFGATE_WRITE", "0")
    with measure_run_context(write=True) as run:
        pass
    assert len(summaries()) == 1


def test_the_receipt_lists_every_file_written_in_order(monkeypatch, tmp_path):
    receipt = tmp_path / "receipt"
    receipt.write_text("/earlier.json\n")
    monkeypatch.setenv("PERFGATE_RECEIPT", str(receipt))
    runs = []
    for _ in range(3):
        with measure_run_context(out="o") as run:
            pass
        runs.append(run)
    assert receipt.read_text().splitlines() == ["/earlier.json", *(run.path for run in runs)]
    assert all(os.path.isabs(run.path) for run in runs)


def test_a_receipt_that_cannot_be_written_is_told_and_the_summary_stays(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PERFGATE_RECEIPT", str(tmp_path))
    with measure_run_context() as run:
        pass
    assert Path(run.path).is_file()
    assert "perfgate: could not write the receipt" in capsys.readouterr().err


def test_the_session_of_the_environment_is_used(python):
    done = python(_LOOK, PERFGATE_SESSION="gha-1-1-job-abcdef01/2")
    assert '"session": "gha-1-1-job-abcdef01/2"' in done.stdout


def test_a_missing_stderr_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stderr", None)
    (tmp_path / "file").write_text("")
    with measure_run_context(out="file/below") as run:
        pass
    assert run.path is None
