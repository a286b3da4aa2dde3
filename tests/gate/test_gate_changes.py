"""Two gates compared: what moved, and what lets more pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS
from msgspec.structs import replace
from records import a_profile

from perfgate import config
from perfgate.core.gate_changes import GateChange, Move
from perfgate.core.metrics import THROUGHPUT, Metric
from perfgate.core.policy import Policy, Waiver, digest_of
from perfgate.core.sources.field_map import FieldMap
from perfgate.core.text.units import parse_change
from perfgate.gate.gate_changes import policy_moves, profile_moves, waiver_moves
from perfgate.report.gate_changes import change_from_data, change_to_data

PROFILES = (a_profile(), a_profile(benchmark="score"))


def policy(text: str):
    return config.parse(text, "perfgate.toml")


def told(moves):
    return [(m.what, m.before, m.after, m.laxer) for m in moves]


RULE = '[[rule]]\nbenchmark = "train"\nmetric = "elapsed"\n'
MAP = '[[map]]\nname = "requests"\n'
RATIO = "[[ratio]]\nname = 'errors'\npart = 'a_total{x=\"1\"}'\nwhole = 'a_total'\nbetter = 'lower'"
BUDGET = '[[budget]]\nbenchmark = "train"\nmetric = "elapsed"\nstatistic = "p95"\nlimit = '
RATE = BUDGET.replace("elapsed", "throughput").replace("p95", "p50")


@pytest.mark.parametrize(
    ("was", "now", "moves"),
    [
        pytest.param("", "", [], id="nothing"),
        pytest.param("", "# why\n", [], id="comment"),
        pytest.param("", '[defaults]\nthreshold = "+9%"', [("threshold", "+5%", "+9%", True)], id="wider"),
        pytest.param("", '[defaults]\nthreshold = "+4%"', [("threshold", "+5%", "+4%", False)], id="narrower"),
        pytest.param("", '[defaults]\nthreshold = "+1ms"', [("threshold", "+5%", "+1ms", None)], id="of-another-kind"),
        pytest.param("", '[defaults]\nfalse_alarms = "0.1%"', [("false_alarms", "1%", "0.1%", True)], id="alarms"),
        pytest.param("", '[defaults]\nfalse_alarms = "2%"', [("false_alarms", "1%", "2%", False)], id="more-alarms"),
        pytest.param(
            '[defaults]\non_suspected = "fail"', "", [("on_suspected", "fail", "pass", True)], id="suspected"
        ),
        pytest.param(
            '[defaults]\non_improved = "fail"', "", [("on_improved", "fail", "pass", True)], id="improved"
        ),
        pytest.param(
            '[defaults]\non_too_noisy = "error"', "", [("on_too_noisy", "error", "pass", True)], id="too-noisy"
        ),
        pytest.param(
            "", '[defaults]\nresolution = "+30%"', [("resolution", "+25%", "+30%", True)], id="coarser"
        ),
        pytest.param("", '[defaults]\nworkload = "rate"', [("workload", "same", "rate", None)], id="workload"),
        pytest.param("", 'exclude = ["train"]', [("exclude", "", "train", True)], id="excluded"),
        pytest.param('exclude = ["train"]', "", [("exclude", "train", "", False)], id="included"),
        pytest.param('exclude = ["a"]', 'exclude = ["b"]', [("exclude", "a", "b", None)], id="other-exclusions"),
        pytest.param("", 'baseline_changes = "allow"', [("baseline_changes", "report", "allow", True)], id="allowed"),
        pytest.param('baseline_changes = "refuse"', "", [("baseline_changes", "refuse", "report", True)], id="told"),
        pytest.param(
            "", 'baseline_changes = "refuse"', [("baseline_changes", "report", "refuse", False)], id="refused"
        ),
        pytest.param("", 'baselines = "b"', [("baselines", "baselines", "b", None)], id="folder"),
        pytest.param("", 'machine_class = "m"', [("machine_class", "", "m", None)], id="class"),
        pytest.param("", '[defaults]\nfloor = "+1ms"', [("floor", "auto", "0.001 s", None)], id="floor-or-auto"),
        pytest.param(
            '[defaults]\nfloor = "+1ms"', '[defaults]\nfloor = "+2ms"', [("floor", "0.001 s", "0.002 s", True)],
            id="floor",
        ),
        pytest.param(
            "", RULE + 'threshold = "+9%"', [("threshold of train elapsed p50", "+5%", "+9%", True)], id="rule"
        ),
        pytest.param(
            RULE + 'threshold = "+9%"', "", [("threshold of train elapsed p50", "+9%", "+5%", False)], id="no-rule"
        ),
        pytest.param(
            "", RULE + 'level = "info"', [("level of train elapsed p50", "fail", "info", True)], id="level"
        ),
        pytest.param(
            "", '[[rule]]\nmetric = "elapsed"\nlevel = "info"',
            [("level of score elapsed p50 and 1 more row", "fail", "info", True)], id="rows",
        ),
        pytest.param(
            "", '[[rule]]\nbenchmark = "other"\nthreshold = "+9%"',
            [("rules, though no row", "0 rules", "1 rules", None)], id="rule-of-nothing",
        ),
        pytest.param(
            RULE + 'threshold = "+9%"\n',
            '[[rule]]\nmetric = "elapsed"\nthreshold = "+50%"\n' + RULE + 'threshold = "+9%"',
            [
                ("threshold of score elapsed p50", "+5%", "+50%", True),
                ("threshold of train elapsed p50", "+9%", "+50%", True),
            ], id="put-in-front",
        ),
        pytest.param(
            BUDGET + '"< 1s"', BUDGET + '"< 2s"',
            [("budget of train elapsed p95", "< 1s, level fail", "< 2s, level fail", True)], id="budget",
        ),
        pytest.param(
            RATE + '"> 200/s"', RATE + '"> 100/s"',
            [("budget of train throughput p50", "> 200/s, level fail", "> 100/s, level fail", True)], id="lower-bound",
        ),
        pytest.param(
            BUDGET + '"< 1s"', "", [("budget of train elapsed p95", "< 1s, level fail", None, True)], id="no-budget"
        ),
        pytest.param(
            "", BUDGET + '"< 1s"', [("budget of train elapsed p95", None, "< 1s, level fail", False)], id="new-budget"
        ),
        pytest.param(
            BUDGET + '"< 1s"', BUDGET + '"< 0.5s"\nlevel = "warn"',
            [("budget of train elapsed p95", "< 1s, level fail", "< 0.5s, level warn", None)], id="both-ways",
        ),
        pytest.param(
            MAP + "values = [{ value = 'a_ms' }]", MAP + "values = [{ value = 'a_ms' }, { value = 'b', unit = 'B' }]",
            [("values of map requests", "a_ms", "a_ms, b (B)", None)], id="map",
        ),
        pytest.param(
            MAP + "values = [{ value = 'a_ms' }]", MAP + "values = [{ value = 'a_ms', over = 'b_ms' }]",
            [("values of map requests", "a_ms", "a_ms (over b_ms)", None)], id="over",
        ),
        pytest.param(
            RATIO, RATIO.replace('x="1"', 'x="2"'),
            [("part of ratio errors", 'a_total{x="1"}', 'a_total{x="2"}', None)], id="ratio",
        ),
        pytest.param(
            BUDGET + '"< 1s"\nseries = "a"', BUDGET + '"< 1s"\nseries = "b"',
            [("budget of train elapsed p95", "< 1s, level fail, series a", "< 1s, level fail, series b", None)],
            id="series",
        ),
        pytest.param(
            MAP + "values = [{ value = 'a' }]", MAP + "where = { at = 1 }\nvalues = [{ value = 'a' }]",
            [("where of map requests", "", "at = 1", None)], id="rows-of-a-map",
        ),
    ],
)  # fmt: skip
def test_a_configuration_is_compared_by_what_it_does(was, now, moves):
    assert told(policy_moves(policy(was), policy(now), PROFILES)) == moves


EVERY_KEY = {
    "runs": 'runs = ["a/*.json"]', "baselines": 'baselines = "b"', "machine_class": 'machine_class = "m"',
    "exclude": 'exclude = ["a"]', "baseline_changes": 'baseline_changes = "refuse"',
    "false_alarms": '[defaults]\nfalse_alarms = "2%"', "threshold": '[defaults]\nthreshold = "+9%"',
    "floor": '[defaults]\nfloor = "+1ms"', "on_suspected": '[defaults]\non_suspected = "fail"',
    "on_improved": '[defaults]\non_improved = "fail"', "on_too_noisy": '[defaults]\non_too_noisy = "error"',
    "resolution": '[defaults]\nresolution = "+10%"',
    "threshold_is": '[defaults]\nthreshold_is = "excluded"',
    "workload": '[defaults]\nworkload = "rate"', "rules": '[[rule]]\nlevel = "info"', "budgets": BUDGET + '"< 1s"',
    "maps": MAP + "values = [{ value = 'a' }]", "ratios": RATIO, "trace": "[trace]\nenabled = false",
    "canary": '[canary]\np95 = "+30%"',
    "drift": "[drift]\nlevel = 'info'", "history_ref": "[history]\nref = 'refs/heads/ledger'",
}  # fmt: skip


@pytest.mark.parametrize("field", [name for name in Policy.__struct_fields__ if name != "source"])
def test_no_key_of_a_configuration_is_forgotten_when_two_are_compared(field):
    was, now = policy(""), policy(EVERY_KEY[field])
    assert getattr(was, field) != getattr(now, field)
    assert policy_moves(was, now, PROFILES)


OF_BUILT_IN = {"name", "inside", "is_wide", "is_ok_optional"}
"""The name, and what no configuration says."""


@pytest.mark.parametrize("field", [name for name in FieldMap.__struct_fields__ if name not in OF_BUILT_IN])
def test_no_key_of_a_field_map_is_forgotten_when_two_are_compared(field):
    text = {
        "benchmark": "benchmark = '{b}'", "labels": "labels = ['b']", "ok": "ok = 'b'", "time": "time = 'b'",
        "where": "where = { b = 'c' }", "files": "files = ['b']", "values": "values = [{ value = 'b' }]",
    }[field]  # fmt: skip
    values = "" if field == "values" else "\nvalues = [{ value = 'a' }]"
    sides = policy(MAP + "values = [{ value = 'a' }]"), policy(MAP + text + values)
    assert [m.what for m in policy_moves(*sides, ())] == [f"{field} of map requests"]


def test_a_digest_tells_configurations_apart_and_not_where_they_stand():
    texts = ("", '[defaults]\nthreshold = "+9%"', RULE, BUDGET + '"< 1s"', 'baseline_changes = "allow"')
    assert len({digest_of(policy(t)) for t in texts}) == len(texts)
    assert digest_of(policy(RULE)) == digest_of(config.parse("# why\n" + RULE, "HEAD:perfgate.toml"))


@pytest.mark.parametrize(
    ("was", "now", "moves"),
    [
        pytest.param({"s": (1.0, 1.0)}, {"s": (1.0, 1.0)}, [], id="the-same"),
        pytest.param({"s": (1.0,)}, {"s": (1.3,)}, [("elapsed p50", 1.0, 1.3, True)], id="slower"),
        pytest.param({"s": (1.3,)}, {"s": (1.0,)}, [("elapsed p50", 1.3, 1.0, False)], id="faster"),
        pytest.param({"s": (1.0,), "t": (1.0,)}, {"s": (1.0,)}, [("sessions", 2.0, 1.0, True)], id="fewer-sessions"),
        pytest.param({"s": (1.0,)}, {"s": (1.0,), "t": (1.0,)}, [("sessions", 1.0, 2.0, False)], id="more-sessions"),
    ],
)
def test_a_baseline_is_compared_by_its_middle_and_its_sessions(was, now, moves):
    assert told(profile_moves(a_profile(was), a_profile(now))) == moves


def test_a_higher_throughput_is_stricter():
    sides = [a_profile({"s": (v,)}, metric=THROUGHPUT) for v in (100.0, 50.0)]
    (move,) = profile_moves(*sides)
    assert (move.what, move.change, move.laxer) == ("throughput p50", -0.5, True)
    assert profile_moves(*reversed(sides))[0].laxer is False


def test_a_metric_that_goes_is_laxer_and_one_that_turns_round_too():
    memory = a_profile(metric=Metric(name="peak_memory", unit="B", better="lower"))
    moves = profile_moves(a_profile(), memory)
    assert [(m.what, m.after is None, m.laxer) for m in moves] == [
        ("elapsed p50", True, True), ("peak_memory p50", False, None),
    ]  # fmt: skip
    turned = a_profile(metric=Metric(name="elapsed", unit="s", better="higher"))
    assert told(profile_moves(a_profile(), turned)) == [
        ("elapsed", "in s, lower is better", "in s, higher is better", True)
    ]


def waiver(**changes):
    known = Waiver(
        origin="", benchmark="train", metric="elapsed", statistic="p50", ceiling=parse_change("+30%"),
        until="2026-03-01", reason="known",
    )  # fmt: skip
    return replace(known, **changes)


@pytest.mark.parametrize(
    ("was", "now", "laxer"),
    [
        ([], [waiver()], True),
        ([waiver()], [], False),
        ([waiver()], [waiver(ceiling=parse_change("+40%"))], True),
        ([waiver()], [waiver(ceiling=parse_change("+20%"))], False),
        ([waiver()], [waiver(ceiling=parse_change("+2ms"))], None),
        ([waiver()], [waiver(until="2027-03-01")], True),
        ([waiver()], [waiver(reason="other")], False),
    ],
)
def test_a_waiver_is_compared_by_what_it_lets_pass(was, now, laxer):
    (move,) = waiver_moves(was, now)
    assert (move.what, move.laxer) == ("train elapsed p50", laxer)
    assert waiver_moves(now, now) == ()


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
MOVES = st.builds(
    Move, what=st.text(), unit=st.sampled_from(["", "s"]), before=st.none() | NUMBERS | st.text(),
    after=st.none() | NUMBERS | st.text(), change=st.none() | NUMBERS, laxer=st.none() | st.booleans(),
)  # fmt: skip
CHANGES = st.builds(
    GateChange, kind=st.sampled_from(["baseline", "configuration", "waivers"]),
    edit=st.sampled_from(["added", "changed", "removed", "unreadable"]), path=st.text(), name=st.text(),
    machine_class=st.text(), moves=st.lists(MOVES, max_size=3).map(tuple),
)  # fmt: skip


@LAWS
@given(change=CHANGES)
def test_a_change_survives_its_data(change):
    assert change_from_data(change_to_data(change)) == change
