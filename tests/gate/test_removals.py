"""Benchmarks that are no longer measured: which removals pass, and which look like a new name."""

from __future__ import annotations

import pytest
from gate_cases import judged, policy, profile, verdict
from msgspec.structs import replace

from perfgate.core.finding import Status
from perfgate.core.policy import Removal
from perfgate.gate.judge import Pair, judge
from perfgate.gate.removals import Removed, settle

VALUES = [0.41, 0.42, 0.43]
ENTRY = Removal(origin="removed 1 (w.toml)", benchmark="solve", reason="replaced by tables")


def old(**more):
    return profile({"elapsed": VALUES, "peak_memory": [8e6] * 3}, **{"name": "solve", **more})


def new(factor=1.0, memory=8e6, **more):
    values = {"elapsed": [factor * v for v in VALUES], "peak_memory": [memory] * 3}
    return profile(values, **{"name": "solve-fast", **more})


def dated(side, *days):
    """Return a profile whose sessions began on some days."""
    sessions = [
        replace(s, started_at=f"2026-03-{day:02}T08:00:00Z") for s, day in zip(side.sessions, days, strict=True)
    ]
    return replace(side, sessions=tuple(sessions))


def settled(*pairs, **removed):
    found = judge(pairs, policy()).findings
    return settle(found, pairs, Removed(**removed))


def statuses(outcome, name="solve"):
    return {(f.status, f.reason) for f in outcome.findings if f.benchmark == name}


def typed(problem):
    """Return the command that a hint names."""
    return problem.hint.split("`")[1]


PLACE = ("class-a", ("solve", ()))


def test_a_benchmark_that_nobody_removed_is_missing():
    outcome = settled(Pair(base=old(), current=None))
    assert statuses(outcome) == {(Status.MISSING, "no-runs")}


@pytest.mark.parametrize("removed", [{"deleted": frozenset({PLACE})}, {"removals": (ENTRY,)}], ids=["deleted", "entry"])
@pytest.mark.parametrize("absent", ["no-runs", "older-session", "only-baseline-runs", "only-in-base"])
def test_a_benchmark_that_was_removed_on_purpose_passes(removed, absent):
    outcome = settled(Pair(base=old(), current=None, absent=(absent, "")), **removed)
    assert statuses(outcome) == {(Status.REMOVED, "removed")}
    assert not outcome.problems


@pytest.mark.parametrize("removed", [{"deleted": frozenset({PLACE})}, {"removals": (ENTRY,)}], ids=["deleted", "entry"])
def test_one_whose_runs_failed_is_not_removed(removed):
    outcome = settled(Pair(base=old(), current=None, absent=("all-failed", "3 runs")), **removed)
    assert statuses(outcome) == {(Status.MISSING, "all-failed")}


def test_one_that_is_still_measured_is_judged():
    outcome = settled(Pair(base=old(), current=new(2.0, name="solve")), removals=(ENTRY,), deleted=frozenset({PLACE}))
    assert Status.REMOVED not in {status for status, _ in statuses(outcome)}
    assert [(n.slug, n.place) for n in outcome.notes] == [("removal-unused", "removed 1 (w.toml): solve")]


def test_a_deleted_baseline_of_another_class_removes_nothing_here():
    outcome = settled(Pair(base=old(), current=None), deleted=frozenset({("class-b", ("solve", ()))}))
    assert statuses(outcome) == {(Status.MISSING, "no-runs")}


def test_a_file_that_git_still_lists_is_not_removed_and_says_so():
    outcome = settled(Pair(base=old(), current=None), unrecorded=frozenset({PLACE}))
    assert statuses(outcome) == {(Status.MISSING, "no-runs")}
    assert "git still lists it" in outcome.findings[0].message


@pytest.mark.parametrize(
    ("candidate", "is_renamed"),
    [
        pytest.param(new(), True, id="equal"),
        pytest.param(new(2.0), True, id="twice-as-slow"),
        pytest.param(new(2.1), False, id="slower-than-twice"),
        pytest.param(new(0.5), True, id="half"),
        pytest.param(new(0.45), False, id="faster-than-half"),
        pytest.param(new(memory=17e6), False, id="more-memory"),
        pytest.param(new(kind="class-b"), False, id="another-class"),
        pytest.param(new(labels=(("size", "3"),)), False, id="another-label"),
        pytest.param(profile({"score": VALUES}, name="solve-fast"), False, id="another-metric"),
    ],
)
@pytest.mark.parametrize("deleted", [frozenset(), frozenset({PLACE})], ids=["kept", "deleted"])
def test_a_new_benchmark_of_like_values_looks_renamed(candidate, is_renamed, deleted):
    outcome = settled(Pair(base=old(), current=None), Pair(base=None, current=candidate), deleted=deleted)
    plain = (Status.REMOVED, "removed") if deleted else (Status.MISSING, "no-runs")
    assert statuses(outcome) == {(Status.MISSING, "looks-renamed") if is_renamed else plain}
    assert [d.slug for d in outcome.problems] == ["looks-renamed"] * is_renamed


@pytest.mark.parametrize(
    ("name", "candidate", "is_renamed"),
    [
        pytest.param("solve", new(9.0, name="solve", labels=(("size", "3"),)), True, id="label-added"),
        pytest.param("t.py::solve[7]", new(9.0, name="t.py::solve[big]"), True, id="label-in-the-name"),
        pytest.param("solve", new(9.0, name="solve[big]"), True, id="label-of-a-tool"),
        pytest.param("solve", new(9.0, name="solver"), False, id="longer-name"),
        pytest.param("solve", new(9.0, name="solve", labels=(("n", "1"),), kind="class-b"), False, id="another-class"),
        pytest.param("[7]", new(9.0, name="[8]"), False, id="no-name"),
    ],
)
@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_new_benchmark_of_the_same_name_with_other_labels_looks_renamed(name, candidate, is_renamed, is_deleted):
    deleted = frozenset({("class-a", (name, ()))} if is_deleted else ())
    pairs = [Pair(base=old(name=name), current=None), Pair(base=None, current=candidate)]
    outcome = settled(*pairs, deleted=deleted, ref="main")
    plain = (Status.REMOVED, "removed") if is_deleted else (Status.MISSING, "no-runs")
    found = {(status, reason) for status, reason in statuses(outcome, name) if status is not Status.NEW}
    assert found == {(Status.MISSING, "looks-renamed") if is_renamed else plain}
    assert [d.slug for d in outcome.notes] == ["removed-beside-new"] * (is_deleted and not is_renamed)


def test_each_namesake_is_the_new_name_of_one_benchmark_that_shares_its_labels():
    olds = [old(labels=(("a", x),)) for x in "12"]
    news = [new(9.0, name="solve", labels=(("a", x), ("b", "1"))) for x in "21"]
    outcome = settled(*(Pair(base=p, current=None) for p in olds), *(Pair(base=None, current=p) for p in news))
    assert [typed(d).split(" rename ")[1] for d in outcome.problems] == [
        "'solve[a=1]' solve --label=a=1 --label=b=1",
        "'solve[a=2]' solve --label=a=2 --label=b=1",
    ]


def test_a_removal_with_an_entry_needs_no_look_at_what_is_new():
    pairs = [Pair(base=old(), current=None), Pair(base=None, current=new(9.0))]
    outcome = settled(*pairs, removals=(ENTRY,), deleted=frozenset({PLACE}))
    assert (outcome.notes, outcome.problems) == ((), ())


@pytest.mark.parametrize(
    ("removed", "command"),
    [
        ({}, "perfgate baseline rename 'solve[n=2]' 'solve fast[n=2]'"),
        ({"deleted": True, "ref": "main"}, "perfgate baseline rename 'solve[n=2]' 'solve fast[n=2]' --from main"),
        ({"added": True}, "perfgate baseline rename 'solve[n=2]' 'solve fast[n=2]' --join"),
    ],
    ids=["kept", "deleted", "added"],
)
def test_the_hint_is_the_command_that_renames(removed, command):
    labels = (("n", "2"),)
    places = {"deleted": ("class-a", ("solve", labels)), "added": ("class-a", ("solve fast", labels))}
    given = {name: frozenset({places[name]}) if name in places else value for name, value in removed.items()}
    (problem,) = settled(
        Pair(base=old(labels=labels), current=None),
        Pair(base=None, current=new(name="solve fast", labels=labels)),
        **given,
    ).problems
    assert typed(problem) == command


def test_an_entry_says_that_two_benchmarks_are_two():
    outcome = settled(Pair(base=old(), current=None), Pair(base=None, current=new()), removals=(ENTRY,))
    assert statuses(outcome) == {(Status.REMOVED, "removed")}
    assert not outcome.problems


def test_a_refreshed_new_benchmark_still_looks_renamed_and_an_older_one_does_not():
    missing = Pair(base=dated(old(), 4), current=None)
    later, before = (Pair(base=dated(new(), day), current=new()) for day in (9, 4))
    assert [typed(d) for d in settled(missing, later).problems] == ["perfgate baseline rename solve solve-fast --join"]
    assert not settled(missing, before).problems


def test_the_nearest_of_several_is_named_and_none_twice():
    pairs = [Pair(base=old(name=name), current=None) for name in ("a", "b")]
    pairs += [Pair(base=None, current=new(factor, name=f"x{factor}")) for factor in (1.3, 1.01)]
    assert [typed(d) for d in settled(*pairs).problems] == [
        "perfgate baseline rename a x1.01",
        "perfgate baseline rename b x1.3",
    ]


def test_a_suite_that_is_renamed_as_a_whole_is_looked_through_in_linear_work():
    pairs = [Pair(base=old(name=f"a{i}"), current=None) for i in range(300)]
    pairs += [Pair(base=None, current=new(name=f"b{i}")) for i in range(300)]
    assert 1 <= len(settled(*pairs).problems) <= 300


def test_a_comparison_of_two_versions_renames_no_baseline():
    outcome = settled(
        Pair(base=old(), current=None, absent=("only-in-base", "")), Pair(base=None, current=new()), has_baselines=False
    )
    assert statuses(outcome) == {(Status.MISSING, "only-in-base")}


def test_a_gate_of_which_everything_is_removed_decides_nothing():
    (gone,) = judged(profile({"elapsed": VALUES}), None).findings[:1]
    gone = replace(gone, status=Status.REMOVED)
    kept = judged(profile({"elapsed": VALUES}), profile({"elapsed": VALUES})).findings
    assert verdict(gone).exit_code == 2
    assert verdict(gone, *kept).exit_code == 0


@pytest.mark.parametrize("name", ["-x", "--help"])
def test_the_hint_guards_a_name_that_begins_with_a_dash(name):
    (problem,) = settled(Pair(base=old(name=name), current=None), Pair(base=None, current=new())).problems
    assert f"`perfgate baseline rename -- {name} solve-fast`" in problem.hint
    assert "[[removed]]" in problem.hint


@pytest.mark.parametrize("name", ["a\x1bb", "a\u202eb", " solve", "solve "], ids=["control", "bidi", "front", "end"])
def test_a_name_that_cannot_be_typed_has_no_command_in_the_hint(name):
    (problem,) = settled(Pair(base=old(name=name), current=None), Pair(base=None, current=new())).problems
    assert "baseline rename" not in problem.hint
    assert "[[removed]]" in problem.hint


def test_what_is_only_shown_beside_the_time_tells_no_two_benchmarks_apart():
    sides = [
        profile({"elapsed": VALUES, "peak_memory": [8e6] * 3, "cpu": [cpu] * 3}, name=name)
        for name, cpu in (("solve", 0.1), ("solve-fast", 9.0))
    ]
    outcome = settled(Pair(base=sides[0], current=None), Pair(base=None, current=sides[1]))
    assert statuses(outcome) == {(Status.MISSING, "looks-renamed")}
