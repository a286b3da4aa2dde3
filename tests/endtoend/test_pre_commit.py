"""The hook for pre-commit, run by pre-commit itself in a real repository."""

from __future__ import annotations

import shutil
import sys
from textwrap import indent
from typing import TYPE_CHECKING

import pytest
from support import ROOT

if TYPE_CHECKING:
    from support import Outcome, Project

pytestmark = pytest.mark.tools

MANIFEST = ROOT / ".pre-commit-hooks.yaml"


@pytest.fixture
def pre_commit(green: Project):
    """Return how to run pre-commit in a repository that uses the hook; perfgate is the one under test."""
    if shutil.which("pre-commit") is None:
        pytest.skip("pre-commit is not installed (pip install pre-commit)")
    tool = green.path("../bin/perfgate").resolve()
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m perfgate "$@"\n')
    tool.chmod(0o755)
    # Everything is the manifest's own but the environment, which pre-commit would build from the package index.
    hooks = MANIFEST.read_text().replace("language: python", "language: system")
    green.write(".pre-commit-config.yaml", f"repos:\n  - repo: local\n    hooks:\n{indent(hooks, '      ')}")
    green.write(".gitignore", "outputs/\n")
    green.git("init", "-q")
    green.git("add", "-A")
    variables = {
        "PATH": f"{tool.parent}:{green.environment()['PATH']}", "PRE_COMMIT_HOME": str(tool.parent / "cache"),
    }  # fmt: skip

    def run(*words: str) -> Outcome:
        return green.command("pre-commit", *words, env=variables)

    return run


def test_the_manifest_is_valid(pre_commit):
    done = pre_commit("validate-manifest", str(MANIFEST))
    assert (done.code, done.stdout, done.stderr) == (0, "", "")


def test_pre_commit_finds_a_fault_in_a_manifest_at_all(pre_commit, green):
    green.write("broken.yaml", MANIFEST.read_text().replace("language:", "langage:"))
    assert pre_commit("validate-manifest", "broken.yaml").code == 1


def test_sound_baselines_pass_the_hook(pre_commit):
    done = pre_commit("run", "--all-files")
    assert done.code == 0, str(done)
    assert "Passed" in done.stdout


@pytest.mark.parametrize(
    ("name", "content", "slug"),
    [
        ("baselines/x/a.json", "{", "baseline-invalid"), ("perfgate.toml", "rus = 1", "config-invalid"),
        ("pyproject.toml", "[tool.perfgate]\nrus = 1", "config-invalid"),
        ("baselines/waivers.toml", "waver = 1", "waivers-invalid"),
    ],
)  # fmt: skip
def test_a_faulty_file_fails_the_hook(pre_commit, green, name, content, slug):
    green.commit("sound")
    green.write(name, content)
    green.git("add", "-A")
    done = pre_commit("run")
    assert done.code == 1, str(done)
    assert f"[{slug}]" in done.stdout


def test_a_commit_that_touches_nothing_of_perfgate_does_not_start_it(pre_commit, green):
    green.commit("sound")
    green.write("README.md", "hello")
    green.write("src/toml.json", "{")
    green.git("add", "-A")
    done = pre_commit("run")
    assert done.code == 0, str(done)
    assert "Skipped" in done.stdout
