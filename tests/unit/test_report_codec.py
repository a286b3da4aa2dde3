"""The report as data: valid by its published schema, the same when it is read back, refused when tampered with."""

from __future__ import annotations

import json
import math

import jsonschema
import pytest
from gate_cases import LAWS, finding, verdict
from hypothesis import given
from hypothesis import strategies as st

from perfgate import schema
from perfgate.core.errors import CannotDecideError, Diagnostic
from perfgate.core.finding import Compared, Finding, Status, Suite
from perfgate.pipeline.rerender import read_report
from perfgate.render import FORMATS, VERDICT_FORMATS, render
from perfgate.report.codec import from_data, to_data
from perfgate.report.compose import compose

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.none() | st.floats()
COUNTS = st.integers(0, 10**6)
FINDINGS = st.builds(
    Finding,
    benchmark=WORDS, labels=st.dictionaries(WORDS, WORDS, max_size=2).map(lambda d: tuple(sorted(d.items()))),
    machine_class=WORDS, metric=WORDS, unit=st.sampled_from(["s", "B", "1/s", "1", "widgets", ""]),
    better=st.sampled_from(["lower", "higher"]), statistic=st.sampled_from(["p50", "p95"]),
    status=st.sampled_from(Status), level=st.sampled_from(["fail", "warn", "info"]),
    method=st.sampled_from(["same-session", "across-sessions", "exact", "threshold", "budget", ""]),
    baseline=NUMBERS, current=NUMBERS, change=NUMBERS, interval=st.none() | st.tuples(st.floats(), st.floats()),
    limit=NUMBERS, limit_text=WORDS, n_baseline=COUNTS, n_current=COUNTS, sessions_baseline=COUNTS, visible=NUMBERS,
    reason=st.sampled_from(["worse", "better", "few-runs", "something-else"]) | WORDS, message=WORDS, rule=WORDS,
)  # fmt: skip
DIAGNOSTICS = st.lists(
    st.builds(
        Diagnostic, slug=WORDS.filter(bool), level=st.sampled_from(["error", "warning", "note"]), message=WORDS,
        place=WORDS, hint=WORDS,
    ),
    max_size=2,
).map(tuple)  # fmt: skip
NAMES = st.lists(WORDS, max_size=7).map(tuple)
VERDICTS = st.builds(
    lambda findings, **more: verdict(*findings, **more),
    st.lists(FINDINGS, max_size=4),
    problems=DIAGNOSTICS, notes=DIAGNOSTICS, introduces=st.booleans(), fail_suspected=st.booleans(),
    suite=st.builds(
        Suite, gated=COUNTS, accepted=st.floats(0.001, 0.5), false_alarms=st.none() | st.floats(0, 100),
        failed_runs=COUNTS, baseline_runs=COUNTS, superseded_runs=COUNTS, excluded=NAMES,
    ),
    compared=st.builds(
        Compared, tool=WORDS, policy=WORDS, baselines=WORDS, baseline_commits=NAMES, current_commits=NAMES,
        machine_classes=NAMES, sessions=NAMES, reproduce=WORDS,
    ),
)  # fmt: skip
VALIDATOR = jsonschema.Draft202012Validator(schema.load("report"))


@LAWS
@given(given_verdict=VERDICTS)
def test_any_verdict_is_valid_and_reads_back_to_the_same_bytes(given_verdict):
    data = json.loads(json.dumps(to_data(given_verdict), allow_nan=False))
    VALIDATOR.validate(data)
    again = from_data(data, "report.json")
    assert to_data(again) == data
    for form in (*FORMATS, *VERDICT_FORMATS):
        assert render(compose(given_verdict), form) == render(compose(again), form)


def test_numbers_keep_twelve_digits_and_none_that_json_cannot_say():
    (f,) = to_data(verdict(finding(baseline=1 / 3, current=math.inf, change=math.nan, interval=(0.0, math.inf))))[
        "findings"
    ]
    assert (f["baseline"], f["current"], f["change"], f["interval"]) == (0.333333333333, None, None, None)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        pytest.param({"verdict": "pass"}, "/verdict", id="another-verdict"),
        pytest.param({"exit_code": 0}, "/verdict", id="another-code"),
        pytest.param({"verdict": "pass", "exit_code": 0}, "/verdict", id="both"),
        pytest.param({"verdict": "fine"}, "/verdict", id="no-verdict"),
        pytest.param({"findings": {}}, "/findings", id="no-findings"),
        pytest.param({"more": 1}, "/more", id="an-unknown-key"),
    ],
)
def test_a_report_that_was_tampered_with_is_refused(changes, place):
    data = to_data(verdict(finding(Status.REGRESSED)))
    with pytest.raises(CannotDecideError) as caught:
        from_data({**data, **changes}, "report.json")
    assert [d.place for d in caught.value.diagnostics] == [f"report.json: {place}"]
    assert {d.slug for d in caught.value.diagnostics} == {"report-invalid"}


def test_a_failed_finding_that_was_painted_green_is_refused():
    data = to_data(verdict(finding(Status.REGRESSED)))
    data["findings"][0]["status"] = "unchanged"
    with pytest.raises(CannotDecideError, match="does not follow from the findings"):
        from_data(data, "report.json")


def test_every_fault_of_a_report_is_told():
    data = to_data(verdict(finding()))
    del data["suite"], data["notes"]
    with pytest.raises(CannotDecideError) as caught:
        from_data(data, "report.json")
    assert len(caught.value.diagnostics) == 2


def test_a_report_on_disk_is_drawn_again(tmp_path):
    document = compose(verdict(finding(Status.SUSPECTED, reason="not-proven")))
    path = tmp_path / "report.json"
    path.write_text(render(document, "json"), encoding="utf-8")
    for form in (*FORMATS, *VERDICT_FORMATS):
        assert render(read_report(str(path)), form) == render(document, form)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(CannotDecideError, match="not JSON"):
        read_report(str(path))
