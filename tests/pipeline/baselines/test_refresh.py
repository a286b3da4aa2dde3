"""Refreshing from run files: what is planned, what is refused, and what is written."""

from __future__ import annotations

import json
import os

import pytest
from records import refused, summary, write_json, write_runs

from perfgate.pipeline.baselines.refresh import plan_refresh, policy_and_baselines
from perfgate.store.baselines import load
from perfgate.store.codec import file_name

FLAT = {
    "schema": "perfgate/baseline/0", "benchmark": "train", "machine_class": "unspecified", "rows_used": 100,
    "metrics": {"elapsed": {"unit": "s", "values": [0.1, 0.2]}},
}  # fmt: skip


def plan(**changes):
    asked = {
        "config": None, "machine_class": "", "replace_old": False, "keep": 10, "reason": "", "every_session": False,
        "benchmarks": (), **changes,
    }  # fmt: skip
    return plan_refresh((), **asked)


def refresh(**changes):
    return plan(**changes).write()


@pytest.fixture
def runs(workdir):
    return workdir / "outputs" / "model_runs"


def sessions(benchmark="train"):
    found = load("baselines")
    assert found.problems == ()
    return [s.id for p in found.profiles if p.benchmark == benchmark for s in p.sessions]


def measure(runs, session, day, elapsed=0.1, **changes):
    stated = {"benchmark": "train", "session": session, "started_at": f"2026-01-0{day}T00:00:00Z", **changes}
    write_runs(runs, [elapsed] * 2, tag=f"{session}-{day}-".replace("/", "_"), **stated)


def test_a_first_refresh_writes_one_file_for_each_benchmark_and_class(runs):
    measure(runs, "s1", 1)
    measure(runs, "s1", 2, benchmark="serve", environment={"os": "linux"})
    planned = plan()
    assert not os.path.exists("baselines")
    assert planned.write() == [
        f"baselines/linux/{file_name('serve', ())}", f"baselines/unspecified/{file_name('train', ())}",
    ]  # fmt: skip
    assert (planned.unchanged, planned.left) == (0, 0)
    assert {(m.benchmark, m.metric, m.old) for m in planned.moves} == {
        (b, m, None) for b in ("serve", "train") for m in ("elapsed", "peak_memory", "throughput")
    }


def test_refreshing_twice_changes_nothing(runs):
    measure(runs, "s1", 1)
    refresh()
    again = plan()
    assert (again.files, again.moves, again.unchanged, again.write()) == ({}, (), 1, [])


def test_new_sessions_are_added_and_the_newest_are_kept(runs):
    for day in (1, 2, 3):
        measure(runs, f"s{day}", day)
        refresh(keep=2)
    assert sessions() == ["s2", "s3"]


def test_a_session_that_is_there_gains_the_runs_that_it_lacks(runs):
    measure(runs, "s1", 1)
    refresh()
    measure(runs, "s1", 2, elapsed=0.1001)
    refresh()
    (profile,) = load("baselines").profiles
    assert profile.metric("elapsed").samples[0].values == (0.1, 0.1, 0.1001, 0.1001)


def test_of_each_session_the_newest_batch_is_taken_unless_every_one_is_asked_for(runs):
    for batch, day in (("t/1", 1), ("t/2", 2), ("u/1", 3)):
        measure(runs, batch, day)
    planned = plan()
    assert planned.left == 2
    planned.write()
    assert sessions() == ["t/2", "u/1"]
    refresh(every_session=True)
    assert sessions() == ["t/1", "t/2", "u/1"]


def test_replacing_starts_anew_from_the_newest_session(runs):
    for day in (1, 2):
        measure(runs, f"s{day}", day)
    refresh()
    refresh(replace_old=True, reason="anew")
    assert sessions() == ["s2"]
    assert load("baselines").profiles[0].provenance.reason == "anew"


def test_loosening_needs_a_reason(runs):
    measure(runs, "s1", 1, elapsed=0.1)
    refresh()
    measure(runs, "s2", 2, elapsed=0.2)
    (fault,) = refused(plan, replace_old=True)
    assert fault.slug == "refresh-loosens"
    assert fault.details == ("train elapsed: 100 ms -> 200 ms (+100%)",)
    assert sessions() == ["s1"]
    refresh(replace_old=True, reason="a larger model")
    assert sessions() == ["s2"]


def test_a_gated_metric_that_would_go_needs_a_reason(runs):
    measure(runs, "s1", 1, metrics={"loss": {"value": 1}})
    (runs.parents[1] / "perfgate.toml").write_text('[[rule]]\nmetric = "loss"\n')
    refresh()
    measure(runs, "s2", 2)
    (fault,) = refused(plan, replace_old=True)
    assert fault.details == ("train loss: would no longer be in the baseline",)


def test_a_gated_metric_that_was_zero_is_told_without_a_share(runs):
    (runs.parents[1] / "perfgate.toml").write_text('[[rule]]\nmetric = "loss"\n')
    measure(runs, "s1", 1, metrics={"loss": {"value": 0}})
    refresh()
    measure(runs, "s2", 2, metrics={"loss": {"value": 3}})
    (fault,) = refused(plan, replace_old=True)
    assert fault.details == ("train loss: 0 -> 3 (from zero)",)


@pytest.mark.parametrize(
    ("changes", "slugs"),
    [
        pytest.param({"status": "failed"}, ["runs-failed"], id="failed"),
        pytest.param({"elapsed": 0.0}, ["zero-values"], id="a-time-of-zero"),
        pytest.param({"rows_used": 7}, ["rows-differ"], id="another-workload"),
        pytest.param({"rows_used": -1}, ["run-invalid", "run-invalid"], id="invalid"),
    ],
)
def test_runs_that_must_not_become_a_baseline_are_refused(runs, changes, slugs):
    measure(runs, "s1", 1)
    refresh()
    measure(runs, "s2", 2, **changes)
    assert [f.slug for f in refused(plan)] == slugs
    assert sessions() == ["s1"]


def test_a_memory_of_zero_is_taken_only_where_memory_is_not_judged(runs):
    measure(runs, "s1", 1, peak_memory_mb=0)
    (fault,) = refused(plan)
    assert (fault.slug, fault.place) == ("zero-values", "train")
    assert 'exclude = ["*:peak_memory"]' in fault.hint
    (runs.parents[1] / "perfgate.toml").write_text('exclude = ["*:peak_memory"]')
    refresh()
    assert load("baselines").profiles[0].metric("peak_memory").pooled() == (0.0, 0.0)


def test_only_the_benchmarks_that_globs_name_are_refreshed(runs):
    for day, name in enumerate(("train", "serve"), start=1):
        measure(runs, "s1", day, benchmark=name, labels={"size": "big"})
    assert [m.benchmark for m in plan(benchmarks=["tr*"]).moves][:1] == ["train[size=big]"]
    assert len(plan(benchmarks=["train[size=big]", "serve"]).files["unspecified"]) == 2
    (fault,) = refused(plan, benchmarks=["train", "nobody"])
    assert (fault.slug, fault.place) == ("runs-none", "--benchmark")
    assert '"nobody"' in fault.message


def test_no_runs_and_faulty_baselines_are_refused(runs, workdir):
    assert [f.slug for f in refused(plan)] == ["no-runs"]
    write_json(workdir / "baselines" / "ci" / "x.json", {})
    assert [f.slug for f in refused(plan)] == ["baseline-version"]


def test_a_baseline_in_the_flat_layout_is_written_anew(runs, workdir):
    path = write_json(workdir / "baselines" / "unspecified" / file_name("train", ()), FLAT)
    measure(runs, "s1", 1, benchmark="serve")
    assert len(refresh()) == 2
    assert json.loads(path.read_text())["schema"] == "perfgate/baseline/1"
    assert refresh() == []


def test_a_class_given_by_hand_names_the_folder(runs):
    write_json(runs / "a.json", summary("a"))
    (path,) = refresh(machine_class="gha-4cpu")
    assert path.startswith("baselines/gha-4cpu/model-run-")


def test_what_cannot_be_written_is_an_error(runs, workdir):
    measure(runs, "s1", 1)
    planned = plan()
    (workdir / "baselines").write_text("a file")
    (fault,) = refused(planned.write)
    assert (fault.slug, fault.place) == ("baseline-unwritable", "baselines/unspecified")
    assert "no baseline was changed" in fault.message


def test_the_policy_comes_with_baselines_or_not_at_all(runs, workdir):
    (fault,) = refused(policy_and_baselines, None)
    assert (fault.slug, fault.place) == ("no-baseline", "baselines")
    measure(runs, "s1", 1)
    refresh()
    policy, found = policy_and_baselines(None, "ci")
    assert (policy.machine_class, len(found.profiles)) == ("ci", 1)
    (workdir / "baselines" / "unspecified" / "x.json").write_text("{")
    assert [f.slug for f in refused(policy_and_baselines, None)] == ["baseline-invalid"]


def test_the_hint_of_a_session_that_loosens_adds_it_with_a_reason():
    from perfgate.pipeline.baselines.refresh import _needs_reason
    from perfgate.store.refresh import Move

    move = Move(benchmark="solve", metric="elapsed", unit="s", old=1.0, new=1.1, loosens=True)
    assert _needs_reason([move]).hint.startswith("noise (adds a session, keeps the others): perfgate baseline refresh")
