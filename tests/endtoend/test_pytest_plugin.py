"""The plugin of pytest, in a pytest of its own, as users call it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ab_cases import REPORT, ab, report, versions
from count_cases import UNCOVERED, stand_in
from support import ROOT, RUNS, Project

if TYPE_CHECKING:
    from support import Outcome

PLUGIN = ("-p", "perfgate.pytest_plugin", "-p", "no:cacheprovider")
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
TESTS = """
import pytest

def test_sort(benchmark):
    assert benchmark(sorted, list(range(300, 0, -1)))[0] == 1

@pytest.mark.parametrize("n", [10, 1000], ids=["a\\nb", "x" * 700])
def test_sum(perfgate, n):
    assert perfgate(sum, range(n)) == n * (n - 1) // 2

@pytest.mark.benchmark(group="fixed", min_rounds=3)
def test_rounds(benchmark):
    benchmark.pedantic(sum, args=(range(100_000),), rounds=4)
    assert not benchmark.enabled or benchmark.stats["mean"] > 0

def test_other():
    pass
"""


def run_pytest(project: Project, *words: str, **env: str) -> Outcome:
    return project.command(sys.executable, "-m", "pytest", "-q", *PLUGIN, *words, env={**UNCOVERED, **ALONE, **env})


@pytest.fixture
def suite(project: Project) -> Project:
    project.write("test_a.py", TESTS)
    return project


def written(project: Project) -> dict[str, dict]:
    return {d["benchmark"]: d for d in (json.loads(p.read_text()) for p in project.runs())}


def test_without_its_option_everything_runs_once_and_nothing_is_written(suite: Project) -> None:
    outcome = run_pytest(suite)
    assert outcome.code == 0, str(outcome)
    assert "5 passed" in outcome.stdout
    assert suite.runs() == []


def test_each_test_that_measures_is_a_run_file(suite: Project) -> None:
    outcome = run_pytest(suite, "--perfgate", "--perfgate-time", "0.02")
    assert outcome.code == 0, str(outcome)
    found = written(suite)
    assert len(found) == 4
    sort = found["test_a.py::test_sort"]["series"]["time"]
    assert (sort["unit"], sort["better"], sort["source"]) == ("s", "lower", "means of calls")
    assert len(sort["values"]) >= 5
    assert found["test_a.py::test_rounds"]["labels"] == {"group": "fixed"}
    assert len(found["test_a.py::test_rounds"]["series"]["time"]["values"]) == 4
    assert len({d["session"] for d in found.values()}) == 1
    assert all(d["environment"]["machine"] for d in found.values())
    assert "4 benchmarks in outputs/model_runs; next: perfgate check" in outcome.stdout
    assert suite.cli("baseline", "refresh").code == 0
    assert "test_a.py::test_sort" in suite.cli("baseline", "list").stdout


def test_a_slower_function_is_a_regression_of_check_and_its_runs_are_a_batch_of_their_own(project: Project) -> None:
    work = "import time\n\ndef test_nap(benchmark):\n    benchmark(time.sleep, {})\n"
    project.write("perfgate.toml", '[defaults]\nthreshold = "+60%"\n')
    for seconds, code in ((0.002, 0), (0.02, 1)):
        project.write("test_a.py", work.format(seconds))
        assert run_pytest(project, "--perfgate", "--perfgate-time", "0.05").code == 0
        if not code:
            assert project.cli("baseline", "refresh").code == 0
    assert project.cli("check").code == 1


def test_ab_judges_one_value_of_each_benchmark_a_process(project: Project) -> None:
    versions(project)
    project.write("test_a.py", "import time\n\ndef test_nap(perfgate):\n    perfgate(time.sleep, 0.001)\n")
    project.commit("A test")
    project.git("branch", "-f", "main")
    project.write("test_a.py", "import time\n\ndef test_nap(perfgate):\n    perfgate(time.sleep, 0.01)\n")
    project.commit("Slower")
    call = (sys.executable, "-m", "pytest", "-q", *PLUGIN, "--perfgate", "--perfgate-time", "0.03")
    outcome = ab(project, *REPORT, "--base", "main", "--", *call, runs=5, **ALONE)
    assert outcome.code == 1, str(outcome)
    found = {f["metric"]: f for f in report(project)["findings"] if f["statistic"] == "p50"}
    assert set(found) == {"time", "time.median"}
    assert (found["time"]["benchmark"], found["time"]["n_current"]) == ("test_a.py::test_nap", 5)


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("def test_x(benchmark): pass", "measured nothing: call it with a function"),
        ("def test_x(benchmark):\n    benchmark(int)\n    benchmark(int)", "a test measures one thing"),
        ("async def f(): ...\ndef test_x(benchmark): benchmark(f)", "f is asynchronous"),
        ("def f(): yield 1\ndef test_x(benchmark): benchmark(f)", "returned a generator"),
        ("async def f(): yield 1\ndef test_x(benchmark): benchmark(f)", "to be awaited"),
        (
            "import pytest\n@pytest.mark.benchmark(max_time='a')\ndef test_x(benchmark): benchmark(int)",
            "max_time of the mark benchmark must be a number",
        ),
        ("def test_x(benchmark, benchmark_weave): pass", "benchmark_weave is not known to perfgate"),
        ("def test_x(benchmark): benchmark(lambda: 1 / 0)", "ZeroDivisionError"),
        (
            "def test_x(benchmark): benchmark()",
            "give a function, and then its arguments: benchmark(function, 1, key=2); not nothing",
        ),
        ("def test_x(benchmark): benchmark(None)", "benchmark(function, 1, key=2); not None"),
        ("def test_x(benchmark): benchmark(sum([40, 2]))", "not 42"),
        ("def test_x(benchmark): benchmark.pedantic(None)", "not None"),
        (
            "import pytest\n@pytest.mark.benchmark(gruop='x')\ndef test_x(benchmark): benchmark(int)",
            "the mark benchmark has no gruop; known: ",
        ),
    ],
)
def test_a_test_that_measures_nothing_or_twice_fails_and_leaves_no_run_file(
    project: Project, body: str, cause: str
) -> None:
    project.write("test_a.py", body)
    outcome = run_pytest(project, "--perfgate", "--perfgate-time", "0.01")
    assert outcome.code == 1, str(outcome)
    assert cause in outcome.stdout
    assert project.runs() == []


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("import pytest\n@pytest.mark.skip\ndef test_x(benchmark): benchmark(int)", ""),
        ("import pytest\ndef test_x(benchmark):\n    pytest.skip('no')", ""),
        (
            "def test_x(benchmark): benchmark(int)",
            "import pytest\n@pytest.fixture\ndef benchmark():\n    return lambda f: f()\n",
        ),
    ],
    ids=["marked", "skipped", "another fixture"],
)
def test_a_run_that_measured_nothing_is_no_success(project: Project, body: str, more: str) -> None:
    project.write("test_a.py", body)
    project.write("conftest.py", more)
    outcome = run_pytest(project, "--perfgate", "--perfgate-time", "0.01")
    assert outcome.code == 4, str(outcome)
    assert "nothing was measured" in outcome.stdout


def test_a_benchmark_is_named_from_the_top_of_the_repository_wherever_pytest_is_called(project: Project) -> None:
    project.git("init", "-q")
    project.root.parent.joinpath("pytest.ini").write_text("[pytest]\n")
    project.write("perf/test_a.py", "def test_x(benchmark): benchmark(int)")
    words = (sys.executable, "-m", "pytest", "-q", *PLUGIN, "--perfgate", "--perfgate-time", "0.01")
    for cwd in (".", "perf"):
        out = ("--perfgate-out", str(project.path(RUNS)))
        assert project.command(*words, *out, env=ALONE, cwd=cwd).code == 0
    assert len(project.runs()) == 2
    assert set(written(project)) == {"perf/test_a.py::test_x"}


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (("-k", "other"), "no test that was collected uses the fixture benchmark or perfgate"),
        (("--perfgate-time", "0"), "--perfgate-time must be a number of seconds above 0"),
        (("--perfgate-time", "nan"), "--perfgate-time must be a number of seconds above 0"),
        (("-p", "xdist", "-n", "2"), "--perfgate measures in one process"),
    ],
)
def test_a_call_that_would_measure_nothing_is_refused(suite: Project, words: tuple[str, ...], cause: str) -> None:
    outcome = run_pytest(suite, "--perfgate", *words)
    assert outcome.code == 4, str(outcome)
    assert cause in outcome.stderr
    assert suite.runs() == []


def test_collecting_only_is_not_refused(suite: Project) -> None:
    assert run_pytest(suite, "--perfgate", "--collect-only", "-k", "other").code == 0


@pytest.mark.parametrize("out", ["a file", "a file/below"])
def test_a_folder_that_cannot_be_written_is_refused_before_any_test_runs(suite: Project, out: str) -> None:
    suite.write("a file", "")
    suite.write("test_b.py", "def test_loud(): print('it ran')")
    outcome = run_pytest(suite, "-s", "--perfgate", "--perfgate-time", "0.01", "--perfgate-out", out)
    assert outcome.code == 4, str(outcome)
    assert outcome.stderr.count("run files cannot be written into 'a file") == 1
    assert "name another folder by --perfgate-out" in outcome.stderr
    assert "it ran" not in outcome.stdout


def test_a_fixture_that_is_asked_for_while_a_test_runs_measures(project: Project) -> None:
    project.write("test_a.py", "def test_x(request): request.getfixturevalue('benchmark')(int)")
    assert run_pytest(project, "--perfgate", "--perfgate-time", "0.01").code == 0
    assert set(written(project)) == {"test_a.py::test_x"}
    project.write("test_a.py", "def test_x(request): pass")
    outcome = run_pytest(project, "--perfgate", "--perfgate-time", "0.01")
    assert outcome.code == 4, str(outcome)
    assert "asked for no fixture benchmark of perfgate" in outcome.stdout


def test_out_names_another_folder_and_a_warm_up_run_measures_nothing(suite: Project) -> None:
    words = ("--perfgate", "--perfgate-time", "0.01", "--perfgate-out", "elsewhere")
    for word in ("0", " OFF "):  # as everywhere
        assert run_pytest(suite, *words, PERFGATE_WRITE=word).code == 0
    assert not suite.path("elsewhere").exists()
    assert run_pytest(suite, *words).code == 0
    assert len(list(suite.path("elsewhere").glob("*.json"))) == 4
    assert not suite.path(RUNS).exists()


def test_nothing_of_perfgate_is_imported_before_it_measures(project: Project) -> None:
    program = (
        "import sys\n\ndef test_x():\n    print('loaded', sorted(m for m in sys.modules if m.startswith('perfgate')))\n"
    )
    project.write("test_a.py", program)
    outcome = run_pytest(project, "-s")
    assert "loaded ['perfgate', 'perfgate.pytest_plugin']" in outcome.stdout


def test_pytest_finds_the_plugin_by_itself() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert document["project"]["entry-points"]["pytest11"] == {"perfgate": "perfgate.pytest_plugin"}


@pytest.mark.tools
@pytest.mark.parametrize(
    "order",
    [("perfgate.pytest_plugin", "pytest_benchmark.plugin"), ("pytest_benchmark.plugin", "perfgate.pytest_plugin")],
)
def test_pytest_benchmark_keeps_its_fixture_unless_it_is_asked_to_step_aside(project: Project, order) -> None:
    python = Path(os.environ.get("PERFGATE_TEST_TOOLS", ""), "python")
    if not python.is_file():
        pytest.skip("PERFGATE_TEST_TOOLS names no environment with pytest-benchmark")
    project.write(
        "test_a.py", "def test_x(benchmark):\n    benchmark(int)\n    print('is', type(benchmark).__module__)\n"
    )
    plugins = [word for name in order for word in ("-p", name)]
    for words, module in (
        ((), "pytest_benchmark.fixture"),
        (("--perfgate", "--perfgate-time", "0.01"), "perfgate.measure.calls.fixture"),
    ):
        outcome = project.command(
            str(python), "-m", "pytest", "-q", "-s", *plugins, *words, "--benchmark-disable-gc", env=ALONE
        )
        assert outcome.code == 0, str(outcome)
        assert f"is {module}" in outcome.stdout


COUNTED = """
def work(n):
    total = 0
    for i in range(n):
        total += i % 7
    return total

def test_a(benchmark):
    assert benchmark(work, {0}) > 0

def test_b(benchmark):
    benchmark.pedantic(work, args=({0},), rounds=5)
"""


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind")
def test_instructions_of_a_function_are_exact_and_one_percent_more_work_is_one_percent(project: Project) -> None:
    counts = []
    for n in (20_000, 20_000, 20_000, 20_200):
        project.drop_runs("*")
        project.write("test_a.py", COUNTED.format(n))
        outcome = run_pytest(project, "--perfgate-counts")
        assert outcome.code == 0, str(outcome)
        assert "test_a.py::test_a" in outcome.stdout
        found = written(project)
        assert all(set(d["series"]) == {"instructions"} for d in found.values())
        assert found["test_a.py::test_a"]["series"]["instructions"]["source"].startswith("callgrind of valgrind-")
        counts.append([found[f"test_a.py::test_{x}"]["series"]["instructions"]["values"][0] for x in "ab"])
    _, first, second, more = counts  # the very first one compiled the test
    for one, two, three in zip(first, second, more, strict=True):
        assert abs(two / one - 1) < 2e-4
        assert abs(three / two - 1.01) < 2e-3


@pytest.mark.tools
@pytest.mark.heavy
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind")
def test_ab_judges_counts_exactly(project: Project) -> None:
    project.longest = 300.0  # a busy machine counts slowly
    versions(project)
    for name, n in (("main", 20_000), ("change", 20_400)):
        project.git("checkout", "-q", "-B", name)
        project.write("test_a.py", COUNTED.format(n))
        project.commit(f"{n}")
    unset = [word for name in UNCOVERED for word in ("-u", name)]
    call = ("env", *unset, sys.executable, "-m", "pytest", "-q", *PLUGIN, "--perfgate-counts")
    outcome = ab(project, *REPORT, "--base", "main", "--", *call, runs=2, **ALONE)
    assert outcome.code == 1, str(outcome)
    found = [f for f in report(project)["findings"] if f["statistic"] == "p50"]
    assert {(f["metric"], f["method"], f["limit_text"], f["status"]) for f in found} == {
        ("instructions", "exact", "+0.5%", "regressed")
    }


@pytest.mark.tools
@pytest.mark.heavy
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind")
def test_a_function_that_starts_a_process_is_not_counted_and_one_that_raises_changes_no_other(project: Project) -> None:
    late = "def test_late(benchmark):\n    n = [0]\n    def g():\n        n[0] += 1\n"
    late += "        if n[0] > {0}: raise ValueError\n"
    late += "        sum(range(2000))\n    try: benchmark(g)\n    except ValueError: pass\n"
    after = "def test_z(benchmark):\n    def g():\n        for i in range(30000): i % 7\n    benchmark(g)\n"
    counts = []
    for limit in (10**9, 10**9, 2):
        project.drop_runs("*")
        project.write("test_a.py", late.format(limit) + after)
        run_pytest(project, "--perfgate-counts")
        counts.append(written(project)["test_a.py::test_z"]["series"]["instructions"]["values"][0])
    # A file that is compiled anew leaves other objects in memory, which may be 1 %; a counter that stays on adds 2.5 %.
    assert abs(counts[2] / counts[1] - 1) < 0.018
    project.drop_runs("*")
    project.write(
        "test_a.py", "import subprocess\ndef test_x(benchmark): benchmark(lambda: subprocess.run(['true']))\n"
    )
    outcome = run_pytest(project, "--perfgate-counts")
    assert outcome.code == 1
    assert "the function starts processes" in outcome.stdout
    assert project.runs() == []


def test_without_a_counter_it_says_what_is_missing(project: Project, tmp_path: Path) -> None:
    project.write("test_a.py", TESTS)
    bare = tmp_path / "bare"
    bare.mkdir()
    outcome = run_pytest(project, "--perfgate-counts", PATH=str(bare))
    assert outcome.code == 4, str(outcome)
    assert "--perfgate-counts: counting needs Valgrind" in outcome.stderr


def test_a_process_that_does_not_run_under_the_counter_is_no_count(project: Project, tmp_path: Path) -> None:
    project.write("test_a.py", TESTS)
    outcome = run_pytest(project, "--perfgate-counts", PERFGATE_COUNTS=str(tmp_path / "none"))
    assert outcome.code == 4, str(outcome)
    assert "does not run under Valgrind" in outcome.stderr


def test_a_process_whose_whole_is_counted_counts_no_functions(project: Project, tmp_path: Path) -> None:
    project.write("test_a.py", TESTS)
    call = (sys.executable, "-m", "pytest", "-q", *PLUGIN, "--perfgate-counts")
    outcome = project.cli("run", "-n", "1", "--counts", "--", *call, env={**ALONE, **stand_in(tmp_path)})
    assert outcome.code == 2, str(outcome)
    assert "leave --counts of perfgate out" in outcome.stderr
