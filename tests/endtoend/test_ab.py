"""Two versions of a program, measured in turns: what is compared with what, and what it comes to."""

from __future__ import annotations

import json

import pytest
from ab_cases import CALM, FAST, REPORT, RUN, SLOW, ab, log_of, notes, report, rows, told, versions
from support import Project, assert_cannot_decide, assert_green, opening, verdict_of

from perfgate.core.finding import HOLDS


@pytest.fixture
def same(project: Project) -> Project:
    return versions(project)


def test_two_versions_that_cost_the_same_pass(same: Project) -> None:
    outcome = ab(same, *REPORT, "--", *RUN, runs=5)
    assert_green(outcome)
    assert "both sides were measured interleaved, 5 runs of each (in-turns)" in " ".join(outcome.stdout.split())
    found = rows(same)["elapsed"]
    assert (found["status"] in HOLDS, found["method"]) == (True, "same-session")
    assert (found["n_baseline"], found["n_current"]) == (5, 5)
    provenance = report(same)["provenance"]
    assert provenance["baseline_commits"] == [same.git("rev-parse", "main")]
    assert provenance["current_commits"] == [same.git("rev-parse", "HEAD")]
    assert provenance["baselines"] == "what HEAD and main have in common"
    (session,) = provenance["sessions"]
    assert session.partition("/")[2].startswith("ab-")


def test_a_version_that_costs_more_fails_and_is_called_by_its_row(project: Project) -> None:
    versions(project, FAST, SLOW)
    outcome = ab(project, *REPORT, "--", *RUN, runs=5)
    assert outcome.code == 1, str(outcome)
    found = rows(project)["elapsed"]
    assert (found["status"], found["reason"], found["benchmark"]) == ("regressed", "worse-than-base", "bench")
    assert found["change"] > 1.5
    assert verdict_of(outcome.stdout).startswith("REGRESSION 1 of 2 gated values is worse by more than 60%.")
    assert opening(outcome.stdout).endswith(", 5 interleaved runs each")


@pytest.mark.slow
def test_a_version_that_costs_less_is_told_to_be_better(project: Project) -> None:
    versions(project, SLOW, FAST)
    assert_green(ab(project, *REPORT, "--", *RUN, runs=5))
    assert (rows(project)["elapsed"]["status"], rows(project)["elapsed"]["reason"]) == ("improved", "better-than-base")


@pytest.mark.slow
def test_without_a_number_of_runs_it_stops_when_it_is_clear(project: Project) -> None:
    versions(project, FAST, SLOW)
    outcome = ab(project, *REPORT, "--", *RUN, runs=None)
    assert outcome.code == 1, str(outcome)
    assert rows(project)["elapsed"]["n_current"] in {8, 12}
    assert "(of at most 20: more would hardly change the verdict)" in " ".join(outcome.stdout.split())


@pytest.mark.slow
def test_the_most_rounds_can_be_told(same: Project) -> None:
    assert_green(ab(same, *REPORT, "--rounds-max", "1", "--", *RUN, runs=None))
    assert rows(same)["elapsed"]["n_current"] == 2


def test_each_side_runs_in_its_own_folder_and_knows_what_it_is(project: Project) -> None:
    log = project.root.parent / "log"
    versions(project, FAST + told(log), FAST + told(log) + "# changed\n")
    assert_green(ab(project, "--", *RUN))
    lines = log_of(log)
    assert len(lines) == 6
    assert [write for *_, write in lines] == ["0", "0", "1", "1", "1", "1"]
    commits = {side: commit for side, _, commit, _ in lines}
    assert commits == {"base": project.git("rev-parse", "main"), "head": project.git("rev-parse", "HEAD")}
    folders = {side: folder for side, folder, _, _ in lines}
    assert folders["head"] == str(project.root)
    assert not folders["base"].startswith(str(project.root))


@pytest.mark.parametrize(
    ("runs", "blocks"), [(2, 1), pytest.param(4, 2, marks=pytest.mark.slow), pytest.param(5, 3, marks=pytest.mark.slow)]
)
def test_the_order_is_rounds_of_abba_or_baab_and_the_seed_gives_it(project: Project, runs: int, blocks: int) -> None:
    log = project.root.parent / "log"
    versions(project, told(log), told(log))
    orders = {}
    for seed in ("1", "1", "2", "3", "4"):
        log.unlink(missing_ok=True)
        ab(project, "--seed", seed, "--warmup", "0", "--", *RUN, runs=runs)
        order = "".join(side[0] for side, *_ in log_of(log))
        assert order.count("b") == order.count("h") == runs
        rounds = [order[i : i + 4] for i in range(0, len(order), 4)]
        assert len(rounds) == blocks
        assert all("bhhb".startswith(r) or "hbbh".startswith(r) for r in rounds), order
        assert orders.setdefault(seed, order) == order
    assert len(set(orders.values())) > 1


@pytest.mark.slow
def test_uncommitted_work_is_compared_and_said(same: Project) -> None:
    same.git("checkout", "-q", "main")
    same.write("bench.sh", SLOW)
    same.write("more.txt", "x")
    outcome = ab(same, *REPORT, "--", *RUN, runs=5)
    assert outcome.code == 1, str(outcome)
    assert "head-dirty" in notes(same)
    assert "with 1 uncommitted and 1 untracked files" in " ".join(outcome.stdout.split())


def test_a_clean_tree_without_a_change_asks_for_a_base(same: Project) -> None:
    same.git("checkout", "-q", "main")
    same.write("untracked.txt", "x")
    assert_cannot_decide(ab(same, "--", *RUN), "the same commit", "--base COMMIT")


@pytest.mark.slow
def test_a_base_that_was_named_is_taken_even_if_it_is_the_head(same: Project) -> None:
    same.git("checkout", "-q", "main")
    assert_green(ab(same, *REPORT, "--base", "HEAD", "--", *RUN))
    assert report(same)["provenance"]["baselines"] == "HEAD"


def test_the_base_is_where_the_branch_began_and_not_what_the_main_branch_became(project: Project) -> None:
    versions(project, FAST, FAST + "# changed\n")
    fork = project.git("rev-parse", "main")
    project.git("checkout", "-q", "main")
    project.write("bench.sh", "exit 3\n")
    project.commit("Later")
    project.git("checkout", "-q", "change")
    assert_green(ab(project, *REPORT, "--", *RUN))
    assert report(project)["provenance"]["baseline_commits"] == [fork]


@pytest.mark.slow
def test_a_head_that_was_named_is_compared_and_the_tree_is_not(project: Project) -> None:
    versions(project, FAST, SLOW)
    project.write("bench.sh", "exit 3\n")
    outcome = ab(project, *REPORT, "--head", "change", "--", *RUN, runs=5)
    assert outcome.code == 1, str(outcome)
    assert notes(project) == []
    head = project.git("rev-parse", "--short=12", "change")
    assert f"--head {head}" in report(project)["provenance"]["reproduce"]


@pytest.mark.slow
def test_the_command_that_repeats_it_names_the_same_commits(same: Project) -> None:
    words = ("--rows", "5", "--setup", "true 'a b'", "--", *RUN)
    assert_green(ab(same, *REPORT, *words, runs=5))
    base = same.git("rev-parse", "--short=12", "main")
    wanted = f"perfgate ab --base {base} -n 5 --setup 'true '\"'\"'a b'\"'\"'' --rows 5 --seed 0 -- sh bench.sh"
    assert report(same)["provenance"]["reproduce"] == wanted


def test_it_runs_in_the_folder_that_the_user_is_in(project: Project) -> None:
    log = project.root.parent / "log"
    project.write("deep/er/bench.sh", FAST + told(log))
    versions(project)
    assert_green(ab(project, "--", *RUN, cwd="deep/er"))
    assert {(side, folder.endswith("/deep/er")) for side, folder, *_ in log_of(log)} == {("base", True), ("head", True)}


def test_two_commands_are_compared_without_git(project: Project) -> None:
    words = ("--base-cmd", "sh -c 'sleep 0.02'", "--head-cmd", "sh -c 'sleep 0.2'", "--benchmark", "nap")
    project.write("perfgate.toml", CALM)
    outcome = ab(project, *REPORT, *words, GIT_DIR="/nowhere", PATH="/usr/bin:/bin", runs=5)
    assert outcome.code == 1, str(outcome)
    assert rows(project)["elapsed"]["benchmark"] == "nap"
    provenance = report(project)["provenance"]
    assert provenance["baselines"] == "the command sh -c 'sleep 0.02'"
    assert provenance["reproduce"].startswith("perfgate ab --base-cmd 'sh -c '\"'\"'sleep 0.02'\"'\"'' --head-cmd")


def test_a_command_that_fails_is_named_without_git_too(project: Project) -> None:
    words = ("--base-cmd", "false new.txt", "--head-cmd", "true new.txt")
    project.write("new.txt", "x")
    assert_cannot_decide(ab(project, *words), "warm-up run 1 of the base failed: exited with 1", "run it alone")


@pytest.mark.slow
def test_the_summaries_are_kept_where_asked(same: Project) -> None:
    assert_green(ab(same, "--out", "../kept", "--", *RUN, runs=3))
    for side in ("base", "head"):
        assert len(list((same.root.parent / "kept" / side).glob("*.json"))) == 3
    again = ab(same, *REPORT, "--out", "../kept", "--", *RUN)
    assert_green(again)
    assert rows(same)["elapsed"]["n_current"] == 2


@pytest.mark.slow
def test_its_report_is_valid_and_drawn_again_the_same(project: Project) -> None:
    versions(project, FAST, SLOW)
    outcome = ab(project, *REPORT, "--", *RUN, runs=None)
    assert outcome.code == 1, str(outcome)
    assert project.cli("report", "../r.json").stdout == outcome.stdout


def test_a_report_as_json_goes_to_stdout_alone(same: Project) -> None:
    outcome = ab(same, "--format", "json", "--", *RUN)
    assert_green(outcome)
    assert json.loads(outcome.stdout)["verdict"] == "pass"


def test_in_ci_the_reports_are_written_and_the_commits_are_those_of_the_sides(project: Project) -> None:
    log = project.root.parent / "log"
    versions(project, told(log), told(log))
    told_commit = "c" * 40
    outcome = ab(project, "--", *RUN, CI="true", GITHUB_ACTIONS="true", GITHUB_SHA=told_commit)
    assert outcome.code in (0, 1, 2), str(outcome)  # two runs of each side may lie apart by noise
    provenance = project.read_json("perfgate-report/report.json")["provenance"]
    assert told_commit not in {*provenance["baseline_commits"], *provenance["current_commits"]}
    assert told_commit not in log.read_text()
    assert project.path("perfgate-report/report.md").exists()


@pytest.mark.parametrize(
    ("words", "place"),
    [
        pytest.param(("-n", "5", "--rounds-max", "5", "--", "true"), "exclude each other", id="two-numbers"),
        pytest.param(("-n", "1", "--", "true"), "--runs", id="one-run"),
        pytest.param((), "one command behind --", id="no-command"),
        pytest.param(("--base-cmd", "true"), "one command behind --", id="half"),
        pytest.param(("--base-cmd", "true", "--head-cmd", "true", "--", "true"), "one command", id="three"),
        pytest.param(("--base-cmd", "true", "--head-cmd", "true", "--base", "HEAD"), "behind --", id="commit"),
        pytest.param(("--base-cmd", "'", "--head-cmd", "true"), "--base-cmd .*no closing quotation", id="quote"),
        pytest.param(("--setup", " ", "--", "true"), "--setup is empty", id="empty"),
        pytest.param(("--", ""), "no command to run", id="blank"),
    ],
)
def test_a_call_that_makes_no_sense_says_why(project: Project, words: tuple[str, ...], place: str) -> None:
    assert_cannot_decide(ab(project, *words, runs=None), place, "perfgate ab --help")


def test_a_side_whose_folder_its_command_removed_is_no_crash(project: Project) -> None:
    gone = 'test "$PERFGATE_SIDE" = head || rm -rf "$PWD"\n'
    versions(project, gone, gone + "# x\n")
    outcome = ab(project, "--", "sh", "bench.sh")
    assert_cannot_decide(outcome, r"base: the command removed the folder in which it runs", "of its own")
