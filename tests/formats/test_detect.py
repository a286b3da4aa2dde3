"""What is in no format says so, and names only formats that it is near to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from perfgate.core.errors import CannotDecideError
from perfgate.formats.detect import detect, nearest
from perfgate.formats.parsing.source import Source


def source(content: Any) -> Source:
    raw = content if isinstance(content, str) else json.dumps(content)
    return Source("given", content=raw.encode())


@pytest.mark.parametrize(
    "content",
    [
        "Some text.\nBenchmarks are fun.\n",
        " Performance counter stats for './train' (3 runs):\n\n  1,234  cycles  ( +- 0.1% )\n",
        "",
        "[]",
        {"status": "ok", "data": {"took": 3}},
        {"results": [{"id": 1}], "metrics": {}, "context": {}, "benchmarks": [{"id": 2}], "config": {}},
        {"Title": "T", "Benchmarks": [{"FullName": "A.B", "Statistics": {"Median": 3}}]},
        [{"benchmark": "a", "seconds": 3}],
    ],
)
def test_what_is_near_to_no_format_names_none(content: Any) -> None:
    given = source(content)
    assert (detect(given), nearest(given)) == (None, "")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"machine_info": {}}, 'pytest-benchmark (no "benchmarks[]")'),
        ({"results": [{"command": "a", "exit_codes": [0]}]}, 'hyperfine (no "results[].times")'),
        ({"lighthouseVersion": "12"}, 'lighthouse (no "requestedUrl")'),
        ({"total_bytes_allocated": 3, "pad": "x" * 70_000, "z": [{"machine_info": 1}]},
         'memray-stats (no "total_num_allocations")'),
        ({"pad": "x" * 70_000, "machine_info": {}}, 'pytest-benchmark (no "benchmarks[]")'),
    ],
)  # fmt: skip
def test_what_lacks_a_mark_of_a_format_names_the_format_and_the_mark(content: Any, expected: str) -> None:
    assert nearest(source(content)) == expected


@pytest.mark.parametrize(
    ("content", "tool"),
    [
        ([{"name": "sort", "hz": 12.5, "stats": {"rme": 2, "sample": [0.08, 0.09]}}], "benchmark.js"),
        ([{"name": "sort", "latency": {"p50": 3, "p75": 4}, "throughput": {"mean": 7}}], "tinybench"),
        ({"tasks": [{"name": "sort", "result": {"latency": {"p50": 3}, "throughput": {"mean": 7}}}]}, "tinybench"),
        ({"layout": [{"name": None}], "benchmarks": [{"kind": "fn", "runs": [{"stats": {"p50": 3}}]}]}, "mitata"),
        ("1795222208338 0.25 7\n1795222209338 0.5 8\n", "MLflow"),
        ({"entries": {"B": []}, "lastUpdate": 3, "repoUrl": "u"}, "github-action-benchmark"),
    ],
)
def test_what_is_never_read_says_of_which_tool_it_is_and_what_to_do(content: Any, tool: str) -> None:
    with pytest.raises(CannotDecideError) as caught:
        detect(source(content))
    (fault,) = caught.value.diagnostics
    assert fault.slug == "format-unread"
    assert f"this is the output of {tool}" in fault.message
    assert fault.hint
