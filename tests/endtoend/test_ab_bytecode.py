"""Both sides of an A/B comparison have Python's bytecode alike, whatever caches and settings the user has."""

from __future__ import annotations

import json
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest
from ab_cases import ab
from support import Project, assert_green

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = """
import importlib.util, json, os
cached = os.path.exists(importlib.util.cache_from_source(os.path.abspath("pricing.py")))
import pricing
with open({log!r}, "a") as log:
    log.write(json.dumps([os.environ["PERFGATE_SIDE"], cached]) + "\\n")
"""


@pytest.fixture
def log(project: Project) -> Path:
    """Fill a project whose program says whether the bytecode of its module was there; its tree has a cache already."""
    path = project.root.parent / "log"
    project.git("init", "-q", "-b", "main")
    project.write("perfgate.toml", '[defaults]\nthreshold = "+900%"\n')
    project.write(".gitignore", "__pycache__/\n")
    project.write("pricing.py", "def price(n):\n    return n * 3\n")
    project.write("quote.py", _PROGRAM.format(log=str(path)))
    project.commit("Base")
    project.git("checkout", "-q", "-b", "change")
    project.commit("Head")
    assert project.command("python", "-m", "py_compile", "pricing.py").code == 0
    assert project.path("__pycache__").is_dir()
    return path


def _seen(log: Path) -> dict[str, list[bool]]:
    """Return for each side whether the bytecode was there, by run."""
    seen: dict[str, list[bool]] = {"base": [], "head": []}
    for side, cached in map(json.loads, log.read_text().splitlines()):
        seen[side].append(cached)
    return seen


@pytest.mark.parametrize(
    "settings",
    [{}, {"PYTHONDONTWRITEBYTECODE": "1"}, {"PYTHONPYCACHEPREFIX": "/nowhere/else", "PYTHONDONTWRITEBYTECODE": "1"}],
    ids=["none", "not written", "not written, elsewhere"],
)
def test_the_warm_up_compiles_on_both_sides_and_no_later_run_does(
    project: Project, log: Path, settings: dict[str, str]
) -> None:
    assert_green(ab(project, "--", "python", "quote.py", **settings))
    assert _seen(log) == {"base": [False, True, True], "head": [False, True, True]}


def test_a_head_without_a_cache_does_not_get_one(project: Project, log: Path) -> None:
    shutil.rmtree(project.path("__pycache__"))
    assert_green(ab(project, "--", "python", "quote.py", PYTHONDONTWRITEBYTECODE="1"))
    assert _seen(log) == {"base": [False, True, True], "head": [False, True, True]}
    assert not project.path("__pycache__").exists()


def test_without_a_warm_up_the_first_runs_compile_on_both_sides(project: Project, log: Path) -> None:
    assert_green(ab(project, "--warmup", "0", "--", "python", "quote.py", PYTHONDONTWRITEBYTECODE="1"))
    assert _seen(log) == {"base": [False, True], "head": [False, True]}


def test_a_program_that_writes_no_bytecode_itself_finds_none_on_either_side(project: Project, log: Path) -> None:
    assert_green(ab(project, "--", "python", "-B", "quote.py"))
    assert _seen(log) == {"base": [False] * 3, "head": [False] * 3}


def test_two_commands_have_a_cache_each(project: Project, log: Path) -> None:
    words = ("--base-cmd", "python quote.py", "--head-cmd", "python -O quote.py")
    assert_green(ab(project, *words, PYTHONDONTWRITEBYTECODE="1"))
    assert _seen(log) == {"base": [False, True, True], "head": [False, True, True]}


def test_the_set_up_keeps_the_settings_of_the_user(project: Project, log: Path) -> None:
    told = shlex.quote(str(log) + ".setup")
    set_up = f"""sh -c 'echo "$PYTHONDONTWRITEBYTECODE|$PYTHONPYCACHEPREFIX" >> {told}'"""
    outcome = ab(project, "--setup", set_up, "--", "python", "quote.py", PYTHONDONTWRITEBYTECODE="1")
    assert_green(outcome)
    assert (project.root.parent / "log.setup").read_text() == "1|\n1|\n"
