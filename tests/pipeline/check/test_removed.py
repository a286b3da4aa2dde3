"""A change that removes or renames a benchmark: what git records of its baseline decides, and no hint hides a value."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from check_cases import CALM, baseline, outside_ci, slugs
from gate_cases import profile
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError
from perfgate.core.finding import Status
from perfgate.core.text.canonical import short_hash
from perfgate.pipeline.baselines.rename import plan_rename
from perfgate.store.codec import file_name

FILE = f"baselines/unspecified/{file_name('train', ())}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A repository outside CI with the baselines of two benchmarks, of which only one is measured."""
    made = outside_ci(tmp_path, monkeypatch)
    made.baseline(dated(baseline()))
    made.baseline(dated(baseline("other")))
    made.commit()
    made.runs(CALM, benchmark="other")
    return made


def dated(profile):
    """Return a baseline whose sessions have a time and runs of their own."""
    sessions = [
        replace(s, started_at=f"2026-01-01T0{i}:00:00Z", runs=(short_hash(f"{profile.benchmark}{i}"),))
        for i, s in enumerate(profile.sessions)
    ]
    return replace(profile, sessions=tuple(sessions))


def git(*words):
    subprocess.run(["git", *words], check=True, capture_output=True)


def of_train(verdict):
    return {(f.status, f.reason) for f in verdict.findings if f.benchmark == "train"}


def rename(old, new, **more):
    """Rename a baseline."""
    return plan_rename(old, new, **{"config": None, "ref": None, "join": False, **more}).plan.write()


def follow(hint):
    """Do what a hint says."""
    words = shlex.split(hint.split("`")[1])
    assert words[:3] == ["perfgate", "baseline", "rename"]
    assert "[[removed]]" in hint
    ref = words[words.index("--from") + 1] if "--from" in words else None
    labels = [word.removeprefix("--label=") for word in words if word.startswith("--label=")]
    chosen = labels or ([] if "--no-labels" in words else None)
    rename(words[3], words[4], ref=ref, join="--join" in words, labels=chosen)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        pytest.param({}, {"size": "big"}, id="gains-a-label"),
        pytest.param({"size": "big"}, {}, id="loses-its-label"),
        pytest.param({"size": "big"}, {"size": "big", "kind": "a,b=c"}, id="gains-a-second-one"),
        pytest.param({"size": "big"}, {"size": "small"}, id="another-value"),
    ],
)
def test_a_benchmark_whose_labels_change_keeps_its_baseline_once_its_hint_is_followed(folder, was, now):
    git("rm", "-q", "-f", FILE)
    old = replace(dated(baseline()), labels=tuple(sorted(was.items())))
    folder.baseline(old)
    folder.commit()
    folder.runs(CALM, benchmark="train", labels=now)
    verdict = folder.check()
    (problem,) = [d for d in verdict.problems if d.slug == "looks-renamed"]
    follow(problem.hint)
    verdict = folder.check()
    assert verdict.exit_code == 0, verdict.problems
    assert {f.labels for f in verdict.findings if f.benchmark == "train"} == {tuple(sorted(now.items()))}


def test_of_like_values_the_new_name_with_the_same_last_part_is_the_renamed_one(folder):
    git("rm", "-q", "-f", FILE)
    for name in ("codec.Encode", "codec.Decode"):
        folder.baseline(dated(baseline(name)))
    folder.commit()
    for name, factor in (("codec2.Encode", 1.0), ("codec2.Decode", 1.02)):
        folder.runs([factor * v for v in CALM], benchmark=name)
    hints = [d.hint for d in folder.check().problems if d.slug == "looks-renamed"]
    pairs = {tuple(shlex.split(hint.split("`")[1])[3:5]) for hint in hints}
    assert pairs == {("codec.Encode", "codec2.Encode"), ("codec.Decode", "codec2.Decode")}


@pytest.mark.parametrize("labels", [["size"], ["=big"], ["size=a", "size=b"], ["size=\x07"], ["size="]])
def test_labels_of_a_new_name_that_cannot_be_are_refused(folder, labels):
    with pytest.raises(CannotDecideError, match="KEY=VALUE"):
        rename("train", "train", labels=labels)


@pytest.mark.parametrize("is_committed", [False, True])
def test_a_baseline_that_the_change_removes_is_listed_and_passes(folder, is_committed):
    git("rm", "-q", FILE)
    if is_committed:
        folder.commit()
    verdict = folder.check(baseline_ref="HEAD~1" if is_committed else "HEAD")
    assert (verdict.exit_code, of_train(verdict)) == (0, {(Status.REMOVED, "removed")})
    assert [(c.name, c.edit) for c in verdict.gate_changes] == [("train", "removed")]
    assert "gate-edited" in slugs(verdict.notes)


def test_a_gate_that_refuses_edits_refuses_a_removal(folder):
    folder.write("perfgate.toml", 'baseline_changes = "refuse"\n')
    folder.commit()
    git("rm", "-q", FILE)
    verdict = folder.check(baseline_ref="HEAD")
    assert (verdict.exit_code, slugs(verdict.problems)) == (2, ["gate-edit-refused"])


@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(lambda: git("sparse-checkout", "set", "--no-cone", "/*", f"!/{FILE}"), id="sparse"),
        pytest.param(lambda: subprocess.run(["rm", FILE], check=True), id="deleted-without-git"),
        pytest.param(lambda: git("mv", "baselines", "gate"), id="folder-moved"),
    ],
)
def test_a_baseline_that_was_lost_is_not_removed(folder, lose):
    lose()
    verdict = folder.check(baseline_ref="HEAD")
    assert (verdict.exit_code, of_train(verdict)) == (2, {(Status.MISSING, "no-runs")})


def test_a_tree_with_an_unreadable_baseline_removes_nothing(folder):
    git("rm", "-q", FILE)
    folder.write(f"baselines/unspecified/{file_name('other', ())}", "{")
    assert of_train(folder.check(baseline_ref="HEAD")) == {(Status.MISSING, "no-runs")}


@pytest.mark.parametrize("ref", [None, "HEAD"])
def test_an_entry_removes_a_benchmark_whose_baseline_stays(folder, ref):
    folder.write("baselines/waivers.toml", '[[removed]]\nbenchmark = "train"\nreason = "moved to another suite"\n')
    verdict = folder.check(baseline_ref=ref)
    assert (verdict.exit_code, of_train(verdict)) == (0, {(Status.REMOVED, "removed")})
    changes = [(m.what, m.after, m.laxer) for c in verdict.gate_changes for m in c.moves]
    assert changes == ([("removed train", "moved to another suite", True)] if ref else [])


def test_a_gate_of_which_all_is_removed_is_undecided(folder):
    git("rm", "-q", "-r", "baselines")
    subprocess.run(["rm", "-r", "outputs"], check=True)
    folder.runs(CALM, benchmark="third")
    verdict = folder.check(baseline_ref="HEAD")
    assert verdict.exit_code == 2


@pytest.mark.parametrize("how", ["kept", "removed", "removed-and-refreshed"])
@pytest.mark.parametrize(("factor", "code"), [(1.0, 0), (1.9, 1)])
def test_a_renamed_benchmark_is_judged_by_its_old_baseline_once_its_hint_is_followed(folder, how, factor, code):
    folder.runs([factor * v for v in CALM], benchmark="train-fast")
    if how != "kept":
        git("rm", "-q", FILE)
    if how == "removed-and-refreshed":
        values = {"elapsed": {"later": CALM}, "peak_memory": {"later": [57.3e6] * 3}}
        folder.baseline(profile(values, name="train-fast", machine="", kind="unspecified"))
    before = folder.check(baseline_ref="HEAD")
    (problem,) = before.problems
    assert (before.exit_code, problem.slug) == (2, "looks-renamed")
    follow(problem.hint)
    after = folder.check(baseline_ref="HEAD")
    renamed = [f for f in after.findings if f.benchmark == "train-fast" and f.metric == "elapsed"]
    assert (after.exit_code, of_train(after)) == (code, set())
    assert all(f.baseline for f in renamed)
    assert "baseline-renamed" in slugs(after.notes)


def test_in_a_folder_without_another_commit_the_hint_works_too(folder):
    folder.runs([1.9 * v for v in CALM], benchmark="train-fast")
    (problem,) = folder.check().problems
    follow(problem.hint)
    assert folder.check().exit_code == 1


def test_a_benchmark_that_is_still_measured_is_not_judged_under_another_name(folder):
    folder.runs([1.9 * v for v in CALM])
    folder.runs(CALM, benchmark="train-fast")
    rename("train", "train-fast")
    verdict = folder.check(baseline_ref="HEAD")
    assert verdict.exit_code == 1
    assert "baseline-renamed" not in slugs(verdict.notes)
