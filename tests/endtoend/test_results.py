"""`--results`: a command's own results are judged, one value a process run, in `perfgate ab` and `perfgate run`."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from ab_cases import REPORT, RUN, ab, notes, report, versions
from support import RUNS, Outcome, Project, assert_cannot_decide, assert_green

CALM = "[defaults]\nthreshold = '+20%'\n"


def bench(seconds: float, *, names: str = "sort", samples: int = 8, to: str = "r.json") -> str:
    """Return a shell program that measures itself as hyperfine does; its times differ from run to run."""
    program = (
        'BEGIN{srand(s); printf "{\\"results\\":["; k=split(names,n," "); for(j=1;j<=k;j++){printf "%s{\\"command\\":'
        '\\"%s\\",\\"times\\":[",(j>1?",":""),n[j]; for(i=0;i<c;i++) printf "%s%.6f",(i?",":""),m*(1+0.05*rand()); '
        'printf "]}"} print "]}"}'
    )
    return f"awk -v m={seconds} -v c={samples} -v s=$$ -v names='{names}' '{program}' > {to}\n"


def two(project: Project, base: str, head: str) -> Project:
    versions(project, base, head)
    project.write("perfgate.toml", CALM)
    project.write(".gitignore", "*.json\noutputs\ntarget\n")
    project.commit("Settings")
    project.git("branch", "-f", "main", "HEAD")
    project.git("checkout", "-q", "main")
    project.write("bench.sh", base)
    project.git("commit", "-qam", "Base again", "--allow-empty")
    project.git("checkout", "-qB", "change")
    project.write("bench.sh", head)
    project.git("commit", "-qam", "Head again", "--allow-empty")
    return project


def found_of(project: Project) -> dict[tuple[str, str], dict[str, object]]:
    return {(f["benchmark"], f["metric"]): f for f in report(project)["findings"] if f["statistic"] == "p50"}


def test_each_benchmark_of_the_file_is_judged_by_one_value_a_run(project: Project) -> None:
    two(project, bench(0.1, names="sort parse"), bench(0.2, names="sort parse"))
    outcome = ab(project, *REPORT, "--results", "r.json", "--", *RUN, runs=5)
    assert outcome.code == 1, str(outcome)
    found = found_of(project)
    assert set(found) == {(b, m) for b in ("sort", "parse") for m in ("time", "time.median")}
    for (_, metric), f in found.items():
        assert (f["n_baseline"], f["n_current"], f["method"]) == (5, 5, "same-session")
        assert (f["status"], f["level"]) == (("regressed", "fail") if metric == "time" else ("advisory", "warn"))
    least, middle = found["sort", "time"]["baseline"], found["sort", "time.median"]["baseline"]
    assert 0.1 <= least < middle
    assert notes(project) == ["whole-command-left-out"]


def test_the_same_code_passes_and_no_sample_counts_as_a_run_of_its_own(project: Project) -> None:
    two(project, bench(0.1, samples=500), bench(0.1, samples=500))
    outcome = ab(project, *REPORT, "--results", "r.json", "--", *RUN, runs=5)
    assert_green(outcome)
    assert {f["n_current"] for f in found_of(project).values()} == {5}


def test_at_most_ten_runs_a_side_are_made_where_nothing_else_is_said(project: Project) -> None:
    two(project, bench(0.1), bench(0.1))
    assert_green(ab(project, *REPORT, "--results", "r.json", "--", *RUN, runs=None))
    assert max(f["n_current"] for f in found_of(project).values()) <= 10


def test_a_benchmark_of_few_samples_has_its_median_alone(project: Project) -> None:
    two(project, bench(0.1, samples=4), bench(0.2, samples=4))
    assert ab(project, *REPORT, "--results", "r.json", "--", *RUN, runs=5).code == 1
    assert set(found_of(project)) == {("sort", "time")}


def test_stdout_can_be_the_result(project: Project) -> None:
    two(project, "echo 'BenchmarkSort-4 1000 1200 ns/op'\n", "echo 'BenchmarkSort-4 1000 4200 ns/op'\n")
    outcome = ab(project, *REPORT, "--results", "-", "--", *RUN, runs=5)
    assert outcome.code == 1, str(outcome)
    assert found_of(project)["BenchmarkSort", "time"]["current"] == 4200e-9


def test_a_result_of_an_earlier_run_is_never_read_again(project: Project) -> None:
    two(project, bench(0.1), "test -e r.json && touch ../left; echo\n")
    project.write("r.json", json.dumps({"results": [{"command": "sort", "times": [1.0, 1.1]}]}))
    outcome = ab(project, "--results", "r.json", "--", *RUN)
    assert_cannot_decide(
        outcome, r"r\.json: the command ended, and did not write it \[results-missing\]", "correct --results"
    )
    assert not project.path("../left").exists()


def test_a_folder_of_a_tool_is_emptied_before_each_run(project: Project) -> None:
    made = "mkdir -p target/criterion/f/new\n"
    sample = '{"iters": [1, 2, 3, 4, 5], "times": [%s, %s, %s, %s, %s]}'
    files = {"sample": sample % (100, 200, 300, 400, 500), "benchmark": '{"full_id": "f", "group_id": "f"}'}
    files["estimates"] = '{"mean": {"point_estimate": 100}}'
    writes = "".join(f"echo '{text}' > target/criterion/f/new/{name}.json\n" for name, text in files.items())
    two(project, made + writes, made + writes)
    project.write("target/criterion/old/new/sample.json", files["sample"].replace("100", "900"))
    project.write("target/criterion/old/new/benchmark.json", '{"full_id": "old", "group_id": "old"}')
    project.write("target/criterion/old/new/estimates.json", files["estimates"])
    project.write("target/criterion/f/mine/sample.json", files["sample"])
    project.write("target/criterion/notes.txt", "mine")
    outcome = ab(project, *REPORT, "--results", "target/criterion", "--", *RUN)
    assert outcome.code == 0, str(outcome)
    assert {benchmark for benchmark, _ in found_of(project)} == {"f"}
    assert project.path("target/criterion/f/mine/sample.json").exists()
    assert project.path("target/criterion/notes.txt").exists()


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_time_that_is_none_is_no_measurement(project: Project, value: float) -> None:
    content = json.dumps({"results": [{"command": "sort", "times": [1.0, 1.1, 1.2, 1.3, value]}]})
    project.write("bench.sh", f"echo '{content}' > r.json\n")
    outcome = project.cli("run", "--results", "r.json", "--", "sh", "bench.sh")
    assert_cannot_decide(outcome, r"sort has a time of -?\d s", "correct the benchmark")
    assert project.runs() == []


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("/tmp/r.json", "results-outside"),  # noqa: S108 - it must be refused
        ("../r.json", "results-outside"),
        ("a/../../r.json", "results-outside"),
        (".", "results-outside"),
        ("bench.sh", "results-tracked"),
        ("nothing.json", "results-missing"),
    ],
)
def test_a_path_that_cannot_be_results_is_refused_and_nothing_is_lost(project: Project, path: str, cause: str) -> None:
    two(project, bench(0.1), bench(0.1))
    outcome = ab(project, "--results", path, "--", *RUN)
    assert outcome.code == 2
    assert f"[{cause}]" in outcome.cause
    assert "hint: " in outcome.block
    assert project.path("bench.sh").exists()


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("link/r.json", "results-outside"),
        ("kept", "results-folder"),
        ("kept/notes.json", "results-foreign"),
        ("bench.sh", "results-foreign"),
        (".git/config", "results-outside"),
    ],
)
def test_what_is_behind_a_link_or_in_a_folder_of_other_files_is_never_removed(
    project: Project, path: str, cause: str
) -> None:
    project.write("bench.sh", bench(0.1))
    project.git("init", "-q")
    project.write("kept/notes.json", "[]")
    project.write("elsewhere/r.json", "{}")
    project.path("link").symlink_to("elsewhere")
    outcome = project.cli("run", "--results", path, "--", "sh", "bench.sh")
    assert outcome.code == 2
    assert f"[{cause}]" in outcome.cause
    assert project.path("kept/notes.json").exists()
    assert project.path("elsewhere/r.json").exists()
    assert project.path("bench.sh").exists()
    assert project.path(".git/config").exists()


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        (("--results", "r.json", "--benchmark", "x"), "the results name their benchmarks"),
        (("--results", "r.json", "--whole-command"), "one of the two is judged"),
        (("--from", "hyperfine"), "--from needs --results"),
        (("--results", "r.json", "--from", "nosuch"), 'there is no format "nosuch"'),
    ],
)
def test_options_that_contradict_each_other_are_refused(project: Project, options: tuple[str, ...], cause: str) -> None:
    two(project, bench(0.1), bench(0.1))
    outcome = ab(project, *options, "--", *RUN)
    assert outcome.code == 2
    assert cause in outcome.cause


def test_a_benchmark_that_only_some_runs_have_is_no_verdict(project: Project) -> None:
    flaky = "n=$(ls ../seen-* 2>/dev/null | wc -l); touch ../seen-$n\n"
    both = f"if [ $((n % 3)) = 0 ]; then {bench(0.1).strip()}; else {bench(0.1, names='sort parse').strip()}; fi\n"
    two(project, bench(0.1, names="sort parse"), flaky + both)
    outcome = ab(project, "--results", "r.json", "--", *RUN, runs=4)
    assert_cannot_decide(outcome, r'"parse" is in the results of \d of 4 runs of the head', "the same benchmarks")


def test_a_benchmark_that_the_head_lacks_is_not_measured_and_one_that_it_adds_is_new(project: Project) -> None:
    two(project, bench(0.1, names="sort old"), bench(0.1, names="sort added"))
    outcome = ab(project, *REPORT, "--results", "r.json", "--", *RUN, runs=5)
    assert outcome.code == 2, str(outcome)
    statuses = {benchmark: f["status"] for (benchmark, metric), f in found_of(project).items() if metric == "time"}
    assert (statuses["old"], statuses["added"]) == ("missing", "new")


def test_a_command_that_fails_is_no_result_though_it_wrote_one(project: Project) -> None:
    two(project, bench(0.1), bench(0.1) + "exit 3\n")
    outcome = ab(project, "--results", "r.json", "--", *RUN)
    assert_cannot_decide(outcome, r"warm-up run 1 of the (head|base) failed: exited with 3", "sh bench.sh")


def test_a_file_that_is_no_result_is_named_as_it_was_given(project: Project) -> None:
    two(project, bench(0.1), "echo hello > r.json\n")
    outcome = ab(project, "--results", "r.json", "--", *RUN)
    assert_cannot_decide(outcome, r"cannot decide: r\.json is in no known format", "perfgate formats")
    assert_cannot_decide(ab(project, "--results", "-", "--", "echo", "hello"), "the command's stdout is in", "formats")


def test_run_writes_a_run_file_a_benchmark_and_run_and_check_judges_them(project: Project) -> None:
    project.write("bench.sh", bench(0.1, names="sort parse"))
    project.write("perfgate.toml", CALM)
    outcome = project.cli("run", "-n", "5", "--results", "r.json", "--", "sh", "bench.sh")
    assert outcome.code == 0, str(outcome)
    assert len(project.runs()) == 10
    assert "perfgate baseline refresh" in outcome.stdout
    held = project.read_json(f"{RUNS}/{project.runs()[0].name}")
    assert {name: len(s["values"]) for name, s in held["series"].items()} == {"time": 1, "time.median": 1}
    assert held["environment"]["machine"]
    assert held["session"]
    assert project.cli("baseline", "refresh").code == 0
    baseline = project.baseline("sort").read_text()
    assert "minimum of a run" in baseline
    for seconds, code in ((0.1, 0), (0.9, 1)):
        project.drop_runs("*")
        project.write("bench.sh", bench(seconds, names="sort parse"))
        done = project.cli(
            "run", "-n", "5", "--results", "r.json", "--", "sh", "bench.sh", env={"PERFGATE_SESSION": f"s{code}"}
        )
        assert done.code == 0, str(done)
        assert project.cli("check").code == code


def test_a_benchmark_whose_value_is_no_number_any_more_is_no_pass(project: Project) -> None:
    def measure(value: str, session: str) -> Outcome:
        times = {"sort": "[1.0, 1.1]", "parse": f"[1.0, {value}]"}
        results = ", ".join(f'{{"command": "{name}", "times": {found}}}' for name, found in times.items())
        project.write("bench.sh", f"echo '{{\"results\": [{results}]}}' > r.json\n")
        words = ["-n", "3", "--results", "r.json", "--", "sh", "bench.sh"]
        return project.cli("run", *words, env={"PERFGATE_SESSION": session})

    assert measure("1.1", "s1").code == 0
    assert project.cli("baseline", "refresh").code == 0
    project.drop_runs("*")
    outcome = measure("NaN", "s2")
    assert 'left out, "parse": a time is no number' in outcome.stderr, str(outcome)
    assert_cannot_decide(project.cli("check"), "parse time: no run of it was found", "find out why it did not run")


def test_runs_of_results_are_never_compared_with_all_samples_of_a_file(project: Project) -> None:
    project.write("bench.sh", bench(0.1))
    assert project.cli("run", "-n", "5", "--results", "r.json", "--", "sh", "bench.sh").code == 0
    assert project.cli("baseline", "refresh").code == 0
    outcome = project.cli("check", "r.json")
    assert_cannot_decide(outcome, "class-differs", "")
    (folder,) = {path.parent.name for path in project.path("baselines").glob("*/*.json")}
    outcome = project.cli("check", "r.json", "--machine-class", folder)
    assert outcome.code == 2
    assert "minimum of a run" in outcome.stderr


def test_a_tool_that_repeats_is_refused_with_the_command_that_judges_it(project: Project) -> None:
    for verb in ("run", "ab"):
        outcome = project.cli(verb, "--", "hyperfine", "true")
        hint = f"perfgate {verb} --results bench.json -- hyperfine true --export-json bench.json"
        assert_cannot_decide(outcome, "this is hyperfine", hint)
    outcome = project.cli("run", "--", "pytest", "b.py", "--benchmark-json=out/b.json")
    assert_cannot_decide(
        outcome,
        "pytest-benchmark",
        r"perfgate run --results out/b\.json -- pytest b\.py --benchmark-json=out/b\.json\n",
    )
    outcome = project.cli("run", "--", "go", "test", "-bench", ".")
    assert_cannot_decide(outcome, "go test -bench", r"perfgate run --results - -- go test -bench \.\n")


TOOLS = os.environ.get("PERFGATE_TEST_TOOLS", "")
SUITE = "import pytest\n\ndef test_sort(benchmark):\n    benchmark(sorted, list(range(200)))\n"
PYPERF = "import pyperf\nrunner = pyperf.Runner()\nrunner.bench_func('sort', sorted, list(range(200)))\n"


@pytest.mark.tools
@pytest.mark.parametrize(
    ("words", "results", "names"),
    [
        (
            (
                f"{TOOLS}/python",
                "-m",
                "pytest",
                "-q",
                "suite.py",
                "--benchmark-json=b.json",
                "--benchmark-max-time=0.02",
            ),
            "b.json",
            {"suite.py::test_sort"},
        ),
        ((f"{TOOLS}/python", "runner.py", "--processes", "1", "--values", "5", "-o", "b.json"), "b.json", {"sort"}),
        (("hyperfine", "-N", "--runs", "6", "--export-json", "b.json", "true"), "b.json", {"true"}),
    ],
    ids=["pytest-benchmark", "pyperf", "hyperfine"],
)
def test_real_tools_leave_one_value_a_run(
    project: Project, words: tuple[str, ...], results: str, names: set[str]
) -> None:
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not here")
    project.write("suite.py", SUITE)
    project.write("runner.py", PYPERF)
    outcome = project.cli("run", "-n", "2", "--warmup", "0", "--results", results, "--", *words)
    assert outcome.code == 0, str(outcome)
    found = [project.read_json(f"{RUNS}/{path.name}") for path in project.runs()]
    assert {d["benchmark"] for d in found} == names
    assert len(found) == 2
    assert all(0 < d["series"]["time"]["values"][0] < 1 for d in found)


def test_hyperfine_results_of_one_name_are_distinguished_by_their_parameters(project: Project) -> None:
    entries = [{"command": "sort", "times": [1.0, 1.1], "parameters": {"k": k}} for k in ("one", "two")]
    entries.append({"command": "parse", "times": [1.0, 1.1], "parameters": {"k": "one"}})
    project.write("bench.sh", f"echo '{json.dumps({'results': entries})}' > r.json\n")
    assert project.cli("run", "-n", "1", "--results", "r.json", "--", "sh", "bench.sh").code == 0
    found = {
        (one["benchmark"], one["labels"].get("k"))
        for one in map(json.loads, (path.read_text() for path in project.runs()))
    }
    assert found == {("sort", "one"), ("sort", "two"), ("parse", None)}


def test_go_test_without_benchmarks_says_that_none_ran(project: Project) -> None:
    for line in ("PASS\\nok  \\texample.com/x\\t0.003s\\n", "?   \\texample.com/x\\t[no test files]\\n"):
        outcome = project.cli("run", "-n", "1", "--results", "-", "--", "printf", line)
        assert_cannot_decide(outcome, r"go test in which no benchmark ran \[format-unread\]", "-bench \\.")
