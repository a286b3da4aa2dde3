"""The report as data: valid by its published schema, the same when it is read back, refused when tampered with."""

from __future__ import annotations

import json
import math

import jsonschema
import pytest
from gate_cases import finding, verdict
from hypothesis import given
from laws import DEAR_LAWS
from situations import SITUATIONS
from verdicts import VERDICTS

from perfgate import schema
from perfgate.core.errors import CannotDecideError
from perfgate.core.finding import Status
from perfgate.pipeline.report_io import read_report
from perfgate.render import render
from perfgate.render.registry import RENDERERS
from perfgate.report.codec import from_data, to_data
from perfgate.report.compose import compose

VALIDATOR = jsonschema.Draft202012Validator(schema.load("report"))


@DEAR_LAWS
@given(given_verdict=VERDICTS)
def test_any_verdict_is_valid_and_reads_back_to_the_same_bytes(given_verdict):
    data = json.loads(json.dumps(to_data(given_verdict), allow_nan=False))
    VALIDATOR.validate(data)
    again = from_data(data, "report.json")
    assert to_data(again) == data
    for form in (r.format for r in RENDERERS):
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


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sessions_baseline", 0), ("sessions_baseline", 2.0), ("within", 1e308), ("spread", 1e308),
        ("sessions_current", -1.0), ("sessions_current", 5e-324),
    ],
)  # fmt: skip
def test_numbers_that_no_check_writes_are_drawn_as_well(key, value):
    data = to_data(SITUATIONS["too-noisy"]())
    for found in data["findings"]:
        if key in found:
            found[key] = value
        elif found["evidence"]:
            found["evidence"][key] = value
    assert render(compose(from_data(data, "report.json")), "text")


def test_every_fault_of_a_report_is_reported():
    data = to_data(verdict(finding()))
    del data["suite"], data["notes"]
    with pytest.raises(CannotDecideError) as caught:
        from_data(data, "report.json")
    (fault,) = caught.value.diagnostics
    assert fault.message == 'the keys "notes", "suite" are missing'


def test_a_report_on_disk_is_drawn_again(tmp_path):
    document = compose(verdict(finding(Status.SUSPECTED, reason="not-proven")))
    path = tmp_path / "report.json"
    path.write_text(render(document, "json"), encoding="utf-8")
    for form in (r.format for r in RENDERERS):
        assert render(read_report(str(path)), form) == render(document, form)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(CannotDecideError, match="not JSON"):
        read_report(str(path))
