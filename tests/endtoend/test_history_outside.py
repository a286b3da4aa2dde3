"""The history of a repository outside of `perfgate history`: for Prometheus, in a notebook, in an audit."""

from __future__ import annotations

import html
import json
import re

import pytest
from history_cases import CLASS, Suite, creep, steady, step, write
from support import Project, assert_cannot_decide

from perfgate.core.errors import plain

COMMITS, TAGGED = 24, 12
HOSTILE = 'even · \\ "x"\n##[error]# EOF'


def undone(commit):
    return 0.13 if COMMITS / 3 <= commit < COMMITS * 2 / 3 else 0.1


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository with a creep, a step after the release, a step that was undone, and a value that stays."""
    root = tmp_path_factory.mktemp("grown")
    levels = {"encode": creep(0.004, 0.02), "train": step(0.3, TAGGED + 3, 1.2), HOSTILE: steady(1.0), "cache": undone}
    write(root, Suite(levels=levels, noise=0.004, seed=3), COMMITS, tags={TAGGED: "v1.0"})
    return root


@pytest.fixture
def project(repository, tmp_path):
    return Project(repository).copy_to(tmp_path / "project")


def series_of(project):
    done = project.cli("history", "--format", "json")
    assert done.code == 0, str(done)
    return {s["benchmark"]: s for s in json.loads(done.stdout)["series"]}


def parsed(text):
    """Return (name, benchmark) -> value as the reference parser reads it."""
    parser = pytest.importorskip("prometheus_client.openmetrics.parser", reason="prometheus-client is not installed")
    families = list(parser.text_string_to_metric_families(text))
    samples = [s for f in families for s in f.samples]
    assert all({"benchmark", "metric", "machine_class"} == set(s.labels) for s in samples)
    assert {f.type for f in families} == {"gauge"}
    return {(s.name, s.labels["benchmark"]): s.value for s in samples}


def test_the_newest_state_of_each_value_is_exposed_as_gauges(project):
    done = project.cli("history", "--format", "openmetrics")
    assert (done.code, done.stderr) == (0, "")
    assert "# UNIT perfgate_history_newest_seconds seconds\n" in done.stdout
    found, series = parsed(done.stdout), series_of(project)
    for name, one in series.items():
        label = plain(name)
        newest = one["sessions"][-1]
        assert found["perfgate_history_newest_seconds", label] == pytest.approx(newest["p50"])
        assert found["perfgate_history_sessions", label] == COMMITS
        assert found["perfgate_history_open_steps", label] == sum(s["is_open"] for s in one["steps"])
        slow = next((s["change"] for s in reversed(one["slow_changes"]) if s["is_open"]), 0.0)
        assert found["perfgate_history_slow_rise_ratio", label] == pytest.approx(slow)
        assert found["perfgate_history_anchor_change_ratio", label] == pytest.approx(one["creep"]["change"])
        assert found["perfgate_history_creep", label] == one["creep"]["is_worse"]
        assert found["perfgate_history_newest_timestamp_seconds", label] == 1_767_225_600 + 3600 * (COMMITS - 1)
    opened = {label: value for (name, label), value in found.items() if name == "perfgate_history_open_steps"}
    assert opened["train"] == 1
    assert [s["is_worse"] for s in series["cache"]["steps"]] == [True, False]
    assert opened["cache"] == opened[plain(HOSTILE)] == 0
    assert {label for (name, label), value in found.items() if name.endswith("_creep") and value} == {"encode", "train"}


def test_the_gauges_of_one_benchmark_are_a_part_of_those_of_all(project):
    every = set(project.cli("history", "--format", "openmetrics").stdout.splitlines())
    one = project.cli("history", "train", "--format", "openmetrics").stdout.splitlines()
    assert set(one) < every
    assert len([line for line in one if not line.startswith("#")]) == 7


def test_a_value_that_cannot_be_compared_with_the_anchor_has_no_gauge_of_it(project):
    text = project.cli("history", "--last", "8", "--format", "openmetrics").stdout
    assert "perfgate_history_newest_seconds" in text
    assert "anchor" not in text
    assert "perfgate_history_creep" not in text


def test_without_a_history_nothing_is_exposed(tmp_path):
    project = Project(tmp_path)
    project.git("init", "-q")
    project.git("commit", "-q", "--allow-empty", "-m", "Begin")
    assert_cannot_decide(
        project.cli("history", "--format", "openmetrics"), "no version of a baseline", "perfgate baseline refresh"
    )


@pytest.mark.parametrize("form", ["html", "csv", "openmetrics"])
def test_every_format_is_utf_8_and_without_commands_to_a_runner_as_its_readers_expect(project, form):
    plainly = project.cli("history", "--format", form)
    encoded = project.started("history", "--format", form, env={"PYTHONIOENCODING": "ascii"})
    assert (encoded.code, encoded.stdout) == (0, plainly.stdout)
    in_ci = project.cli("history", "--format", form, env={"CI": "true", "GITHUB_ACTIONS": "true"})
    assert "##[" in plainly.stdout
    assert "##[" not in in_ci.stdout
    if form == "html":
        assert html.unescape(in_ci.stdout) == html.unescape(plainly.stdout)


@pytest.mark.parametrize(
    ("words", "counts", "cure"),
    [
        pytest.param(("--anchor", "HEAD"), "HEAD: 24 up to it and 0 after it", "earlier commit", id="newest-commit"),
        pytest.param(("--anchor", "4"), "4 sessions back: 20 up to it and 4 after it", "more sessions back", id="few"),
        pytest.param(
            ("--anchor", "v1.0", "--last", "11"), "v1.0: 0 up to it and 11 after it", "older sessions", id="cut"
        ),
    ],
)
def test_an_anchor_that_was_named_and_cannot_be_compared_is_said_in_the_history(project, words, counts, cure):
    done = project.cli("history", *words)
    assert done.code == 0
    assert "Worse than" not in done.stdout
    assert f"note: {CLASS}: too few sessions for a comparison with {counts}" in done.stderr
    assert "[creep-unknown]" in done.stderr
    assert cure in done.stderr


def test_values_that_are_never_compared_with_an_anchor_are_said_to_be_none(project):
    project.write("perfgate.toml", '[defaults]\nthreshold = "+3ms"\n')
    done = project.cli("history", "train", "--anchor", "v1.0")
    assert "nothing is compared with v1.0" in done.stderr
    assert "[creep-unknown]" in done.stderr


def test_an_anchor_that_can_be_compared_is_no_note_and_one_that_nobody_named_neither(project):
    assert project.cli("history", "--anchor", "v1.0").stderr == ""
    assert project.cli("history", "--last", "11").stderr == ""


@pytest.mark.parametrize(("asked", "back"), [("1000", 14), ("14", 14), ("13", 13)])
def test_so_many_sessions_back_are_named_as_were_compared(project, asked, back):
    assert f"Worse than {back} sessions back" in project.cli("history", "--anchor", asked).stdout


QUIET = ("--today", "2026-01-10", "--machine-class", CLASS)


def creeps(project, *more):
    """Return the findings of an audit that are about creep."""
    done = project.cli("audit", *QUIET, *more, "--format", "json", "--fail-on", "never")
    assert (done.code, done.stderr) == (0, ""), str(done)
    return [f for f in json.loads(done.stdout)["findings"] if "creep" in f["slug"] or "history" in f["slug"]]


def test_an_audit_notes_what_crept_away_from_the_newest_tag_the_worst_first(project):
    (found,) = creeps(project)
    assert (found["slug"], found["level"], found["place"]) == ("baseline-creep", "note", CLASS)
    words = re.fullmatch(
        r"the newest sessions are worse than v1\.0: (\w+) elapsed \+(\d+)%, (\w+) elapsed \+(\d+)%", found["message"]
    )
    assert words
    assert {words[1], words[3]} == {"encode", "train"}
    assert int(words[2]) >= int(words[4]) >= 15
    assert found["hint"].endswith("to measure both now: perfgate ab --base v1.0 -- CMD")


def test_a_benchmark_that_was_removed_creeps_no_more(project):
    project.git("rm", "-q", str(project.baseline("encode").relative_to(project.root)))
    project.git("commit", "-q", "-m", "Remove a benchmark")
    (found,) = creeps(project)
    assert "train elapsed" in found["message"]
    assert "encode" not in found["message"]


def test_creep_fails_an_audit_only_where_notes_are_asked_for(project):
    project.write("perfgate.toml", 'exclude = ["cache"]\n')  # of which the newest session left the baseline behind
    assert len(creeps(project)) == 1
    assert [project.cli("audit", *QUIET, "--fail-on", level).code for level in ("warning", "note")] == [0, 1]


@pytest.mark.parametrize(
    ("anchor", "words", "base"),
    [
        pytest.param("12", "12 sessions back", "[0-9a-f]{12}", id="sessions"),
        pytest.param("HEAD~20", "HEAD~20", "'HEAD~20'", id="commit"),
    ],
)
def test_another_anchor_can_be_named(project, anchor, words, base):
    (found,) = creeps(project, "--anchor", anchor)
    assert f"worse than {words}: " in found["message"]
    assert re.search(f"perfgate ab --base {base} -- CMD$", found["hint"])


def test_the_command_of_the_proof_is_safe_to_type_whatever_a_tag_is_called(project):
    project.git("tag", "-d", "v1.0")
    project.git("tag", "v1;touch$IFS'x'", "HEAD~22")
    (found,) = creeps(project)
    proof = """perfgate ab --base 'v1;touch$IFS'"'"'x'"'"'' -- CMD"""
    assert proof in found["hint"]
    assert proof in " ".join(project.cli("history").stdout.split())


@pytest.mark.parametrize("how", ["file", "no-git", "shallow", "few", "steady", "never-committed"])
def test_where_nothing_can_be_compared_an_audit_says_nothing_of_creep(project, tmp_path, how):
    more = ()
    if how == "file":
        more = ("--baseline", str(project.baseline("encode").relative_to(project.root)))
    if how == "no-git":
        project.command("rm", "-rf", ".git")
    if how == "shallow":
        project.git("clone", "-q", "--depth", "1", f"file://{project.root}", str(tmp_path / "clone"))
        project = Project(tmp_path / "clone")
    if how == "few":
        project.git("tag", "newer", "HEAD~2")
    if how == "steady":
        project.write("perfgate.toml", '[defaults]\nthreshold = "+90%"\n')
    if how == "never-committed":
        project.git("update-ref", "-d", "HEAD")
    assert creeps(project, *more) == []


def test_where_an_anchor_was_named_it_is_said_that_nothing_can_be_compared(project, tmp_path):
    (found,) = creeps(project, "--anchor", "2")
    assert (found["slug"], found["level"]) == ("creep-unknown", "note")
    project.git("clone", "-q", "--depth", "1", f"file://{project.root}", str(tmp_path / "clone"))
    slugs = [f["slug"] for f in creeps(Project(tmp_path / "clone"), "--anchor", "12")]
    assert slugs == ["creep-unknown", "history-shallow"]


@pytest.mark.parametrize(
    ("words", "place", "cure"),
    [
        pytest.param(("--anchor", "v1.00"), "v1.00", "v1.0", id="no-commit"),
        pytest.param(("--anchor", "--x"), "--x", "name a branch", id="no-ref"),
        pytest.param(("--anchor", "v1.0", "--baseline", "one.json"), "--anchor", "--baseline DIR", id="file"),
    ],
)
def test_an_anchor_that_cannot_be_is_refused(project, words, place, cure):
    project.write("one.json", project.baseline("encode").read_text())
    assert_cannot_decide(project.cli("audit", *QUIET, *words), place, cure)


def test_the_baselines_of_another_folder_are_compared_by_their_own_history(project):
    project.write("perfgate.toml", 'baselines = "elsewhere"\n')
    assert [f["slug"] for f in creeps(project, "--baseline", "baselines")] == ["baseline-creep"]
    project.command("cp", "-r", "baselines", "copied")
    assert creeps(project, "--baseline", "copied") == []
