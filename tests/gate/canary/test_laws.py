"""Laws of the decision on a canary, whatever was measured."""

from __future__ import annotations

import random

from canary_cases import ERROR_RATE, LATENCY, arm, budget, rollout
from hypothesis import given
from hypothesis import strategies as st
from laws import DEAR_LAWS
from msgspec.structs import replace

from perfgate.core.rollout.canary import Canary, Outcome, State
from perfgate.gate.canary.analyses import plan_analysis
from perfgate.gate.canary.arms import Measure
from perfgate.gate.canary.decide import decide
from perfgate.stats.large_samples.distribution import of_values

SETTINGS = Canary(deadline=0.2)
BUDGETS = (budget("< 150ms", name="latency"),)
TOWARDS_PROMOTION = (Outcome.ROLLBACK, Outcome.HOLD, Outcome.PROMOTE)
values = st.builds(
    lambda count, factor, seed: [factor * random.Random(seed + i).lognormvariate(-3, 0.5) for i in range(count)],
    st.integers(2, 400),
    st.sampled_from([0.8, 1.0, 1.2, 1.5]),
    st.integers(0, 10_000),
)


def judge(base, canary, *, failed=0, analysis=None):
    return decide(
        rollout(
            arm(base, name="baseline"),
            arm(canary, failed=failed),
            settings=SETTINGS,
            budgets=BUDGETS,
            analysis=analysis,
        )
    )


def rank(decision):
    return TOWARDS_PROMOTION.index(decision.outcome)


@DEAR_LAWS
@given(values, values, st.floats(1.0, 3.0))
def test_a_slower_canary_never_moves_towards_promotion(base, canary, factor):
    assert rank(judge(base, [v * factor for v in canary])) <= rank(judge(base, canary))


@DEAR_LAWS
@given(values, values, st.floats(0.0, 1.0), st.integers(0, 10_000))
def test_a_delay_of_some_requests_never_moves_towards_promotion(base, canary, share, seed):
    rng = random.Random(seed)
    delayed = [v + 0.3 if rng.random() < share else v for v in canary]
    assert rank(judge(base, delayed)) <= rank(judge(base, canary))


@DEAR_LAWS
@given(values, values, st.integers(0, 100), st.integers(0, 100))
def test_more_failures_never_move_towards_promotion(base, canary, failed, more):
    of = len(canary) + 300

    def with_failures(count):
        side = arm(canary)
        share = Measure(metric=ERROR_RATE, share=(count, of))
        counted = replace(side, measures={**side.measures, ("m", "error_rate"): share})
        return decide(rollout(arm(base, name="baseline"), counted, settings=SETTINGS, budgets=BUDGETS))

    assert rank(with_failures(failed + more)) <= rank(with_failures(failed))


@DEAR_LAWS
@given(values, values, st.randoms(use_true_random=False))
def test_the_order_of_requests_changes_nothing(base, canary, rng):
    shuffled = [list(side) for side in (base, canary)]
    for side in shuffled:
        rng.shuffle(side)
    assert judge(*shuffled) == judge(base, canary)


@DEAR_LAWS
@given(values)
def test_a_canary_that_equals_its_baseline_is_never_rolled_back_for_its_latency(base):
    found = judge(base, base)
    assert all(f.state is not State.WORSE for f in found.findings if f.trigger == "p95")


@DEAR_LAWS
@given(values, values, st.integers(1, 50))
def test_a_smaller_part_of_the_level_never_proves_more(base, canary, planned):
    """So a plan of more analyses never raises the chance of any one of them."""
    whole = judge(base, canary, analysis=plan_analysis(1, 1, SETTINGS.level, 1))
    part = judge(base, canary, analysis=plan_analysis(1, planned, SETTINGS.level, 1))
    if part.outcome is Outcome.ROLLBACK:
        assert whole.outcome is Outcome.ROLLBACK


@DEAR_LAWS
@given(values, values, st.integers(1, 6))
def test_more_hosts_of_which_each_answers_alike_prove_no_more_than_the_requests_alone(base, canary, hosts):
    """Naming instances only ever asks for more."""

    def split(side, name):
        parts = [side[i::hosts] for i in range(hosts)]
        parts = [p for p in parts if p]
        whole = Measure(metric=LATENCY, whole=of_values(side), instances=tuple(map(of_values, parts)))
        return replace(arm(side, name=name), measures={**arm(side).measures, ("m", "latency_total"): whole})

    blind = judge(base, canary)
    seen = decide(rollout(split(base, "baseline"), split(canary, "canary"), settings=SETTINGS, budgets=BUDGETS))
    if seen.outcome is not Outcome.HOLD:
        assert seen.outcome is blind.outcome
