"""Files about pages, memory, processes and models yield exactly what they say."""

from __future__ import annotations

import pytest
from cases import DATA, assert_case

FILES = (
    "lighthouse/three_runs",
    "memray/score_job.json",
    "gnu-time/time_v.txt",
    "vitest-bench/report.json",
    "vitest-bench/report_include_samples.json",
    "lm-eval/results.json",
    "vllm-bench/UNVERIFIED_schema_sample.json",
)


@pytest.mark.parametrize("file", FILES)
def test_a_real_file_yields_exactly_what_it_says(file: str) -> None:
    assert_case(DATA / file)
