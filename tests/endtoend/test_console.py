"""The program `perfgate` exits with 1 for a verdict alone, whatever is wrong with the package or interrupts it."""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
from support import ROOT, Project, assert_cannot_decide

if TYPE_CHECKING:
    from pathlib import Path

INTERRUPT = "import os, signal; os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(5)\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return the program as an installer puts it: beside no package."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return shutil.copy(ROOT / "perfgate" / "console.py", folder / "perfgate")


@pytest.mark.parametrize(
    ("files", "cause"),
    [
        pytest.param({"__init__.py": "raise ValueError('cut off')\n"}, "ValueError: cut off", id="raises"),
        pytest.param({"__init__.py": "x = (\n"}, "SyntaxError", id="no-python"),
        pytest.param({"__init__.py": ""}, "ModuleNotFoundError", id="no-door"),
        pytest.param({"__init__.py": "", "__main__.py": ""}, "ImportError", id="an-empty-door"),
        pytest.param({"__init__.py": "raise SystemExit(1)\n"}, "SystemExit: 1", id="leaves-with-1"),
        pytest.param({"__init__.py": "", "__main__.py": "def main(): pass\n"}, "returned", id="a-door-that-returns"),
        pytest.param(
            {"__init__.py": "", "__main__.py": "def main(): 1 / 0\n"}, "ZeroDivision", id="a-door-that-raises"
        ),
    ],
)
def test_a_broken_package_is_no_verdict(green: Project, program: Path, files: dict[str, str], cause: str) -> None:
    for name, text in files.items():
        green.write(f"../broken/perfgate/{name}", text)
    env = {"PYTHONPATH": str(green.root.parent / "broken")}
    outcome = green.command(sys.executable, str(program), "check", env=env)
    assert_cannot_decide(
        outcome, f"the installation is broken: .*{cause}", "install perfgate again from its repository"
    )


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py"])
def test_an_interruption_while_the_package_is_imported_is_no_verdict(green: Project, program: Path, name: str) -> None:
    for each in ("__init__.py", "__main__.py"):
        green.write(f"../slow/perfgate/{each}", INTERRUPT if each == name else "")
    env = {"PYTHONPATH": str(green.root.parent / "slow")}
    outcome = green.command(sys.executable, str(program), "check", env=env)
    assert_cannot_decide(outcome, "interrupted", "run the command again")


@pytest.mark.parametrize(("elapsed", "code"), [(1.0, 0), (1.5, 1)])
def test_a_verdict_keeps_its_exit_code(green: Project, program: Path, elapsed: float, code: int) -> None:
    green.change_runs("new-train-*", elapsed_sec=elapsed)
    assert green.command(sys.executable, str(program), "check").code == code


def test_an_installer_gets_the_program_as_a_script_that_can_be_run() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["shared-scripts"] == {"perfgate/console.py": "perfgate"}
    assert "scripts" not in project["project"]  # it would get an unguarded one in its place
    assert os.access(ROOT / "perfgate" / "console.py", os.X_OK)
    assert (ROOT / "perfgate" / "console.py").read_text().startswith("#!python\n")
