"""`--results` with real benchmarks in Go, Rust, C++ and JavaScript: built, run and judged.

`.ci/run` installs what it can; PERFGATE_TEST_NODE names a folder with `node_modules` that hold vitest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import RUNS

if TYPE_CHECKING:
    from support import Project

pytestmark = [pytest.mark.tools, pytest.mark.slow]

NODE = os.environ.get("PERFGATE_TEST_NODE", "")
REGISTRY = Path("/usr/share/cargo/registry")  # where Debian's packages put the sources of crates
WORK = "let mut t = 0u64; for i in 0..{n} {{ t = t.wrapping_mul(31).wrapping_add(i ^ (t >> 7)); }} t"
GO = """\
package demo

import "testing"

var sink uint64

func work(n uint64) uint64 {{
	t := uint64(0)
	for i := uint64(0); i < n; i++ {{
		t = t*31 + (i ^ (t >> 7))
	}}
	return t
}}

func BenchmarkWork(b *testing.B) {{
	for i := 0; i < b.N; i++ {{
		sink = work({n})
	}}
}}
"""
CPP = """\
#include <benchmark/benchmark.h>
static void work(benchmark::State& state) {{
    for (auto _ : state) {{
        unsigned long t = 0;
        for (unsigned long i = 0; i < {n}; i++) t = t * 31 + (i ^ (t >> 7));
        benchmark::DoNotOptimize(t);
    }}
}}
BENCHMARK(work);
BENCHMARK_MAIN();
"""
LIBTEST = """\
#![feature(test)]
extern crate test;
fn work(n: u64) -> u64 {{ {work} }}
#[bench]
fn bench_work(b: &mut test::Bencher) {{ b.iter(|| work(test::black_box({n}))); }}
"""
CRITERION = """\
use criterion::{{black_box, criterion_group, criterion_main, Criterion}};
use std::time::Duration;
fn work(n: u64) -> u64 {{ {work} }}
fn bench(c: &mut Criterion) {{ c.bench_function("work", |b| b.iter(|| work(black_box({n})))); }}
criterion_group! {{
    name = benches;
    config = Criterion::default().sample_size(10)
        .warm_up_time(Duration::from_millis(50)).measurement_time(Duration::from_millis(100));
    targets = bench
}}
criterion_main!(benches);
"""
CARGO = '[package]\nname = "demo"\nversion = "0.1.0"\nedition = "2021"\n'
WITH_CRITERION = """
[dev-dependencies]
criterion = { version = "0.3", default-features = false, features = ["cargo_bench_support"] }
[[bench]]
name = "sorts"
harness = false
"""
OFFLINE = '[source.crates-io]\nreplace-with = "here"\n[source.here]\ndirectory = "/usr/share/cargo/registry"\n'
JAVASCRIPT = """\
import {{ bench }} from 'vitest'
function work() {{
  let t = 0
  for (let i = 0; i < {n}; i++) t = (t * 31 + (i ^ (t >> 7))) | 0
  return t
}}
bench('work', () => {{ work() }}, {{ time: 30 }})
"""


def require(program: str, *words: str, env: dict[str, str]) -> None:
    """Skip a test when a program is not here, or does not start."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    if subprocess.run([program, *words], capture_output=True, env=env, check=False).returncode:
        pytest.skip(f"{program} does not start here")


def judged(project: Project, results: str, *words: str, setup: str = "", **env: str) -> None:
    """Run a benchmark twice and hold each file against what a benchmark of a few microseconds measures."""
    hooks = ("--setup", setup) if setup else ()
    call = ("run", "-n", "2", "--warmup", "0", *hooks, "--results", results, "--", *words)
    project.longest = 600.0  # a compiler takes long on a busy machine
    outcome = project.cli(*call, env=env)
    assert outcome.code == 0, str(outcome)
    found = [project.read_json(f"{RUNS}/{path.name}") for path in project.runs()]
    assert len(found) == 2
    (name,) = {one["benchmark"] for one in found}
    assert "work" in name.lower()
    for one in found:
        series = one["series"]
        (value,) = (series.get("time") or series["real_time"])["values"]
        assert 1e-7 < value < 1e-3


def test_go_test_is_judged_by_its_own_results(project: Project) -> None:
    home = {"GOCACHE": str(project.root.parent / "gocache"), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    require("go", "version", env=project.environment(**home))
    project.write("go.mod", "module example.com/demo\n\ngo 1.19\n")
    project.write("demo_test.go", GO.format(n=1000))
    judged(project, "-", "go", "test", "-bench", ".", "-benchtime", "20ms", **home)


def test_google_benchmark_is_judged_by_its_own_results(project: Project) -> None:
    require("g++", "--version", env=project.environment())
    project.write("b.cc", CPP.format(n=1000))
    build = "g++ -O1 -o bench b.cc -lbenchmark -lpthread"
    probe = subprocess.run(build.split(), cwd=project.root, capture_output=True, env=project.environment(), check=False)
    if probe.returncode:
        pytest.skip("libbenchmark-dev is not installed")
    words = ("./bench", "--benchmark_out=b.json", "--benchmark_out_format=json", "--benchmark_min_time=0.02")
    judged(project, "b.json", *words, setup=build)


def rust(project: Project) -> dict[str, str]:
    """Return the environment in which cargo works; a test without it is skipped."""
    kept = {name: os.environ.get(name, str(Path.home() / f".{name[:-5].lower()}")) for name in ("RUSTUP_HOME",)}
    env = {**kept, "CARGO_HOME": str(project.root.parent / "cargo"), "RUSTC_BOOTSTRAP": "1"}
    require("cargo", "--version", env=project.environment(**env))
    return env


def test_libtest_is_judged_by_its_own_results(project: Project) -> None:
    env = rust(project)
    project.write("Cargo.toml", CARGO)
    project.write("src/lib.rs", LIBTEST.format(work=WORK.format(n="n"), n=1000))
    judged(project, "-", "cargo", "bench", "--offline", **env)


@pytest.mark.heavy
def test_criterion_is_judged_by_its_own_results(project: Project) -> None:
    env = rust(project)
    if not list(REGISTRY.glob("criterion-0.3*")):
        pytest.skip("librust-criterion-dev is not installed")
    project.write("Cargo.toml", CARGO + WITH_CRITERION)
    project.write(".cargo/config.toml", OFFLINE)
    project.write("src/lib.rs", "")
    project.write("benches/sorts.rs", CRITERION.format(work=WORK.format(n="n"), n=1000))
    judged(project, "target/criterion", "cargo", "bench", "--offline", **env)


def test_vitest_is_judged_by_its_own_results(project: Project) -> None:
    require("node", "--version", env=project.environment())
    modules = Path(NODE, "node_modules")
    if not NODE or not (modules / "vitest").is_dir():
        pytest.skip("PERFGATE_TEST_NODE names no folder with vitest")
    (project.root / "node_modules").symlink_to(modules)
    project.write("package.json", '{"type": "module"}')
    project.write("work.bench.js", JAVASCRIPT.format(n=1000))
    words = ("node", "node_modules/vitest/vitest.mjs", "bench", "--run", "--outputJson", "b.json")
    judged(project, "b.json", *words)
