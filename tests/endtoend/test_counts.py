"""`--counts`: instructions are judged in place of time and memory: those of a stand-in, and of a real counter."""

from __future__ import annotations

import shutil

import pytest
from ab_cases import REPORT, ab, notes, report, versions
from count_cases import STAND_IN, stand_in
from support import RUNS, Project, assert_cannot_decide

RUN = ("sh", "bench.sh")


def counting(*counts: str) -> str:
    """Return a shell program whose runs have these counts in turn."""
    cases = "".join(f"{i}) echo {c} >&3;; " for i, c in enumerate(counts))
    return (
        "if ! { true >&3; } 2>/dev/null; then exit 0; fi\n"
        'n=$(cat "../n-$PERFGATE_SIDE" 2>/dev/null || echo 0); echo $(( (n + 1) % '
        f'{len(counts)} )) > "../n-$PERFGATE_SIDE"\ncase $n in {cases}esac\n'
    )


@pytest.fixture
def env(tmp_path):
    return stand_in(tmp_path)


def row(project: Project) -> dict[str, object]:
    (found,) = (f for f in report(project)["findings"] if f["statistic"] == "p50")
    assert found["metric"] == "instructions"
    return found


def test_two_runs_that_agree_decide_and_a_change_of_one_percent_fails(project, env):
    versions(project, counting("1,000,000"), counting("1,010,000"))
    outcome = ab(project, *REPORT, "--counts", "--", *RUN, runs=None, **env)
    assert outcome.code == 1, str(outcome)
    found = row(project)
    assert (found["status"], found["method"], found["limit_text"]) == ("regressed", "exact", "+0.5%")
    assert (found["baseline"], found["current"], found["n_current"]) == (1_000_000, 1_010_000, 2)
    assert notes(project) == ["counted-not-timed"]
    assert "CANNOT" not in outcome.stdout


def test_a_change_below_the_threshold_passes_and_so_does_the_same_code(project, env):
    versions(project, counting("1,000,000"), counting("1,004,900"))
    assert ab(project, *REPORT, "--counts", "--", *RUN, runs=None, **env).code == 0
    assert row(project)["method"] == "exact"


def test_a_program_of_each_side_is_what_is_measured_and_no_part_of_where_it_was_counted(project, env):
    versions(project, counting("1,000,000"), counting("1,010,000"))
    project.path("bench.sh").chmod(0o755)
    project.write("bench.sh", "#!/bin/sh\n" + counting("1,010,000"))
    project.commit("Executable")
    project.git("checkout", "-q", "main")
    project.write("bench.sh", "#!/bin/sh\n" + counting("1,000,000"))
    project.path("bench.sh").chmod(0o755)
    project.commit("Executable, too")
    project.git("checkout", "-q", "change")
    outcome = ab(project, *REPORT, "--base", "main", "--counts", "--", "./bench.sh", runs=None, **env)
    assert outcome.code == 1, str(outcome)
    assert row(project)["status"] == "regressed"


def test_both_sides_lie_in_folders_of_one_length_where_the_tree_is_clean(project, env):
    where = project.root.parent / "where"
    versions(project, counting("1,000,000") + f"pwd >> {where}\n", counting("1,000,000") + f"pwd >> {where}\n# x\n")
    assert ab(project, *REPORT, "--counts", "--", *RUN, runs=None, **env).code == 0
    assert len({len(line) for line in where.read_text().splitlines()}) == 1
    project.write("bench.sh", counting("1,000,000") + "# y\n")
    assert ab(project, *REPORT, "--counts", "--", *RUN, runs=None, **env).code == 0
    assert "counts-paths" in notes(project)


def test_both_sides_lie_so_too_where_the_plugin_of_pytest_counts(project):
    where = project.root.parent / "where"
    versions(project, f"pwd >> {where}\n", f"pwd >> {where}\n# x\n")
    ab(project, *REPORT, "--", *RUN, "--perfgate-counts", runs=2)
    lines = where.read_text().splitlines()
    assert len(lines) == 6
    assert len(set(lines)) == 2
    assert len(set(map(len, lines))) == 1


def test_a_third_run_shows_by_how_much_counts_differ(project, env):
    versions(project, counting("1,000,000", "1,001,000"), counting("1,000,000"))
    assert ab(project, *REPORT, "--counts", "--", *RUN, runs=None, **env).code == 0
    assert (row(project)["n_baseline"], row(project)["method"]) == (3, "exact")


def test_counts_that_vary_are_judged_by_rounds_and_the_report_says_so(project, env):
    wild = [f"{1_000_000 + 7_919 * i % 31_000}" for i in range(1, 9)]
    versions(project, counting(*wild), counting(*wild[3:], *wild[:3]))
    outcome = ab(project, *REPORT, "--counts", "--", *RUN, runs=None, **env)
    assert outcome.code == 0, str(outcome)
    assert row(project)["method"] == "same-session"
    assert row(project)["n_current"] >= 8
    assert "count-varies" in notes(project)
    assert "PYTHONHASHSEED=0" in outcome.stdout


@pytest.mark.parametrize(
    ("count", "cause", "cure"),
    [
        ("12", r"nothing was counted \[nothing-counted\]", "name the program itself"),
        ("1,000,000 killed", r"1 of 2 processes left no count", "wait for all that it starts"),
        ("complaint", "Valgrind cannot run it: .*no such thing", "without --counts"),
    ],
)
def test_what_was_not_counted_is_no_count(project, env, count, cause, cure):
    versions(project, counting("1,000,000"), counting(count))
    assert_cannot_decide(ab(project, "--counts", "--", *RUN, runs=None, **env), cause, cure)


def test_without_a_counter_it_says_how_to_install_one(project, tmp_path):
    versions(project)
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("git", "sh", "sleep"):
        (bare / name).symlink_to(shutil.which(name))
    for verb in ("ab", "run"):
        outcome = project.started(verb, "--counts", "--", *RUN, env={"PATH": str(bare)})
        assert_cannot_decide(outcome, "needs Valgrind", "apt-get install -y valgrind")


def test_run_keeps_three_counts_and_check_compares_those_of_one_machine_only(project, env):
    project.write("bench.sh", counting("2,000,000"))
    outcome = project.cli("run", "--counts", "--benchmark", "tool", "--", *RUN, env=env)
    assert outcome.code == 0, str(outcome)
    assert len(project.runs()) == 3
    held = project.read_json(f"{RUNS}/{project.runs()[0].name}")
    assert held["series"]["instructions"]["values"] == [2_000_000]
    assert held["series"]["instructions"]["source"].startswith("valgrind-9.9.9, ")
    assert held["command"]
    assert project.cli("baseline", "refresh").code == 0
    for count, code in (("2,009,000", 0), ("2,011,000", 1)):
        project.drop_runs("*")
        project.write("bench.sh", counting(count))
        session = {"PERFGATE_SESSION": f"s{code}"}
        assert project.cli("run", "--counts", "--benchmark", "tool", "--", *RUN, env={**env, **session}).code == 0
        assert project.cli("check").code == code
    project.drop_runs("*")
    shim = STAND_IN.replace("valgrind-9.9.9", "valgrind-9.9.8")
    (project.root.parent / "stand-in" / "valgrind").write_text(shim)
    assert (
        project.cli("run", "--counts", "--benchmark", "tool", "--", *RUN, env={**env, "PERFGATE_SESSION": "s3"}).code
        == 0
    )
    assert_cannot_decide(project.cli("check"), "valgrind-9.9.8", "refresh")


def test_options_that_contradict_counts_are_refused(project, env):
    outcome = project.cli("run", "--counts", "--results", "r.json", "--", *RUN, env=env)
    assert_cannot_decide(outcome, "exclude each other", "help")
    outcome = project.cli("run", "--counts", "--profile", "--", *RUN, env=env)
    assert_cannot_decide(outcome, "--profile needs runs that are timed", "help")
    outcome = project.cli("run", "--counts", "--", "hyperfine", "true", env=env)
    assert_cannot_decide(outcome, "this is hyperfine", "--results")


LOOP = r"""
#include <stdio.h>
#include <stdlib.h>
int main(void) {
  volatile long sum = 0;
  for (long i = 0; i < %d; i++) sum += i %% 7;
  printf("%%ld\n", sum);
  return 0;
}
"""


@pytest.mark.tools
@pytest.mark.skipif(not (shutil.which("valgrind") and shutil.which("gcc")), reason="needs valgrind and gcc")
@pytest.mark.parametrize(("more", "code"), [(0, 0), (1, 1)])
def test_a_compiled_program_is_counted_to_the_instruction(project, more, code):
    versions(project, "./tool\n", "./tool\n# again\n")
    project.write(".gitignore", "tool\n")
    project.write("tool.c", LOOP % 1_000_000)
    project.commit("A tool")
    project.git("branch", "-f", "main")
    project.write("tool.c", LOOP % (1_000_000 + 10_000 * more))
    project.git("commit", "-qam", "Another tool", "--allow-empty")
    outcome = ab(
        project, *REPORT, "--counts", "--setup", "gcc -O1 -o tool tool.c", "--base", "main", "--", *RUN, runs=None
    )
    assert outcome.code == code, str(outcome)
    found = row(project)
    assert found["n_current"] == 2
    assert abs(found["change"] - 0.01 * more) < 0.002
    assert found["baseline"] > 1_000_000


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind")
def test_what_a_shell_starts_is_counted_too(project):
    project.write("bench.sh", 'exec python3 -c "sum(range(1000))"\n')
    for words in (("sh", "bench.sh"), ("env", "A=1", "sh", "-c", "sh bench.sh; true")):
        assert (
            project.cli("run", "-n", "1", "--warmup", "0", "--counts", "--benchmark", words[0], "--", *words).code == 0
        )
    counts = [project.read_json(f"{RUNS}/{p.name}")["series"]["instructions"]["values"][0] for p in project.runs()]
    assert min(counts) > 20_000_000  # an interpreter, not a shell
