"""What each fact means: its level, and one sentence of what to do."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from support import ROOT

from perfgate.measure.known_variables import KNOWN
from perfgate.measure.machine.limits import Limits
from perfgate.measure.own_costs import Clock, OwnCosts
from perfgate.pipeline.doctor import costs, software
from perfgate.pipeline.doctor import examine as examine_module
from perfgate.pipeline.doctor.costs import Launches, check_clock, check_memory, check_noise, launch
from perfgate.pipeline.doctor.machine import check_machine

CALM = Limits(
    cpus_present=8,
    cpus_allowed=8,
    cpu_quota=None,
    governors=("performance",),
    turbo=False,
    smt=False,
    container="",
    machine="",
    memory_total=2**34,
    memory_limit=None,
    swap_total=0,
    swap_used=0,
    load=0.1,
    can_reset_peak=True,
)


def levels(limits):
    return {c.name: c.level for c in check_machine(limits)}


def test_a_calm_machine_needs_nothing():
    assert set(levels(CALM).values()) == {"ok"}
    assert not any(c.hint for c in check_machine(CALM))


@pytest.mark.parametrize(
    ("change", "name", "level"),
    [
        ({"cpu_quota": 7.5}, "cpus", "warning"),
        ({"cpu_quota": 8.0}, "cpus", "ok"),
        ({"cpus_allowed": 1}, "cpus", "note"),
        ({"cpus_present": None}, "cpus", "ok"),
        ({"governors": ("performance", "schedutil")}, "governor", "note"),
        ({"governors": ()}, "governor", "ok"),
        ({"turbo": True}, "turbo", "note"),
        ({"smt": True}, "smt", "note"),
        ({"machine": "KVM"}, "host", "note"),
        ({"container": "podman"}, "host", "ok"),
        ({"memory_limit": 2**29 - 1}, "memory-limit", "warning"),
        ({"memory_limit": 2**29}, "memory-limit", "ok"),
        ({"swap_total": 1000, "swap_used": 101}, "swap", "warning"),
        ({"swap_total": 1000, "swap_used": 100}, "swap", "ok"),
        ({"load": 4.1}, "load", "warning"),
        ({"load": 4.0}, "load", "ok"),
    ],
)
def test_each_fact_has_its_level_and_a_hint_unless_it_is_fine(change, name, level):
    (check,) = [c for c in check_machine(replace(CALM, **change)) if c.name == name]
    assert check.level == level
    assert bool(check.hint) is (level != "ok")


COSTS = OwnCosts(clock_read=60, clock_pair=150, span=900, span_with_two=950, disabled_span=200, context=30_000)


@pytest.mark.parametrize(
    ("clock", "read", "level"),
    [
        (Clock(stated=1, step=100), 60, "ok"),
        (Clock(stated=1, step=15_600_000), 60, "note"),
        (Clock(stated=1, step=100), 900, "note"),
        (None, 60, "error"),
    ],
    ids=["fine", "coarse", "slow-to-read", "none"],
)
def test_a_clock_is_fine_coarse_slow_or_absent(clock, read, level):
    assert check_clock(clock, replace(COSTS, clock_read=read)).level == level


def test_spans_are_shown_beside_a_pair_of_clock_reads():
    found = {c.name: c.values for c in costs.check_costs(COSTS)}
    assert found["span"] == {"ns": 900, "clock_pairs": 6.0}
    assert found["disabled-span"]["clock_pairs"] == 1.33
    assert found["shortest-stage"]["ns"] == 30_000


@pytest.mark.parametrize(("source", "level"), [("vmhwm", "ok"), ("ru_maxrss", "note"), ("", "note")])
def test_peak_memory_by_another_method_than_the_best_is_a_note(source, level):
    assert check_memory(source, "wait4-launcher", can_reset=False).level == level


def ended(**keys):
    return SimpleNamespace(
        **{
            "timed_out": False,
            "is_ok": lambda: True,
            "error": None,
            "stderr_tail": "",
            "exit_code": 0,
            "memory_source": "wait4-launcher",
            "measured": {"elapsed": 0.05, "cpu": 0.04},
            **keys,
        }
    )


def test_ten_launches_are_kept_after_one_that_is_not():
    calls = []
    found = launch(lambda *_, timeout: calls.append(timeout) or ended(), lambda: 0.0)
    assert (len(calls), len(found.elapsed), len(found.cpu)) == (11, 10, 10)


def test_launches_that_take_too_long_are_cut_off():
    times = iter(range(0, 1000, 2))
    found = launch(lambda *_, timeout: ended(), lambda: float(next(times)))
    assert 0 < len(found.elapsed) < 10
    assert next(check_noise(found)).level == "warning"


def refuse(*_, **__):
    raise OSError(11, "no more processes")


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(refuse, id="cannot-start"),
        pytest.param(lambda *_, **__: ended(is_ok=lambda: False, exit_code=3), id="fails"),
        pytest.param(lambda *_, **__: ended(is_ok=lambda: False, error="command not found"), id="not-found"),
    ],
)
def test_a_launcher_that_cannot_start_is_an_error(run):
    (check,) = check_noise(launch(run))
    assert (check.name, check.level) == ("launcher", "error")


@pytest.mark.parametrize(
    ("step", "level"),
    [(0.0, "ok"), (0.001, "ok"), (0.03, "note"), (0.2, "warning")],
    ids=["still", "calm", "noisy", "wild"],
)
def test_the_noise_of_a_workload_decides_what_ten_runs_could_show(step, level):
    values = tuple(1.0 + step * i for i in range(10))
    found = {c.name: c for c in check_noise(Launches(elapsed=values, cpu=values, memory_source="x"))}
    assert (found["elapsed"].level, found["cpu"].level) == (level, level)
    assert found["elapsed"].values["smallest_change"] >= 0


def software_of(environ, git="2.40.0"):
    return {c.name: c for c in software.check_software(environ, git=git)}


def test_a_variable_with_an_unknown_name_is_named_and_its_value_is_not_shown():
    check = software_of({"PERFGATE_SESION": "hunter2", "PERFGATE_SHARD": "1/2", "TOKEN": "x"})["variables"]
    assert check.level == "warning"
    assert check.found == "PERFGATE_SHARD=1/2, PERFGATE_SESION (unknown)"
    assert "hunter2" not in repr(check)


def test_a_misspelled_variable_is_a_warning_also_where_programs_profile_themselves():
    check = software_of({"PERFGATE_SESION": "1", "PERFGATE_PROFILE": "1"})["variables"]
    assert check.level == "warning"
    assert check.hint.startswith("Variables with an unknown name have no effect")
    assert "unset PERFGATE_PROFILE where times are measured" in check.hint


def test_values_that_are_used_are_ok_and_one_that_is_ignored_is_a_warning():
    good = {"PERFGATE_TRACE": "off", "PERFGATE_TRACE_SAMPLE_RATE": "0.5", "PERFGATE_ROWS": "7", "PERFGATE_OUT": "x"}
    assert software_of(good)["variable-values"].level == "ok"
    check = software_of({**good, "PERFGATE_PROFILE": "perhaps"})["variable-values"]
    assert (check.level, len(check.values["ignored"])) == ("warning", 1)
    assert check.found.startswith("PERFGATE_PROFILE='perhaps' is not one of 0, false")


@pytest.mark.parametrize("environ", [{"PERFGATE_ENABLED": "0"}, {"PERFGATE_WRITE": "off"}])
def test_measuring_that_is_switched_off_is_a_warning(environ):
    assert software_of(environ)["variables"].level == "warning"


def test_every_variable_that_the_source_reads_is_known_to_the_doctor():
    read = set()
    for path in (ROOT / "perfgate").rglob("*.py"):
        read |= set(re.findall(r"\"(PERFGATE_[A-Z_]+[A-Z])\"", path.read_text(encoding="utf-8")))
    assert read - KNOWN == set()


def test_git_and_the_hash_seed_are_looked_at():
    assert software_of({}, git=None)["git"].level == "warning"
    assert software_of({"PYTHONHASHSEED": "0"})["hash-seed"].level == "ok"
    assert software_of({"PYTHONHASHSEED": "random"})["hash-seed"].level == "note"


@pytest.mark.parametrize(("environ", "level"), [({}, "ok"), ({"CI": "true"}, "note"), ({"GITLAB_CI": "1"}, "ok")])
def test_only_a_ci_system_that_is_not_known_is_a_note(environ, level):
    checks = software.check_identity(environ, {"arch": "x64"}, session="s", machine_class="")
    found = {c.name: c for c in checks}
    assert found["ci"].level == level
    assert found["machine-class"].found == "x64 (from the machine)"


@pytest.mark.parametrize("name", ["PERFGATE_PROFILE", "ENABLE_PERFORMANCE_MONITORING"])
def test_profiling_that_is_switched_on_is_a_note_that_names_its_variable(name):
    check = software_of({name: "true"})["variables"]
    assert check.level == "note"
    assert name in check.found
    assert f"unset {name}" in check.hint
    assert software_of({name: "0"})["variables"].level == "ok"


def test_a_fault_of_the_configuration_has_its_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perfgate.toml").write_text("[trace]\nsample_rate = 7\n")
    found = {c.name: c for c in examine_module._check_output()}["configuration"].found
    assert found.startswith("perfgate.toml")
    assert "sample_rate" in found
