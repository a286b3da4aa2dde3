"""How counted instructions do on real programs in real git repositories: alarms on the same code, and finds of +1 %.

Run it by hand: `python tests/evaluation/count_figures.py --trials 20`. Each trial makes a repository with two commits,
compares them by the real command line, and is judged by its exit code and its report. The head of an unchanged
trial has another comment; that of a changed one does 1 % more work. The amount of work differs from trial to trial,
since a count of the very same program would be the same twenty times. It needs Valgrind, gcc and rustc; a program
that cannot be made is left out by name.

`--only NAME` takes one program, `--factor 1.01` one amount of work. `--costs` prints instead what counting costs, as
ratios within one run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

ENVIRON = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith(("GITHUB_", "PERFGATE_", "PYTEST_"))}
ENVIRON |= {f"GIT_{who}_{what}": "someone" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
ENVIRON |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
MORE = 1.01
C = """
// {note}
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int by_text(const void *a, const void *b) {{ return strcmp(*(char *const *)a, *(char *const *)b); }}
int main(void) {{
  int n = {work};
  char **texts = malloc(n * sizeof *texts);
  unsigned state = 1;
  for (int i = 0; i < n; i++) {{
    state = state * 1103515245u + 12345u;
    texts[i] = malloc(16);
    snprintf(texts[i], 16, "%u", state);
  }}
  qsort(texts, n, sizeof *texts, by_text);
  puts(texts[n / 2]);
}}
"""
RUST = """
// {note}
use std::collections::HashMap;
fn main() {{
    let mut words: HashMap<String, u64> = HashMap::new();
    let mut state: u64 = 1;
    for _ in 0..{work} {{
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        *words.entry(format!("w{{}}", (state >> 33) % 997)).or_insert(0) += 1;
    }}
    println!("{{}}", words.values().max().unwrap());
}}
"""
PYTHON = """
# {note}
def work(n):
    table = {{}}
    for i in range(n):
        key = f"k{{i % 997}}"
        table[key] = table.get(key, 0) + i % 7
    return sorted(table.values())[-1]

print(work({work}))
"""
INSIDE = """
# {note}
from perfgate.measure import measure_run_context

def work(n):
    table = {{}}
    for i in range(n):
        key = f"k{{i % 997}}"
        table[key] = table.get(key, 0) + i % 7
    return sorted(table.values())[-1]

with measure_run_context(benchmark="table"):
    print(work({work}))
"""
TESTS = """
# {note}
import json, re, string
from collections import Counter
from decimal import Decimal
N = {work}

class Point:
    def __init__(self, x):
        self.x = x

def total(n): return sum(i % 7 for i in range(n))
def table(n): return Counter(i % 97 for i in range(n))
def text(n): return "".join(str(i) for i in range(n))
def ordered(n): return sorted(range(n), key=lambda i: i * 7919 % 10007)
def document(n): return [json.loads(json.dumps([i, str(i)])) for i in range(n // 8)]
def pattern(n): return [re.match(r"(a+)-(\\d+)", f"aaa-{{i}}") for i in range(n // 2)]
def objects(n): return [Point(i).x for i in range(n)]
def exact(n): return sum((Decimal(i) for i in range(n)), Decimal(0))
def letters(n): return [string.ascii_letters[i % 52].upper() for i in range(n)]
def nested(n): return [[i, [i]] for i in range(n)]

def test_total(benchmark): benchmark(total, N)
def test_table(benchmark): benchmark(table, N)
def test_text(benchmark): benchmark(text, N)
def test_ordered(benchmark): benchmark(ordered, N)
def test_document(benchmark): benchmark(document, N)
def test_pattern(benchmark): benchmark(pattern, N)
def test_objects(benchmark): benchmark(objects, N)
def test_exact(benchmark): benchmark(exact, N)
def test_letters(benchmark): benchmark(letters, N)
def test_nested(benchmark): benchmark(nested, N)
"""
PYTEST = ("-m", "pytest", "-q", "-p", "perfgate.pytest_plugin", "-p", "no:cacheprovider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program whose instructions are counted."""

    name: str
    """In the table, and for `--only`."""
    file: str
    """Its file."""
    text: str
    """Content of the file, with places for a note and the amount of work."""
    work: int
    """Amount of work, in which a step of 1 % is a whole number."""
    argv: tuple[str, ...]
    """The measured command."""
    options: tuple[str, ...] = ("--counts",)
    """Of `perfgate ab`."""
    needs: str = ""
    """A tool without which it is left out; empty: none."""


PROGRAMS = (
    Program(
        name="C",
        file="tool.c",
        text=C,
        work=20_000,
        argv=("./tool",),
        options=("--counts", "--setup", "gcc -O2 -o tool tool.c"),
        needs="gcc",
    ),
    Program(
        name="Rust",
        file="tool.rs",
        text=RUST,
        work=100_000,
        argv=("./tool",),
        options=("--counts", "--setup", "rustc -O -o tool tool.rs"),
        needs="rustc",
    ),
    Program(name="Python", file="job.py", text=PYTHON, work=40_000, argv=(sys.executable, "job.py")),
    Program(name="Python region", file="job.py", text=INSIDE, work=5_000, argv=(sys.executable, "job.py")),
    Program(
        name="ten tests",
        file="test_ten.py",
        text=TESTS,
        work=2_000,
        argv=(sys.executable, *PYTEST, "--perfgate-counts"),
        options=("-n", "2"),
    ),
)


def git(folder: Path, *words: str) -> None:
    """Run git."""
    subprocess.run(["git", *words], cwd=folder, check=True, env=ENVIRON, capture_output=True)


def compare(program: Program, trial: int, factor: float) -> tuple[int, int, list[float]]:
    """Return the exit code of one comparison, how many rows are worse, and the changes of all."""
    work = program.work + program.work // 100 * trial
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "repository")
        folder.mkdir()
        git(folder, "init", "-q")
        (folder / ".gitignore").write_text("tool\n__pycache__\noutputs\n", encoding="utf-8")
        for note, amount in (("base", work), ("head", round(work * factor))):
            text = textwrap.dedent(program.text.format(note=note, work=amount))
            (folder / program.file).write_text(text, encoding="utf-8")
            git(folder, "add", "-A")
            git(folder, "commit", "-qm", note)
        words = ["ab", "--base", "HEAD~1", "--seed", str(trial), "--report", "../r.json", *program.options, "--"]
        call = [sys.executable, "-m", "perfgate", *words, *program.argv]
        done = subprocess.run(call, cwd=folder, env=ENVIRON, capture_output=True, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(done.stderr.decode())
        report = json.loads(Path(scratch, "r.json").read_text(encoding="utf-8"))
    rows = [f for f in report["findings"] if f["metric"] == "instructions" and f["statistic"] == "p50"]
    return done.returncode, sum(f["status"] == "regressed" for f in rows), [f["change"] for f in rows]


def print_trials(trials: int, only: str, factors: tuple[float, ...]) -> None:
    """Print alarms and finds of each program."""
    print("| program | work | trials | exit 1 | rows worse | change of a row, least and largest |")
    print("|---|--:|--:|--:|--:|---|")
    for program in PROGRAMS:
        if only not in {"", program.name}:
            continue
        if program.needs and not shutil.which(program.needs):
            print(f"| {program.name}: left out, no {program.needs} | | | | | |")
            continue
        for factor in factors:
            found = []
            for trial in range(trials):
                found.append(compare(program, trial, factor))
                print(f"{program.name}, {factor - 1:+.0%}, trial {trial + 1}: exit {found[-1][0]}", file=sys.stderr)
            changes = [change for _, _, some in found for change in some]
            red, worse = sum(code for code, _, _ in found), sum(rows for _, rows, _ in found)
            span = f"{min(changes):+.4%} to {max(changes):+.4%}"
            cells = (program.name, f"{factor - 1:+.0%}", trials, red, f"{worse} of {len(changes)}", span)
            print(f"| {' | '.join(map(str, cells))} |", flush=True)


def spent(argv: list[str], folder: Path, **env: str) -> float:
    """Return the processor time of a command and of all that it waits for, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(argv, cwd=folder, env={**ENVIRON, **env}, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout.decode() + done.stderr.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def instructions(argv: list[str], folder: Path) -> int:
    """Return the instructions of a command, with the plugins that pytest finds by itself."""
    from perfgate.measure.command.counting import VARIABLES, counted, find_counter, read_counts  # the tree beside it

    counter = find_counter()
    if counter is None:
        raise SystemExit("no Valgrind")
    with tempfile.TemporaryDirectory() as logs:
        env = {**ENVIRON, **VARIABLES, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}
        subprocess.run(counted(counter, argv, logs), cwd=folder, env=env, capture_output=True, check=True)
        return read_counts(logs).instructions


def print_ratio(name: str, one: list[float], other: list[float]) -> None:
    """Print two costs and their ratios."""
    least, middle = min(other) / min(one), statistics.median(other) / statistics.median(one)
    cells = (f"{min(one):.3f}", f"{min(other):.3f}", f"{least:.3f}", f"{middle:.3f}")
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


SHORT = """
def work(n):
    total = 0
    for i in range(n):
        total += i % 7
    return total

def test_one(benchmark): benchmark(work, 20_000)
def test_two(benchmark): benchmark(sorted, [i * 7919 % 10007 for i in range(10_000)])
def test_three(benchmark): benchmark(lambda: [str(i) for i in range(10_000)])
"""
SAMPLES = """
from perfgate.measure.calls.timing import CLOCK, sample, time_calls
def nothing(): pass
alone = []
for _ in range(200):
    began = CLOCK(); CLOCK(); alone.append(CLOCK() - began)
one = [sample(nothing, 1, CLOCK) for _ in range(20_000)]
thousand = [sample(nothing, 10_000, CLOCK) for _ in range(50)]
timed = time_calls(nothing, 0.3)
print(min(one) - min(thousand) / 10_000, min(timed.values) * timed.loops * 1e9)
"""


def print_costs(repetitions: int) -> None:
    """Print what the plugin and its counting cost, interleaved.

    A time of `pytest --help` varies by more than the plugin takes, so that its instructions are counted.
    """
    print("| what | without | with | ratio of the minima | of the medians |\n|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "test_three.py").write_text(SHORT, encoding="utf-8")
        plain, counted, bare, loaded = ([] for _ in range(4))
        python = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        plugin = ["-p", "perfgate.pytest_plugin"]
        for _ in range(repetitions):
            plain.append(spent([*python, *plugin], folder))
            counted.append(spent([*python, *plugin, "--perfgate-counts"], folder))
        print_ratio("three tests, `--perfgate-counts`; CPU seconds", plain, counted)
        words = [sys.executable, "-m", "pytest", "--help"]
        for _ in range(3):
            bare.append(instructions([*words, "-p", "no:perfgate"], folder) / 1e9)
            loaded.append(instructions(words, folder) / 1e9)
        print_ratio("`pytest --help`, the plugin; 10^9 instructions", bare, loaded)
        done = subprocess.run([sys.executable, "-c", SAMPLES], env=ENVIRON, capture_output=True, text=True, check=True)
        own, least = map(float, done.stdout.split())
        print(f"\na sample costs {own:.0f} ns more than its call; the shortest sample of one took {least / 1e6:.2f} ms")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=20, help="trials of each program and amount of work")
    parser.add_argument("--only", default="", help="name of the one program to try")
    parser.add_argument("--factor", type=float, help="the one amount of work to try: 1 is the same, 1.01 is 1 %% more")
    parser.add_argument("--costs", type=int, metavar="N", help="print the costs instead, in N repetitions (3)")
    given = parser.parse_args()
    if given.costs:
        print_costs(given.costs)
    else:
        print_trials(given.trials, given.only, (given.factor,) if given.factor else (1.0, MORE))


if __name__ == "__main__":
    main()
