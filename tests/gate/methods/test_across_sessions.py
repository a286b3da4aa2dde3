"""A baseline of sessions against another one: two limits, by formula, in the metric's own direction."""

from __future__ import annotations

import math

import pytest
from gate_cases import judged, judged_values, lognormal, policy, profile, row_of, rule, scaled
from msgspec.structs import replace

from perfgate.core.finding import WHOLE_SUITE, Status
from perfgate.core.policy import Floor
from perfgate.core.text.units import parse_change
from perfgate.gate.judge import Pair, judge

RATES = policy(rule(metric="rate", threshold="-5%"))
FLAT = [1.0001, 1.0001, 1.0001]  # no spread inside a session, so that the limits can be computed by hand


def flat_sessions(m, value=1.0001):
    """Return m sessions that agree: the spread between them is the prior, moderated."""
    return {f"s{i}": [value] * 3 for i in range(m)}


def limits(m, *, prior, family=1):
    """Return inner and outer limit on logs, by the published formulas."""
    between = prior**2 if m == 1 else max(2 * prior**2 / (m + 1), 0.005**2)
    se = math.sqrt(between * (1 + 1 / m))
    h = 1 + 1 / m
    k_out = 2 * h * math.sqrt(family)
    return math.sqrt(h * k_out) * se, k_out * se


@pytest.mark.parametrize("metric", ["elapsed", "rate"])
@pytest.mark.parametrize("m", [1, 2, 5], ids="m={}".format)
@pytest.mark.parametrize(("machine", "prior"), [("m", 0.02), ("", 0.05)], ids=["same-machine", "same-class"])
@pytest.mark.parametrize(
    ("place", "status", "reason"),
    [
        pytest.param(
            lambda i, _: i * 0.999,
            "",
            {"one-session", "too-noisy", "within-noise"},
            id="in",
        ),
        pytest.param(lambda i, _: i * 1.001, "suspected", {"not-proven"}, id="beyond-the-inner"),
        pytest.param(lambda _, o: o * 0.999, "suspected", {"not-proven"}, id="within-the-outer"),
        pytest.param(lambda _, o: o * 1.001, "regressed", {"worse"}, id="beyond-the-outer"),
        pytest.param(lambda _, o: -o * 0.999, "unchanged", {"within-threshold"}, id="almost-better"),
        pytest.param(lambda _, o: -o * 1.001, "improved", {"better"}, id="better"),
    ],
)
def test_a_change_is_suspected_between_the_limits_and_fails_beyond(  # noqa: PLR0917 - one column each
    metric, m, machine, prior, place, status, reason
):
    inner, outer = limits(m, prior=prior)
    by = policy(rule(level="fail", threshold="+0.1%"))
    cost = math.exp(place(inner, outer))
    current = [1.0001 * (cost if metric == "elapsed" else 1 / cost)] * 3
    found = judged_values(flat_sessions(m), {"now": current}, by, metric, machine=machine)
    # Of what holds, the interval of one outer limit on each side says how far it is known.
    held = "too-noisy" if math.expm1(place(inner, outer) + outer) > 0.25 else "within-noise"
    assert (found.method, found.status) == ("across-sessions", status or held)
    assert found.reason in reason
    assert found.sessions_baseline == m
    shown = math.expm1(outer) if metric == "elapsed" else math.expm1(-outer)
    assert found.detectable == pytest.approx(shown, rel=1e-6)


def test_where_many_false_alarms_are_accepted_the_outer_limit_is_the_smaller_one_and_a_change_beyond_it_fails():
    by = policy(rule(level="fail", threshold="+0.1%"), false_alarms=0.16)  # k_out 1, k_in 1.41
    se = 0.02 * math.sqrt(2)
    found = [judged_values(flat_sessions(1), {"now": [1.0001 * math.exp(k * se)] * 3}, by) for k in (0.99, 1.2, 1.5)]
    assert [f.status for f in found] == ["within-noise", "regressed", "regressed"]
    assert [f.detectable for f in found] == [pytest.approx(math.expm1(se), rel=1e-6)] * 3


def test_the_limits_grow_with_the_root_of_the_family():
    base, current = {"elapsed": flat_sessions(3)}, {"elapsed": {"now": FLAT}}
    many = [Pair(base=profile(base, name=n), current=profile(current, name=n)) for n in map(str, range(16))]
    found = judge(many, policy())
    assert found.gated == 16
    visible = [f.detectable for f in found.findings if f.statistic == "p50" and f.benchmark != WHOLE_SUITE]
    alike = 0.02 * math.sqrt(4 / (4 + 16 * 2 / 2))  # the suite's own sessions agree, which counts beside the prior
    assert visible == [pytest.approx(math.expm1(4 * limits(3, prior=alike)[1]))] * 16


@pytest.mark.parametrize(
    ("factor", "status"),
    [
        pytest.param(1.2999, "too-noisy", id="just-below"),
        pytest.param(1.3, "too-noisy", id="at"),
        pytest.param(1.3001, "regressed", id="just-above"),
        pytest.param(1 / 1.2999, "unchanged", id="almost-better"),
        pytest.param(1 / 1.3001, "improved", id="better"),
    ],
)
@pytest.mark.parametrize("metric", ["elapsed", "rate"])
def test_beyond_the_noise_the_threshold_decides(factor, status, metric):
    by = policy(rule(metric="elapsed", threshold="+30%"), rule(2, metric="rate", threshold=f"-{300 / 13:.12f}%"))
    current = scaled(FLAT, factor if metric == "elapsed" else 1 / factor)
    found = judged_values(flat_sessions(5), {"now": current}, by, metric)
    assert found.status == status
    assert found.limit == pytest.approx(0.3 if metric == "elapsed" else -3 / 13)
    assert found.detectable == pytest.approx(found.limit)


def test_a_default_that_allows_a_drop_of_all_lets_no_rate_fail():
    by = policy(rule(metric="rate"), threshold="+100%")
    found = judged_values(flat_sessions(3), {"now": [0.01] * 3}, by, "rate")
    assert (found.status, found.limit, found.detectable) == (Status.UNCHANGED, -1.0, -1.0)


def test_a_rate_reads_as_a_rate():
    found = judged_values(flat_sessions(5, 200.0), {"now": [100.0, 101.0, 102.0]}, RATES, "rate")
    assert (found.status, found.baseline, found.limit_text) == (Status.REGRESSED, pytest.approx(200.0), "-5%")
    assert found.change == pytest.approx(-0.495)
    assert found.interval[0] < found.change < found.interval[1] < found.limit == pytest.approx(-0.05)
    assert -1 < found.detectable < 0


def test_a_row_that_cannot_see_a_quarter_says_so():
    noisy = {f"s{i}": lognormal(i, 5, spread=0.4) for i in range(2)}
    found = judged_values(noisy, {"now": lognormal(9, 5, spread=0.4)})
    assert (found.status, found.reason) == (Status.TOO_NOISY, "too-noisy")
    assert found.detectable > 0.25


@pytest.mark.parametrize(
    ("base", "now"),
    [
        pytest.param(flat_sessions(5), {"now": FLAT}, id="across-sessions"),
        pytest.param(lognormal(1, 12), lognormal(2, 12), id="same-session"),
    ],
)
@pytest.mark.parametrize("metric", ["elapsed", "rate"])
def test_the_resolution_says_from_which_worsening_on_a_row_is_too_noisy(base, now, metric):
    def found(text):
        return judged_values(base, now, policy(threshold="+1%", resolution=parse_change(text)), metric)

    end = max(found("+99%").decision_interval) if metric == "elapsed" else -min(found("+99%").decision_interval)
    worst = end if metric == "elapsed" else end / (1 - end)  # as a change of cost
    assert 0.02 < worst < 0.25
    assert found(f"+{worst * 100.1:.6f}%").status == "within-noise"
    assert found(f"+{worst * 99.9:.6f}%").status == "too-noisy"
    assert found(f"+{worst * 99.9:.6f}%").reason == "too-noisy"


def test_a_floor_holds_across_sessions_too():
    by = policy(floor=Floor(auto=False, amounts=(("s", 0.5),)))
    found = judged_values(flat_sessions(5), {"now": scaled(FLAT, 1.4)}, by)
    assert (found.status, found.reason) == (Status.UNCHANGED, "below-floor")
    found = judged_values(flat_sessions(5), {"now": scaled(FLAT, 1.6)}, by)
    assert found.status is Status.REGRESSED


def test_a_worsening_within_the_noise_says_so():
    found = judged_values(flat_sessions(3), {"now": scaled(FLAT, 1.02)}, policy(threshold="+1%"))
    assert (found.status, found.reason) == (Status.WITHIN_NOISE, "within-noise")


@pytest.mark.parametrize(
    ("base", "current", "method"),
    [
        pytest.param([1.0, 1.1], [1.0, 1.1], "same-session", id="both-unnamed"),
        pytest.param({"a": [1.0, 1.1]}, [1.0, 1.1], "across-sessions", id="one-named"),
        pytest.param({"a": [1.0, 1.1]}, {"a": [1.0, 1.1]}, "across-sessions", id="equal-names"),
        pytest.param({"unknown-1": [1.0], "unknown-2": [1.0]}, [1.0, 1.1], "across-sessions", id="two-unnamed"),
        pytest.param([1.0], [1.0], "threshold", id="one-value-a-side"),
        pytest.param([1.0], [1.0, 1.1], "same-session", id="one-value-on-one-side"),
        pytest.param({"a": [1.0, 0.0]}, {"b": [1.0, 1.1]}, "threshold", id="a-zero"),
    ],
)
def test_the_method_follows_from_what_is_there(base, current, method):
    # A metric of the program's own may be zero; time may not.
    assert judged_values(base, current, policy(rule(metric="score")), "score").method == method


def test_of_several_fresh_sessions_the_one_with_the_smallest_change_is_shown_with_what_none_of_them_excludes():
    x, y = {"x": scaled(FLAT, 0.97)}, {"y": scaled(FLAT, 1.3)}
    found = judged_values(flat_sessions(3), {**x, **y})
    assert (found.status, found.reason, found.n_current) == ("too-noisy", "not-confirmed", 6)
    assert found.current == pytest.approx(0.97 * 1.0001)
    limit = found.evidence.k_out * found.evidence.se
    ends = 0.97 * math.exp(-limit) - 1, 1.3 * math.exp(limit) - 1
    assert found.decision_interval == pytest.approx(ends, rel=1e-6)


def test_of_several_fresh_sessions_that_got_better_the_one_that_gained_least_is_shown():
    found = judged_values(flat_sessions(3), {"x": scaled(FLAT, 0.5), "y": scaled(FLAT, 0.6)})
    assert (found.status, found.current) == ("improved", pytest.approx(0.6 * 1.0001))


def test_a_worsening_that_every_fresh_session_shows_fails_though_none_alone_would():
    base, now = flat_sessions(3), scaled(FLAT, 1.09)
    assert judged_values(base, {"x": now}, machine="").status == "suspected"
    found = judged_values(base, {"x": now, "y": scaled(now, 1.03)}, machine="")
    assert (found.status, found.reason) == ("regressed", "confirmed")
    assert found.evidence.sessions_current == 2


COARSE, FINE = {"x": [1.1, 1.1, 1.1, 1.2]}, {"y": [1.1031, 1.1032, 1.1041]}


def test_a_session_in_coarse_steps_proves_no_more_beside_a_finer_one():
    base, by = flat_sessions(10, 1.0501), policy(threshold="+3%")
    assert judged_values(base, FINE, by).status == "regressed"
    for now in (COARSE, {**COARSE, **FINE}, {**FINE, **COARSE}):
        found = judged_values(base, now, by)
        assert (found.status, found.reason, found.evidence.floor) == ("suspected", "too-coarse", 0.1)
        assert found.detectable == pytest.approx(0.1 / 1.0501)


def test_batches_of_one_terminal_are_one_session():
    found = judged_values(flat_sessions(3), {"x/1": FLAT, "x/2": scaled(FLAT, 1.5)})
    assert found.evidence.sessions_current == 1


def test_batches_of_one_terminal_make_the_baseline_no_surer():
    batches = {f"t/{i}": scaled(FLAT, 1 + i / 1000) for i in range(5)}
    pooled = {"t": tuple(v for values in batches.values() for v in values)}
    found, expected = (judged_values(base, {"now": scaled(FLAT, 1.2)}) for base in (batches, pooled))
    assert found.sessions_baseline == 1
    assert (found.detectable, found.evidence) == (expected.detectable, expected.evidence)
    assert judged_values(flat_sessions(5), {"now": scaled(FLAT, 1.2)}).detectable < found.detectable / 2


def test_the_same_machine_needs_a_machine_on_every_side():
    base, current = profile({"elapsed": flat_sessions(1)}), profile({"elapsed": {"now": FLAT}})
    same = row_of(judged(base, current)).detectable
    nameless = replace(current, sessions=tuple(replace(s, machine="") for s in current.sessions))
    other = replace(current, sessions=tuple(replace(s, machine="other") for s in current.sessions))
    assert row_of(judged(base, nameless)).detectable > same
    assert row_of(judged(base, other)).detectable == row_of(judged(base, nameless)).detectable


def test_noise_beyond_all_measure_does_not_stop_the_check():
    wild = {"s0": [1e-300, 1.0, 1e300], "s1": [1e-200, 1.0, 1e200]}
    pair = profile({"score": wild}), profile({"score": {"now": [1e-300, 1.0, 1e300]}})
    found = row_of(judged(*pair, policy(rule(metric="score"), false_alarms=0.0001)), "score")
    assert (found.status, found.reason) == (Status.TOO_NOISY, "too-noisy")


@pytest.mark.parametrize("base", [flat_sessions(5), {"unknown-1": FLAT * 2}])
def test_a_gain_below_the_floor_is_not_told(base):
    now = {"unknown-2" if "unknown-1" in base else "now": scaled(FLAT * 2, 0.5)}
    assert judged_values(base, now).status == "improved"
    assert judged_values(base, now, policy(floor=Floor(auto=False, amounts=(("s", 2.0),)))).status == "unchanged"
