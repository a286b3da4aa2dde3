"""The head cannot change what is measured as its base: tracked files of both sides are those of their commits."""

from __future__ import annotations

import pytest
from ab_cases import FAST, REPORT, RUN, ab, notes, report, versions
from support import Project, assert_cannot_decide, assert_green

# The base's folder, as a program of the head finds it.
BASE = 'B=$(ls -d "$TMPDIR"/perfgate-ab-*/base)\n'
SLOW = "sleep 0.2\n"
REWRITES = {
    "content": f"cp bench.sh $B/bench.sh\n{SLOW}",
    "same-size-and-times": 'touch -r $B/bench.sh $B/../old; printf "sleep 0.22\\n" > $B/bench.sh; '
    f"touch -r $B/../old $B/bench.sh\n{SLOW}",
    "mode": f"chmod a+x $B/bench.sh\n{SLOW}",
    "link": f"ln -sf {{own}} $B/bench.sh\n{SLOW}",
    "removed": f"rm -f $B/bench.sh\n{SLOW}",
    "added-beside": f"echo > $B/sitecustomize.py\n{SLOW}",
    "put-back": f"cp $B/bench.sh $B/../old; echo sleep 1 > $B/bench.sh; cp $B/../old $B/bench.sh\n{SLOW}",
    "unknown-to-git": f"git -C $B update-index --assume-unchanged bench.sh; cp bench.sh $B/bench.sh\n{SLOW}",
}


@pytest.mark.sampled
@pytest.mark.parametrize("trick", REWRITES)
def test_a_head_that_writes_into_the_base_decides_nothing(project: Project, trick: str) -> None:
    script = BASE + REWRITES[trick].replace("{own}", str(project.path("bench.sh")))
    versions(project, FAST, script)
    outcome = ab(project, "--warmup", "0", "--", *RUN, runs=4)
    assert_cannot_decide(outcome, "a run of the head changed files of the base: ", "review what the change does")


def test_what_is_changed_after_the_last_run_is_noticed(project: Project) -> None:
    later = BASE + '(sleep 0.3; cp bench.sh "$B/../new"; mv "$B/../new" "$B/bench.sh") > /dev/null 2>&1 < /dev/null &\n'
    versions(project, FAST.replace("0.02", "0.4"), later)
    outcome = ab(project, "--", *RUN, runs=2)
    assert_cannot_decide(outcome, r"changed files of the base: (\., )?bench\.sh", "folder")


def test_a_set_up_of_the_head_that_writes_into_the_base_decides_nothing(project: Project) -> None:
    versions(project)
    project.write("prepare.sh", f"test $PERFGATE_SIDE = base && exit\n{BASE}echo sleep 1 > $B/bench.sh\n")
    project.commit("Prepare")
    outcome = ab(project, "--base", "HEAD~1", "--head", "HEAD", "--setup", "sh prepare.sh", "--", *RUN)
    assert_cannot_decide(outcome, "the set-up of the head changed files of the base: bench.sh", "review")


@pytest.mark.parametrize("plants", ["mkdir $B/helper; echo > $B/helper/__init__.py", "echo > $B/helper.so"])
def test_a_set_up_of_the_head_cannot_add_what_takes_the_place_of_a_module_of_the_base(
    project: Project, plants: str
) -> None:
    project.write("helper.py", "")
    project.write("prepare.sh", f"test $PERFGATE_SIDE = base && exit\n{BASE}{plants}\n")
    versions(project)
    outcome = ab(project, "--setup", "sh prepare.sh", "--", *RUN)
    assert_cannot_decide(outcome, r"the set-up of the head changed files of the base: \.", "review")


def test_a_set_up_may_add_files_to_its_own_side(project: Project) -> None:
    project.write(".gitignore", ".venv/\n")
    versions(project)
    makes = "mkdir -p .venv built; echo > .venv/helper.py; echo > built/helper.py; echo > helper.py"
    assert_green(ab(project, "--head", "change", "--setup", f"sh -c '{makes}'", "--", *RUN))


def test_what_a_side_changes_in_its_own_set_up_is_measured_and_reported(project: Project) -> None:
    project.write("deps.lock", "one\n")
    versions(project)
    outcome = ab(project, *REPORT, "--head", "HEAD", "--setup", "sh -c 'date > deps.lock'", "--", *RUN)
    assert outcome.code == 0, str(outcome)
    assert notes(project).count("setup-changed") == 2
    assert "the set-up of the base changed tracked files: deps.lock" in " ".join(outcome.stdout.split())


def test_a_program_that_changes_its_own_tracked_files_is_refused(project: Project) -> None:
    project.write("results.csv", "1\n")
    versions(project, FAST, FAST + "echo 2 >> results.csv\n")
    outcome = ab(project, "--", *RUN)
    assert_cannot_decide(outcome, r"the measuring changed files of the head: results\.csv", "files that git ignores")


def test_a_program_may_write_files_that_git_does_not_list(project: Project) -> None:
    project.write(".gitignore", "out/\n")
    script = FAST + "mkdir -p out; echo 1 >> out/log; echo 1 >> plain.log\n"
    versions(project, script, script)
    assert_green(ab(project, "--base", "main", "--head", "change", "--", *RUN))


def test_uncommitted_edits_are_the_head_as_it_is(project: Project) -> None:
    versions(project)
    project.write("bench.sh", FAST + "# an edit\n")
    project.write("more.sh", "")
    assert_green(ab(project, "--", *RUN))


def test_line_ends_and_encodings_that_git_converts_are_those_of_the_commit(project: Project) -> None:
    project.write(".gitattributes", "*.txt text eol=crlf\n*.u16 text working-tree-encoding=UTF-16LE\n")
    project.write("a b.txt", "one\r\ntwo\r\n")
    project.write("c.u16", "one\n".encode("utf-16-le"))
    versions(project)
    assert_green(ab(project, "--head", "change", "--", *RUN))


def test_summaries_of_the_base_that_the_head_rewrites_decide_nothing(project: Project) -> None:
    edit = 's/"elapsed_ns": [0-9]*/"elapsed_ns": 200000000/'
    rewrite = f"sed -i '{edit}' \"$TMPDIR\"/perfgate-ab-*/summaries/base/* || true\n"
    versions(project, FAST, SLOW + rewrite)
    outcome = ab(project, *REPORT, "--", *RUN, runs=4)
    assert_cannot_decide(outcome, "the summaries of earlier runs were changed", "in its own folder")
    assert report(project)["verdict"] == "error"


def test_sparse_settings_of_the_clone_take_no_file_from_the_base(project: Project) -> None:
    versions(project, FAST, "sleep 0.3\n")
    project.git("config", "core.sparseCheckout", "true")
    project.write(".git/info/sparse-checkout", "/*\n!/bench.sh\n")
    outcome = ab(project, "--", *RUN, runs=5)
    assert outcome.code == 1, str(outcome)
