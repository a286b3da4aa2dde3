"""GitLab's code quality report of a verdict: one entry for each fault and for each row that needs a word."""

from __future__ import annotations

import json

import pytest
from gate_cases import finding, profile, session, verdict
from hypothesis import given
from laws import DEAR_LAWS
from msgspec.structs import replace
from verdicts import HOSTILE_NAMES, RICH, VERDICTS

from perfgate.core.errors import error
from perfgate.core.finding import WHOLE_SUITE, Status
from perfgate.render import render
from perfgate.report.compose import compose
from perfgate.store.codec import file_name

TRAIN = file_name("train", ())


def entries(found):
    text = render(compose(found), "codequality")
    assert text.encode()[:1] == b"["
    return json.loads(text)


def compared(found, **more):
    return replace(found, compared=replace(found.compared, **more))


@pytest.mark.parametrize(
    ("status", "severity"),
    [
        (Status.REGRESSED, "critical"), (Status.OVER_BUDGET, "critical"), (Status.MISSING, "blocker"),
        (Status.NOT_COMPARABLE, "blocker"), (Status.INVALID, "blocker"), (Status.SUSPECTED, "major"),
        (Status.ADVISORY, "minor"), (Status.WAIVED, "info"), (Status.NEW, None), (Status.IMPROVED, None),
        (Status.UNCHANGED, None),
    ],
)  # fmt: skip
def test_each_status_has_its_severity(status, severity):
    assert [e["severity"] for e in entries(verdict(finding(status)))] == ([severity] if severity else [])


def test_an_entry_has_all_that_gitlab_asks_for_and_nothing_else():
    (entry,) = entries(verdict(finding(Status.REGRESSED, change=0.2, current=1.2, reason="worse", message="x")))
    assert entry.pop("fingerprint")
    assert entry.pop("description").startswith("train elapsed p50: 1 s -> 1.2 s (+20.0%")
    assert entry == {
        "check_name": "perfgate-regressed", "severity": "critical",
        "location": {"path": "perfgate.toml", "lines": {"begin": 1}},
    }  # fmt: skip


def test_a_suspected_row_that_fails_is_critical():
    assert entries(verdict(finding(Status.SUSPECTED), fail_suspected=True))[0]["severity"] == "critical"


def test_a_check_that_judged_nothing_is_a_blocker_too():
    (entry,) = entries(verdict())
    assert (entry["severity"], entry["check_name"]) == ("blocker", "perfgate-nothing-judged")
    assert entry["description"].startswith("Cannot decide")


def test_a_fault_of_the_whole_check_is_a_blocker():
    (entry,) = entries(verdict(finding(), problems=(error("no-runs", "none", place="outputs", hint="measure"),)))
    assert (entry["severity"], entry["check_name"]) == ("blocker", "perfgate-no-runs")
    assert entry["description"] == "outputs: none. Hint: measure"


def test_a_fingerprint_names_the_row_and_never_its_values():
    def print_of(**more):
        return entries(verdict(finding(Status.REGRESSED, **more)))[0]["fingerprint"]

    same = print_of()
    assert {print_of(**m) for m in ({"current": 9.0, "change": 8.0}, {"reason": "confirmed"}, {"limit": 0.1})} == {same}
    others = [{"benchmark": "b"}, {"metric": "cpu"}, {"statistic": "p95"}, {"machine_class": "b"}, {"method": "budget"},
              {"labels": (("size", "big"),)}]  # fmt: skip
    assert len({print_of(**m) for m in others} | {same}) == len(others) + 1
    assert print_of(labels=(("a", "b"), ("c", "d"))) != print_of(labels=(("a", "b,c=d"),))


def test_entries_of_one_row_have_different_fingerprints():
    told = entries(verdict(finding(Status.REGRESSED), finding(Status.SUSPECTED)))
    assert len({e["fingerprint"] for e in told}) == 2


@pytest.mark.parametrize(
    ("baselines", "policy", "path"),
    [
        pytest.param("baselines", "perfgate.toml", f"baselines/class-a/{TRAIN}", id="a folder"),
        pytest.param("./baselines/", "perfgate.toml", f"baselines/class-a/{TRAIN}", id="a folder, spelled at length"),
        pytest.param("origin/main:baselines", "x.toml", f"baselines/class-a/{TRAIN}", id="of another commit"),
        pytest.param("base.json", "perfgate.toml", "base.json", id="a file"),
        pytest.param("/elsewhere/baselines", "perfgate.toml", "perfgate.toml", id="outside"),
        pytest.param("../baselines", "main:suite/perfgate.toml", "suite/perfgate.toml", id="above"),
        pytest.param("../baselines", "built-in defaults", "perfgate.toml", id="no file at all"),
        pytest.param("", "not read", "perfgate.toml", id="nothing read"),
    ],
)
def test_an_entry_lies_at_the_baselines_file_else_at_the_configuration(baselines, policy, path):
    base = profile({"elapsed": {"s1": [1.0]}})
    found = compared(verdict(finding(Status.REGRESSED), baseline=(base,)), baselines=baselines, policy=policy)
    assert entries(found)[0]["location"]["path"] == path


def test_what_is_compared_in_turns_has_no_baselines_file():
    base = replace(profile({"elapsed": {"s1": [1.0]}}), sessions=(session("s1/ab-1"),))
    assert entries(verdict(finding(Status.REGRESSED), baseline=(base,)))[0]["location"]["path"] == "perfgate.toml"


@pytest.mark.parametrize(
    "more",
    [{"benchmark": WHOLE_SUITE}, {"method": "budget"}, {"labels": (("a", "b"),)}, {"machine_class": "b"}],
    ids=str,
)
def test_what_no_baselines_file_holds_lies_at_the_configuration(more):
    found = verdict(finding(Status.REGRESSED, **more), baseline=(profile({"elapsed": {"s1": [1.0]}}),))
    assert entries(found)[0]["location"]["path"] == "perfgate.toml"


@pytest.mark.parametrize("hostile", HOSTILE_NAMES, ids=ascii)
def test_a_hostile_name_leaves_the_report_readable(hostile):
    told = entries(
        verdict(
            finding(Status.REGRESSED, benchmark=hostile, metric=hostile, message=hostile),
            problems=(error("no-runs", hostile, place=hostile),),
        )
    )
    assert len(told) == 2
    assert all(e["description"].isprintable() for e in told)


@DEAR_LAWS
@given(found=VERDICTS)
def test_any_verdict_that_is_no_pass_has_an_entry_and_each_its_own_fingerprint(found):
    told = entries(found)
    assert len({e["fingerprint"] for e in told}) == len(told)
    if found.exit_code != 0:
        assert {"critical", "blocker"} & {e["severity"] for e in told}


def test_a_rich_verdict_tells_worst_first():
    assert [e["severity"] for e in entries(RICH)][:3] == ["blocker", "blocker", "critical"]
