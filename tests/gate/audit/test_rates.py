"""False alarms that an audit expects, and changes that it says are seen, against what the gate really does."""

from __future__ import annotations

import math
import random

import pytest
from audit_cases import QUIET, TODAY, audited, baseline, row, sessions
from gate_cases import policy, profile, rule
from msgspec.structs import replace

from perfgate.core.finding import Status
from perfgate.core.metrics import Metric
from perfgate.gate.audit.facts import facts_of
from perfgate.gate.judge import Pair, judge

PATTERN = (0.98, 1.03, 1.0, 1.01, 0.97)
RATE = Metric(name="rate", unit="1/s", better="higher")


def wild(dice, scale):
    """Return a session's luck, heavy-tailed: a t with 2 degrees of freedom."""
    return scale * dice.gauss(0.0, 1.0) / math.sqrt(dice.expovariate(1.0))


def pull_request(dice, rows, count, scale):
    """Return baselines of unchanged benchmarks, and another session of each."""
    made = []
    for j in range(rows):
        luck = [math.expm1(wild(dice, scale)) for _ in range(count + 1)]
        values = sessions(luck, runs=5, seed=dice.randrange(10**6))
        last = values.pop(f"s{count}")
        made.append((baseline({"elapsed": values}, name=f"b{j}"), profile({"elapsed": {"now": last}}, name=f"b{j}")))
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "chance"), [(0.02, 0.05), (0.06, 0.05)], ids=["calm", "wild"])
def test_the_expected_rate_lies_where_unchanged_pull_requests_really_fail(scale, chance):
    dice = random.Random(3)
    by, count = policy(false_alarms=chance), 90
    failed, expected = 0, list[float]()
    for _ in range(count):
        made = pull_request(dice, 6, 5, scale)
        failed += any(
            f.status is Status.REGRESSED for f in judge([Pair(base=b, current=c) for b, c in made], by).findings
        )
        rate = facts_of("class-a", [b for b, _ in made], by, TODAY).alarms
        assert rate is not None
        expected.append(rate.expected)
    share = failed / count
    reach = 1.96 * math.sqrt(max(share * (1 - share), 0.01) / count)
    assert abs(sum(expected) / count - share) < reach


def test_a_session_that_would_have_failed_shows_in_the_rate():
    calm, torn = audited(baseline()), audited(baseline({"elapsed": sessions([0, 0, 1.0, 0, 0])}))
    assert calm.classes[0].alarms.failed == 0
    assert torn.classes[0].alarms.failed == 1
    assert torn.classes[0].alarms.expected > 0.1
    assert calm.classes[0].alarms.expected < 0.01


def test_jobs_that_measure_a_part_each_are_put_together():
    """Two jobs a day, each with a benchmark of its own: a pull request has one of each."""
    torn, calm = sessions([0, 0, 1.0, 0, 0]), sessions(QUIET)
    other = {f"other-{i}": v for i, v in enumerate(torn.values())}
    together, apart = (
        audited(baseline({"elapsed": calm}, name="a"), baseline({"elapsed": of}, name="b")) for of in (torn, other)
    )
    assert apart.classes[0].alarms == together.classes[0].alarms


def test_a_benchmark_that_came_later_leaves_the_limits_of_the_others_as_they_are():
    """Sessions from before it lack one of the gated rows, but a pull request has them all."""
    old = baseline({"elapsed": sessions(QUIET)}, name="old")
    last = dict(list(sessions(QUIET).items())[-2:])
    young = baseline({"elapsed": last}, name="y")
    shares = {s.key[0]: s.shares for s in audited(old, young).classes[0].shares}
    both = {s.key[0]: s.shares for s in audited(old, baseline(name="y")).classes[0].shares}
    assert shares["old"] == pytest.approx(both["old"])


def test_a_gate_that_fails_what_is_suspected_is_expected_to_fail_more_often():
    restless = baseline({"elapsed": sessions([0.05, -0.04, 0.03, -0.05, 0.08])})
    strict = audited(restless, by=replace(policy(), on_suspected="fail")).classes[0].alarms
    assert strict.expected > audited(restless).classes[0].alarms.expected


def alike(luck):
    """Return sessions that differ in their luck alone."""
    return {f"s{i}": [(1 + by) * v for v in PATTERN] for i, by in enumerate(luck)}


def judged_p50(base, metric, factor, by, count):
    """Judge new sessions like the old ones times a factor."""
    new = profile({metric: {f"new-{i}": [factor * v for v in PATTERN] for i in range(count)}}, machine="")
    name = metric if isinstance(metric, str) else metric.name
    findings = judge([Pair(base=base, current=new)], by).findings
    return next(f for f in findings if (f.metric, f.statistic) == (name, "p50"))


def fails_at(base, metric, change, by, count):
    """Does a check fail on so many new sessions of which the median has changed by so much?"""
    as_it_is = judged_p50(base, metric, 1.0, by, count).change
    return judged_p50(base, metric, (1 + change) / (1 + as_it_is), by, count).status is Status.REGRESSED


@pytest.mark.parametrize("metric", ["elapsed", RATE], ids=["lower", "higher"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_next_session_fails_just_beyond_what_the_audit_says_it_sees(metric, count):
    by = policy(rule(metric="rate"))
    base = baseline({metric: alike(QUIET[:count])})
    now = row(audited(base, by=by), metric if isinstance(metric, str) else metric.name).now
    for sees, several in ((now.once, 1), (now.confirmed, 2)):
        assert fails_at(base, metric, sees * 1.001, by, several)
        assert not fails_at(base, metric, sees * 0.999, by, several)


@pytest.mark.parametrize(("option", "now"), [((5, 5), (2, 5)), ((10, 5), (2, 5)), ((2, 10), (2, 5))])
def test_an_option_sees_what_a_baseline_of_that_size_would_see(option, now):
    """With the spread as it is: here sessions differ by what is expected beforehand in any case."""
    luck = [0.028 * side for side in (1, -1) * 5]

    def seen(sessions, runs):
        values = {f"s{i}": [(1 + by) * v for v in PATTERN * (runs // 5)] for i, by in enumerate(luck[:sessions])}
        return row(audited(baseline({"elapsed": values})))

    (told,) = [o for o in seen(*now).options if (o.sessions, o.runs) == option]
    real = seen(*option).now
    exactly = 1e-9 if option[0] == now[0] else 0.35  # more sessions tell their spread themselves
    assert (told.once, told.confirmed) == pytest.approx((real.once, real.confirmed), rel=exactly)
    assert told.once < seen(*now).now.once


def test_a_full_baseline_has_no_cure_in_sessions():
    full = row(audited(baseline({"elapsed": alike(QUIET * 2)}, day=28)))
    assert [(o.sessions, o.runs) for o in full.options] == [(10, 10)]


def test_a_machine_that_is_another_every_time_is_not_taken_for_the_same():
    laptop = baseline({"elapsed": alike([0.0])}, machine="m")
    hosted = replace(laptop, environment=(("ci", "gha"),))
    assert row(audited(hosted)).now.once > 1.5 * row(audited(laptop)).now.once
