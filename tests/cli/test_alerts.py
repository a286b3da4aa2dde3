"""`perfgate alerts`: exit codes, files and remarks."""

from __future__ import annotations

import sys

import pytest

from perfgate.__main__ import run
from perfgate.core.text.origin import requirement

yaml = pytest.importorskip("yaml", reason="the extra `rollout` is not installed")

WATCHED = """
[[budget]]
name = "latency"
series = "prediction_latency_seconds"
metric = "latency_total"
statistic = "p95"
limit = "< 100ms"
warn = "< 90ms"
"""
ALONE = '[[budget]]\nbenchmark = "job"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 1s"\n'


@pytest.fixture(autouse=True)
def folder(workdir):
    """Work in a project with a budget that Prometheus can watch."""
    (workdir / "perfgate.toml").write_text(WATCHED)
    return workdir


def rules_in(text):
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def test_rules_go_to_stdout_or_to_a_file_that_says_how_many_there_are(folder, capsys):
    assert run(["alerts"]) == 0
    text = capsys.readouterr().out
    assert {"LatencyOverBudget", "LatencyNearBudget"} <= {rule.get("alert") for rule in rules_in(text)}
    assert run(["alerts", "-o", "out/rules.yml"]) == 0
    assert (folder / "out/rules.yml").read_text() == text
    assert "out/rules.yml: " in capsys.readouterr().out


def test_tests_name_the_file_of_the_rules_from_where_they_are(folder, capsys):
    assert run(["alerts", "-o", "a/rules.yml", "--tests", "b/rules_test.yml"]) == 0
    assert yaml.safe_load((folder / "b/rules_test.yml").read_text())["rule_files"] == ["../a/rules.yml"]
    assert "run promtool test rules b/rules_test.yml" in capsys.readouterr().out


def test_times_events_job_and_runbook_are_settings(capsys):
    words = ["--window", "10m", "--for", "0m", "--min-age", "1h", "--min-events", "500"]
    assert run(["alerts", *words, "--job", "shop", "--runbook", "https://wiki.example/"]) == 0
    text = capsys.readouterr().out
    (over,) = (rule for rule in rules_in(text) if rule.get("alert") == "LatencyOverBudget")
    assert ("[10m]" in text, "offset 1h" in over["expr"], ">= 500" in over["expr"]) == (True, True, True)
    assert 'job="shop"' in text
    assert over["annotations"]["runbook_url"] == "https://wiki.example/latency"


def test_a_budget_without_a_series_is_a_note_and_none_at_all_is_exit_2(folder, capsys):
    (folder / "perfgate.toml").write_text(WATCHED + ALONE)
    assert run(["alerts"]) == 0
    assert "note: budget 2 (perfgate.toml)" in capsys.readouterr().err
    (folder / "perfgate.toml").write_text(ALONE)
    assert run(["alerts"]) == 2
    assert "[alerts-nothing]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["--tests", "t.yml"], "--tests needs the file of the rules"),
        (["-o", "x.yml", "--tests", "x.yml"], "rules and tests have the same path"),
        (["--window", "30s"], '"30s" is no whole number of minutes, hours or days from 1m to 30d; write it like 5m'),
        (["--for", "31d"], '"31d" is no whole number of minutes, hours or days from 0m to 30d'),
        (["--min-events", "3"], '"3" is not a whole number from 4 to'),
        (["-o", "perfgate.toml/rules.yml"], "perfgate.toml/rules.yml"),
        (["--config", "absent.toml"], "absent.toml"),
    ],
)
def test_what_cannot_be_written_or_read_is_exit_2(words, cause, capsys):
    assert run(["alerts", *words]) == 2
    assert cause in capsys.readouterr().err


def test_a_missing_library_is_exit_2_with_the_command_that_installs_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert run(["alerts"]) == 2
    assert f"pip install '{requirement('rollout')}'" in capsys.readouterr().err
