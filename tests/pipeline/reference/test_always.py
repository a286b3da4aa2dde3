"""Files that count as matching for ``--paths`` in whatever folder: the gate's own, those of CI, and dependencies."""

from __future__ import annotations

import re

import pytest
from support import ROOT

from perfgate.pipeline.reference import always
from perfgate.pipeline.reference.always import always_matters


@pytest.mark.parametrize(
    "path",
    [
        "perfgate.toml", "services/api/perfgate.toml", "pyproject.toml", "uv.lock", "a/b/poetry.lock", "go.sum",
        "requirements.txt", "requirements-dev.txt", "a/requirements.in", "requirements/base.txt", "a/requirements/x.in",
        "constraints.txt", ".github/workflows/perf.yml", ".github/actions/setup/action.yml", ".gitlab-ci.yml",
        "Jenkinsfile", ".circleci/config.yml", "web/package-lock.json", "Cargo.lock",
        ".gitattributes", "a/.gitmodules", ".cargo/config.toml", "a/.mvn/jvm.config", "Makefile", "a/x.cmake",
    ],
)  # fmt: skip
def test_a_file_of_the_gate_of_ci_or_of_dependencies_always_matters(path):
    assert always_matters(path)


@pytest.mark.parametrize(
    "path",
    ["src/a.py", "docs/.github/workflows/a.yml", "uv.lock.md", "requirements.md", "my-requirements.txt",
     "requirements/a/b.txt", "notes/pyproject.toml.bak", "xrequirements/a.txt"],
)  # fmt: skip
def test_other_files_do_not(path):
    assert not always_matters(path)


def test_the_page_names_every_one_of_them():
    page = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    section = page.partition("## Changes that touch nothing measured")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([^`\n]+)`", section))
    listed = {*always.GATE, *always.CI_FILES, *always.DEPENDENCIES, *always.BUILDS, *always.REQUIREMENTS}
    listed |= {f"{folder}/**" for folder in always.BUILD_FOLDERS}
    listed |= {f"{folder}**" for folder in always.CI_FOLDERS}
    assert sorted(listed - named) == []
