from __future__ import annotations

import pytest
from canary_cases import LATENCY, arm, budget, latencies, rollout
from msgspec.structs import replace

from perfgate.core.metrics import Metric
from perfgate.core.policy import CANARY
from perfgate.core.rollout.canary import Canary, Outcome, Phase, State
from perfgate.core.text.units import parse_limit
from perfgate.gate.canary.arms import Measure
from perfgate.gate.canary.decide import decide
from perfgate.stats.large_samples.distribution import of_buckets, of_values

BASE = arm(latencies(2000, seed=1), name="baseline")
SHORT = Phase(weight=10, min_age=3600.0, min_samples=500)
PHASED = Canary(phases=(SHORT,))


def states(decision):
    return {f.trigger: f.state for f in decision.findings}


def finding(decision, trigger):
    (found,) = (f for f in decision.findings if f.trigger == trigger)
    return found


def test_an_equal_canary_with_requests_enough_is_promoted_on_its_bounds():
    decision = decide(rollout(BASE, arm(latencies(2000, seed=2))))
    assert decision.outcome is Outcome.PROMOTE
    assert (decision.waits_for, decision.needs) == ((), None)
    p95 = finding(decision, "p95")
    assert p95.state is State.HOLDS
    assert p95.change < p95.high <= 0.15


def test_a_slower_canary_is_rolled_back_by_its_shift_before_its_p95_is_certain():
    decision = decide(rollout(arm(latencies(400, seed=1)), arm(latencies(400, factor=1.3, seed=2))))
    assert decision.outcome is Outcome.ROLLBACK
    assert states(decision)["p95"] is State.OPEN
    assert finding(decision, "median").proof == "shift"
    assert finding(decision, "median").low > 0.15


def test_a_shift_of_most_requests_is_reported_as_the_medians_and_not_as_a_p95_that_fell():
    base = [0.02] * 1800 + [0.2 + i / 1e4 for i in range(200)]
    canary = [0.06 + i / 1e6 for i in range(2000)]
    decision = decide(rollout(arm(base), arm(canary)))
    assert states(decision)["p95"] is State.HOLDS
    assert (states(decision)["median"], decision.outcome) == (State.WORSE, Outcome.ROLLBACK)
    assert finding(decision, "p95").change < 0 < finding(decision, "median").low


def test_a_trigger_that_most_requests_do_not_state_holds_no_canary_within_it():
    canary = arm(latencies(2000, seed=2))
    fast = Measure(metric=LATENCY, whole=of_values(latencies(1200, seed=3)))
    partly = replace(canary, measures={**canary.measures, ("m", "latency_total"): fast})
    decision = decide(rollout(BASE, partly))
    assert decision.outcome is Outcome.HOLD
    assert finding(decision, "p95").message == "only 1,200 of 2,000 requests state it"


def test_benchmarks_of_other_names_are_compared_only_where_their_files_name_them():
    other = arm(latencies(2000, seed=2), benchmark="other")
    assert decide(rollout(BASE, other)).outcome is Outcome.HOLD
    of_files = [replace(side, is_named_by_file=True) for side in (BASE, other)]
    assert decide(rollout(*of_files)).outcome is Outcome.PROMOTE


def test_a_canary_with_a_longer_tail_alone_is_rolled_back_by_its_p95():
    decision = decide(rollout(arm(latencies(500, seed=1)), arm(latencies(500, slow=0.1, seed=2))))
    assert decision.outcome is Outcome.ROLLBACK
    assert finding(decision, "p95").proof == "bootstrap"


def test_a_canary_of_few_requests_is_held_and_says_how_many_are_missing():
    decision = decide(rollout(BASE, arm(latencies(40, seed=2))))
    assert decision.outcome is Outcome.HOLD
    assert decision.needs == 19
    assert finding(decision, "p95").message == "p95 needs 59 requests in each arm"


def test_a_large_shift_of_few_requests_is_still_seen():
    decision = decide(rollout(BASE, arm(latencies(40, factor=3, seed=2))))
    assert decision.outcome is Outcome.ROLLBACK


@pytest.mark.parametrize(("failed", "outcome"), [(20, Outcome.PROMOTE), (100, Outcome.HOLD), (160, Outcome.ROLLBACK)])
def test_failures_are_judged_by_exact_bounds_on_both_sides(failed, outcome):
    decision = decide(rollout(BASE, arm(latencies(2000, seed=2), failed=failed)))
    assert decision.outcome is outcome


def test_requests_beyond_the_deadline_count_with_those_at_it_within():
    settings = Canary(deadline=0.2)
    values = [0.2] * 280 + [0.201] * 20
    decision = decide(rollout(arm([0.2] * 300), arm(values), settings=settings))
    late = finding(decision, "deadline_miss")
    assert (late.canary, late.baseline, late.state) == (20 / 300, 0.0, State.WORSE)


def test_a_trigger_that_is_off_is_not_asked_for():
    settings = Canary(p95=None, error_rate=None, deadline_miss=None)
    decision = decide(rollout(BASE, arm(latencies(2000, factor=9, seed=2)), settings=settings))
    assert decision.findings == ()
    assert decision.outcome is Outcome.HOLD


def test_a_default_trigger_without_data_is_shown_and_one_that_is_stated_holds_the_canary():
    only = {key: m for key, m in arm(latencies(2000, seed=2)).measures.items() if key[1] != "error_rate"}
    canary = replace(BASE, measures=only, name="canary")
    decision = decide(rollout(BASE, canary))
    assert finding(decision, "error_rate").state is State.MISSING  # the baseline has it
    bare = replace(BASE, measures={key: m for key, m in BASE.measures.items() if key[1] != "error_rate"})
    assert states(decide(rollout(bare, canary)))["error_rate"] is State.SHOWN
    assert decide(rollout(bare, canary)).outcome is Outcome.PROMOTE
    asked = decide(rollout(bare, canary, settings=Canary(stated=("error_rate",))))
    assert states(asked)["error_rate"] is State.MISSING
    assert asked.outcome is Outcome.HOLD


def test_a_canary_that_lacks_a_benchmark_of_the_baseline_is_held():
    both = {**BASE.measures, **arm(latencies(2000, seed=3), benchmark="other").measures}
    canary = arm(latencies(2000, seed=2))
    several = replace(BASE, measures=both)
    assert decide(rollout(several, canary)).outcome is Outcome.HOLD
    assert any(f.benchmark == "other" and f.state is State.MISSING for f in decide(rollout(several, canary)).findings)


def test_two_benchmarks_share_the_level_of_their_trigger():
    slower = arm(latencies(300, factor=1.24, seed=2))
    alone = decide(rollout(arm(latencies(300, seed=1)), slower))
    names = [f"b{i}" for i in range(40)]
    bases = {k: m for n in names for k, m in arm(latencies(300, seed=1), benchmark=n).measures.items()}
    canaries = {k: m for n in names for k, m in arm(latencies(300, factor=1.24, seed=2), benchmark=n).measures.items()}
    many = decide(rollout(replace(BASE, measures=bases), replace(slower, measures=canaries)))
    assert finding(alone, "p95").low > max(f.low for f in many.findings if f.trigger == "p95")


@pytest.mark.parametrize(
    ("age", "count", "waits"),
    [
        (None, 600, "its age is not known: rows state no time, and --age and --state are not given"),
        (1800.0, 600, "it has served for 30 min of 1 h"),
        (3600.0, 300, "it answered 300 of 500 requests"),
    ],
)
def test_a_phase_asks_for_age_and_requests(age, count, waits):
    canary = arm(latencies(count, factor=0.5, seed=2))
    decision = decide(rollout(arm(latencies(2000, seed=1)), canary, settings=PHASED, phase=SHORT, age=age))
    assert decision.outcome is Outcome.HOLD
    assert waits in decision.waits_for


def test_a_phase_that_is_over_names_the_next_one():
    canary = arm(latencies(2000, seed=2))
    decision = decide(rollout(BASE, canary, phase=CANARY.phases[0], age=7200.0))
    assert decision.outcome is Outcome.PROMOTE
    assert decision.next_phase == CANARY.phases[1]


def test_harm_is_acted_on_before_a_phase_is_over():
    decision = decide(rollout(BASE, arm(latencies(2000, factor=2, seed=2)), settings=PHASED, phase=SHORT, age=60.0))
    assert decision.outcome is Outcome.ROLLBACK


class TestInstances:
    """Hosts differ: what lies between the instances of one version is no difference of versions."""

    @staticmethod
    def hosts(factors, seed):
        return [latencies(600, factor=f, seed=seed + i) for i, f in enumerate(factors)]

    def of(self, factors, seed):
        parts = self.hosts(factors, seed)
        return arm([v for part in parts for v in part], instances=parts)

    def test_a_canary_on_slow_hosts_is_not_rolled_back_where_hosts_differ_as_much(self):
        base, canary = self.of((0.7, 1.0, 1.35), 1), self.of((1.0, 1.3, 1.5), 11)
        assert decide(rollout(base, canary)).outcome is Outcome.HOLD
        blind = [replace(side, measures={k: replace(m, instances=()) for k, m in side.measures.items()})
                 for side in (base, canary)]  # fmt: skip
        assert decide(rollout(*blind)).outcome is Outcome.ROLLBACK

    def test_a_canary_that_is_slower_on_every_host_is_rolled_back(self):
        base, canary = self.of((0.97, 1.0, 1.03), 1), self.of((1.9, 2.0, 2.1), 11)
        assert decide(rollout(base, canary)).outcome is Outcome.ROLLBACK


class TestBudgets:
    """Every budget of the policy is a trigger, too."""

    @pytest.mark.parametrize(
        ("limit", "outcome", "state"),
        [
            ("< 200ms", Outcome.PROMOTE, State.HOLDS),
            ("< 118ms", Outcome.HOLD, State.OPEN),
            ("< 90ms", Outcome.ROLLBACK, State.WORSE),
        ],
    )
    def test_a_limit_on_p95_is_judged_as_the_share_beyond_it(self, limit, outcome, state):
        canary = arm(latencies(2000, seed=2))
        decision = decide(rollout(BASE, canary, budgets=[budget(limit, name="latency")]))
        assert (decision.outcome, states(decision)["latency"]) == (outcome, state)

    def test_a_budget_that_only_warns_is_shown(self):
        decision = decide(
            rollout(BASE, arm(latencies(2000, seed=2)), budgets=[budget("< 1ms", level="warn", name="b")])
        )
        assert finding(decision, "b").state is State.SHOWN
        assert decision.outcome is Outcome.PROMOTE

    def test_a_share_of_which_more_is_better_is_judged_by_its_misses(self):
        hits = Metric(name="cache_hit_rate", unit="1", better="higher")

        def with_hits(side, count):
            return replace(
                side, measures={**side.measures, ("m", hits.name): Measure(metric=hits, share=(count, 2000))}
            )

        limit = budget("> 80%", metric="cache_hit_rate", statistic="p50", name="hits")
        for count, state in ((1700, State.HOLDS), (1600, State.OPEN), (1500, State.WORSE)):
            canary = with_hits(arm(latencies(2000, seed=2)), count)
            found = finding(decide(rollout(with_hits(BASE, 1700), canary, budgets=[limit])), "hits")
            assert found.state is state
            assert found.low < count / 2000 < found.high

    def test_a_budget_that_fits_nothing_or_that_nothing_measures_is_named(self):
        limits = [budget("< 1MB", name="misfit"), budget("< 1s", metric="elapsed", name="elsewhere")]
        decision = decide(rollout(BASE, arm(latencies(2000, seed=2)), budgets=limits))
        assert finding(decision, "misfit").state is State.MISSING
        assert '"< 1MB" does not fit "latency_total"' in finding(decision, "misfit").message
        assert finding(decision, "elsewhere").state is State.MISSING
        shown = decide(rollout(BASE, arm(latencies(2000, seed=2)), budgets=[replace(limits[1], level="warn")]))
        assert states(shown)["elsewhere"] is State.SHOWN
        assert shown.outcome is Outcome.PROMOTE
        assert decision.outcome is Outcome.HOLD

    def test_a_rate_says_nothing_of_an_arm_with_a_part_of_the_traffic(self):
        rate = Metric(name="throughput", unit="1/s", better="higher")
        canary = arm(latencies(2000, seed=2))
        slow = replace(canary, measures={**canary.measures, ("m", "throughput"): Measure(metric=rate, value=18.0)})
        limit = budget(">= 180/s", metric="throughput", statistic="p50", name="rate")
        decision = decide(rollout(BASE, slow, budgets=[limit]))
        assert finding(decision, "rate").state is State.SHOWN
        assert decision.outcome is Outcome.PROMOTE

    def test_a_single_value_beyond_its_limit_holds_and_is_never_proven(self):
        share = Metric(name="logging_share", unit="1", better="lower")
        canary = arm(latencies(2000, seed=2))
        with_share = replace(canary, measures={**canary.measures, ("m", share.name): Measure(metric=share, value=0.4)})
        limit = budget("< 30%", metric="logging_share", statistic="p50", name="logging")
        decision = decide(rollout(BASE, with_share, budgets=[limit]))
        assert (decision.outcome, states(decision)["logging"]) == (Outcome.HOLD, State.OPEN)

    def test_a_metric_that_the_canary_lacks_holds_it(self):
        rate = Metric(name="cache_hit_rate", unit="1", better="higher")
        base = replace(BASE, measures={**BASE.measures, ("m", rate.name): Measure(metric=rate, share=(9, 10))})
        limit = budget("> 80%", metric="cache_hit_rate", statistic="p50", name="hits")
        decision = decide(rollout(base, arm(latencies(2000, seed=2)), budgets=[limit]))
        assert (decision.outcome, states(decision)["hits"]) == (Outcome.HOLD, State.MISSING)


class TestBuckets:
    """Of a scrape only the bucket of each request is known."""

    @staticmethod
    def of(*counts):
        edges = (0.05, 0.1, 0.2, 0.4)
        upto = [sum(counts[: i + 1]) for i in range(len(counts))]
        whole = of_buckets([*zip((*edges, float("inf")), upto, strict=True)])
        return replace(BASE, measures={("m", "latency_total"): Measure(metric=LATENCY, whole=whole)})

    def test_a_deadline_at_an_edge_is_exact(self):
        settings = Canary(deadline=0.2, deadline_miss=parse_limit("< 2%"), p95=None)
        decision = decide(rollout(self.of(500, 400, 90, 10, 0), self.of(500, 400, 40, 50, 10), settings=settings))
        assert finding(decision, "deadline_miss").canary == 0.06
        assert decision.outcome is Outcome.ROLLBACK

    def test_buckets_wider_than_the_threshold_hold_and_never_roll_back(self):
        decision = decide(rollout(self.of(500, 400, 90, 10, 0), self.of(500, 400, 90, 10, 0)))
        assert finding(decision, "p95").state is State.OPEN
        assert finding(decision, "p95").needs is None
        assert finding(decision, "p95").message.endswith("histograms need finer edges around p95")
        assert decision.outcome is Outcome.HOLD

    def test_a_quantile_that_moved_by_two_buckets_is_worse(self):
        decision = decide(rollout(self.of(960, 40, 0, 0, 0), self.of(500, 0, 200, 300, 0)))
        assert decision.outcome is Outcome.ROLLBACK


def test_a_file_that_states_quantiles_alone_proves_nothing():
    stated = replace(BASE, measures={("m", "latency_total"): Measure(metric=LATENCY)})
    decision = decide(rollout(BASE, stated))
    assert decision.outcome is Outcome.HOLD
    assert "no single values" in finding(decision, "p95").message


def test_values_that_came_about_in_different_ways_are_not_compared():
    means = Measure(metric=LATENCY, whole=of_values(latencies(2000, seed=2)), source="means of calls")
    decision = decide(rollout(BASE, replace(BASE, measures={("m", "latency_total"): means})))
    assert decision.outcome is Outcome.HOLD
    assert "in different ways (single calls, means of calls)" in finding(decision, "p95").message
