"""Budgets: absolute limits on what was measured now."""

from __future__ import annotations

import math

import pytest
from gate_cases import counted, percentiles, policy, profile
from msgspec.structs import replace

from perfgate.core.errors import warning
from perfgate.core.finding import Status
from perfgate.core.metrics import ELAPSED, STATED_BY, Metric
from perfgate.core.policy import Budget
from perfgate.core.profile import MetricProfile, Sample, Stated, with_stated
from perfgate.core.statistic import Quantile
from perfgate.core.text.names import left_out
from perfgate.core.text.units import parse_limit
from perfgate.gate.budgets import check_budgets
from perfgate.gate.methods.buckets import count_beyond
from perfgate.stats.buckets import bucket_quantile

CASES = [
    ("< 100ms", 0.0999999, True), ("< 100ms", 0.1, False), ("< 100ms", 0.1000001, False),
    ("<= 100ms", 0.0999999, True), ("<= 100ms", 0.1, True), ("<= 100ms", 0.1000001, False),
    ("> 100ms", 0.0999999, False), ("> 100ms", 0.1, False), ("> 100ms", 0.1000001, True),
    (">= 100ms", 0.0999999, False), (">= 100ms", 0.1, True), (">= 100ms", 0.1000001, True),
]  # fmt: skip


def budget(limit, *, warn=None, **more):
    """Return a budget for the time of training."""
    given = {"benchmark": "train", "metric": "elapsed", "statistic": "p50", "origin": "budget 1 (perfgate.toml)"}
    return Budget(**{**given, **more}, limit=parse_limit(limit), warn=parse_limit(warn) if warn else None)


def checked(budget_, *profiles, known=(), **more):
    """Check one budget."""
    return check_budgets(profiles, policy(budgets=(budget_,), **more), frozenset(known))


@pytest.mark.parametrize(("limit", "value", "holds"), CASES, ids=[f"{v:.7f} {limit}" for limit, v, _ in CASES])
def test_a_budget_holds_exactly_as_its_operator_says(limit, value, holds):
    side = profile({"elapsed": [value]})
    if limit.startswith(">"):
        side = replace(side, metrics=tuple(replace(m, metric=replace(m.metric, better="higher")) for m in side.metrics))
    (found,), problems = checked(budget(limit), side)
    assert not problems
    assert found.status is (Status.UNCHANGED if holds else Status.OVER_BUDGET)
    assert found.reason == ("within-budget" if holds else "over-budget")
    assert (found.method, found.limit, found.limit_text, found.current) == ("budget", 0.1, limit, value)
    assert found.better == ("lower" if limit.startswith("<") else "higher")


@pytest.mark.parametrize(
    ("limit", "metric", "hits", "of", "status"),
    [
        pytest.param("< 1%", "error_rate", 2, 50, "advisory", id="2-of-50"),
        pytest.param("< 1%", "error_rate", 3, 50, "over-budget", id="3-of-50"),
        pytest.param("<= 1%", "error_rate", 15, 1_000, "advisory", id="15-of-1000"),
        pytest.param("<= 1%", "error_rate", 16, 1_000, "over-budget", id="16-of-1000"),
        pytest.param("< 1%", "error_rate", 117, 10_000, "advisory", id="117-of-10000"),
        pytest.param("< 1%", "error_rate", 118, 10_000, "over-budget", id="118-of-10000"),
        pytest.param("< 1%", "error_rate", 0, 50, "unchanged", id="none"),
        pytest.param("<= 0%", "error_rate", 1, 50, "over-budget", id="one-where-none-may-be"),
        pytest.param(">= 80%", "cache_hit_rate", 37, 50, "advisory", id="37-of-50-found"),
        pytest.param(">= 80%", "cache_hit_rate", 34, 50, "over-budget", id="34-of-50-found"),
        pytest.param(">= 80%", "cache_hit_rate", 40, 50, "unchanged", id="40-of-50-found"),
    ],
)
def test_a_budget_on_a_share_is_broken_when_its_counts_prove_it(limit, metric, hits, of, status):
    (found,), problems = checked(budget(limit, metric=metric), profile({metric: counted(s=(hits, of))}))
    assert not problems
    assert (found.status, found.current, found.n_current) == (status, hits / of, of)
    assert (found.reason == "budget-of-few-calls") is (status == "advisory")


def test_the_counts_of_all_sessions_prove_together_and_the_message_says_how_many_would():
    two = profile({"error_rate": counted(a=(2, 60), b=(0, 40))})
    (found,), _ = checked(budget("< 1%", metric="error_rate"), two)
    assert found.message == '2 of 100 calls do not prove that "< 1%" is broken: it takes 4'
    four = profile({"error_rate": counted(a=(2, 60), b=(2, 40))})
    assert checked(budget("< 1%", metric="error_rate"), four)[0][0].status is Status.OVER_BUDGET


def test_a_share_that_nobody_counted_is_taken_as_it_is():
    (found,), _ = checked(budget("< 1%", metric="error_rate"), profile({"error_rate": [0.02]}))
    assert found.status is Status.OVER_BUDGET


@pytest.mark.parametrize(
    ("value", "status", "reason"),
    [
        pytest.param(0.0899, "unchanged", "within-budget", id="below"),
        pytest.param(0.09, "advisory", "near-budget", id="beyond-the-warning"),
        pytest.param(0.0999, "advisory", "near-budget", id="just-within"),
        pytest.param(0.1, "over-budget", "over-budget", id="at-the-limit"),
    ],
)
def test_a_warning_comes_before_the_limit(value, status, reason):
    (found,), _ = checked(budget("< 100ms", warn="< 90ms"), profile({"elapsed": [value]}))
    assert (found.status, found.reason) == (status, reason)
    if reason == "near-budget":
        assert found.message == 'within the limit, but beyond its warning "< 90ms"'


@pytest.mark.parametrize("level", ["warn", "info"])
def test_a_budget_that_does_not_gate_is_advisory(level):
    (found,), _ = checked(budget("< 100ms", level=level), profile({"elapsed": [1.0]}))
    assert (found.status, found.level, found.reason) == (Status.ADVISORY, level, "not-gated")


@pytest.mark.parametrize(
    ("statistic", "value"),
    [("p50", 0.505), ("p90", 0.901), ("p95", 0.9505), ("p99", 0.9901)],
)
def test_a_budget_is_held_to_its_statistic(statistic, value):
    values = [i / 100 for i in range(1, 101)]
    (found,), _ = checked(budget("< 1s", statistic=statistic), profile({"elapsed": values}))
    assert (found.statistic, found.current, found.n_current) == (statistic, pytest.approx(value), 100)


def test_a_budget_on_stated_percentiles_needs_its_own():
    side = percentiles({"p95": 0.05})
    (found,), _ = checked(budget("< 100ms", statistic="p95"), side)
    assert found.status is Status.UNCHANGED
    (found,), _ = checked(budget("< 100ms", statistic="p99"), side)
    assert (found.status, found.reason, found.message) == (
        Status.MISSING, "no-statistic", "the file states no p99",
    )  # fmt: skip


def test_a_budget_whose_metric_no_run_states_is_missing():
    (found,), problems = checked(budget("< 100ms", metric="latency"), profile({"elapsed": [1.0]}))
    assert (found.status, found.reason, found.current, found.n_current) == (Status.MISSING, "budget-no-values", None, 0)
    assert not problems


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        pytest.param("elapsd", 'did you mean "elapsed"? Measured: elapsed, peak_memory', id="near"),
        pytest.param("latency", "Measured: elapsed, peak_memory", id="far"),
        pytest.param("deadline_miss", STATED_BY["deadline_miss"], id="a deadline that no run states"),
    ],
)
def test_a_budget_on_a_metric_that_nobody_measured_names_those_there_are(wanted, message):
    (found,), _ = checked(budget("< 100ms", metric=wanted), profile({"peak_memory": [1.0], "elapsed": [2.0]}))
    assert (found.reason, found.message) == ("budget-no-values", message)


def test_a_budget_in_a_unit_that_does_not_fit_is_a_fault():
    findings, (problem,) = checked(budget("< 100MB"), profile({"elapsed": [1.0]}))
    assert not findings
    assert (problem.slug, problem.place) == ("budget-unit", "budget 1 (perfgate.toml)")
    assert problem.message == '"< 100MB" does not fit "elapsed", which is in "s"'


@pytest.mark.parametrize(
    ("known", "faults"),
    [
        pytest.param((), ["budget-matches-nothing"], id="unheard-of"),
        pytest.param(("serve.predict",), [], id="in-a-baseline-and-told-there"),
    ],
)
def test_a_budget_for_nothing_is_a_fault(known, faults):
    findings, problems = checked(budget("< 1s", benchmark="serve.*"), profile({"elapsed": [1.0]}), known=known)
    assert not findings
    assert [p.slug for p in problems] == faults


@pytest.mark.parametrize("glob", ["*", "train", "tr*", "train[size=big]", "train[[]size=*"])
def test_a_budget_names_benchmarks_with_or_without_labels(glob):
    side = profile({"elapsed": [1.0]}, labels=(("size", "big"),))
    (found,), problems = checked(budget("< 2s", benchmark=glob), side)
    assert (found.benchmark, found.labels, found.rule) == ("train", (("size", "big"),), "budget 1 (perfgate.toml)")
    assert not problems


@pytest.mark.parametrize("exclude", ["train", "train:elapsed", "*:elap*"])
def test_an_excluded_benchmark_or_metric_has_no_budget(exclude):
    findings, _ = checked(budget("< 1ms"), profile({"elapsed": [1.0]}), exclude=(exclude,), known=("train",))
    assert not findings


def test_every_budget_that_matches_is_checked():
    by = policy(budgets=(budget("< 2s"), budget("< 500ms", origin="budget 2"), budget("< 1s", benchmark="*")))
    findings, _ = check_budgets([profile({"elapsed": [1.0]})], by, frozenset())
    assert [f.status for f in findings] == [Status.UNCHANGED, Status.OVER_BUDGET, Status.OVER_BUDGET]


def test_a_budget_that_points_the_wrong_way_is_a_fault():
    findings, (problem,) = checked(budget("> 100ms"), profile({"elapsed": [0.2]}))
    assert not findings
    assert problem.slug == "budget-sign"


@pytest.mark.parametrize(("level", "status"), [("fail", "invalid"), ("warn", "advisory"), ("info", "advisory")])
def test_a_limit_inside_a_bucket_cannot_be_decided_and_prevents_a_verdict_only_where_it_is_gated(level, status):
    q = Quantile(name="p95", value=0.2, low=0.1, high=0.25)
    ((found,), _) = checked(budget("< 200ms", statistic="p95", level=level), bucketed(q))
    assert (found.status, found.reason) == (status, "no-edge-at-limit")
    said = 'p95 lies in the bucket from 100 to 250 ms, and the limit "< 200ms" inside it: add an edge at 200ms'
    assert found.message == said


@pytest.mark.parametrize(("series", "edge"), [("train_seconds", "0.2"), ("train_milliseconds", "200")])
def test_the_edge_to_add_is_named_as_the_histogram_of_prometheus_has_it(series, edge):
    q = Quantile(name="p95", value=0.2, low=0.1, high=0.25)
    side = replace(bucketed(q), benchmark=f'{series}{{route="/"}}')
    limited = budget("< 200ms", statistic="p95", series=series, benchmark="", name="latency")
    ((found,), _) = checked(limited, side)
    assert found.message.startswith('budget "latency": p95 lies in the bucket from 100 to 250 ms')
    assert found.message.endswith(f'add an edge at {edge} (le="{edge}")')


def test_a_quantile_beyond_the_last_bucket_says_where_that_ends():
    q = Quantile(name="p95", value=0.25, low=0.25, high=math.inf)
    ((found,), _) = checked(budget("< 1s", statistic="p95"), bucketed(q))
    said = 'p95 lies beyond the last bucket, which ends at 250 ms, and the limit "< 1s" inside it: add an edge at 1s'
    assert found.message == said


def bucketed(q):
    """Return a benchmark of which a quantile is read off buckets."""
    metric = with_stated(MetricProfile(metric=ELAPSED, sources=(), samples=()), [Stated(session="s1", quantiles=(q,))])
    return replace(profile({"elapsed": [0.1]}), metrics=(metric,))


@pytest.mark.parametrize(
    ("statistic", "limit", "message"),
    [
        ("p95", "< 100ms", "beyond the budget's limit: 20.0% of the values are, and 5% may be"),
        ("p99", "< 100ms", "beyond the budget's limit: 20.0% of the values are, and 1% may be"),
        ("p50", "< 40ms", "beyond the budget's limit"),
    ],
)
def test_a_broken_limit_of_a_tail_is_also_said_as_the_share_of_slow_values(statistic, limit, message):
    values = [0.05] * 80 + [0.2] * 20
    (found,), _ = checked(budget(limit, statistic=statistic), profile({"elapsed": values}))
    assert (found.status, found.message) == (Status.OVER_BUDGET, message)


SLOW = [
    pytest.param(1, 3, "advisory", 2, id="1-of-3"),
    pytest.param(2, 20, "advisory", 4, id="2-of-20"),
    pytest.param(6, 100, "advisory", 10, id="6-of-100"),
    pytest.param(9, 100, "advisory", 10, id="9-of-100"),
    pytest.param(10, 100, "over-budget", 10, id="10-of-100"),
    pytest.param(51, 1_000, "advisory", 63, id="51-of-1000"),
    pytest.param(63, 1_000, "over-budget", 63, id="63-of-1000"),
    pytest.param(4, 100, "unchanged", 10, id="4-of-100"),
]


@pytest.mark.parametrize(("slow", "of", "status", "needed"), SLOW)
def test_the_same_requests_have_one_verdict_as_histogram_log_and_share(slow, of, status, needed):
    """p95 below 100 ms is the same statement as fewer than 5 % slower than 100 ms."""
    fast = of - slow
    edge = [(0.1, fast), (0.2, of), (math.inf, of)]
    q = Quantile("p95", *bucket_quantile(edge, 0.95))
    stated = [Stated(session="s1", quantiles=(q,), buckets=tuple((b, float(n)) for b, n in edge))]
    side = with_stated(MetricProfile(metric=ELAPSED, sources=(), samples=()), stated)
    histogram = replace(profile({"elapsed": [0.1]}), metrics=(side,))
    log = profile({"elapsed": [0.05] * fast + [0.2] * slow})
    share = profile({"error_rate": counted(s=(slow, of))})
    limited = budget("< 100ms", statistic="p95")
    found = [f for by, one in ((limited, histogram), (limited, log)) for f in checked(by, one)[0]]
    found += checked(budget("< 5%", metric="error_rate"), share)[0]
    assert [f.status for f in found] == [status] * 3
    if status == "advisory":
        assert {f.reason for f in found} == {"budget-of-few-calls"}
        assert all(f.message.endswith(f"is broken: it takes {needed}") for f in found)


def test_without_an_edge_at_the_limit_only_what_is_surely_beyond_counts_and_higher_is_turned_round():
    stated = [Stated(session="s1", quantiles=(), buckets=((0.1, 10.0), (0.2, 30.0), (math.inf, 40.0)))]
    metric = with_stated(MetricProfile(metric=ELAPSED, sources=(), samples=()), stated)
    limits = {"< 100ms": (30, 40), "< 150ms": (10, 40), "< 1s": (0, 40), "> 200ms": (30, 40), "> 50ms": (0, 40)}
    assert {text: count_beyond(parse_limit(text), metric) for text in limits} == limits
    two = replace(metric, stated=(*stated, replace(stated[0], session="s2")))
    assert count_beyond(parse_limit("< 100ms"), two) == (60, 80)
    rates = replace(metric, stated=(replace(stated[0], buckets=((0.1, 0.5), (math.inf, 1.5))),))
    unknown = replace(metric, stated=(*stated, Stated(session="s2", quantiles=())))
    assert [count_beyond(parse_limit("< 1s"), one) for one in (rates, unknown)] == [None, None]


@pytest.mark.parametrize(("level_of", "status"), [(0.085, "unchanged"), (0.095, "advisory"), (0.11, "over-budget")])
def test_a_warning_is_heeded_on_buckets_whose_edges_are_the_limits(level_of, status):
    edges = (0.0, 0.09, 0.1, math.inf)
    low = max(e for e in edges if e < level_of)
    high = min(e for e in edges if e > level_of)
    side = bucketed(Quantile("p50", level_of, low, high))
    (found,), _ = checked(budget("< 100ms", warn="< 90ms"), side)
    assert found.status == status


@pytest.mark.parametrize(
    ("name", "is_judged"),
    [('t_seconds{model="a"}', True), ("t_seconds", True), ("tt_seconds", False), ("t_seconds_total", False)],
)
def test_a_budget_of_a_series_is_about_all_its_labels_and_no_other_metric(name, is_judged):
    side = replace(profile({"elapsed": [0.05] * 40}), benchmark=name)
    found, problems = checked(budget("< 100ms", benchmark="", series="t_seconds"), side)
    assert [f.status for f in found] == [Status.UNCHANGED] * is_judged
    assert [p.slug for p in problems] == ["budget-matches-nothing"] * (not is_judged)


def test_a_budget_of_a_ratio_passes_over_the_counters_beside_it():
    counters = replace(profile({"elapsed": [7.0]}), benchmark='ops{op="hit"}')
    ratio = replace(profile({"cache_hit_rate": counted(s=(90, 100))}), benchmark="ops")
    wanted = budget("> 80%", benchmark="", series="ops", metric="cache_hit_rate")
    found, problems = checked(wanted, counters, ratio)
    assert ([f.status for f in found], problems) == ([Status.UNCHANGED], [])
    missing, _ = checked(wanted, counters)
    assert [f.status for f in missing] == [Status.MISSING]


def test_a_gauge_does_not_stand_in_for_a_ratio_of_its_family_that_was_left_out():
    gauge = profile({Metric(name="value", unit="1", better="higher"): [3.0]}, name="models")
    wanted = budget("> 2", benchmark="", series="models", metric="in_use")
    assert [f.status for f in checked(wanted, gauge)[0]] == [Status.UNCHANGED]
    assert [f.status for f in checked(replace(wanted, ratio="in_use"), gauge)[0]] == [Status.MISSING]


@pytest.mark.parametrize("is_measured", [True, False])
def test_a_budget_without_values_says_why_the_file_left_them_out(is_measured):
    counters = replace(profile({"elapsed": [7.0]}), benchmark="ops" if is_measured else "other")
    wanted = budget("> 80%", benchmark="", series="ops", metric="hits", ratio="hit_rate")
    reasons = [left_out("ops", "total") + "no number", left_out("ops", "hit_rate") + "no series is a_total"]
    notes = [warning("benchmark-skipped", reason) for reason in reasons]
    found, problems = check_budgets([counters], policy(budgets=(wanted,)), frozenset(), notes)
    expected = "no series is a_total" if is_measured else 'no benchmark matches "hit_rate": no series is a_total'
    assert [f.message for f in (*found, *problems)] == [expected]
    assert [p.hint for p in problems] == ["correct what the message names, and measure again"] * (not is_measured)


@pytest.mark.parametrize(
    ("glob", "series", "is_judged"),
    [
        ("*/*", "t_seconds", False),
        ("*", "t_seconds", False),
        ('requests_total{route="/home"}', "t_seconds", True),
        ("*/*", "", True),
        ("*/*", "requests_total", True),
    ],
)
def test_a_wildcard_beside_a_series_is_not_about_other_series_with_labels(glob, series, is_judged):
    log = replace(profile({"elapsed": [0.05] * 40}), benchmark="model/v1")
    other = replace(profile({"elapsed": [0.05] * 40}), benchmark='requests_total{route="/home"}')
    found, problems = checked(budget("< 100ms", benchmark=glob, series=series), log, other)
    assert (other.benchmark in {f.benchmark for f in found}, bool(problems)) == (is_judged, False)


def test_a_finding_and_a_fault_name_the_budget_that_they_are_about():
    (found,), _ = checked(budget("< 1s", name="speed"), profile({"elapsed": [2.0]}))
    assert found.message == 'budget "speed"'
    (found,), _ = checked(budget("< 1s", name="speed", metric="elapsd"), profile({"elapsed": [2.0]}))
    assert found.message.startswith('budget "speed": did you mean "elapsed"?')


def scraped(name, metric="throughput", value=20.0):
    """Return a series of a scrape, without labels."""
    held = MetricProfile(
        metric=Metric(name=metric, unit="1/s", better="higher"),
        sources=(),
        samples=(Sample(session="a", values=(value,)),),
    )
    return replace(profile({"elapsed": [1.0]}, name=name), metrics=(held,))


def test_a_wildcard_beside_a_series_is_about_the_log_and_no_other_series():
    limited = budget("> 10/s", benchmark="*", series="asked_total", metric="throughput")
    slow = scraped("jobs_total", value=0.1), scraped("took_seconds", "duration", 0.1)
    found, problems = checked(limited, scraped("asked_total"), *slow, scraped("GET /home", value=5.0))
    assert not problems
    assert {f.benchmark: str(f.status) for f in found} == {"asked_total": "unchanged", "GET /home": "over-budget"}


def test_the_whole_name_of_another_series_asks_for_it():
    limited = budget("> 10/s", benchmark="jobs_total", series="asked_total", metric="throughput")
    found, _ = checked(limited, scraped("asked_total"), scraped("jobs_total", value=0.1))
    assert [str(f.status) for f in found] == ["unchanged", "over-budget"]


def test_a_wildcard_beside_a_series_that_is_not_there_is_a_fault_that_names_what_is():
    limited = budget("> 10/s", benchmark="*", series="asked_total", metric="throughput")
    found, (problem,) = checked(limited, scraped("jobs_total"))
    assert not found
    assert (problem.slug, problem.message) == (
        "budget-matches-nothing", 'there is no "asked_total", and "*" matches only other series: jobs_total',
    )  # fmt: skip


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        ({"benchmark": "absent"}, "correct the name, or remove the budget"),
        ({"benchmark": "", "series": "t_seconds"}, "(two scrapes of Prometheus)"),
        ({"benchmark": "absent", "series": "t_seconds"}, "(two scrapes of Prometheus or a log)"),
    ],
)
def test_a_budget_that_no_source_serves_names_the_source_that_is_missing(names, hint):
    found, [problem] = checked(budget("< 1s", **names), profile({"elapsed": [0.1]}))
    assert not found
    assert hint in problem.hint
    assert ("--budget NAME" in problem.hint) is ("series" in names)
