"""OpenMetrics text of a verdict, read by the reference parser and by that of the older format."""

from __future__ import annotations

import re

import pytest
from gate_cases import finding, verdict
from hypothesis import given
from hypothesis import strategies as st
from laws import DEAR_LAWS
from verdicts import HOSTILE_NAMES, RICH, VERDICTS

from perfgate.core.errors import error
from perfgate.core.finding import HOLDS, WHOLE_SUITE, Status
from perfgate.render import render
from perfgate.report.compose import compose

BUDGET = {"method": "budget", "baseline": None, "change": None, "limit": 0.1, "limit_text": "< 100ms"}

SPOILERS = [*HOSTILE_NAMES, "\\", "a\\", '\\"', "\\n", '"} 1\n# EOF\nx{a="', "# EOF"]


def openmetrics(found):
    return render(compose(found), "openmetrics")


def samples(found, name):
    """Return labels -> value of each sample of a name, as written."""
    lines = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", openmetrics(found), re.MULTILINE)
    return dict(lines)


def parsed(text):
    """Return (name, labels) -> value as the reference parser reads it."""
    parser = pytest.importorskip("prometheus_client.openmetrics.parser", reason="prometheus-client is not installed")
    families = list(parser.text_string_to_metric_families(text))
    found = {(s.name, tuple(s.labels.items())): s.value for f in families for s in f.samples}
    assert len(found) == sum(len(f.samples) for f in families)
    return found


def labels(check="change", **more):
    return ",".join(
        f'{k}="{v}"'
        for k, v in {
            "benchmark": "train", "metric": "elapsed", "statistic": "p50", "machine_class": "class-a", "check": check,
            **more,
        }.items()
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "word", "code"),
    [
        (verdict(finding()), "pass", "0"), (verdict(finding(Status.REGRESSED)), "regression", "1"),
        (verdict(finding(Status.MISSING)), "error", "2"), (verdict(), "error", "2"),
    ],
    ids=["pass", "regression", "missing", "nothing"],
)  # fmt: skip
def test_the_verdict_is_one_of_four(found, word, code):
    assert samples(found, "perfgate_exit_code") == {"": code}
    told = {f'verdict="{w}"': str(int(w == word)) for w in ("pass", "regression", "error", "skipped")}
    assert samples(found, "perfgate_verdict") == told


def test_rows_are_counted_by_every_status_and_faults_too():
    found = verdict(finding(), finding(benchmark="b"), finding(Status.NEW), problems=(error("no-runs", "none"),))
    counts = samples(found, "perfgate_rows")
    assert counts == {f'status="{s}"': {"unchanged": "2", "new": "1"}.get(s, "0") for s in Status}
    assert samples(found, "perfgate_faults") == {"": "1"}
    assert samples(found, "perfgate_gate_changes") == {"": "0"}


def test_a_row_states_its_numbers_in_base_units():
    found = verdict(finding(Status.REGRESSED, current=1.23456789, change=0.23456789))
    assert samples(found, "perfgate_baseline_seconds") == {labels(): "1"}
    assert samples(found, "perfgate_current_seconds") == {labels(): "1.235"}
    assert samples(found, "perfgate_change_ratio") == {labels(): "0.2346"}
    assert samples(found, "perfgate_limit_ratio") == {labels(): "0.05"}
    assert samples(found, "perfgate_row_status") == {labels(status="regressed"): "1"}


@pytest.mark.parametrize(
    ("unit", "name"),
    [("s", "_seconds"), ("B", "_bytes"), ("1/s", "_per_second"), ("1", ""), ("pages", "")],
    ids=["s", "B", "1/s", "1", "unknown"],
)
def test_each_unit_has_its_name(unit, name):
    assert samples(verdict(finding(unit=unit)), f"perfgate_baseline{name}") == {labels(): "1"}


def test_a_budget_states_its_limit_in_the_unit_of_the_metric():
    found = verdict(finding(Status.OVER_BUDGET, **{**BUDGET, "current": 0.2}))
    assert samples(found, "perfgate_budget_seconds") == {labels("budget"): "0.1"}
    assert samples(found, "perfgate_current_seconds") == {labels("budget"): "0.2"}
    assert "perfgate_limit_ratio" not in openmetrics(found)


@pytest.mark.parametrize("more", [{}, BUDGET], ids=["threshold", "budget"])
@DEAR_LAWS
@given(current=st.floats(0.01, 100.0), change=st.floats(-0.5, 0.5), status=st.sampled_from(sorted(HOLDS)))
def test_a_row_without_a_significant_change_is_the_same_text_whatever_was_measured(more, current, change, status):
    one = finding(status, **{**more, "current": 1.0})
    two = finding(status, **{"change": change, **more, "current": current})
    assert openmetrics(verdict(one)) == openmetrics(verdict(two))


@pytest.mark.parametrize(
    ("change", "limit", "text"),
    [
        (0.05001, 0.05, "0.05001"), (0.0500001, 0.05, "0.0500001"), (0.14634146, 0.05, "0.1463"),
        (-0.0500001, -0.05, "-0.0500001"), (0.03334, 0.0333333, "0.03334"), (0.033333400001, 0.0333333, "0.0333334"),
    ],
)  # fmt: skip
def test_a_change_beyond_its_limit_is_never_rounded_to_it(change, limit, text):
    found = verdict(finding(Status.REGRESSED, change=change, limit=limit))
    assert samples(found, "perfgate_change_ratio") == {labels(): text}


def test_rows_that_would_share_their_labels_are_numbered():
    assert samples(verdict(finding(), finding()), "perfgate_change_ratio") == {labels(): "0", labels(number="2"): "0"}


@pytest.mark.parametrize("found", [RICH, verdict(), verdict(finding())], ids=["rich", "nothing", "pass"])
def test_the_reference_parser_reads_it_all(found):
    text = openmetrics(found)
    assert text.endswith("\n# EOF\n")
    read = parsed(text)
    assert len(read) == sum(not line.startswith("#") for line in text.splitlines())
    assert read["perfgate_exit_code", ()] == int(found.exit_code)


def test_the_reference_parser_finds_faults_at_all():
    for text in (openmetrics(RICH).replace("# EOF\n", ""), openmetrics(RICH).replace('"train"', '"train')):
        with pytest.raises(ValueError):
            parsed(text)


def test_the_parser_of_the_older_format_reads_the_same():
    older = pytest.importorskip("prometheus_client.parser", reason="prometheus-client is not installed")
    families = older.text_string_to_metric_families(openmetrics(RICH))
    assert {(s.name, tuple(s.labels.items())): s.value for f in families for s in f.samples} == parsed(
        openmetrics(RICH)
    )


@pytest.mark.parametrize(
    "hostile", [*HOSTILE_NAMES, "\\", "a\\", '\\"', "\\n", '"} 1\n# EOF\nx{a="', "# EOF"], ids=ascii
)
def test_a_hostile_name_reads_back_as_itself_or_as_what_can_be_shown(hostile):
    found = verdict(*(finding(s, benchmark=hostile, metric=hostile) for s in (*Status, *Status)))
    text = openmetrics(found)
    assert text.encode()
    names = {dict(told).get("metric") for _, told in parsed(text)} - {None}
    assert names == {"".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in hostile)}


@DEAR_LAWS
@given(found=VERDICTS)
def test_any_verdict_can_be_read(found):
    assert parsed(openmetrics(found))["perfgate_exit_code", ()] == int(found.exit_code)


def test_the_whole_suite_is_a_row_like_others():
    found = verdict(finding(Status.REGRESSED, benchmark=WHOLE_SUITE, baseline=None, current=None, change=0.1))
    assert samples(found, "perfgate_change_ratio") == {labels(benchmark=WHOLE_SUITE): "0.1"}
