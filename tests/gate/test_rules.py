"""Which rule governs what, and rules that cannot be meant as they stand."""

from __future__ import annotations

import pytest
from gate_cases import judged, policy, profile, row_of, rule

from perfgate.core.finding import HOLDS
from perfgate.core.metrics import ELAPSED, PEAK_MEMORY, THROUGHPUT, Metric
from perfgate.core.policy import Floor
from perfgate.core.profile import title
from perfgate.gate.rules import check_rules, explain

SUITE = [
    profile({"elapsed": [1.0], "peak_memory": [1e6], "throughput": [100.0]}, name="train", labels=(("size", "big"),)),
    profile({"elapsed": [1.0]}, name="serve"),
]


@pytest.mark.parametrize(
    ("rules", "slug", "words"),
    [
        pytest.param([rule(benchmark="trian")], "rule-matches-nothing", 'did you mean "train"?', id="benchmark"),
        pytest.param([rule(benchmark="zzz")], "rule-matches-nothing", "known: serve, train, train[", id="unlike-any"),
        pytest.param([rule(metric="elapsd")], "rule-matches-nothing", 'did you mean "elapsed"?', id="metric"),
        pytest.param([rule(benchmark="serve", metric="throughput")], "rule-matches-nothing", "correct the", id="pair"),
        pytest.param([rule(metric="deadline_miss")], "rule-matches-nothing", "init_metrics(deadline_ms", id="deadline"),
        pytest.param([rule(), rule(2, benchmark="train")], "rule-shadowed", "move it before", id="shadowed"),
        pytest.param([rule(metric="elapsed", threshold="+3MB")], "rule-unit", "write a share", id="unit"),
        pytest.param([rule(threshold="+3ms")], "rule-unit", "narrow the rule", id="unit-of-a-glob"),
        pytest.param([rule(metric="elapsed", threshold="-5%")], "rule-sign", 'write "+5%"', id="sign"),
        pytest.param([rule(metric="throughput", threshold="+5%")], "rule-sign", 'write "-5%"', id="sign-of-a-rate"),
        pytest.param([rule(metric="elapsed", threshold="-3ms")], "rule-sign", 'write "+3ms"', id="sign-of-an-amount"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_is_a_fault_with_its_cure(rules, slug, words):
    (fault,) = check_rules(policy(*rules), SUITE)
    assert (fault.slug, fault.level, fault.place) == (slug, "error", rules[-1].origin)
    assert words in fault.hint


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param([], id="none"),
        pytest.param([rule(benchmark="train", threshold="-5%")], id="a-default-applies-to-both-directions"),
        pytest.param([rule(metric="*", threshold="+5%")], id="so-does-a-glob"),
        pytest.param([rule(metric="throughput", threshold="-5%")], id="the-right-way"),
        pytest.param([rule(metric="elapsed", threshold="+3ms")], id="an-amount"),
        pytest.param([rule(benchmark="train[size=big]")], id="with-labels"),
        pytest.param([rule(statistic="p9*")], id="a-glob-of-statistics"),
        pytest.param([rule(), rule(2, workload="rate")], id="a-workload-applies-wherever-it-stands"),
        pytest.param([rule(metric="elapsed", statistic="p95"), rule(2, metric="elapsed")], id="not-shadowed"),
    ],
)
def test_a_rule_that_governs_something_is_none(rules):
    assert check_rules(policy(*rules), SUITE) == []


def test_every_rule_is_looked_at():
    faults = check_rules(policy(rule(benchmark="x"), rule(2, metric="y"), rule(3)), SUITE)
    assert [f.place for f in faults] == ["rule 1 (perfgate.toml)", "rule 2 (perfgate.toml)"]


def test_the_first_rule_that_matches_governs_completed_by_the_defaults():
    by = policy(
        rule(benchmark="serve", metric="elapsed", level="warn"),
        rule(2, metric="elapsed", threshold="+7%", floor=Floor(auto=False)),
        threshold="+9%",
    )
    first = by.ruling("serve", "serve", ELAPSED, "p50")
    assert (first.level, first.threshold.text, first.floor) == ("warn", "+9%", Floor(auto=True))
    second = by.ruling("train", "train", ELAPSED, "p50")
    assert (second.level, second.threshold.text, second.floor) == ("fail", "+7%", Floor(auto=False))
    third = by.ruling("train", "train", PEAK_MEMORY, "p50")
    assert (third.level, third.threshold.text, third.origin) == ("fail", "+9%", "defaults")


@pytest.mark.parametrize(
    ("metric", "statistic", "workload", "level"),
    [
        ("elapsed", "p50", "same", "fail"), ("peak_memory", "p50", "same", "fail"), ("cpu", "p50", "same", "info"),
        ("throughput", "p50", "same", "info"), ("score", "p50", "same", "warn"), ("elapsed", "p95", "same", "info"),
        ("elapsed", "p50", "rate", "warn"), ("peak_memory", "p50", "rate", "warn"), ("cpu", "p50", "rate", "warn"),
        ("throughput", "p50", "rate", "fail"), ("throughput", "p95", "rate", "info"), ("score", "p50", "rate", "warn"),
    ],
)  # fmt: skip
def test_the_levels_without_a_rule(metric, statistic, workload, level):
    what = Metric(name=metric, unit="1", better="lower")
    assert policy(workload=workload).ruling("b", "b", what, statistic).level == level


def test_a_rule_that_names_no_metric_keeps_the_levels():
    by = policy(rule(benchmark="b", threshold="+1%"))
    assert by.ruling("b", "b", THROUGHPUT, "p50").level == "info"
    assert by.ruling("b", "b", ELAPSED, "p50").level == "fail"
    assert policy(rule(statistic="p*")).ruling("b", "b", THROUGHPUT, "p95").level == "fail"


def test_an_explanation_lists_gated_rows_first_with_the_threshold_in_their_direction():
    by = policy(rule(metric="throughput", threshold="-7%"), rule(2, metric="elapsed", statistic="p99"))
    rows = [(g.metric, g.statistic, g.threshold, g.ruling.level, g.ruling.origin) for g in explain(by, SUITE[0])]
    one, two = "rule 1 (perfgate.toml)", "rule 2 (perfgate.toml)"
    assert rows == [
        ("elapsed", "p50", "+5%", "fail", "defaults"),
        ("elapsed", "p99", "+5%", "fail", two),
        ("peak_memory", "p50", "+5%", "fail", "defaults"),
        ("throughput", "p50", "-7%", "fail", one),
        ("elapsed", "p95", "+5%", "info", "defaults"),
        ("peak_memory", "p95", "+5%", "info", "defaults"),
        ("throughput", "p95", "-5%", "info", "defaults"),
    ]


@pytest.mark.parametrize("threshold", ["+5%", "-5%"])
@pytest.mark.parametrize(("metric", "words"), [("elapsed", "+5%"), ("rate", "-5%")])
def test_a_default_threshold_reads_in_the_direction_of_the_metric(threshold, metric, words):
    by = policy(threshold=threshold)
    side = profile({metric: [1.0, 1.1]})
    found = row_of(judged(side, side, by), metric)
    assert found.status in HOLDS
    assert found.limit_text == words
    assert (found.limit > 0) == (words[0] == "+")
    assert {g.threshold for g in explain(by, side)} == {words}


@pytest.mark.parametrize(
    ("exclude", "metric", "expected"),
    [
        pytest.param("train", "", True, id="benchmark"),
        pytest.param("train", "elapsed", True, id="every-metric-of-it"),
        pytest.param("train[size=big]", "", True, id="with-labels"),
        pytest.param("train:elapsed", "elapsed", True, id="metric"),
        pytest.param("train:elapsed", "", False, id="metric-is-not-the-benchmark"),
        pytest.param("train:elapsed", "cpu", False, id="another-metric"),
        pytest.param("serve:elapsed", "elapsed", False, id="another-benchmark"),
    ],
)
def test_the_exclude_list(exclude, metric, expected):
    titled = title("train", (("size", "big"),))
    assert policy(exclude=("none", exclude)).excludes("train", titled, metric) is expected


def test_each_of_many_rules_that_match_nothing_is_a_fault_and_the_first_ones_have_a_guess():
    faults = check_rules(policy(*(rule(i, benchmark=f"trai{i}") for i in range(30))), SUITE)
    assert [f.place for f in faults] == [rule(i).origin for i in range(30)]
    assert {f.slug for f in faults} == {"rule-matches-nothing"}
    assert [("did you mean" in f.hint) for f in faults] == [True] * 20 + [False] * 10
