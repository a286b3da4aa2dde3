"""The commit of a step is found from what `perfgate history` prints: ranges, subjects, commands, rules in the log."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from history_cases import CLASS, Suite, steady, step, write
from support import Project

from perfgate.core.text.columns import columns_of

if TYPE_CHECKING:
    from pathlib import Path

STEP, ALL, ROWS, COMMITS = 40, 60, 25, 80
OTHER = "debian-12-x64-8cpu"
SUBJECT = "\x1b[31m<b>Change</b> \u202e" + "x" * 100


def suite() -> Suite:
    """Return a suite in which one benchmark has a step, and then all of them."""
    levels = {f"b{n}": steady(0.1 * (n + 1)) for n in range(5)} | {"train": step(0.3, STEP, 1.2)}
    moved = {name: lambda c, level=level: level(c) * (1.15 if c >= ALL else 1.0) for name, level in levels.items()}
    return Suite(moved, environment=lambda c: {"python": "3.12.4" if c >= ALL else "3.11.7"})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("commits") / "repository"
    return folder, write(folder, suite(), COMMITS, tags={12: "v1.0"})


def shown(folder: Path, *words: str, columns: int = 80) -> list[str]:
    outcome = Project(folder).cli("history", *words, env={"COLUMNS": str(columns)})
    assert outcome.code == 0, str(outcome)
    assert outcome.stderr == ""
    return outcome.stdout.splitlines()


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("words", [(), ("train",)], ids=["all", "one"])
def test_the_likely_and_the_widest_range_the_subjects_and_the_search(
    made: tuple[Path, list[str]], words: tuple[str, ...], columns: int
) -> None:
    folder, hashes = made
    lines = shown(folder, *words, columns=columns)
    assert all(columns_of(line) <= columns for line in lines)
    (at,) = (n for n, line in enumerate(lines) if "train  elapsed" in line and "  open" in line)
    likely, widest = re.findall(r"(\w{7}\.\.\w{7}) \((\d) commits?\)", lines[at + 1])
    assert likely == (f"{hashes[STEP - 1][:7]}..{hashes[STEP][:7]}", "1")
    assert widest == (f"{hashes[STEP - 3][:7]}..{hashes[STEP + 2][:7]}", "5")
    start = next(n for n, line in enumerate(lines) if line.startswith("To find the commit of train elapsed +"))
    subjects = [f"- {hashes[n][:7]} Change part {n}" for n in range(STEP + 2, STEP - 3, -1)]
    subjects[2] += " (likely)"
    assert lines[start + 1 : start + 6] == subjects
    good, bad = hashes[STEP - 3][:12], hashes[STEP + 2][:12]
    assert f"perfgate bisect --good {good} --bad {bad} -- CMD" in lines
    assert "baselines" not in "".join(lines[start:])


def test_the_calls_of_git_do_not_grow_with_the_steps(
    tmp_path: Path, made: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from perfgate.pipeline.history import commits
    from perfgate.pipeline.history.find import Asked, find_history

    calls: list[str] = []
    git, describe = commits.git, commits.describe
    monkeypatch.setattr(commits, "git", lambda *a, **k: calls.append(a[1][0]) or git(*a, **k))
    monkeypatch.setattr(commits, "describe", lambda *a: calls.append("describe") or describe(*a))
    levels = {f"b{n}": step(0.1, 10 + 5 * n, 1.3) for n in range(4)}
    write(tmp_path / "many", Suite(levels), 40)
    for folder in (made[0], tmp_path / "many"):
        calls.clear()
        monkeypatch.chdir(folder)
        found = find_history(Asked(), config=None)
        assert sum(len(t.marks) for t in found.trends) >= 1
        assert calls == ["rev-list", "diff-tree", "describe"]


def test_a_log_has_rules_for_its_own_step_and_for_all_together(made: tuple[Path, list[str]]) -> None:
    folder, hashes = made
    lines = shown(folder, "train")
    rules = {n: line for n, line in enumerate(lines) if line.startswith("──")}
    assert [line.split(",")[0].split(" +")[0] for line in rules.values()] == ["── step", "── all together"]
    own, common = rules
    assert hashes[STEP][:12] in lines[own + 1]
    assert hashes[ALL][:12] in lines[common + 1]
    assert lines[common].endswith("; with python 3.11.7 → 3.12.4")
    (steady_rule,) = (n for n, line in enumerate(shown(folder, "b0")) if line.startswith("──"))
    assert hashes[ALL][:12] in shown(folder, "b0")[steady_rule + 1]


def test_the_log_stays_a_table_and_states_no_change_across_a_break(tmp_path: Path) -> None:
    levels = {"a": step(0.1, ROWS, 2.0)}
    write(tmp_path / "rows", Suite(levels, rows=lambda c: 2000 if c >= ROWS else 1000), 40)
    lines = shown(tmp_path / "rows", "a")
    assert lines[1].split() == ["Session", "Commit", "Median", "Change", "Runs"]
    (rule,) = (n for n, line in enumerate(lines) if line.startswith("──"))
    assert lines[rule] == "── rows 1,000 → 2,000"
    assert "%" not in lines[rule + 1]
    assert all("%" in line for line in lines[rule + 2 : rule + 10])
    assert not [line for line in lines if line.endswith(",") or ", ," in line]


def test_several_classes_are_named_in_every_table(made: tuple[Path, list[str]], tmp_path: Path) -> None:
    shutil.copytree(made[0], tmp_path / "two")
    project = Project(tmp_path / "two")
    shutil.copytree(project.root / "baselines" / CLASS, project.root / "baselines" / OTHER)
    for path in (project.root / "baselines" / OTHER).iterdir():
        path.write_text(path.read_text().replace("gha-", "other-").replace(CLASS, OTHER))
    project.commit("Another machine")
    lines = shown(tmp_path / "two")
    (at,) = (n for n, line in enumerate(lines) if "train  elapsed" in line and "  open" in line)
    assert lines[at + 1] == f"    on {CLASS}"
    page = "\n".join(shown(tmp_path / "two", "--format", "html"))
    assert page.count('<th scope="col">Class</th>') == 2  # steps, and what is worse than v1.0
    assert "Class" not in "".join(shown(made[0]))


def test_hostile_subjects_are_cut_and_stay_words(tmp_path: Path) -> None:
    write(tmp_path / "made", suite(), COMMITS, subject=SUBJECT)
    lines = shown(tmp_path / "made")
    subjects = [line for line in lines if "Change</b>" in line]
    assert len(subjects) == 10  # around the step of a value, and around that of all together
    assert all(line.endswith(("…", "… (likely)")) and columns_of(line) <= 80 for line in subjects)
    page = "\n".join(shown(tmp_path / "made", "--format", "html"))
    assert "<b>" not in page
    assert "&lt;b&gt;Change" in page
    for character in "\x1b\u202e":
        assert character not in "\n".join(lines) + page


@pytest.mark.parametrize(("columns", "blocks"), [(60, 20), (80, 20), (100, 30), (120, 40), (200, 40)])
def test_lines_over_time_are_as_long_as_the_terminal_has_room(
    made: tuple[Path, list[str]], columns: int, blocks: int
) -> None:
    lines = shown(made[0], columns=columns)
    assert {len(re.findall("[▁-█]", line)) for line in lines} == {0, blocks}
    assert all(columns_of(line) <= columns for line in lines)
