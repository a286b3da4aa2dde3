"""Runs of which the user says that they are of one session: what they share, and what cannot be one."""

from __future__ import annotations

import pytest
from check_cases import CALM, outside_ci, slugs
from gate_cases import judged, lognormal, percentiles, policy, profile, row_of
from msgspec.structs import replace
from records import a_run

from perfgate.collect.one_session import of_one_session, share_session
from perfgate.pipeline.baselines.refresh import plan_refresh

SLOW = lognormal(31, 12, spread=0.01, centre=1.1)
FAST = lognormal(32, 12, spread=0.01)


@pytest.mark.parametrize(
    ("sessions", "own", "expected"),
    [
        pytest.param(("a", "b"), "", "b", id="the-newest-states-it"),
        pytest.param(("a", ""), "job", "a", id="a-stated-one-wins"),
        pytest.param(("", ""), "job", "job", id="the-jobs-own"),
    ],
)
def test_all_runs_belong_to_the_session_that_is_known_best(sessions, own, expected):
    runs = [a_run(run_id=f"r{i}", session=s, started_at=f"2026-02-0{i + 1}") for i, s in enumerate(sessions)]
    assert {r.session for r in of_one_session(iter(runs), own)} == {expected}


def test_runs_of_files_that_state_nothing_get_a_session_that_follows_from_them():
    runs = [a_run(run_id=f"r{i}", session="") for i in range(3)]
    (one,) = {r.session for r in of_one_session(runs, "")}
    (other,) = {r.session for r in of_one_session(reversed(runs), "")}
    (third,) = {r.session for r in of_one_session(runs[1:], "")}
    assert one == other != third
    assert one.startswith("files-")


def test_two_sides_of_one_session_are_judged_by_their_ranks():
    was, now = profile({"elapsed": {"a": FAST}}), profile({"elapsed": {"b": SLOW}})
    apart = row_of(judged(was, now))
    (was,), (now,), problems = share_session([was], [now])
    together = row_of(judged(was, now, policy()))
    assert (apart.method, apart.status.value) == ("across-sessions", "suspected")
    assert (together.method, together.status.value, problems) == ("same-session", "regressed", [])
    assert row_of(judged(was, was)).status.value == "unchanged"


def test_several_sessions_on_one_side_are_not_one():
    sides = [profile({"elapsed": {"a": FAST, "b": FAST}})], [profile({"elapsed": {"c": SLOW}})]
    was, now, problems = share_session(*sides)
    assert (list(was), list(now)) == sides
    assert slugs(problems) == ["several-sessions"]


def test_percentiles_without_sessions_stay_as_they_are():
    side = percentiles({"p50": 1.0})
    assert share_session([side], [side]) == ((side,), (side,), [])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder outside CI."""
    return outside_ci(tmp_path, monkeypatch)


def two_batches(folder):
    """Write two folders of runs of one benchmark, each of a session of its own."""
    for place, hour in (("first", 1), ("second", 2)):
        for i, value in enumerate(CALM):
            run = f'{{"run_id": "{place}{i}", "elapsed_sec": {value}, "rows_used": 5, "peak_memory_mb": 9.5, '
            run += f'"benchmark": "train", "session": "{place}", "started_at": "2026-01-02T0{hour}:00:00Z"}}'
            folder.write(f"{place}/{i}.json", run)


def refreshed(**more):
    given = {"config": None, "machine_class": "", "replace_old": False, "keep": 10, "reason": "",
             "every_session": False, "benchmarks": (), **more}  # fmt: skip
    return plan_refresh(("first", "second"), **given)


def test_two_paths_of_one_job_are_one_session_for_check_and_refresh(folder):
    two_batches(folder)
    (one,) = [content for files in refreshed(same_session=True).files.values() for content in files.values()]
    assert one.count(b'"started_at"') == 1
    assert b'"n": 6' in one
    folder.baseline(replace(profile({"elapsed": {"a": CALM}, "peak_memory": {"a": [9.5e6] * 3}}, rows=[5], machine=""),
                            machine_class="unspecified"))  # fmt: skip
    assert slugs(folder.check("first", "second").problems) == ["legs-share-a-name"]
    verdict = folder.check("first", "second", same_session=True)
    assert (verdict.exit_code, verdict.problems) == (0, ())
    assert {f.n_current for f in verdict.findings} == {6}


def test_committed_baselines_keep_their_own_sessions(folder):
    two_batches(folder)
    folder.baseline(replace(profile({"elapsed": dict.fromkeys("abc", CALM)}, rows=[5], machine=""),
                            machine_class="unspecified"))  # fmt: skip
    methods = {f.method for f in folder.check("first", "second", same_session=True).findings if f.metric == "elapsed"}
    assert "same-session" not in methods
