"""What drifts, what does not, and what cannot be judged: each a stated outcome."""

from __future__ import annotations

import math

import pytest
from drift_cases import (
    CLIENT,
    SHAPES,
    all_kinds,
    batch_of,
    draw,
    draw_clusters,
    judge_columns,
    judge_one,
    noise,
    summary_of,
)
from hypothesis import given
from hypothesis import strategies as st
from laws import DEAR_LAWS

from perfgate.core.finding import ExitCode
from perfgate.core.rollout.drift import FEWEST_ROWS
from perfgate.gate.drift.checks import _percent
from perfgate.render import render
from perfgate.report.rollout.drift import compose_drift
from perfgate.store.drift.reference import decode, encode

ROWS = 600
MANY = FEWEST_ROWS * 3


def drifts(feature):
    return {t.check for t in feature.checks if t.is_drift}


@pytest.mark.parametrize("shape", SHAPES)
def test_samples_of_one_distribution_do_not_drift(shape):
    assert judge_one(draw(shape, ROWS, 1), draw(shape, ROWS, 2)).outcome == "same"


@pytest.mark.parametrize("shape", ["normal", "lognormal", "integers", "ties", "bimodal", "missing"])
def test_a_shift_of_a_deviation_drifts(shape):
    found = judge_one(draw(shape, ROWS, 1), draw(shape, ROWS, 2, shift=1.0))
    assert (found.outcome, drifts(found)) == ("drift", {"distance"})


NORMAL = draw("normal", MANY, 1)
GOOD = ["good"] * (MANY // 2) + ["bad"] * (MANY // 2)


@pytest.mark.parametrize(
    ("was", "now", "outcome", "checks", "words"),
    [
        pytest.param(NORMAL, [None] * MANY, "drift", {"schema"}, "the field is missing", id="missing-field"),
        pytest.param([None] * MANY, NORMAL, "drift", {"schema"}, "a new field, in 100 %", id="field-without-values"),
        pytest.param(NORMAL, [*NORMAL[:-60], *[None] * 60], "drift", {"missing"}, "0 % -> 10 %", id="missing"),
        pytest.param([*NORMAL[:-60], *[None] * 60], NORMAL, "drift", {"missing"}, "10 % -> 0 %", id="no-more-missing"),
        pytest.param(NORMAL, ["7"] * MANY, "drift", {"type"}, "type number -> text in 100 %", id="number-to-text"),
        pytest.param(GOOD, [1] * MANY, "drift", {"type"}, "type text -> number", id="text-to-number"),
        pytest.param(GOOD, [True] * MANY, "drift", {"type"}, "type text -> boolean", id="text-to-boolean"),
        pytest.param(NORMAL, [[1]] * MANY, "drift", {"type"}, "number -> structure", id="number-to-list"),
        pytest.param(NORMAL, [*NORMAL[:-60], *["n/a"] * 60], "drift", {"type"}, "in 10 %", id="some-of-another-type"),
        pytest.param(GOOD, [*GOOD[:-30], *["new"] * 30], "drift", {"levels"}, 'such as "new"', id="unknown-level"),
        pytest.param(GOOD, ["good"] * MANY, "drift", {"distance"}, '"good" 50 % -> 100 %', id="level-share"),
        pytest.param([7] * MANY, [8] * MANY, "drift", {"distance"}, "up to 7: 100 % -> 0 %", id="another-constant"),
        pytest.param([7] * MANY, [7] * MANY, "same", set(), "", id="constant"),
        pytest.param([0.0] * MANY, [-0.0] * MANY, "same", set(), "", id="negative-zero"),
        pytest.param([1 / 3] * MANY, [1 / 3] * MANY, "same", set(), "", id="a-tie-that-no-decimal-holds"),
        pytest.param([True] * MANY, [True] * MANY, "same", set(), "", id="always-true"),
        pytest.param([1, "a"] * 300, [1, "a"] * 300, "same", set(), "", id="mixed"),
        pytest.param([1, "a"] * 300, [1, 1, 1, "a"] * 150, "drift", {"distance"}, '"1"', id="mixed-share"),
        pytest.param([[1]] * MANY, [[2]] * MANY, "not-compared", set(), "a list", id="lists"),
        pytest.param([None] * MANY, [None] * MANY, "not-compared", set(), "no value on either side", id="all-null"),
        pytest.param(
            ["2026-01-31"] * MANY, ["2027-01-31"] * MANY, "not-compared", set(), "points in time", id="dates"
        ),
        pytest.param(
            [f"a{i}" for i in range(MANY)], [f"b{i}" for i in range(MANY)], "not-compared", set(),
            "no level has 10 rows", id="identifiers",
        ),
        pytest.param(
            [*NORMAL[:150], *[None] * 450], [*NORMAL[:150], *[None] * 450], "too-few", set(),
            "150 values in the reference, fewer than 200", id="few-values",
        ),
        pytest.param(NORMAL, [math.inf] * 60 + NORMAL[60:], "drift", {"missing"}, "10 %", id="infinities"),
        pytest.param(NORMAL, [math.nan] * MANY, "drift", {"schema"}, "the field is missing", id="all-nan"),
        pytest.param(NORMAL, [*NORMAL[:-1], None], "same", set(), "", id="one-missing"),
        pytest.param(NORMAL, [*NORMAL[:-3], "a", "b", "c"], "same", set(), "", id="three-of-another-type"),
        pytest.param(GOOD, [*GOOD[:-3], "x", "y", "z"], "same", set(), "", id="three-unknown-levels"),
    ],
)  # fmt: skip
def test_each_difference_is_named(was, now, outcome, checks, words):
    found = judge_one(was, now)
    assert (found.outcome, drifts(found)) == (outcome, checks)
    said = " ".join([found.why, *(t.words for t in found.checks if t.is_drift)])
    assert words in said


def test_a_new_field_drifts_and_one_in_a_few_rows_does_not():
    whole = judge_columns({"x": NORMAL}, {"x": NORMAL, "y": NORMAL})
    assert [(f.name, drifts(f)) for f in whole.drifted] == [("y", {"schema"})]
    few = judge_columns({"x": NORMAL}, {"x": NORMAL, "y": [1, 2, 3, *[None] * (MANY - 3)]})
    assert few.drifted == ()


def test_no_other_field_is_new_where_the_reference_was_made_of_some():
    reference = summary_of({"x": NORMAL, "y": NORMAL}, fields=["x"])
    found = judge_columns(reference, {"x": NORMAL, "y": NORMAL})
    assert [f.name for f in found.features] == ["x"]


def test_only_the_fields_that_are_asked_for_are_compared():
    columns = {"x": NORMAL, "y": NORMAL}
    found = judge_columns(columns, {**columns, "z": NORMAL}, fields=["y"])
    assert [f.name for f in found.features] == ["y"]


def test_a_difference_that_matters_to_nobody_is_no_drift_however_many_rows_prove_it():
    was, now = draw("normal", 20_000, 1), draw("normal", 20_000, 2, shift=0.1)
    found = judge_one(was, now)
    (test,) = found.checks
    assert (found.outcome, test.effect < 0.1, test.p < 1e-9) == ("same", True, True)


def test_the_level_is_that_of_all_fields_and_checks_together():
    was, now = ({f"f{i:02}": draw("normal", 300, (side, i)) for i in range(20)} for side in (1, 2))
    now["f00"] = draw("normal", 300, "now", shift=0.4)
    checks = [t for f in judge_columns(was, now).features for t in f.checks]
    least = min(checks, key=lambda t: t.p)
    assert len(checks) == 20
    assert least.adjusted == pytest.approx(20 * least.p)
    assert judge_columns(was, now, fields=["f00"]).features[0].checks[0].adjusted == pytest.approx(least.p)


@pytest.mark.parametrize(("was", "now"), [(MANY, 199), (199, MANY)])
def test_below_200_rows_nothing_is_decided(was, now):
    found = judge_columns({"x": draw("normal", was, 1)}, {"x": draw("normal", now, 2, shift=3)}, level="fail")
    assert found.exit_code is ExitCode.CANNOT_DECIDE
    assert [(p.slug, "199 samples" in p.message) for p in found.problems] == [("drift-insufficient", True)]


def test_where_nothing_can_be_compared_nothing_is_decided():
    names = [f"a{i}" for i in range(MANY)]
    found = judge_columns({"id": names}, {"id": names})
    assert [p.slug for p in found.problems] == ["drift-nothing-compared"]
    assert "id: no level has 10 rows" in found.problems[0].message


def test_the_samples_of_the_reference_itself_decide_nothing():
    columns = {"x": NORMAL, "y": GOOD}
    assert [p.slug for p in judge_columns(columns, columns).problems] == ["drift-same-samples"]
    assert judge_columns(columns, {**columns, "y": [*GOOD[1:], "bad"]}).problems == ()
    assert judge_columns({"y": GOOD}, {"y": GOOD}).problems == ()  # equal counts of two levels happen


def test_the_largest_numbers_have_a_histogram():
    huge = [-1.7e308, 1.7e308, 0.0] * 200 + [float(i) for i in range(100)]
    found = judge_one(huge, huge[::-1])
    assert sum(b[1] for b in found.bins) == pytest.approx(1.0)
    assert all(math.isfinite(d.value) for d in found.distances)


def test_fields_that_the_reference_does_not_have_compare_nothing():
    found = judge_columns({"x": NORMAL}, {"x": NORMAL}, fields=["z"])
    assert [p.slug for p in found.problems] == ["drift-nothing-compared"]


def test_a_hundred_thousand_levels_are_one_outcome_and_hide_nothing_frequent():
    rare = [f"u{i}" for i in range(100_000)]
    reference = summary_of({"x": ["a"] * 100_000 + rare})
    assert reference.features[0].levels.hidden == 100_000
    (found,) = judge_columns(reference, {"x": ["a"] * 100_000 + [f"v{i}" for i in range(100_000)]}).features
    assert found.outcome == "same"


def test_a_floor_of_rows_is_raised_where_there_are_very_many_frequent_levels():
    levels = summary_of({"x": [f"u{i % 1500}" for i in range(30_000)] + ["a"] * 50}).features[0].levels
    assert (levels.counts, levels.least_rows, levels.hidden) == ((("a", 50),), 21, 1500)


@pytest.mark.parametrize(
    ("level", "code"), [("fail", ExitCode.REGRESSION), ("warn", ExitCode.PASS), ("info", ExitCode.PASS)]
)
def test_only_drift_that_is_asked_to_fail_fails(level, code):
    assert judge_columns({"x": GOOD}, {"x": ["bad"] * MANY}, level=level).exit_code is code
    assert judge_columns({"x": GOOD}, {"x": GOOD}, level=level).exit_code is ExitCode.PASS


def test_an_undecided_field_comes_before_drift_in_another():
    columns = draw_clusters(12, 40, 3.0, 1, fields=1)
    loose = draw("normal", 480, 5)
    found = judge_columns(
        {**columns, "x": loose}, {**draw_clusters(12, 40, 3.0, 2, fields=1), "x": [9.0] * 480}, level="fail"
    )
    assert [f.name for f in found.drifted] == ["x"]
    assert (found.exit_code, [p.slug for p in found.problems]) == (2, ["drift-insufficient"])


def test_rows_of_clusters_are_no_drift_where_rows_of_their_own_would_be():
    was, now = (draw_clusters(12 * n, 40, 0.4, n, fields=10) for n in (3, 1))
    alone = judge_columns(*({k: v for k, v in side.items() if k != CLIENT} for side in (was, now)))
    together = judge_columns(was, now)
    assert alone.drifted
    assert not together.drifted


def test_clusters_that_are_all_alike_are_worth_as_many_rows_as_there_are_clusters():
    columns = {CLIENT: [i // 50 for i in range(1000)], "x": [i // 50 for i in range(1000)]}
    (found,) = judge_columns(columns, columns).features
    assert (found.outcome, round(found.effective[0])) == ("too-few", 20)


def test_missing_values_of_whole_clusters_prove_less():
    client = [i // 50 for i in range(1000)]
    was = {CLIENT: client, "x": draw("normal", 1000, 1)}
    values = draw("normal", 1000, 2)
    by_client = {CLIENT: client, "x": [None if c == 3 else v for c, v in zip(client, values, strict=True)]}
    spread = {CLIENT: client, "x": [None if i % 20 == 0 else v for i, v in enumerate(values)]}
    assert judge_columns(was, by_client).drifted == ()
    assert len(judge_columns(was, spread).drifted) == 1


def test_a_rare_level_of_the_reference_is_not_unknown():
    """Levels near the floor are shown or hidden by luck; their rows elsewhere are fewer for that alone."""
    for seed in range(20):
        rng = noise(seed)
        was, now = ([f"u{int(rng.paretovariate(0.7))}" for _ in range(2000)] for _ in range(2))
        assert judge_one(was, now).outcome == "same"


def test_distances_by_other_names_stand_beside_what_they_stay_below_without_drift():
    (found,) = judge_columns({"x": NORMAL}, {"x": draw("normal", MANY, 2)}).features
    assert [d.name for d in found.distances] == ["PSI", "Jensen-Shannon", "Wasserstein/sd"]
    assert all(0.0 <= d.value < d.bound for d in found.distances)
    (moved,) = judge_columns({"x": NORMAL}, {"x": draw("normal", MANY, 2, shift=1)}).features
    assert all(d.value > d.bound for d in moved.distances)


@pytest.mark.parametrize("shape", [*SHAPES, "constant"])
def test_a_histogram_holds_all_values_of_both_sides(shape):
    columns = all_kinds(ROWS)
    bins = judge_one(columns[shape], columns[shape]).bins
    assert 0 < len(bins) <= 12
    for side in (1, 2):
        assert sum(b[side] for b in bins) == pytest.approx(1.0)
        assert min(b[side] for b in bins) >= 0.0


@pytest.mark.parametrize(
    ("share", "words"), [(0.0, "0 %"), (1.0, "100 %"), (0.5, "50 %"), (0.1234, "12.3 %"), (1e-5, "0.001 %"),
                         (0.99999, "99.999 %")]
)  # fmt: skip
def test_a_share_that_is_not_all_never_reads_so(share, words):
    assert _percent(share) == words


COLUMN = st.sampled_from(sorted({*SHAPES, "constant", "nothing", "id", "tags", "mixed"}))


@DEAR_LAWS
@given(st.lists(COLUMN, min_size=1, max_size=4, unique=True), st.integers(0, 99))
def test_identical_samples_never_drift(names, seed):
    columns = {name: all_kinds(250, seed)[name] for name in names}
    found = judge_columns(columns, columns)
    assert found.drifted == ()
    assert all(t.effect <= 0.0 for f in found.features for t in f.checks)  # below: rare levels are expected elsewhere


@DEAR_LAWS
@given(st.lists(COLUMN, min_size=1, max_size=4, unique=True), st.integers(0, 99), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(names, seed, rng):
    was, now = ({**{n: all_kinds(250, s)[n] for n in names}, CLIENT: [i % 40 for i in range(250)]} for s in
                (seed, seed + 1))  # fmt: skip
    order = rng.sample(range(250), 250)
    shuffled = [{name: [column[i] for i in order] for name, column in side.items()} for side in (was, now)]
    assert summary_of(shuffled[0]) == summary_of(was)
    assert judge_columns(*shuffled) == judge_columns(was, now)


@DEAR_LAWS
@given(st.lists(COLUMN, min_size=1, max_size=4, unique=True), st.integers(0, 99), st.booleans())
def test_a_reference_is_the_same_after_a_round_trip(names, seed, has_clusters):
    columns = {name: all_kinds(250, seed)[name] for name in names}
    if has_clusters:
        columns[CLIENT] = [i % 7 for i in range(250)]
    reference = summary_of(columns)
    assert decode(encode(reference), "r.json") == reference


@DEAR_LAWS
@given(st.lists(COLUMN, min_size=2, max_size=5, unique=True), st.integers(0, 99), st.data())
def test_fewer_fields_never_make_a_field_that_drifted_one_that_did_not(names, seed, data):
    was = {name: all_kinds(300, seed)[name] for name in names}
    now = {name: all_kinds(300, seed + 1)[name] for name in names}
    now[names[0]] = [None if i % 9 == 0 else v for i, v in enumerate(now[names[0]])]
    kept = [names[0], *data.draw(st.lists(st.sampled_from(names[1:]), unique=True))]
    before = {f.name for f in judge_columns(was, now).drifted} & set(kept)
    after = {f.name for f in judge_columns(was, now, fields=kept).drifted}
    assert before <= after


@DEAR_LAWS
@given(st.integers(0, 99), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_the_unit_of_a_number_changes_no_distance(seed, factor, offset):
    was, now = draw("normal", 300, seed), draw("normal", 300, seed + 1, shift=0.4)
    plain = judge_one(was, now)
    scaled = judge_one(*([v * factor + offset for v in side] for side in (was, now)))
    assert scaled.checks[0].effect == pytest.approx(plain.checks[0].effect, abs=0.01)


def test_rows_that_are_kept_by_fields_are_those_of_the_reference_too():
    assert set(batch_of({"x": [1], "y": [2]}, fields=["x"]).columns) == {"x"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@DEAR_LAWS
@given(st.lists(JSON, min_size=1, max_size=6), st.lists(JSON, min_size=1, max_size=6), st.booleans())
def test_whatever_samples_hold_there_is_an_outcome_and_a_file_that_can_be_read(was, now, has_clusters):
    sides = [{"x": values * 80, **({CLIENT: [i % 30 for i in range(len(values) * 80)]} if has_clusters else {})}
             for values in (was * 3, now * 3)]  # fmt: skip
    reference = summary_of(sides[0])
    assert decode(encode(reference), "r.json") == reference
    verdict = judge_columns(reference, sides[1], level="fail")
    document = compose_drift(verdict, tool="perfgate")
    assert all(render(document, form) for form in ("text", "markdown", "json"))
    for feature in verdict.features:
        assert all(0.0 <= t.p <= t.adjusted <= 1.0 for t in feature.checks)
        assert (feature.outcome in {"drift", "same"}) or feature.why
