"""The recipes of docs/ci.md: their shape by the published schemas, and their commands in a real repository."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest
from doc_blocks import DOCS, Block, blocks
from support import Project

if TYPE_CHECKING:
    from pathlib import Path

PAGE = DOCS / "ci.md"
RECIPES = [b for b in blocks(PAGE) if b.kind in {"yaml", "groovy"} and b.info != "pre-commit"]
SYSTEMS = {b.info or b.kind for b in RECIPES}
SPOILT = {
    "gitlab-ci": "(  when): always", "azure-pipelines": "(  vmImage): .*", "bitbucket-pipelines": "(  depth): full",
}  # fmt: skip
OPTIONS = {
    "gitlab-ci": ("--data-transform", "gitlab-ci"),
    "azure-pipelines": ("--data-transform", "azure-pipelines", "--regex-variant", "nonunicode"),
}
COMMAND = re.compile(r"(?:\.venv/bin/)?perfgate (?:run|ab|check) .*")


def commands(recipe: Block) -> list[str]:
    """Return the lines of a recipe that measure and check, as the system's shell gets them."""
    folded = re.sub(r">-\n((?:\s+\S.*\n)+?)(?=\s*(?:- |\w+:)|$)", lambda m: " ".join(m[1].split()) + "\n", recipe.text)
    found = [m[0].rstrip("'") for line in folded.splitlines() if (m := COMMAND.search(line))]
    return [c.replace(".venv/bin/", "") for c in found]


@pytest.fixture(scope="module")
def change_template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A repository with a baseline on main, checked out at a merge of a change, as a service does."""
    project = Project(tmp_path_factory.mktemp("change") / "project")
    project.write("bench.py", "import time\n\ntime.sleep(0.1)\n")
    project.write(".gitignore", "outputs/\nperfgate-report/\ntest-results/\n")
    project.git("init", "-q", "-b", "main")
    done = run(project, "perfgate run -n 5 -- python bench.py && perfgate baseline refresh", CI="true")
    assert done.code == 0, str(done)
    project.commit("a baseline")
    project.git("checkout", "-q", "-b", "topic")
    project.write("README.md", "hello")
    project.commit("a change")
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "--no-edit", "topic")
    project.git("update-ref", "refs/remotes/origin/main", "HEAD^1")
    return project


@pytest.fixture
def change(change_template: Project, tmp_path: Path) -> Project:
    """A copy of it, to be changed and measured."""
    return change_template.copy_to(tmp_path / "project")


def run(project: Project, line: str, **variables: str) -> Any:
    return project.command("bash", "-eo", "pipefail", "-c", line, env=variables)


def test_there_is_a_recipe_for_each_system():
    assert {"gitlab-ci", "azure-pipelines", "bitbucket-pipelines", "groovy"} == SYSTEMS
    assert all(commands(r) for r in RECIPES)


@pytest.mark.tools
@pytest.mark.parametrize("recipe", [r for r in RECIPES if r.kind == "yaml"], ids=lambda r: r.place)
def test_a_recipe_has_the_shape_that_its_system_publishes(recipe: Block, tmp_path: Path) -> None:
    program = shutil.which("check-jsonschema")
    if program is None:
        pytest.skip("check-jsonschema is not installed (pip install check-jsonschema)")
    assert re.search(SPOILT[recipe.info], recipe.text)
    for text, code in ((recipe.text, 0), (re.sub(SPOILT[recipe.info], "\\1: [[1]]", recipe.text), 1)):
        file = tmp_path / f"{code}.yml"
        file.write_text(text, encoding="utf-8")
        words = [program, "--builtin-schema", f"vendor.{recipe.info}", *OPTIONS.get(recipe.info, ())]
        done = subprocess.run([*words, str(file)], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert "parse" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.place)
@pytest.mark.parametrize(
    ("seconds", "code"),
    [pytest.param("0.1", 0, id="unchanged", marks=pytest.mark.heavy), pytest.param("0.3", 1, id="slower")],
)
def test_the_commands_of_a_recipe_tell_a_slower_change(change: Project, recipe: Block, seconds: str, code: int) -> None:
    base = change.git("rev-parse", "HEAD^1")
    change.write("bench.py", f"import time\n\ntime.sleep({seconds})\n")
    variables = {
        "CI": "true", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "BITBUCKET_PR_DESTINATION_COMMIT": base,
        "BASE": base, "CHANGE_TARGET": "main",
    }  # fmt: skip
    *before, last = commands(recipe)
    for line in before:
        assert run(change, line, **variables).code == 0
    done = run(change, last, **variables)
    assert done.code == code, str(done)
    for path in set(re.findall(r"(?:perfgate-report|test-results)/[\w.]+\.\w+", recipe.text)):
        assert change.path(path).stat().st_size, path
        if path.endswith(".xml"):
            assert bool(ET.parse(change.path(path)).getroot().get("failures") != "0") == bool(code)  # noqa: S314 - ours


@pytest.mark.tools
def test_the_configuration_of_pre_commit_is_valid(tmp_path: Path) -> None:
    program = shutil.which("pre-commit")
    if program is None:
        pytest.skip("pre-commit is not installed (pip install pre-commit)")
    (recipe,) = [b for b in blocks(PAGE) if b.info == "pre-commit"]
    file = tmp_path / "config.yaml"
    file.write_text(recipe.text, encoding="utf-8")
    done = subprocess.run(
        [program, "validate-config", str(file)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    hook = (DOCS.parent / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"- id: (\S+)", recipe.text)) == set(re.findall(r"- id: (\S+)", hook))
