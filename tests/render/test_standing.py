"""The comment that stands: a red one is never replaced by the words that nothing was measured."""

from __future__ import annotations

import pytest
import situations
from gate_cases import verdict as plain_verdict
from msgspec.structs import replace

from perfgate.core.finding import Skipped
from perfgate.render.comment import CHARACTERS, comment
from perfgate.report.verdict.rounding import round_numbers

RUN = "https://github.com/o/r/actions/runs/7"
SKIPPED = replace(plain_verdict(), findings=(), problems=(), skipped=Skipped(changed=3, paths=("src/**", "!src/a`b/*")))
WHY = '--paths "src/**" --paths "!src/a`b/*"'


def drawn(*suites, standing="", ident="default"):
    return comment([(name, round_numbers(v)) for name, v in suites], ident=ident, run_page=RUN, standing=standing)


def test_a_skipped_report_is_one_line_below_the_marker():
    marker, line, *rest = drawn(("", SKIPPED)).split("\n")
    assert marker == "<!-- perfgate:v1 id=default -->"
    assert line == f"⏭️ perfgate: Not measured: none of the 3 changed files is among ``{WHY}``."
    assert rest == [""]
    assert drawn(("", SKIPPED), ident="api").split("\n")[1].startswith("⏭️ perfgate (api): Not measured: ")


@pytest.mark.parametrize("situation", [situations.regression, situations.undecided])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_red_comment_stays_with_one_line_that_newer_commits_were_not_measured(situation, line_end):
    red = drawn(("", situation()))
    after = drawn(("", SKIPPED), standing=red.replace("\n", line_end))
    note = (
        "> ⏭️ This report is of an earlier commit. The newest one: not measured: none of the 3 changed files is among "
    )
    heading = red.split("\n")[1]
    assert after.split("\n")[:4] == [red.split("\n")[0], heading, "", f"{note}``{WHY}``."]
    assert after.replace(f"{heading}\n\n{after.splitlines()[3]}\n", f"{heading}\n") == red
    fewer = replace(SKIPPED, skipped=Skipped(changed=0, paths=("a",)))
    again = drawn(("", fewer), standing=after)
    assert again.count("> ⏭️") == 1
    assert "no file differs from the base" in again
    assert drawn(("", SKIPPED), standing=again) == after


def test_a_green_comment_and_one_that_stays_no_more_are_replaced():
    line = drawn(("", SKIPPED))
    assert drawn(("", SKIPPED), standing=drawn(("", situations.passing()))) == line
    assert drawn(("", SKIPPED), standing="<!-- perfgate:v1 id=default -->") == line
    red = drawn(("", SKIPPED), standing=drawn(("", situations.regression())))
    measured = drawn(("", situations.passing()))
    assert drawn(("", situations.passing()), standing=red) == measured


def test_of_several_suites_the_red_section_of_one_that_was_not_measured_stays_and_counts():
    standing = drawn(("docs `x`", situations.regression()), ("api", situations.regression()))
    body = drawn(("docs `x`", SKIPPED), ("api", situations.passing()), ("web", SKIPPED), standing=standing)
    headings = [line for line in body.splitlines() if line.startswith("##")]
    assert headings == [
        "## ❌ perfgate: 1 of 3 suites regressed",
        "### ❌ `` docs `x` ``: 3 performance regressions",
        "### ✅ `api`: no performance regressions",
        "### ⏭️ `web`: skipped",
    ]
    assert body.count("> ⏭️ This report is of an earlier commit.") == 1
    later = drawn(("docs `x`", SKIPPED), ("api", SKIPPED), ("web", SKIPPED), standing=body)
    assert later.count("> ⏭️ This report is of an earlier commit.") == 2
    assert [line for line in later.splitlines() if line.startswith("##")] == headings
    measured = drawn(("docs `x`", situations.passing()), ("api", SKIPPED), ("web", SKIPPED), standing=later)
    assert measured.splitlines()[1] == "## ✅ perfgate: no performance regressions in 1 suite, 2 not measured"


def test_suites_that_were_all_skipped_are_summed_up_as_such():
    body = drawn(("a", SKIPPED), ("b", SKIPPED))
    assert body.splitlines()[1] == "## ⏭️ perfgate: 2 suites were not measured"


def test_sections_that_stay_are_cut_to_their_verdict_where_not_all_fits():
    large = round_numbers(situations.named(f"{'x' * 150}{i}" for i in range(20)))
    standing = drawn(*[(f"s{i}", large) for i in range(6)])
    assert len(standing) > CHARACTERS * 0.7
    new = [(f"t{i:02}", large) for i in range(20)]
    body = drawn(*[(f"s{i}", SKIPPED) for i in range(6)], *new, standing=standing)
    assert len(body) <= CHARACTERS
    assert body.splitlines()[1] == "## ❌ perfgate: 26 of 26 suites regressed"
    assert body.count("> ⏭️ This report is of an earlier commit.") == 6
    assert body.count("### ❌ `s") == 6


def test_one_check_of_a_job_that_was_skipped_keeps_a_red_comment_though_the_other_passes():
    red = drawn(("", situations.regression()))
    passing = [("", round_numbers(situations.passing()))]
    after = comment(passing, ident="default", run_page=RUN, standing=red, skipped={"": SKIPPED})
    assert after.split("\n")[1] == red.split("\n")[1]
    assert "earlier commit" in after
    assert comment(passing, ident="default", run_page=RUN, standing=red, skipped={"": None}) != after
    worse = comment([("", round_numbers(situations.undecided()))], ident="default", run_page=RUN, standing=red,
                    skipped={"": SKIPPED})  # fmt: skip
    assert "earlier commit" not in worse


def test_a_suite_that_the_red_comment_does_not_show_may_be_what_it_is_red_for():
    red = drawn(("", situations.regression()))  # of one suite, which has no name there
    after = drawn(("a", SKIPPED), ("b", situations.passing()), standing=red)
    assert after.split("\n")[1] == red.split("\n")[1]
    many = drawn(*((f"s{n:02}", situations.regression()) for n in range(80)))
    hidden = [f"s{n:02}" for n in range(80) if f" s{n:02}: " not in many]
    assert hidden
    now = [(f"s{n:02}", SKIPPED if f"s{n:02}" in hidden else situations.passing()) for n in range(80)]
    assert drawn(*now, standing=many).split("\n")[1] == many.split("\n")[1]
    shown = drawn(("a", situations.passing()), ("b", situations.regression()))
    assert drawn(("a", SKIPPED), ("b", situations.passing()), standing=shown).split("\n")[1].startswith("## ✅")
