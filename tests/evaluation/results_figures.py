"""How `perfgate ab --results` does with real tools: alarms of unchanged code, and a test of pytest that is made slower.

python tests/evaluation/results_figures.py                       resample the recorded rounds, and print alarms
python tests/evaluation/results_figures.py --record FILE.csv.gz  record rounds of each tool that is installed
python tests/evaluation/results_figures.py --live 20             so many real comparisons of a suite of pytest-benchmark

A recorded round is a process of the tool, of which `perfgate run --results` keeps one value a benchmark. A trial of
unchanged code takes neighbouring rounds, gives them to both sides as `perfgate ab` orders them, and judges them with
its interim analyses. PERFGATE_TEST_TOOLS names a folder with a Python that has pytest-benchmark and pyperf,
PERFGATE_TEST_NODE one with vitest.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this tree's perfgate, installed or not

from bisect_figures import profile

from perfgate.config import BUILT_IN
from perfgate.gate.judge import Pair
from perfgate.gate.sequential import failures_of, judge_analysis, plan_analyses
from perfgate.pipeline.ab.rounds import order_sides

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT / "tests" / "data" / "noise" / "results_own.csv.gz"
ROUNDS = 5
"""Rounds of two runs a side, as `perfgate ab --results` makes them at the most."""
TOOLS = os.environ.get("PERFGATE_TEST_TOOLS", "")
NODE = os.environ.get("PERFGATE_TEST_NODE", "")
SUITE = """\
def test_parse(benchmark):
    benchmark(lambda: [int(x) for x in "1 2 3 4 5 6 7 8 9".split() * {n}])

def test_sort(benchmark):
    benchmark(lambda: sorted((7919 * i) % 1000 for i in range(300)))

def test_table(benchmark):
    benchmark(lambda: {{i: str(i) for i in range(300)}})
"""
GO = """\
package demo

import "testing"

var sink uint64

func BenchmarkWork(b *testing.B) {
	for i := 0; i < b.N; i++ {
		for k := uint64(0); k < 1000; k++ {
			sink = sink*31 + (k ^ (sink >> 7))
		}
	}
}
"""
CPP = """\
#include <benchmark/benchmark.h>
static void work(benchmark::State& state) {
    for (auto _ : state) {
        unsigned long t = 0;
        for (unsigned long i = 0; i < 1000; i++) t = t * 31 + (i ^ (t >> 7));
        benchmark::DoNotOptimize(t);
    }
}
BENCHMARK(work);
BENCHMARK_MAIN();
"""
LIBTEST = """\
#![feature(test)]
extern crate test;
fn work(n: u64) -> u64 { let mut t = 0u64; for i in 0..n { t = t.wrapping_mul(31).wrapping_add(i ^ (t >> 7)); } t }
#[bench]
fn bench_work(b: &mut test::Bencher) { b.iter(|| work(test::black_box(1000))); }
"""
JAVASCRIPT = """\
import { bench } from 'vitest'
function work() {
  let t = 0
  for (let i = 0; i < 10000; i++) t = (t * 31 + (i ^ (t >> 7))) | 0
  return t
}
bench('work', () => { work() }, { time: 100 })
"""
PYPERF = "import pyperf\npyperf.Runner().bench_func('sort', sorted, [(7919 * i) % 1000 for i in range(300)])\n"
PYTEST = (f"{TOOLS}/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_suite.py",
          "--benchmark-json=b.json", "--benchmark-max-time=0.2", "--benchmark-min-rounds=5")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool, and a suite of it."""

    files: dict[str, str]
    results: str
    words: tuple[str, ...]
    setup: str = ""


CALLS = {
    "pytest-benchmark": Tool(files={"test_suite.py": SUITE.format(n=20)}, results="b.json", words=PYTEST),
    "pyperf": Tool(
        files={"runner.py": PYPERF},
        results="b.json",
        words=(f"{TOOLS}/python", "runner.py", "--processes", "1", "--values", "5", "-o", "b.json"),
    ),
    "hyperfine": Tool(
        files={}, results="b.json", words=("hyperfine", "-N", "--runs", "6", "--export-json", "b.json", "git --version")
    ),
    "go test": Tool(
        files={"go.mod": "module example.com/demo\n\ngo 1.19\n", "demo_test.go": GO},
        results="-",
        words=("go", "test", "-bench", ".", "-benchtime", "100ms", "-count", "2"),
    ),
    "Google Benchmark": Tool(
        files={"b.cc": CPP},
        results="b.json",
        words=("./bench", "--benchmark_out=b.json", "--benchmark_min_time=0.1", "--benchmark_repetitions=5"),
        setup="g++ -O1 -o bench b.cc -lbenchmark -lpthread",
    ),
    "cargo bench": Tool(
        files={"Cargo.toml": '[package]\nname = "demo"\nversion = "0.1.0"\nedition = "2021"\n', "src/lib.rs": LIBTEST},
        results="-",
        words=("cargo", "bench", "--offline"),
    ),
    "vitest": Tool(
        files={"package.json": '{"type": "module"}', "work.bench.js": JAVASCRIPT},
        results="b.json",
        words=("node", "node_modules/vitest/vitest.mjs", "bench", "--run", "--outputJson", "b.json"),
    ),
}


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of the runs."""
    kept = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith(("GITHUB_", "PERFGATE_", "PYTEST"))}
    who = {f"GIT_{who}_{what}": "someone" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    builds = {"GOCACHE": str(folder.parent / "gocache"), "GOFLAGS": "-mod=mod", "RUSTC_BOOTSTRAP": "1"}
    return {**kept, **who, **builds, "PYTHONPATH": str(ROOT)}


def perfgate(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run perfgate."""
    return subprocess.run(
        [sys.executable, "-m", "perfgate", *words], cwd=folder, env=environment(folder),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def record(path: Path, rounds: int) -> None:
    """Write the values of each tool that is installed, one a benchmark and run."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("tool", "benchmark", "run", "seconds"))
    for tool, its in CALLS.items():
        if its.words[0][0] != "." and shutil.which(its.words[0]) is None:
            print(f"{tool} is not installed")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch, "demo")
            folder.mkdir()
            for name, content in its.files.items():
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text(content, encoding="utf-8")
            if NODE:
                (folder / "node_modules").symlink_to(Path(NODE, "node_modules"))
            setup = ("--setup", its.setup) if its.setup else ()
            done = perfgate(folder, "run", "-n", str(rounds), *setup, "--results", its.results, "--", *its.words)
            if done.returncode:
                print(f"{tool} is left out: {done.stderr.strip().splitlines()[0]}")
                continue
            found = [json.loads(p.read_text()) for p in (folder / "outputs" / "model_runs").iterdir()]
            runs: dict[str, int] = defaultdict(int)
            for one in sorted(found, key=lambda one: (one["started_at"], one["run_id"])):
                values = (one["series"].get("time") or one["series"]["real_time"])["values"]
                writer.writerow((tool, one["benchmark"], runs[one["benchmark"]], repr(values[0])))
                runs[one["benchmark"]] += 1
        print(f"{tool}: {rounds} runs", flush=True)
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def recorded() -> dict[str, dict[str, list[float]]]:
    """Return the recorded values: tool -> benchmark -> one a run."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with gzip.open(RECORDED, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["tool"]][row["benchmark"]].append(float(row["seconds"]))
    return found


def is_red(rows: dict[str, list[float]], rng: random.Random, slower: float = 0.0) -> bool:
    """Is a comparison of unchanged code red, or one whose head is slower in each row?"""
    runs = ROUNDS * 4
    start = rng.randrange(len(next(iter(rows.values()))) - runs + 1)
    order = list(islice(order_sides(rng.randrange(2**32)), runs))
    failed = {}
    for analysis in plan_analyses(ROUNDS):
        pairs = []
        for name, values in rows.items():
            sides: dict[str, list[float]] = {"base": [], "head": []}
            for side, value in zip(order[: analysis.rounds * 4], values[start:], strict=False):
                sides[side].append(value * (1 + slower if side == "head" else 1.0))
            base, head = (profile(tuple(sides[side]), name) for side in ("base", "head"))
            pairs.append(Pair(base=base, current=head))
        judgement = judge_analysis(pairs, BUILT_IN, analysis, failed)
        failed |= failures_of(judgement)
        if not judgement.rows_still_open:
            break
    return bool(failed)


def resample(trials: int) -> None:
    """Print how many trials are red, by tool."""
    print("| tool | benchmarks | recorded runs | unchanged, red % | +25 %, red % |\n|---|--:|--:|--:|--:|")
    for tool, rows in recorded().items():
        rng = random.Random(tool)
        shares = [100 * sum(is_red(rows, rng, slower) for _ in range(trials)) / trials for slower in (0.0, 0.25)]
        runs = len(next(iter(rows.values())))
        print(f"| {tool} | {len(rows)} | {runs} | {shares[0]:.1f} | {shares[1]:.1f} |", flush=True)


def live(trials: int) -> None:
    """Print the exit codes of real comparisons of a suite of three tests: unchanged, and one of them 25 % slower."""
    print("| a test of pytest-benchmark | comparisons | exit 1 | exit 2 | runs a side, mean |\n|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "demo")
        folder.mkdir()
        git = ("git", "-C", str(folder))
        subprocess.run([*git, "init", "-q"], check=True)
        (folder / ".gitignore").write_text("b.json\nr.json\n__pycache__\n", encoding="utf-8")
        (folder / "test_suite.py").write_text(SUITE.format(n=20), encoding="utf-8")
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "Add a suite"], check=True, env=environment(folder))
        words = (*PYTEST, "--benchmark-timer=time.process_time")  # of a quiet machine's clock, also on a busy one
        for name, n in (("unchanged", 20), ("+25 %", 25)):
            (folder / "test_suite.py").write_text(SUITE.format(n=n), encoding="utf-8")
            codes, runs = [], 0
            for seed in range(trials):
                call = ("ab", "--base", "HEAD", "--seed", str(seed), "--report", "r.json", "--results", "b.json")
                done = perfgate(folder, *call, "--", *words)
                codes.append(done.returncode)
                findings = json.loads((folder / "r.json").read_text(encoding="utf-8"))["findings"]
                runs += max((f["n_current"] for f in findings), default=0)
            mean = runs / trials
            print(f"| {name} | {trials} | {codes.count(1)} | {codes.count(2)} | {mean:.1f} |", flush=True)


def main() -> None:
    """Record, compare, or resample what was recorded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--live", type=int, default=0)
    parser.add_argument("--trials", type=int, default=1000)
    options = parser.parse_args()
    if options.record:
        record(options.record, options.rounds)
    elif options.live:
        live(options.live)
    else:
        resample(options.trials)


if __name__ == "__main__":
    main()
