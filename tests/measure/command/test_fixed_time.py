"""Which commands repeat for a fixed time, by their arguments and by what they print."""

from __future__ import annotations

import shlex

import pytest

from perfgate.formats.detect import named
from perfgate.measure.command.fixed_time import TOOLS, find_fixed_time, find_on_screen, find_output
from perfgate.measure.command.simple import simple_commands


@pytest.mark.parametrize(
    ("command", "tool"),
    [
        ("pytest bench --benchmark-only", "pytest-benchmark"),
        ("python3.12 -Im pytest --benchmark-json out.json", "pytest-benchmark"),
        ("env TZ=UTC uv run --with attrs pytest --benchmark-autosave", "pytest-benchmark"),
        ("coverage run -m pytest --benchmark-min-rounds=3", "pytest-benchmark"),
        ("go test -run '^$' -bench . ./...", "go test -bench"),
        ("go test -bench=Sort -benchtime=2s", "go test -bench"),
        ("./parse.test -test.bench=.", "go test -bench"),
        ("bash -lc 'cd lib && CGO_ENABLED=0 go test -bench . | tee b.txt'", "go test -bench"),
        ("cargo +nightly bench -p core", "cargo bench"),
        ("./build/sort_bench --benchmark_filter=Merge", "Google Benchmark"),
        ("hyperfine --warmup 2 './app'", "hyperfine"),
        ("java -Xmx1g -jar target/benchmarks.jar Parse", "JMH"),
        ("java -cp a.jar org.openjdk.jmh.Main", "JMH"),
        ("./gradlew :core:jmh", "JMH"),
        ("npx vitest bench --run", "vitest bench"),
        ("k6 run load.js", "k6"),
        ("timeout -k 5 60 wrk -t2 -d10s http://localhost", "wrk"),
        ("locust --headless -t 20s", "locust"),
        ("./apache-jmeter/bin/jmeter.sh -n -t shop.jmx -l out.csv", "JMeter"),
        ("java -jar bin/ApacheJMeter.jar --nongui -t shop.jmx", "JMeter"),
        ("gatling.sh -s ShopSimulation", "Gatling"),
        ("mvn -q gatling:test", "Gatling"),
        ("./gradlew :load:gatlingRun", "Gatling"),
        ("fio --name=scan --rw=randread --runtime=20 --time_based", "fio"),
        ("stress-ng --cpu 4 -t 20s", "stress-ng"),
        ("stress-ng --vm 1 --timeout 1m", "stress-ng"),
        ("sh -c 'echo GET http://localhost | vegeta attack -duration=5s | vegeta report'", "vegeta"),
        ("oha -z 10s http://localhost", "oha"),
        ("hey -z 10s http://localhost", "hey"),
        ("ab -t 10 http://localhost/", "ab"),
        ("taskset -c 1 bombardier http://localhost", "bombardier"),
        ("python -m pyperf timeit pass", "pyperf"),
        ("python -m timeit pass", "timeit"),
        ("asv run HEAD^!", "asv"),
        ("pgbench -T 30 db", "pgbench"),
        ("sh -c 'for i in 1 2; do wrk http://localhost; done'", "wrk"),
        ("""sh -c "sh -c 'wrk http://localhost'" """, "wrk"),
    ],
)
def test_a_tool_that_repeats_for_a_fixed_time_is_known_by_its_arguments(command: str, tool: str) -> None:
    found, exempt = find_fixed_time(shlex.split(command))
    assert found is not None
    assert (found.name, exempt) == (tool, frozenset())


@pytest.mark.parametrize(
    "command",
    [
        "pytest", "pytest tests --junit-xml=junit.xml -q", "python -m pytest -k benchmark", "go test ./...", "go build",
        "cargo build --release", "cargo test", "npx vitest run", "python train.py", "python train.py --data wrk",
        "echo wrk", "hey -n 500 http://localhost", "ab -n 500 http://localhost/", "oha http://localhost",
        "java -jar app.jar", "make bench", "python -c 'import wrk'", "sh -c 'cat <<< wrk'", "k6 version",
        "asv publish", "jmeter -g old.jtl -o page", "fio --name=scan --size=64m", "mvn test", "sh",
        "python", "env", "sh -c ''",
        "./ab -t words.txt", "python tools/ab -t y", "python fit.py --benchmark_filter z", "./wrk",
        "sh -c 'wrk'\"'\"'x'",
    ],
)  # fmt: skip
def test_a_command_without_such_a_tool_is_left_alone(command: str) -> None:
    assert find_fixed_time(shlex.split(command)) == (None, frozenset())


@pytest.mark.parametrize(
    ("command", "tool"),
    [
        ("go test -bench . -benchtime 50x", "go test -bench"),
        ("go test -bench=^$", "go test -bench"),
        ("hyperfine -r 15 ./app", "hyperfine"),
        ("pytest --benchmark-disable --benchmark-json=x.json", "pytest-benchmark"),
        ("hyperfine --help", "hyperfine"),
        ("./sort_bench --benchmark_min_time=200x --benchmark_filter=a", "Google Benchmark"),
        ("k6 run --iterations 100 load.js", "k6"),
        ("stress-ng --cpu 2 --cpu-ops 500 -t 60", "stress-ng"),
        ("bombardier -n 1000 http://localhost", "bombardier"),
        ("cargo bench --no-run", "cargo bench"),
        ("asv run --quick", "asv"),
        ("java -jar benchmarks.jar -bm ss", "JMH"),
        ("python -m timeit -n 100 pass", "timeit"),
    ],
)
def test_a_tool_that_was_given_fixed_work_is_exempt(command: str, tool: str) -> None:
    found, exempt = find_fixed_time(shlex.split(command))
    assert found is None
    assert tool in exempt


@pytest.mark.parametrize("tool", [t for t in TOOLS if t.fixed and t.unless], ids=lambda t: t.name)
def test_the_fixed_work_that_a_hint_names_is_accepted(tool: object) -> None:
    """A hint that is refused when it is followed would be no hint."""
    assert isinstance(tool, tuple)
    row = next(t for t in TOOLS if t is tool)
    program = {"pytest(-3)?|py\\.test": "pytest", "go|gotestsum": "go", ".*": "./x"}.get(row.programs)
    program = program or row.programs.partition("|")[0].replace("\\", "")
    command = row.command.partition("|")[0]
    when = "-bench=." if row.name.startswith("go") else ""
    words = [w for w in (program, command, when, *row.fixed.split()) if w]
    assert find_fixed_time(words)[0] is None


def test_formats_of_the_table_exist() -> None:
    assert {named(f).name for t in TOOLS for f in t.formats} == {f for t in TOOLS for f in t.formats}


@pytest.mark.parametrize(
    ("line", "tool"),
    [
        ("BenchmarkSort-8   \t  120345\t      9812 ns/op\t     0 B/op", "go test -bench"),
        ("--------- benchmark: 3 tests ---------", "pytest-benchmark"),
        ("------ benchmark 'io': 2 tests ------", "pytest-benchmark"),
        ("sort: Mean +- std dev: 1.23 ms +- 0.04 ms", "pyperf"),
        ("\x1b[1mfib 20\x1b[0m                time:   [26.029 us 26.251 us 26.505 us]", "cargo bench"),
        ("test parse ... bench:       1,234 ns/iter (+/- 56)", "cargo bench"),
        ("Benchmark              Time             CPU   Iterations", "Google Benchmark"),
        ("  Time (mean ± σ):      12.3 ms ±   0.4 ms    [User: 9.1 ms, System: 2.0 ms]", "hyperfine"),
        ("# JMH version: 1.37", "JMH"),
        ("summary =   1200 in 00:00:30 =   40.0/s Avg:    12 Min:     3 Max:    90 Err:     0 (0.00%)", "JMeter"),
        ("Running 10s test @ http://localhost:8080/\n  2 threads and 10 connections", "wrk"),
        ("number of clients: 4\nduration: 30 s", "pgbench"),
        ("BenchmarkDotNet v0.14.0, Ubuntu 24.04", "BenchmarkDotNet"),
        ("5000 loops, best of 5: 48.1 usec per loop", "timeit"),
    ],
)
def test_a_tool_is_known_by_what_it_prints(line: str, tool: str) -> None:
    found = find_on_screen(f"building\n{line}\nok\n", frozenset())
    assert found is not None
    assert found.name == tool
    assert find_on_screen(line, frozenset({tool})) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Benchmark done\n",
        "loaded 12 tests\n",
        "time: 3 s\n",
        "x" * 100_000,
        "duration: 4 s\n",
        "accuracy Mean +- std dev: 0.87 +- 0.03\n",
        "Running login test @ http://localhost\n",
    ],
)
def test_other_output_is_no_sign(text: str) -> None:
    assert find_on_screen(text, frozenset()) is None


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("pytest --benchmark-json=a/b.json", "a/b.json"),
        ("pytest --benchmark-json b.json", "b.json"),
        ("k6 run --out json=p.ndjson x.js", "p.ndjson"),
        ("sh -c 'go test -bench . > out/b.txt'", "out/b.txt"),
        ("hey -z 3s -o csv http://localhost", ""),
        ("pytest --benchmark-only", ""),
        ("jmeter -n -t shop.jmx -l out/today.jtl", "out/today.jtl"),
    ],
)
def test_the_file_that_a_command_names_is_found(command: str, path: str) -> None:
    assert find_output(shlex.split(command)) == path


def test_a_line_for_a_shell_is_divided_into_its_commands() -> None:
    line = "A=1 make -j2 && (cd x; ./run --k 'a b' > log 2>&1) | tee y"
    found = list(simple_commands(["bash", "-c", line]))
    assert found == [("make", "-j2"), ("cd", "x"), ("run", "--k", "a b", "2"), ("tee", "y")]
