"""Every reason that the table holds is given by some row, and every given reason is in the table."""

from __future__ import annotations

import math

import pytest
from check_cases import reasons
from drift_cases import judge_columns
from gate_cases import (
    CALLS,
    counted,
    judged,
    lognormal,
    percentiles,
    policy,
    profile,
    rule,
    scaled,
    verdict,
)  # fmt: skip
from msgspec.structs import replace

from perfgate.collect import Selection
from perfgate.collect.runs import SessionTally
from perfgate.core.metrics import FUNCTION_CALLS, Metric
from perfgate.core.policy import Budget, Floor, Removal, Waiver
from perfgate.core.profile import Stated, with_stated
from perfgate.core.reasons import SENTENCES, hint_for, sentence
from perfgate.core.statistic import Quantile
from perfgate.core.text.units import parse_change, parse_limit
from perfgate.gate.budgets import check_budgets
from perfgate.gate.drift.in_check import Inputs, join_inputs
from perfgate.gate.judge import Pair, judge
from perfgate.gate.removals import Removed, settle
from perfgate.gate.waivers import waive
from perfgate.pipeline.ab.compare import reword
from perfgate.pipeline.check import pairing
from perfgate.pipeline.inputs import BaselineSet

BASE = lognormal(1, 10, spread=0.01)
WILD = lognormal(3, 10, spread=0.5)
MOVED = lognormal(12, 9, spread=0.06), lognormal(5012, 9, spread=0.06, centre=1.02)
SCORE = {"unit": "1", "better": "lower", "name": "score"}


def one(base, current, *rules, metric="elapsed", **more):
    """Judge one metric of one benchmark."""
    return judged(profile({metric: base}), profile({metric: current}), policy(*rules, **more)).findings


def of_inputs(now):
    drift = judge_columns({"history": ["good"] * 300}, {"history": now}, level="fail")
    findings = one(BASE, BASE)
    return join_inputs(findings, Inputs(level="fail", verdict=drift)).findings


def in_bucket(low, high):
    """Judge a time that is known by its bucket alone."""
    side = profile({"elapsed": BASE})
    stated = [Stated(session=side.sessions[0].id, quantiles=(Quantile("p50", 0.1, low, high),))]
    side = replace(side, metrics=(with_stated(replace(side.metrics[0], samples=()), stated),))
    return judged(side, side).findings


def limited_in_bucket():
    """Check a budget whose limit lies in the bucket of the median."""
    stated = [Stated(session="a", quantiles=(Quantile("p50", 0.2, 0.1, 0.25),))]
    side = profile({"elapsed": [1.0]})
    side = replace(side, metrics=(with_stated(replace(side.metrics[0], samples=()), stated),))
    budget = Budget(origin="b", benchmark="train", metric="elapsed", statistic="p50", limit=parse_limit("< 200ms"))
    return check_budgets([side], policy(budgets=(budget,)), frozenset())[0]


def short():
    """Judge times that are below the least time on both sides."""
    now = profile({"elapsed": scaled(BASE, 3)})
    now = replace(now, metrics=tuple(replace(m, least=90.0) for m in now.metrics))
    return judged(profile({"elapsed": BASE}), now).findings


def shares(base, now):
    """Judge an error rate by its counts."""
    return judged(profile({"error_rate": counted(a=base)}), profile({"error_rate": counted(b=now)})).findings


def budgeted(limit, metric="elapsed", level="fail", *, warn=None, statistic="p50", values=(1.0,), measured=""):
    """Check one budget of a second's benchmark."""
    budget = Budget(origin="b", benchmark="train", metric=metric, statistic=statistic, level=level,
                    limit=parse_limit(limit), warn=parse_limit(warn) if warn else None)  # fmt: skip
    return check_budgets([profile({measured or metric: values})], policy(budgets=(budget,)), frozenset())[0]


def allowed(slower):
    """Judge a row that may be 30 % slower for a time."""
    waiver = Waiver(origin="w", benchmark="train", metric="elapsed", statistic="p50", ceiling=parse_change("+30%"),
                    until="2026-01-31", reason="new parser")  # fmt: skip
    return waive(one(BASE, scaled(BASE, slower)), [waiver], "2026-01-31")[0]


def others_faster(count, own=1.0):
    """Judge benchmarks of which all but the first got faster."""
    pairs = []
    for i in range(count):
        base = {f"s{k}": lognormal(f"{i}{k}", 9, spread=0.01) for k in range(5)}
        now = {"now": lognormal(f"{i}now", 9, spread=0.01, centre=0.5 if i else own)}
        pairs.append(
            Pair(base=profile({"elapsed": base}, name=f"b{i}"), current=profile({"elapsed": now}, name=f"b{i}"))
        )
    return judge(pairs, policy()).findings


def seen(**more):
    """Return what was seen of a benchmark."""
    given = {"machine_class": "c", "key": ("train", ()), "session": "s", "started_at": "", "ok": 0, "failed": 0,
             "known": 0, **more}  # fmt: skip
    return SessionTally(**given)


def absent(*selected, superseded=()):
    """Judge a baseline beside what was seen, none of it measured."""
    selection = Selection(profiles=(), selected=tuple(selected), superseded=tuple(superseded), problems=())
    base = profile({"elapsed": [1.0]}, kind="c")
    (pair,) = pairing.pair((base,), selection, policy(), classless=False)
    return judged(pair.base, pair.current, absent=pair.absent).findings


def foreign():
    """Judge runs of a class without baselines."""
    side = BaselineSet(source="baselines", profiles=(profile({"elapsed": [1.0]}, kind="other"),))
    selection = Selection(
        profiles=(profile({"elapsed": [1.0]}, kind="c"),), selected=(seen(ok=1),), superseded=(), problems=()
    )
    return pairing.find_class_mismatches(side, selection, policy())


def together(factor):
    """Judge five benchmarks that all moved alike."""
    base, now = dict.fromkeys("abc", BASE), {"now": scaled(BASE, factor)}
    names = map(str, range(5))
    pairs = [Pair(base=profile({"elapsed": base}, name=n), current=profile({"elapsed": now}, name=n)) for n in names]
    return judge(pairs, policy()).findings


def interleaved(by):
    """Judge runs of one comparison that are slower for certain, by a little less than the threshold."""
    even = [1 + 0.002 * (7 * i % 20) for i in range(20)]  # in no order, as of a machine that does not drift
    sides = []
    for number, values in enumerate((even, scaled(even, 1.047))):
        side = profile({"elapsed": {"s0/ab-1": values}})
        runs = tuple(f"{number}{i:03}" for i in range(20))
        sides.append(replace(side, sessions=tuple(replace(s, runs=runs) for s in side.sessions)))
    return judged(*sides, by).findings


def many(count):
    """Judge so many benchmarks that nothing happened to."""
    sides = {"a": BASE, "b": BASE}, {"now": BASE}
    names = map(str, range(count))
    pairs = [
        Pair(base=profile({"elapsed": sides[0]}, name=n), current=profile({"elapsed": sides[1]}, name=n)) for n in names
    ]
    return judge(pairs, policy()).findings


def beside(base, current):
    """Return the findings of one benchmark as an A/B comparison words them."""
    sides = [profile({"elapsed": values}) if values else None for values in (base, current)]
    return [reword(f) for f in judged(*sides, absent=("only-in-base", "")).findings]


def unlike(base, current):
    """Return the findings of two sides that cannot be compared, as an A/B comparison words them."""
    return [reword(f) for f in judged(base, current).findings]


def crashed(failed, *, of):
    """Return the findings of a benchmark of which some runs failed, after none of 90."""
    base, now = profile({"elapsed": [1.0] * 90}), profile({"elapsed": [1.0] * (of - failed)})
    (was,), (session,) = base.sessions, now.sessions
    sides = (
        replace(base, sessions=(replace(was, runs=()),)),
        replace(now, sessions=(replace(session, failed=failed, runs=()),)),
    )
    return judged(*sides).findings


def vanished(*new, **more):
    """Return the findings of a benchmark that is no longer measured, beside new ones of the same values."""
    pairs = [Pair(base=profile({"elapsed": BASE}), current=None)]
    pairs += [Pair(base=None, current=profile({"elapsed": BASE}, name=name)) for name in new]
    missing = [f for f in judge(pairs, policy()).findings if f.benchmark == "train"]
    return settle(missing, pairs, Removed(**more)).findings


CASES = {
    "worse-than-base": lambda: beside(BASE, scaled(BASE, 2)),
    "better-than-base": lambda: beside(BASE, scaled(BASE, 0.5)),
    "not-in-base": lambda: beside(None, BASE),
    "only-in-base": lambda: beside(BASE, None),
    "metric-only-in-base": lambda: unlike(profile({"elapsed": BASE, CALLS: BASE}), profile({"elapsed": BASE})),
    "sides-unit": lambda: unlike(profile({Metric(**SCORE): BASE}), profile({Metric(**{**SCORE, "unit": "s"}): BASE})),
    "sides-direction": lambda: unlike(
        profile({Metric(**SCORE): BASE}), profile({Metric(**{**SCORE, "better": "higher"}): BASE})
    ),
    "sides-source": lambda: unlike(
        profile({"peak_memory": BASE}, sources=["a"]), profile({"peak_memory": BASE}, sources=["b"])
    ),
    "sides-counted": lambda: unlike(
        profile({FUNCTION_CALLS: BASE}, sources=["a"]), profile({FUNCTION_CALLS: BASE}, sources=["b"])
    ),
    "sides-rows": lambda: unlike(profile({"elapsed": BASE}), profile({"elapsed": BASE}, rows=[7])),
    "budget-no-values": lambda: budgeted("< 1s", "latency", measured="elapsed"),
    "suite-worse": lambda: together(2.0),
    "suite-not-proven": lambda: together(1.09),
    "suite-moved": lambda: together(1.01),
    "worse": lambda: one(BASE, scaled(BASE, 2)),
    "confirmed": lambda: one({"a": BASE}, {"b": scaled(BASE, 2), "c": scaled(BASE, 2)}),
    "over-budget": lambda: budgeted("< 1s"),
    "inputs-drifted": lambda: of_inputs(["bad"] * 300),
    "inputs-same": lambda: of_inputs(["good"] * 300),
    "budget-of-few-calls": lambda: budgeted("< 1%", "error_rate", values=counted(s=(1, 70))),
    "few-calls": lambda: shares((0, 70), (1, 70)),
    "fails-more-often": lambda: crashed(6, of=14),
    "may-fail-more-often": lambda: crashed(1, of=14),
    "most-runs-failed": lambda: crashed(7, of=14),
    "no-runs": absent,
    "looks-renamed": lambda: vanished("solver"),
    "removed": lambda: vanished(removals=(Removal(origin="r", benchmark="train", reason="gone"),)),
    "all-failed": lambda: absent(seen(failed=1)),
    "only-baseline-runs": lambda: absent(seen(known=1)),
    "older-session": lambda: absent(seen(key=("x", ()), ok=1), superseded=[seen(ok=1)]),
    "no-values": lambda: judged(profile({"elapsed": BASE, CALLS: BASE}), profile({"elapsed": BASE})).findings,
    "no-statistic": lambda: judged(percentiles({"p50": 1.0}), percentiles({"p95": 1.0})).findings,
    "unit-differs": lambda: (
        judged(profile({Metric(**SCORE): BASE}), profile({Metric(**{**SCORE, "unit": "s"}): BASE})).findings
    ),
    "direction-differs": lambda: (
        judged(profile({Metric(**SCORE): BASE}), profile({Metric(**{**SCORE, "better": "higher"}): BASE})).findings
    ),
    "source-differs": lambda: (
        judged(profile({"peak_memory": BASE}, sources=["a"]), profile({"peak_memory": BASE}, sources=["b"])).findings
    ),
    "counted-elsewhere": lambda: (
        judged(profile({FUNCTION_CALLS: BASE}, sources=["a"]), profile({FUNCTION_CALLS: BASE}, sources=["b"])).findings
    ),
    "rows-differ": lambda: judged(profile({"elapsed": BASE}), profile({"elapsed": BASE}, rows=[7])).findings,
    "class-differs": foreign,
    "zero-values": lambda: one(BASE, [0.0]),
    "not-proven": lambda: one({"a": BASE}, {"b": scaled(BASE, 1.1)}),
    "more-runs": lambda: one([1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6], [1.25, 1.35, 1.44, 1.5101, 1.52, 1.61, 1.7]),
    "not-confirmed": lambda: one({"a": BASE}, {"b": BASE, "c": scaled(BASE, 2)}),
    "worse-than-file": lambda: judged(percentiles({"p95": 1.0}), percentiles({"p95": 1.1})).findings,
    "few-runs": lambda: one(BASE[:3], scaled(BASE[:3], 1.2)),
    "never-proven": lambda: one(BASE[:3], scaled(BASE[:3], 2)),
    "tail-of-few": lambda: one(BASE, [*BASE[:8], 9.0, 9.0]),
    "not-gated": lambda: one(BASE, scaled(BASE, 2), rule(metric="calls", level="warn"), metric="calls"),
    "bucket-too-wide": lambda: in_bucket(0.05, 0.1),
    "no-edge-at-limit": limited_in_bucket,
    "saturated": lambda: in_bucket(0.1, math.inf),
    "near-budget": lambda: budgeted("< 2s", warn="< 1s"),
    "not-in-baseline": lambda: judged(None, profile({"elapsed": BASE})).findings,
    "better": lambda: one(BASE, scaled(BASE, 0.5)),
    "within-threshold": lambda: one(BASE, BASE),
    "within-noise": lambda: one(*MOVED),
    "below-floor": lambda: one(BASE, scaled(BASE, 1.1), floor=Floor(auto=False, amounts=(("s", 9.0),))),
    "below-least": short,
    "within-budget": lambda: budgeted("< 2s"),
    "too-noisy": lambda: one({"a": WILD, "b": WILD}, {"c": WILD}),
    "many-rows": lambda: many(400),
    "worse-within-threshold": lambda: interleaved(policy()),
    "not-excluded": lambda: interleaved(policy(threshold_is="excluded")),
    "one-session": lambda: one({"a": WILD}, {"b": WILD}),
    "too-noisy-in-turns": lambda: beside(WILD, WILD),
    "waived": lambda: allowed(1.2),
    "beyond-waiver": lambda: allowed(1.4),
    "only-beside": lambda: others_faster(5),
    "too-coarse": lambda: one(BASE, [2.0] * 9 + [3.0]),
}


def test_every_reason_of_the_table_has_a_case():
    assert set(CASES) == set(SENTENCES)


@pytest.mark.parametrize("slug", list(SENTENCES))
def test_every_reason_is_given_by_some_row(slug):
    found = CASES[slug]()
    assert slug in {f.reason for f in found}
    assert {f.reason for f in found} <= set(SENTENCES)
    assert all(f.message for f in found)
    assert sentence(slug) != slug


def test_a_reason_that_needs_doing_has_a_hint_and_one_that_holds_has_none():
    holds = {"within-threshold", "within-noise", "below-floor", "within-budget", "suite-moved", "not-confirmed"}
    holds |= {"below-least", "inputs-same"}
    holds |= {"better-than-base"}  # there is no baseline to refresh
    assert {slug for slug in SENTENCES if not hint_for(slug)} == holds


@pytest.mark.parametrize("slug", ["metric-only-in-base", "more-runs", *(s for s in SENTENCES if "sides" in s)])
def test_the_hint_of_a_comparison_without_baselines_names_none(slug):
    assert "baseline" not in hint_for(slug)


@pytest.mark.parametrize("slug", ["metric-only-in-base", *(s for s in SENTENCES if "sides" in s)])
def test_a_comparison_names_its_sides_as_base_and_head(slug):
    messages = {f.message for f in CASES[slug]() if f.reason == slug}
    assert messages
    assert not any("baseline" in m or "these runs" in m for m in messages)


def test_an_unknown_reason_speaks_for_itself():
    assert (sentence("newer"), hint_for("newer")) == ("newer", "")


@pytest.mark.parametrize(
    ("wanted", "classes", "judged_classes"),
    [
        pytest.param("", ["a"], {"a"}, id="measured"),
        pytest.param("b", ["a"], {"a", "b"}, id="named-by-hand-too"),
        pytest.param("", [], {"a", "b"}, id="nothing-measured"),
        pytest.param("", ["z"], set(), id="another-measured"),
    ],
)
def test_the_classes_that_were_measured_are_judged(wanted, classes, judged_classes):
    base = [profile({"elapsed": [1.0]}, kind=c) for c in "ab"]
    current = tuple(profile({"elapsed": [1.0]}, kind=c) for c in classes)
    selection = Selection(
        profiles=current, selected=tuple(seen(machine_class=c, ok=1) for c in classes), superseded=(), problems=()
    )
    pairs = pairing.pair(base, selection, policy(machine_class=wanted), classless=False)
    assert {p.base.machine_class for p in pairs if p.base} == judged_classes


def test_an_excluded_benchmark_of_another_class_is_not_reported():
    side = BaselineSet(source="baselines", profiles=(profile({"elapsed": [1.0]}, kind="other"),))
    current = profile({"elapsed": [1.0]}, kind="c")
    selection = Selection(profiles=(current,), selected=(seen(ok=1),), superseded=(), problems=())
    assert pairing.find_class_mismatches(side, selection, policy(exclude=("train",))) == []
    assert pairing.find_class_mismatches(side, selection, policy(exclude=("train:elapsed",))) == []
    assert reasons(verdict(*pairing.find_class_mismatches(side, selection, policy(rule())))) == {
        ("not-comparable", "class-differs")
    }


@pytest.mark.parametrize(("count", "named"), [(5, "k0, k1, k2, k3, k4"), (6, "k0, k1, k2, k3, k4 and 1 more")])
def test_of_many_other_classes_the_first_five_are_named(count, named):
    side = BaselineSet(
        source="baselines", profiles=tuple(profile({"elapsed": [1.0]}, kind=f"k{i}") for i in range(count))
    )
    current = profile({"elapsed": [1.0]}, kind="c")
    selection = Selection(profiles=(current,), selected=(seen(ok=1),), superseded=(), problems=())
    (found,) = pairing.find_class_mismatches(side, selection, policy())
    (unjudged,) = pairing.note_unjudged_classes(side, selection)
    assert found.message.endswith(f"the baselines of {named}")
    assert unjudged.message.endswith(f": {named}")


@pytest.mark.parametrize(("own", "status"), [(0.96, "suspected"), (1.0, "suspected"), (1.2, "regressed")])
def test_a_row_is_charged_with_what_the_others_gained_only_when_it_got_worse_itself(own, status):
    (first,) = [f for f in others_faster(6, own) if (f.benchmark, f.statistic) == ("b0", "p50")]
    assert (first.status, first.change > 0.35) == (status, True)


def test_a_row_that_rose_is_no_gain_because_the_others_rose_more():
    pairs = []
    for i in range(6):
        base = {f"s{k}": lognormal(f"{i}{k}", 9, spread=0.01) for k in range(5)}
        now = {"now": lognormal(f"{i}now", 9, spread=0.01, centre=1.4 if i else 1.01)}
        pairs.append(
            Pair(base=profile({"elapsed": base}, name=f"b{i}"), current=profile({"elapsed": now}, name=f"b{i}"))
        )
    (first,) = [f for f in judge(pairs, policy()).findings if (f.benchmark, f.statistic) == ("b0", "p50")]
    assert (first.status, first.change < -0.2) == ("unchanged", True)
