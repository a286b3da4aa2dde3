"""The report of a rich verdict, word for word; what came out instead is left beside the golden file."""

from __future__ import annotations

from pathlib import Path

import pytest
from gate_cases import finding, verdict

from perfgate.core.errors import error, note, warning
from perfgate.core.finding import WHOLE_SUITE, Compared, Status, Suite
from perfgate.core.reasons import sentence
from perfgate.render import render
from perfgate.report.compose import compose
from perfgate.report.document import Document, Fold, Heading, Span, Table

GOLDEN = Path(__file__).parent.parent / "golden"
FORMS = {"report.md": "markdown", "report.txt": "text", "report.json": "json"}
LABELS = (("rows", "1M"), ("size", "big"))


def told(status, reason, **more):
    """Return a finding of a status and a reason, in its own words unless others are given."""
    return finding(status, reason=reason, **{"message": sentence(reason), **more})


RICH = verdict(
    told(Status.REGRESSED, "worse", benchmark="portfolio.rebalance", labels=LABELS, baseline=0.0123, current=0.0141,
         change=0.146341463, interval=(0.09, 0.21)),
    told(Status.REGRESSED, "worse", metric="throughput", unit="1/s", better="higher", baseline=1800.0,
         current=1700.0, change=-0.0555, limit=-0.05, limit_text="-5%", visible=-0.04, method="exact", interval=None),
    told(Status.REGRESSED, "worse", statistic="p95", method="threshold", baseline=2.0, current=2.0601,
         change=0.03005, limit=0.03, limit_text="+3%", visible=0.03, interval=None, rule="rule 1 (perfgate.toml)"),
    told(Status.OVER_BUDGET, "over-budget", benchmark="serve.predict", metric="latency", statistic="p95",
         method="budget", baseline=None, current=0.10001, change=None, interval=None, limit=0.1,
         limit_text="< 100ms", n_baseline=0, sessions_baseline=0, visible=None, rule="budget 1 (perfgate.toml)"),
    told(Status.MISSING, "no-runs", benchmark="gone", method="", current=None, change=None, interval=None,
         limit=None, n_current=0, visible=None),
    told(Status.NOT_COMPARABLE, "rows-differ", method="", change=None, interval=None, limit=None, visible=None,
         message="the baseline's runs used 100 rows, these runs 200 rows"),
    told(Status.INVALID, "zero-values", metric="peak_memory", unit="B", method="", baseline=57_300_000.0,
         current=0.0, change=None, interval=None, limit=None, visible=None, message="a peak of zero"),
    told(Status.SUSPECTED, "few-runs", method="same-session", current=1.2, change=0.2, interval=(0.1, 0.3),
         n_baseline=3, n_current=3, sessions_baseline=1, visible=None,
         message="3 and 3 runs can never prove a change; measure 5 on each side"),
    told(Status.ADVISORY, "tail-of-few", statistic="p95", method="", level="info", current=1.4, change=0.4,
         interval=None, visible=None,
         message="the p95 of 10 runs is their maximum or nearly; it takes 59 in each session",
         evidence=(("low_current", 1.1), ("runs_current", 10.0), ("runs_baseline", 10.0), ("runs_needed", 59.0))),
    told(Status.UNCHANGED, "suite-moved", benchmark=WHOLE_SUITE, method="across-sessions", baseline=None,
         current=None, change=0.12, interval=(0.02, 0.23), n_baseline=0, n_current=0, visible=0.4,
         evidence=(("se", 0.04), ("rows", 14.0))),
    told(Status.WAIVED, "worse", benchmark="known", current=1.3, change=0.3, interval=(0.2, 0.4)),
    told(Status.NEW, "not-in-baseline", benchmark="fresh | `name`", method="", baseline=None, change=None,
         interval=None, limit=None, n_baseline=0, sessions_baseline=0, visible=None),
    told(Status.IMPROVED, "better", benchmark="faster", current=0.7, change=-0.3, interval=(-0.32, -0.29)),
    told(Status.UNCHANGED, "within-threshold"),
    told(Status.UNCHANGED, "something-newer", metric="score", unit="widgets", message="said by a later version"),
    problems=(
        error("rule-matches-nothing", 'matches nothing: there is no metric "elapsd"', place="rule 2 (perfgate.toml)",
              hint='did you mean "elapsed"?; mend the name, or remove the rule'),
        error("no-runs", "no run files were found"),
    ),
    notes=(
        warning("runs-failed", '1 of 11 runs of "train" failed', hint="mend the program"),
        note("run-copies", "2 files are copies of others and were left out"),
    ),
    suite=Suite(
        gated=9, accepted=0.01, false_alarms=1.0, failed_runs=1, baseline_runs=20, superseded_runs=2, excluded=("slow",)
    ),
    compared=Compared(
        tool="perfgate 0.1.0", policy="perfgate.toml", baselines="origin/main:baselines",
        baseline_commits=("0123456789abcdef", "fedcba9876543210"), current_commits=("c0ffee" * 6,),
        machine_classes=("gha-ubuntu-24.04-x64-4cpu",), sessions=tuple(f"session-{i}" for i in range(7)),
        reproduce="perfgate check --baseline-ref origin/main",
    ),
)  # fmt: skip


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
        pytest.param(verdict(), "Cannot decide: nothing was measured. Act: mend what is listed first.", id="nothing"),
        pytest.param(RICH, "Cannot decide: 2 faults, 3 rows could not be judged, 4 rows got worse.", id="all"),
        pytest.param(verdict(finding(Status.MISSING)), "Cannot decide: 1 row could not be judged.", id="missing"),
        pytest.param(verdict(finding(Status.REGRESSED), finding()), "Regression: 1 of 2 gated rows got worse.", id="1"),
        pytest.param(verdict(finding()), "Pass: 1 gated row measured, none got worse beyond its limit. No", id="pass"),
        pytest.param(verdict(finding(Status.SUSPECTED)), "1 row is suspected: look below.", id="suspected"),
        pytest.param(
            verdict(finding(Status.SUSPECTED), fail_suspected=True), "Regression: 1 of 1 gated row got worse.",
            id="suspected-and-strict",
        ),
        pytest.param(verdict(finding(Status.NEW), introduces=True), "Pass: 1 row measured. No action", id="introduces"),
    ],
)  # fmt: skip
def test_the_first_line_says_the_verdict_and_whether_to_act(found, words):
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
        "Got worse": True, "Could not be judged": True, "Suspected, not failing": True,
        "Worse, and waived": True, "Worth a look, not gated": True, "New": False, "Got better": False,
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
