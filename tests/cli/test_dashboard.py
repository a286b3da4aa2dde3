"""`perfgate dashboard`: exit codes, files and remarks."""

from __future__ import annotations

import json
from importlib import metadata

import pytest
from dashboard_cases import ALL

from perfgate.__main__ import run
from perfgate.core.text.origin import requirement
from perfgate.pipeline import dashboard as use_case


@pytest.fixture(autouse=True)
def folder(workdir):
    """Work in a project with budgets."""
    (workdir / "perfgate.toml").write_text(ALL)
    return workdir


@pytest.fixture
def builders():
    """Skip a test that needs Grafana's builders where they are not installed."""
    return pytest.importorskip("grafana_foundation_sdk", reason="the extra `rollout` is not installed")


def test_the_file_holds_the_dashboard_and_stdout_nothing(folder, builders, capsys):
    assert run(["dashboard", "--grafana", "11.6", "-o", "grafana/dashboard.json"]) == 0
    assert capsys.readouterr() == ("", "")
    first = (folder / "grafana/dashboard.json").read_bytes()
    assert json.loads(first)["title"] == "Service performance"
    assert run(["dashboard"]) == 0
    assert capsys.readouterr().out.encode() == first


def test_title_and_stage_metrics_are_settings(builders, capsys):
    assert run(["dashboard", "--title", "Shop", "--stage-prefix", "shop", "--stage-unit", "seconds"]) == 0
    text = capsys.readouterr().out
    assert json.loads(text)["title"] == "Shop"
    assert "shop_stage_duration_seconds_bucket" in text


@pytest.mark.parametrize("text", ["", '[[budget]]\nbenchmark = "b"\nmetric = "m"\nstatistic = "p50"\nlimit = "< 1s"\n'])
def test_budgets_that_are_not_drawn_are_named(folder, builders, capsys, text):
    (folder / "perfgate.toml").write_text(f'baselines = "none"\n{text}')
    assert run(["dashboard", "-o", "d.json"]) == 0
    said = capsys.readouterr().err
    assert "warning: perfgate.toml: " in said
    assert ("budget 1 (perfgate.toml)" if text else "there are no budgets to draw") in said


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["--grafana", "10.1"], '"10.1" is not 11.6'),
        (["--stage-prefix", "9a"], '--stage-prefix "9a" cannot begin the name of a metric'),
        (["--stage-unit", "s"], '"s" is not one of'),
        (["--title", ""], "--title is empty"),
        (["--config", "absent.toml"], "absent.toml"),
    ],
    ids=lambda x: x[0] if isinstance(x, list) else "",
)
def test_what_cannot_be_written_is_exit_code_2(capsys, words, cause):
    assert run(["dashboard", *words]) == 2
    assert cause in capsys.readouterr().err.splitlines()[0]


def test_a_budget_that_cannot_be_drawn_is_exit_code_2_and_leaves_no_file(folder, capsys):
    (folder / "perfgate.toml").write_text(ALL.replace('series = "queue_depth"', 'series = "queue_total"'))
    assert run(["dashboard", "-o", "d.json"]) == 2
    assert 'cannot decide: budget "queue" (perfgate.toml): ' in capsys.readouterr().err
    assert not (folder / "d.json").exists()


def test_a_file_that_cannot_be_written_is_exit_code_2(folder, builders, capsys):
    (folder / "taken").mkdir()
    assert run(["dashboard", "-o", "taken"]) == 2
    assert "cannot decide: taken is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "grafana-foundation-sdk is not installed"),
        ("1769699998!10.1.0", "1769699998!10.1.0 is installed, which is not for Grafana 11.6"),
        ("1769699379!11.60.0", "which is not for Grafana 11.6"),
    ],
    ids=["absent", "of-10.1", "of-11.60"],
)
def test_missing_or_other_builders_are_one_error_that_says_what_to_install(monkeypatch, capsys, found, words):
    def version(_name):
        if found is None:
            raise metadata.PackageNotFoundError
        return found

    monkeypatch.setattr(use_case, "version", version)
    assert run(["dashboard"]) == 2
    said = capsys.readouterr().err
    assert words in said.splitlines()[0]
    assert said.count("[extra-missing]") == 1
    assert f"pip install '{requirement('rollout')}'" in said
