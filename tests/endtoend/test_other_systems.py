"""The files for other CI systems, written by a check of each outcome and drawn again from its report."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest
from support import assert_cannot_decide

from perfgate.core.finding import HOLDS

if TYPE_CHECKING:
    from support import Outcome, Project

FILES = {
    "junit.xml": ("junit",), "metrics.prom": ("openmetrics",), "gl-codequality.json": ("codequality",),
    "badge.svg": ("badge",), "badge.shields.json": ("shields",),
}  # fmt: skip


def spoil(project: Project, how: str) -> None:
    if how == "regression":
        project.change_runs("new-train-*", elapsed_sec=2.0)
    if how == "missing":
        project.drop_runs("*-score-*")
    if how == "nothing":
        project.drop_runs("*")


def check(project: Project, *more: str) -> Outcome:
    return project.cli("check", *(w for f in (*FILES, "r.json") for w in ("--report", f)), *more)


@pytest.mark.parametrize(("how", "code"), [("pass", 0), ("regression", 1), ("missing", 2), ("nothing", 2)])
def test_every_file_is_written_and_says_what_the_exit_code_says(green: Project, how: str, code: int) -> None:
    spoil(green, how)
    assert check(green).code == code
    root = ET.parse(green.path("junit.xml")).getroot()  # noqa: S314 - our own file
    assert (root.get("failures") != "0", root.get("errors") != "0") == (code == 1, code == 2)
    assert f"\nperfgate_exit_code {code}\n" in green.path("metrics.prom").read_text()
    severities = {e["severity"] for e in green.read_json("gl-codequality.json")}
    assert ("critical" in severities, "blocker" in severities) == (code == 1, code == 2)
    message = {0: "pass", 1: "1 regression", 2: "cannot decide"}[code]
    assert green.read_json("badge.shields.json")["message"] == message
    assert f"<title>perf: {message}</title>" in green.path("badge.svg").read_text()
    for name, (form,) in FILES.items():
        again = green.cli("report", "r.json", "--format", form)
        assert (again.code, again.stdout) == (0, green.path(name).read_text())
        assert green.cli("check", "--format", form).stdout == again.stdout


def test_the_file_of_a_row_is_the_baseline_that_is_there(green: Project) -> None:
    spoil(green, "regression")
    check(green, "--junit-flavor", "gitlab")
    (entry,) = [e for e in green.read_json("gl-codequality.json") if e["severity"] == "critical"]
    assert green.path(entry["location"]["path"]) == green.baseline("train")
    files = set(re.findall(r' file="([^"]+)"', green.path("junit.xml").read_text()))
    assert files == {str(green.baseline(b).relative_to(green.root)) for b in ("train", "score")}


def test_the_flavor_counts_on_stdout_in_files_and_again_and_in_any_order(green: Project) -> None:
    gitlab = ("--junit-flavor", "gitlab")
    first = check(green, "--format", "junit", *gitlab).stdout
    assert ' file="' in first
    assert green.path("junit.xml").read_text() == first
    assert green.cli("report", "r.json", *gitlab, "--format", "junit").stdout == first
    assert " file=" not in green.cli("report", "r.json", "--format", "junit").stdout
    assert json.loads(green.cli("report", "r.json", "--format", "json", *gitlab).stdout) == green.read_json("r.json")


def test_a_wrong_configuration_reaches_the_files_too(green: Project) -> None:
    green.write("perfgate.toml", "treshold = 1")
    assert_cannot_decide(check(green), "perfgate.toml", "schema config")
    assert 'name="config-invalid"' in green.path("junit.xml").read_text()
    assert "perfgate_faults 1\n" in green.path("metrics.prom").read_text()
    assert [e["check_name"] for e in green.read_json("gl-codequality.json")] == ["perfgate-config-invalid"]


@pytest.mark.parametrize("words", [("--junit-flavor", "maven"), ("--format", "sarif"), ("--report", "r.sarif")])
def test_what_is_not_known_is_refused(green: Project, words: tuple[str, str]) -> None:
    done = green.cli("check", *words)
    assert (done.code, done.stdout) == (2, "")


def test_two_unchanged_checks_write_the_same_metrics_whatever_was_measured(green: Project) -> None:
    check(green)
    first = green.path("metrics.prom").read_text()
    green.change_runs("new-train-*", elapsed_sec=1.003, peak_memory_mb=100.3)
    assert check(green).code == 0
    second = green.path("metrics.prom").read_text()
    rows = re.findall(r'"train".*status="([\w-]+)"', second)
    assert rows
    assert set(rows) <= HOLDS
    assert second == first
