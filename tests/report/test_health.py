"""The line about the health of the gate, in every report of a check."""

from __future__ import annotations

from audit_cases import QUIET, baseline, sessions
from gate_cases import finding, percentiles, profile, verdict
from msgspec.structs import replace

from perfgate.core.finding import WHOLE_SUITE
from perfgate.report.health import health
from perfgate.report.provenance import describe_measurement


def line_of(*findings, base=(), current=()):
    return "".join(s.text for s in health(verdict(*findings, baseline=tuple(base), current=tuple(current))))


def measured(day):
    now = profile({"elapsed": {"now": [1.0] * 5}})
    return replace(now, sessions=tuple(replace(s, started_at=f"2026-01-{day}T00:00:00Z") for s in now.sessions))


def test_it_shows_sessions_runs_age_and_the_smallest_detectable_changes():
    base = (baseline(day=20), baseline({"elapsed": sessions(QUIET[:2], runs=9)}, name="young", day=18))
    rows = [finding(detectable=v) for v in (0.08, 0.12, 0.3)]
    rows += [
        finding(detectable=0.9, level="info"),
        finding(detectable=0.9, benchmark=WHOLE_SUITE),
        finding(detectable=None),
    ]
    assert line_of(*rows, base=base, current=[measured(29)]) == (
        "Baselines hold 2 to 5 sessions of 8 to 9 runs, the newest 9 days older than these runs; "
        "smallest detectable change of this check: median +12.0%, largest +30.0%; details: perfgate audit"
    )


def test_what_nobody_knows_is_left_out():
    undated = replace(baseline(), sessions=tuple(replace(s, started_at="") for s in baseline().sessions))
    assert (
        line_of(base=[undated], current=[measured(29)])
        == "Baselines hold 5 sessions of 8 runs; details: perfgate audit"
    )


def test_a_fall_of_a_rate_counts_as_the_cost_that_it_is():
    assert "smallest detectable change of this check: +100%" in line_of(
        finding(detectable=-0.5, better="higher"), base=[baseline()]
    )


def test_a_check_without_sessions_in_its_baselines_says_nothing_of_them():
    assert line_of(finding(), base=[percentiles({"p95": 1.0})]) == ""
    assert line_of(finding()) == ""


def test_the_line_stands_in_the_report_and_not_in_that_of_two_versions_measured_interleaved():
    def last(base):
        return "".join(s.text for line in describe_measurement(verdict(finding(), baseline=(base,))) for s in line)

    interleaved = profile({"elapsed": {"s/ab-1": [1.0] * 5}})
    assert "Baselines hold 5 sessions" in last(baseline())
    assert "Baselines hold" not in last(interleaved)
