"""Laws of whole checks: many benchmarks, several sessions on either side, and what they have in common."""

from __future__ import annotations

import json
import math
import random

from gate_cases import MILDEST_FIRST, policy, profile, rule, scaled, verdict
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import DEAR_LAWS
from msgspec.structs import replace

from perfgate.core.finding import FAILED, HOLDS, UNDECIDED, WHOLE_SUITE, Status
from perfgate.core.policy import Floor
from perfgate.gate.judge import Pair, judge
from perfgate.report.codec import from_data, to_data
from perfgate.store.codec import decode_baseline, encode_baseline

BY = policy(rule(metric="rate", threshold="-5%"), floor=Floor(auto=False))


def suite(seed, benchmarks, sessions, fresh, metric="elapsed"):
    """Return pairs of benchmarks whose sessions differ by luck, some of it shared; some are really slower."""
    dice = random.Random(seed)
    spread, within = dice.choice([0.005, 0.03]), dice.choice([0.002, 0.02])
    names = [f"s{i}" for i in range(sessions)]
    luck = {s: dice.gauss(0, spread) for s in [*names, *(f"now{i}" for i in range(fresh))]}

    def drawn(session, slower=1.0):
        centre = math.exp(luck[session] + dice.gauss(0, spread)) * slower
        runs = dice.randint(2, 8)  # one value on each side is judged by the plain ratio, and is no part of the suite
        return [float(f"{centre * math.exp(dice.gauss(0, within)):.6g}") for _ in range(runs)]

    pairs = []
    for i in range(benchmarks):
        slower = dice.choice([1.0, 1.0, 1.0, 1.1, 1.4, 3.0])
        slower = 1 / slower if metric == "rate" else slower
        base = {s: drawn(s) for s in dice.sample(names, dice.randint(1, sessions))}
        now = {f"now{k}": drawn(f"now{k}", slower) for k in range(fresh)}
        sides = [profile({metric: side}, name=f"b{i}", machine="") for side in (base, now)]
        pairs.append(Pair(base=sides[0], current=sides[1]))
    return pairs


SEEDS, UP_TO_3, UP_TO_6 = st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 6)
SUITES = st.builds(suite, SEEDS, st.integers(1, 9), UP_TO_6, UP_TO_3, st.sampled_from(["elapsed", "rate"]))
SMALL = st.builds(suite, SEEDS, st.integers(2, 4), UP_TO_6, UP_TO_3)


def slowed(pair, factor):
    """Return a pair whose current values are worse by a factor."""
    now = pair.current
    worse = [
        replace(
            m,
            samples=tuple(
                replace(s, values=tuple(scaled(s.values, factor if m.metric.better == "lower" else 1 / factor)))
                for s in m.samples
            ),
        )
        for m in now.metrics
    ]
    return replace(pair, current=replace(now, metrics=tuple(worse)))


def statuses(pairs, by=BY):
    """Return the status of each row."""
    found = judge(pairs, by).findings
    return {(f.benchmark, f.metric, f.statistic): f.status for f in found}


def severity_of(status):
    """Return how bad a status is. What holds is equally bad: rows that fail lower the limits of the others."""
    return MILDEST_FIRST.index(Status.UNCHANGED if status in HOLDS else status)


def fails(pairs):
    """Does the check exit with 1?"""
    found = statuses(pairs).values()
    return not UNDECIDED & set(found) and bool(FAILED & set(found))


@DEAR_LAWS
@given(SUITES, st.floats(1.0, 20.0))
def test_making_everything_slower_alike_never_turns_a_failure_into_a_pass(pairs, factor):
    if fails(pairs):
        assert fails([slowed(p, factor) for p in pairs])


@DEAR_LAWS
@given(SMALL, st.lists(st.floats(1.0, 5.0), min_size=4, max_size=4))
def test_making_everything_slower_at_will_never_turns_a_failure_into_a_pass_without_a_common_shift(pairs, factors):
    if fails(pairs):
        assert fails([slowed(p, f) for p, f in zip(pairs, factors, strict=False)])


@DEAR_LAWS
@given(SUITES)
def test_a_suite_that_is_twenty_times_as_slow_as_ever_never_passes(pairs):
    assert fails([slowed(p, 20.0) for p in pairs])


@DEAR_LAWS
@given(SMALL, st.floats(1.0, 10.0))
def test_a_slower_benchmark_never_makes_anothers_verdict_milder_in_a_small_suite(pairs, factor):
    before, after = statuses(pairs), statuses([slowed(pairs[0], factor), *pairs[1:]])
    for row in before:
        if row[0] != "b0":
            assert severity_of(after[row]) >= severity_of(before[row])


@DEAR_LAWS
@given(SUITES, st.floats(1.0, 10.0))
def test_a_slower_benchmark_makes_anothers_verdict_milder_by_the_common_shift_alone(pairs, factor):
    def seen(given_pairs):
        found = [f for f in judge(given_pairs, BY).findings if f.statistic == "p50"]
        return {f.benchmark: (f.status, f.evidence.shift) for f in found if f.benchmark != WHOLE_SUITE}

    before, after = seen(pairs), seen([slowed(pairs[0], factor), *pairs[1:]])
    for name in before:
        if name != "b0" and before[name][1] == after[name][1]:
            assert severity_of(after[name][0]) >= severity_of(before[name][0])


@DEAR_LAWS
@given(SUITES)
def test_a_row_fails_exactly_beyond_the_limit_that_is_shown_for_it(pairs):
    for found in judge(pairs, BY).findings:
        if found.method == "across-sessions" and found.benchmark != WHOLE_SUITE and found.detectable is not None:
            cost = math.log1p(found.change) if found.better == "lower" else -math.log1p(found.change)
            limit = abs(math.log1p(found.detectable)) if found.detectable > -1 else math.inf
            assume(abs(cost - limit) > 1e-6)
            assert (found.status is Status.REGRESSED) == (cost > limit) or found.reason == "only-beside"


@DEAR_LAWS
@given(SUITES, SUITES)
def test_a_further_fresh_session_never_turns_what_holds_into_a_failure(pairs, others):
    assume(pairs[0].current.metrics[0].metric == others[0].current.metrics[0].metric)
    before = statuses(pairs)
    more = []
    for pair, other in zip(pairs, others, strict=False):
        (now,), (extra,) = pair.current.metrics, other.current.metrics
        sample = replace(extra.samples[0], session="further")
        session = replace(other.current.sessions[0], id="further")
        joined = replace(
            pair.current,
            sessions=(*pair.current.sessions, session),
            metrics=(replace(now, samples=(*now.samples, sample)),),
        )
        more.append(replace(pair, current=joined))
    assume(len(more) == len(pairs))
    after = statuses(more)
    for row, status in before.items():
        if status in HOLDS | {Status.IMPROVED} and row in after:
            assert after[row] not in FAILED


@DEAR_LAWS
@given(SUITES, st.integers(0, 10**6))
def test_neither_the_order_of_benchmarks_nor_of_sessions_matters(pairs, seed):
    dice = random.Random(seed)

    def mixed(side):
        metrics = tuple(replace(m, samples=tuple(dice.sample(m.samples, len(m.samples)))) for m in side.metrics)
        return replace(side, sessions=tuple(dice.sample(side.sessions, len(side.sessions))), metrics=metrics)

    shuffled = [replace(p, base=mixed(p.base), current=mixed(p.current)) for p in dice.sample(pairs, len(pairs))]
    assert statuses(shuffled) == statuses(pairs)


@DEAR_LAWS
@given(SUITES, st.sampled_from([2.0**-30, 0.5, 4.0, 2.0**20]))
def test_the_unit_of_the_values_does_not_matter(pairs, factor):
    def resized(side):
        return replace(
            side,
            metrics=tuple(
                replace(m, samples=tuple(replace(s, values=tuple(scaled(s.values, factor))) for s in m.samples))
                for m in side.metrics
            ),
        )

    assert statuses([replace(p, base=resized(p.base), current=resized(p.current)) for p in pairs]) == statuses(pairs)


@DEAR_LAWS
@given(SUITES)
def test_a_round_trip_through_a_baseline_file_changes_nothing(pairs):
    through = [replace(p, base=decode_baseline(encode_baseline(p.base), "b.json")[0]) for p in pairs]
    assert judge(through, BY).findings == judge(pairs, BY).findings


@DEAR_LAWS
@given(SUITES)
def test_a_round_trip_through_a_report_keeps_every_value_and_every_word(pairs):
    told = verdict(
        *judge(pairs, BY).findings,
        baseline=tuple(p.base for p in pairs),
        current=tuple(p.current for p in pairs),
    )
    text = json.dumps(to_data(told))
    again = from_data(json.loads(text), "report.json")
    assert json.dumps(to_data(again)) == text
    judged_again = judge([Pair(base=b, current=c) for b, c in zip(again.baseline, again.current, strict=True)], BY)
    assert judged_again.findings == judge(pairs, BY).findings


@DEAR_LAWS
@given(SEEDS, st.integers(1, 9))
def test_a_session_against_itself_never_fails_and_is_never_suspected(seed, benchmarks):
    pairs = [replace(p, current=p.base) for p in suite(seed, benchmarks, 1, 1)]
    assert set(statuses(pairs).values()) <= HOLDS
