"""Go benchmarks: names, packages, units and output that is torn apart."""

from __future__ import annotations

import json

import pytest
from cases import values_of
from micro import by_name, refusal, skipped

HEAD = "goos: linux\ngoarch: amd64\npkg: example.org/a\n"


def names(text: str) -> list[str]:
    return [name for name, metric in by_name(text) if metric == "time"]


def test_a_suffix_that_tells_lines_apart_stays() -> None:
    text = f"{HEAD}BenchmarkA   \t 10\t 5 ns/op\nBenchmarkA-2 \t 10\t 3 ns/op\n"
    assert names(text) == ["example.org/a.BenchmarkA", "example.org/a.BenchmarkA-2"]


def test_a_suffix_of_every_line_is_the_number_of_processors_and_goes() -> None:
    assert names(f"{HEAD}BenchmarkA-8 10 5 ns/op\nBenchmarkB/n-4-8 10 3 ns/op\n") == [
        "example.org/a.BenchmarkA",
        "example.org/a.BenchmarkB/n-4",
    ]


def test_one_name_in_two_packages_is_two_benchmarks() -> None:
    text = f"{HEAD}BenchmarkA-2 10 5 ns/op\nPASS\npkg: example.org/b\nBenchmarkA-2 10 7 ns/op\n"
    assert names(text) == ["example.org/a.BenchmarkA", "example.org/b.BenchmarkA"]


def test_log_lines_between_results_and_broken_lines_are_no_results() -> None:
    text = (
        f"{HEAD}BenchmarkA-2 10 5 ns/op\n--- BENCH: BenchmarkA-2\n    a_test.go:7: 5 ns/op\n"
        "Benchmarking 3 4 ns/op\nBenchmarkA-2 10 6\nBenchmarkA-2 10 NaN ns/op\nBenchmarkA-2 1_0 6 ns/op\n"
    )
    assert list(values_of(by_name(text)["example.org/a.BenchmarkA", "time"])) == [5e-9]


def test_a_benchmark_that_prints_is_read_all_the_same() -> None:
    text = f"{HEAD}BenchmarkA-2 \t loading\n     100\t  50 ns/op\n"
    assert list(values_of(by_name(text)["example.org/a.BenchmarkA", "time"])) == pytest.approx([5e-8])


def test_failed_and_skipped_benchmarks_are_named() -> None:
    text = f"{HEAD}BenchmarkA-2 10 5 ns/op\n--- FAIL: BenchmarkB-2\n    --- SKIP: BenchmarkC/x-2\n--- FAIL: TestD\n"
    assert skipped(text) == {"example.org/a.BenchmarkB": "failed", "example.org/a.BenchmarkC/x": "skipped"}


def test_only_failed_benchmarks_are_an_error() -> None:
    assert 'line 5: "FAIL"; failed: example.org/a.BenchmarkB' in refusal(f"{HEAD}--- FAIL: BenchmarkB\nFAIL\n")


def test_a_line_that_events_tear_apart_is_put_together_by_package() -> None:
    parts = [
        ("p", "BenchmarkA \t"),
        ("q", "BenchmarkA \t 10"),
        ("p", " 20\t 5 ns"),
        ("q", "\t 6 ns/op\n"),
        ("p", "/op\n"),
    ]
    events = [{"Action": "output", "Package": package, "Output": text} for package, text in parts]
    text = "\n".join(
        json.dumps(event, separators=(",", ":")) for event in [{"Action": "start", "Package": "p"}, *events]
    )
    found = by_name(text)
    assert {key[0]: values_of(r)[0] for key, r in found.items()} == pytest.approx(
        {"p.BenchmarkA": 5e-9, "q.BenchmarkA": 6e-9}
    )


def test_a_units_direction_is_taken_where_the_file_states_it() -> None:
    text = f"Unit req/s assume=nothing better=higher\n{HEAD}BenchmarkA 10 5 ns/op 3 req/s 4 p95-ms\n"
    found = by_name(text)
    assert found["example.org/a.BenchmarkA", "req/s"].better == "higher"
    assert found["example.org/a.BenchmarkA", "p95-ms"].better is None


def test_what_a_windows_shell_writes_is_read() -> None:
    text = f"{HEAD}BenchmarkA-2 10 5 ns/op\n".replace("\n", "\r\n")
    assert list(by_name(text.encode("utf-16"))) == [("example.org/a.BenchmarkA", "time")]


def line(name: str, value: float) -> str:
    return f"{name}-4 \t 100\t {value} ns/op\n"


def in_ns(text: str) -> dict[str, list[float]]:
    return {name: [round(v * 1e9, 6) for v in values_of(r)] for (name, m), r in by_name(text).items() if m == "time"}


def test_results_under_other_values_of_a_configuration_key_are_other_benchmarks() -> None:
    text = (
        f"{HEAD}gc: off\n{line('BenchmarkA', 5)}\ngc: on\nshard: 1\n{line('BenchmarkA', 3) * 2}{line('BenchmarkB', 9)}"
    )
    found = in_ns(text)
    assert found == {
        "example.org/a.BenchmarkA{gc=off}": [5],
        "example.org/a.BenchmarkA{gc=on,shard=1}": [3, 3],
        "example.org/a.BenchmarkB{gc=on,shard=1}": [9],
    }
    assert {r.flags for r in by_name(text).values()} == {("settings",)}


def test_a_key_that_is_set_back_or_removed_gives_the_first_benchmark_again() -> None:
    parts = [line("BenchmarkA", 5), "gc:\ton\n", line("BenchmarkA", 3), "gc:\n", line("BenchmarkA", 6)]
    assert in_ns("".join([HEAD, *parts])) == {
        "example.org/a.BenchmarkA": [5, 6],
        "example.org/a.BenchmarkA{gc=on}": [3],
    }


def test_the_same_files_one_after_the_other_are_samples_of_the_same_benchmarks() -> None:
    end = "PASS\ncoverage: 1.5% of statements\nok  \texample.org/a\t1.2s\n"
    one = f"{HEAD}cpu: X 5\ngc: on\n{line('BenchmarkA', 5)}{end}"
    assert in_ns(one + one.replace("1.5%", "1.6%")) == {"example.org/a.BenchmarkA": [5, 5]}


def test_a_key_that_differs_between_packages_alone_is_in_no_name() -> None:
    text = f"{HEAD}cpu: X\n{line('BenchmarkA', 5)}pkg: example.org/b\ncpu: Y\n{line('BenchmarkA', 7)}"
    assert in_ns(text) == {"example.org/a.BenchmarkA": [5], "example.org/b.BenchmarkA": [7]}


def test_what_a_benchmark_prints_before_its_result_is_no_configuration() -> None:
    printed = "BenchmarkA-4 \t seed: 7\nport: {}\n     100\t 5 ns/op\n"
    assert in_ns(HEAD + printed.format(8001) + printed.format(8002)) == {"example.org/a.BenchmarkA": [5, 5]}


@pytest.mark.parametrize(
    "torn",
    [
        "BenchmarkB-4   \tready on :80     100\t  107 ns/op\n",
        "BenchmarkB-4   \tready\non :80     100\t  107 ns/op\n",
        "BenchmarkB-4   \t\n",
        "BenchmarkB-4   \t     100\t  107 ns/op 12\n",
        "BenchmarkB-4   \t     100\t  NaN ns/op\n",
        "seed 4BenchmarkB-4   \t     100\t  107 ns/op\n",
    ],
)
def test_a_result_line_that_is_torn_apart_is_left_out_by_name_and_number(torn: str) -> None:
    text = f"{HEAD}{torn}{line('BenchmarkA', 5)}PASS\n"
    assert in_ns(text) == {"example.org/a.BenchmarkA": [5]}
    assert skipped(text) == {"example.org/a.BenchmarkB": "a result line could not be read (line 4)"}
    again = f"{HEAD}{line('BenchmarkA', 5)}{torn}"
    assert skipped(again) == {"example.org/a.BenchmarkB": "a result line could not be read (line 5)"}


GOOD = "BenchmarkA-4   \t     100\t       5 ns/op\n"


@pytest.mark.parametrize(
    ("rest", "line_number", "what"),
    [
        ("panic: boom\n\ngoroutine 7 [running]:\n", 5, "panic: boom"),
        ("BenchmarkB-4   \tpanic: index out of range [3]\n", 5, "BenchmarkB-4 panic: index out of range"),
        ("fatal error: all goroutines are asleep - deadlock!\n", 5, "fatal error: all goroutines"),
        ("panic: boom\nexit status 2\nFAIL\texample.org/a\t0.31s\nFAIL\n", 5, "panic: boom"),
        ("panic: test timed out after 10m0s\nFAIL\texample.org/a\t600.01s\n", 5, "panic: test timed out"),
        ("FAIL\n", 5, "FAIL"),
        ("exit status 1\n", 5, "exit status 1"),
        ("signal: killed\n", 5, "signal: killed"),
        ("PASS\nexit status 3\nFAIL\texample.org/a\t0.2s\n", 6, "exit status 3"),
        (
            "PASS\nok  \texample.org/a\t0.2s\nFAIL\texample.org/b [build failed]\n",
            7,
            "FAIL example.org/b [build failed]",
        ),
        ("FAIL\tq\t0.1s\npkg: q\n" + GOOD + "PASS\nok  \tq\t0.2s\n", 5, "FAIL q"),
        ("panic: boom\ngoos: linux\npkg: q\n" + GOOD + "PASS\n", 5, "panic: boom"),
    ],
)
def test_a_run_that_ends_early_is_refused_with_the_line_that_says_so(rest: str, line_number: int, what: str) -> None:
    told = refusal(HEAD + GOOD + rest)
    assert f'go test failed in line {line_number}: "{what}' in told


def test_a_failed_run_names_the_benchmarks_that_failed() -> None:
    text = (
        f"{HEAD}{GOOD}--- FAIL: BenchmarkPay-4\n    pay_test.go:9: no\nFAIL\nexit status 1\nFAIL\texample.org/a\t1s\n"
    )
    assert "; failed: example.org/a.BenchmarkPay-4" in refusal(text)


@pytest.mark.parametrize(
    "printed", ["panic: recovered\n", "fatal error: ignored\n", "exit status 1\n", "FAIL\n", "FAILED: 3\n", "x FAIL\n"]
)
def test_what_a_benchmark_that_passes_prints_is_no_failure(printed: str) -> None:
    assert in_ns(f"{HEAD}{printed}{GOOD}PASS\nok  \texample.org/a\t0.2s\n") == {"example.org/a.BenchmarkA": [5]}


@pytest.mark.parametrize(
    "last",
    [
        {"Action": "fail", "Package": "p", "Elapsed": 0.4},
        {"Action": "build-fail", "ImportPath": "p"},
        {"Action": "output", "Package": "p", "Output": "panic: boom\n"},
        {"Action": "output", "Package": "p", "Output": "FAIL\tp\t0.4s\n"},
    ],
)
def test_events_of_a_run_that_failed_are_refused(last: dict[str, object]) -> None:
    events = [{"Action": "output", "Package": p, "Output": GOOD} for p in "pq"] + [last]
    events += [{"Action": "output", "Package": "q", "Output": "PASS\n"}, {"Action": "pass", "Package": "q"}]
    assert "go test failed" in refusal("".join(json.dumps(e) + "\n" for e in events))


def test_torn_lines_of_one_benchmark_are_counted() -> None:
    text = f"{HEAD}{line('BenchmarkA', 5)}" + "BenchmarkA-4 \tx     9\t 5 ns/op\n" * 3
    assert skipped(text) == {"example.org/a.BenchmarkA": "3 result lines could not be read (line 5, ...)"}


def test_a_torn_line_does_not_hide_the_configuration_behind_it() -> None:
    text = f"{HEAD}gc: off\n{line('BenchmarkA', 5)}BenchmarkA-4 \tx     9\t 5 ns/op\ngc: on\n{line('BenchmarkA', 3)}"
    assert in_ns(text) == {"example.org/a.BenchmarkA{gc=off}": [5], "example.org/a.BenchmarkA{gc=on}": [3]}


@pytest.mark.parametrize(
    "torn", ["BenchmarkB-4   \t--- FAIL: BenchmarkB-4\n", "BenchmarkB-4 \t--- SKIP: BenchmarkB-4\n"]
)
def test_a_benchmark_that_fails_in_the_line_of_its_name_is_named_once(torn: str) -> None:
    found = skipped(f"{HEAD}{torn}{line('BenchmarkA', 5)}")
    assert found == {"example.org/a.BenchmarkB": "failed" if "FAIL" in torn else "skipped"}


def test_headings_of_events_are_no_results() -> None:
    text = f"{HEAD}=== RUN   BenchmarkA\nBenchmarkA\nBenchmarkA/b\n{line('BenchmarkA/b', 5)}"
    assert (in_ns(text), skipped(text)) == ({"example.org/a.BenchmarkA/b": [5]}, {})


def test_a_file_of_torn_lines_only_is_an_error_that_names_them() -> None:
    assert '"example.org/a.BenchmarkB" (a result line could not be read (line 4))' in refusal(
        f"{HEAD}BenchmarkB-4 \tx     9\t 5 ns/op\n"
    )


def test_very_many_configuration_keys_do_not_grow_the_names() -> None:
    keys = "".join(f"k{i}: {i}\n{line('BenchmarkA', 5)}" for i in range(2000))
    assert len(by_name(HEAD + keys)) <= 51
    long = "".join(f"k: {'x' * 5000}{i}\n{line('BenchmarkA', i)}" for i in range(1, 4))
    found = in_ns(HEAD + long)
    assert list(found.values()) == [[1], [2], [3]]
    assert max(map(len, found)) < 300
