"""`perfgate compact` loses no run: what is read after it is what was read before, and bad input changes nothing."""

from __future__ import annotations

import gzip
import json
import os
import re
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from same_inputs import Odd
from support import RUNS, Project, assert_cannot_decide

from perfgate.formats.own.compacted import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE = f"{RUNS}/compacted.jsonl.gz"
SESSIONS = 12


class Sound(Odd):
    """A project without faults: whatever is valid in run summaries."""

    has_faults = False


@pytest.fixture
def old(project: Project) -> Project:
    """Return a project with runs of twelve sessions, two of each benchmark, one of them without a name."""
    for number in range(1, SESSIONS + 1):
        common = {"session": f"job-{number}", "started_at": f"2026-01-{number:02}T10:00:00Z"}
        project.write_runs(2, f"s{number:02}-train", benchmark="train", odd=[1.50, {"é": None}], **common)
        project.write_runs(2, f"s{number:02}-unnamed", **common)
    return project


def contents(project: Project, folder: str = ".") -> dict[str, bytes | str]:
    """Return all that lies below a folder."""
    return {
        str(p.relative_to(project.root)): os.readlink(p) if p.is_symlink() else p.read_bytes() if p.is_file() else ""
        for p in sorted(project.path(folder).rglob("*"))
    }


def profile(project: Project, *paths: str) -> str:
    outcome = project.cli("collect", "--format", "json", *paths)
    assert outcome.code == 0, str(outcome)
    return outcome.stdout


def numbers(project: Project) -> set[str]:
    """Return the sessions of the run files."""
    return {path.name[:3] for path in project.runs()}


@pytest.mark.parametrize("seed", range(4))
def test_all_that_is_read_of_the_compacted_file_is_what_was_read_of_the_run_files(tmp_path: Path, seed: int) -> None:
    name = ENDINGS[seed % 2]
    Sound(f"compact-{seed}", tmp_path / "a").build()
    one = Project(tmp_path / "a")
    one.cli("baseline", "refresh", "old", "--sessions", "all")
    other = one.copy_to(tmp_path / "b")
    for folder in ("old", "outputs/model_runs"):
        outcome = other.cli("compact", folder, "--keep", str(seed % 3), "--remove", "-o", f"{folder}/{name}")
        assert outcome.code == 0, str(outcome)
    for words in (
        ["collect", "old", "--format", "json"],
        ["baseline", "refresh", "old", "--sessions", "all", "--replace", "--reason", "again"],
        ["baseline", "refresh", "--dry-run"],
        ["check", "--today", "2026-03-01", "--format", "json", "--sessions", "all"],
    ):
        here, there = one.cli(*words), other.cli(*words)
        assert (here.code, here.stdout) == (there.code, re.sub(rf"{re.escape(name)}: line \d+", "X", there.stdout))
    assert one.baseline_files() == other.baseline_files()


def test_the_runs_of_older_sessions_are_added_and_stay_as_files_unless_they_are_to_be_removed(old: Project) -> None:
    before = profile(old)
    outcome = old.cli("compact")
    assert (outcome.code, outcome.stderr) == (0, ""), str(outcome)
    assert outcome.stdout == (
        f"Added 8 runs to {FILE}, 8 runs in all.\n8 run files of these runs stay; --remove removes them.\n"
    )
    assert len(old.runs()) == 4 * SESSIONS
    assert profile(old) == before
    outcome = old.cli("compact", "--remove")
    assert outcome.stdout == f"{FILE} has all runs of the older sessions already.\nRemoved 8 run files.\n"
    assert numbers(old) == {f"s{n:02}" for n in range(3, SESSIONS + 1)}
    assert profile(old) == before


def test_a_run_file_is_a_line_with_its_text_as_it_is(old: Project) -> None:
    text = json.dumps({**old.read_json(f"{RUNS}/s01-train-000.json"), "rows_used": 1000, "x": 1e-7}, indent=2)
    old.write(f"{RUNS}/s01-train-000.json", "\ufeff" + text.replace("\n", "\r\n"))
    null = old.path(f"{RUNS}/s01-unnamed-001.json").read_text()[:-1] + ', "benchmark": null}'
    old.write(f"{RUNS}/s01-unnamed-001.json", null)
    old.cli("compact", "--keep", "11")
    lines = gzip.decompress(old.path(FILE).read_bytes()).decode().splitlines()
    assert lines[0] == text.replace("\n", "  ")
    assert lines[1] == old.path(f"{RUNS}/s01-train-001.json").read_text()
    unnamed = old.path(f"{RUNS}/s01-unnamed-000.json").read_text()
    assert lines[2] == f'{{"benchmark": "model_run", {unnamed[1:]}'
    assert json.loads(lines[3]) == {**json.loads(null), "benchmark": "model_run"}


def test_compacting_again_changes_nothing_and_later_runs_are_added(old: Project) -> None:
    before = profile(old)
    old.cli("compact", "--keep", "9", "--remove")
    first = old.path(FILE).read_bytes()
    assert old.cli("compact", "--keep", "9", "--remove").stdout.startswith("No run file is of a session older")
    assert old.path(FILE).read_bytes() == first
    old.cli("compact", "--keep", "2", "--remove")
    assert numbers(old) == {"s11", "s12"}
    assert gzip.decompress(old.path(FILE).read_bytes()).startswith(gzip.decompress(first))
    assert old.cli("compact", "--keep", "0", "--remove").code == 0
    assert old.runs() == []
    assert profile(old) == before
    assert old.cli("compact", "--remove").code == 0


def test_a_file_in_which_one_run_is_left_is_read_as_well(project: Project) -> None:
    project.write_run("only", benchmark="a", stages={f"s{i}": {"calls": 1, "total_ns": 1} for i in range(4000)})
    before = profile(project)
    assert project.cli("compact", "--keep", "0", "--remove").code == 0
    assert profile(project) == before
    assert_cannot_decide(project.cli("runs", "remove", FILE), "no option says which runs to remove", "--benchmark GLOB")
    assert profile(project) == before


def test_a_dry_run_says_what_would_be_done_and_does_nothing(old: Project) -> None:
    before = contents(old)
    outcome = old.cli("compact", "--dry-run", "--remove")
    assert outcome.stdout == (
        f"Would add 8 runs to {FILE}, 8 runs in all; nothing was written.\n"
        "Would remove 8 run files; nothing was removed.\n"
    )
    assert contents(old) == before


def test_what_holds_no_run_of_its_own_is_left_and_named(old: Project) -> None:
    old.write("elsewhere/s02-train-000.json", old.path(f"{RUNS}/s02-train-000.json").read_bytes())
    old.path(f"{RUNS}/s02-train-000.json").unlink()
    old.path(f"{RUNS}/s02-train-000.json").symlink_to("../../elsewhere/s02-train-000.json")
    old.path(f"{RUNS}/link.json").symlink_to("s01-train-000.json")
    old.write(f"{RUNS}/other.json", '{"benchmarks": [], "machine_info": {}}')
    old.write_run("s01-long", session="job-1", started_at="2026-01-01T10:00:00Z", unknown="x" * (1 << 20))
    outcome = old.cli("compact", "--remove")
    assert outcome.code == 0, str(outcome)
    assert outcome.stderr == (
        f"left: {RUNS}/link.json, {RUNS}/s02-train-000.json: a symbolic link\n"
        f"left: {RUNS}/other.json: of another tool, or several runs in one file\n"
        f"left: {RUNS}/s01-long.json: longer than a line of a compacted file may be\n"
        f"left: {RUNS}/s01-train-000.json: a symbolic link leads to it\n"
    )
    assert outcome.stdout.endswith("Removed 6 run files.\n")
    assert old.path("elsewhere/s02-train-000.json").exists()
    assert {p.name for p in old.runs()} >= {"link.json", "other.json", "s01-long.json", "s01-train-000.json"}


def _twice(project: Project) -> None:
    run = project.read_json(f"{RUNS}/s01-train-000.json")
    project.write(f"{RUNS}/zz.json", json.dumps({**run, "elapsed_sec": 9.0}))


def _edited(project: Project) -> None:
    project.cli("compact")
    project.change_runs("s01-train-000", elapsed_sec=9.0)


def _linked(project: Project) -> None:
    project.path("outputs").rename(project.path("real"))
    project.path("outputs").mkdir()
    project.path(RUNS).symlink_to("../real/model_runs")


def _behind_a_link(project: Project) -> None:
    project.path("outputs").rename(project.path("real"))
    project.path("outputs").symlink_to("real")


BAD: dict[str, tuple[Callable[[Project], object], list[str], str, str]] = {
    "broken": (lambda p: p.write(f"{RUNS}/bad.json", '{"run_id": '), [], r"bad\.json is not JSON", "correct"),
    "invalid": (lambda p: p.change_runs("s12-train-000", rows_used=-1), [], r"s12-train-000\.json: /rows_used", "corr"),
    "pipe": (lambda p: os.mkfifo(p.path(f"{RUNS}/bad.json")), [], r"bad\.json is a socket or a pipe", "name a file"),
    "link-to-nowhere": (lambda p: p.path(RUNS).rename(p.path("x")), [], r"model_runs does not exist", "check"),
    "same-id": (_twice, [], r"zz\.json: the run id .* is in .*s01-train-000\.json", "an id of its own"),
    "edited": (_edited, [], r"gz: line 1: the run id .* is in .*s01-train-000\.json", "an id of its own"),
    "folder-is-a-link": (_linked, [], "model_runs is or is behind a symbolic link", "compact FOLDER"),
    "behind-a-link": (_behind_a_link, [], "model_runs is or is behind a symbolic link", "perfgate compact FOLDER"),
    "folder-is-a-file": (lambda p: p.write("f", ""), ["f"], "f is not a folder", "name the folder"),
    "no-runs": (lambda p: p.path("empty").mkdir(), ["empty"], "empty: no run files are in it", "name the folder"),
    "several-folders": (
        lambda p: p.write("perfgate.toml", 'runs = ["a/*.json", "b/*.json"]'), [], r"a/\*\.json, b", "compact FOLDER",
    ),
    "other-name": (lambda _: None, ["-o", "x.jsonl"], r"x\.jsonl: the name is not", r"compacted\.jsonl\.gz"),
    "no-such-folder": (lambda _: None, ["-o", "no/compacted.jsonl"], "no/.*its folder does not exist", "make the"),
    "output-is-a-link": (lambda p: p.path(FILE).symlink_to("../../x"), [], r"gz is a symbolic link", "-o FILE"),
    "output-is-a-folder": (lambda p: p.path(FILE).mkdir(), [], r"gz is not a file", "-o FILE"),
    "output-is-no-such-file": (lambda p: p.write(FILE, "hello"), [], r"gz: line 1 is not JSON", "restore"),
    "output-is-cut-off": (
        lambda p: (p.cli("compact"), os.truncate(p.path(FILE), 100)), [], r"gz cannot be read to its end", "restore",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "words", "cause", "cure"), BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_error_and_changes_nothing(
    old: Project, spoil: Callable[[Project], object], words: list[str], cause: str, cure: str
) -> None:
    spoil(old)
    before = contents(old)
    assert_cannot_decide(old.cli("compact", "--remove", *words), cause, cure)
    assert contents(old) == before


@pytest.mark.parametrize("is_there", [False, True])
def test_a_full_disk_leaves_the_compacted_file_and_the_run_files_as_they_were(old: Project, *, is_there: bool) -> None:
    if is_there:
        assert old.cli("compact", "-o", f"{RUNS}/compacted.jsonl").code == 0
    before = contents(old)
    words = ["compact", "--keep", "0", "--remove", "-o", f"{RUNS}/compacted.jsonl"]
    done = subprocess.run(
        [sys.executable, "-m", "perfgate", *words], cwd=old.root, env=old.environment(), capture_output=True,
        text=True, check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert re.match(r"cannot decide: .*compacted\.jsonl cannot be written \(File too large\)", done.stderr), done.stderr
    assert "no run file was removed" in done.stderr
    assert contents(old) == before


def test_keys_that_perfgate_does_not_read_are_not_lost_with_a_run_file(old: Project) -> None:
    old.cli("compact")
    old.change_runs("s01-train-000", odd="edited")
    outcome = old.cli("compact", "--remove")
    assert outcome.stderr == f"left: {RUNS}/s01-train-000.json: its text differs from that of the compacted run\n"
    assert outcome.stdout.endswith("Removed 7 run files.\n")
    assert old.read_json(f"{RUNS}/s01-train-000.json")["odd"] == "edited"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param("{broken", "is not JSON: .*", id="broken"),
        pytest.param("", "is empty", id="empty"),
        pytest.param('{"a": 1}', "is in no known format .*", id="unknown"),
        pytest.param(
            '{"benchmarks": [], "machine_info": {}}', "of another tool, or several runs in one file", id="tool"
        ),
    ],
)
def test_a_file_without_a_run_is_left_with_what_is_wrong_with_it(old: Project, content: str, why: str) -> None:
    old.write(f"{RUNS}/other.json", content)
    for words in (["compact", "--remove"], ["runs", "list"], ["runs", "remove", "--failed"]):
        outcome = old.cli(*words)
        assert outcome.code == 0, str(outcome)
        assert re.fullmatch(rf"left: {RUNS}/other\.json: {why}\n", outcome.stderr), outcome.stderr
    assert old.path(f"{RUNS}/other.json").read_text() == content


def test_imported_runs_stay_as_they_are(old: Project) -> None:
    old.write("times.json", '{"results": [{"command": "a", "times": [0.1, 0.2], "mean": 0.15, "unit": "second"}]}')
    assert old.cli("import", "times.json").code == 0
    before = profile(old)
    outcome = old.cli("compact", "--keep", "0", "--remove")
    assert outcome.code == 0, str(outcome)
    (left,) = old.runs()
    assert outcome.stderr == f"left: {RUNS}/{left.name}: imported: it is no run summary\n"
    assert profile(old) == before


def _listed(project: Project, *words: str) -> list[tuple[str, str]]:
    """Return the run ids that a list shows, each with the name of its file."""
    rows = [line.split() for line in project.cli("runs", "list", *words).stdout.splitlines()]
    return [(row[3], os.path.basename(row[4])) for row in rows[1:-1]]


def test_the_list_of_runs_has_those_of_a_compacted_file_and_each_run_once(old: Project) -> None:
    ids = sorted(path.stem for path in old.runs())
    old.cli("compact")
    assert _listed(old) == [(run_id, f"{run_id}.json") for run_id in ids]
    old.cli("compact", "--remove")
    compacted = old.path(FILE).name
    assert sorted(_listed(old)) == [(i, compacted if i < "s03" else f"{i}.json") for i in ids]
    assert old.cli("runs", "list").stdout.endswith("40 run files and 8 compacted runs, 0 failed\n")
    assert old.cli("runs", "list", FILE, "--benchmark", "train").stdout.endswith("\n4 compacted runs, 0 failed\n")


def test_a_removal_takes_runs_out_of_a_compacted_file_and_leaves_the_others_as_they_were(old: Project) -> None:
    before = profile(old)
    old.write_run("bad", benchmark="train", status="failed", session="job-1", started_at="2026-01-01T10:00:00Z")
    old.cli("compact", "-o", f"{RUNS}/compacted.jsonl")
    lines = old.path(f"{RUNS}/compacted.jsonl").read_bytes().splitlines()
    trial = old.cli("runs", "remove", "--failed", "--dry-run")
    assert old.path(f"{RUNS}/compacted.jsonl").read_bytes().splitlines() == lines
    outcome = old.cli("runs", "remove", "--failed")
    assert (outcome.code, outcome.stderr) == (0, ""), str(outcome)
    assert outcome.stdout == (
        f"removed {RUNS}/bad.json\nremoved run bad from {RUNS}/compacted.jsonl\n"
        "Removed 1 run file and 1 compacted run.\n"
    )
    assert trial.stdout == outcome.stdout.replace("removed", "would remove").replace(
        "Removed 1 run file and 1 compacted run.", "Would remove 1 run file and 1 compacted run; nothing was removed."
    )
    kept = [line for line in lines if json.loads(line)["run_id"] != "bad"]
    assert old.path(f"{RUNS}/compacted.jsonl").read_bytes().splitlines() == kept
    assert len(kept) == len(lines) - 1
    assert profile(old) == before


def test_a_compacted_file_goes_when_all_its_runs_are_removed(old: Project) -> None:
    old.cli("compact", "--keep", "11", "--remove")
    assert old.cli("runs", "remove", "--benchmark", "train", FILE).stdout.endswith("Removed 2 compacted runs.\n")
    assert old.cli("runs", "remove", "--benchmark", "*", FILE).stdout.endswith("Removed 2 compacted runs.\n")
    assert not old.path(FILE).exists()
    assert old.cli("collect").code == 0


def test_a_damaged_or_linked_compacted_file_is_left_by_a_removal(old: Project) -> None:
    old.cli("compact", "--keep", "0", "--remove", "-o", f"{RUNS}/compacted.jsonl")
    with old.path(f"{RUNS}/compacted.jsonl").open("ab") as file:
        file.write(b'{"run_id": "half\n')
    old.path("elsewhere").mkdir()
    old.cli("compact", "--keep", "0", "-o", "elsewhere/compacted.jsonl")
    before = contents(old)
    outcome = old.cli("runs", "remove", "--benchmark", "*")
    assert (outcome.code, contents(old)) == (2, before), str(outcome)
    old.write_run("one", benchmark="train")
    outcome = old.cli("runs", "remove", "--benchmark", "train")
    assert outcome.stdout == f"removed {RUNS}/one.json\nRemoved 1 run file.\n"
    assert re.fullmatch(rf"left: {RUNS}/compacted\.jsonl: is not JSON.*\n", outcome.stderr), outcome.stderr
    assert contents(old) == before
    old.path(f"{RUNS}/compacted.jsonl").unlink()
    old.write(
        "real.compacted.jsonl",
        '{"run_id": "r", "elapsed_sec": 1, "rows_used": 1, "peak_memory_mb": 1, "benchmark": "train"}\n',
    )
    old.path(f"{RUNS}/compacted.jsonl").symlink_to("../../real.compacted.jsonl")
    outcome = old.cli("runs", "remove", "--benchmark", "train")
    assert outcome.stdout == "Removed 0 run files.\n"
    assert outcome.stderr.startswith(f"left: {RUNS}/compacted.jsonl: behind a symbolic link"), outcome.stderr


def test_what_a_killed_compaction_left_goes_with_the_next_one_that_writes(old: Project) -> None:
    part = old.write(f"{RUNS}/.compacted.jsonl.gz.1f-0123abcd.tmp", "half")
    other = old.write(f"{RUNS}/.compacted.jsonl.gz.mine.tmp", "half")
    assert old.cli("compact", "--dry-run").code == 0
    assert part.exists()
    assert old.cli("compact").code == 0
    assert (part.exists(), other.exists()) == (False, True)
    part.write_text("half")
    assert old.cli("runs", "remove", "--failed", FILE).code == 0
    assert not part.exists()


def test_many_files_are_removed_and_those_that_changed_stay(old: Project) -> None:
    for number in range(300):
        old.write_run(f"m{number:03}", session="job-0", started_at="2025-01-01T10:00:00Z", benchmark="train")
    outcome = old.cli("compact", "--remove", "--keep", "12")
    assert outcome.stdout.endswith("Removed 300 run files.\n")
    assert len(old.runs()) == 4 * SESSIONS


def test_a_file_elsewhere_is_read_where_it_is_named(old: Project) -> None:
    before = profile(old)
    old.path("archive").mkdir()
    outcome = old.cli("compact", "--remove", "-o", "archive/2026.compacted.jsonl")
    assert outcome.code == 0, str(outcome)
    assert outcome.stdout.endswith(
        "archive/2026.compacted.jsonl is not in the folder of the run files: it is read where it is named.\n"
    )
    assert profile(old) != before
    for place in ("archive", "archive/2026.compacted.jsonl", "archive/*.json"):
        assert profile(old, RUNS, place) == before


@pytest.mark.parametrize("other", ["compacted.jsonl", "more.compacted.jsonl.gz"])
def test_a_run_in_two_compacted_files_counts_once(old: Project, other: str) -> None:
    before = profile(old)
    old.cli("compact", "-o", f"{RUNS}/{other}")
    old.cli("compact", "-o", FILE, "--remove", "--keep", "3")
    assert profile(old) == before
    assert "copies of other files: 8" in old.cli("collect").stderr


def test_compacted_files_stand_wherever_run_files_do(old: Project) -> None:
    old.write_runs(2, "now", session="job-20", started_at="2026-01-20T10:00:00Z", benchmark="train")
    old.path("now").mkdir()
    for path in old.runs("now-*"):
        path.rename(old.path("now") / path.name)
    words = ["--format", "json", "--today", "2026-03-01"]
    plain = [old.cli("compare", base, "now", *words).stdout for base in (RUNS,)]
    assert old.cli("compact", "--keep", "0", "--remove").code == 0
    assert [old.cli("compare", base, "now", *words).stdout.replace(FILE, RUNS) for base in (RUNS, FILE)] == 2 * plain
    assert old.cli("collect", f"{RUNS}/**/*.json", "--format", "json").stdout == profile(old)
    outcome = old.cli("check", "--expect-shards", "1", FILE)
    assert "which shard it is" in outcome.cause, str(outcome)


def test_hostile_names_are_shown_on_one_line(project: Project) -> None:
    folder = "runs\x1b[31m\nx"
    project.write_runs(2, "a", session="s1", started_at="2026-01-01T10:00:00Z")
    project.path(RUNS).rename(project.path(folder))
    project.write(f"{folder}/b\x1b[1m.json", project.path(f"{folder}/a-000.json").read_text().replace("a-000", "b"))
    outcome = project.cli("compact", folder, "--keep", "0", "--remove")
    assert (outcome.code, outcome.stderr) == (0, ""), str(outcome)
    assert (
        outcome.stdout == "Added 3 runs to runs\ufffd[31m x/compacted.jsonl.gz, 3 runs in all.\nRemoved 3 run files.\n"
    )


def test_two_at_once_lose_no_run(old: Project) -> None:
    before = profile(old)
    command = [sys.executable, "-m", "perfgate", "compact", "--remove", "--keep"]
    started = [subprocess.Popen([*command, n], cwd=old.root, env=old.environment()) for n in ("5", "0", "9")]
    assert {each.wait(60) for each in started} <= {0}
    assert profile(old) == before
