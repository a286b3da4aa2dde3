"""`perfgate doctor`, through the door."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from perfgate.__main__ import run
from perfgate.pipeline.doctor import examine
from perfgate.pipeline.doctor.costs import Launches

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def calm(monkeypatch):
    """Ten launches that need no processes."""
    values = tuple(0.05 + i / 1e5 for i in range(10))
    monkeypatch.setattr(
        examine.examine, "__kwdefaults__", {**examine.examine.__kwdefaults__, "launch": lambda: Launches(
            elapsed=values, cpu=values, memory_source="wait4-launcher"
        )},
    )  # fmt: skip


@pytest.mark.usefixtures("calm")
def test_it_works_without_configuration_and_outside_git_and_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["doctor", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "perfgate/doctor/1"
    assert {c["level"] for c in document["checks"]} <= {"ok", "note", "warning"}
    assert all(c["hint"] for c in document["checks"] if c["level"] != "ok")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("calm")
def test_every_check_has_its_row_on_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["doctor", "--format", "json"]) == 0
    names = {c["name"] for c in json.loads(capsys.readouterr().out)["checks"]}
    page = (DOCS / "doctor.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE)) == names


def test_quick_launches_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("perfgate.pipeline.doctor.costs.Launcher", None)
    assert run(["doctor", "--quick"]) == 0
    assert "launcher\n" not in capsys.readouterr().out


def test_a_configuration_that_is_not_valid_is_a_warning(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perfgate.toml").write_text("threshhold = 1\n")
    assert run(["doctor", "--quick", "--format", "json"]) == 0
    (check,) = [c for c in json.loads(capsys.readouterr().out)["checks"] if c["name"] == "configuration"]
    assert check["level"] == "warning"


def test_a_machine_on_which_nothing_can_be_measured_is_exit_code_2_and_the_report_is_shown(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(examine, "_is_writable", lambda _: False)
    monkeypatch.setattr(examine, "_is_temporary_writable", lambda: False)
    assert run(["doctor", "--quick"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("cannot decide: run-files: neither ")
    assert "[cannot-measure]" in captured.err
    assert "memory-source" in captured.out


def test_a_folder_that_cannot_be_written_is_a_warning_while_another_can(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PERFGATE_OUT", str(tmp_path / "file" / "runs"))
    assert run(["doctor", "--quick", "--format", "json"]) == 0
    (check,) = [c for c in json.loads(capsys.readouterr().out)["checks"] if c["name"] == "run-files"]
    assert check["level"] == "warning"


def test_a_value_that_a_program_would_ignore_is_a_warning_that_says_what_is_expected(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERFGATE_MEMORY", "guess")
    monkeypatch.setenv("PERFGATE_TRACE_SAMPLE_RATE", "7")
    assert run(["doctor", "--quick"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "warning variable-values PERFGATE_MEMORY: memory='guess' is unknown: expected auto" in words
    assert "PERFGATE_TRACE_SAMPLE_RATE='7' is not a number from 0 to 1 and is ignored" in words


def test_of_each_section_the_gravest_comes_first(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERFGATE_ROWS", "many")
    assert run(["doctor", "--quick"]) == 0
    shown = [
        line.split("  ", 1) for line in capsys.readouterr().out.splitlines() if re.match("(ok|note|warning)  ", line)
    ]
    names = {name: place for place, (_, name) in enumerate(shown)}
    assert names["variable-values"] < min(names[name] for name in ("bytecode", "hash-seed"))
    assert names["clock"] < names["configuration"] < names["variable-values"] < names["session"]


def test_a_machine_whose_files_hold_garbage_is_examined_to_the_end(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("proc/meminfo", "proc/loadavg", "proc/self/cgroup", "proc/cpuinfo"):
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_bytes(bytes(range(256)) * 40)
    (tmp_path / "root/sys/devices/system/cpu/present").mkdir(parents=True)
    document, faults = examine.examine(is_quick=True, root=str(tmp_path / "root"))
    assert faults == []
    assert {"cpus", "load", "session"} <= {c["name"] for c in document.data["checks"]}


def test_a_clock_that_stands_still_is_exit_code_2(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, faults = examine.examine(is_quick=True, clock=lambda: None)
    assert [(f.slug, f.place) for f in faults] == [("cannot-measure", "clock")]
