"""The project's own actions: their real shell code, in real repositories, under bash with real environment files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from steps import Runner, action

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from support import Project

JOB = "import time\n\ntime.sleep({})\n"


@pytest.fixture
def merged(project: Project) -> Project:
    """A repository as `actions/checkout` leaves it on a pull request: a change merged into main."""
    project.write("job.py", JOB.format(0.02))
    project.write(".gitignore", "outputs/\nperfgate-report/\n")
    # Wide enough that commands of a few milliseconds do not differ by what else the machine does.
    project.write("perfgate.toml", 'exclude = ["*:peak_memory"]\n\n[defaults]\nthreshold = "+100%"\n')
    project.git("init", "-q", "-b", "main")
    project.commit("Base")
    return project


def change(project: Project, **files: str) -> None:
    """Merge a change of some files into main."""
    project.git("checkout", "-q", "-b", "topic")
    for name, content in files.items():
        project.write(name.replace("__", "/").replace("_py", ".py"), content)
    project.commit("Change")
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "--no-edit", "topic")


def gate(project: Project, tmp_path: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Run the gate's step of the action."""
    told = action("perfgate")
    given = {name: str(spec.get("default", "")) for name, spec in told["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    runner = Runner(tmp_path / "machine", project.root, {f"inputs.{k}": v for k, v in given.items()})
    (step,) = [s for s in told["runs"]["steps"] if s.get("id") == "gate"]
    done, outputs = runner.run(step)
    promised = {v["value"].split(".")[-1].split(" ")[0] for v in told["outputs"].values()}
    assert promised == set(outputs) or done.returncode == 2
    return done, outputs


@pytest.mark.slow
def test_a_command_is_compared_with_the_target_branch(merged: Project, tmp_path: Path) -> None:
    change(merged, job_py=JOB.format(0.2))
    done, outputs = gate(merged, tmp_path, command="python job.py", benchmark="job")
    assert (done.returncode, outputs["verdict"], outputs["regressions"]) == (1, "regression", "1"), done.stderr
    assert merged.path("perfgate-report/report.json").exists()
    assert merged.read_json("perfgate-report/report.json")["provenance"]["baselines"] == "HEAD^1"
    assert (
        (tmp_path / "machine/github_step_summary").read_text().startswith("## ❌ perfgate: 1 performance regression\n")
    )


@pytest.mark.slow
def test_a_line_for_the_shell_and_a_set_up_of_several_lines_are_run_on_both_sides(
    merged: Project, tmp_path: Path
) -> None:
    change(merged, other_py="")
    setup = "echo 'import time' > made.py\necho \"time.sleep(0.01) # it's\" >> made.py\n"
    done, outputs = gate(merged, tmp_path, command="cat made.py | grep -q sleep && python made.py", setup=setup)
    assert (done.returncode, outputs["exit-code"]) == (0, "0"), done.stdout + done.stderr


def test_without_a_command_the_runs_are_held_against_the_target_branch(merged: Project, tmp_path: Path) -> None:
    for session in "abc":
        merged.write_runs(5, session, session=session, started_at=f"2026-01-0{'abc'.index(session) + 1}T10:00:00Z")
    assert merged.cli("baseline", "refresh", "--sessions", "all").code == 0
    merged.drop_runs("*")
    merged.commit("Baseline")
    change(merged, other_py="")
    merged.write_runs(5, "now", 3.0, session="now")
    done, outputs = gate(merged, tmp_path, baseline_ref="HEAD^1", runs="outputs/model_runs/now-*.json\n")
    assert (done.returncode, outputs["verdict"]) == (1, "regression"), done.stdout + done.stderr
    done, _ = gate(merged, tmp_path / "again", baseline_ref="tree", config="perfgate.toml")
    assert done.returncode == 1


@pytest.mark.sampled
@pytest.mark.slow
@pytest.mark.parametrize(
    "evil", ["$(touch hacked)", "`touch hacked`", "'; touch hacked; '", "--baseline=x", "a b", "${{ secrets.X }}"]
)
def test_an_input_is_never_run_nor_taken_for_an_option(merged: Project, tmp_path: Path, evil: str) -> None:
    change(merged, other_py="")
    for index, name in enumerate(("runs", "baseline_ref", "config", "expect_shards", "base", "benchmark")):
        given: dict[str, Any] = {"command": "true"} if name in {"base", "benchmark"} else {}
        done, _ = gate(merged, tmp_path / str(index), **{name: evil, **given})
        assert "Traceback" not in done.stderr
        assert done.returncode in {0, 2}
        assert not merged.path("hacked").exists()


@pytest.mark.slow
def test_a_folder_to_work_in_is_entered(merged: Project, tmp_path: Path) -> None:
    change(merged, part__job_py=JOB.format(0.01), part__perfgate_toml="")
    merged.write("part/perfgate.toml", "")
    done, _ = gate(merged, tmp_path, command="python job.py", working_directory="part")
    assert done.returncode in {0, 2}
    assert merged.path("part/perfgate-report/report.md").exists()


def test_both_actions_install_what_they_were_pinned_to() -> None:
    for name in ("perfgate", "perfgate-comment"):
        first = action(name)["runs"]["steps"][0]
        assert first["env"] == {"ACTION": "${{ github.action_path }}"}
        assert '"$ACTION/../../.."' in first["run"]
