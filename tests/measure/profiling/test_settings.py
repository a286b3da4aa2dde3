"""Profiling is off until somebody switches it on."""

from __future__ import annotations

import pytest

import perfgate


def is_on():
    with perfgate.profile() as p:
        pass
    return p.metrics is not None


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"PERFGATE_PROFILE": ""}, False, id="empty"),
        pytest.param({"PERFGATE_PROFILE": "1"}, True, id="1"),
        pytest.param({"PERFGATE_PROFILE": " TRUE "}, True, id="true"),
        pytest.param({"PERFGATE_PROFILE": "off"}, False, id="off"),
        pytest.param({"ENABLE_PERFORMANCE_MONITORING": "true"}, True, id="the other name"),
        pytest.param({"ENABLE_PERFORMANCE_MONITORING": "false"}, False, id="the other name, off"),
        pytest.param({"PERFGATE_PROFILE": "0", "ENABLE_PERFORMANCE_MONITORING": "1"}, False, id="ours wins"),
        pytest.param({"PERFGATE_PROFILE": "", "ENABLE_PERFORMANCE_MONITORING": "yes"}, True, id="ours is empty"),
        pytest.param({"PERFGATE_PROFILE": " ", "ENABLE_PERFORMANCE_MONITORING": "yes"}, True, id="ours is blank"),
    ],
)
def test_profiling_is_on_where_a_variable_says_so(variables, expected, monkeypatch, capsys):
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    assert is_on() is expected
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["PERFGATE_PROFILE", "ENABLE_PERFORMANCE_MONITORING"])
def test_an_unknown_word_is_named_once_and_means_off(name, monkeypatch, capsys):
    monkeypatch.setenv(name, "enabled")
    assert not is_on()
    assert not is_on()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"perfgate: {name}='enabled' is not one of")
    assert line.endswith("nothing is profiled")
