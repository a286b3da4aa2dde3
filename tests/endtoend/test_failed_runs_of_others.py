"""Failed runs of a benchmark that nothing asks for do not stand in the way of others; those that are asked for do."""

from __future__ import annotations

import pytest
from support import Project, assert_cannot_decide, make_green


def _fail(project: Project, name: str) -> str:
    path = project.write_run(f"bad-{name}", benchmark=name, status="failed", memory_source="vmhwm")
    return str(path.relative_to(project.root))


def test_a_check_of_others_passes_and_names_the_file(project: Project) -> None:
    make_green(project)
    file = _fail(project, "tarin")
    outcome = project.cli("check")
    assert outcome.code == 0, str(outcome)
    told = " ".join(outcome.stdout.split())
    assert 'every run of "tarin" failed' in told
    assert file in told.replace(" ", "")


def test_a_refresh_of_others_leaves_it_out_and_names_the_file(project: Project) -> None:
    make_green(project)
    file = _fail(project, "tarin")
    outcome = project.cli("baseline", "refresh")
    assert outcome.code == 0, str(outcome)
    said = f'left out: every run of "tarin" failed: fix the program and measure again; or remove these runs ({file})'
    assert said in outcome.stderr
    assert not any("tarin" in name for name in project.baseline_files())


def test_a_benchmark_with_a_budget_is_not_left_out(project: Project) -> None:
    make_green(project)
    project.write(
        "perfgate.toml", '[[budget]]\nbenchmark = "tarin"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 9s"\n'
    )
    _fail(project, "tarin")
    assert_cannot_decide(project.cli("check"), 'every run of "tarin" failed', "fix the program")


@pytest.mark.parametrize("reason", ["budget", "ci"])
def test_a_check_and_a_refresh_stop_for_the_same_reasons(project: Project, reason: str) -> None:
    make_green(project)
    if reason == "budget":
        project.write(
            "perfgate.toml", '[[budget]]\nbenchmark = "tar*"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 9s"\n'
        )
    _fail(project, "tarin")
    env = {"CI": "true"} if reason == "ci" else {}
    assert_cannot_decide(project.cli("check", env=env), 'run of "tarin" failed', "fix the program")
    before = project.baseline_files()
    assert_cannot_decide(project.cli("baseline", "refresh", env=env), 'runs of "tarin" failed', "fix the program")
    assert project.baseline_files() == before


def test_beside_others_that_are_new_as_well_it_is_left_out_of_both(project: Project) -> None:
    project.write(
        "perfgate.toml", '[[budget]]\nbenchmark = "serve"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 9s"\n'
    )
    project.write_runs(4, "new", benchmark="serve", memory_source="vmhwm")
    _fail(project, "sevre")
    outcome = project.cli("check")
    assert outcome.code == 0, str(outcome)
    assert 'every run of "sevre" failed' in " ".join(outcome.stdout.split())
    assert project.cli("baseline", "refresh").code == 0


def test_alone_it_cannot_be_decided(project: Project) -> None:
    _fail(project, "tarin")
    assert project.cli("check").code == 2
    assert_cannot_decide(project.cli("baseline", "refresh"), 'runs of "tarin" failed', "fix the program")
