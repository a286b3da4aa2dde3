"""Verdicts to render: one that has everything, any at random, and names that try to break out of their place."""

from __future__ import annotations

import contextlib
import random

from gate_cases import finding, verdict
from hypothesis import strategies as st
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, Diagnostic, error, note, warning
from perfgate.core.finding import WHOLE_SUITE, Compared, EnvironmentChange, Evidence, Finding, Status, Suite
from perfgate.core.reasons import sentence
from perfgate.report.codec import from_data, to_data

LABELS = (("rows", "1M"), ("size", "big"))


def told(status, reason, **more):
    """Return a finding of a status and a reason, in its own words unless others are given."""
    return finding(status, reason=reason, **{"message": sentence(reason), **more})


RICH = verdict(
    told(Status.REGRESSED, "worse", benchmark="portfolio.rebalance", labels=LABELS, baseline=0.0123, current=0.0141,
         change=0.146341463, interval=(0.09, 0.21), decision_interval=(0.07, 0.23), allowed=0.05),
    told(Status.REGRESSED, "worse", metric="throughput", unit="1/s", better="higher", baseline=1800.0,
         current=1700.0, change=-0.0555, limit=-0.05, limit_text="-5%", detectable=-0.04, method="exact",
         interval=None, decision_interval=(-0.0555, -0.0555), allowed=-0.05),
    told(Status.REGRESSED, "worse", statistic="p95", method="threshold", baseline=2.0, current=2.0601,
         change=0.03005, limit=0.03, limit_text="+3%", detectable=0.03, interval=None, rule="rule 1 (perfgate.toml)"),
    told(Status.OVER_BUDGET, "over-budget", benchmark="serve.predict", metric="latency", statistic="p95",
         method="budget", baseline=None, current=0.10001, change=None, interval=None, limit=0.1,
         limit_text="< 100ms", n_baseline=0, sessions_baseline=0, detectable=None, rule="budget 1 (perfgate.toml)"),
    told(Status.MISSING, "no-runs", benchmark="gone", method="", current=None, change=None, interval=None,
         limit=None, n_current=0, detectable=None),
    told(Status.NOT_COMPARABLE, "rows-differ", method="", change=None, interval=None, limit=None, detectable=None,
         message="the baseline's runs used 100 rows, these runs 200 rows"),
    told(Status.INVALID, "zero-values", metric="peak_memory", unit="B", method="", baseline=57_300_000.0,
         current=0.0, change=None, interval=None, limit=None, detectable=None, message="a peak of zero"),
    told(Status.SUSPECTED, "few-runs", method="same-session", current=1.2, change=0.2, interval=(0.1, 0.3),
         n_baseline=3, n_current=3, sessions_baseline=1, detectable=None,
         message="3 and 3 runs can never prove a change; measure 5 on each side"),
    told(Status.ADVISORY, "tail-of-few", statistic="p95", method="", level="info", current=1.4, change=0.4,
         interval=None, detectable=None,
         message="the p95 of 10 runs is their maximum or nearly; it takes 59 runs in each session",
         evidence=Evidence(low_current=1.1, runs_current=10.0, runs_baseline=10.0, runs_needed=59.0)),
    told(Status.UNCHANGED, "suite-moved", benchmark=WHOLE_SUITE, method="across-sessions", baseline=None,
         current=None, change=0.12, interval=(0.02, 0.23), n_baseline=0, n_current=0, detectable=0.4,
         evidence=Evidence(se=0.04, rows=14.0)),
    told(Status.WAIVED, "waived", benchmark="known", current=1.3, change=0.3, interval=(0.2, 0.4),
         message="up to +40% until 2027-01-31: a new format"),
    told(Status.NEW, "not-in-baseline", benchmark="fresh | `name`", method="", baseline=None, change=None,
         interval=None, limit=None, n_baseline=0, sessions_baseline=0, detectable=None),
    told(Status.IMPROVED, "better", benchmark="faster", current=0.7, change=-0.3, interval=(-0.32, -0.29),
         decision_interval=(-0.33, -0.27), allowed=0.05),
    told(Status.UNCHANGED, "within-threshold", decision_interval=(-0.02, 0.04), allowed=0.05),
    told(Status.WITHIN_NOISE, "within-noise", benchmark="even", decision_interval=(-0.1, 0.12), allowed=0.05),
    told(Status.TOO_NOISY, "one-session", benchmark="wild", decision_interval=(-0.5, 0.6), allowed=0.05),
    told(Status.UNCHANGED, "something-newer", metric="score", unit="widgets", message="said by a later version"),
    problems=(
        error("rule-matches-nothing", 'matches nothing: there is no metric "elapsd"', place="rule 2 (perfgate.toml)",
              hint='did you mean "elapsed"?; correct the name, or remove the rule'),
        error("no-runs", "no run files were found"),
    ),
    notes=(
        warning("runs-failed", '1 of 11 runs of "train" failed', hint="fix the program"),
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
        environment=(EnvironmentChange(fact="python", baseline="3.11.7", current="3.13.0", benchmarks=2),),
    ),
)  # fmt: skip


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


NUMBERS = st.none() | st.floats()


COUNTS = st.integers(0, 10**6)


def built(kind, **fields):
    """Return a strategy for a record, of whose fields `st.builds` would look up types that only type checkers know."""
    return st.fixed_dictionaries(fields).map(lambda found: kind(**found))


FINDINGS = built(
    Finding,
    benchmark=WORDS, labels=st.dictionaries(WORDS, WORDS, max_size=2).map(lambda d: tuple(sorted(d.items()))),
    machine_class=WORDS, metric=WORDS, unit=st.sampled_from(["s", "B", "1/s", "1", "widgets", ""]),
    better=st.sampled_from(["lower", "higher"]), statistic=st.sampled_from(["p50", "p95"]),
    status=st.sampled_from(Status), level=st.sampled_from(["fail", "warn", "info"]),
    method=st.sampled_from(["same-session", "across-sessions", "exact", "threshold", "budget", ""]),
    baseline=NUMBERS, current=NUMBERS, change=NUMBERS, interval=st.none() | st.tuples(st.floats(), st.floats()),
    decision_interval=st.none() | st.tuples(st.floats(), st.floats()), allowed=NUMBERS,
    limit=NUMBERS, limit_text=WORDS, n_baseline=COUNTS, n_current=COUNTS, sessions_baseline=COUNTS,
    suspect_limit=NUMBERS, detectable=NUMBERS,
    reason=st.sampled_from(["worse", "better", "few-runs", "something-else"]) | WORDS, message=WORDS, rule=WORDS,
)  # fmt: skip


def lawful(found):
    """Return a finding, with fewer numbers where these contradict its status."""
    info = replace(found, level="info", change=None)
    empty = replace(info, method="", baseline=None, current=None, reason="removed")
    for candidate in (found, info, replace(info, method=""), empty):
        with contextlib.suppress(CannotDecideError):
            from_data(to_data(verdict(candidate)), "report.json")
            return candidate
    raise AssertionError(found)


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
    st.lists(FINDINGS.map(lawful), max_size=4),
    problems=DIAGNOSTICS, notes=DIAGNOSTICS, introduces=st.booleans(), fail_suspected=st.booleans(),
    fail_improved=st.booleans(), refuse_too_noisy=st.booleans(),
    resolution=st.sampled_from([0.25, 0.1]),
    suite=built(
        Suite, gated=COUNTS, accepted=st.floats(0.001, 0.5), false_alarms=st.none() | st.floats(0, 100),
        failed_runs=COUNTS, baseline_runs=COUNTS, superseded_runs=COUNTS, excluded=NAMES,
    ),
    compared=built(
        Compared, tool=WORDS, policy=WORDS, baselines=WORDS, baseline_commits=NAMES, current_commits=NAMES,
        machine_classes=NAMES, sessions=NAMES, reproduce=WORDS, environment=st.lists(
            built(EnvironmentChange, fact=WORDS, baseline=WORDS, current=WORDS, benchmarks=st.integers(1, 9)),
            max_size=2,
        ).map(tuple),
        ci_run=WORDS, commands=st.just(()) | st.tuples(WORDS, WORDS),
    ),
)  # fmt: skip


HOSTILE_NAMES = [
    "", " ", "a\x00b", "a\x0bb", "\x1b[31m", "\ud800", "\ufffe\uffff", "<b>&amp;</b>", "]]>", '"', "'", "a\nb",
    "\u202ex", "💥", "<!-- --", "x" * 500, "a\tb", "\r",
]  # fmt: skip


HOSTILE = [
    "plain", "a|b", "|", "||||", "a\\|b", "a\\\\|b", "\\", "\\\\", "ends in \\", "`", "``", "a`b", "`a", "a`", "``a``",
    "a``b`c```d", "`|`", "\\`", "`\\|", "a\nb", "a\r\nb", "a\tb", "\n", "a\u2028b", "a\x0bb", "a\x00b", "a\x1b[31mb",
    "\u202eevil", "a\u200bb", "a\u00adb", "\ufeffa", "\ue000", "<script>alert(1)</script>", "<!-- x", "-->",
    "</code>", "<code>", "</td></tr></table>", "<img src=x onerror=alert(1)>", "<b>bold</b>", "<details>", "&lt;b&gt;",
    "&amp;", "&#124;", "@octocat", "@org/team", "#123", "org/repo#1", "c0ffee" * 7, "https://example.org",
    "www.example.org", "me@example.org", "![x](https://example.org/x.png)", "[x](https://example.org)", "[x]: y",
    "*a*", "**a**", "_a_", "__a__", "~~a~~", "# heading", "- item", "1. item", "> quote", "---", "```", "~~~",
    "    indented", ":-- | :--", "$x^2$", "$$x$$", ":smile:", "[ ] todo", "::error::x", "%0A", "${{ x }}", "💥", "é",
    "漢字", "e\u0301", "  spaced   out  ", "", " ", "–", "…", "a" * 199, "a" * 200, "a" * 201,
    "`" * 39, "`" * 40, "`" * 80 + "<img src=x>", "`" * 81 + "@all", "`" * 201,
    "a`" * 90 + "`" * 90, "|" * 300,
]  # fmt: skip


ALPHABET = [*"`|\\<>&@#*_~[]()!-:. \n\tab1'\"", "\u202e", "\u200b", "<b>", "</code>", "``", "\\|", "<img ", "é", "@me"]


DICE = random.Random(20)


RANDOM = ["".join(DICE.choices(ALPHABET, k=DICE.randint(1, 30))) for _ in range(3000)]
