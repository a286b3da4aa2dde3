"""Baselines and configuration of another commit: what a pull request may not loosen for itself."""

from __future__ import annotations

import os

import pytest
from check_cases import CALM, baseline, outside_ci, slugs

from perfgate.core.finding import Status
from perfgate.pipeline.reference.commit import policy_of


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder outside CI."""
    return outside_ci(tmp_path, monkeypatch)


def test_baselines_and_configuration_are_those_of_the_commit(folder):
    folder.baseline(baseline())
    folder.write("perfgate.toml", '[defaults]\nthreshold = "+7%"\n')
    folder.commit()
    folder.write("perfgate.toml", '[defaults]\nthreshold = "+900%"\n')
    folder.runs([2 * v for v in CALM])
    verdict = folder.check(baseline_ref="HEAD")
    assert (verdict.exit_code, verdict.compared.policy) == (1, "HEAD:perfgate.toml")
    assert {f.limit_text for f in verdict.findings if f.metric == "elapsed"} == {"+7%"}
    assert verdict.compared.baselines == "HEAD:baselines"
    assert folder.check().exit_code == 0


def test_without_a_configuration_in_the_commit_the_built_in_one_counts(folder):
    folder.baseline(baseline())
    folder.commit()
    folder.write("perfgate.toml", '[defaults]\nthreshold = "+900%"\n')
    folder.runs([2 * v for v in CALM])
    assert folder.check(baseline_ref="HEAD").exit_code == 1


def test_a_change_that_introduces_the_gate_passes_and_lists_what_is_new(folder):
    folder.commit()
    folder.baseline(baseline())
    folder.runs(CALM)
    verdict = folder.check(baseline_ref="HEAD")
    assert (verdict.exit_code, verdict.introduces) == (0, True)
    assert {f.status for f in verdict.findings} == {Status.NEW}


def test_a_gate_without_baselines_was_introduced_before(folder):
    folder.write("perfgate.toml", "")
    folder.commit()
    folder.runs(CALM)
    verdict = folder.check(baseline_ref="HEAD")
    assert (verdict.exit_code, verdict.introduces) == (2, False)
    assert slugs(verdict.problems) == ["no-baseline"]


def test_a_class_given_by_hand_counts_for_the_commit_too(folder):
    folder.baseline(baseline(kind="class-b"), kind="class-b")
    folder.commit()
    folder.runs(CALM)
    assert folder.check(baseline_ref="HEAD", machine_class="class-b").exit_code == 0
    assert folder.check(baseline_ref="HEAD").exit_code == 2


def test_a_commit_that_is_not_here_is_told(folder):
    folder.commit()
    verdict = folder.check(baseline_ref="origin/main")
    assert (verdict.exit_code, slugs(verdict.problems)) == (2, ["ref-missing"])


def test_a_first_baseline_is_told_how_to_get_in(folder):
    folder.write("perfgate.toml", "")
    folder.commit()
    folder.baseline(baseline())
    folder.runs(CALM)
    (problem,) = folder.check(baseline_ref="HEAD").problems
    assert problem.hint == "merge the baselines first, or check without --baseline-ref in this pull request"


def test_edits_are_told_also_when_nothing_can_be_judged(folder):
    folder.baseline(baseline())
    folder.write("perfgate.toml", "")
    folder.commit()
    folder.write("perfgate.toml", '[defaults]\nthreshold = "+900%"\n')
    folder.baseline(baseline("other"))
    (note,) = folder.check("absent", baseline_ref="HEAD").notes
    assert (
        note.message
        == "this change edits the gate itself: the configuration, 1 baseline (other); judged by those of HEAD"
    )
    assert note.hint == "review the edits as you would review code"


def test_a_comment_in_the_configuration_edits_nothing(folder):
    folder.baseline(baseline())
    folder.write("perfgate.toml", '[[rule]]\nmetric = "elapsed"\nthreshold = "+7%"\n')
    folder.commit()
    folder.write("perfgate.toml", '# why\n[[rule]]\nmetric = "elapsed"\nthreshold = "+7%"\n')
    folder.runs(CALM)
    assert "gate-edited" not in slugs(folder.check(baseline_ref="HEAD").notes)


WAIVER = '[[waiver]]\nbenchmark = "{}"\nmetric = "elapsed"\nceiling = "{}"\nuntil = 2098-12-31\nreason = "known"\n'


def edits_in_ab(head=None, *, is_trusted=True):
    """Return what `perfgate ab` knows of the edits that a change makes to its gate."""
    return policy_of("HEAD" if head is None else "HEAD~1", head, given=None, is_trusted=is_trusted).edits


@pytest.mark.sampled
@pytest.mark.parametrize("head", [None, "HEAD"], ids=["working-tree", "commit"])
@pytest.mark.parametrize(
    "config",
    [
        pytest.param("", id="configured"),
        pytest.param('baselines = "gate"\n', id="elsewhere", marks=pytest.mark.slow),
        pytest.param(None, id="built-in", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(("+8%", "+400%", "changed", True), id="higher-ceiling"),
        pytest.param(("+8%", "+7%", "changed", False), id="lower-ceiling"),
        pytest.param((None, "+8%", "added", True), id="added"),
        pytest.param(("+8%", None, "removed", True), id="file-removed"),
    ],
)
def test_a_comparison_reports_edits_of_waivers_like_a_check(folder, head, config, case):
    was, now, edit, laxer = case
    place = "gate" if config else "baselines"
    if config is not None:
        folder.write("perfgate.toml", config)
    path = folder.write(f"{place}/waivers.toml", WAIVER.format("solve", was) if was else "")
    folder.commit()
    if now is None:
        os.remove(path)
    else:
        folder.write(f"{place}/waivers.toml", WAIVER.format("solve", now))
    if head:
        folder.commit()
    for is_trusted in (True, False):
        found = edits_in_ab(head, is_trusted=is_trusted)
        (change,) = found.changes
        assert (change.kind, change.edit, change.is_laxer) == ("waivers", edit, laxer)
        assert change.path == f"{place}/waivers.toml"
        assert slugs(found.notes) == ["gate-edited"]


def test_waivers_that_a_change_makes_unreadable_are_an_edit(folder):
    folder.write("baselines/waivers.toml", WAIVER.format("solve", "+8%"))
    folder.commit()
    folder.write("baselines/waivers.toml", "waiver = 5\n")
    (change,) = edits_in_ab().changes
    assert (change.kind, change.edit) == ("waivers", "unreadable")


def test_waivers_that_nobody_edits_are_no_edit(folder):
    folder.write("baselines/waivers.toml", WAIVER.format("solve", "+8%"))
    folder.commit()
    assert edits_in_ab().changes == ()
    folder.write("baselines/waivers.toml", WAIVER.format("solve", "+8%") + "\n# a comment\n")
    assert edits_in_ab().changes == ()


def test_a_gate_that_refuses_edits_refuses_those_of_waivers_in_a_comparison(folder):
    folder.write("perfgate.toml", 'baseline_changes = "refuse"\n')
    folder.write("baselines/waivers.toml", WAIVER.format("solve", "+8%"))
    folder.commit()
    folder.write("baselines/waivers.toml", WAIVER.format("solve", "+80%"))
    found = edits_in_ab()
    assert slugs(found.problems) == ["gate-edit-refused"]
    assert "waivers" in found.problems[0].message
