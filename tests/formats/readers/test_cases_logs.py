"""Logs of services yield exactly what they say."""

from __future__ import annotations

import pytest
from cases import DATA, assert_case

FILES = (
    "model-runs/smoke.jsonl",
    "prediction-log/predictions.jsonl",
    "performance-log/performance.jsonl",
    "request-log/requests.jsonl",
)


@pytest.mark.parametrize("file", FILES)
def test_a_real_file_yields_exactly_what_it_says(file: str) -> None:
    assert_case(DATA / file)
