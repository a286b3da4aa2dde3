"""Refreshing: sessions are added, none is lost by accident, and what loosens the gate is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS
from msgspec.structs import replace
from records import DAY, a_profile

from perfgate.core.metrics import PEAK_MEMORY, THROUGHPUT, Metric
from perfgate.core.policy import Policy, Rule
from perfgate.core.profile import MetricProfile, Provenance, Sample
from perfgate.core.text.units import parse_change
from perfgate.store.refresh import moves_between, refresh

POLICY = Policy(source="p", threshold=parse_change("+5%"))
LOOSE = Metric(name="loss", unit="1", better="lower")


def refreshed(old, new, *, policy=POLICY, replace_old=False, keep=10, reason=""):
    return refresh(old, new, policy, replace_old=replace_old, keep=keep, tool="perfgate 9", reason=reason)


def at_day(profile, *days):
    """Return the profile with its sessions on the given days; 0 states none."""
    sessions = (
        replace(s, started_at=DAY.format(day) if day else "", commit=f"c{day}")
        for s, day in zip(profile.sessions, days, strict=True)
    )
    return replace(profile, sessions=tuple(sessions))


def values_of(profile, name="elapsed"):
    return {s.session: s.values for s in profile.metric(name).samples}


def with_metric(profile, metric, values, sources=()):
    samples = tuple(Sample(session=s.id, values=values) for s in profile.sessions)
    more = MetricProfile(metric=metric, sources=sources, samples=samples)
    return replace(profile, metrics=tuple(sorted((*profile.metrics, more), key=lambda m: m.metric.name)))


def test_a_first_refresh_writes_what_was_measured():
    new = at_day(a_profile({"s1": (0.1234567,)}, provenance=None), 3)
    found = refreshed(None, new, reason="first")
    assert (found.changed, found.problems) == (True, ())
    assert values_of(found.profile) == {"s1": (0.123457,)}
    assert found.profile.provenance == Provenance(commit="c3", date=DAY.format(3), tool="perfgate 9", reason="first")
    assert [(m.metric, m.old, m.new, m.loosens) for m in found.moves] == [("elapsed", None, 0.123457, False)]


def test_a_refresh_with_nothing_new_changes_nothing():
    old = a_profile()
    found = refreshed(old, None, reason="again")
    assert (found.profile, found.changed) == (old, False)


def test_a_baseline_without_provenance_gains_one():
    old = a_profile(provenance=None)
    assert refreshed(old, None).profile.provenance.tool == "perfgate 9"


def test_neither_side_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="neither"):
        refreshed(None, None)


def test_new_sessions_stand_beside_the_old_ones_in_the_order_of_time():
    old = at_day(a_profile({"a": (0.1,), "c": (0.1,)}), 1, 3)
    new = at_day(a_profile({"b": (0.1,)}), 2)
    found = refreshed(old, new, reason="more")
    assert [s.id for s in found.profile.sessions] == ["a", "b", "c"]
    assert list(values_of(found.profile)) == ["a", "b", "c"]
    assert found.profile.provenance == Provenance(commit="c3", date=DAY.format(3), tool="perfgate 9", reason="more")


def test_the_reason_stays_until_a_new_one_is_given():
    old = a_profile(provenance=Provenance(commit="", date="", tool="", reason="why"))
    assert refreshed(old, a_profile({"s9": (0.1,)})).profile.provenance.reason == "why"


def test_a_session_that_is_there_gains_the_runs_that_it_lacks():
    old = a_profile({"s1": (0.1, 0.2)})
    extra = replace(
        a_profile({"s1": (0.3,)}).sessions[0],
        runs=("ffffffffffff",), started_at=DAY.format(2), commit="c2", machine="other",
    )  # fmt: skip
    new = replace(a_profile({"s1": (0.3,)}), sessions=(extra,))
    (session,) = (found := refreshed(old, new)).profile.sessions
    assert values_of(found.profile) == {"s1": (0.1, 0.2, 0.3)}
    assert session.runs == tuple(sorted((*old.sessions[0].runs, "ffffffffffff")))
    assert (session.started_at, session.commit, session.machine) == (DAY.format(2), "c2", "")
    assert found.changed


def test_each_session_keeps_the_processor_that_it_was_measured_on():
    old, new = a_profile({"s1": (0.1,)}), at_day(a_profile({"s2": (0.1,)}), 2)
    old, new = (
        replace(p, sessions=(replace(p.sessions[0], cpu_model=model),)) for p, model in ((old, "EPYC"), (new, "Xeon"))
    )
    assert [s.cpu_model for s in refreshed(old, new).profile.sessions] == ["EPYC", "Xeon"]
    more = replace(a_profile({"s1": (0.3,)}).sessions[0], runs=("ffffffffffff",))
    again = refreshed(old, replace(a_profile({"s1": (0.3,)}), sessions=(more,)))
    assert [s.cpu_model for s in again.profile.sessions] == ["EPYC"]


@LAWS
@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5, unique=True), st.integers(1, 4))
def test_refreshing_in_parts_keeps_the_newest_and_refreshing_twice_changes_nothing(names, keep):
    days = {n: 1 + "abcdef".index(n) for n in names}
    old = None
    for name in names:
        old = refreshed(old, at_day(a_profile({name: (0.1,)}), days[name]), keep=6).profile
    found = refreshed(old, None, keep=keep)
    assert [s.id for s in found.profile.sessions] == sorted(names)[-keep:]
    assert found.changed == (len(names) > keep)
    again = refreshed(found.profile, None, keep=keep)
    assert (again.profile, again.changed) == (found.profile, False)


@pytest.mark.parametrize(("keep", "kept"), [(1, ["s3"]), (2, ["s2", "s3"]), (3, ["s1", "s2", "s3"])])
def test_the_newest_sessions_are_kept_and_metrics_of_none_of_them_go(keep, kept):
    old = with_metric(a_profile({"s1": (0.1,)}), LOOSE, (1.0,))
    new = at_day(a_profile({"s2": (0.1,), "s3": (0.1,)}), 2, 3)
    found = refreshed(old, new, keep=keep)
    assert [s.id for s in found.profile.sessions] == kept
    assert list(values_of(found.profile)) == kept
    assert (found.profile.metric("loss") is None) == (keep < 3)


def test_a_session_is_kept_or_dropped_with_all_its_batches():
    old = at_day(a_profile({"s/1": (0.1,), "s/2": (0.1,), "t/1": (0.2,), "t/2": (0.2,), "t/3": (0.2,)}), 1, 1, 2, 2, 2)
    for keep, kept in ((1, ["t/1", "t/2", "t/3"]), (2, [s.id for s in old.sessions])):
        assert [s.id for s in refreshed(old, None, keep=keep).profile.sessions] == kept


def test_sessions_without_a_time_keep_their_order():
    old = at_day(a_profile({"b": (0.1,), "a": (0.1,)}), 0, 0)
    found = refreshed(old, at_day(a_profile({"0": (0.1,)}), 0))
    assert [s.id for s in found.profile.sessions] == ["b", "a", "0"]


def test_replacing_starts_anew_and_bears_any_difference():
    new = at_day(a_profile({"s9": (0.5,)}, rows=(7,), metric=Metric(name="elapsed", unit="ms", better="higher")), 9)
    found = refreshed(a_profile(), new, replace_old=True, reason="anew")
    assert (found.problems, found.changed) == ((), True)
    assert [s.id for s in found.profile.sessions] == ["s9"]


@pytest.mark.parametrize(
    ("new", "slug", "message"),
    [
        pytest.param({"rows": (7, 1000)}, "rows-differ", "used 100 rows, these runs 7, 1,000 rows", id="rows"),
        pytest.param({"rows": (1, 2, 3, 4)}, "rows-differ", "these runs 1, 2, 3 and 1 other", id="many-rows"),
        pytest.param(
            {"metric": Metric(name="elapsed", unit="ms", better="lower")},
            "unit-differs",
            '"s" in the baseline, but "ms"',
            id="unit",
        ),
        pytest.param(
            {"metric": Metric(name="elapsed", unit="s", better="higher")},
            "direction-differs",
            "but higher in the runs",
            id="way",
        ),
    ],
)
def test_runs_that_do_not_fit_the_baseline_are_refused(new, slug, message):
    old = a_profile()
    found = refreshed(old, a_profile({"s9": (0.1,)}, **new))
    (problem,) = found.problems
    assert (found.profile, found.changed, found.moves) == (old, False, ())
    assert (problem.slug, problem.place) == (slug, "train")
    assert message in problem.message
    assert "--replace" in problem.hint


@pytest.mark.parametrize(
    ("old", "new", "is_refused"),
    [
        (("vmhwm",), ("rusage",), True),
        (("vmhwm",), ("vmhwm",), False),
        ((), ("rusage",), True),
        (("a",), (), True),
        ((), (), False),
    ],
)
def test_memory_that_was_measured_by_another_method_is_refused(old, new, is_refused):
    was = a_profile({"s1": (1e6,)}, metric=PEAK_MEMORY, sources=old)
    found = refreshed(was, a_profile({"s2": (1e6,)}, metric=PEAK_MEMORY, sources=new))
    assert [p.slug for p in found.problems] == (["source-differs"] if is_refused else [])
    if not is_refused:
        assert found.profile.metric("peak_memory").sources == tuple(sorted({*old, *new}))


@pytest.mark.parametrize(("metric", "slugs"), [(LOOSE, []), (THROUGHPUT, ["rows-differ"])], ids=["loss", "throughput"])
def test_other_rows_matter_to_what_a_check_compares_on_equal_rows_only(metric, slugs):
    found = refreshed(a_profile(metric=metric), a_profile({"s9": (0.1,)}, metric=metric, rows=(7,)))
    assert [p.slug for p in found.problems] == slugs


@pytest.mark.parametrize("replace_old", [False, True])
@pytest.mark.parametrize("old", [None, "mixed", "sound"])
def test_what_no_check_could_judge_is_never_written(old, replace_old):
    mixed = a_profile({"s9": (5e6,)}, metric=PEAK_MEMORY, sources=("cgroup", "poll"))
    was = old and a_profile({"s1": (5e6,)}, metric=PEAK_MEMORY, sources=("cgroup", "poll")[: 1 + (old == "mixed")])
    found = refreshed(was, mixed, replace_old=replace_old, reason="x")
    assert [(p.slug, p.place) for p in found.problems] == [("source-differs", "train")]
    assert "peak memory was measured by different methods (cgroup, poll)" in found.problems[0].message
    assert (found.profile, found.changed) == (was or found.profile, False)
    excluding = replace(POLICY, exclude=("*:peak_memory",))
    accepted = refreshed(None, mixed, policy=excluding)
    assert (accepted.problems, accepted.changed) == ((), True)


def test_first_sessions_that_worked_on_other_rows_are_refused_unless_the_newest_alone_is_kept():
    torn = at_day(a_profile({"s1": (0.1,), "s2": (0.1,)}), 1, 2)
    last = replace(torn.sessions[1], rows_used=(7,))
    torn = replace(torn, sessions=(torn.sessions[0], last))
    (problem,) = refreshed(None, torn).problems
    assert (problem.slug, problem.message) == (
        "sessions-disagree", "its sessions worked on different rows (rows_used: 7, 100)",
    )  # fmt: skip
    assert refreshed(None, torn, keep=1).problems == ()
    assert refreshed(None, torn, policy=replace(POLICY, workload="rate")).problems == ()


def test_values_of_zero_are_no_baseline():
    found = refreshed(None, a_profile({"s9": (0.0, 0.1)}))
    assert [p.slug for p in found.problems] == ["zero-values"]


def test_other_rows_do_not_matter_where_data_grows():
    grows = Policy(source="p", threshold=parse_change("+5%"), rules=(Rule(origin="r", workload="rate"),))
    assert refreshed(a_profile(), a_profile({"s9": (0.1,)}, rows=(7,)), policy=grows).problems == ()


@pytest.mark.parametrize(
    ("threshold", "metric", "old", "new", "loosens"),
    [
        pytest.param("+5%", "elapsed", 1.0, 1.05, False, id="at-the-threshold"),
        pytest.param("+5%", "elapsed", 1.0, 1.0501, True, id="just-above"),
        pytest.param("+5%", "elapsed", 1.0, 0.5, False, id="better"),
        pytest.param("+50ms", "elapsed", 1.0, 1.0501, True, id="above-an-amount"),
        pytest.param("+50ms", "elapsed", 4.0, 4.0499, False, id="below-an-amount"),
        pytest.param("+5%", "throughput", 100.0, 94.9, True, id="less-throughput"),
        pytest.param("+5%", "throughput", 100.0, 95.1, False, id="hardly-less-throughput"),
        pytest.param("+5%", "throughput", 100.0, 200.0, False, id="more-throughput"),
    ],
)
def test_a_gated_value_that_worsens_beyond_its_threshold_loosens_the_gate(threshold, metric, old, new, loosens):
    measured = THROUGHPUT if metric == "throughput" else a_profile().metrics[0].metric
    for level in ("fail", "warn"):
        rule = Rule(origin="r", metric=metric, level=level)
        policy = Policy(source="p", threshold=parse_change(threshold), rules=(rule,))
        was, now = (a_profile({"s1": (v,)}, metric=measured) for v in (old, new))
        (move,) = moves_between(was, now, policy)
        assert (move.benchmark, move.metric, move.old, move.new) == ("train", metric, old, new)
        assert move.loosens == (loosens and level == "fail")


def test_a_gated_metric_that_goes_loosens_the_gate_and_a_new_one_does_not():
    old, new = a_profile({"s1": (1.0,)}), a_profile({"s1": (1.0,)}, metric=LOOSE)
    assert [(m.metric, m.old, m.new, m.loosens) for m in moves_between(old, new, POLICY)] == [
        ("elapsed", 1.0, None, True),
        ("loss", None, 1.0, False),
    ]
    assert [m.loosens for m in moves_between(old, None, POLICY)] == [True]
    assert moves_between(None, None, POLICY) == []
