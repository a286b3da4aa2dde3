"""Runs that state no session: those of other commits or times are several, and only the newest is current."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from records import DAY, a_run

from perfgate.collect import collect, find_older_files, select
from perfgate.collect.unnamed import is_one_session
from perfgate.core.metrics import Metric
from perfgate.core.run import Series

TIME = Metric(name="time", unit="s", better="lower")


def a_file(run_id, at="", commit="", *, until="", tool="junit", value=1.0, benchmark="parse"):
    """Return the run of a file of another tool; `at` is a day and an hour of January, such as ``3T07``."""
    day, _, hour = at.partition("T")
    instant = f"2026-01-{int(day):02}T{int(hour or 0):02}:00:00.000000Z" if at else ""
    end = f"2026-01-{int(until.partition('T')[0]):02}T{until.partition('T')[2]}:00:00.000000Z" if until else ""
    return a_run(
        run_id, session="", started_at=instant, commit=commit, values=(), rows_used=0, benchmark=benchmark,
        series=(Series(metric=TIME, values=(value,)),), file=f"{tool}-{run_id}", ended_at=end,
    )  # fmt: skip


def sessions_of(runs):
    """Return the run's values by session, in the order of the sessions."""
    (profile,) = collect(runs).profiles
    return [[*s.values] for s in profile.metric("time").samples]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        pytest.param([("1", ""), ("1T04", "")], [[0, 1]], id="four-hours-are-one"),
        pytest.param([("1", ""), ("1T05", "")], [[0], [1]], id="five-hours-are-two"),
        pytest.param([("1", ""), ("1T04", ""), ("1T08", "")], [[0, 1, 2]], id="a-chain-without-rest-is-one"),
        pytest.param([("1", "a"), ("1T01", "b")], [[0], [1]], id="commits"),
        pytest.param([("1", "a"), ("1T01", "b"), ("1T02", "a")], [[1], [0, 2]], id="a-commit-twice-within-hours"),
        pytest.param([("1", "a"), ("3", "a")], [[0], [1]], id="one-commit-on-two-days"),
        pytest.param([("1", "0123456789ab"), ("1T01", "0123456")], [[0, 1]], id="the-first-digits-of-a-commit"),
        pytest.param([("1", "a"), ("1T01", "")], [[0, 1]], id="what-states-no-commit-joins-what-is-near"),
        pytest.param([("1", ""), ("1T01", "a"), ("1T02", "b")], [[0, 1], [2]], id="the-first-joins-what-comes-after"),
        pytest.param([("", "a"), ("2", "a"), ("5", "a")], [[1], [0, 2]], id="a-commit-alone-joins-its-newest"),
        pytest.param([("", ""), ("2", "a")], [[0, 1]], id="what-states-nothing-joins-the-only-one"),
        pytest.param([("", ""), ("2", "a"), ("2", "b")], [[0], [1], [2]], id="but-none-of-several"),
        pytest.param([("", ""), ("", "")], [[0, 1]], id="nothing-is-stated"),
    ],
)
def test_files_are_one_session_unless_they_say_otherwise(stated, expected):
    runs = [a_file(f"r{i}", at, commit, value=float(i)) for i, (at, commit) in enumerate(stated)]
    assert sorted(map(sorted, sessions_of(runs))) == sorted(expected)
    assert sessions_of(runs[::-1]) == sessions_of(runs)


def test_parts_of_a_long_log_are_one_session():
    parts = [a_file("r0", "1", until="1T12"), a_file("r1", "1T12", until="2T00"), a_file("r2", "2", until="2T12")]
    assert len(sessions_of(parts)) == 1
    assert len(sessions_of(parts[::2])) == 2


def test_clocks_of_two_tools_may_be_in_other_time_zones():
    assert len(sessions_of([a_file("r0", "1", tool="junit"), a_file("r1", "1T14", tool="pyperf")])) == 1
    assert len(sessions_of([a_file("r0", "1", tool="junit"), a_file("r1", "2T14", tool="pyperf")])) == 2


def test_one_file_is_one_session_whatever_times_are_in_it():
    runs = [a_file("f", day, benchmark="parse", value=float(day)) for day in "159"]
    assert sessions_of(runs) == [[1.0, 5.0, 9.0]]


def test_run_summaries_without_a_session_are_divided_alike():
    def summaries(*stated):
        runs = [a_run(f"r{i}", session="", commit=c, started_at=DAY.format(d)) for i, (d, c) in enumerate(stated)]
        return [len(s.values) for s in collect(runs).profiles[0].metric("elapsed").samples]

    assert summaries((1, "a"), (1, "a"), (1, "b")) == [2, 1]
    assert summaries((1, "a"), (2, "a"), (2, "a")) == [1, 2]


def test_columns_of_parts_that_become_one_session_stay_aligned():
    hours = ("2026-01-01T00:30:00Z", "2026-01-01T01:30:00Z", "2026-01-01T02:30:00Z")
    runs = [a_run(f"r{i}", session="", started_at=at, elapsed=float(i + 1)) for i, at in enumerate(hours)]
    runs[0].values = runs[0].values[:1]
    (profile,) = collect(runs[::-1]).profiles
    assert [s.values for s in profile.metric("elapsed").samples] == [(1.0, 2.0, 3.0)]
    assert [len(s.values) for s in profile.metric("peak_memory").samples] == [2]


def current(*runs, **options):
    """Return what is current: values by benchmark, and the slugs of what is unknown."""
    selection = select(collect(runs, **options), every_batch=False)
    found = {p.benchmark: [v for s in p.metrics[0].samples for v in s.values] for p in selection.profiles}
    return found, [d.slug for d in selection.problems]


def test_of_several_commits_the_one_measured_last_is_current():
    runs = a_file("r1", "1", "c", value=1.0), a_file("r3", "3", "a", value=3.0), a_file("r2", "2", "b", value=2.0)
    assert current(*runs) == ({"parse": [3.0]}, [])
    selection = select(collect(runs), every_batch=False)
    assert selection.superseded_runs() == 2


def test_what_an_older_file_alone_holds_was_not_measured_now():
    assert current(a_file("r1", "1", benchmark="gone"), a_file("r2", "3")) == ({"parse": [1.0]}, [])


@pytest.mark.parametrize("at", [("", ""), ("2", "2"), ("2", "")])
def test_commits_that_nobody_can_order_are_refused(at):
    assert current(a_file("r1", at[0], "a"), a_file("r2", at[1], "b")) == ({}, ["sessions-unordered"])


def test_of_commits_without_a_time_the_one_that_the_baseline_lacks_is_current():
    runs = a_file("r1", "", "a", value=1.0), a_file("r2", "", "b", value=2.0)
    known = collect(runs[:1]).profiles[0].sessions[0].runs
    assert current(*runs, known={("parse", ()): frozenset(known)}) == ({"parse": [2.0]}, [])


def test_a_file_that_says_nothing_beside_several_sessions_is_ambiguous():
    days = a_file("r1", "1", "a"), a_file("r2", "3", "b")
    assert current(*days, a_file("r3"))[1] == ["sessions-ambiguous"]
    assert current(*days, a_file("r3", benchmark="other", value=7.0)) == ({"parse": [1.0], "other": [7.0]}, [])


@pytest.mark.parametrize(
    ("at", "is_older"),
    [
        pytest.param("3T10", False, id="the-same-day"),
        pytest.param("3", False, id="a-time-zone-away"),
        pytest.param("2T19", True, id="the-day-before"),
        pytest.param("9", False, id="later"),
        pytest.param("", False, id="the-file-says-nothing"),
    ],
)
def test_files_count_beside_runs_and_are_named_when_they_are_days_older(at, is_older):
    runs = a_run("r1", started_at="2026-01-03T14:00:00Z"), a_file("r2", at)
    assert current(*runs) == ({"train": [0.1], "parse": [1.0]}, [])
    selection = select(collect(runs), every_batch=False)
    assert (find_older_files(selection.selected) is not None) is is_older


def test_in_ci_the_newest_files_belong_to_the_job():
    runs = a_file("r1", "1", "a"), a_file("r2", "3", "b"), a_file("r3", benchmark="other")
    collection = collect(runs, own_session="job")
    assert sorted(s.session[:6] for s in collection.seen) == ["files-", "job", "job"]
    later = a_run("r4", session="job", started_at=DAY.format(9))
    assert sorted(s.session[:6] for s in collect([later, *runs[:2]], own_session="job").seen) == [
        "files-", "files-", "job",
    ]  # fmt: skip


def test_a_file_of_which_some_runs_state_the_commit_is_of_that_commit():
    runs = [a_file("f", "1", "a", value=0.0), a_file("f", "1", "", value=1.0), a_file("g", "1T01", "b", value=2.0)]
    assert sorted(map(sorted, sessions_of(runs))) == [[0.0, 1.0], [2.0]]


def test_files_of_one_value_each_in_one_folder_are_no_parts_of_a_session():
    several = Series(metric=TIME, values=(1.0, 2.0))
    one, many = a_file("r1"), replace(a_file("r2"), series=(several,))
    assert [s.joined for s in collect([one, a_file("r2")]).seen] == [()]
    assert [s.joined for s in collect([one, many]).seen] == [("r1.json", "r2.json")]


def test_parts_of_one_session_keep_what_each_of_them_states():
    runs = a_file("r1", "1", "a", tool="junit"), a_file("r2", "1T01", "", tool="pyperf")
    (seen,) = collect([replace(r, shard=f"{i}/2", origin=f"{i}/r.json") for i, r in enumerate(runs, start=1)]).seen
    assert (seen.commits, seen.shards, seen.ok) == (("", "a"), ("1/2", "2/2"), 2)
    assert (seen.folders, seen.files) == (("1", "2"), ("1/r.json", "2/r.json"))
    assert seen.joined == ("1/r.json", "2/r.json")


def test_parts_are_listed_in_order():
    runs = [replace(a_file(f"r{i}"), origin=f"{i}/r.json") for i in "321"]
    assert collect(runs).seen[0].joined == ("1/r.json", "2/r.json", "3/r.json")


@pytest.mark.parametrize(("hour", "is_one"), [("1T04", True), ("1T05", False)])
def test_runs_are_of_one_session_unless_hours_lie_between_them(hour, is_one):
    assert is_one_session([a_file("r1", "1"), a_file("r2", hour)]) is is_one
    assert is_one_session([])


def test_of_files_of_which_one_belongs_to_the_baseline_only_the_other_is_selected():
    runs = a_file("r1", "1", "a", value=1.0), a_file("r2", "", "b", value=2.0)
    known = {("parse", ()): frozenset(collect(runs[:1]).profiles[0].sessions[0].runs)}
    selection = select(collect(runs, known=known), every_batch=False)
    assert [s.ok for s in selection.selected] == [1]
