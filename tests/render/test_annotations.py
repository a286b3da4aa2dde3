"""What stands beside the run: the worst rows of each kind, and how many more there are."""

from __future__ import annotations

import pytest
from gate_cases import finding, profile, verdict

from perfgate.core.errors import error, note, warning
from perfgate.core.finding import Status
from perfgate.render.annotations import annotate

ROW = {"baseline": 1.0, "current": 1.3, "change": 0.3, "limit": 0.05, "limit_text": "+5%", "reason": "worse"}


BASE = (profile({"elapsed": [1.0]}),)


def lines(*findings, prefix=None, **more):
    return annotate(verdict(*findings, **more), prefix)


def test_a_row_that_got_worse_says_what_and_what_to_do():
    (line,) = lines(finding(Status.REGRESSED, message="worse than the limit", **ROW), prefix="sub", baseline=BASE)
    assert line.startswith("::error title=perfgate%3A train elapsed p50,file=sub/baselines/class-a/train-")
    assert (
        "::+30.0%25 (limit +5%25), 1 s -> 1.3 s; worse than the limit. Hint: find the change, or make the new" in line
    )
    assert "`" not in line


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (finding(Status.REGRESSED, **ROW), "error"),
        (finding(Status.OVER_BUDGET, **ROW), "error"),
        (finding(Status.MISSING), "error"),
        (finding(Status.NOT_COMPARABLE), "error"),
        (finding(Status.SUSPECTED, **ROW), "warning"),
        (finding(Status.WAIVED, **ROW), "notice"),
        (finding(Status.IMPROVED, **ROW), "notice"),
        (finding(Status.IMPROVED, level="info"), None),
        (finding(Status.ADVISORY), None),
        (finding(Status.NEW), None),
        (finding(), None),
    ],
)
def test_each_status_has_its_level(found, level):
    assert [line.partition(" ")[0] for line in lines(found)] == ([f"::{level}"] if level else [])


def test_a_suspected_row_that_fails_is_an_error():
    assert lines(finding(Status.SUSPECTED), fail_suspected=True)[0].startswith("::error ")


def test_faults_and_warnings_of_the_gate_are_shown_and_notes_are_not():
    found = lines(
        problems=(error("no-runs", "none", place="a\nb", hint="measure"),),
        notes=(warning("gate-edited", "x"), note("n", "y")),
    )
    assert found == (
        "::error title=perfgate%3A no-runs::a b: none. Hint: measure", "::warning title=perfgate%3A gate-edited::x",
    )  # fmt: skip


@pytest.mark.parametrize(("number", "told"), [(0, 0), (9, 9), (10, 10), (11, 10), (500, 10)])
def test_no_level_has_more_than_ten_and_the_last_counts_the_others(number, told):
    rows = [finding(Status.REGRESSED, benchmark=f"b{i:03}", **ROW) for i in range(number)]
    found = lines(*rows)
    assert len(found) == told
    assert [f"perfgate%3A b{i:03} elapsed" in line for i, line in enumerate(found)][:9] == [True] * min(number, 9)
    assert (f"::{number - 9:,} more of this kind" in found[-1]) is (number > 9) if found else not number


@pytest.mark.parametrize(
    "name",
    ["a\n::error::b", "a%0A::error::b", "a\r##[error]b", "a,file=x", "a:b", "\u202eabc", "\x1b[2J", "x" * 10_000],
)
def test_a_hostile_name_makes_one_short_line(name):
    base = (profile({"elapsed": [1.0]}, name=name),)
    (line,) = lines(finding(Status.REGRESSED, benchmark=name, **ROW), prefix="", baseline=base)
    assert len(line) < 1000
    assert line.isprintable()
    assert line.count("::") == 2 + line.partition("::")[2].partition("::")[2].count("::")
    properties = line[2:].partition("::")[0].removeprefix("error ")
    assert [p.partition("=")[0] for p in properties.split(",")] == ["title", "file"]


def test_outside_the_repository_no_file_is_named():
    found = finding(Status.REGRESSED, **ROW)
    assert ",file=baselines/class-a/train-" in lines(found, prefix="", baseline=BASE)[0]
    assert ",file=" not in lines(found, prefix=None, baseline=BASE)[0]
