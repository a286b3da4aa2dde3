"""`perfgate history` in real repositories: a step, a creep, a changed toolchain, and what is hostile or broken."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from history_cases import CHANGED, CLASS, STEP, Suite, creep, steady, step, three_changes, write
from support import Outcome, Project, assert_cannot_decide

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return a repository of 200 measured commits, and their hashes."""
    folder = tmp_path_factory.mktemp("history") / "repository"
    return folder, write(folder, three_changes(), 200, tags={20: "v1.0"})


@pytest.fixture
def project(made: tuple[Path, list[str]], tmp_path: Path) -> Project:
    shutil.copytree(made[0], tmp_path / "clone")
    return Project(tmp_path / "clone")


def history(project: Project, *words: str) -> Outcome:
    outcome = project.cli("history", *words)
    assert outcome.code == 0, str(outcome)
    return outcome


def data(project: Project, *words: str) -> dict[str, object]:
    return json.loads(history(project, "--format", "json", *words).stdout)


def series(document: dict[str, object], name: str) -> dict[str, object]:
    (found,) = (s for s in document["series"] if s["benchmark"] == name)
    return found


def test_a_step_a_creep_and_a_toolchain_are_each_what_they_are(project: Project, made: tuple[Path, list[str]]) -> None:
    hashes = made[1]
    found = data(project)
    (mark,) = series(found, "train")["steps"]
    assert abs(mark["at"] - STEP) <= 2
    assert mark["is_worse"]
    assert mark["is_open"]
    assert mark["change"] == pytest.approx(0.12, abs=0.02)
    assert mark["range"] == [mark["at"] - 2, mark["at"] + 2]
    (gain,) = series(found, "sort")["steps"]
    assert (abs(gain["at"] - 60) <= 2, gain["is_worse"]) == (True, False)
    for steady_one in ("load", "parse", "write", "encode"):
        assert series(found, steady_one)["steps"] == []
    (suite,) = found["suites"]
    (toolchain,) = suite["steps"]
    assert abs(toolchain["at"] - CHANGED) <= 2
    assert toolchain["environment"] == ["python 3.11.7 → 3.12.1"]
    assert series(found, "encode")["creep"]["is_worse"]
    assert series(found, "encode")["creep"]["change"] == pytest.approx(1.0006**170 * 1.08 - 1, abs=0.04)
    text = " ".join(history(project).stdout.split())
    where = f"likely {hashes[mark['at'] - 1][:7]}..{hashes[mark['at']][:7]} (1 commit), widest "
    assert where in text
    assert "with python 3.11.7 → 3.12.1" in text
    assert "Worse than v1.0" in text
    assert "perfgate ab --base v1.0 -- CMD" in text


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, list[str]]:
    """Return a repository with a suite of five: one creeps, one steps, and an interpreter makes all of them slower."""
    own = {"encode": creep(0.0045, 0.003), "parse": step(0.08, 37, 1.12)}
    own |= {"load": steady(1.2), "serve": steady(0.25), "train": steady(30.0)}
    levels = {name: lambda c, level=level: level(c) * (1.08 if c >= 53 else 1.0) for name, level in own.items()}
    suite = Suite(levels, between=0.01, environment=lambda c: {"python": "3.12.4" if c >= 53 else "3.11.7"})
    folder = tmp_path_factory.mktemp("small") / "repository"
    hashes = write(folder, suite, 66)
    return Project(folder), hashes


def test_a_slow_rise_blames_no_commit_and_a_step_beside_it_has_its_size(small: tuple[Project, list[str]]) -> None:
    project, hashes = small
    found = data(project)
    encode, parse = series(found, "encode"), series(found, "parse")
    assert encode["steps"] == []
    (slow,) = encode["slow_changes"]
    assert slow["change"] == pytest.approx(1.003**65 - 1, abs=0.03)
    assert slow["since"] == encode["sessions"][slow["start"]]["started_at"]
    assert slow["until"] == encode["sessions"][slow["end"] - 1]["started_at"]
    assert (slow["sessions"], slow["is_open"]) == (slow["end"] - slow["start"], True)
    (mark,) = parse["steps"]
    assert mark["change"] == pytest.approx(0.12, abs=0.015)
    assert mark["after"] / mark["before"] == pytest.approx(1.12, abs=0.015)
    assert (mark["likely"]["older"], mark["likely"]["newer"]) == (hashes[mark["at"] - 1], hashes[mark["at"]])
    first, last = mark["range"]
    assert (mark["widest"]["older"], mark["widest"]["newer"]) == (hashes[first - 1], hashes[last])
    assert (mark["environment"], mark["nearby"]) == ([], [])
    (toolchain,) = found["suites"][0]["steps"]
    assert (toolchain["is_open"], toolchain["environment"]) == (True, ["python 3.11.7 → 3.12.4"])
    assert all(series(found, name)["slow_changes"] == [] for name in ("load", "serve", "train", "parse"))


def test_a_slow_rise_is_said_in_every_form(small: tuple[Project, list[str]]) -> None:
    project = small[0]
    (slow,) = series(data(project), "encode")["slow_changes"]
    words = " ".join(history(project).stdout.split())
    assert "Slow changes (1)" in words
    assert f"over {slow['sessions']} sessions: no single commit" in words
    assert "no single commit" in " ".join(history(project, "encode").stdout.split())
    assert "no single commit" in history(project, "--format", "markdown").stdout
    assert "no single commit" in history(project, "--format", "html").stdout
    rows = csv.DictReader(io.StringIO(history(project, "--format", "csv").stdout))
    changes = [row["slow_change"] for row in rows if row["benchmark"] == "encode"]
    assert [bool(change) for change in changes] == [slow["start"] <= place < slow["end"] for place in range(66)]
    gauges = history(project, "--format", "openmetrics").stdout
    labels = f'metric="elapsed",machine_class="{CLASS}"'
    assert f'perfgate_history_slow_rise_ratio{{benchmark="encode",{labels}}} {slow["change"]:.12g}' in gauges
    assert f'perfgate_history_slow_rise_ratio{{benchmark="load",{labels}}} 0\n' in gauges
    assert f"perfgate_history_suite_open_steps{{{labels}}} 1\n" in gauges
    assert f"perfgate_history_suite_slow_rise_ratio{{{labels}}} 0\n" in gauges


def test_every_session_is_read_though_only_each_ninth_version_is(project: Project) -> None:
    found = series(data(project), "load")["sessions"]
    assert [s["session"] for s in found] == [f"gha-{n}-perf" for n in range(200)]
    assert all(s["n"] == 6 for s in found)


def test_one_benchmark_is_a_log_with_a_rule_where_its_level_changed(project: Project) -> None:
    lines = history(project, "train").stdout.splitlines()
    rule, common = [number for number, line in enumerate(lines) if line.startswith("──")]
    assert abs(rule - STEP - 2) <= 2  # two lines of heading
    assert abs(common - CHANGED - 3) <= 2  # and the first rule
    assert "step" in lines[rule]
    assert "all together" in lines[common]
    assert len([line for line in lines if re.match("2026-01-0.{7}  [0-9a-f]{12}  ", line)]) == 200


def test_csv_has_a_line_for_each_value_and_session(project: Project) -> None:
    rows = list(csv.DictReader(io.StringIO(history(project, "--format", "csv", "--last", "30").stdout)))
    assert len(rows) == 6 * 30
    assert {row["benchmark"] for row in rows} == {"encode", "load", "parse", "sort", "train", "write"}
    assert all(float(row["p50"]) > 0.0 and row["machine_class"] == CLASS for row in rows)


def test_the_page_is_one_file_with_a_picture_of_each_value(project: Project) -> None:
    page = history(project, "--format", "html").stdout
    assert page.startswith("<!doctype html>")
    assert page.count('role="img"') == 7
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_options_choose_sessions_benchmarks_metrics_and_the_anchor(project: Project) -> None:
    assert len(series(data(project, "--last", "40"), "load")["sessions"]) == 40
    since = data(project, "--since", "2026-01-08")
    assert series(since, "load")["sessions"][0]["started_at"].startswith("2026-01-08T00")
    assert len(series(data(project, "--since", "HEAD~20"), "load")["sessions"]) in range(9, 12)
    assert [s["benchmark"] for s in data(project, "s*")["series"]] == ["sort"]
    assert data(project, "--class", CLASS)["series"]
    assert data(project, "--anchor", "v1.0")["anchor"] == "v1.0"
    assert data(project, "--anchor", "30")["anchor"] is None
    assert series(data(project, "--anchor", "30"), "encode")["creep"]["is_worse"] is False


@pytest.mark.parametrize(
    ("words", "cause", "hint"),
    [
        (("trian",), 'no session measured the benchmark "trian"', "did you mean train"),
        (("--metric", "elapsd"), 'no session measured the metric "elapsd"', "elapsed"),
        (("--class", "gha"), 'no session is of the class "gha"', CLASS),
        (("--since", "2030-01-01"), "the newest session is of 2026-01-09", "earlier day"),
        (("--since", "nowhere"), 'no commit or branch "nowhere"', "v1.0"),
        (("--since", "2026-02-31"), '"2026-02-31" is no day', "YYYY-MM-DD"),
        (("--since", "2026-7-1"), '"2026-7-1" is no day', "YYYY-MM-DD"),
        (("--since", "yesterday"), 'no commit or branch "yesterday"', "a day is YYYY-MM-DD, such as 2026-01-31"),
        (("--since", "v1.1"), 'no commit or branch "v1.1"', "did you mean v1.0?"),
        (("--anchor", "v2.0"), 'no commit or branch "v2.0"', "v1.0"),
    ],
)
def test_what_is_not_there_is_one_clear_error(project: Project, words: tuple[str, ...], cause: str, hint: str) -> None:
    assert_cannot_decide(project.cli("history", *words), cause, hint)


def test_a_folder_without_git_without_commits_or_without_baselines(tmp_path: Path) -> None:
    outside = Project(tmp_path / "plain")
    outside.root.mkdir(exist_ok=True)
    outcome = outside.cli("history", env={"GIT_CEILING_DIRECTORIES": str(tmp_path)})
    assert outcome.code == 2
    outside.git("init", "-q")
    assert_cannot_decide(outside.cli("history"), "no commit", "nothing is committed yet")
    outside.write("a", "b")
    outside.commit("A file")
    assert_cannot_decide(outside.cli("history"), "git holds no version of a baseline", "perfgate baseline refresh")


def test_a_shallow_clone_shows_what_it_has_and_says_so(project: Project, tmp_path: Path) -> None:
    subprocess.run(
        ["git", "clone", "-q", "--depth", "20", f"file://{project.root}", str(tmp_path / "shallow")], check=True
    )
    shallow = Project(tmp_path / "shallow")
    outcome = history(shallow)
    assert "the clone is shallow" in outcome.stderr
    assert "git fetch --unshallow" in outcome.stderr
    assert 10 <= len(series(data(shallow), "load")["sessions"]) <= 20


def test_commits_at_a_step_that_a_rewritten_branch_lost_are_named(tmp_path: Path) -> None:
    hashes = write(tmp_path / "before", Suite({"a": step(0.1, 20, 1.5)}), 40)
    before, after = Project(tmp_path / "before"), Project(tmp_path / "after")
    assert history(before).stderr == ""
    exported = subprocess.run(["git", "-C", str(before.root), "fast-export", "--all"], check=True, capture_output=True)
    after.git("init", "-q", "-b", "main")
    rewritten = exported.stdout.replace(b"Change part", b"Change Part")
    subprocess.run(["git", "-C", str(after.root), "fast-import", "--quiet"], input=rewritten, check=True)
    outcome = history(after)
    assert f"{hashes[19][:12]}, {hashes[20][:12]} [history-commits-absent]" in outcome.stderr
    assert "git log --first-parent --since DAY --until DAY" in outcome.stderr
    after.git("clone", "-q", "--depth", "60", f"file://{after.root}", str(tmp_path / "shallow"))
    assert "history-commits-absent" not in history(Project(tmp_path / "shallow")).stderr, "it says what it lacks"


def test_a_version_with_marks_of_a_conflict_is_left_out_with_a_note(project: Project) -> None:
    (path,) = project.root.glob("baselines/*/load-*.json")
    content = path.read_text()
    path.write_text("<<<<<<< ours\n" + content)
    project.commit("Break it")
    outcome = history(project)
    assert "versions of baselines that cannot be read are left out: 1, of baselines/" in outcome.stderr
    assert len(series(data(project), "load")["sessions"]) == 200


def test_a_removed_benchmark_is_shown_by_name_only(project: Project) -> None:
    (path,) = project.root.glob("baselines/*/load-*.json")
    path.unlink()
    project.commit("Remove it")
    assert "load" not in {s["benchmark"] for s in data(project)["series"]}
    assert len(series(data(project, "load"), "load")["sessions"]) == 200


def test_a_renamed_folder_of_a_class_keeps_its_sessions_once(project: Project) -> None:
    project.git("mv", f"baselines/{CLASS}", "baselines/elsewhere")
    project.commit("Rename it")
    assert len(series(data(project), "load")["sessions"]) == 200


def test_a_history_of_a_few_sessions_has_no_step_and_no_creep(tmp_path: Path) -> None:
    write(tmp_path / "few", Suite({"a": step(0.1, 2, 2.0)}), 5)
    found = data(Project(tmp_path / "few"))
    assert series(found, "a")["steps"] == []
    assert series(found, "a")["creep"] is None


def test_other_rows_and_a_baseline_started_anew_are_breaks_and_no_steps(tmp_path: Path) -> None:
    suite = Suite(
        {"a": lambda c: 0.1 * (1.5 if c >= 20 else 1.0) * (0.7 if c >= 40 else 1.0)},
        rows=lambda c: 2000 if c >= 20 else 1000,
        anew={20: "twice the rows", 40: "another file format"},
    )
    write(tmp_path / "breaks", suite, 60)
    found = series(data(Project(tmp_path / "breaks")), "a")
    assert [(s["start"], s["cause"]) for s in found["sections"]] == [
        (0, ""), (20, "rows 1,000 → 2,000"), (40, "started anew: another file format"),
    ]  # fmt: skip
    assert found["steps"] == []


def test_hostile_names_stay_words(tmp_path: Path) -> None:
    name = '</script><script>alert(1)</script>\x1b[31m\u202e,"=1+1' + "x" * 300
    write(tmp_path / "hostile", Suite({name: step(0.1, 20, 1.5), "=cmd": steady(0.1)}), 40)
    project = Project(tmp_path / "hostile")
    page = history(project, "--format", "html").stdout
    assert "<script>alert" not in page
    assert "\x1b" not in history(project).stdout
    rows = list(csv.DictReader(io.StringIO(history(project, "--format", "csv").stdout)))
    assert {row["benchmark"][:2] for row in rows} == {"'=", "</"}
