"""A monorepo on machines of its own: what `perfgate init` writes for two suites, each judged by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from steps import Runner, load, merge_change, pull_request

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project

pytestmark = pytest.mark.heavy
JOB = "import time\n\ntime.sleep({})\n"
FOLDERS = {"services-api": "services/api", "web": "web"}
DAYS = "ab"


@pytest.fixture
def monorepo(project: Project) -> Project:
    """A repository with two suites, before anything is set up."""
    for folder in FOLDERS.values():
        project.write(f"{folder}/job.py", JOB.format(0.1))
    project.write(".gitignore", "perfgate-report/\nbaselines.patch\n")
    project.git("init", "-q", "-b", "main")
    return project


def set_up(project: Project, place: str) -> str:
    """Let init write everything, leave memory out, and commit; return what it said."""
    done = project.cli("init", "--ci", place, "--runner", "own", "--suite", "services/api/", "--suite", "web")
    assert done.code == 0, str(done)
    for folder in FOLDERS.values():
        with project.path(f"{folder}/perfgate.toml").open("a") as file:
            file.write('threshold = "+50%"\n[[rule]]\nmetric = "peak_memory"\nlevel = "info"\n')
    project.commit("Set up")
    return done.stdout


def test_init_gives_each_suite_its_own_rules_and_baselines_and_keeps_what_is_there(monorepo: Project) -> None:
    monorepo.write("web/perfgate.toml", "# mine\n[defaults]\n")
    said = set_up(monorepo, "github")
    for folder, kept in (("services/api", "made {}"), ("web", "kept {} as it is")):
        assert kept.format(f"{folder}/perfgate.toml") in said
        assert f"made {folder}/baselines/" in said
        assert monorepo.path(f"{folder}/baselines").is_dir()
    assert monorepo.path("web/perfgate.toml").read_text().startswith("# mine")
    assert not monorepo.path("perfgate.toml").exists()
    assert not monorepo.path("baselines").exists()
    assert "outputs/" in monorepo.path(".gitignore").read_text().splitlines()


def test_rules_above_the_suites_that_no_longer_hold_for_them_are_told(monorepo: Project) -> None:
    monorepo.write("perfgate.toml", "")
    assert "perfgate.toml at the root" in set_up(monorepo, "github").partition("Next:")[2]


@pytest.mark.slow
def test_on_github_each_suite_is_held_against_its_own_baselines(monorepo: Project, tmp_path: Path) -> None:
    set_up(monorepo, "github")
    ((_, measure),) = load(monorepo.path(".github/workflows/perf-baseline.yml"))["jobs"].items()
    ((_, gate),) = load(monorepo.path(".github/workflows/perf.yml"))["jobs"].items()
    legs = {leg["suite"]: leg["folder"] for leg in gate["strategy"]["matrix"]["include"]}
    assert legs == FOLDERS

    def play(job: dict[str, Any], name: str, suite: str, **variables: str) -> tuple[int, str]:
        facts = {"matrix.suite": suite, "matrix.folder": legs[suite], "inputs.reason": "another day"}
        return Runner(tmp_path / f"{name}-{suite}", monorepo.root, facts, variables).play(job)

    for day in DAYS:
        for suite, folder in legs.items():
            code, said = play(measure, day, suite, PERFGATE_SESSION=f"{day}-{suite}")
            assert code == 0, said
            monorepo.git("reset", "-q", "--hard")  # somebody takes the patch, in a checkout of their own
            monorepo.git("clean", "-fdqx", f"{folder}/outputs", "**/baselines")
            done = monorepo.command("git", "apply", "--index", f"{folder}/baselines.patch")
            assert done.code == 0, str(done)
            monorepo.commit("A baseline")
    merge_change(monorepo, web__job_py=JOB.format(0.4))
    event = pull_request(monorepo, tmp_path)
    for suite, wanted in (("services-api", 0), ("web", 1)):
        code, said = play(gate, "gate", suite, PERFGATE_SESSION=f"now-{suite}", **event)
        assert code == wanted, said
        (upload,) = [s for s in gate["steps"] if "upload-artifact" in s.get("uses", "")]
        path = upload["with"]["path"].replace("${{ matrix.folder }}", legs[suite])
        assert monorepo.read_json(f"{path}report.json")["exit_code"] == wanted
    (upload,) = [s for s in measure["steps"] if "upload-artifact" in s.get("uses", "")]
    paths = upload["with"]["path"].replace("${{ matrix.folder }}", "web").split()
    assert all(monorepo.path(path).exists() for path in paths)


@pytest.mark.slow
def test_on_gitlab_each_suite_is_held_against_its_own_baselines(monorepo: Project, tmp_path: Path) -> None:
    set_up(monorepo, "gitlab")
    job = yaml.safe_load(monorepo.path("perfgate.gitlab-ci.yml").read_text())["performance"]
    (matrix,) = job["parallel"]["matrix"]
    assert matrix == {"FOLDER": [*FOLDERS.values()]}
    machine = Runner(tmp_path / "machine", monorepo.root, {})
    variables = {"GITHUB_ACTIONS": "", "GITLAB_CI": "true"}

    def play(script: str, folder: str, session: str, **more: str) -> tuple[int, str]:
        env = {**variables, "FOLDER": folder, "PERFGATE_SESSION": f"{session}-{folder}", **more}
        done, _ = machine.run({"run": script, "env": env})
        return done.returncode, done.stdout + done.stderr

    for day in DAYS:
        for folder in matrix["FOLDER"]:
            script = 'cd "$FOLDER"\nperfgate run -n 10 -- python job.py\nperfgate baseline refresh --reason day'
            code, said = play(script, folder, day)
            assert code == 0, said
    monorepo.commit("Baselines")
    base = monorepo.git("rev-parse", "HEAD")
    merge_change(monorepo, web__job_py=JOB.format(0.4))
    script = "\n".join(line for line in job["script"] if "pip install" not in line)
    for folder, wanted in (("services/api", 0), ("web", 1)):
        code, said = play(script, folder, "now", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
        assert code == wanted, said
        assert monorepo.path(job["artifacts"]["reports"]["junit"].replace("$FOLDER", folder)).exists()
