"""Result files that this job did not measure never decide in CI, whatever tool wrote them."""

from __future__ import annotations

import json
import os
import time

import pytest
from check_cases import CALM, baseline, outside_ci, slugs

from perfgate.measure.summary import format_utc
from perfgate.report.compose import compose
from perfgate.report.document import opening_lines

SLUG = "results-left-behind"
DAY = 86_400_000_000_000


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A repository with a baseline, in a CI job that states no commit."""
    folder = outside_ci(tmp_path, monkeypatch)
    folder.baseline(baseline())
    folder.commit()
    monkeypatch.setenv("CI", "true")
    return folder


def ago(days: float) -> str:
    return format_utc(time.time_ns() - int(days * DAY))


def hyperfine(folder, name="shot.json") -> str:
    times = [0.71, 0.72, 0.715, 0.722, 0.709]
    one = {"command": "shrink", "mean": 0.715, "min": 0.709, "max": 0.722, "times": times, "exit_codes": [0] * 5}
    return folder.write(name, json.dumps({"results": [one]}))


def test_run_summaries_of_an_earlier_day_are_no_measurement_of_this_job(folder):
    folder.runs(CALM, started_at=ago(1))
    (problem,) = folder.check().problems
    assert problem.slug == SLUG
    assert "older than the commit that is checked out" in problem.message


@pytest.mark.parametrize(("days", "found"), [(0.1, []), (0.2, [SLUG])])
def test_runs_may_be_hours_older_than_the_commit_but_not_more(folder, days, found):
    folder.runs(CALM, started_at=ago(days))
    assert slugs(folder.check().problems) == found


def test_committed_runs_of_today_are_no_measurement_of_this_job(folder):
    folder.runs(CALM, started_at=ago(0))
    folder.commit()
    (problem,) = folder.check().problems
    assert (problem.slug, "committed in git" in problem.message) == (SLUG, True)
    assert folder.check(runs_from="HEAD").problems == ()


def test_a_committed_file_of_another_tool_counts_once_it_was_measured_again(folder):
    path = hyperfine(folder)
    folder.commit()
    assert SLUG in slugs(folder.check("shot.json").problems)
    with open(path, "a", encoding="utf-8") as file:
        file.write("\n")
    assert SLUG not in slugs(folder.check("shot.json").problems)


def test_a_file_without_a_time_is_as_old_as_the_disk_says(folder):
    path = hyperfine(folder)
    os.utime(path, (time.time() - 40_000,) * 2)
    assert SLUG in slugs(folder.check("shot.json").problems)
    os.utime(path, (0, 0))  # what an archive without times gives
    assert SLUG not in slugs(folder.check("shot.json").problems)


@pytest.fixture
def scheduled(tmp_path, monkeypatch):
    """A CI job that a schedule started: the commit is ten days old, and was checked out just now."""
    monkeypatch.setenv("GIT_COMMITTER_DATE", ago(10))
    folder = outside_ci(tmp_path, monkeypatch)
    folder.baseline(baseline())
    folder.commit()
    monkeypatch.setenv("CI", "true")
    return folder


@pytest.mark.parametrize(
    ("days", "more", "found"),
    [
        pytest.param(0.1, {}, [], id="hours"),
        pytest.param(0.5, {}, [SLUG], id="half-a-day"),
        pytest.param(3, {"session": "by-hand"}, [SLUG], id="a-session-by-hand"),
        pytest.param(-0.01, {}, [], id="measured-in-this-job"),
    ],
)
def test_runs_from_long_before_the_checkout_of_an_old_commit_are_said_first(scheduled, days, more, found):
    scheduled.runs(CALM, started_at=ago(days), **more)
    verdict = scheduled.check()
    assert [d.slug for d in verdict.problems if d.slug == SLUG] == []
    assert [d.slug for d in verdict.notes if d.slug == SLUG] == found
    _, *below_the_verdict = opening_lines(compose(verdict))
    assert ["measured hours before CI checked out" in line for line in below_the_verdict] == [True for _ in found]
    assert SLUG not in slugs(scheduled.check(runs_from="HEAD").notes)


def test_a_file_on_disk_from_long_before_the_checkout_is_said(scheduled):
    path = hyperfine(scheduled)
    assert SLUG not in slugs(scheduled.check("shot.json").notes)
    os.utime(path, (time.time() - 90_000,) * 2)
    assert SLUG in slugs(scheduled.check("shot.json").notes)


def test_outside_ci_a_committed_file_is_a_warning(folder, monkeypatch):
    monkeypatch.delenv("CI")
    folder.runs(CALM, started_at=ago(9))
    assert folder.check().notes == ()
    folder.commit()
    verdict = folder.check()
    assert (verdict.exit_code, slugs(verdict.notes)) == (0, [SLUG])
