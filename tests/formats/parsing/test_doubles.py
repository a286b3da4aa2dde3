"""A log that holds each line twice is refused, by whatever way it came to that; one with chance repeats is not."""

from __future__ import annotations

import json
import random

import pytest
from canary_cases import latencies, rows

from perfgate.formats.parsing.doubles import Doubles

LINES = [*rows(latencies(300, seed=4))]


def fault_of(lines):
    doubles = Doubles()
    for start in range(0, len(lines), 50):
        doubles.take(lines[start : start + 50])
    return doubles.fault()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (LINES, ""),
        (LINES + LINES, "each line is there twice"),
        ([line for line in LINES for _ in range(2)], "each line is there twice"),
        (LINES * 3, "each line is there three times"),
        (LINES + LINES[:-2], "each line is there twice"),
        (LINES + LINES[:150], ""),
        (["the same"] * 100, ""),
        ([], ""),
    ],
)
def test_only_lines_that_are_all_there_again_are_named(lines, words):
    assert fault_of(lines) == words


def test_rows_of_whole_seconds_and_milliseconds_repeat_by_chance_and_pass():
    rng = random.Random(5)
    lines = [json.dumps({"time": i // 180, "ms": int(rng.expovariate(0.05))}) for i in range(20_000)]
    assert len(set(lines)) < len(lines) / 2
    assert fault_of(lines) == ""


def test_a_second_copy_behind_more_lines_than_are_kept_is_found():
    lines = [f"{i}" for i in range(70_000)]
    assert fault_of(lines + lines) == "each line is there twice"
