"""Files that Python's benchmark tools wrote yield exactly what they say."""

from __future__ import annotations

import pytest
from cases import DATA, assert_case

FILES = (
    "pytest-benchmark/bench_raw.json",
    "pytest-benchmark/0001_saved_without_data.json",
    "hyperfine/named.json",
    "hyperfine/parameter_scan.json",
)


@pytest.mark.parametrize("file", FILES)
def test_a_real_file_yields_exactly_what_it_says(file: str) -> None:
    assert_case(DATA / file)
