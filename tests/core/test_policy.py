"""The policy: which rule governs a row, what the defaults add, and what is left out."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS
from msgspec.structs import replace
from verdicts import built

from perfgate.config import BUILT_IN
from perfgate.core.metrics import CPU, ELAPSED, PEAK_MEMORY, THROUGHPUT, Metric, canonical_name, from_suffix
from perfgate.core.policy import Budget, Floor, Policy, Rule, default_level, digest_of, matches
from perfgate.core.sources.series import Ratio, parse_selector
from perfgate.core.text.units import parse_change, parse_limit

LOSS = Metric(name="loss", unit="1", better="lower")
FIVE, THREE, NINE = parse_change("+5%"), parse_change("+3%"), parse_change("+9%")


def ruled(*rules: Rule, **changes) -> Policy:
    return Policy(source="p", threshold=FIVE, rules=rules, **changes)


def test_the_first_rule_that_matches_wins_and_the_others_say_nothing():
    policy = ruled(
        Rule(origin="one", benchmark="serve", threshold=THREE),
        Rule(origin="two", benchmark="tr*", metric="elapsed", threshold=NINE),
        Rule(origin="three", benchmark="train", method="exact", level="info", floor=Floor(auto=False)),
    )
    ruling = policy.ruling("train", "train", ELAPSED, "p50")
    assert (ruling.origin, ruling.threshold, ruling.method, ruling.level) == ("two", NINE, "auto", "fail")
    assert ruling.floor == Floor(auto=True)
    other = policy.ruling("train", "train", PEAK_MEMORY, "p50")
    assert (other.origin, other.threshold, other.method, other.level) == ("three", FIVE, "exact", "info")
    assert other.floor == Floor(auto=False)


def test_a_row_without_a_rule_is_governed_by_the_defaults():
    policy = ruled(Rule(origin="one", statistic="p9?"), floor=Floor(auto=False, amounts=(("s", 0.001),)))
    ruling = policy.ruling("train", "train", ELAPSED, "p50")
    assert (ruling.origin, ruling.threshold, ruling.method, ruling.level) == ("defaults", FIVE, "auto", "fail")
    assert (ruling.floor.amount("s"), ruling.floor.amount("B")) == (0.001, 0.0)
    assert policy.rule_for("train", "train", "elapsed", "p50") is None
    assert policy.ruling("train", "train", ELAPSED, "p95").origin == "one"


@pytest.mark.parametrize(
    ("metric", "statistic", "same", "rate"),
    [
        ("elapsed", "p50", "fail", "warn"),
        ("peak_memory", "p50", "fail", "warn"),
        ("cpu", "p50", "info", "warn"),
        ("throughput", "p50", "info", "fail"),
        ("loss", "p50", "warn", "warn"),
        ("elapsed", "p95", "info", "info"),
        ("throughput", "p95", "info", "info"),
        ("loss", "p95", "info", "info"),
    ],
)
def test_the_level_of_a_row_that_no_rule_speaks_about(metric, statistic, same, rate):
    assert default_level(metric, statistic, "same") == same
    assert default_level(metric, statistic, "rate") == rate


@pytest.mark.parametrize(
    ("rule", "metric", "statistic", "level"),
    [
        pytest.param({"metric": "cpu"}, CPU, "p50", "fail", id="naming-a-metric-gates-it"),
        pytest.param({"metric": "*u"}, CPU, "p50", "fail", id="a-glob-names-it-too"),
        pytest.param({"statistic": "p95"}, ELAPSED, "p95", "fail", id="naming-a-statistic-gates-it"),
        pytest.param({"benchmark": "train"}, CPU, "p50", "info", id="naming-a-benchmark-gates-nothing-more"),
        pytest.param({"benchmark": "train"}, ELAPSED, "p50", "fail", id="nor-anything-less"),
        pytest.param({"metric": "elapsed", "level": "warn"}, ELAPSED, "p50", "warn", id="a-stated-level-wins"),
        pytest.param({"workload": "rate"}, ELAPSED, "p50", "warn", id="rate-shows-time"),
        pytest.param({"workload": "rate"}, THROUGHPUT, "p50", "fail", id="rate-gates-throughput"),
    ],
)
def test_the_level_of_a_row_with_a_rule(rule, metric, statistic, level):
    assert ruled(Rule(origin="one", **rule)).ruling("train", "train", metric, statistic).level == level


def test_the_workload_of_a_benchmark_belongs_to_all_its_rows_whichever_rule_states_it():
    policy = ruled(
        Rule(origin="one", metric="throughput", threshold=THREE),
        Rule(origin="two", benchmark="train", workload="rate"),
    )
    assert policy.ruling("train", "train", THROUGHPUT, "p50").workload == "rate"
    assert policy.ruling("train", "train", ELAPSED, "p50").level == "warn"
    assert policy.ruling("serve", "serve", ELAPSED, "p50").workload == "same"


def test_the_default_workload_gives_way_to_the_one_of_a_rule():
    policy = ruled(Rule(origin="one", benchmark="train", workload="same"), workload="rate")
    assert policy.ruling("train", "train", ELAPSED, "p50").workload == "same"
    assert policy.ruling("serve", "serve", ELAPSED, "p50").workload == "rate"


@pytest.mark.parametrize(
    ("glob", "whole", "memory", "time"),
    [
        pytest.param("train", True, True, True, id="by-name"),
        pytest.param("tr*", True, True, True, id="by-glob"),
        pytest.param("train[size=big]", True, True, True, id="with-labels"),
        pytest.param("train[[]size=*]", True, True, True, id="with-labels-by-glob"),
        pytest.param("*:peak_memory", False, True, False, id="a-metric-of-all"),
        pytest.param("train:peak_*", False, True, False, id="a-metric-by-glob"),
        pytest.param("train:", True, True, True, id="no-metric-after-the-colon"),
        pytest.param("serve", False, False, False, id="another"),
        pytest.param("TRAIN", False, False, False, id="another-case"),
    ],
)
def test_the_exclude_list_names_benchmarks_or_their_metrics(glob, whole, memory, time):
    policy = ruled(exclude=("nothing", glob))
    assert policy.excludes("train", "train[size=big]") == whole
    assert policy.excludes("train", "train[size=big]", "peak_memory") == memory
    assert policy.excludes("train", "train[size=big]", "elapsed") == time


@pytest.mark.parametrize(
    ("glob", "benchmark", "titled", "expected"),
    [
        pytest.param("train[size=big]", "train", "train[size=big]", True, id="a-title-means-itself"),
        pytest.param("train[size=big]", "train", "train[size=small]", False, id="not-its-neighbour"),
        pytest.param("train[size=big]", "trains", "trains", True, id="though-it-is-a-glob-as-well"),
        pytest.param("a*b", "a*b", "a*b", True, id="a-star-in-the-name"),
        pytest.param("what?", "what?", "what?[x=1]", True, id="a-question-mark-in-the-name"),
        pytest.param("*size=big*", "train", "train[size=big]", True, id="by-label-alone"),
        pytest.param("train", "train", "train[size=big]", True, id="all-labels-of-a-name"),
        pytest.param("rain", "train", "train", False, id="the-whole-name-counts"),
        pytest.param("", "train", "train", False, id="nothing-names-nothing"),
    ],
)
def test_a_name_with_glob_characters_matches_itself(glob, benchmark, titled, expected):
    assert matches(glob, benchmark, titled) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param("elapsed_sec", ("elapsed", "s", "lower"), id="seconds"),
        pytest.param("wall_seconds", ("wall", "s", "lower"), id="seconds-in-full"),
        pytest.param("tick_total_ms", ("tick_total", "ms", "lower"), id="milliseconds"),
        pytest.param("rows_per_s", ("rows_per_s", "1/s", "higher"), id="a-rate-keeps-its-name"),
        pytest.param("rows_per_second", ("rows_per_second", "1/s", "higher"), id="no-seconds"),
        pytest.param("api_rps", ("api_rps", "1/s", "higher"), id="requests-a-second"),
        pytest.param("peak_mb", ("peak", "MB", "lower"), id="megabytes"),
        pytest.param("heap_bytes", ("heap", "B", "lower"), id="bytes"),
        pytest.param("_ms", None, id="nothing-but-the-suffix"),
        pytest.param("loss", None, id="no-suffix"),
    ],
)
def test_a_metric_states_unit_and_direction_by_its_suffix(key, expected):
    assert from_suffix(key) == expected


def test_a_metric_may_be_named_by_its_key_in_the_run_summary():
    assert [canonical_name(k) for k in ("elapsed_ns", "peak_memory_mb", "loss")] == ["elapsed", "peak_memory", "loss"]


NAMES = st.sampled_from(["train", "train[size=big]", "tr*", "*", "t?ain", "[st]*", "serve", "train[[]*", ""])


@LAWS
@given(
    rules=st.lists(
        built(
            Rule, origin=st.text("0123456789", max_size=3), benchmark=NAMES,
            metric=st.sampled_from(["elapsed", "*", "el*", "[a-f]*", "cpu", "el[ap]sed"]),
            statistic=st.sampled_from(["p50", "p9?", "*", "p95"]),
            workload=st.sampled_from([None, None, "same", "rate"]),
        ),
        max_size=6,
    ),
    benchmark=st.sampled_from(["train", "serve", "other", "tr*"]),
    labels=st.sampled_from(["", "[size=big]"]),
    metric=st.sampled_from([ELAPSED, CPU, PEAK_MEMORY, Metric(name="el[ap]sed", unit="1", better="lower")]),
    statistic=st.sampled_from(["p50", "p90", "p95"]),
)  # fmt: skip
def test_the_rule_of_a_row_is_the_first_that_a_plain_search_finds(rules, benchmark, labels, metric, statistic):
    titled = benchmark + labels
    found = ruled(*rules)
    naming = [r for r in rules if matches(r.benchmark, benchmark, titled)]
    first = next(
        (
            r
            for r in naming
            if fnmatch.fnmatchcase(metric.name, r.metric) and fnmatch.fnmatchcase(statistic, r.statistic)
        ),
        None,
    )
    assert found.rule_for(benchmark, titled, metric.name, statistic) is first
    workload = next((r.workload for r in naming if r.workload), "same")
    ruling = found.ruling(benchmark, titled, metric, statistic)
    assert ruling.workload == ((first.workload if first else None) or workload)


def test_rules_are_equal_and_written_like_any_tuple_of_them():
    rules = (Rule(origin="one", metric="cpu"), Rule(origin="two"))
    policy = ruled(*rules)
    assert policy.rules == rules
    assert policy == ruled(*rules)
    assert replace(policy, source="q").rules is policy.rules
    assert digest_of(policy) == digest_of(replace(policy, source="q"))


@pytest.mark.parametrize(
    ("limit", "metric", "series", "ratio", "slug"),
    [
        ("< 100ms", "latency", "took_seconds", False, ""),
        ("< 100ms", "latency", "queue", False, "budget-unit"),
        ("> 100ms", "uptime", "up_seconds", False, ""),
        (">= 100/s", "rate", "requests_per_second", False, ""),
        ("< 100ms", "rate", "requests_per_second", False, "budget-unit"),
        ("< 5s", "total", "cpu_seconds_total", False, ""),
        ("< 9/s", "throughput", "requests_total", False, "budget-sign"),
        ("< 9ms", "throughput", "requests_total", False, "budget-unit"),
        ("< 1%", "failed", "requests_total", True, ""),
        ("> 1%", "failed", "requests_total", True, "budget-sign"),
        ("< 1ms", "failed", "requests_total", True, "budget-unit"),
    ],
)
def test_whether_a_budget_fits_its_series_is_said_once_for_all_who_ask(limit, metric, series, ratio, slug):
    budget = Budget(
        origin="budget 1", benchmark="", metric=metric, statistic="p95", limit=parse_limit(limit), series=series
    )
    failed = Ratio(name="failed", part=parse_selector("a"), whole=parse_selector(series), better="lower")
    found = budget.find_misfit(*budget.kind_of_series(failed if ratio else None), series=series)
    assert (found.slug if found else "") == slug
    assert not found or (found.place == "budget 1" and f'"{metric}" of {series}' in found.message)


def test_where_a_history_is_kept_is_no_rule():
    assert digest_of(replace(BUILT_IN, history_ref="refs/heads/other")) == digest_of(BUILT_IN)
