"""Several files of another tool with one benchmark: they are joined, and the first lines say so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support import assert_cannot_decide, opening

if TYPE_CHECKING:
    from support import Project


def hyperfine(project: Project, path: str, seconds: float, command: str = "gzip notes.txt") -> str:
    times = [round(seconds * (1 + step / 1000), 6) for step in range(-6, 6)]
    row = {"command": command, "mean": seconds, "median": seconds, "times": times, "exit_codes": [0] * len(times)}
    project.write(path, json.dumps({"results": [row]}))
    return path


def one_value(project: Project, path: str, seconds: float) -> str:
    project.write(path, json.dumps([{"name": "gzip", "unit": "s", "value": seconds}]))
    return path


@pytest.mark.parametrize(
    ("names", "glob"),
    [(("py311/r.json", "py312/r.json"), "py*/r.json"), (("r-311.json", "r-312.json"), "r-*.json")],
    ids=["folders", "files"],
)
def test_files_with_one_benchmark_are_said_to_be_joined(project: Project, names: tuple[str, str], glob: str) -> None:
    for at, name in enumerate(names):
        hyperfine(project, name, 0.31 + at / 1000)
    done = project.cli("baseline", "refresh", glob)
    assert done.code == 0, str(done)
    assert "warning: 2 files joined as one session" in done.stderr
    files = [hyperfine(project, name, at) for name, at in zip(names, (0.312, 0.93), strict=True)]
    outcome = project.cli("check", glob)
    assert (
        f"2 files joined as one session, since they hold the same benchmarks (gzip notes.txt): {', '.join(names)}"
        in opening(outcome.stdout)
    ), str(outcome)
    assert "files-joined" not in project.cli("check", *files, "--same-session").stdout
    for command in (("check",), ("baseline", "refresh")):
        assert_cannot_decide(
            project.cli(*command, *files), f"measured at each of the paths {', '.join(names)}", "--same-session"
        )


def test_files_of_different_benchmarks_are_not_joined(project: Project) -> None:
    files = hyperfine(project, "a/r.json", 0.3), hyperfine(project, "b/r.json", 0.4, "xz notes.txt")
    done = project.cli("baseline", "refresh", *files)
    assert (done.code, "files-joined" in done.stderr) == (0, False), str(done)


@pytest.mark.parametrize(("folder", "is_said"), [("day", 0), ("other", 1)])
def test_one_value_a_file_in_one_folder_is_how_some_tools_repeat(project: Project, folder: str, is_said: int) -> None:
    one_value(project, "day/1.json", 2.5)
    one_value(project, f"{folder}/2.json", 2.6)
    done = project.cli("baseline", "refresh", "--direction", "lower", "*/[12].json")
    assert (done.code, "files-joined" in done.stderr) == (0, is_said), str(done)
