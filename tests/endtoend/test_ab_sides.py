"""What the sides of an A/B comparison need: set-up, the same benchmark on both, and the base's own rules."""

from __future__ import annotations

import pytest
from ab_cases import CALM, FAST, REPORT, RUN, SLOW, ab, notes, report, rows, told, versions
from support import Project, assert_cannot_decide, assert_green, opening, verdict_of

OWN = """
from perfgate.measure import measure_run_context
for name in {names}:
    with measure_run_context(benchmark=name):
        pass
"""


@pytest.fixture
def same(project: Project) -> Project:
    return versions(project)


def test_a_benchmark_that_the_base_lacks_is_new(same: Project) -> None:
    same.write("extra.sh", FAST)
    same.commit("Add a benchmark")
    outcome = ab(same, *REPORT, "--", "sh", "extra.sh")
    assert_green(outcome)
    assert {f["status"] for f in report(same)["findings"]} == {"new"}
    assert {f["reason"] for f in report(same)["findings"]} == {"not-in-base"}
    assert rows(same)["elapsed"]["n_current"] == 2
    assert "This change introduces what is measured: there is nothing to compare with yet." in outcome.stdout
    assert "the base lacks extra.sh: only the head was measured" in " ".join(outcome.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--warmup", "0"), ("--head", "change"), ("--rounds-max", "5")], ids=lambda w: w[0])
def test_a_new_benchmark_is_seen_however_it_is_measured(same: Project, words: tuple[str, ...]) -> None:
    same.write("extra.sh", FAST)
    same.commit("Add a benchmark")
    assert_green(ab(same, *REPORT, *words, "--", "sh", "./extra.sh", runs=None if "--rounds-max" in words else 2))
    assert notes(same) == ["base-lacks"]
    assert rows(same)["elapsed"]["status"] == "new"


@pytest.mark.slow
def test_a_new_benchmark_is_seen_before_it_is_committed(same: Project) -> None:
    same.write("extra.sh", FAST)
    assert_green(ab(same, *REPORT, "--", "sh", "extra.sh"))
    assert notes(same) == ["head-dirty", "base-lacks"]


def test_a_folder_that_the_base_lacks_is_new(same: Project) -> None:
    same.write("extra/bench.sh", FAST)
    same.commit("Add a folder")
    assert_green(ab(same, "--report", "../../r.json", "--", *RUN, cwd="extra"))
    assert "the base lacks the folder extra/" in str(report(same)["notes"])


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("sh", ("sh", "bench.sh")),
        ("rows.csv", ("sh", "bench.sh", "rows.csv")),
        ("rows.csv", ("sh", "bench.sh", "--rows=rows.csv")),
        ("loads.py", ("env", "A=1", "sh", "bench.sh", "-m", "loads")),
    ],
    ids=["program", "argument", "option", "module"],
)
def test_a_base_that_fails_for_another_cause_is_not_dropped_for_a_file_named_like_a_word(
    project: Project, name: str, command: tuple[str, ...]
) -> None:
    versions(project, "echo 'rows.csv: not found' >&2; exit 4\n", SLOW)
    project.write(name, "x")
    project.commit("Add a file")
    assert_cannot_decide(
        ab(project, "--", *command), "warm-up run 1 of the base failed: exited with 4", "run it alone in that version"
    )


def test_a_script_that_the_base_finds_elsewhere_and_that_fails_there_is_not_new(project: Project) -> None:
    elsewhere = project.root.parent / "library"
    elsewhere.mkdir()
    (elsewhere / "loads.py").write_text("import sys\nsys.exit('out of luck')\n")
    versions(project)
    project.write("loads.py", "print(1)\n")
    project.commit("Add a module")
    outcome = ab(project, "--", "python3", "-m", "loads", PYTHONPATH=str(elsewhere))
    assert_cannot_decide(outcome, "warm-up run 1 of the base failed: exited with 1", "run it alone")


def test_a_failed_set_up_of_the_base_is_no_news_where_the_head_holds_what_it_would_make(same: Project) -> None:
    same.write("built.sh", FAST)
    same.commit("Hold what set-up makes")
    make = "sh -c 'test $PERFGATE_SIDE = head && exit; echo built.sh: no space left >&2; exit 1'"
    assert_cannot_decide(ab(same, "--setup", make, "--", "sh", "built.sh"), "the set-up of the base exited with 1", "")


@pytest.mark.slow
def test_a_base_that_runs_without_what_it_lacks_is_compared_all_the_same(same: Project) -> None:
    same.write("extra.txt", "x")
    same.commit("Add a file")
    assert_green(ab(same, *REPORT, "--", *RUN, "extra.txt", runs=5))
    assert rows(same)["elapsed"]["status"] == "unchanged"


def test_what_the_base_lacks_because_git_does_not_hold_it_is_no_news(same: Project) -> None:
    same.write(".gitignore", "build/\n")
    same.commit("Ignore")
    same.write("build/bench.sh", FAST)
    same.path("build/bench.sh").chmod(0o755)
    outcome = ab(same, "--", "sh", "build/bench.sh")
    assert_cannot_decide(outcome, "cannot be measured without build/bench.sh, which git does not hold", "--setup")
    assert "stderr: " in outcome.stderr


@pytest.mark.slow
def test_a_folder_that_git_does_not_hold_is_no_news_either(same: Project) -> None:
    same.write(".gitignore", "build/\n")
    same.commit("Ignore")
    same.write("build/bench.sh", FAST)
    outcome = ab(same, "--", *RUN, cwd="build")
    assert_cannot_decide(outcome, "without the folder build/, which git does not hold", "--setup")


def test_what_set_up_makes_is_there_on_both_sides(same: Project) -> None:
    same.write(".gitignore", "build/\n")
    same.write("make.sh", "mkdir build && cp bench.sh build/ && echo $PERFGATE_SIDE >> ../setups-$PERFGATE_SIDE\n")
    same.git("checkout", "-q", "main")
    same.commit("Build")
    assert_green(ab(same, "--base", "HEAD", "--setup", "sh make.sh", "--setup", "true", "--", "sh", "build/bench.sh"))
    assert same.path("build/bench.sh").exists()
    assert same.path("../setups-head").read_text() == "head\n"


def test_set_up_that_fails_names_the_side_and_shows_what_it_said(same: Project) -> None:
    check = "sh -c 'echo out; echo err >&2; test $PERFGATE_SIDE = head'"
    outcome = ab(same, "--setup", check, "--", *RUN)
    assert_cannot_decide(outcome, "the set-up of the base exited with 1", "try it there by hand")
    assert "setup: out\nsetup: err\n" in outcome.stderr
    outcome = ab(same, "--setup", "nowhere-to-be-found", "--", *RUN)
    assert_cannot_decide(outcome, "the set-up of the head exited with 1", "try it")
    assert "cannot be started (No such file or directory)" in outcome.stderr


@pytest.mark.slow
def test_set_up_that_fails_in_a_base_that_lacks_the_benchmark_is_no_fault(same: Project) -> None:
    same.write("extra.sh", FAST)
    same.commit("Add a benchmark")
    assert_green(ab(same, *REPORT, "--setup", "cat extra.sh", "--", "sh", "extra.sh"))
    assert notes(same) == ["base-lacks"]


@pytest.mark.parametrize("side", ["base", "head"])
def test_a_side_that_fails_is_named_with_what_it_said(project: Project, side: str) -> None:
    broken = "echo broken >&2; exit 3\n"
    versions(project, broken if side == "base" else FAST, broken if side == "head" else FAST)
    outcome = ab(project, *REPORT, "--", *RUN)
    assert_cannot_decide(outcome, f"warm-up run 1 of the {side} failed: exited with 3", "run it alone")
    assert "stderr: broken" in outcome.stderr
    assert report(project)["verdict"] == "error"
    assert report(project)["provenance"]["baselines"] == "what HEAD and main have in common"


def test_a_side_that_fails_later_is_named_with_the_run(project: Project) -> None:
    log = project.root.parent / "log"
    versions(project, FAST, f"{told(log)}test $(wc -l < {log}) -lt 3\n")
    assert_cannot_decide(ab(project, "--", *RUN), "run 2 of the head failed", "run it alone")


@pytest.mark.slow
def test_a_base_that_fails_after_it_ran_lacks_nothing(same: Project) -> None:
    same.write("extra.txt", "x")
    same.commit("Add a file")
    log = same.root.parent / "log"
    script = f"echo $PERFGATE_SIDE >> {log}; test $PERFGATE_SIDE = head || test $(grep -c base {log}) -lt 3"
    assert_cannot_decide(ab(same, "--", "sh", "-c", script, "extra.txt"), "run 2 of the base failed", "run it alone")


def test_a_side_that_takes_too_long_is_named(project: Project) -> None:
    versions(project, FAST, "sleep 30\n")
    assert_cannot_decide(ab(project, "--timeout", "0.5", "--", *RUN), "of the head failed: timed out", "--timeout")


def test_programs_that_measure_themselves_are_compared_by_their_own_summaries(project: Project) -> None:
    versions(project, "", "")
    project.git("checkout", "-q", "main")
    project.write("own.py", OWN.format(names=["kept", "gone"]))
    project.commit("Measure")
    base = project.git("rev-parse", "HEAD")
    project.write("own.py", OWN.format(names=["kept", "fresh"]))
    project.commit("Change")
    outcome = ab(project, *REPORT, "--base", "HEAD~1", "--", "python3", "own.py", runs=5, GITHUB_SHA="c" * 40)
    assert_cannot_decide(outcome, r"gone \(elapsed, peak_memory\): only the base measures it", r"write \[\[removed\]\]")
    found = {
        f["benchmark"]: (f["status"], f["reason"]) for f in report(project)["findings"] if f["metric"] == "elapsed"
    }
    assert (found["gone"], found["fresh"]) == (("missing", "only-in-base"), ("new", "not-in-base"))
    assert rows(project)["elapsed"]["method"] in {"same-session", ""}
    samples = {s["benchmark"]: s for s in report(project)["samples"]["baseline"]}
    assert {s["commit"] for s in samples["kept"]["sessions"].values()} == {base}


@pytest.mark.slow
def test_the_rules_are_the_base_s_and_a_head_that_edits_them_is_told(project: Project) -> None:
    versions(project, FAST, SLOW)
    project.write("perfgate.toml", '[defaults]\nthreshold = "+9000%"\n')
    project.commit("Loosen")
    outcome = ab(project, *REPORT, "--", *RUN, runs=5)
    assert outcome.code == 1, str(outcome)
    assert notes(project) == ["gate-edited"]
    base = project.git("rev-parse", "--short=12", "main")
    assert report(project)["provenance"]["policy"] == f"{base}:perfgate.toml"
    assert ab(project, *REPORT, "--head", "change", "--", *RUN, runs=5).code == 1
    assert notes(project) == ["gate-edited"]


@pytest.mark.slow
def test_rules_given_by_hand_are_the_base_s_too_and_only_then_the_tree_s(project: Project) -> None:
    versions(project, FAST, SLOW)
    project.write("mine.toml", '[defaults]\nthreshold = "+9000%"\n')
    assert ab(project, *REPORT, "--config", "mine.toml", "--", *RUN, runs=5).code == 0
    assert report(project)["provenance"]["policy"] == "mine.toml"
    project.write("perfgate.toml", '[defaults]\nthreshold = "+9000%"\n')
    assert ab(project, "--config", "perfgate.toml", "--", *RUN, runs=5).code == 1


@pytest.mark.slow
def test_without_rules_in_the_base_those_of_the_head_count(project: Project) -> None:
    project.git("init", "-q", "-b", "main")
    project.write("bench.sh", FAST)
    project.commit("Base")
    project.write("perfgate.toml", '[defaults]\nthreshold = "+9000%"\n')
    project.write("bench.sh", SLOW)
    project.commit("Head")
    assert_green(ab(project, *REPORT, "--base", "HEAD~1", "--", *RUN))
    assert report(project)["provenance"]["policy"] == "perfgate.toml"
    project.git("checkout", "-q", "HEAD~1")
    assert ab(project, *REPORT, "--base", "main~1", "--head", "main", "--", *RUN).code == 0
    assert report(project)["provenance"]["policy"].endswith(":perfgate.toml")


def test_a_rule_or_budget_of_another_benchmark_is_no_fault_and_one_of_this_counts(project: Project) -> None:
    text = CALM + (
        '[[rule]]\nbenchmark = "other"\nmetric = "elapsed"\nthreshold = "+1%"\n'
        '[[budget]]\nbenchmark = "other"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 1s"\n'
        '[[budget]]\nbenchmark = "bench"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 1ms"\n'
    )
    versions(project)
    project.git("checkout", "-q", "main")
    project.write("perfgate.toml", text)
    project.commit("Rules")
    outcome = ab(project, *REPORT, "--base", "HEAD", "--", *RUN)
    assert outcome.code == 1, str(outcome)
    assert [f["reason"] for f in report(project)["findings"] if f["status"] == "over-budget"] == ["over-budget"]


@pytest.mark.slow
def test_a_file_of_the_tree_that_both_sides_would_use_is_told(same: Project) -> None:
    outside = same.root.parent / "outside.sh"
    outside.write_text(FAST)
    words = ("sh", str(outside), str(same.root / "bench.sh"))
    assert_green(ab(same, *REPORT, "--", *words, PYTHONPATH=str(same.root)))
    told_of = report(same)["notes"][0]
    assert told_of["slug"] == "sides-share"
    assert f"{same.root}/bench.sh, PYTHONPATH={same.root}" in told_of["message"]
    assert "outside" not in told_of["message"]


@pytest.mark.sampled
@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "variables"),
    [
        pytest.param(("sh", "-c", "cd {root} && sh bench.sh"), {}, id="a-line-for-a-shell"),
        pytest.param(("sh", "-c", "sh '{root}/bench.sh'"), {}, id="quoted"),
        pytest.param(("env", "X=a:{root}:b", "sh", "bench.sh"), {}, id="a-path-among-others"),
        pytest.param(("sh", "bench.sh"), {"PYTHONPATH": "{link}"}, id="through-a-link"),
        pytest.param(("sh", "{link}/bench.sh"), {}, id="a-file-through-a-link"),
        pytest.param(("sh", "-c", "sh $CODE_AT/bench.sh"), {"CODE_AT": "{root}"}, id="a-variable"),
        pytest.param(
            ("sh", "-c", 'sh "${{CODE_AT##*:}}/bench.sh"'), {"CODE_AT": "/usr:{root}"}, id="a-list-in-a-variable"
        ),
        pytest.param(("sh", "-c", "sh ${{JOB:-no.sh}}"), {"JOB": "{link}/bench.sh"}, id="a-variable-through-a-link"),
    ],
)
def test_the_tree_is_found_wherever_a_command_names_it(
    same: Project, words: tuple[str, ...], variables: dict[str, str]
) -> None:
    link = same.root.parent / "link"
    link.symlink_to(same.root)
    told = {"root": same.root, "link": link}
    given = {name: value.format(**told) for name, value in variables.items()}
    outcome = ab(same, *REPORT, "--", *(word.format(**told) for word in words), **given)
    assert_green(outcome)
    assert notes(same)[0] == "sides-share"
    assert "both sides use these files" in opening(outcome.stdout)


@pytest.mark.slow
def test_a_path_that_only_begins_like_the_tree_is_not_its(same: Project) -> None:
    beside = same.root.parent / f"{same.root.name}-data"
    beside.mkdir()
    assert_green(ab(same, *REPORT, "--", "sh", "-c", f"ls {beside}; sh bench.sh"))
    assert "sides-share" not in notes(same)


@pytest.mark.slow
def test_variables_that_the_command_does_not_mention_or_that_lead_elsewhere_say_nothing(same: Project) -> None:
    line = "ls $ELSEWHERE $NOT_SET; sh $PWD/bench.sh"
    variables = {"ELSEWHERE": str(same.root.parent), "UNUSED": str(same.root), "PWD": str(same.root)}
    assert_green(ab(same, *REPORT, "--", "sh", "-c", line, **variables))
    assert "sides-share" not in notes(same)


@pytest.mark.slow
def test_a_module_that_the_base_lacks_is_new(project: Project) -> None:
    versions(project)
    project.write("pack/__init__.py", "")
    project.write("pack/job.py", "print(1)\n")
    project.commit("Add a module")
    assert_green(ab(project, *REPORT, "--", "python3", "-m", "pack.job"))
    assert "base-lacks" in notes(project)


@pytest.mark.slow
def test_one_command_on_both_sides_is_told(project: Project) -> None:
    project.write("bench.sh", FAST)
    done = project.cli("ab", "-n", "5", *REPORT, "--base-cmd", "sh bench.sh", "--head-cmd", "sh bench.sh")
    assert_green(done)
    assert "both sides are one command" in done.stdout.split("\n\n")[1]


@pytest.mark.slow
@pytest.mark.parametrize(("ci", "used"), [("", "loose.toml"), ("true", "built-in defaults")])
def test_a_configuration_that_the_base_lacks_counts_for_its_author_and_never_in_ci(
    project: Project, ci: str, used: str
) -> None:
    versions(project)
    project.write("loose.toml", '[defaults]\nthreshold = "+5000%"\n')
    project.commit("Loosen")
    outcome = ab(project, *REPORT, "--config", "loose.toml", "--", *RUN, CI=ci)
    assert_green(outcome)
    assert notes(project)[0] == "gate-edited"
    assert report(project)["provenance"]["policy"] == used
    said = " ".join(outcome.stdout.split())
    assert ("+5% → +5000%" if ci else "adds the configuration") in said


def test_everything_excluded_cannot_be_decided(same: Project) -> None:
    same.git("checkout", "-q", "main")
    same.write("perfgate.toml", 'exclude = ["bench"]\n')
    same.commit("Exclude")
    outcome = ab(same, "--base", "HEAD", "--", *RUN)
    assert_cannot_decide(outcome, "every benchmark of the baseline is excluded", "shorten")


@pytest.mark.slow
def test_a_command_that_is_the_same_run_every_time_is_told(same: Project) -> None:
    program = OWN.format(names=["one"]).replace("benchmark=name", 'run_id="one"')
    outcome = ab(same, "--", "python3", "-c", program)
    assert_cannot_decide(outcome, 'each of its runs the id "one"', "leave run_id out")


@pytest.mark.slow
def test_what_git_tells_a_hook_does_not_lead_a_side_astray(same: Project) -> None:
    log = same.root.parent / "log"
    script = f'echo "$PERFGATE_SIDE $(git rev-parse HEAD)" >> {log}'
    words = ("--", "sh", "-c", script)
    assert_green(ab(same, *words, GIT_DIR=str(same.path(".git")), GIT_PREFIX=""))
    assert set(log.read_text().splitlines()) == {
        f"base {same.git('rev-parse', 'main')}", f"head {same.git('rev-parse', 'HEAD')}"
    }  # fmt: skip
    assert same.git("status", "--porcelain") == ""


@pytest.mark.parametrize("head", [(), ("--head", "HEAD")], ids=["working-tree", "commit"])
def test_a_benchmark_that_the_head_removed_on_purpose_passes_and_is_reported_first(
    project: Project, head: tuple[str, ...]
) -> None:
    versions(project, "", "")
    project.write("own.py", OWN.format(names=["stays", "leaves"]))
    project.write("perfgate.toml", '[defaults]\nthreshold = "+9000%"\n')
    project.commit("Measure")
    project.write("own.py", OWN.format(names=["stays"]))
    project.write("baselines/waivers.toml", '[[removed]]\nbenchmark = "leaves"\nreason = "the old parser is gone"\n')
    project.commit("Remove a benchmark")
    outcome = ab(project, *REPORT, "--base", "HEAD~1", *head, "--", "python3", "own.py")
    assert_green(outcome)
    gone = [f for f in report(project)["findings"] if f["benchmark"] == "leaves"]
    assert {(f["status"], f["reason"]) for f in gone} == {("removed", "removed")}
    assert "1 benchmark removed" in verdict_of(outcome.stdout)
    assert outcome.stdout.index("leaves") < outcome.stdout.index("stays")
    assert "the old parser is gone" in " ".join(outcome.stdout.split())


def test_a_removal_that_names_another_benchmark_excuses_none(project: Project) -> None:
    versions(project, "", "")
    project.write("own.py", OWN.format(names=["stays", "leaves"]))
    project.commit("Measure")
    project.write("own.py", OWN.format(names=["stays"]))
    project.write("baselines/waivers.toml", '[[removed]]\nbenchmark = "leave"\nreason = "gone"\n')
    outcome = ab(project, "--base", "HEAD", "--", "python3", "own.py")
    assert_cannot_decide(
        outcome, r"leaves \(elapsed, peak_memory\): only the base measures it", r"write \[\[removed\]\]"
    )
