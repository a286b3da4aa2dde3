"""JUnit XML of a verdict, held against Jenkins' own schema and read by a foreign reader."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from gate_cases import finding, verdict
from hypothesis import given
from hypothesis import strategies as st
from laws import DEAR_LAWS
from verdicts import HOSTILE_NAMES, RICH, VERDICTS

from perfgate.core.errors import error, note, warning
from perfgate.core.finding import Status
from perfgate.core.gate_changes import GateChange, Move
from perfgate.render import render
from perfgate.report.compose import compose

XSD = Path(__file__).parent.parent / "data" / "junit" / "junit-10.xsd"


def junit(found, flavor="junit"):
    return render(compose(found), flavor)


def cases(found, flavor="junit"):
    """Return (classname, name) -> outcome of each test case."""
    seen = {}
    for case in ET.fromstring(junit(found, flavor)).iter("testcase"):  # noqa: S314 - our own text
        outcome = next((c.tag for c in case if c.tag != "system-out"), "passed")
        assert (case.get("classname"), case.get("name")) not in seen
        seen[case.get("classname"), case.get("name")] = outcome
    return seen


def faults(text):
    """Return what xmllint says against a text; empty when it is valid."""
    program = shutil.which("xmllint")
    if program is None:
        pytest.skip("xmllint is not installed (Debian: libxml2-utils)")
    done = subprocess.run(
        [program, "--noout", "--nonet", "--schema", str(XSD), "-"], input=text.encode(), capture_output=True,
        check=False, timeout=60,
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stderr.decode()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (Status.REGRESSED, "failure"), (Status.OVER_BUDGET, "failure"), (Status.MISSING, "error"),
        (Status.NOT_COMPARABLE, "error"), (Status.INVALID, "error"), (Status.NEW, "skipped"),
        (Status.SUSPECTED, "passed"), (Status.ADVISORY, "passed"), (Status.WAIVED, "passed"),
        (Status.IMPROVED, "passed"), (Status.UNCHANGED, "passed"),
        (Status.WITHIN_NOISE, "passed"), (Status.TOO_NOISY, "passed"),
    ],
)  # fmt: skip
def test_each_status_has_its_outcome(status, outcome):
    assert cases(verdict(finding(status))) == {("train", "elapsed p50"): outcome}


def test_a_suspected_row_fails_when_the_configuration_says_so():
    assert set(cases(verdict(finding(Status.SUSPECTED), fail_suspected=True)).values()) == {"failure"}


@pytest.mark.parametrize("status", [Status.SUSPECTED, Status.TOO_NOISY, Status.ADVISORY, Status.WAIVED])
def test_a_row_that_passes_with_a_word_says_it_in_system_out(status):
    found = verdict(finding(status, reason="not-proven", change=0.2, current=1.2, message="x"))
    (output,) = [e.text for e in ET.fromstring(junit(found)).iterfind(".//testcase/system-out")]  # noqa: S314 - our own
    assert output.splitlines()[0].startswith("1 s -> 1.2 s (+20.0%")
    assert output.splitlines()[-1] == f"Status: {status}"


def test_faults_of_the_whole_check_are_errors():
    found = verdict(finding(), problems=(error("no-runs", "none", place="a"), error("no-runs", "none", place="b")))
    assert cases(found) == {
        ("perfgate", "no-runs"): "error", ("perfgate", "no-runs (2)"): "error", ("train", "elapsed p50"): "passed",
    }  # fmt: skip


def test_a_check_that_judged_nothing_is_an_error_too():
    assert cases(verdict()) == {("perfgate", "nothing-judged"): "error"}


def test_rows_that_would_share_a_name_get_names_of_their_own():
    budget = {"method": "budget", "baseline": None, "change": None}
    found = verdict(finding(), finding(), finding(**budget), finding(**budget))
    assert [name for _, name in cases(found)] == [
        "elapsed p50", "elapsed p50 (2)", "elapsed p50 budget", "elapsed p50 budget (2)",
    ]  # fmt: skip


def test_the_class_of_machine_is_named_only_where_there_are_several():
    both = verdict(finding(), finding(machine_class="class-b"))
    assert [name for _, name in cases(both)] == ["elapsed p50 on class-a", "elapsed p50 on class-b"]


def test_the_counts_and_the_times_are_those_of_the_cases():
    root = ET.fromstring(junit(RICH))  # noqa: S314 - our own text
    listed = list(cases(RICH).values())
    for element in (root, root[0]):
        assert element.get("tests") == str(len(listed))
        assert element.get("failures") == str(listed.count("failure"))
        assert element.get("errors") == str(listed.count("error"))
    assert root[0].get("skipped") == str(listed.count("skipped"))
    times = [float(c.get("time")) for c in root.iter("testcase")]
    assert float(root.get("time")) == pytest.approx(sum(times), abs=0.005)
    assert times[2] == 0.014  # the current median of its elapsed time


def test_the_headline_and_the_notes_stand_in_the_suites_output():
    found = verdict(finding(), notes=(note("run-copies", "2 files are copies"),))
    output = ET.fromstring(junit(found)).findtext("testsuite/system-out")  # noqa: S314 - our own text
    first, last = output.splitlines()
    assert first.startswith("No performance regressions. 1 gated value, not significantly worse.")
    assert last == "2 files are copies"


def test_what_a_change_does_to_its_gate_stands_right_below_the_headline():
    edit = warning("gate-edited", "this change edits 1 baseline", place="baselines", hint="review it")
    move = Move(what="elapsed p50", unit="s", before=1.0, after=2.0, change=1.0, laxer=True)
    moved = GateChange(
        kind="baseline", edit="changed", path="baselines/a.json", name="train", machine_class="class-a", moves=(move,)
    )
    found = verdict(finding(), notes=(note("run-copies", "2 files are copies"), edit), gate_changes=(moved,))
    output = ET.fromstring(junit(found)).findtext("testsuite/system-out").splitlines()  # noqa: S314 - our own text
    assert output[1].startswith("baselines: this change edits 1 baseline")
    assert output[2:] == [
        "train (class-a) changed: elapsed p50 1 s \u2192 2 s (+100%, lets more pass)", "2 files are copies",
    ]  # fmt: skip


def test_gitlabs_flavor_names_files_and_jenkins_does_not():
    found = verdict(finding(), finding(Status.NEW, benchmark="fresh"))
    assert " file=" not in junit(found)
    assert junit(found, "junit-gitlab").count(' file="perfgate.toml"') == 2
    assert junit(found, "junit-gitlab").replace(' file="perfgate.toml"', "") == junit(found)


@pytest.mark.tools
@pytest.mark.parametrize("found", [RICH, verdict(), verdict(finding())], ids=["rich", "nothing", "pass"])
def test_a_report_is_valid_by_jenkins_schema(found):
    assert faults(junit(found)) == ""


@pytest.mark.tools
def test_the_schema_finds_faults_at_all():
    assert "time" in faults(junit(RICH).replace('skipped="1" time="', 'skipped="1" time="NaN'))
    assert "file" in faults(junit(RICH, "junit-gitlab"))


@pytest.mark.tools
@pytest.mark.parametrize("hostile", HOSTILE_NAMES, ids=ascii)
def test_a_hostile_name_leaves_the_report_valid(hostile):
    found = verdict(
        *(finding(s, benchmark=hostile, metric=hostile, message=hostile, labels=((hostile, hostile),)) for s in Status),
        problems=(error("no-runs", hostile, place=hostile, hint=hostile),),
    )
    for flavor in ("junit", "junit-gitlab"):
        text = junit(found, flavor)
        assert text.encode()
        assert len(cases(found, flavor)) == len(Status) + 1
    assert faults(junit(found)) == ""


@pytest.mark.tools
def test_numbers_beyond_all_measure_leave_the_report_valid():
    found = verdict(*(finding(current=v, benchmark=str(v)) for v in (1e308, 1e300, 5e-324, -1.0, 0.0)))
    assert faults(junit(found)) == ""


@DEAR_LAWS
@given(found=VERDICTS)
def test_any_verdict_is_well_formed_and_green_only_when_it_passed(found):
    outcomes = set(cases(found).values())
    assert ("error" in outcomes) == (found.exit_code == 2)
    assert "failure" in outcomes or found.exit_code != 1
    assert not outcomes & {"failure", "error"} or found.exit_code != 0


@given(words=st.text(max_size=40))
@DEAR_LAWS
def test_any_name_is_well_formed(words):
    assert len(cases(verdict(finding(Status.REGRESSED, benchmark=words, message=words)))) == 1


def test_a_foreign_reader_sees_the_same():
    reader = pytest.importorskip("junitparser", reason="junitparser is not installed")
    (suite,) = reader.JUnitXml.fromstring(junit(RICH).encode())
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (19, 4, 5, 1)
    worst = next(c for c in suite if c.classname.startswith("portfolio"))
    assert worst.result[0].message.startswith("12.3 ms -> 14.1 ms (+14.6%")
    assert worst.time == 0.014
