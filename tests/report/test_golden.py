"""Reports word for word: of a rich verdict, and of the situations that people meet, by every renderer.

What came out instead is left beside the golden file.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import situations
from gate_cases import finding, verdict
from verdicts import RICH

from perfgate.core.errors import error
from perfgate.core.finding import WHOLE_SUITE, Compared, Status, Suite
from perfgate.render import render
from perfgate.render.comment import comment
from perfgate.render.terminal.style import Style
from perfgate.report.compose import compose
from perfgate.report.document import Document, Faults, Fold, Headline, Span, Steps, Table, Values
from perfgate.report.verdict.parts import PARTS
from perfgate.report.verdict.rounding import round_numbers
from perfgate.report.verdict.value import value_of

GOLDEN = Path(__file__).parent.parent / "golden"
FORMS = {"report.md": "markdown", "report.txt": "text", "report.json": "json"}
RUN = "https://github.com/example/shop/actions/runs/7"
VIEWS = {
    "80.txt": lambda v: render(compose(v), "text", Style(width=80, more="perfgate check --top all")),
    "120.txt": lambda v: render(compose(v), "text", Style(width=120)),
    "ascii.txt": lambda v: render(compose(v), "text", Style(width=80, is_ascii=True)),
    "color.txt": lambda v: render(compose(v), "text", Style(width=80, has_color=True)),
    "verbose.txt": lambda v: render(compose(v), "text", Style(width=80, is_verbose=True)),
    "md": lambda v: render(compose(v), "markdown"),
    "comment.md": lambda v: comment([("", round_numbers(v))], ident="default", run_page=RUN),
    "xml": lambda v: render(compose(v), "junit"),
}
"""Suffix of a golden file -> what draws it."""
CASES = {**situations.SITUATIONS, "many": lambda: situations.many(240, 24)}


def assert_as_agreed(name, found):
    """Hold a text against a golden file."""
    expected, actual = GOLDEN / name, GOLDEN / f"{name}.actual"
    agreed = expected.read_text(encoding="utf-8") if expected.exists() else None
    if found == agreed:
        actual.unlink(missing_ok=True)
    else:
        actual.write_text(found, encoding="utf-8")
    assert found == agreed, f"compare {actual.name} with {name} in tests/golden"


@pytest.mark.parametrize(("name", "form"), list(FORMS.items()), ids=list(FORMS))
def test_a_rich_verdict_reads_as_agreed(name, form):
    assert_as_agreed(name, render(compose(RICH), form))


@pytest.mark.parametrize("situation", list(CASES))
def test_every_situation_reads_as_agreed_wherever_it_is_shown(situation):
    found = CASES[situation]()
    for suffix, draw in VIEWS.items():
        if situation != "many" or suffix not in {"verbose.txt", "md", "xml"}:
            assert_as_agreed(f"situations/{situation}.{suffix}", draw(found))


def sentence_of(found):
    """Return the sentence of a verdict in plain words."""
    headline = compose(found).blocks[0]
    return "".join(span.text for span in headline.line)


def title_of(found):
    """Return the heading of a verdict."""
    return compose(found).blocks[0].title


@pytest.mark.parametrize(
    ("found", "title", "words"),
    [
        pytest.param(
            verdict(),
            "cannot decide, nothing was measured",
            "Nothing was measured. The check does not pass.",
            id="nothing",
        ),
        pytest.param(
            RICH,
            "cannot decide, 2 benchmarks cannot be judged",
            "3 of 14 gated values cannot be judged (benchmarks gone, train), 2 errors, 4 values regressed. "
            "The other 7 pass. The check does not pass.",
            id="all",
        ),
        pytest.param(
            verdict(finding(Status.MISSING)),
            "cannot decide, 1 benchmark was not measured",
            "1 of 1 gated value was not measured (benchmark train). The check does not pass.",
            id="missing",
        ),
        pytest.param(
            verdict(finding(Status.MISSING), finding(Status.MISSING, metric="cpu"), finding(benchmark="score")),
            "cannot decide, 1 benchmark was not measured",
            "2 of 3 gated values were not measured (benchmark train). The other 1 passes. The check does not pass.",
            id="missing-of-one-benchmark",
        ),
        pytest.param(
            verdict(finding(Status.REGRESSED), finding()),
            "1 performance regression",
            "1 of 2 gated values is worse by more than 5%.",
            id="regressed",
        ),
        pytest.param(
            verdict(finding(Status.REGRESSED), finding(Status.REGRESSED, limit_text="+10%")),
            "2 performance regressions",
            "2 of 2 gated values are worse by more than allowed.",
            id="several-thresholds",
        ),
        pytest.param(
            verdict(finding(Status.OVER_BUDGET, method="budget", limit_text="< 1s")),
            "1 performance regression",
            "1 of 1 gated value is beyond its budget.",
            id="budget",
        ),
        pytest.param(
            verdict(finding(Status.REGRESSED), finding(Status.REGRESSED, benchmark=WHOLE_SUITE)),
            "2 performance regressions",
            "1 of 1 gated value is worse by more than 5%. All benchmarks together got worse.",
            id="regressed-and-all-together",
        ),
        pytest.param(
            verdict(finding(), finding(Status.REGRESSED, benchmark=WHOLE_SUITE)),
            "1 performance regression",
            "All benchmarks together got worse.",
            id="all-together-only",
        ),
        pytest.param(
            verdict(finding()),
            "no performance regressions",
            "1 gated value, not significantly worse. Smallest detectable change: +12.0%.",
            id="pass",
        ),
        pytest.param(
            verdict(finding(), finding(benchmark="score", detectable=0.3)),
            "no performance regressions",
            "2 gated values, none significantly worse. Smallest detectable change: median +21.0%, largest +30.0%.",
            id="pass-of-several",
        ),
        pytest.param(
            verdict(finding(Status.TOO_NOISY, reason="few-runs", detectable=None)),
            "pass, 1 value too noisy to judge",
            "1 gated value, not significantly worse, but 1 too noisy to judge: changes beyond +25% could go unnoticed. "
            "So few runs cannot prove a change of any size.",
            id="few-runs",
        ),
        pytest.param(
            verdict(finding(Status.SUSPECTED)),
            "pass, 1 suspected regression",
            "1 gated value, not significantly worse. Smallest detectable change: +12.0%.",
            id="suspected",
        ),
        pytest.param(
            verdict(finding(Status.WAIVED)),
            "no performance regressions except 1 waived",
            "1 gated value, worse and waived. Smallest detectable change: +12.0%.",
            id="waived",
        ),
        pytest.param(
            verdict(finding(Status.WAIVED), finding(benchmark="score"), finding(benchmark="load")),
            "no performance regressions except 1 waived",
            "3 gated values, 1 worse and waived, no other significantly worse. Smallest detectable change: +12.0%.",
            id="waived-among-others",
        ),
        pytest.param(
            verdict(finding(), finding(Status.WAIVED, benchmark=WHOLE_SUITE)),
            "no performance regressions except 1 waived",
            "1 gated value, not significantly worse. All benchmarks together are worse and waived. "
            "Smallest detectable change: +12.0%.",
            id="waived-together",
        ),
        pytest.param(
            verdict(finding(reason="below-least"), finding(reason="below-least")),
            "no value can fail",
            "Every gated value is shorter than --min-time, so that the check cannot fail. Lower --min-time.",
            id="all-below-the-least-time",
        ),
        pytest.param(
            verdict(finding(level="info")),
            "no value is gated",
            "No value is gated, so that the check cannot fail. Check the rules.",
            id="nothing-gated",
        ),
        pytest.param(
            verdict(finding(Status.SUSPECTED), fail_suspected=True),
            "1 performance regression",
            "1 of 1 gated value is worse by more than 5%.",
            id="suspected-and-strict",
        ),
        pytest.param(
            verdict(finding(Status.IMPROVED), finding(), fail_improved=True),
            "1 improvement to keep",
            '1 of 2 gated values improved, and on_improved = "fail" asks to record it.',
            id="improved-and-strict",
        ),
        pytest.param(
            verdict(finding(Status.IMPROVED), finding(Status.REGRESSED), fail_improved=True),
            "1 performance regression",
            "1 of 2 gated values is worse by more than 5%.",
            id="improved-and-regressed",
        ),
        pytest.param(
            verdict(finding(Status.NEW), introduces=True),
            "first measurement, nothing to compare with yet",
            "1 value measured, nothing to compare with yet.",
            id="introduces",
        ),
    ],
)
def test_the_heading_and_the_sentence_say_the_verdict_and_no_more(found, title, words):
    assert (title_of(found), sentence_of(found)) == (title, words)


def test_what_holds_is_counted_beside_the_sentence_unless_it_is_in_it():
    counted = [Status.SUSPECTED, Status.ADVISORY, Status.WAIVED, Status.IMPROVED, Status.WITHIN_NOISE, Status.UNCHANGED]
    parts = {"suspected": 1, "advisory": 1, "improved": 1, "within": 1, "unchanged": 1}
    values = [finding(s) for s in (*counted, Status.TOO_NOISY, Status.TOO_NOISY)]
    passing, failing, undecided = (
        verdict(*values),
        verdict(*values, finding(Status.REGRESSED)),
        verdict(*values, finding(Status.MISSING)),
    )
    assert dict(compose(passing).blocks[0].counts) == parts
    assert "1 worse and waived, no other significantly worse, but 2 too noisy to judge" in sentence_of(passing)
    assert dict(compose(failing).blocks[0].counts) == {**parts, "waived": 1, "noisy": 2}
    assert dict(compose(undecided).blocks[0].counts) == {"suspected": 1, "advisory": 1, "waived": 1}


@pytest.mark.parametrize("status", list(Status))
def test_every_finding_is_in_one_part(status):
    blocks = [b for b in compose(verdict(finding(status))).blocks if isinstance(b, Values)]
    assert [len(b.findings) for b in blocks] == [1]
    assert blocks[0].part in {p.name for p in PARTS}


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
        elif isinstance(block, Values):
            for value in map(value_of, block.findings):
                found += [value.baseline, value.current, *value.remark, Span(value.change), Span(value.interval)]
        elif isinstance(block, Steps):
            found += [s for step in block.steps for s in step.words]
        else:
            assert isinstance(block, Headline | Faults) or hasattr(block, "line") or hasattr(block, "lines")
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
