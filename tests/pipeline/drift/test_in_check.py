"""The inputs in `perfgate check`: times say that inputs differ, and drift fails where it is asked to."""

from __future__ import annotations

import json

import pytest
from check_cases import CALM, baseline, outside_ci, slugs
from drift_cases import draw, summary_of
from msgspec.structs import replace

from perfgate.core.finding import Status
from perfgate.gate.drift.in_check import DIFFER, INPUTS
from perfgate.report.codec import from_data, to_data
from perfgate.report.compose import compose
from perfgate.store.drift.reference import encode

GOOD, BAD = ["good"] * 300, ["bad"] * 300


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder outside CI."""
    (tmp_path / ".git").mkdir()
    return outside_ci(tmp_path, monkeypatch)


def prepare(folder, now, level="warn", *, reference=True):
    folder.baseline(baseline())
    folder.runs(CALM)
    folder.write("perfgate.toml", f'[drift]\nsamples = ["now.jsonl"]\nlevel = "{level}"\n')
    if reference:
        folder.write("baselines/input-reference.json", encode(summary_of({"history": GOOD})).decode())
    if now is not None:
        folder.write("now.jsonl", "".join(f"{json.dumps({'history': v})}\n" for v in now))
    return folder.check()


def marked(verdict):
    return {(f.metric, f.unit) for f in verdict.findings if DIFFER in f.message}


@pytest.mark.parametrize(("level", "code"), [("fail", 1), ("warn", 0), ("info", 0)])
def test_where_inputs_drifted_each_time_says_so_and_level_fail_fails(folder, level, code):
    verdict = prepare(folder, BAD, level)
    assert verdict.exit_code == code
    assert marked(verdict) == {("elapsed", "s")}
    (remark,) = [d for d in verdict.notes if d.slug == "inputs-differ"]
    assert (remark.level, "history" in remark.message) == ("note" if level == "info" else "warning", True)
    of_inputs = [f for f in verdict.findings if f.benchmark == INPUTS]
    assert [(f.status, f.reason) for f in of_inputs] == [(Status.OVER_BUDGET, "inputs-drifted")] * (level == "fail")


def test_inputs_that_did_not_drift_say_nothing_and_are_one_gated_value_at_level_fail(folder):
    verdict = prepare(folder, GOOD, "fail")
    assert (verdict.exit_code, marked(verdict)) == (0, set())
    assert [f.status for f in verdict.findings if f.benchmark == INPUTS] == [Status.UNCHANGED]
    assert "inputs-differ" not in slugs(verdict.notes)


@pytest.mark.parametrize(("level", "code"), [("fail", 2), ("warn", 0), ("info", 0)])
@pytest.mark.parametrize(
    ("now", "slug"),
    [
        pytest.param(GOOD[:100], "drift-insufficient", id="few-rows"),
        pytest.param(None, "drift-no-samples", id="no-samples"),
    ],
)
def test_samples_that_decide_nothing_are_exit_code_2_where_drift_fails_and_else_a_warning(
    folder, now, slug, level, code
):
    folder.write("perfgate.toml", "")
    verdict = prepare(folder, now, level)
    assert verdict.exit_code == code
    found = verdict.problems if code else verdict.notes
    assert [(d.slug, d.level) for d in found if d.slug.startswith(("drift", "runs"))] == [
        (slug if now else ("runs-unreadable"), "error" if code else "warning")
    ]


@pytest.mark.parametrize(("level", "code"), [("fail", 2), ("warn", 0)])
def test_a_check_of_the_samples_that_the_reference_was_made_of_says_so(folder, level, code):
    prepare(folder, GOOD, level)
    columns = {"age": draw("normal", 300, 1)}
    folder.write("baselines/input-reference.json", encode(summary_of(columns)).decode())
    folder.write("now.jsonl", "".join(f"{json.dumps({'age': v})}\n" for v in columns["age"]))
    verdict = folder.check()
    assert verdict.exit_code == code
    assert "drift-same-samples" in slugs(verdict.problems if code else verdict.notes)


@pytest.mark.parametrize("level", ["fail", "warn", "info"])
def test_a_reference_that_a_policy_asks_for_must_be_there_and_sound(folder, level):
    assert slugs(prepare(folder, GOOD, level, reference=False).problems) == ["drift-no-reference"]
    folder.write("baselines/input-reference.json", '{"schema": "perfgate/drift-reference/9"}')
    verdict = folder.check()
    assert (verdict.exit_code, slugs(verdict.problems)) == (2, ["drift-reference-version"])


def test_a_report_with_inputs_survives_its_own_file_and_a_status_that_was_edited_does_not(folder):
    verdict = prepare(folder, BAD, "fail")
    again = from_data(to_data(verdict), "report.json")
    assert [(f.key, f.status, f.message) for f in again.findings] == [
        (f.key, f.status, f.message) for f in verdict.findings
    ]
    edited = replace(
        verdict,
        findings=tuple(replace(f, status=Status.UNCHANGED, reason="inputs-same") for f in verdict.findings),
    )
    with pytest.raises(Exception, match="breaks its budget"):
        from_data(to_data(edited), "report.json")


def test_the_first_lines_of_the_report_say_that_inputs_differ(folder):
    document = compose(prepare(folder, BAD))
    words = "".join(span.text for block in document.blocks[:3] for span in getattr(block, "line", ()))
    assert "the inputs differ from their reference: history" in words


def test_inputs_alone_judge_nothing(folder):
    verdict = prepare(folder, BAD, "fail")
    assert (INPUTS, "inputs-drifted") in {(f.benchmark, f.reason) for f in verdict.findings}
    for path in folder.path.glob("**/*.json"):
        if "input-reference" not in path.name:
            path.unlink()
    nothing = folder.check()
    assert nothing.exit_code == 2
    assert INPUTS not in {f.benchmark for f in nothing.findings}


def rewrite(folder, values):
    folder.write("baselines/input-reference.json", encode(summary_of({"history": values})).decode())


@pytest.mark.parametrize(
    ("edit", "edits"),
    [
        pytest.param(lambda folder: None, [], id="none"),
        pytest.param(lambda folder: rewrite(folder, BAD), ["changed"], id="changed"),
        pytest.param(
            lambda folder: (folder.path / "baselines/input-reference.json").unlink(), ["removed"], id="removed"
        ),
    ],
)
def test_a_change_that_edits_the_reference_is_judged_by_that_of_the_commit_and_named(folder, edit, edits):
    (folder.path / ".git").rmdir()
    prepare(folder, BAD, "fail")
    folder.commit()
    edit(folder)
    verdict = folder.check(baseline_ref="HEAD")
    assert (verdict.exit_code, marked(verdict)) == (1, {("elapsed", "s")})
    assert [(c.kind, c.edit, c.path) for c in verdict.gate_changes] == [
        ("inputs", edit, "baselines/input-reference.json") for edit in edits
    ]
    told = [d.message for d in verdict.notes if d.slug == "gate-edited"]
    assert [("the reference of the inputs" in message) for message in told] == [True] * len(edits)


def test_a_reference_that_the_change_adds_is_none_of_the_commit(folder):
    (folder.path / ".git").rmdir()
    prepare(folder, GOOD, "warn", reference=False)
    folder.commit()
    rewrite(folder, GOOD)
    verdict = folder.check(baseline_ref="HEAD")
    assert [(c.kind, c.edit) for c in verdict.gate_changes] == [("inputs", "added")]
    assert slugs(verdict.problems) == ["drift-no-reference"]
    assert verdict.problems[0].place == "HEAD:baselines/input-reference.json"


def test_a_policy_without_samples_compares_none_and_its_reference_is_no_part_of_the_gate(folder):
    (folder.path / ".git").rmdir()
    prepare(folder, BAD, "fail")
    folder.write("perfgate.toml", "")
    folder.commit()
    rewrite(folder, BAD)
    verdict = folder.check(baseline_ref="HEAD")
    assert (verdict.exit_code, verdict.gate_changes, marked(verdict)) == (0, (), set())
