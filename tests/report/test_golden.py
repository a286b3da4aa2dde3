"""The report of a rich verdict, word for word; what came out instead is left beside the golden file."""

from __future__ import annotations

from pathlib import Path

import pytest
from gate_cases import finding, verdict
from verdicts import RICH

from perfgate.core.errors import error
from perfgate.core.finding import WHOLE_SUITE, Compared, Status, Suite
from perfgate.render import render
from perfgate.report.compose import compose
from perfgate.report.document import Document, Fold, Heading, Span, Table

GOLDEN = Path(__file__).parent.parent / "golden"
FORMS = {"report.md": "markdown", "report.txt": "text", "report.json": "json"}


@pytest.mark.parametrize(("name", "form"), list(FORMS.items()), ids=list(FORMS))
def test_a_rich_verdict_reads_as_agreed(name, form):
    expected, actual = GOLDEN / name, GOLDEN / f"{name}.actual"
    found = render(compose(RICH), form)
    agreed = expected.read_text(encoding="utf-8") if expected.exists() else None
    if found == agreed:
        actual.unlink(missing_ok=True)
    else:
        actual.write_text(found, encoding="utf-8")
    assert found == agreed, f"compare {actual.name} with {name} in tests/golden"


def first_line(found):
    """Return the headline of a verdict in plain words."""
    return "".join(span.text for span in compose(found).blocks[0].line)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param(verdict(), "Cannot decide: nothing was measured.", id="nothing"),
        pytest.param(
            RICH,
            "Cannot decide: 2 faults, 3 values could not be judged, 4 values regressed. Fix the first item below.",
            id="all",
        ),
        pytest.param(verdict(finding(Status.MISSING)), "Cannot decide: 1 value could not be judged.", id="missing"),
        pytest.param(
            verdict(finding(Status.REGRESSED), finding()), "Regression: 1 of 2 gated values regressed.", id="regressed"
        ),
        pytest.param(
            verdict(finding(Status.REGRESSED), finding(Status.REGRESSED, benchmark=WHOLE_SUITE)),
            "Regression: 1 of 1 gated value regressed, and all benchmarks together.",
            id="regressed-and-all-together",
        ),
        pytest.param(
            verdict(finding(), finding(Status.REGRESSED, benchmark=WHOLE_SUITE)),
            "Regression: 0 of 1 gated value regressed, but all benchmarks together did.",
            id="all-together-only",
        ),
        pytest.param(verdict(finding()), "Pass: 1 gated value measured, none regressed.", id="pass"),
        pytest.param(
            verdict(finding(Status.IMPROVED, reason="better"), finding(benchmark="score")),
            "Pass: 2 gated values measured, none regressed, 1 improved.",
            id="improved",
        ),
        pytest.param(
            verdict(finding(Status.IMPROVED, reason="better"), finding(Status.SUSPECTED, benchmark="score")),
            "none regressed, 1 improved. 1 value is suspected: see below.",
            id="improved-and-suspected",
        ),
        pytest.param(
            verdict(finding(Status.SUSPECTED)), "none regressed. 1 value is suspected: see below.", id="suspected"
        ),
        pytest.param(
            verdict(finding(reason="below-least"), finding(reason="below-least")),
            "Pass: every gated value is shorter than --min-time, so that the check cannot fail.",
            id="all-below-the-least-time",
        ),
        pytest.param(
            verdict(finding(Status.ADVISORY, reason="budget-of-few-calls", method="budget")),
            "none regressed. 1 value is suspected: see below.",
            id="a-budget-that-is-not-proven-broken",
        ),
        pytest.param(
            verdict(finding(reason="too-noisy")),
            "none regressed. 1 of them cannot detect a change as small as the threshold: see below.",
            id="too-noisy",
        ),
        pytest.param(
            verdict(finding(Status.SUSPECTED), fail_suspected=True),
            "Regression: 1 of 1 gated value regressed.",
            id="suspected-and-strict",
        ),
        pytest.param(
            verdict(finding(Status.IMPROVED), finding(), fail_improved=True),
            'Improvement to keep: 1 of 2 gated values improved, and on_improved = "fail" asks to record it.',
            id="improved-and-strict",
        ),
        pytest.param(
            verdict(finding(Status.IMPROVED), finding(Status.REGRESSED), fail_improved=True),
            "Regression: 1 of 2 gated values regressed.",
            id="improved-and-regressed",
        ),
        pytest.param(verdict(finding(Status.NEW), introduces=True), "Pass: 1 value measured.", id="introduces"),
    ],
)
def test_the_first_line_says_the_verdict_and_where_to_start(found, words):
    assert words in first_line(found)


@pytest.mark.parametrize("status", list(Status))
def test_every_finding_is_shown_once_and_only_unchanged_ones_are_folded(status):
    blocks = compose(verdict(finding(status))).blocks
    tables = [b for b in blocks if isinstance(b, Table)]
    folded = [t for b in blocks if isinstance(b, Fold) for t in b.blocks if isinstance(t, Table)]
    assert (len(tables), len(folded)) == ((0, 1) if status is Status.UNCHANGED else (1, 0))
    assert [len(t.entries) for t in tables + folded] == [1]


def test_only_what_needs_a_word_carries_one_and_what_holds_asks_for_nothing():
    by_heading, heading = {}, ""
    for block in compose(RICH).blocks:
        if isinstance(block, Heading):
            heading = block.line[0].text
        if isinstance(block, Table):
            by_heading[heading] = block.remarks
    assert by_heading == {
        "Regressed": True, "Could not be judged": True, "Suspected, not failing": True,
        "Worse, and waived": True, "Worse, but not gated": True, "New": False, "Improved": False,
    }  # fmt: skip


def spans_of(document: Document) -> list[Span]:
    """Return all spans of a document."""
    found, blocks = [], list(document.blocks)
    while blocks:
        block = blocks.pop()
        if isinstance(block, Fold):
            blocks += block.blocks
            found += block.summary
        elif isinstance(block, Table):
            found += [s for e in block.entries for s in (*e.cells, *e.remark)]
        else:
            found += [s for line in getattr(block, "lines", None) or (block.line,) for s in line]
    return found


def test_words_from_data_are_marked_as_such_wherever_they_come_to_stand():
    hostile = "<img src=x>@all"
    words = dict.fromkeys(("benchmark", "machine_class", "metric", "unit", "statistic", "limit_text", "reason",
                           "message", "rule"), hostile)  # fmt: skip
    suite = Suite(
        gated=1, accepted=0.01, false_alarms=1.0, failed_runs=0, baseline_runs=0, superseded_runs=0, excluded=(hostile,)
    )
    lists = dict.fromkeys(("baseline_commits", "current_commits", "machine_classes", "sessions"), (hostile,))
    compared = Compared(tool=hostile, policy=hostile, baselines=hostile, reproduce=hostile, **lists)
    fault = error(hostile, hostile, place=hostile, hint=hostile)
    findings = [finding(s, labels=((hostile, hostile),), **words) for s in Status]
    found = verdict(*findings, problems=(fault,), notes=(fault,), suite=suite, compared=compared)
    kinds = {s.kind for s in spans_of(compose(found)) if "img" in s.text or ("all" in s.text and "@" in s.text)}
    assert kinds == {"name"}
