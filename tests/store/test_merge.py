"""Baselines that two branches changed: sessions of both sides in one, in any order, or a reason why not."""

from __future__ import annotations

import pytest
from gate_cases import CALLS, SCORE, profile
from hypothesis import given
from hypothesis import strategies as st
from laws import laws
from msgspec.structs import replace

from perfgate.core.profile import Profile, Provenance, Stated, with_stated
from perfgate.core.statistic import Quantile
from perfgate.store.codec import decode_baseline, encode_baseline
from perfgate.store.merge import merge

LAWS = laws(100)


def holding(*days, name="train", factor=1.0, **more):
    """Return a baseline with a session for each day."""
    values = {f"day{day:02}": [factor * day, factor * (day + 0.5)] for day in days}
    side = profile({"elapsed": values, "peak_memory": {s: [7e6, 7e6] for s in values}}, name=name, **more)
    sessions = [replace(s, started_at=f"2026-04-{s.id[3:]}T09:00:00Z", commit=s.id) for s in side.sessions]
    newest = Provenance(commit=sessions[-1].id, date=sessions[-1].started_at, tool="perfgate 0", reason="")
    return replace(side, sessions=tuple(sessions), provenance=newest)


def days_of(merged):
    assert isinstance(merged, Profile), merged
    return [int(s.id[3:]) for s in merged.sessions]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        pytest.param([1, 2], [1, 2, 3], [1, 2, 4], [1, 2, 3, 4], id="each-adds-one"),
        pytest.param([1, 2], [1, 2, 5], [1, 2, 3, 4], [1, 2, 3, 4, 5], id="older-ones-come-first"),
        pytest.param(None, [2], [1], [1, 2], id="both-are-new"),
        pytest.param([1], [1, 2], [1, 2], [1, 2], id="the-same"),
        pytest.param([1], [1], [1, 2], [1, 2], id="one-side-alone"),
        pytest.param([1, 2], [3], [1, 2], [3], id="one-side-alone-anew"),
        pytest.param([1, 2, 3], [2, 3, 4], [2, 3, 5], [3, 4, 5], id="each-keeps-three"),
        pytest.param([1, 2, 3], [1, 3], [1, 2, 3, 4], [1, 3, 4], id="one-was-taken-out"),
    ],
)
def test_sessions_that_either_side_added_are_in(base, ours, theirs, expected):
    was = holding(*base) if base else None
    sides = holding(*ours), holding(*theirs)
    merged = merge(was, *sides)
    assert days_of(merged) == expected
    assert encode_baseline(merged) == encode_baseline(merge(was, *reversed(sides)))
    assert [s.values for m in merged.metrics if m.metric.name == "elapsed" for s in m.samples] == [
        (float(day), day + 0.5) for day in expected
    ]
    assert merged.provenance.commit == merged.sessions[-1].id


def test_each_session_keeps_the_processor_that_it_was_measured_on():
    base, ours, theirs = (
        replace(side, sessions=tuple(replace(s, cpu_model=f"of {s.id}") for s in side.sessions))
        for side in (holding(1), holding(1, 2), holding(1, 3))
    )
    merged = merge(base, ours, theirs)
    assert [s.cpu_model for s in merged.sessions] == ["of day01", "of day02", "of day03"]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "reason"),
    [
        pytest.param(holding(1), holding(2), holding(1, 3), "started the baseline anew", id="anew-and-more"),
        pytest.param(holding(1), holding(2), holding(3), "started the baseline anew", id="both-anew"),
        pytest.param(holding(1), holding(1, factor=2), holding(1, factor=3), "both sides changed", id="one-session"),
        pytest.param(None, holding(1, 2), holding(1, 3, factor=2), "both sides changed", id="new-with-other-values"),
        pytest.param(holding(1, 2), holding(1), holding(1, 2, factor=2), "changed", id="dropped-and-changed"),
        pytest.param(None, holding(1), holding(2, name="other"), "are baselines of", id="other-benchmark"),
        pytest.param(None, holding(1), holding(2, kind="class-b"), "are baselines of", id="other-class"),
        pytest.param(None, holding(1, sources=["a"]), holding(2, sources=["b"]), "different methods", id="methods"),
        pytest.param(
            None,
            profile({replace(SCORE, unit="s"): {"a": [1.0]}}),
            profile({SCORE: {"b": [1.0]}}),
            "unit",
            id="other-unit",
        ),
        pytest.param(holding(1, 2), holding(1), holding(2), "no session is in both", id="nothing-left"),
    ],
)
def test_what_only_a_person_can_decide_is_said(base, ours, theirs, reason):
    for sides in ((ours, theirs), (theirs, ours)):
        outcome = merge(base, *sides)
        assert isinstance(outcome, str)
        assert reason in outcome


def test_a_metric_that_one_side_began_to_record_is_kept():
    ours = profile({"elapsed": {"a": [1.0], "b": [1.1]}, CALLS: {"b": [7.0]}})
    theirs = profile({"elapsed": {"a": [1.0], "c": [1.2]}})
    merged = merge(profile({"elapsed": {"a": [1.0]}}), ours, theirs)
    assert [(m.metric.name, [s.session for s in m.samples]) for m in merged.metrics] == [
        ("calls", ["b"]),
        ("elapsed", ["a", "b", "c"]),
    ]


@LAWS
@given(
    base=st.sets(st.integers(1, 9), min_size=1),
    ours=st.sets(st.integers(10, 19)),
    theirs=st.sets(st.integers(20, 29)),
)
def test_sides_that_only_add_merge_in_any_order_to_a_file_that_reads_back(base, ours, theirs):
    was = holding(*sorted(base))
    sides = holding(*sorted(base | ours)), holding(*sorted(base | theirs))
    merged = merge(was, *sides)
    assert days_of(merged) == sorted(base | ours | theirs)
    content = encode_baseline(merged)
    assert content == encode_baseline(merge(was, *reversed(sides)))
    assert encode_baseline(decode_baseline(content, "b.json")[0]) == content


def test_percentiles_that_sessions_state_are_merged_each_with_its_metric():
    def stating(*names):
        bare = profile({"elapsed": {n: [1.0] for n in names}, CALLS: {n: [7.0] for n in names}})
        stated = [
            with_stated(
                replace(m, samples=()),
                [Stated(session=n, quantiles=(Quantile(name="p95", value=i, low=i, high=i),)) for n in names],
            )
            for i, m in enumerate(bare.metrics, start=1)
        ]
        return replace(bare, metrics=tuple(stated))

    merged = merge(stating("a"), stating("a", "b"), stating("a", "c"))
    found = {m.metric.name: [(s.session, s.quantiles[0].value) for s in m.stated] for m in merged.metrics}
    assert found == {"calls": [("a", 1), ("b", 1), ("c", 1)], "elapsed": [("a", 2), ("b", 2), ("c", 2)]}


def test_each_version_is_held_against_each_other_one():
    was, ours, theirs = holding(1), holding(1, 2), holding(1, 3)
    other = {"name": "serve"}
    words = "they are baselines of {} and {}"
    assert merge(was, ours, holding(1, 3, **other)) == words.format("train", "serve")
    assert merge(was, holding(1, 2, **other), theirs) == words.format("train", "serve")
    assert merge(holding(1, **other), ours, theirs) == words.format("serve", "train")
    assert merge(None, ours, holding(1, 3, **other)) == words.format("train", "serve")


def test_what_is_stated_once_is_that_of_the_side_with_the_newest_session_whenever_the_other_was_written():
    ours, theirs = holding(1, 2), holding(1, 3)
    late = replace(ours.provenance, date="2027-01-01T00:00:00Z")
    ours = replace(ours, environment=(("os", "ours"),), provenance=late)
    theirs = replace(theirs, environment=(("os", "theirs"),))
    for sides in ((ours, theirs), (theirs, ours)):
        assert merge(holding(1), *sides).environment == (("os", "theirs"),)


def test_of_two_sides_with_the_newest_session_the_one_that_was_written_last_leads():
    sides = [
        replace(holding(1, 2, 3), environment=(("os", name),), provenance=replace(holding(3).provenance, date=date))
        for name, date in (("early", "2026-04-04"), ("late", "2026-04-05"))
    ]
    for pair in (sides, sides[::-1]):
        assert merge(holding(1), holding(1, 2, 3), pair[0]) is not None
        assert merge(None, *pair).environment == (("os", "late"),)
