"""What lies nearly where it belongs, or is nearly called so, is an error: unread it would limit nothing."""

from __future__ import annotations

import pytest
from support import Project, assert_cannot_decide, assert_green

LIMIT = '[[budget]]\nbenchmark = "train"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 1ms"\n'
TOOL = 'name = "x"\n\n[{}.defaults]\nthreshold = "+3%"\n'


@pytest.mark.parametrize(
    "name",
    [
        ".perfgate.toml", "perfgate.yaml", "perfgate.yml", "Perfgate.toml", "perf-gate.toml", "perf_gate.toml",
        "perfgates.toml", "prefgate.toml", "pergate.toml", "perfgate.config.toml", "perfgate.toml.txt", "perfgate.ini",
        "perfgate.TOML", ".perfgaterc",
    ],
)  # fmt: skip
def test_a_file_that_is_nearly_called_like_the_configuration_is_an_error(green: Project, name: str) -> None:
    green.write(name, LIMIT)
    outcome = green.cli("check")
    assert_cannot_decide(outcome, rf"{name} is not read", r"rename it: mv .* perfgate\.toml")


@pytest.mark.parametrize(
    "name",
    ["perfgate.json", "perfgate.md", "perfgate.sh", "performance.toml", "gate.toml", "perfgate.html", "perfgate"],
)
def test_other_names_are_anybodys(green: Project, name: str) -> None:
    green.write(name, LIMIT)
    assert_green(green.cli("check"))


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        ("tool.perf-gate", r"\[tool\.perf-gate\]"),
        ("tool.perfgates", r"\[tool\.perfgates\]"),
        ("tool.PerfGate", r"\[tool\.PerfGate\]"),
        ("tool.perfgaet", r"\[tool\.perfgaet\]"),
        ("tools.perfgate", r"\[tools\.perfgate\]"),
        ("perfgate", r"\[perfgate\]"),
        ('"tool.perfgate"', r"\[tool\.perfgate\]"),
    ],
)
def test_a_table_that_is_nearly_called_like_ours_is_an_error(green: Project, table: str, shown: str) -> None:
    green.write("pyproject.toml", TOOL.format(table))
    green.path("sub").mkdir()
    for cwd in (".", "sub"):
        outcome = green.cli("check", "../outputs/model_runs" if cwd == "sub" else "outputs/model_runs", cwd=cwd)
        assert_cannot_decide(outcome, f"pyproject.toml: {shown} is not read", r"its name has to be \[tool\.perfgate\]")


def test_tables_of_other_tools_are_theirs(green: Project) -> None:
    green.write("pyproject.toml", TOOL.format("tool.perf") + "[tool.gate]\n[tool.pergola]\n")
    assert_green(green.cli("check"))


def test_a_change_that_corrects_the_name_introduces_the_gate(project: Project) -> None:
    project.write(".gitignore", "outputs/\n")
    project.write(".perfgate.toml", "")
    project.git("init", "-q", "-b", "main")
    project.commit("Begin")
    project.write_runs(5, "new", benchmark="train")
    assert_cannot_decide(project.cli("check", "--baseline-ref", "HEAD"), "is not read", "perfgate.toml")
    project.git("mv", ".perfgate.toml", "perfgate.toml")
    project.commit("Correct it")
    assert_green(project.cli("check", "--baseline-ref", "HEAD~1"))


@pytest.mark.parametrize("name", ["older/{}", ".{}", "{}.JSON"])
def test_a_baseline_that_no_check_reads_is_an_error_from_the_tree_as_from_a_commit(green: Project, name: str) -> None:
    green.write(".gitignore", "outputs/\n")
    own = green.baseline("score")
    stem = own.name if name != "{}.JSON" else own.name.removesuffix(".json")
    moved = own.parent / name.format(stem)
    moved.parent.mkdir(exist_ok=True)
    own.rename(moved)
    green.git("init", "-q", "-b", "main")
    green.commit("Gate")
    for words in ((), ("--baseline-ref", "HEAD")):
        outcome = green.cli("check", *words)
        assert_cannot_decide(outcome, rf"baselines/.*{moved.name} is not where its content belongs", "move the file")
