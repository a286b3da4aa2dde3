"""The project's own gate: what it judges of ratios and counts, what it counts, and its canary."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import gate_canary
import gate_collect
import gate_counts
import gate_ratios
import pytest
from support import ROOT, clean_environment

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["perfgate"]
MEASURED = """
import json
from perfgate.measure import measure_run_context

for name, metrics in json.load(open("values.json")).items():
    with measure_run_context(benchmark=name) as run:
        for metric, (value, unit) in metrics.items():
            run.record(metric, value, unit)
"""
VALUES = {
    "ratio.help": {"ratio": (1.1, "1")},
    "ratio.check": {"ratio": (0.3, "1")},
    "count.check": {"modules": (332, "1"), "opens": (356, "1")},
    "count.wheel": {"size": (4_286_064, "B")},
}


def with_value(benchmark: str, metric: str, value: float) -> dict:
    unit = VALUES[benchmark][metric][1]
    return {**VALUES, benchmark: {**VALUES[benchmark], metric: (value, unit)}}


@pytest.fixture
def gated(project: Project) -> Project:
    """A repository with the project's own configuration, and a program that records what a file says."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", re.search(r"(?ms)^\[tool\.perfgate\].*?(?=^\[tool\.pytest)", text)[0])
    project.write("job.py", MEASURED)
    project.write("values.json", json.dumps(VALUES))
    project.git("init", "-q", "-b", "main")
    project.commit("Base")
    return project


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "code", "shown"),
    [
        pytest.param(VALUES, 0, "PASS", id="unchanged"),
        pytest.param(with_value("ratio.help", "ratio", 1.15), 0, "PASS", id="ratio-4.5%", marks=pytest.mark.heavy),
        pytest.param(with_value("ratio.help", "ratio", 1.3), 1, "ratio.help", id="ratio-18%", marks=pytest.mark.heavy),
        pytest.param(with_value("ratio.check", "ratio", 0.6), 1, "<= 0.5", id="ratio-beyond-its-budget"),
        pytest.param(with_value("count.check", "modules", 335), 0, "PASS", id="modules-0.9%", marks=pytest.mark.heavy),
        pytest.param(with_value("count.check", "modules", 340), 1, "modules", id="modules-2.4%"),
        pytest.param(
            with_value("count.check", "opens", 381), 1, "<= 380", id="opens-over-budget", marks=pytest.mark.heavy
        ),
        pytest.param(with_value("count.wheel", "size", 4_420_000), 1, "size", id="wheel-3.1%", marks=pytest.mark.heavy),
    ],
)
def test_ratios_and_counts_fail_beyond_their_thresholds_and_budgets(
    gated: Project, values: dict, code: int, shown: str
) -> None:
    gated.write("values.json", json.dumps(values))
    done = gated.cli("ab", "--base", "HEAD", "-n", "4", "--", "python", "job.py")
    assert (done.code, shown in done.stdout) == (code, True), str(done)
    assert "elapsed" not in done.stdout


def test_what_other_processes_cost_is_judged_and_not_the_writing_of_it() -> None:
    assert {f"{kind}.*:{metric}" for kind in ("ratio", "count") for metric in ("elapsed", "peak_memory", "cpu")} == set(
        SETTINGS["exclude"]
    )


def test_every_ratio_and_count_has_a_budget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PERFGATE_OUT", str(tmp_path))
    for name, found in {
        "measure_startup": {"help": 1.0, "check": 0.3},
        "measure_collecting": {"collect": 2.0},
        "measure_tracing": {"span": 5.0, "span-off": 1.6},
    }.items():
        monkeypatch.setattr(gate_ratios, name, lambda found=found: found)
    monkeypatch.setattr(gate_counts, "count_check", lambda: {"modules": 3, "opens": 4})
    monkeypatch.setattr(gate_counts, "weigh_wheel", lambda: 5)
    monkeypatch.setattr(sys, "argv", ["gate_counts.py"])
    gate_ratios.main()
    gate_counts.main()
    written = {
        (run["benchmark"], metric): (value["value"], value["unit"], value["better"])
        for run in (json.loads(path.read_text()) for path in tmp_path.iterdir())
        for metric, value in run["metrics"].items()
    }
    assert written[("ratio.span-off", "ratio")] == (1.6, "1", "lower")
    assert written[("count.check", "opens")] == (4, "1", "lower")
    assert written[("count.wheel", "size")] == (5, "B", "lower")
    assert set(written) == {(budget["benchmark"], budget["metric"]) for budget in SETTINGS["budget"]}


def test_the_limits_that_warn_are_the_goals_of_the_page() -> None:
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    warned = {budget["benchmark"]: budget["warn"].split()[1] for budget in SETTINGS["budget"] if "warn" in budget}
    rows = {
        "ratio.help": "| `perfgate --help`, against `import click` |",
        "ratio.check": "| `perfgate check` of 20 runs against 20, against `import pandas` |",
        "ratio.span": "| a span, against a pair of `perf_counter_ns`",
        "ratio.span-off": "| a span when tracing is off, against an empty `with`",
    }
    for name, start in rows.items():
        (row,) = [line for line in page.splitlines() if line.startswith(start)]
        assert float(row.split("|")[-2]) == float(warned[name]), name


def test_the_page_names_what_exists() -> None:
    page = (ROOT / "docs" / "dogfood.md").read_text(encoding="utf-8")
    named = set(re.findall(r"tests/benchmarks/\w+\.py", page))
    measured = {f"tests/benchmarks/{name}.py" for name in ("gate_canary", "gate_collect", "gate_counts", "gate_ratios")}
    assert named == measured
    assert all((ROOT / path).is_file() for path in named)
    workflows = {path.stem for path in (ROOT / ".github" / "workflows").glob("*.yml")}
    assert {"perf", "perf-history", "perf-canary"} <= workflows & set(re.findall(r"`([\w-]+)`", page))
    assert all(
        f"`{budget['benchmark']}`" in page or budget["benchmark"] == "count.wheel" for budget in SETTINGS["budget"]
    )


@pytest.mark.slow
def test_the_counts_of_a_check_are_exact_and_what_a_check_loads_more_is_in_them(tmp_path: Path) -> None:
    first = gate_counts.count_check()
    assert gate_counts.count_check() == first
    extra = gate_counts.COUNTED.replace("from perfgate", "import this_module_is_counted\nfrom perfgate", 1)
    (tmp_path / "this_module_is_counted.py").write_text("open(__file__).close()\n")
    environ = clean_environment(tmp_path, PYTHONPATH=str(tmp_path), PYTHONPYCACHEPREFIX=str(tmp_path / "bytecode"))
    gate_counts.bench_startup.prepare_check(str(tmp_path))
    counts = []
    for code in (gate_counts.COUNTED, extra):
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
            )
        counts.append([int(word) for word in done.stderr.split()[-2:]])
    assert counts[1] == [counts[0][0] + 1, counts[0][1] + 2], "a module, its bytecode and the file that it opens"


def test_what_is_counted_can_be_chosen_and_a_wrong_name_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gate_counts.py", "wheels"])
    with pytest.raises(SystemExit, match="name check, wheel or nothing"):
        gate_counts.main()


@pytest.mark.parametrize(("percent", "spent"), [(0, 100), (25, 125), (100, 200)])
def test_the_switch_takes_exactly_so_much_more_time_of_the_clock(percent: int, spent: int) -> None:
    now = 1_000

    def clock() -> int:
        nonlocal now
        now += 1
        return now

    now += 99
    gate_collect.slow_down(1_000, percent, clock)
    assert now - 1_000 in {spent - 1, spent}


@pytest.mark.slow
def test_the_switch_is_off_and_where_it_is_on_the_measured_program_is_slower_by_it(tmp_path: Path) -> None:
    text = (ROOT / gate_canary.MEASURED).read_text(encoding="utf-8")
    assert gate_collect.SLOWER == 0
    asked = "slow_down = lambda began, percent, clock: print(percent)\n"
    for slower in (0, 25):
        changed = gate_canary.change(text, slower, 1).replace("FILES = 5_000", "FILES = 40")
        (tmp_path / "gate_collect.py").write_text(changed.replace("def main()", f"{asked}\n\ndef main()"))
        environ = clean_environment(tmp_path, PYTHONPATH=str(ROOT / "tests" / "benchmarks"))
        done = subprocess.run(
            [sys.executable, "gate_collect.py"], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
        )
        assert done.stdout == f"{slower}\n"


def test_a_program_without_the_switch_is_an_error() -> None:
    with pytest.raises(SystemExit, match="has 0 lines SLOWER = N"):
        gate_canary.change("FILES = 3\n", 25, 1)


NAP = "import time\n\nSLOWER = 0\ntime.sleep(0.05 * (100 + {}) / 100)\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("factor", "code", "said"),
    [
        pytest.param("SLOWER", 0, ["100 % slower: 1 of 1 red", "unchanged: 1 of 1 green"], id="the-gate-works"),
        pytest.param("0", 1, ["100 % slower: 0 of 1 red", "unchanged: 1 of 1 green"], id="the-slowdown-is-missed"),
    ],
)
def test_the_canary_counts_what_perfgate_ab_said_and_fails_when_it_was_wrong(
    project: Project, tmp_path: Path, factor: str, code: int, said: list[str]
) -> None:
    project.write("tests/benchmarks/gate_collect.py", NAP.format(factor))
    project.write("perfgate.toml", 'exclude = ["*:peak_memory"]\n[defaults]\nthreshold = "+40%"\n')
    shutil.copy2(gate_canary.__file__, project.path("tests/benchmarks/gate_canary.py"))
    project.git("init", "-q", "-b", "main")
    project.commit("Code")
    environ = clean_environment(tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"), GITHUB_ACTIONS="true")
    done = subprocess.run(
        [sys.executable, "tests/benchmarks/gate_canary.py", "--times", "1", "--slower", "100"],
        cwd=project.root, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()[-2:]) == (code, said), done.stdout + done.stderr
    summary = (tmp_path / "summary.md").read_text()
    assert summary == f"### Canary of the gate\n\n- {said[0]}\n- {said[1]}\n"
    assert project.git("status", "--porcelain") == "", "the clone is changed, not the repository"
