"""Selecting: the newest sessions are the current ones, and what is unknown is an error."""

from __future__ import annotations

import pytest
from records import DAY, a_run

from perfgate.collect import collect, select


def runs_of(*stated, **changes):
    """Return a collection of (benchmark, session, day) or (..., status); day 0 states no start."""
    runs = [
        a_run(
            f"r{i}", benchmark=benchmark, session=session, started_at=DAY.format(day) if day else "",
            status=more[0] if more else "ok", elapsed=float(i + 1),
        )
        for i, (benchmark, session, day, *more) in enumerate(stated)
    ]  # fmt: skip
    return collect(runs, **changes)


def sessions_of(selection):
    return {p.benchmark: [s.id for s in p.sessions] for p in selection.profiles}


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        pytest.param([("a", "s1", 1), ("a", "s2", 2)], {"a": ["s2"]}, id="the-newest-session"),
        pytest.param([("a", "s2", 1), ("a", "s1", 2)], {"a": ["s1"]}, id="by-time-not-by-name"),
        pytest.param([("a", "s1", 1), ("a", "s2", 1)], {"a": ["s2"]}, id="by-name-at-the-same-time"),
        pytest.param([("a", "s1", 1), ("b", "s2", 2)], {"b": ["s2"]}, id="one-session-for-all-benchmarks"),
        pytest.param([("a", "t/1", 1), ("a", "t/2", 2)], {"a": ["t/2"]}, id="the-newest-batch"),
        pytest.param([("a", "t/2", 1), ("a", "t/1", 2)], {"a": ["t/1"]}, id="of-batches-too-by-time-not-by-name"),
        pytest.param([("a", "t/2", 2), ("b", "t/1", 1)], {"a": ["t/2"], "b": ["t/1"]}, id="batches-by-benchmark"),
        pytest.param([("a", "t/1", 3), ("a", "u/1", 2)], {"a": ["t/1"]}, id="the-newest-session"),
        pytest.param([("a", "s1", 0)], {"a": ["s1"]}, id="one-session-needs-no-time"),
        pytest.param([("a", "t/1", 0), ("a", "t/2", 0)], {"a": ["t/2"]}, id="nor-do-its-batches"),
    ],
)
def test_the_newest_session_and_in_it_the_newest_batch_is_current(stated, expected):
    selection = select(runs_of(*stated), every_batch=False)
    assert sessions_of(selection) == expected
    assert selection.problems == ()
    assert selection.superseded_runs() == len(stated) - sum(map(len, expected.values()))


def test_values_of_sessions_that_were_left_out_are_gone():
    (profile,) = select(runs_of(("a", "s1", 1), ("a", "s2", 2)), every_batch=False).profiles
    assert {m.metric.name: [s.session for s in m.samples] for m in profile.metrics} == {
        "elapsed": ["s2"], "peak_memory": ["s2"], "throughput": ["s2"],
    }  # fmt: skip


def test_a_metric_of_older_sessions_only_goes():
    older = a_run("a", session="s1", started_at=DAY.format(1))
    newer = a_run("b", session="s2", started_at=DAY.format(2), values=older.values[:1])
    (profile,) = select(collect([older, newer]), every_batch=False).profiles
    assert [m.metric.name for m in profile.metrics] == ["elapsed", "throughput"]


def test_the_method_of_older_sessions_is_not_one_of_the_newest():
    methods = {"s1": "poll", "s2": "cgroup", "s3": "cgroup"}
    collection = collect(
        a_run(f"{session}-{i}", session=session, started_at=DAY.format(day), memory_source=method)
        for day, (session, method) in enumerate(methods.items(), start=1)
        for i in range(2)
    )
    assert collection.profiles[0].metric("peak_memory").sources == ("cgroup", "poll")
    selection = select(collection, every_batch=False)
    assert selection.profiles[0].metric("peak_memory").sources == ("cgroup",)
    (method,) = selection.selected[0].methods
    assert (method.metric, method.source, method.run_ids) == ("peak_memory", "cgroup", ("s3-0", "s3-1"))
    for every in ({"every_batch": True}, {"every_batch": False, "every_session": True}):
        assert select(collection, **every).profiles[0].metric("peak_memory").sources == ("cgroup", "poll")


def test_a_failed_newer_session_is_the_current_one():
    selection = select(runs_of(("a", "s1", 1), ("a", "s2", 2, "failed")), every_batch=False)
    assert selection.profiles == ()
    assert [(s.session, s.failed) for s in selection.selected] == [("s2", 1)]
    assert [(s.session, s.ok) for s in selection.superseded] == [("s1", 1)]


def test_sessions_without_a_time_cannot_be_ordered():
    selection = select(runs_of(("a", "s1", 1), ("a", "s2", 0)), every_batch=False)
    assert [p.slug for p in selection.problems] == ["sessions-unordered"]
    assert "2 sessions" in selection.problems[0].message
    assert selection.profiles == ()


def test_runs_without_a_session_are_current_beside_those_of_other_benchmarks():
    selection = select(runs_of(("a", "s1", 1), ("a", "s2", 2), ("b", "", 1)), every_batch=False)
    assert [s.session[:8] for s in selection.selected] == ["s2", "unknown-"]
    assert selection.problems == ()


@pytest.mark.parametrize("status", ["ok", "failed"])
def test_a_benchmark_with_and_without_a_session_is_ambiguous(status):
    selection = select(runs_of(("a", "s1", 1), ("a", "", 2, status)), every_batch=False)
    (problem,) = selection.problems
    assert problem.slug == "sessions-ambiguous"
    assert '"a"' in problem.message
    assert "s1" in problem.message


def test_runs_of_the_baseline_make_nothing_ambiguous():
    collection = runs_of(("a", "s1", 1), ("a", "", 2))
    known = {("a", ()): frozenset(collection.profiles[0].sessions[-1].runs)}
    again = runs_of(("a", "s1", 1), ("a", "", 2), known=known)
    assert select(again, every_batch=False).problems == ()


def test_every_batch_takes_all_as_it_is():
    collection = runs_of(("a", "s1", 1), ("a", "s2/1", 0), ("a", "s2/2", 0), ("a", "", 3))
    selection = select(collection, every_batch=True)
    assert (selection.profiles, selection.selected) == (collection.profiles, collection.seen)
    assert (selection.superseded, selection.problems, selection.superseded_runs()) == ((), (), 0)


def test_every_session_gives_the_newest_batch_of_each():
    collection = runs_of(("a", "t/1", 1), ("a", "t/2", 2), ("a", "u", 0), ("a", "", 3))
    selection = select(collection, every_batch=False, every_session=True)
    assert [s.session[:8] for s in selection.selected] == ["t/2", "u", "unknown-"]
    assert selection.problems == ()
    assert selection.superseded_runs() == 1


def test_nothing_collected_selects_nothing():
    selection = select(collect([]), every_batch=False)
    assert (selection.profiles, selection.selected, selection.superseded, selection.problems) == ((), (), (), ())
