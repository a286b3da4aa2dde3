"""Failed runs of a benchmark that nothing asks for do not stand in the way of others; those that are asked for do."""

from __future__ import annotations

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
    assert (
        f'left out: every run of "tarin" failed: fix the program and measure again; or remove {file}' in outcome.stderr
    )
    assert not any("tarin" in name for name in project.baseline_files())


def test_a_benchmark_with_a_budget_is_not_left_out(project: Project) -> None:
    make_green(project)
    project.write(
        "perfgate.toml", '[[budget]]\nbenchmark = "tarin"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 9s"\n'
    )
    _fail(project, "tarin")
    assert_cannot_decide(project.cli("check"), 'every run of "tarin" failed', "fix the program")


def test_alone_it_cannot_be_decided(project: Project) -> None:
    _fail(project, "tarin")
    assert project.cli("check").code == 2
    assert_cannot_decide(project.cli("baseline", "refresh"), 'runs of "tarin" failed', "fix the program")
