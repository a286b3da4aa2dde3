"""Never green by silence: one fault in the baselines of a project that is green without it."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from support import Project, assert_cannot_decide

if TYPE_CHECKING:
    from collections.abc import Callable


def edit(project: Project, change: Callable[[dict[str, Any]], object], benchmark: str = "train") -> None:
    """Change a baseline file by hand, as a careless merge would."""
    path = project.baseline(benchmark)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def _cut(project: Project) -> None:
    path = project.baseline("train")
    path.write_bytes(path.read_bytes()[:-40])


def _empty_folder(project: Project) -> None:
    shutil.rmtree(project.path("baselines"))
    project.path("baselines").mkdir()


def _emptied_class(project: Project) -> None:
    for benchmark in ("train", "score"):
        project.baseline(benchmark).unlink()


def _file_for_folder(project: Project) -> None:
    shutil.rmtree(project.path("baselines"))
    project.write("baselines", "not a folder")


def _other_class(project: Project) -> None:
    project.path("baselines/unspecified").rename(project.path("baselines/laptop"))


def _renamed(project: Project) -> None:
    path = project.baseline("train")
    path.rename(path.with_name("train.json"))


def _at_the_top(project: Project) -> None:
    path = project.baseline("train")
    path.rename(project.path(f"baselines/{path.name}"))


def _giant(project: Project) -> None:
    os.truncate(project.baseline("train"), 1 << 30)


def _replace(project: Project, make: Callable[[str], object]) -> None:
    path = project.baseline("train")
    path.unlink()
    make(str(path))


def _set(*where: str, to: object) -> Callable[[Project], None]:
    def change(document: dict[str, Any]) -> None:
        for step in where[:-1]:
            document = document[step]
        document[where[-1]] = to

    return lambda project: edit(project, change)


def _drop(*where: str) -> Callable[[Project], None]:
    def change(document: dict[str, Any]) -> None:
        for step in where[:-1]:
            document = document[step]
        del document[where[-1]]

    return lambda project: edit(project, change)


NONE = (r"baselines: there is no baseline", "perfgate baseline refresh")
MISPLACED = ("is not where its content belongs", "move the file|git")
FAULTS: dict[str, tuple[Callable[[Project], object], str, str]] = {
    "no-folder": (lambda p: shutil.rmtree(p.path("baselines")), *NONE),
    "empty-folder": (_empty_folder, *NONE),
    "empty-class-folder": (_emptied_class, *NONE),
    "file-for-folder": (_file_for_folder, r"baselines is a file, not a folder", "name a folder"),
    "truncated": (_cut, r"train-\w+\.json is not JSON", "git"),
    "empty-file": (lambda p: p.baseline("train").write_bytes(b""), r"train-\w+\.json is empty", "git"),
    "not-utf-8": (lambda p: p.baseline("train").write_bytes(b'{"a": "\xff"}'), r"train-\w+\.json is not JSON", "git"),
    "array": (lambda p: p.baseline("train").write_text("[]"), r"train-\w+\.json:? not a JSON object", "git"),
    "merge-markers": (
        lambda p: p.baseline("train").write_text("<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n"), "not JSON", "git",
    ),
    "unknown-version": (
        _set("schema", to="perfgate/baseline/9"), r'unknown schema "perfgate/baseline/9"', "install the perfgate",
    ),
    "no-version": (_drop("schema"), r'the key "schema" is missing', "install the perfgate"),
    "p50-by-hand": (_set("metrics", "elapsed", "p50", to=9.9), r"train-\w+\.json:? /metrics/elapsed/p50", "git"),
    "p95-by-hand": (_set("metrics", "elapsed", "p95", to=9.9), r"train-\w+\.json:? /metrics/elapsed/p95", "git"),
    "n-by-hand": (_set("metrics", "elapsed", "n", to=9), r"train-\w+\.json:? /metrics/elapsed/n", "git"),
    "metrics-gone": (_set("metrics", to={}), r"train-\w+\.json:? /metrics", "git"),
    "unknown-key": (_set("note", to="by hand"), r"train-\w+\.json:? .*note", "git"),
    "benchmark-by-hand": (_set("benchmark", to="training"), *MISPLACED),
    "class-by-hand": (_set("machine_class", to="laptop"), *MISPLACED),
    "class-renamed": (_other_class, *MISPLACED),
    "renamed": (_renamed, *MISPLACED),
    "at-the-top": (_at_the_top, *MISPLACED),
    "session-gone": (_set("sessions", to={}), r"train-\w+\.json:? /sessions", "git"),
    "giant": (_giant, r"train-\w+\.json is larger than", "git"),
    "fifo": (lambda p: _replace(p, os.mkfifo), r"train-\w+\.json:? ", "git"),
    "folder": (lambda p: _replace(p, os.mkdir), r"train-\w+\.json:? .*cannot be read", "git"),
    "link-loop": (lambda p: _replace(p, lambda path: os.symlink(path, path)), r"train-\w+\.json:? .*be read", "git"),
    "link-to-nowhere": (
        lambda p: _replace(p, lambda path: os.symlink("gone.json", path)), r"train-\w+\.json cannot be read", "git",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "cause", "cure"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_baseline_is_never_passed_over(
    green: Project, spoil: Callable[[Project], object], cause: str, cure: str
) -> None:
    spoil(green)
    outcome = green.cli("check", "--report", "r.json")
    assert_cannot_decide(outcome, cause, cure)
    assert green.read_json("r.json")["verdict"] == "error"
    assert "\nCANNOT DECIDE  " in f"\n{outcome.stdout}"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        pytest.param(None, r"plain\.json does not exist", id="no-file"),
        pytest.param("", r"plain\.json is empty", id="empty"),
        pytest.param('{"benchmarks": {', r"plain\.json is not JSON", id="truncated"),
        pytest.param('{"benchmarks": {}}', r"plain\.json:? /benchmarks", id="no-benchmark"),
        pytest.param('{"benchmarks": {"train": {}}}', r"plain\.json:? /benchmarks/train", id="no-metric"),
        pytest.param('{"benchmarks": {"t": {"elapsed_sec": {"p95": NaN}}}}', r"plain\.json:? NaN", id="nan"),
        pytest.param('{"benchmarks": {"t": {"elapsed_sec": {"p95": -1}}}}', r"plain\.json:? .*/p95", id="negative"),
        pytest.param('{"benchmarks": {"t": {"elapsed_sec": {"p50": 2, "p95": 1}}}}', "ascend", id="descending"),
        pytest.param('{"benchmarks": {"t": {"pace": {"p95": 1}}}}', "unit and direction", id="no-unit"),
    ],
)
def test_a_faulty_file_of_percentiles_is_never_passed_over(green: Project, content: str | None, cause: str) -> None:
    if content is not None:
        green.write("plain.json", content)
    outcome = green.cli("check", "--baseline", "plain.json", "--report", "r.json")
    assert_cannot_decide(outcome, cause, ".")
    assert green.read_json("r.json")["verdict"] == "error"


def test_another_faulty_baseline_does_not_hide_behind_the_first(green: Project) -> None:
    green.baseline("train").write_bytes(b"")
    green.baseline("score").write_bytes(b"{")
    outcome = green.cli("check")
    assert outcome.code == 2
    assert outcome.stderr.count("[baseline-invalid]") == 2
