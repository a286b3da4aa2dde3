"""Batches of one session of time are one session, a terminal that rested begins a new one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from records import a_profile

from perfgate.core.sessions import merge_batches, session_names


def measured(times, *, benchmark="train", value=1.0):
    """Return a profile of one batch at each of some moments, named by its id."""
    profile = a_profile({batch: (value + i,) for i, batch in enumerate(times)})
    sessions = tuple(
        replace(s, started_at=times[s.id], machine="boot", rows_used=(i,), runs=(f"digest-{i}",), commit=f"c{i}")
        for i, s in enumerate(profile.sessions)
    )
    return replace(profile, benchmark=benchmark, sessions=sessions)


def ids(profile):
    return [s.id for s in profile.sessions]


NEAR = {"t/1": "2026-01-01T10:00:00Z", "t/2": "2026-01-01T13:59:00Z", "t/3": "2026-01-01T17:58:00Z"}


def test_batches_in_a_row_are_one_session_with_all_their_values_and_facts():
    (found,) = merge_batches([measured(NEAR)])
    (session,) = found.sessions
    assert (session.id, session.started_at, session.commit) == ("t", NEAR["t/3"], "c2")
    assert (session.rows_used, session.runs) == ((0, 1, 2), ("digest-0", "digest-1", "digest-2"))
    assert [(s.session, s.values) for s in found.metric("elapsed").samples] == [("t", (1.0, 2.0, 3.0))]


def test_a_terminal_that_rested_for_more_than_four_hours_begins_a_session():
    (found,) = merge_batches([measured({**NEAR, "t/4": "2026-01-01T21:59:00Z", "t/5": "2026-01-02T01:00:00Z"})])
    assert ids(found) == ["t", "t@2"]
    assert [s.values for s in found.metric("elapsed").samples] == [(1.0, 2.0, 3.0), (4.0, 5.0)]


def test_other_terminals_are_other_sessions_however_near():
    assert ids(merge_batches([measured({"t/1": NEAR["t/1"], "u/1": NEAR["t/1"]})])[0]) == ["t", "u"]


def test_batches_without_a_time_are_one_session():
    assert ids(merge_batches([measured({"t/1": "", "t/2": "", "t/3": ""})])[0]) == ["t"]


def test_a_stretch_has_the_same_name_in_every_benchmark():
    # The second benchmark was measured before the first, and between its batches: without it there is a gap.
    ends = measured({"t/1": "2026-01-01T10:00:00Z", "t/3": "2026-01-01T16:00:00Z"})
    middle = measured({"t/0": "2026-01-01T01:00:00Z", "t/2": "2026-01-01T13:00:00Z"}, benchmark="score")
    assert list(map(ids, merge_batches([ends, middle]))) == [["t@2"], ["t", "t@2"]]
    assert ids(merge_batches([ends])[0]) == ["t", "t@2"]


@pytest.mark.parametrize(("names", "left"), [(["t/ab-1"], ["t/ab-1"]), (["t/ab-1", "t/ab-2"], ["t"])])
def test_runs_made_in_turns_keep_the_name_that_says_so(names, left):
    assert ids(merge_batches([measured(dict.fromkeys(names, NEAR["t/1"]))])[0]) == left


def test_uniting_twice_changes_nothing():
    once = merge_batches([measured({**NEAR, "t/4": "2026-01-01T22:59:00Z", "u": ""})])
    assert merge_batches(once) == once
    assert set(session_names(once).values()) == {"t", "t@2", "u"}
