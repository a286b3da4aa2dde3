"""`-L NAME a,b,c`: one command is measured with each value, and each combination is judged as a group of its own."""

from __future__ import annotations

import itertools
import json
import shlex
from typing import Any

import pytest
from ab_cases import FAST, REPORT, ab, report, versions
from support import Project, assert_cannot_decide, assert_green
from test_counts import STAND_IN
from test_results import bench

ECHO = ("python3", "-c", "import sys; open('../log', 'a').write(' | '.join(sys.argv[1:]) + '\\n')")
CALM = '[defaults]\nthreshold = "+60%"\n'
OWN = """
import sys
from perfgate.measure import measure_run_context

with measure_run_context(benchmark="train", labels={"kind": sys.argv[1]}) as run:
    run.rows_used = 5
"""


def log(project: Project) -> list[str]:
    path = project.root.parent / "log"
    return path.read_text().splitlines() if path.exists() else []


def summaries(project: Project) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in project.runs()]


def labels_of(project: Project) -> list[dict[str, str]]:
    found = [one.get("labels", {}) for one in summaries(project)]
    return sorted(found, key=str)


def statuses(project: Project, metric: str = "elapsed") -> dict[str, str]:
    """Return the status of each combination in the report that `REPORT` asked for."""
    found = [f for f in report(project)["findings"] if f["statistic"] == "p50" and f["metric"] == metric]
    return {",".join(f["labels"].values()): f["status"] for f in found}


def test_each_value_is_a_group_of_its_own_from_the_run_to_the_check(project: Project) -> None:
    project.write("perfgate.toml", '[defaults]\nthreshold = "+300%"\n')
    call = ("run", "-n", "3", "-L", "size", "1,2", "--benchmark", "nap", "--", "sh", "-c", "sleep 0.0{size}1")
    outcome = project.cli(*call)
    assert outcome.code == 0, str(outcome)
    assert "2 benchmarks: 6 runs, 2 warm-up" in outcome.stdout
    assert {"nap[size=1]", "nap[size=2]"} <= set(outcome.stdout.splitlines())
    assert labels_of(project) == [{"size": "1"}] * 3 + [{"size": "2"}] * 3
    assert len({one["command"] for one in summaries(project)}) == 1
    assert len({one["session"] for one in summaries(project)}) == 1
    assert project.cli("baseline", "refresh").code == 0
    assert len(project.baseline_files()) == 2
    assert project.cli(*call, env={"PERFGATE_SESSION": "another"}).code == 0
    assert_green(project.cli("check", *REPORT))
    assert set(statuses(project)) == {"1", "2"}


def test_every_combination_of_several_lists_is_measured_in_rounds(project: Project) -> None:
    outcome = project.cli("run", "-n", "2", "-L", "a", "1,2", "--parameter-list", "b", "x,y", "--", *ECHO, "{a}{b}")
    assert outcome.code == 0, str(outcome)
    assert log(project) == ["1x", "1y", "2x", "2y"] * 3
    assert labels_of(project)[::2] == [{"a": a, "b": b} for a, b in itertools.product("12", "xy")]


def test_a_value_stays_in_its_word_and_is_never_replaced_again(project: Project) -> None:
    values = r"a b,'\,\";$(id),{other},{size}"
    outcome = project.cli(
        "run", "-n", "1", "--warmup", "0", "-L", "size", values, "-L", "other", "z",
        "--prepare", shlex.join([*ECHO, "prepare", "{size}"]), "--", *ECHO, "<{size}>", "{other}", "{left}", "${size",
    )  # fmt: skip
    assert outcome.code == 0, str(outcome)
    wanted = ["a b", "',\\\";$(id)", "{other}", "{size}"]
    assert [line for line in log(project) if not line.startswith("prepare")] == [
        f"<{value}> | z | {{left}} | ${{size" for value in wanted
    ]
    assert [line for line in log(project) if line.startswith("prepare")] == [f"prepare | {value}" for value in wanted]


@pytest.mark.parametrize("options", [(), ("-L", "size", "1")], ids=["without-lists", "of-another-name"])
def test_braces_that_are_no_parameter_stay_as_they_are(project: Project, options: tuple[str, ...]) -> None:
    words = ("{print}", '{"a": {b}}', "{}", *(["{size}"] if options else []))
    outcome = project.cli("run", "-n", "1", "--warmup", "0", *options, "--", *ECHO, *words)
    assert outcome.code == 0, str(outcome)
    assert log(project) == [" | ".join(words).replace("{size}", "1")]
    assert labels_of(project) == [{"size": "1"} if options else {}]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (("-L", "size", "a"), r"the parameter size is in no command: write \{size\}"),
        (("-L", "Size", "a"), r"the parameter Size is in no command"),
        (("-L", "s ize", "a"), "letters, digits, _ and - only"),
        (("-L", "k", "a,b,a"), 'the value "a" stands twice'),
        (("-L", "k", "a,,b"), "value 2 is empty"),
        (("-L", "k", "a,"), "value 2 is empty"),
        (("-L", "k", "--"), "it has no value"),
        (("-L", "k", "a\tb"), "printable characters"),
        (("-L", "k", "a", "-L", "k", "b"), "-L k is given twice"),
        (("-L", "k", ",".join(map(str, range(51)))), "51 combinations, and at most 50"),
        (("-L", "k", "1,2,3,4,5,6,7,8", "-L", "j", "1,2,3,4,5,6,7"), "56 combinations"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "ab"])
def test_a_list_that_cannot_be_meant_is_refused(
    project: Project, verb: str, words: tuple[str, ...], cause: str
) -> None:
    outcome = project.cli(verb, *words, "--", "true", "{k}{j}")
    assert_cannot_decide(outcome, cause, "")
    assert "[usage]" in outcome.cause


def test_a_name_in_a_command_beside_the_measured_one_is_enough(project: Project) -> None:
    for option in ("--setup", "--prepare", "--conclude", "--cleanup"):
        assert project.cli("run", "-n", "1", "-L", "k", "a", option, "true {k}", "--", "true").code == 0


def test_hooks_have_the_values_and_setup_and_cleanup_run_once_for_those_that_they_name(project: Project) -> None:
    hooks = [w for n in ("setup", "cleanup") for w in (f"--{n}", shlex.join([*ECHO, n]))]
    hooks += ["--setup", shlex.join([*ECHO, "set {a}"]), "--cleanup", shlex.join([*ECHO, "clean {b}{a}"])]
    hooks += ["--prepare", "sh -c 'echo \"before {a}{b} $PERFGATE_RUN\" >> ../log'"]
    outcome = project.cli(
        "run", "-n", "2", "--warmup", "1", "-L", "a", "1,2", "-L", "b", "x,y", *hooks, "--", *ECHO, "run {a}{b}"
    )
    assert outcome.code == 0, str(outcome)
    names = ["1x", "1y", "2x", "2y"]
    rounds = [line for run in range(3) for name in names for line in (f"before {name} {run}", f"run {name}")]
    ends = ["cleanup", "clean x1", "clean y1", "clean x2", "clean y2"]
    assert log(project) == ["setup", "set 1", "set 2", *rounds, *ends]


def test_a_run_that_fails_names_the_values(project: Project) -> None:
    outcome = project.cli("run", "-L", "code", "0,3", "--", "sh", "-c", "exit {code}")
    assert_cannot_decide(
        outcome, r"sh\[code=3\]: warm-up run 1 with code=3 failed: exited with 3 \[command-failed\]", "sh -c 'exit 3'"
    )
    outcome = project.cli("run", "-L", "code", "0,3", "--prepare", "sh -c 'exit {code}'", "--", "true")
    assert_cannot_decide(outcome, r"the preparation of warm-up run 1 with code=3 exited with 3", "correct --prepare")


def test_the_time_is_that_of_the_whole_command_and_all_combinations_have_as_many_runs(project: Project) -> None:
    call = ("--warmup", "0", "--max-time", "2s", "-L", "k", "1,2,3", "--", "sh", "-c", "sleep 0.1; : {k}")
    outcome = project.cli("run", "-n", "50", *call)
    assert outcome.code == 0, str(outcome)
    assert "of 150 runs were made within 2 s" in outcome.stderr
    times = [labels_of(project).count({"k": k}) for k in "123"]
    assert len(set(times)) == 1
    assert 1 <= times[0] <= 6


def test_a_second_command_under_a_name_is_refused_with_the_whole_call_and_another_list_is_not(
    project: Project,
) -> None:
    call = ("run", "-n", "1", "--warmup", "0", "--rows", "7", "--benchmark", "x")
    assert project.cli(*call, "-L", "k", "a,b", "--", "true", "{k}").code == 0
    assert project.cli(*call, "-L", "k", "b,c d", "--", "true", "{k}").code == 0
    assert project.cli(*call, "-L", "j", "b", "--", "true", "{j}", "1").code == 0  # another label
    outcome = project.cli(*call, "-L", "k", "b,c d", "--", "true", "-x", "{k}")
    again = "perfgate run --benchmark true -n 1 --warmup 0 --rows 7 -L k 'b,c d' -- true -x '{k}'"
    assert_cannot_decide(outcome, r"\[benchmark-name-clash\]", f"name this one: {again}".replace("{", r"\{"))


def test_a_program_that_measures_itself_gets_the_label_beside_its_own(project: Project) -> None:
    project.write("own.py", OWN)
    outcome = project.cli("run", "-n", "2", "-L", "size", "1,2", "--", "python3", "own.py", "x", "{size}")
    assert outcome.code == 0, str(outcome)
    assert labels_of(project) == [{"kind": "x", "size": "1"}] * 2 + [{"kind": "x", "size": "2"}] * 2
    assert "train[kind=x,size=1]" in outcome.stdout
    outcome = project.cli("run", "-n", "1", "-L", "kind", "y,z", "--", "python3", "own.py", "{kind}", "1")
    assert outcome.code == 0, str(outcome)  # it states the same value itself
    before = project.runs()
    outcome = project.cli("run", "-n", "1", "-L", "kind", "y,z", "--", "python3", "own.py", "x", "{kind}")
    assert_cannot_decide(
        outcome, r'train\[kind=x\]: it has a label "kind" of its own.*"y" \[label-clash\]', "rename the parameter"
    )
    assert project.runs() == before


def test_results_of_a_tool_get_the_label(project: Project) -> None:
    project.write("bench.sh", bench(0.1, names="sort parse", to="r-$1.json"))
    call = ("run", "-n", "2", "-L", "k", "a,b", "--results", "r-{k}.json", "--", "sh", "bench.sh", "{k}")
    outcome = project.cli(*call)
    assert outcome.code == 0, str(outcome)
    found = sorted((one["benchmark"], one["labels"]["k"]) for one in summaries(project))
    assert found == sorted([(b, k) for b in ("sort", "parse") for k in "ab"] * 2)
    assert outcome.stderr.count("whole-command-left-out") == 1
    project.write("bench.sh", f"test $1 = a || exit 0\n{bench(0.1, to='r-$1.json')}")
    outcome = project.cli(*call)
    assert_cannot_decide(
        outcome, r"r-b\.json: .*did not write it \(with k=b\) \[results-missing\]", "correct --results"
    )


def test_results_with_a_label_of_that_name_are_refused(project: Project) -> None:
    entries = [{"command": "sort", "times": [1.0, 1.1], "parameters": {"k": name}} for name in ("one", "two")]
    project.write("bench.sh", f"echo '{json.dumps({'results': entries})}' > r.json\n")
    call = ("run", "-n", "1", "-L", "k", "a", "--results", "r.json", "--", "sh", "bench.sh", "{k}")
    assert_cannot_decide(project.cli(*call), r"label-clash", "rename the parameter")
    assert project.runs() == []


def test_instructions_are_counted_for_each_combination(project: Project) -> None:
    project.write("bin/valgrind", STAND_IN).chmod(0o755)
    path = f"{project.root}/bin:{project.environment()['PATH']}"
    project.write("bench.sh", "if { true >&3; } 2>/dev/null; then echo ${1}000000 >&3; fi\n")
    outcome = project.cli("run", "--counts", "-L", "k", "1,2", "--", "sh", "bench.sh", "{k}", env={"PATH": path})
    assert outcome.code == 0, str(outcome)
    found = [(one["labels"]["k"], one["series"]["instructions"]["values"]) for one in summaries(project)]
    assert sorted(found) == [("1", [1_000_000])] * 3 + [("2", [2_000_000])] * 3
    project.write("bench.sh", "if { true >&3; } 2>/dev/null; then echo $1 >&3; fi\n")
    outcome = project.cli("run", "--counts", "-L", "k", "1,2", "--", "sh", "bench.sh", "{k}", env={"PATH": path})
    assert_cannot_decide(outcome, r"bench\[k=1\]: .*nothing was counted \(with k=1\)", "name the program itself")


def test_each_combination_is_profiled_once(project: Project) -> None:
    project.write("own.py", OWN + "    from perfgate import profile\n    with profile():\n        sorted([3, 1])\n")
    outcome = project.cli("run", "-n", "2", "--profile", "-L", "s", "1,2", "--", "python3", "own.py", "x", "{s}")
    assert outcome.code == 0, str(outcome)
    assert sorted(one["labels"]["s"] for one in summaries(project) if "profile" in one) == ["1", "2"]
    assert "profile-missing" not in outcome.stderr
    outcome = project.cli("run", "-n", "1", "--profile", "-L", "s", "1,2", "--", "true", "{s}")
    assert outcome.stderr.count("[profile-missing]") == 2
    assert "true[s=2]: the profiled repetition left no profile" in outcome.stderr


def test_ab_judges_each_combination_and_measures_it_interleaved_within_rounds(project: Project) -> None:
    log = project.root.parent / "log"
    note = f'echo "$PERFGATE_SIDE $1" >> {shlex.quote(str(log))}\n'
    versions(project, note + FAST, note + "case $1 in big) sleep 0.3;; *) sleep 0.02;; esac\n")
    call = ("--seed", "5", "-L", "size", "small,big,a b", "--", "sh", "bench.sh", "{size}")
    outcome = ab(project, *REPORT, *call, runs=6)
    assert outcome.code == 1, str(outcome)
    found = statuses(project)
    assert found.pop("big") == "regressed"
    assert set(found) == {"small", "a b"}
    assert "regressed" not in found.values()
    provenance = report(project)["provenance"]
    assert len(provenance["sessions"]) == 1
    assert " -n 6 -L size 'small,big,a b' --seed 5 -- sh bench.sh '{size}'" in provenance["reproduce"]
    lines = [line.split(" ", 1) for line in log.read_text().splitlines()]
    measured = lines[6:]  # behind one warm-up run of each side and value
    assert sorted(map(tuple, lines[:6])) == sorted(itertools.product(("base", "head"), ("small", "big", "a b")))
    assert len(measured) == 36
    orders = []
    for begin in range(0, 36, 12):
        blocks = [measured[at : at + 4] for at in range(begin, begin + 12, 4)]
        for block in blocks:
            sides = [side for side, _ in block]
            assert len({value for _, value in block}) == 1
            assert sides in (["base", "head", "head", "base"], ["head", "base", "base", "head"])
        orders.append(tuple(block[0][1] for block in blocks))
        assert sorted(orders[-1]) == ["a b", "big", "small"]
    assert len(set(orders)) > 1


def test_ab_stops_when_no_combination_is_open_and_a_failure_of_one_decides_nothing(project: Project) -> None:
    versions(project, FAST, FAST)
    outcome = ab(project, *REPORT, "--rounds-max", "8", "-L", "k", "1,2", "--", "sh", "bench.sh", "{k}", runs=None)
    assert outcome.code == 0, str(outcome)
    runs = [f["n_current"] for f in report(project)["findings"] if f["metric"] == "elapsed"]
    assert len(set(runs)) == 1
    assert runs[0] >= 6
    outcome = ab(project, "--for-bisect", "-L", "code", "0,3", "--", "sh", "-c", "exit {code}")
    assert outcome.code == 125
    assert "warm-up run 1 of the base with code=3 failed: exited with 3" in outcome.cause


def test_ab_sets_each_side_up_once_for_each_value_that_the_setup_names(project: Project) -> None:
    program = 'sleep 0.1; test "$(cat made-$1)" = "$1"\n'
    versions(project, program, f"{program}# x\n")
    log = project.root.parent / "log"
    outcome = ab(
        project, "--setup", "sh -c 'echo {k} > made-{k}'", "--setup", f"sh -c 'echo $PERFGATE_SIDE >> {log}'",
        "--cleanup", "rm made-{k}", "-L", "k", "1,2", "-L", "j", "x,y", "--", "sh", "bench.sh", "{k}", "{j}",
    )  # fmt: skip
    assert outcome.code == 0, str(outcome)
    assert log.read_text().split() == ["head", "base"]
    assert "cleanup-failed" not in outcome.stdout
    assert not list(project.root.glob("made-*"))


def test_a_value_that_only_the_head_knows_is_new_and_the_others_are_judged(project: Project) -> None:
    versions(project, FAST, FAST + "# x\n")
    project.write("new.sh", FAST)
    project.commit("A script more")
    outcome = ab(project, *REPORT, "-L", "script", "bench,new", "--", "sh", "{script}.sh", runs=5)
    assert outcome.code == 0, str(outcome)
    found = statuses(project)
    assert found.pop("new") == "new"
    assert found["bench"] not in {"new", "missing", "regressed"}
    assert {"base-lacks", "in-turns"} <= {note["slug"] for note in report(project)["notes"]}
    assert "the base lacks new.sh: only the head was measured with script=new" in " ".join(outcome.stdout.split())


def test_two_commands_take_the_same_lists(project: Project) -> None:
    project.write("perfgate.toml", CALM)
    words = ("--base-cmd", "sh -c 'sleep 0.3; : {k}'", "--head-cmd", "sleep 0.0{k}", "-L", "k", "1,2")
    outcome = ab(project, *REPORT, *words, runs=6)
    assert outcome.code == 0, str(outcome)
    assert statuses(project) == {"1": "improved", "2": "improved"}
