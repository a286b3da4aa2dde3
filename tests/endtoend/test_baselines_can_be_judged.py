"""A refresh writes only what a check can judge, and every hint on the way works as it is printed."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from support import Project, assert_cannot_decide, assert_green

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MIXED = "peak memory was measured by different methods (cgroup, poll)"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def measure(project: Project, session: str, day: int, methods: Sequence[str], **keys: object) -> None:
    """Write eight runs of one session, their peaks measured by each method in turn."""
    for i in range(8):
        project.write_run(
            f"{session}-{i}", benchmark="encode", session=session, started_at=f"2026-05-{day:02}T08:00:0{i}Z",
            elapsed_sec=2.0 + i / 100, peak_memory_mb=70.0 + i / 10, memory_source=methods[i % len(methods)], **keys,
        )  # fmt: skip


def type_hint(project: Project, stderr: str) -> int:
    """Run the command that the last hint names, as it is printed, and return its exit code."""
    *_, line = re.findall(r"perfgate baseline refresh[^\n;]*", stderr)
    return project.cli(*shlex.split(line)[1:]).code


def commit_mixed_baseline(project: Project) -> None:
    """Leave a baseline of mixed methods, as an older release wrote them."""
    measure(project, "old", 1, ["poll"])
    assert project.cli("baseline", "refresh").code == 0
    path = project.baseline("encode")
    path.write_text(path.read_text().replace('"source": ["poll"]', '"source": ["cgroup", "poll"]'))
    project.drop_runs("old-*")


@pytest.mark.parametrize("arguments", [(), ("--replace",), ("--replace", "--reason", "new method")], ids=" ".join)
def test_runs_of_mixed_methods_become_no_baseline_and_are_named(project: Project, arguments: tuple[str, ...]) -> None:
    measure(project, "night", 2, ["poll", "cgroup"])
    outcome = project.cli("baseline", "refresh", *arguments)
    assert_cannot_decide(outcome, "encode: .*different methods", "measure again by one method")
    assert f"cannot decide: encode: {MIXED}: " in outcome.stderr
    assert "cgroup in night-1, night-3, night-5 and 1 more; poll in night-0, night-2, night-4" in outcome.stderr
    assert not project.path("baselines").exists()


def test_a_committed_baseline_of_mixed_methods_is_reported_once_and_replaced_as_the_hint_says(project: Project) -> None:
    commit_mixed_baseline(project)
    assert_cannot_decide(project.cli("validate"), "baselines/.*encode.*different methods", "--replace")
    measure(project, "next", 3, ["poll"])
    outcome = project.cli("check")
    assert_cannot_decide(outcome, "encode peak_memory: peak memory", "--replace")
    assert outcome.cause.count("different methods") == 1
    assert MIXED in " ".join(outcome.stdout.split())
    assert type_hint(project, outcome.stderr) == 0
    measure(project, "later", 4, ["poll"])
    assert_green(project.cli("check"))
    assert project.cli("validate").code == 0


def test_a_baseline_of_another_method_is_replaced_by_the_newest_session_though_older_runs_lie_there(
    project: Project,
) -> None:
    measure(project, "first", 1, ["poll"])
    assert project.cli("baseline", "refresh").code == 0
    measure(project, "second", 2, ["cgroup"])
    refused = project.cli("baseline", "refresh")
    assert_cannot_decide(refused, "different methods", "--replace")
    assert type_hint(project, refused.stderr) == 0
    assert '"source": ["cgroup"]' in project.baseline("encode").read_text()
    measure(project, "third", 3, ["cgroup"])
    assert_green(project.cli("check"))


@pytest.mark.parametrize(
    ("older", "newer", "slug"),
    [
        pytest.param({"memory_source": "poll"}, {"memory_source": "cgroup"}, "source-differs", id="method"),
        pytest.param({"rows_used": 40}, {"rows_used": 80}, "sessions-disagree", id="rows"),
    ],
)
def test_first_sessions_that_differ_are_refused_and_the_newest_alone_is_taken(
    project: Project, older: dict[str, object], newer: dict[str, object], slug: str
) -> None:
    measure(project, "first", 1, ["poll"])
    measure(project, "second", 2, ["poll"])
    project.change_runs("first-*", **older)
    project.change_runs("second-*", **newer)
    refused = project.cli("baseline", "refresh")
    assert_cannot_decide(refused, "encode", "newest session alone")
    assert f"[{slug}]" in refused.stderr
    assert type_hint(project, refused.stderr) == 0
    assert project.cli("validate").code == 0


def test_other_rows_are_taken_where_data_grows(project: Project) -> None:
    project.write("perfgate.toml", '[defaults]\nworkload = "rate"\n')
    measure(project, "first", 1, ["poll"], rows_used=40)
    measure(project, "second", 2, ["poll"], rows_used=80)
    assert project.cli("baseline", "refresh").code == 0
    assert project.cli("validate").code == 0


def test_an_excluded_metric_of_mixed_methods_stands_in_no_way(project: Project) -> None:
    project.write("perfgate.toml", 'exclude = ["*:peak_memory"]\n')
    measure(project, "first", 1, ["poll", "cgroup"])
    assert project.cli("baseline", "refresh").code == 0
    assert project.cli("validate", "baselines").code == 0
    assert project.cli("validate", str(project.baseline("encode").relative_to(project.root))).code == 0
    measure(project, "second", 2, ["poll", "cgroup"])
    assert_green(project.cli("check"))
