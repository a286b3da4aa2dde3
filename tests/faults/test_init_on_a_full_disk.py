"""`perfgate init` where a file cannot be written: it is there whole or not at all, and what was written is said."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from support import assert_cannot_decide

if TYPE_CHECKING:
    from support import Outcome, Project

# A process that may write no file larger than a limit: each write beyond it fails, as on a full disk.
LIMITED = """
import resource, sys
sys.dont_write_bytecode = True  # else the interpreter leaves halves of its own files behind
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.argv = ["perfgate", *sys.argv[2:]]
from perfgate.__main__ import main
main()
"""


def init(project: Project, largest: int, *words: str) -> Outcome:
    return project.command(sys.executable, "-c", LIMITED, str(largest), "init", *words)


def listing(project: Project) -> list[str]:
    found = (p.relative_to(project.root).as_posix() for p in project.root.rglob("*") if p.is_file())
    return sorted(name for name in found if not name.startswith(".git/"))


def test_a_configuration_that_cannot_be_written_is_not_there(project: Project) -> None:
    outcome = init(project, 100, "--ci", "github")
    assert_cannot_decide(outcome, r"cannot be written \(File too large\)", "run it in the root")
    assert "written before" not in outcome.cause
    assert listing(project) == []


def test_what_was_written_before_a_file_that_cannot_be_is_said_and_whole(project: Project) -> None:
    project.write(".gitignore", "build/\r\n*.o")
    outcome = init(project, 1200, "--ci", "github")
    assert_cannot_decide(outcome, r"written before, and kept: perfgate\.toml, baselines/, \.gitignore", "the root")
    assert project.path(".gitignore").read_bytes() == b"build/\r\n*.o\noutputs/\n"
    there = listing(project)
    assert {".gitattributes", ".gitignore", "baselines/.gitkeep", "perfgate.toml"} <= set(there)
    assert not [name for name in there if name.endswith(".tmp")]
    kept = {name: project.path(name).read_bytes() for name in there}
    for name in there:
        project.path(name).unlink()
    project.path("baselines").rmdir()
    project.write(".gitignore", "build/\r\n*.o")
    assert project.cli("init", "--ci", "github").code == 0
    assert {name: project.path(name).read_bytes() for name in there} == kept
    assert set(there) < set(listing(project))


@pytest.mark.parametrize("name", [".gitignore", ".gitattributes"])
def test_a_file_that_cannot_be_added_to_stays_as_it_was(project: Project, name: str) -> None:
    before = b"# a long list\n" * 300
    project.write(name, before)
    outcome = init(project, 2000)
    assert_cannot_decide(outcome, r"cannot be written \(File too large\)", "the root")
    assert project.path(name).read_bytes() == before
    assert not [n for n in listing(project) if n.endswith(".tmp")]


def test_a_link_is_added_to_where_it_leads(project: Project) -> None:
    project.write("shared/ignore", "build/\n")
    project.path(".gitignore").symlink_to("shared/ignore")
    assert project.cli("init").code == 0
    assert project.path(".gitignore").is_symlink()
    assert project.path("shared/ignore").read_text() == "build/\noutputs/\n"


def test_a_configuration_that_is_not_valid_is_said_before_anything_is_written(project: Project) -> None:
    project.write("perfgate.toml", "[defaults]\nthreshold = 5\n")
    outcome = project.cli("init")
    assert_cannot_decide(outcome, "threshold", "")
    assert listing(project) == ["perfgate.toml"]
