"""Tools that repeat the code until a time is over, recognised by their arguments or by what they print.

What such a command costs as a whole says nothing about the code: a benchmark that became a hundred times slower is
repeated a hundred times less often.
"""

from __future__ import annotations

import os
import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from perfgate.measure.command.simple import simple_commands

if TYPE_CHECKING:
    from collections.abc import Sequence


class FixedTimeTool(NamedTuple):
    """A tool that repeats for a fixed time, and how its command line shows it.

    The expressions are for whole words; an option and the word behind it are also one word with ``=`` between.
    """

    name: str
    """What people call it."""
    programs: str
    """Expression for the program's file name, or the Python module."""
    append: str = ""
    """Words by which it writes a file that `perfgate check` reads; empty: it does so by itself, or never."""
    file: str = ""
    """That file or folder; empty: it writes none that can be read."""
    fixed: str = ""
    """Words by which it does fixed work; empty: it cannot."""
    command: str = ""
    """Expression for the subcommand, the first word that is no option; empty: there is none."""
    when: str = ""
    """Expression for words of which one shows that it repeats; empty: it does without any."""
    unless: str = ""
    """Expression for words of which one shows that the work is fixed."""
    formats: tuple[str, ...] = ()
    """Names of the formats of its files, as in ``--from``, unless it does fixed work by default."""
    screen: str = ""
    """Expression for a line that it prints; empty: none that is its own."""
    beside: str = ""
    """Expression for another line that it prints as well, where the first may be any program's; empty: none."""


_GOOGLE = r"filter|min_time|min_warmup_time|repetitions|out|out_format|format|time_unit|enable_random_interleaving"
_WRAPPERS = {"gradlew", "mvnw"}
"""Programs in a project's own folder that are known by their names all the same."""
_LONGEST_LINE = 400  # characters; no tool prints longer ones, and expressions stay quick
_OUTPUTS = (
    r"--(?:benchmark-json|benchmark_out|export-json|outputJson|output|summary-export|out|json-file)=(?:json=)?(\S+)",
    r"-(?:o|rff|g|e)=(?!csv$)(\S+)",
    r"(?:-l|--logfile)=(\S+\.(?:jtl|csv|xml))",
    r".*>\s*([^\s;&|<>\"']+)[\s\"')}]*",
)
"""What names the output file: long options, short ones, a redirection in a text for a shell."""

TOOLS: tuple[FixedTimeTool, ...] = (
    FixedTimeTool(
        "pytest-benchmark", r"pytest(-3)?|py\.test", "--benchmark-json=bench.json", "bench.json",
        when=r"--benchmark-.*", unless=r"--benchmark-(disable|skip|help)|--co|--collect-only",
        formats=("pytest-benchmark",),
        screen=r"-+ benchmark(?: '[^\n]*')?: \d+ tests -+",
    ),
    FixedTimeTool(
        "pyperf", "pyperf", "-o bench.json", "bench.json", "--loops 1000",
        command="timeit|command", unless=r"(-l|--loops)=.*|-l\d+", formats=("pyperf",),
        screen=r"(?:.+: )?Mean \+- std dev: [\d.]+ (?:ns|us|ms|sec) \+- [\d.]+ (?:ns|us|ms|sec)",
    ),
    FixedTimeTool(
        "timeit", "timeit", fixed="-n 1000", unless=r"-n\d+|(-n|--number)=.*",
        screen=r"\d+ loops?, best of \d+: .* per loop",
    ),
    FixedTimeTool(
        "asv", "asv", "", ".asv/results", "--quick",
        command="run|continuous|dev", unless="-q|--quick|-n|--dry-run", formats=("asv", "asv-file"),
    ),
    FixedTimeTool(
        "go test -bench", "go|gotestsum", "> bench.txt", "bench.txt", "-benchtime 100x",
        when=r"--?(test\.)?bench(=.*)?", unless=r"--?(test\.)?benchtime=\d+x|--?(test\.)?bench=(\^\$)?",
        formats=("go-bench",),
        screen=r"Benchmark\S+\s+\d+\s+[\d.]+ ns/op.*",
    ),
    FixedTimeTool(
        "go test -bench", ".*", "> bench.txt", "bench.txt", "-test.benchtime 100x",
        when=r"--?test\.bench(=.*)?", unless=r"--?test\.benchtime=\d+x|--?test\.bench=(\^\$)?", formats=("go-bench",),
    ),
    FixedTimeTool(
        "cargo bench", "cargo", "", "target/criterion",
        command="bench|criterion", unless="--no-run|--test|--list|--help", formats=("criterion", "cargo-bencher"),
        screen=r".*\btime: +\[[\d.]+ \S+ [\d.]+ \S+ [\d.]+ \S+\].*|(?:test .+ )?bench: +[\d,.]+ ns/iter.*",
    ),
    FixedTimeTool(
        "Google Benchmark", r"(?!.*\.(?:py|rb|pl|[mc]?js|ts|sh|R|jl)$).*",
        "--benchmark_out=bench.json --benchmark_out_format=json", "bench.json",
        "--benchmark_min_time=100x", when=rf"--benchmark_({_GOOGLE})(=.*)?",
        unless=r"--benchmark_min_time=\d+x|--benchmark_(list_tests|dry_run).*", formats=("google-benchmark",),
        screen=r"Benchmark\s+Time\s+CPU\s+Iterations.*",
    ),
    FixedTimeTool(
        "hyperfine", "hyperfine", "--export-json bench.json", "bench.json", "--runs 20",
        unless=r"(-r|--runs)=.*|-r\d+|-h|--help|-V|--version", formats=("hyperfine",),
        screen=r" *Time \(mean ± σ\): .*",
    ),
    FixedTimeTool(
        "JMH", r"benchmarks\.jar|.*jmh.*\.jar|org\.openjdk\.jmh\.Main", "-rf json -rff jmh.json", "jmh.json", "-bm ss",
        unless="-bm=ss|-l|-lp|-h", formats=("jmh",),
        screen=r"# JMH version: .*",
    ),
    FixedTimeTool("JMH", ".*", "", "jmh.json", "-bm ss", when="-rff(=.*)?", unless="-bm=ss", formats=("jmh",)),
    FixedTimeTool("JMH", "gradlew?", when="(.*:)?jmh", formats=("jmh",)),
    FixedTimeTool(
        "vitest bench", r"vitest(\.m?js)?", "--run --outputJson bench.json", "bench.json",
        command="bench", formats=("vitest-bench",),
        screen=r".*\bhz +min +max +mean +p75 +p99.*",
    ),
    FixedTimeTool(
        "deno bench", "deno", command="bench", screen=r"benchmark +(?:time/iter \(avg\)|avg \(min … max\)).*"
    ),
    FixedTimeTool(
        "k6", "k6", "--out json=points.ndjson", "points.ndjson", "--iterations 100",
        command="run", unless=r"(-i|--iterations)=.*|-i\d+", formats=("k6-points", "k6-summary"),
        screen=r" +iterations\.+: \d+ .*",
    ),
    FixedTimeTool(
        "locust", "locust", "--headless --skip-log-setup --json > locust.json", "locust.json",
        unless=r"(-i|--iterations)=.*|-h|--help|-V|--version|-l|--list", formats=("locust-json", "locust-csv"),
        screen=r"Type +Name +# reqs .*",
    ),
    FixedTimeTool(
        "JMeter", r"jmeter(\.sh|\.bat)?|.*JMeter\.jar", "-l samples.jtl", "samples.jtl",
        when="-n|--nongui", unless="-h|--help|-v|--version", formats=("jmeter-jtl",),
        screen=r"summary [+=] +\d+ in .* Avg: .* Err: .*",
    ),
    FixedTimeTool("Gatling", r"gatling(\.sh|\.bat)?", unless="-h|--help|-v|--version|-ro=.*|--reports-only=.*"),
    FixedTimeTool("Gatling", r"mvnw?|gradlew?|sbt", when=r"gatling:test|(.*:)?gatlingRun.*|Gatling/test(Only)?.*"),
    FixedTimeTool("hey", "hey", "-o csv > load.csv", "load.csv", "-n 1000", when="-z(=.*)?"),
    FixedTimeTool("ab", "ab", "-g load.tsv", "load.tsv", "-n 1000", when=r"-t=?\d+"),
    FixedTimeTool("wrk", "wrk2?", screen=r"Running \d+[smh] test @ \S+", beside=r" *\d+ threads and \d+ connections"),
    FixedTimeTool("vegeta", "vegeta", command="attack", screen=r"Duration +\[total, attack, wait\].*"),
    FixedTimeTool("oha", "oha", fixed="-n 1000", when=r"-z\S*|--duration(=.*)?"),
    FixedTimeTool(
        "bombardier", "bombardier", fixed="-n 1000", unless=r"(-n|--requests)=.*|-n\d+",
        screen=r"Bombarding .* for \S+ using .*",
    ),
    FixedTimeTool("autocannon", "autocannon", fixed="--amount 1000", unless="(-a|--amount)=.*"),
    FixedTimeTool("h2load", "h2load", fixed="-n 1000", when=r"-D\S*|--duration(=.*)?"),
    FixedTimeTool("ghz", "ghz", fixed="-n 1000", when=r"-z\S*|--duration(=.*)?"),
    FixedTimeTool("siege", "siege", fixed="--reps=100", when=r"-t\S*|--time(=.*)?"),
    FixedTimeTool("artillery", "artillery", command="run|quick", unless="(-n|--num)=.*"),
    FixedTimeTool(
        "pgbench", "pgbench", fixed="-t 1000", when=r"-T\S*|--time(=.*)?",
        screen=r"duration: \d+ s", beside=r"number of clients: \d+",
    ),
    FixedTimeTool("fio", "fio", when=r"--time_based(=1)?"),
    FixedTimeTool(
        "stress-ng", "stress-ng", fixed="--cpu-ops 1000", when=r"-t\S*|--timeout(=.*)?", unless=r"--\S+-ops=[1-9]\d*"
    ),
    FixedTimeTool("sysbench", "sysbench", fixed="--time=0 --events=1000", when="run", unless=r"--events=[1-9]\d*"),
    FixedTimeTool("BenchmarkDotNet", "", screen=r"BenchmarkDotNet v.*"),
    FixedTimeTool("BenchmarkTools.jl", "", screen=r"BenchmarkTools\.Trial: .*"),
    FixedTimeTool("benchmark.js", "", screen=r".+ x [\d,.]+ ops/sec ±.*"),
    FixedTimeTool("benchmark-ips", "", screen=r".+\(± *[\d.]+%\) i/s.*"),
    FixedTimeTool("Benchee", "", screen="Name +ips +average +deviation.*"),
    FixedTimeTool("Catch2", "", screen="benchmark name +samples +iterations.*"),
)  # fmt: skip
"""One row for each way to call a tool, the last ones for tools that have no command of their own."""


def find_fixed_time(argv: Sequence[str]) -> tuple[FixedTimeTool | None, frozenset[str]]:
    """Return the first tool in a command that repeats for a fixed time, and the names of those that do not.

    Args:
        argv: the command; launchers, shells and interpreters in front of the tool are seen through.

    Returns:
        The tool, None when there is none; and the names of tools that do fixed work, as their options say: what
        these write and print is no sign of a fixed time.
    """
    fixed: set[str] = set()
    own = {os.path.basename(word) for word in argv if word.startswith("./")} - _WRAPPERS
    for program, *arguments in simple_commands(argv):
        words = _with_values(arguments)
        for tool in TOOLS:
            if not _is_run(tool, program, arguments, words):
                continue
            if program in own and not tool.formats:  # a short name, such as wrk, may be a program of the user's own
                continue
            if not (tool.unless and any(re.fullmatch(tool.unless, word) for word in words)):
                return tool, frozenset()
            fixed.add(tool.name)
    return None, frozenset(fixed)


def find_on_screen(text: str, exempt: frozenset[str]) -> FixedTimeTool | None:
    """Return the tool that repeats for a fixed time and printed a text, None when there is no sign of one.

    Args:
        text: what a command printed, or parts of it.
        exempt: names of tools that do fixed work.
    """
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = [line.rstrip() for line in plain.splitlines() if len(line) <= _LONGEST_LINE]
    for tool in TOOLS:
        if (
            tool.screen
            and tool.name not in exempt
            and all(any(map(re.compile(sign).fullmatch, lines)) for sign in (tool.screen, tool.beside) if sign)
        ):
            return tool
    return None


def find_output(argv: Sequence[str]) -> str:
    """Return the file that a command names for the tool's output; empty when it names none that can be seen."""
    commands = [_with_values(arguments) for _, *arguments in simple_commands(argv)]
    for expression in _OUTPUTS:
        for word in (word for words in (*commands, list(argv)) for word in words):
            if found := re.fullmatch(expression, word, re.DOTALL):
                return found[1]
    return ""


def _with_values(arguments: Sequence[str]) -> list[str]:
    """Return arguments, and each option joined to the word behind it, which may be its value."""
    return [*arguments, *(f"{option}={word}" for option, word in pairwise(arguments) if option[:1] == "-")]


def _is_run(tool: FixedTimeTool, program: str, arguments: Sequence[str], words: Sequence[str]) -> bool:
    """Is a program with its arguments this tool, at work?"""
    if not re.fullmatch(tool.programs, program):
        return False
    if tool.command:
        first = next((word for word in arguments if word[:1] not in {"-", "+"}), "")
        if not re.fullmatch(tool.command, first):
            return False
    return not tool.when or any(re.fullmatch(tool.when, word) for word in words)
