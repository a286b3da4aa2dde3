"""Files that the micro-benchmark tools of other languages and services wrote yield exactly what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import DATA, assert_case
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutate import feed, mutated

from perfgate.formats.detect import named
from perfgate.formats.options import ForeignOptions

if TYPE_CHECKING:
    from random import Random

FILES = (
    "go-bench/bench_count6.txt",
    "go-bench/bench_test2json.jsonl",
    "pyperf/suite.json",
    "pyperf/command.json",
    "asv/results_default",
    "asv/results_record_samples",
    "google-benchmark/repetitions_with_aggregates.json",
    "google-benchmark/aggregates_only.json",
    "criterion/criterion_dir",
    "cargo-bencher/bencher.txt",
    "jmh/avgt_thrpt_gcprof.json",
)


@pytest.mark.parametrize("file", FILES)
def test_a_real_file_yields_exactly_what_it_says(file: str) -> None:
    assert_case(DATA / file)


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_the_direction_of_custom_values_is_the_users(better: str) -> None:
    file = {"lower": "custom_smaller_is_better.json", "higher": "custom_bigger_is_better.json"}[better]
    assert_case(DATA / "github-action-benchmark" / file, options=ForeignOptions(direction=better))


def test_bmf_is_read_when_it_is_asked_for() -> None:
    assert_case(DATA / "bencher-bmf/report.json", given="bencher-bmf")


def test_every_passing_test_case_is_read_when_none_is_too_short() -> None:
    assert_case(DATA / "junit/pytest.xml")


@settings(max_examples=200, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=st.randoms(use_true_random=False))
def test_a_spoilt_bmf_gives_records_or_one_clear_error(random: Random) -> None:
    path = DATA / "bencher-bmf/report.json"
    feed(named("bencher-bmf"), path, mutated(random, path.read_bytes()))
