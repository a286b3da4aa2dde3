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
    assert '"example.org/a.BenchmarkB" (failed)' in refusal(f"{HEAD}--- FAIL: BenchmarkB\nFAIL\n")


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
