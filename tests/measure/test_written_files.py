from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest
from measured_programs import summaries

from perfgate.core.measured import MEASURED, Measured
from perfgate.formats.own.run_summary import SummaryReader
from perfgate.measure import measure_run_context
from perfgate.measure.command.run import run_command
from perfgate.measure.summary import build_summary, encode_summary, format_utc, write_summary

_AS_NOBODY = """
    import ctypes, os, resource, sys
    from perfgate.measure import measure_run_context
    with measure_run_context(write=False):
        pass  # all that is needed is loaded while it may be read
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: /proc/self is no longer ours to write
    """


FACTS = {
    "run_id": "r",
    "rows_used": 3,
    "benchmark": None,
    "labels": {},
    "status": "ok",
    "started_at": format_utc(1_795_226_324_123_456_789),
    "session": "s",
    "memory_source": "vmhwm",
    "environment": {"os": "linux"},
    "commit": None,
    "command": None,
    "shard": None,
}
VALUES = {"elapsed": 1.23456789, "peak_memory": 12_345_678, "cpu": 0.1234567891234}


@pytest.fixture
def summary():
    return build_summary(FACTS, VALUES, {})


def test_the_rounded_keys_keep_three_decimals_and_one(summary):
    assert summary == {
        "run_id": "r",
        "elapsed_sec": 1.235,
        "rows_used": 3,
        "peak_memory_mb": 12.3,
        "schema": "perfgate/run/1",
        "status": "ok",
        "started_at": "2026-11-21T01:58:44.123456Z",
        "session": "s",
        "elapsed_ns": 1_234_567_890,
        "peak_memory_bytes": 12_345_678,
        "memory_source": "vmhwm",
        "cpu_sec": 0.123456789,
        "environment": {"os": "linux"},
    }


def test_the_four_keys_of_the_contract_come_first(summary):
    assert list(summary)[:4] == ["run_id", "elapsed_sec", "rows_used", "peak_memory_mb"]


def test_commit_and_command_stand_there_when_known():
    known = build_summary({**FACTS, "commit": "c" * 40, "command": "d" * 12, "shard": "2/4"}, VALUES, {})
    assert (known["commit"], known["command"], known["shard"]) == ("c" * 40, "d" * 12, "2/4")


@pytest.mark.parametrize("nanoseconds", [0, 1, 999_999_999, 86_400_000_000_001, 2**51 - 1])
def test_a_time_in_whole_nanoseconds_is_written_to_the_last_one(nanoseconds):
    assert build_summary(FACTS, {**VALUES, "elapsed": nanoseconds / 1e9}, {})["elapsed_ns"] == nanoseconds


def test_a_measured_metric_without_a_key_of_its_own_is_read_back_from_the_metrics(monkeypatch):
    table = (*MEASURED, Measured("page_faults", "1", grows_with_rows=False))
    monkeypatch.setattr("perfgate.measure.summary.MEASURED", table)
    recorded = {"rows_lost": {"value": 2.0, "unit": "1", "better": "lower"}}
    text = encode_summary(build_summary(FACTS, {**VALUES, "page_faults": 7}, recorded))
    run = SummaryReader().parse(text.encode(), "r.json", "")
    assert {metric.name: value for metric, value in run.values}.items() >= {
        "page_faults": 7.0,
        "rows_lost": 2.0,
    }.items()


def test_a_commands_summary_has_the_same_form_as_a_contexts():
    with measure_run_context(benchmark="b", labels={"n": 3}, write=False) as run:
        pass
    facts = {**FACTS, "benchmark": "b", "labels": {"n": "3"}, "commit": "c" * 40}
    summary = build_summary(facts, run_command(["true"]).measured, {})
    # A metric that only a command has, and that has no key of its own, stands among the metrics.
    assert [key for key in summary if key not in {"commit", "metrics"}] == [k for k in run.to_dict() if k != "commit"]


def test_a_number_that_is_not_finite_never_reaches_a_file(summary, tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_summary({**summary, "x": float("nan")}, str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_run_id_cannot_lead_out_of_the_folder(summary, tmp_path):
    with pytest.raises(ValueError, match="not allowed"):
        write_summary({**summary, "run_id": "../up"}, str(tmp_path / "in"))


def test_writing_gives_the_absolute_path_and_makes_the_folder(summary, tmp_path):
    path = write_summary(summary, "a/b")
    assert path == str(tmp_path / "a" / "b" / "r.json")
    assert Path(path).read_text() == encode_summary(summary) + "\n"


def test_a_second_run_of_the_same_name_replaces_the_first():
    for rows in (1, 2):
        with measure_run_context("same", rows_used=rows):
            pass
    assert [s["rows_used"] for s in summaries()] == [2]


def test_a_file_in_the_folders_place_costs_one_line_and_not_the_program(tmp_path, capsys):
    (tmp_path / "outputs").write_text("in the way")
    with measure_run_context("r-9") as run:
        run.rows_used = 1
    assert run.path is None
    assert run.to_dict()["rows_used"] == 1
    told = capsys.readouterr().err
    assert told.startswith("perfgate: could not write the summary of run r-9: ")
    assert told.count("\n") == 1


def test_the_bodys_exception_goes_on_even_when_nothing_can_be_written(tmp_path, capsys):
    (tmp_path / "outputs").write_text("in the way")
    with pytest.raises(KeyError) as caught, measure_run_context():
        raise KeyError
    assert caught.value.__context__ is None
    assert "could not write" in capsys.readouterr().err


def test_a_read_only_folder_does_not_end_the_program(python):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(stat.S_IRUSR | stat.S_IXUSR | stat.S_IROTH | stat.S_IXOTH)
        done = python(
            _AS_NOBODY
            + """
    with measure_run_context(out=sys.argv[-1]) as run:
        pass
    print(run.path)
    """.replace("sys.argv[-1]", repr(folder))
        )
        assert list(Path(folder).iterdir()) == []
    assert done.stdout == "None\n"
    assert done.stderr.startswith("perfgate: could not write the summary")
    assert "Permission denied" in done.stderr


def test_a_program_that_may_not_reset_the_mark_reports_the_peak_of_its_life(python):
    done = python(
        _AS_NOBODY
        + """
    with measure_run_context(write=False) as run:
        pass
    summary = run.to_dict()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(summary["memory_source"], abs(summary["peak_memory_bytes"] - peak) < 2_000_000)
    """
    )
    assert done.stdout == "ru_maxrss True\n"


@pytest.mark.parametrize("moment", ["write", "replace"])
def test_a_program_killed_while_writing_leaves_no_part_of_a_summary(python, moment):
    done = python(
        f"""
        import os, signal
        from perfgate.measure import measure_run_context
        def die(*arguments):
            os.kill(os.getpid(), signal.SIGKILL)
        with measure_run_context("r"):
            pass
        with measure_run_context("s"):
            os.{moment} = die
        """
        if moment == "replace"
        else """
        import os, signal
        from perfgate.measure import measure_run_context
        real = os.write
        def die(fd, content):
            if len(content) > 50:  # the summary, not the reset of the mark
                real(fd, content[:20])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(fd, content)
        with measure_run_context("r"):
            pass
        with measure_run_context("s"):
            os.write = die
        """,
        check=False,
    )
    assert done.returncode == -9
    assert [s["run_id"] for s in summaries()] == ["r"]
    visible = [name for name in os.listdir("outputs/model_runs") if not name.startswith(".")]
    assert visible == ["r.json"]
