"""`perfgate init --on-label`: which labels it takes, and what it writes for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from steps import load
from support import ROOT

if TYPE_CHECKING:
    from support import Project


@pytest.mark.parametrize(
    ("label", "quoted"),
    [("bench", "bench"), ("it's a: #1", "it''s a: #1"), ("''", "''''"), ("⚡ perf", "⚡ perf"), ("x" * 50, "x" * 50)],
)
def test_a_label_is_compared_as_it_is(project: Project, label: str, quoted: str) -> None:
    done = project.cli("init", "--ci", "github", "--on-label", label)
    assert done.code == 0, str(done)
    job = load(project.path(".github/workflows/perf.yml"))["jobs"]["gate"]
    assert job["if"] == f"contains(github.event.pull_request.labels.*.name, '{quoted}')"


@pytest.mark.parametrize(
    "label", ["", " bench", "bench\t", "a\nb", "a\x1b[31m", "x" * 51, "${{ x", "x }}", "a\u2028b", "\udcff"]
)
def test_what_is_no_label_or_ends_the_condition_is_a_usage_error(project: Project, label: str) -> None:
    done = project.cli("init", "--ci", "github", "--on-label", label)
    assert (done.code, done.cause.rpartition(" ")[2]) == (2, "[usage]"), str(done)
    assert "--on-label" in done.cause
    assert not project.path(".github").exists()


@pytest.mark.parametrize("place", ["gitlab", "laptop", "other"])
def test_other_systems_know_no_label_that_starts_a_job(project: Project, place: str) -> None:
    done = project.cli("init", "--ci", place, "--on-label", "bench")
    assert (done.code, done.cause.rpartition(" ")[2]) == (2, "[usage]"), str(done)
    assert "--ci github" in done.block


def test_the_page_shows_the_lines_that_are_added(project: Project) -> None:
    lines = {}
    for name, words in (("with", ("--on-label", "bench")), ("without", ())):
        done = project.cli("init", "--ci", "github", *words)
        assert done.code == 0, str(done)
        path = project.path(".github/workflows/perf.yml")
        lines[name] = path.read_text().splitlines()
        path.unlink()
    added = [line for line in lines["with"] if line not in lines["without"]]
    page = (ROOT / "docs/github.md").read_text(encoding="utf-8")
    shown = page.partition("```diff\n")[2].partition("```")[0].splitlines()
    assert [line[1:] for line in shown if line.startswith("+")] == added


def test_a_workflow_that_is_there_keeps_what_it_holds_and_the_difference_is_said(project):
    assert project.cli("init", "--ci", "github").code == 0
    assert "not what these options write" not in project.cli("init", "--ci", "github").stdout
    again = project.cli("init", "--ci", "github", "--on-label", "bench")
    assert ".github/workflows/perf.yml: not what these options write; move it away" in again.stdout, str(again)
