"""A check of runs of which some failed: never a quiet pass."""

from __future__ import annotations

import json

import pytest
from check_cases import Folder, baseline, outside_ci, slugs
from msgspec.structs import replace

from perfgate.pipeline.collect import collect_profiles
from perfgate.render import as_json
from perfgate.report.compose import compose
from perfgate.report.document import opening_lines

TIMES = [1.0, 1.01, 1.02, 1.005, 1.015, 1.012]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Folder:
    """Return a folder with the baseline of one benchmark: five sessions of three runs."""
    (tmp_path / ".git").mkdir()  # the search for a configuration ends here
    folder = outside_ci(tmp_path, monkeypatch)
    made = baseline()
    digests = [tuple(f"{9 * i + k:012x}" for k in range(3)) for i in range(len(made.sessions))]
    sessions = (replace(s, runs=runs) for s, runs in zip(made.sessions, digests, strict=True))
    folder.baseline(replace(made, sessions=tuple(sessions)))
    return folder


def failing(folder, number, **more):
    folder.runs([1.0] * number, status="failed", **more)


def rate(verdict):
    (found,) = [f for f in verdict.findings if f.metric == "error_rate"]
    return found


def first_line(verdict) -> str:
    return opening_lines(compose(verdict))[0]


def test_one_failed_run_of_several_is_suspected_in_the_first_line(folder):
    folder.runs(TIMES)
    failing(folder, 1)
    verdict = folder.check()
    assert (verdict.exit_code, rate(verdict).reason) == (0, "may-fail-more-often")
    assert "suspected" in first_line(verdict)


def test_many_failed_runs_are_a_regression(folder):
    folder.runs(TIMES)
    failing(folder, 5)
    verdict = folder.check()
    assert (verdict.exit_code, rate(verdict).reason) == (1, "fails-more-often")


def test_what_most_runs_that_failed_left_behind_decides_nothing(folder):
    folder.run(3.2)
    failing(folder, 7)
    verdict = folder.check()
    assert (verdict.exit_code, rate(verdict).reason) == (2, "most-runs-failed")


def test_a_session_that_only_failed_counts_beside_the_others(folder):
    folder.runs(TIMES)
    failing(folder, 8, session="later", started_at="2026-01-02T01:00:00Z")
    verdict = folder.check(every_session=True)
    assert (verdict.exit_code, rate(verdict).reason) == (2, "most-runs-failed")
    assert "8 of 14 runs" in rate(verdict).message
    assert "runs-failed" in slugs(verdict.notes)


def test_a_profile_file_keeps_how_many_runs_failed(folder):
    folder.runs(TIMES)
    failing(folder, 5)
    path = folder.write("profiles.json", "")
    content = collect_profiles((), config=None, machine_class="").encode()
    (folder.path / "profiles.json").write_bytes(content)
    assert [s["failed"] for p in json.loads(content)["profiles"] for s in p["sessions"].values()] == [5]
    verdict = folder.check(current=path)
    assert (verdict.exit_code, rate(verdict).message) == (1, "5 of 11 runs, after 0 of 15")


def test_an_earlier_report_brings_its_failed_runs(folder):
    folder.runs(TIMES)
    failing(folder, 2)
    first = folder.check()
    report = folder.write("first.json", as_json.render(compose(first)))
    for old in (folder.path / "outputs" / "model_runs").iterdir():
        old.unlink()
    folder.runs(TIMES, session="second", started_at="2026-01-02T05:00:00Z")
    verdict = folder.check(confirm=(report,))
    assert rate(verdict).message.startswith("2 of 14 runs, after 0 of 15")


def test_a_shard_of_which_every_run_failed_is_dead_whatever_the_others_measured(folder):
    folder.runs(TIMES, session="one", shard="1/3", commit="c" * 40)
    folder.runs(TIMES, session="two", shard="2/3", commit="c" * 40, benchmark="fresh")
    folder.runs([1.0] * 4, session="three", shard="3/3", commit="c" * 40, benchmark="dead", status="failed")
    verdict = folder.check(expect_shards=3)
    assert (verdict.exit_code, slugs(verdict.problems)) == (2, ["runs-failed"])
    assert 'every run of "dead" failed' in verdict.problems[0].message
