"""Shards: merging is exact or refused, and each shard must be there exactly once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS
from msgspec.structs import replace
from records import DAY, a_profile, a_run

from perfgate.collect import Part, add_failed, check_shards, collect, merge, parts_of
from perfgate.core.metrics import ELAPSED, PEAK_MEMORY, Metric
from perfgate.core.profile import Stated, with_stated
from perfgate.core.run import Environment
from perfgate.core.statistic import Quantile
from perfgate.core.text.shards import shard_of
from perfgate.store.codec import decode_profiles, encode_profiles

QUEUE = Metric(name="queue", unit="s", better="lower")
TIMES = st.floats(1e-6, 1e3)
RUNS = st.fixed_dictionaries(
    {
        "benchmark": st.sampled_from(["train", "score"]),
        "labels": st.sampled_from([(), (("size", "big"),)]),
        "status": st.sampled_from(["ok", "ok", "ok", "failed"]),
        "started_at": st.sampled_from(["", *map(DAY.format, range(1, 5))]),
        "session": st.sampled_from(["s1", "s2", "s3", "s4/b1", "s4/b2", "s5"]),
        "rows_used": st.sampled_from([0, 100, 7]),
        "values": st.tuples(TIMES, TIMES, st.none() | TIMES).map(
            lambda v: ((ELAPSED, v[0]), (PEAK_MEMORY, v[1] * 1e6), *(((QUEUE, v[2]),) if v[2] else ()))
        ),
        "memory_source": st.sampled_from(["", "vmhwm", "poll"]),
        "machine": st.sampled_from(["m1", "m2"]),
        "python": st.sampled_from(["3.11", "3.12"]),
    }
)


def runs_of(drawn):
    """Return runs from drawn fields, with ids in no order of theirs."""
    runs = []
    for i, fields in enumerate(drawn):
        facts = (("python", fields["python"]),)
        place = Environment(facts=facts, machine_class="ci", machine=fields["machine"])
        rest = {k: v for k, v in fields.items() if k not in {"machine", "python"}}
        runs.append(a_run(f"r{i * 7 % 31}-{i}", environment=place, **rest))
    return runs


def collected(runs):
    """Return the profiles of runs as a file gives them back; a shard may have nothing of a benchmark."""
    profiles = collect(runs).profiles
    return decode_profiles(encode_profiles(profiles), "p") if profiles else ()


@LAWS
@given(drawn=st.lists(RUNS, min_size=1, max_size=24), shards=st.integers(1, 4), data=st.data())
def test_the_merged_file_is_the_one_of_all_runs_collected_at_once_or_it_is_refused(drawn, shards, data):
    runs = runs_of(drawn)
    places = sorted({(r.benchmark, r.labels, r.session) for r in runs})
    chosen = data.draw(st.lists(st.integers(0, shards - 1), min_size=len(places), max_size=len(places)))
    shard = dict(zip(places, chosen, strict=True))
    parts = [
        (f"{i}.json", collected([r for r in runs if shard[r.benchmark, r.labels, r.session] == i]))
        for i in range(shards)
    ]
    merged, problems = merge(parts)
    if problems:  # without started_at which of two machines is the newest is unknown: the only excuse here
        assert {p.message.split(", ")[-1] for p in problems} == {"and the machines differ"}
        return
    assert encode_profiles(merged) == encode_profiles(collect(runs).profiles)


@pytest.mark.slow
@LAWS
@given(drawn=st.lists(RUNS, min_size=2, max_size=24), data=st.data())
def test_shards_are_merged_exactly_or_refused_however_the_runs_are_dealt_out(drawn, data):
    runs = runs_of(drawn)
    dealt = data.draw(st.lists(st.integers(0, 1), min_size=len(runs), max_size=len(runs)))
    of_part = [[r for r, d in zip(runs, dealt, strict=True) if d == i] for i in (0, 1)]
    merged, problems = merge([(f"{i}.json", collected(mine)) for i, mine in enumerate(of_part)])
    if not problems:
        failed = [s for mine in of_part for s in collect(mine).seen if s.failed and not s.ok]
        assert encode_profiles(add_failed(merged, failed)[0]) == encode_profiles(collect(runs).profiles)


def test_the_order_of_the_files_changes_nothing():
    parts = [(f"{name}.json", (a_profile({name: (0.1, 0.2)}),)) for name in ("s1", "s2", "s3")]
    assert merge(parts) == merge(parts[::-1])


def test_a_session_that_was_cut_in_two_is_refused():
    parts = [("a.json", (a_profile({"s1": (0.1,)}),)), ("b.json", (a_profile({"s1": (0.2,)}),))]
    (problem,) = merge(parts)[1]
    assert (problem.slug, problem.place) == ("shards-overlap", "b.json")
    assert problem.message == 'session s1 of "train" is in a.json too'
    assert "check --expect-shards" in problem.hint


def test_runs_without_a_session_are_merged_only_alone():
    parts = [("a.json", (a_profile({"unknown-1234": (0.1,)}),)), ("b.json", ())]
    assert merge(parts[:1]) == (parts[0][1], [])
    (problem,) = merge(parts)[1]
    assert (problem.slug, problem.message) == ("shards-overlap", 'runs of "train" state no session')


def test_a_metric_in_two_units_is_refused():
    other = Metric(name="elapsed", unit="1", better="lower")
    parts = [("a.json", (a_profile({"s1": (0.1,)}),)), ("b.json", (a_profile({"s2": (0.2,)}, metric=other),))]
    (problem,) = merge(parts)[1]
    assert (problem.slug, problem.place) == ("unit-differs", "b.json")
    assert problem.message == 'the unit of "elapsed" is "1" here, but "s" in a.json'


def only_quantiles(session, p50):
    """Return a profile of a tool that states a median alone."""
    profile = a_profile({session: (p50,)})
    bare = replace(profile.metrics[0], samples=())
    stated = with_stated(bare, [Stated(session=session, quantiles=(Quantile("p50", p50, p50, p50),))])
    return replace(profile, metrics=(stated,))


def test_quantiles_of_several_shards_are_merged_and_none_is_lost():
    merged, problems = merge([("a.json", (only_quantiles("s1", 0.5),)), ("b.json", (only_quantiles("s2", 0.7),))])
    assert problems == []
    assert [(s.session, s.quantiles[0].value) for s in merged[0].metrics[0].stated] == [("s1", 0.5), ("s2", 0.7)]


def test_values_and_quantiles_of_one_metric_are_not_merged():
    (problem,) = merge([("a.json", (a_profile({"s1": (0.1,)}),)), ("b.json", (only_quantiles("s2", 0.7),))])[1]
    assert (problem.slug, problem.place) == ("kinds-differ", "b.json")
    assert problem.message == '"elapsed" has only quantiles here, but values in a.json'


def part(shard, **changes):
    """Return what a shard left behind."""
    whole = Part(
        origin=f"{shard}.json", shard=shard, commits=("c" * 40,), machine_classes=("ci",), rules="0" * 12
    )  # fmt: skip
    return replace(whole, **changes)


FOUR = [part(f"{i}/4") for i in range(1, 5)]
MISSING = "shard {} of 4 is missing"


@pytest.mark.parametrize(
    ("parts", "reported"),
    [
        pytest.param(FOUR, [], id="each once"),
        pytest.param(FOUR[::-1], [], id="in any order"),
        pytest.param(FOUR[:3], [("shard-missing", MISSING.format(4))], id="one missing"),
        pytest.param([], [("shard-missing", MISSING.format(i)) for i in range(1, 5)], id="none"),
        pytest.param(
            [*FOUR, part("2/4", origin="b.json")],
            [("shard-twice", "shard 2 of 4 is there 2 times (2/4.json, b.json)")],
            id="one twice",
        ),
        pytest.param(
            [*FOUR[::-1], *FOUR[2:], *FOUR[:2]],
            [("shard-twice", f"shard {i} of 4 is there 2 times ({i}/4.json, {i}/4.json)") for i in range(1, 5)],
            id="all twice, in another order",
        ),
        pytest.param(
            [*FOUR[:3], part("1/4", origin="b.json")],
            [("shard-missing", MISSING.format(4)), ("shard-twice", "shard 1 of 4 is there 2 times (1/4.json, b.json)")],
            id="one in place of another",
        ),
        pytest.param([*FOUR, part("")], [("shard-unknown", "does not say which shard it is")], id="says nothing"),
        pytest.param([*FOUR, part("5/4")], [("shard-unknown", 'says that it is shard "5/4"')], id="beyond the last"),
        pytest.param(
            [*FOUR[:3], part("4/5")],
            [("shards-differ", "is shard 4/5, but 4 shards are expected")],
            id="of another number",
        ),
        pytest.param(
            [part("1/3"), part("3/3")],
            [
                ("shards-differ", "is shard 1/3, but 4 shards are expected"),
                ("shards-differ", "is shard 3/3, but 4 shards are expected"),
                ("shard-missing", MISSING.format(2)),
                ("shard-missing", MISSING.format(4)),
            ],
            id="all of another number, and one missing",
        ),
        pytest.param(
            [*FOUR[:3], part("4/4", commits=("d" * 40,))],
            [("shards-differ", f"is of another commit ({'d' * 12}) than shard 1/4 (1/4.json) ({'c' * 12})")],
            id="another commit",
        ),
        pytest.param(
            [*FOUR[:3], part("4/4", commits=("c" * 40, "d" * 40))],
            [("shards-differ", f"is of more than one commit ({'c' * 12}, {'d' * 12})")],
            id="two commits in one",
        ),
        pytest.param(
            [part(f"{i}/4", commits=("c" * 40, "d" * 40)) for i in range(1, 5)],
            [("shards-differ", f"is of more than one commit ({'c' * 12}, {'d' * 12})")] * 4,
            id="the same two commits in all",
        ),
        pytest.param(
            [*FOUR[:3], part("4/4", commits=("",))],
            [("shards-differ", "has runs that do not say which commit they measured")],
            id="no commit",
        ),
        pytest.param(
            [*FOUR[:3], part("4/4", machine_classes=("gha-arm",))],
            [("shards-differ", "is of another class of machine (gha-arm) than shard 1/4 (1/4.json) (ci)")],
            id="another class",
        ),
        pytest.param(
            [*FOUR[:3], part("4/4", rules="1" * 12)],
            [("shards-differ", f"is of another configuration ({'1' * 12}) than shard 1/4 (1/4.json) ({'0' * 12})")],
            id="another configuration",
        ),
    ],
)
def test_every_shard_must_be_there_once_and_all_be_of_one_kind(parts, reported):
    problems = check_shards(parts, 4)
    assert [(p.slug, p.message) for p in problems] == reported
    assert all(p.level == "error" and p.hint for p in problems)


@pytest.mark.parametrize("stated", ["", "5/4"])
def test_the_hint_for_a_shard_that_is_none_names_the_number_that_is_expected(stated):
    (problem, *_) = check_shards([part(stated)], 2)
    assert (problem.slug, "PERFGATE_SHARD=1/2 " in problem.hint) == ("shard-unknown", True)


def test_the_shards_of_bare_runs_are_told_apart_by_their_jobs():
    runs = [
        a_run("a", session="job-1/b1", shard="1/2"),
        a_run("b", session="job-1/b2", shard="1/2", benchmark="score"),
        a_run("c", session="job-2", shard="2/2", status="failed"),
        a_run("d", session="job-3", shard="2/2"),
    ]
    parts = parts_of(collect(runs).seen)
    assert [(p.shard, p.origin) for p in parts] == [
        ("1/2", "session job-1"), ("2/2", "session job-2"), ("2/2", "session job-3"),
    ]  # fmt: skip
    assert [p.slug for p in check_shards(parts, 2)] == ["shard-twice"]
    assert check_shards(parts[:2], 2) == []


def test_runs_of_the_baseline_are_no_shard():
    runs = [a_run("a", session="old", shard="1/1"), a_run("b", session="new", shard="1/1", elapsed=0.2)]
    known = {("train", ()): frozenset(collect(runs[:1]).profiles[0].sessions[0].runs)}
    assert [p.origin for p in parts_of(collect(runs, known=known).seen)] == ["session new"]


@pytest.mark.parametrize(
    ("text", "shard"),
    [
        ("1/1", (1, 1)), ("2/4", (2, 4)), ("9999/9999", (9999, 9999)), ("0/4", None), ("5/4", None), ("2", None),
        ("", None), ("/", None), ("2/", None), ("/4", None), ("02/4", None), ("-1/4", None), ("2/4/6", None),
        ("1/10000", None), ("²/4", None), (" 2/4", None), ("2/4\n", None), ("a/b", None),
    ],
)  # fmt: skip
def test_a_shard_is_written_as_index_and_total(text, shard):
    assert shard_of(text) == shard
