"""The mirror of the gate's promise: a refresh that fails or dies leaves every old baseline, byte for byte."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import RUNS, Project, assert_cannot_decide, clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERRUPTED = str(Path(__file__).with_name("interrupted_refreshes.py"))
FIVE = [f"stage-{i}" for i in range(5)]

MEMORY = Path("/dev/shm")  # noqa: S108 - folders of their own are made in it
ROOM = 200_000_000  # bytes


@contextmanager
def folder_in_memory(otherwise: Path) -> Iterator[Path]:
    """Give a folder that lives in memory, where there is room: thousands of `fsync` cost minutes on a real disk."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        yield otherwise
        return
    with tempfile.TemporaryDirectory(prefix="perfgate-tests-", dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    """A folder for the projects of one test, in memory if possible."""
    with folder_in_memory(tmp_path) as folder:
        yield folder


def _bad_run(project: Project) -> None:
    project.write(f"{RUNS}/bad.json", "{")


def _file_for_class(project: Project) -> None:
    project.change_runs("new-*", environment={"os": "linux", "arch": "x64"})
    project.write("baselines/linux-x64", "a file where the folder of the class should go")


def _loosening(project: Project) -> None:
    project.change_runs("new-train-*", elapsed_sec=2.0)


REFUSALS: dict[str, tuple[Callable[[Project], object], tuple[str, ...], str, str]] = {
    "bad-run": (_bad_run, (), r"bad\.json is not JSON", "schema run"),
    "failed-run": (lambda p: p.change_runs("new-train-003", status="failed"), (), '"train" failed', "fix the program"),
    "zero-time": (lambda p: p.change_runs("new-train-003", elapsed_sec=0.0), (), "time of zero", "elapsed_ns"),
    "rows-differ": (lambda p: p.change_runs("new-train-*", rows_used=7), (), "train: .*rows", "--replace"),
    "source-differs": (lambda p: p.change_runs("new-*", memory_source="poll"), (), "peak memory", "--replace"),
    "loosening": (_loosening, ("--replace",), "loosens the gate", "--reason"),
    "no-such-benchmark": (lambda _: None, ("--benchmark", "trian"), '"trian"', "perfgate collect"),
    "no-runs": (lambda p: p.drop_runs("*"), (), "no run files", "perfgate run"),
    "bad-baseline": (lambda p: p.baseline("score").write_bytes(b""), (), "is empty", "git"),
    "bad-configuration": (lambda p: p.write("perfgate.toml", "x = 1"), (), r"perfgate\.toml", "schema config"),
    "file-for-class": (_file_for_class, (), r"linux-x64 cannot be written", "check the disk"),
}


@pytest.mark.parametrize(("spoil", "arguments", "cause", "cure"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_refresh_changes_no_byte(
    green: Project, spoil: Callable[[Project], object], arguments: tuple[str, ...], cause: str, cure: str
) -> None:
    spoil(green)
    before = green.baseline_files()
    assert_cannot_decide(green.cli("baseline", "refresh", *arguments), cause, cure)
    assert green.baseline_files() == before


def test_a_dry_run_changes_no_byte(green: Project) -> None:
    before = green.baseline_files()
    outcome = green.cli("baseline", "refresh", "--dry-run")
    assert (outcome.code, green.baseline_files()) == (0, before)
    assert "train" in outcome.stdout


def test_a_disk_without_room_changes_no_byte(green: Project) -> None:
    before = green.baseline_files()
    done = subprocess.run(
        [sys.executable, "-m", "perfgate", "baseline", "refresh"], cwd=green.root, env=green.environment(),
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200)),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("cannot decide: baselines/unspecified cannot be written")
    assert green.baseline_files() == before


@pytest.fixture(scope="session")
def five(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Five benchmarks with new runs beside their baselines, and a sixth that stays as it is."""
    project = Project(tmp_path_factory.mktemp("five") / "project")
    for benchmark in (*FIVE, "still"):
        project.write_runs(5, f"old-{benchmark}", benchmark=benchmark, session="s-1", started_at="2026-01-01T00:00:00Z")
    assert project.cli("baseline", "refresh").code == 0
    for benchmark in FIVE:
        project.write_runs(5, f"new-{benchmark}", benchmark=benchmark, session="s-2", started_at="2026-01-02T00:00:00Z")
    return project


@pytest.fixture(scope="session")
def refreshed(five: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the baselines look like after an undisturbed refresh."""
    project = five.copy_to(tmp_path_factory.mktemp("refreshed") / "project")
    assert project.cli("baseline", "refresh").code == 0
    return project.baseline_files()


def stopped_everywhere(template: Project, work: Path, kind: str) -> list[dict[str, Any]]:
    """Refresh copies of a project, stopped one step later each time; the last one comes through."""
    work.mkdir()
    done = subprocess.run(
        [sys.executable, INTERRUPTED, str(template.root), str(work), kind], env=clean_environment(work),
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    children = [json.loads(line) for line in done.stdout.splitlines()]
    assert children[-1]["code"] == 0
    return children


@pytest.fixture(scope="module")
def killed(five: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """Projects in which a refresh of five benchmarks was killed, each one step later."""
    with folder_in_memory(tmp_path_factory.mktemp("killed")) as folder:
        yield folder / "work", stopped_everywhere(five, folder / "work", "kill")


@pytest.fixture(scope="session")
def two(five: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """New runs of two machine classes and the first of a third; a file of somebody else's, all in git."""
    project = five.copy_to(tmp_path_factory.mktemp("two") / "project")
    for benchmark in FIVE[2:]:
        project.drop_runs(f"new-{benchmark}-*")
    for prefix, day, classes in (("1", 1, ("one", "still")), ("2", 2, ("one", "new"))):
        for system in classes:
            project.write_runs(
                2, f"{system}-{prefix}", benchmark=f"on-{system}", session=f"s-{day}",
                started_at=f"2026-01-0{day}T00:00:00Z", environment={"os": system},
            )  # fmt: skip
        if prefix == "1":
            assert project.cli("baseline", "refresh", "--benchmark", "on-*").code == 0
    project.write("baselines/one/notes/mine.md", "mine")
    project.write(".gitignore", "outputs/\n")
    project.git("init", "-q")
    project.commit("All old")
    return project


@pytest.fixture(scope="session")
def two_refreshed(two: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the baselines of the classes look like after an undisturbed refresh."""
    project = two.copy_to(tmp_path_factory.mktemp("two-refreshed") / "project")
    assert project.cli("baseline", "refresh").code == 0
    files, old = project.baseline_files(), two.baseline_files()
    assert {name.partition("/")[0] for name in files if files[name] != old.get(name)} == {"new", "one", "unspecified"}
    return files


def visible(project: Project) -> dict[str, bytes]:
    """Return the files that count: hidden ones are what a dead refresh was still working on."""
    files = project.baseline_files().items()
    return {name: content for name, content in files if not any(p.startswith(".") for p in name.split("/"))}


@pytest.mark.slow
def test_a_refresh_killed_at_any_step_leaves_all_old_or_all_new(
    five: Project, refreshed: dict[str, bytes], killed: tuple[Path, list[dict[str, Any]]]
) -> None:
    assert_old_or_new(five.baseline_files(), refreshed, *killed)


def assert_old_or_new(
    old: dict[str, bytes], new: dict[str, bytes], work: Path, children: list[dict[str, Any]]
) -> None:  # fmt: skip
    seen = set()
    for stopped in children:
        files = visible(Project(work / str(stopped["k"]) / "project"))
        assert files in (old, new), stopped
        seen.add((stopped["step"], files == new))
    steps = {step for step, _ in seen}
    assert {"open", "write", "fsync", "replace", "mkdir", "link", "renameat2"} <= steps
    assert ("renameat2", False) in seen  # one step before the exchange nothing has changed
    assert len(children) > 20


@pytest.mark.slow
def test_after_a_kill_the_next_refresh_succeeds_and_tidies_up(
    refreshed: dict[str, bytes], killed: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    work, children = killed
    stopped = [c["k"] for c in children if c["step"]]
    for k in stopped[:: max(1, len(stopped) // 5)] + stopped[-3:]:
        project = Project(work / str(k) / "project").copy_to(tmp_path / str(k))
        assert_tidied(project, refreshed)


@pytest.mark.slow
def test_a_refresh_of_several_classes_killed_at_any_step_leaves_all_old_or_all_new_and_nothing_for_git(
    two: Project, two_refreshed: dict[str, bytes], tmp_path: Path
) -> None:
    work = tmp_path / "work"
    children = stopped_everywhere(two, work, "kill")
    assert_old_or_new(two.baseline_files(), two_refreshed, work, children)
    new = {f"baselines/{name}" for name in two_refreshed}
    leftovers = 0
    for stopped in children:
        project = Project(work / str(stopped["k"]) / "project")
        seen = project.git("status", "--porcelain", "--untracked-files=all").splitlines()
        assert {line.split()[-1] for line in seen} <= new, stopped
        leftovers += len(list(project.root.glob(".perfgate-new-*")))
    assert leftovers > 20
    for stopped in children[:-1:12] + children[-4:]:
        assert_tidied(Project(work / str(stopped["k"]) / "project"), two_refreshed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fail", "fail-slow"])
def test_a_disk_that_fails_at_any_step_leaves_every_class_as_it_was(
    two: Project, two_refreshed: dict[str, bytes], tmp_path: Path, kind: str
) -> None:
    old = two.baseline_files()
    for stopped in stopped_everywhere(two, tmp_path / "work", kind):
        project = Project(tmp_path / "work" / str(stopped["k"]) / "project")
        assert visible(project) == {0: two_refreshed, 2: old}[stopped["code"]], stopped


def assert_tidied(project: Project, expected: dict[str, bytes]) -> None:
    outcome = project.cli("baseline", "refresh")
    assert outcome.code == 0, str(outcome)
    assert project.baseline_files() == expected
    assert list(project.root.rglob(".perfgate-new-*")) == []


@pytest.mark.slow
def test_after_a_kill_over_one_file_git_sees_nothing_and_the_next_refresh_tidies_up_too(
    five: Project, refreshed: dict[str, bytes], tmp_path: Path
) -> None:
    template = five.copy_to(tmp_path / "template")
    for benchmark in FIVE[1:]:
        template.drop_runs(f"new-{benchmark}-*")
    template.write(".gitignore", "outputs/\n")
    template.git("init", "-q")
    template.commit("All old")
    name = f"unspecified/{five.baseline(FIVE[0]).name}"
    expected = five.baseline_files() | {name: refreshed[name]}
    children = stopped_everywhere(template, tmp_path / "work", "kill")
    assert {"open", "write", "fsync", "replace"} <= {c["step"] for c in children}
    for c in children:
        project = Project(tmp_path / "work" / str(c["k"]) / "project")
        assert project.git("status", "--porcelain", "--untracked-files=all") in ("", f"M baselines/{name}"), c
        assert_tidied(project, expected)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fail", "fail-slow"])
def test_a_disk_that_fails_at_any_step_leaves_all_old_and_says_so(
    five: Project, refreshed: dict[str, bytes], tmp_path: Path, kind: str
) -> None:
    old = five.baseline_files()
    for stopped in stopped_everywhere(five, tmp_path / "work", kind):
        project = Project(tmp_path / "work" / str(stopped["k"]) / "project")
        expected = {0: refreshed, 2: old}[stopped["code"]]
        assert visible(project) == expected, stopped


@pytest.mark.slow
def test_a_first_refresh_killed_at_any_step_leaves_no_half_of_a_class(five: Project, tmp_path: Path) -> None:
    template = five.copy_to(tmp_path / "template")
    for path in sorted(template.path("baselines").glob("*/*")):
        path.unlink()
    template.path("baselines/unspecified").rmdir()
    template.path("baselines").rmdir()
    for stopped in stopped_everywhere(template, tmp_path / "work", "kill"):
        project = Project(tmp_path / "work" / str(stopped["k"]) / "project")
        files = visible(project) if project.path("baselines").exists() else {}
        assert len(files) in {0, 6}, stopped
