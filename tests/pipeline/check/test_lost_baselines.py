"""Budgets beside baselines that are gone: a gate whose baselines were lost never becomes its budgets in silence."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from check_cases import CALM, Folder, baseline, outside_ci, slugs
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError
from perfgate.core.run import UNSPECIFIED
from perfgate.core.text.canonical import short_hash
from perfgate.pipeline.baselines.refresh import plan_refresh
from perfgate.store.lost import find_absent_submodule, find_lost

BUDGET = '[[budget]]\nbenchmark = "train"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 9s"\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A repository with one commit, a budget and runs, outside CI."""
    folder = outside_ci(tmp_path, monkeypatch)
    folder.write("perfgate.toml", BUDGET)
    folder.commit()
    folder.runs(CALM)
    return folder


def git(folder: Folder, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder.path, check=True, capture_output=True)


def lose(folder: Folder) -> None:
    shutil.rmtree(folder.path / "baselines")


def move(folder: Folder) -> None:
    git(folder, "mv", "baselines", "measured")
    folder.commit()


def remove(folder: Folder) -> None:
    git(folder, "rm", "-rq", "baselines")
    folder.commit()


def misspell(folder: Folder) -> None:
    folder.write("perfgate.toml", f'baselines = "basline"\n{BUDGET}')


@pytest.mark.parametrize("accident", [lose, move, remove, misspell], ids=lambda f: f.__name__)
def test_budgets_do_not_hide_baselines_that_are_gone(folder, accident):
    folder.baseline(baseline())
    folder.commit()
    accident(folder)
    verdict = folder.check()
    assert (verdict.exit_code, slugs(verdict.problems)) == (2, ["no-baseline"])
    (problem,) = verdict.problems
    assert "git held some there" in problem.message or "git holds" in problem.message
    assert 'baselines = "none"' in problem.hint


def test_without_budgets_lost_baselines_are_said_to_be_lost(folder):
    folder.write("perfgate.toml", "")
    folder.baseline(baseline())
    folder.commit()
    remove(folder)
    (problem,) = (d for d in folder.check().problems if d.slug == "no-baseline")
    assert "git held some there" in problem.message
    assert "go to the folder of the project, restore the files" in problem.hint
    assert "perfgate baseline refresh" in problem.hint


def test_a_project_that_never_had_a_baseline_is_judged_by_its_budgets_with_a_warning(folder):
    verdict = folder.check()
    assert (verdict.exit_code, [d.slug for d in verdict.notes]) == (0, ["budgets-alone"])


def test_who_wants_budgets_alone_says_so_once(folder):
    folder.baseline(baseline())
    folder.commit()
    lose(folder)
    folder.write("perfgate.toml", f'baselines = "none"\n{BUDGET}')
    verdict = folder.check()
    assert (verdict.exit_code, [d.slug for d in verdict.notes]) == (0, ["results-left-behind"])  # committed, too
    folder.write("perfgate.toml", f'baselines = "none"\n{BUDGET.replace("9s", "1s")}')
    assert folder.check().exit_code == 1


def test_without_baselines_and_without_a_budget_for_what_was_measured_nothing_is_decided(folder):
    for text in ("", BUDGET + 'level = "info"\n', BUDGET.replace("train", "other")):
        folder.write("perfgate.toml", f'baselines = "none"\n{text}')
        (problem,) = (d for d in folder.check().problems if d.slug == "no-baseline")
        assert 'no budget of level "fail" limits what was measured' in problem.message


def test_a_refresh_writes_no_folder_of_that_name(folder):
    folder.write("perfgate.toml", f'baselines = "none"\n{BUDGET}')
    with pytest.raises(CannotDecideError, match="there is no folder to write to"):
        plan_refresh(
            (), config=None, machine_class="", every_session=False, replace_old=False, keep=10, reason="", benchmarks=()
        )


def test_a_shallow_clone_cannot_know_what_was_lost(folder, tmp_path, monkeypatch):
    folder.commit()
    git(folder, "clone", "-q", "--depth", "1", f"file://{folder.path}", str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    assert find_lost("baselines") == "the clone is shallow, so that git may have held some there"


@pytest.mark.parametrize("place", ["perf", "deep/perf"])
@pytest.mark.parametrize("below", ["", "/kept/here"])
def test_budgets_do_not_hide_baselines_of_a_submodule_that_is_not_checked_out(folder, place, below):
    folder.write("perfgate.toml", f'baselines = "{place}{below}"\n{BUDGET}')
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder.path, check=True, capture_output=True, text=True)
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{head.stdout.strip()},{place}")
    git(folder, "commit", "-qm", "Keep the baselines elsewhere")
    (folder.path / place).mkdir(parents=True)
    verdict = folder.check()
    assert (verdict.exit_code, slugs(verdict.problems)) == (2, ["no-baseline"])
    (problem,) = verdict.problems
    assert f"{place} is a submodule that is not checked out" in problem.message
    assert problem.hint.startswith(f"git submodule update --init {place} ")


def test_a_submodule_that_is_checked_out_is_not_absent(folder):
    git(folder, "init", "-q", "perf")
    git(folder, "-C", "perf", "commit", "-q", "--allow-empty", "-m", "Begin")
    git(folder, "add", "perf")
    git(folder, "commit", "-qm", "Keep the baselines elsewhere")
    assert find_absent_submodule("perf/kept") == ""


def test_outside_a_repository_and_before_the_first_commit_nothing_was_lost(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert find_lost("baselines") == ""
    subprocess.run(["git", "init", "-q"], check=True)
    assert find_lost("baselines") == ""


def own_runs(profile):
    """Return sessions with runs of their own."""
    return tuple(replace(s, runs=(short_hash(f"{profile.benchmark} {s.id}"),)) for s in profile.sessions)


def test_one_file_that_git_lists_and_the_folder_lacks_is_lost_and_not_removed(folder):
    for name in ("train", "score"):
        folder.baseline(replace(baseline(name), sessions=own_runs(baseline(name))))
    folder.commit()
    (file,) = (folder.path / "baselines" / UNSPECIFIED).glob("score-*")
    file.rename(file.with_suffix(".bak"))
    verdict = folder.check()
    assert verdict.exit_code == 2
    (lost,) = [d for d in verdict.problems if d.slug == "baseline-lost"]
    assert file.name in lost.message
    git(folder, "rm", "-q", "--cached", str(file))
    assert folder.check().exit_code == 0
