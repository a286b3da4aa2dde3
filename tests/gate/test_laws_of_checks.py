"""Laws of whole checks: what is not gated, looks at part of the level, and how the input was written down."""

from __future__ import annotations

import json
import random

import pytest
from check_cases import Folder
from gate_cases import lognormal, policy, profile, rule, scaled
from hypothesis import given
from hypothesis import strategies as st
from laws import DEAR_LAWS
from msgspec.structs import replace

from perfgate.core.finding import FAILED, WHOLE_SUITE, ExitCode, Status
from perfgate.core.metrics import Metric
from perfgate.core.policy import Floor
from perfgate.core.run import UNSPECIFIED
from perfgate.gate.judge import Pair, judge
from perfgate.report.codec import to_data

SEEDS = st.integers(0, 10**6)
OPEN = Floor(auto=False)


def across(seed, benchmarks, extra="elapsed"):
    """Return pairs of sessions; some benchmarks are slower; the last has one metric alone, of its own choice."""
    dice = random.Random(seed)
    names = [f"s{i}" for i in range(dice.randint(1, 5))]
    pairs = []
    for i in range(benchmarks):
        metric = extra if i == benchmarks - 1 else "elapsed"
        slower = dice.choice([1.0, 1.05, 1.1, 1.3, 2.0])
        base = {s: lognormal(dice.random(), dice.randint(1, 6), spread=0.02) for s in names}
        now = {"now": lognormal(dice.random(), dice.randint(2, 6), centre=slower, spread=0.02)}
        sides = [profile({metric: side}, name=f"b{i}", machine="") for side in (base, now)]
        pairs.append(Pair(base=sides[0], current=sides[1]))
    return pairs


def findings_of(pairs, names, by):
    """Return the findings about some benchmarks."""
    return [f for f in judge(pairs, by).findings if f.benchmark in names]


@DEAR_LAWS
@given(SEEDS, st.integers(2, 4))
def test_a_benchmark_that_is_not_gated_changes_no_other_in_a_small_suite(seed, benchmarks):
    pairs = across(seed, benchmarks)
    names = {f"b{i}" for i in range(benchmarks - 1)}
    by = policy(rule(benchmark=f"b{benchmarks - 1}", level="info"), floor=OPEN)
    assert findings_of(pairs, names, by) == findings_of(pairs[:-1], names, policy(floor=OPEN))


@DEAR_LAWS
@given(SEEDS, st.integers(2, 9))
def test_a_metric_that_is_not_gated_changes_no_other_in_any_suite(seed, benchmarks):
    pairs = across(seed, benchmarks, extra="score")
    names = {WHOLE_SUITE, *(f"b{i}" for i in range(benchmarks - 1))}
    by = policy(rule(metric="score", level="warn"), floor=OPEN)
    assert findings_of(pairs, names, by) == findings_of(pairs[:-1], names, by)


def test_a_fifth_benchmark_makes_a_suite_whether_it_is_gated_or_not():
    # The one way in which a row that is not gated counts for others: five tell what a machine does to all of them.
    four, five = (
        [
            Pair(
                base=profile({"elapsed": {f"s{k}": [1.0, 1.0] for k in range(3)}}, name=f"b{i}", machine=""),
                current=profile({"elapsed": {"now": [1.02, 1.02]}}, name=f"b{i}", machine=""),
            )
            for i in range(n)
        ]
        for n in (4, 5)
    )
    by = policy(rule(benchmark="b4", level="info"), floor=OPEN)
    alone, among = ({f.benchmark: f for f in judge(p, by).findings if f.statistic == "p50"} for p in (four, five))
    assert alone["b0"].change == pytest.approx(0.02)
    assert among["b0"].change == pytest.approx(0.0, abs=1e-12)
    assert among[WHOLE_SUITE].change == pytest.approx(0.02)
    assert among["b0"].detectable < alone["b0"].detectable


def test_a_row_passes_beside_others_that_got_slower_too_and_what_they_share_is_told():
    # The price of taking off what all have in common: 10 % alone fails, 10 % beside five times 5 % does not.
    def suite(others):
        centres = [1.1, *[others] * 5]
        return [
            Pair(
                base=profile(
                    {"elapsed": {f"s{k}": [1.0 + 0.004 * ((k * 7 + i) % 5 - 2)] for k in range(5)}}, name=f"b{i}"
                ),
                current=profile({"elapsed": {"now": [centre] * 2}}, name=f"b{i}"),
            )
            for i, centre in enumerate(centres)
        ]

    alone, among = (
        {f.benchmark: f for f in judge(suite(others), policy(floor=OPEN)).findings if f.statistic == "p50"}
        for others in (1.0, 1.05)
    )
    assert (alone["b0"].status, among["b0"].status) == (Status.REGRESSED, Status.WITHIN_NOISE)
    assert among[WHOLE_SUITE].change == pytest.approx(0.05, abs=0.005)
    assert among["b0"].evidence.shift == pytest.approx(among[WHOLE_SUITE].change)


def one_session(seed, benchmarks):
    """Return pairs whose two sides were measured in one session."""
    dice = random.Random(seed)
    pairs = []
    for i in range(benchmarks):
        base = lognormal(dice.random(), dice.randint(4, 12), spread=0.05)
        now = lognormal(dice.random(), dice.randint(4, 12), centre=dice.choice([1, 1, 1.1, 1.5]), spread=0.05)
        pairs.append(
            Pair(base=profile({"elapsed": base}, name=f"b{i}"), current=profile({"elapsed": now}, name=f"b{i}"))
        )
    return pairs


def levels(pairs, share=None):
    """Return level and status of each gated row."""
    found = judge(pairs, policy(floor=OPEN), share).findings
    return {f.benchmark: (f.evidence.alpha, f.status) for f in found if f.statistic == "p50"}


@DEAR_LAWS
@given(SEEDS, st.integers(1, 12), st.floats(0.05, 0.95))
def test_a_look_at_part_of_the_level_fails_nothing_that_the_whole_level_lets_pass(seed, benchmarks, share):
    pairs = one_session(seed, benchmarks)
    part, whole = levels(pairs, share), levels(pairs)
    for name, (level, status) in part.items():
        assert level == pytest.approx(share * min(0.01, 0.02 / benchmarks))
        assert level < whole[name][0] <= 0.01
        assert status not in FAILED or whole[name][1] in FAILED


@DEAR_LAWS
@given(SEEDS, st.integers(2, 12), st.floats(1.0, 3.0))
def test_a_slower_row_makes_no_other_rows_level_stricter(seed, benchmarks, factor):
    pairs = one_session(seed, benchmarks)
    (metric,) = pairs[0].current.metrics
    worse = replace(metric.samples[0], values=tuple(scaled(metric.samples[0].values, factor)))
    slower = replace(pairs[0].current, metrics=(replace(metric, samples=(worse,)),))
    before, after = levels(pairs), levels([replace(pairs[0], current=slower), *pairs[1:]])
    for name in before.keys() - {"b0"}:
        assert after[name][0] >= before[name][0] * (1 - 1e-12)
    assert after["b0"][1] in FAILED or before["b0"][1] not in FAILED


@DEAR_LAWS
@given(SEEDS, st.integers(1, 12))
def test_rows_that_fail_in_one_session_are_those_that_holm_rejects_at_twice_the_rate(seed, benchmarks):
    found = [f for f in judge(one_session(seed, benchmarks), policy(floor=OPEN)).findings if f.statistic == "p50"]
    told = sorted(found, key=lambda f: f.evidence.p)
    rejected, highest = set(), 0.0
    for rank, f in enumerate(told):
        p = f.evidence.p
        highest = max(highest, (len(told) - rank) * p)
        if highest <= 0.02 and p <= 0.01 and f.change > 0.05:
            rejected.add(f.benchmark)
    assert {f.benchmark for f in found if f.status in FAILED} == rejected


QUEUE = Metric(name="queue", unit="s", better="lower")


@pytest.fixture
def folders(tmp_path, monkeypatch, outside_ci):
    """Return a function that makes an empty working folder and goes there."""
    count = iter(range(10**6))

    def made():
        path = tmp_path / str(next(count))
        (path / ".git").mkdir(parents=True)
        monkeypatch.chdir(path)
        return Folder(path)

    return made


def written(folder, seed, *, unit="s", by=1.0, order=1):
    """Write baselines and runs beside them; the same facts in another unit and order."""
    folder.write("perfgate.toml", '[[rule]]\nmetric = "queue"\n')
    dice = random.Random(seed)
    for name in ("b0", "b1"):
        base = {f"s{i}": [round(v, 5) for v in lognormal(dice.random(), 4)] for i in range(dice.randint(1, 4))}
        folder.baseline(profile({"elapsed": base, QUEUE: base}, name=name, machine="", kind=UNSPECIFIED))
    values = [round(v, 5) for v in lognormal(dice.random(), 10, centre=dice.choice([1.0, 1.1, 1.5]))]
    for place in range(10)[::order]:
        own = {"queue": {"value": values[place] * by, "unit": unit}}
        folder.run(values[place], benchmark=f"b{place % 2}", run_id=f"id-{place}", metrics=own)


@pytest.mark.parametrize("seed", range(6))
def test_neither_names_nor_order_of_the_files_change_the_report(folders, seed):
    def report(order, rename):
        folder = folders()
        written(folder, seed, order=order)
        for path in sorted(folder.path.glob("outputs/model_runs/*.json")):
            path.rename(path.with_name(rename(path.stem) + ".json"))
        verdict = folder.check()
        assert verdict.exit_code != ExitCode.CANNOT_DECIDE
        return json.dumps(to_data(verdict))

    assert report(-1, lambda stem: f"{100 - int(stem[-1])}-{stem}") == report(1, str)


@pytest.mark.parametrize(("unit", "by"), [("ms", 1e3), ("us", 1e6), ("min", 1 / 60)])
@pytest.mark.parametrize("seed", range(4))
def test_the_unit_that_the_runs_state_changes_no_verdict(folders, seed, unit, by):
    def findings(**how):
        folder = folders()
        written(folder, seed, **how)
        return {f.benchmark: f for f in folder.check().findings if f.metric == "queue"}

    was, now = findings(), findings(unit=unit, by=by)
    assert was.keys() == now.keys() == {"b0", "b1"}
    for name, found in was.items():
        assert (now[name].unit, now[name].status, now[name].reason) == ("s", found.status, found.reason)
        assert now[name].change == pytest.approx(found.change, rel=1e-9, abs=1e-12)
        assert now[name].detectable == pytest.approx(found.detectable, rel=1e-9)
