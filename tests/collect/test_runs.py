"""Collecting: every value kept, in the order of the runs, by benchmark, class and session."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS
from msgspec.structs import replace
from records import DAY, a_profile, a_run

from perfgate.collect import collect, drop_baseline_runs
from perfgate.core.metrics import ELAPSED, PEAK_MEMORY, THROUGHPUT, Metric
from perfgate.core.run import Environment, digest_of, holds_run
from perfgate.core.text.canonical import short_hash

LOSS = Metric(name="loss", unit="1", better="lower")


def values_of(collection, name="elapsed", index=0):
    metric = collection.profiles[index].metric(name)
    return {s.session: s.values for s in metric.samples} if metric else None


MANY = [
    a_run(
        f"r{i}",
        benchmark=("train", "serve")[i % 2],
        session=f"s{i % 3}" if i % 5 else "",
        started_at=DAY.format(1 + i % 4) if i % 7 else "",
        elapsed=0.1 + i / 100,
        status="failed" if i % 11 == 10 else "ok",
        values=((ELAPSED, 0.1 + i), (LOSS, float(i))) if i % 3 == 0 else ((ELAPSED, 0.1 + i),),
        machine_class=("ci", "laptop")[i % 4 == 3],
    )
    for i in range(24)
]


@LAWS
@given(st.permutations(MANY))
def test_the_order_of_the_files_changes_nothing(runs):
    assert collect(runs) == collect(MANY)


def test_values_stand_in_the_order_of_the_runs():
    runs = [
        a_run("b", started_at=DAY.format(2), elapsed=0.3),
        a_run("c", started_at=DAY.format(1), elapsed=0.1),
        a_run("a", started_at=DAY.format(2), elapsed=0.2),
    ]
    assert values_of(collect(runs)) == {"s1": (0.1, 0.2, 0.3)}


def test_sessions_stand_oldest_first_with_the_facts_of_their_newest_run():
    runs = [
        a_run("b", session="new", started_at=DAY.format(3), commit="c3", rows_used=7, elapsed=0.3),
        a_run("a", session="new", started_at=DAY.format(2), commit="c2", rows_used=9, elapsed=0.2),
        a_run("c", session="old", started_at=DAY.format(1), commit="c1", elapsed=0.1),
    ]
    (profile,) = collect(runs).profiles
    assert [s.id for s in profile.sessions] == ["old", "new"]
    newest = profile.sessions[-1]
    assert (newest.started_at, newest.commit, newest.rows_used) == (DAY.format(3), "c3", (7, 9))
    assert newest.runs == tuple(sorted(map(digest_of, runs[:2])))
    assert newest.machine == "m1"


def test_a_session_knows_its_processor_and_how_many_of_its_runs_failed():
    one, other = (Environment(facts=(("cpu_model", m),), machine_class="ci", machine="") for m in ("EPYC", "Xeon"))
    runs = [
        a_run("a", environment=one, session="first"),
        a_run("b", environment=other, session="second", started_at=DAY.format(2)),
        a_run("c", environment=other, session="second", status="failed"),
        a_run("d", session="third", started_at=DAY.format(3)),
    ]
    (profile,) = collect(runs).profiles
    assert [(s.cpu_model, s.failed) for s in profile.sessions] == [("EPYC", 0), ("Xeon", 1), ("", 0)]


def test_the_environment_of_a_profile_is_that_of_its_newest_run():
    old, new = (Environment(facts=(("os", o),), machine_class="ci", machine=o) for o in ("old", "new"))
    runs = [a_run("a", environment=new, started_at=DAY.format(2)), a_run("b", environment=old)]
    (profile,) = collect(runs).profiles
    assert profile.environment == (("os", "new"),)
    assert profile.sessions[0].machine == ""


def test_runs_without_a_session_form_one_named_after_their_run_ids():
    runs = [a_run("b", session=""), a_run("a", session="", status="failed"), a_run("c", session="", benchmark="serve")]
    name = f"unknown-{short_hash(chr(0).join('abc'))}"
    found = collect(runs)
    assert [s.session for s in found.seen] == [name, name]
    assert not found.profiles[0].sessions[0].is_named
    assert collect(runs[:2]).seen[0].session != name


def test_in_ci_runs_without_a_session_belong_to_that_of_the_job():
    runs = [a_run("a", session=""), a_run("b", session="s1")]
    assert [s.session for s in collect(runs, own_session="job").seen] == ["job", "s1"]
    assert values_of(collect(runs, own_session="s1")) == {"s1": (0.1, 0.1)}


def test_failed_runs_are_counted_and_left_out():
    found = collect([a_run("a"), a_run("b", status="failed", started_at=DAY.format(9)), a_run("c", status="failed")])
    (seen,) = found.seen
    assert (seen.ok, seen.failed, seen.known, seen.started_at) == (1, 2, 0, DAY.format(9))
    assert values_of(found) == {"s1": (0.1,)}
    assert found.profiles[0].sessions[0].started_at == DAY.format(1)


def test_a_benchmark_whose_runs_all_failed_is_seen_without_a_profile():
    found = collect([a_run("a", status="failed")])
    assert found.profiles == ()
    assert [(s.key, s.ok, s.failed, s.started_at) for s in found.seen] == [(("train", ()), 0, 1, DAY.format(1))]


def test_runs_that_belong_to_the_baseline_are_counted_and_left_out():
    runs = [a_run("a"), a_run("b", status="failed"), a_run("c"), a_run("a2", benchmark="serve")]
    known = {("train", ()): frozenset(map(digest_of, runs[:2]))}
    found = collect(runs, known=known)
    train = next(s for s in found.seen if s.key[0] == "train")
    assert (train.ok, train.failed, train.known) == (1, 0, 2)
    assert collect([a_run("a", benchmark="serve")], known=known).seen[0].known == 0


def test_a_run_with_an_id_of_the_baseline_and_other_values_is_a_new_run():
    known = {("train", ()): frozenset({digest_of(a_run("a", elapsed=0.1))})}
    (seen,) = collect([a_run("a", elapsed=0.3)], known=known).seen
    assert (seen.ok, seen.known) == (1, 0)


def with_count(count: float, **given):
    """Return run "a" with a third value."""
    run = a_run("a", **given)
    queries = Metric(name="queries", unit="1", better="lower")
    return replace(run, values=(*run.values, (queries, count)))


OTHER = [
    pytest.param(with_count(104.0), id="third value"),
    pytest.param(replace(with_count(100.0), rows_used=7), id="workload"),
    pytest.param(a_run("a"), id="third value gone"),
]


@pytest.mark.parametrize("other", OTHER)
def test_every_value_of_a_run_of_the_baseline_is_compared(other):
    known = {("train", ()): frozenset({digest_of(with_count(100.0))})}
    assert [s.known for s in collect([with_count(100.0)], known=known).seen] == [1]
    assert [(s.ok, s.known) for s in collect([other], known=known).seen] == [(1, 0)]


def test_a_digest_of_0_1_0_knows_its_run_and_is_no_short_form_of_a_newer_one():
    run = with_count(100.0)
    begin = digest_of(run)[:12]
    assert holds_run({begin}, digest_of(run))
    assert not holds_run({begin + "0" * 8}, digest_of(run))
    profiles = collect([run]).profiles
    assert [s.known for s in drop_baseline_runs(profiles, {("train", ()): frozenset({begin})}, ()).seen] == [1]


def test_classes_and_labels_are_kept_apart_and_a_class_by_hand_joins_them():
    runs = [
        a_run("a", machine_class="ci"),
        a_run("b", machine_class="laptop"),
        a_run("c", machine_class="ci", labels=(("size", "big"),)),
    ]
    assert [(p.machine_class, p.labels) for p in collect(runs).profiles] == [
        ("ci", ()),
        ("ci", (("size", "big"),)),
        ("laptop", ()),
    ]
    assert [(p.machine_class, p.labels) for p in collect(runs, machine_class="x").profiles] == [
        ("x", ()),
        ("x", (("size", "big"),)),
    ]


@pytest.mark.parametrize(
    ("other", "key"),
    [
        (Metric(name="loss", unit="s", better="lower"), "unit"),
        (Metric(name="loss", unit="1", better="higher"), "better"),
    ],
    ids=["unit", "direction"],
)
@pytest.mark.parametrize("session", ["s1", "s2"])
def test_a_metric_in_two_units_or_directions_is_an_error_within_and_across_sessions(other, key, session):
    runs = [a_run("a", values=((LOSS, 1.0),)), a_run("b", session=session, values=((other, 2.0), (ELAPSED, 1.0)))]
    found = collect(runs)
    (problem,) = found.problems
    assert (problem.slug, problem.place) == (
        "unit-differs" if key == "unit" else "direction-differs",
        f"b.json: /metrics/loss/{key}",
    )
    assert (f'"{other.unit}"' if key == "unit" else "higher is better") in problem.message
    assert values_of(found, "loss") == {"s1": (1.0,)}
    assert values_of(found) == {session: (1.0,)}


def test_two_commands_under_one_name_in_one_session_are_an_error():
    runs = [a_run("a", command="x"), a_run("b", command=""), a_run("c", command="x"), a_run("d", command="y")]
    (problem,) = collect(runs).problems
    assert (problem.slug, problem.place) == ("benchmark-name-clash", "d.json")
    assert "a.json" in problem.message
    assert not collect([a_run("a", command="x"), a_run("d", command="y", session="s2")]).problems


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        pytest.param([(100, 0.5), (300, 1.0)], {"s1": (200.0, 300.0)}, id="rows-over-time"),
        pytest.param([(100, 0.5), (0, 1.0)], None, id="one-run-does-not-say-its-rows"),
        pytest.param([(100, 0.5), (100, 0.0)], None, id="one-time-is-zero"),
    ],
)
def test_throughput_is_derived_where_every_run_allows_it(runs, expected):
    found = collect(a_run(f"r{i}", rows_used=rows, elapsed=elapsed) for i, (rows, elapsed) in enumerate(runs))
    assert values_of(found, "throughput") == expected
    assert expected is None or found.profiles[0].metric("throughput").metric == THROUGHPUT


def test_a_throughput_that_is_stated_is_not_derived():
    found = collect([a_run("a", values=((ELAPSED, 0.5), (THROUGHPUT, 7.0)))])
    assert values_of(found, "throughput") == {"s1": (7.0,)}


def test_a_time_that_some_runs_lack_gives_no_throughput():
    runs = [a_run("a", values=((LOSS, 1.0),)), a_run("b", values=((ELAPSED, 0.5),))]
    assert values_of(collect(runs), "throughput") is None
    assert values_of(collect(runs[::-1]), "throughput") is None


def test_a_metric_that_some_runs_lack_keeps_the_values_it_has_in_run_order():
    runs = [
        a_run("a", values=((ELAPSED, 1.0),)),
        a_run("b", values=((ELAPSED, 2.0), (LOSS, 20.0))),
        a_run("c", values=((LOSS, 30.0),)),
        a_run("d", values=((ELAPSED, 4.0), (LOSS, 40.0))),
        a_run("e", values=((ELAPSED, 5.0),)),
    ]
    for order in (runs, runs[::-1]):
        assert values_of(collect(order), "loss") == {"s1": (20.0, 30.0, 40.0)}
        assert values_of(collect(order)) == {"s1": (1.0, 2.0, 4.0, 5.0)}


def test_how_memory_was_had_is_told_of_memory_alone():
    runs = [a_run("a", memory_source="vmhwm"), a_run("b", memory_source=""), a_run("c", memory_source="rusage")]
    (profile,) = collect(runs).profiles
    assert profile.metric(PEAK_MEMORY.name).sources == ("rusage", "vmhwm")
    assert profile.metric("elapsed").sources == ()


def test_nothing_collected_is_nothing():
    found = collect([])
    assert (found.profiles, found.seen, found.problems) == ((), (), ())


def test_the_commits_folders_and_shards_of_a_session_are_listed_in_order():
    names = [f"{i:02}" for i in range(12)]
    runs = [a_run(f"r{n}", commit=n, shard=f"{int(n) + 1}/12", origin=f"{n}/r.json") for n in reversed(names)]
    (seen,) = collect(runs).seen
    assert list(seen.commits) == names
    assert list(seen.folders) == names
    assert list(seen.files) == [f"{n}/r.json" for n in names]
    assert list(seen.shards) == sorted(f"{int(n) + 1}/12" for n in names)


def test_a_profile_of_a_file_that_states_no_session_is_kept():
    whole = a_profile()
    bare = replace(whole, sessions=(), benchmark="percentiles")
    assert drop_baseline_runs([whole, bare], {}, ["p.json"]).profiles == (whole, bare)


def of_stage(name, unit="s"):
    return Metric(name=name, unit=unit, better="lower")


def traced(run_id, **stages):
    """A traced run: time, calls and own time by stage."""
    values = [(of_stage("stage:tick_total"), 1.0)]
    for name, (seconds, calls, *own) in stages.items():
        values += [(of_stage(f"stage:{name}"), seconds), (of_stage(f"calls:{name}", "1"), calls)]
        values += [(of_stage(f"own:{name}"), own[0])] if own else []
    return a_run(run_id, values=((ELAPSED, 1.0), *values))


def test_a_stage_that_a_traced_run_never_entered_is_a_zero_there():
    runs = [traced("a", retry=(0.2, 2.0)), traced("b"), traced("c", retry=(0.1, 1.0))]
    found = collect(runs)
    assert values_of(found, "calls:retry") == {"s1": (2.0, 0.0, 1.0)}
    assert values_of(found, "stage:retry") == {"s1": (0.2, 0.0, 0.1)}
    assert values_of(found, "stage:tick_total") == {"s1": (1.0, 1.0, 1.0)}


def test_a_run_without_traces_has_no_stages_and_no_zeros():
    assert values_of(collect([traced("a", retry=(0.2, 2.0)), a_run("b")]), "calls:retry") == {"s1": (2.0,)}


def test_an_own_time_that_is_not_stated_is_the_time_of_the_stage():
    runs = [traced("a", load=(0.2, 2.0, 0.15)), traced("b", load=(0.3, 2.0)), traced("c")]
    assert values_of(collect(runs), "own:load") == {"s1": (0.15, 0.3, 0.0)}
