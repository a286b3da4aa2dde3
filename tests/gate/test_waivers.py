"""A waiver lets its own row be worse up to its ceiling and its day, and changes nothing else."""

from __future__ import annotations

import pytest
from gate_cases import finding, profile
from hypothesis import given
from hypothesis import strategies as st
from laws import laws
from msgspec.structs import replace

from perfgate.core.finding import WHOLE_SUITE, Status
from perfgate.core.policy import Waiver
from perfgate.core.text.units import parse_change
from perfgate.gate.waivers import idle, row_of, waive

TODAY = "2026-03-01"
LAWS = laws(200)


def waiver(ceiling="+30%", until="2026-03-01", *, benchmark="train", metric="elapsed", statistic="p50", issue=""):
    return Waiver(
        origin="waiver 1 (w.toml)", benchmark=benchmark, metric=metric, statistic=statistic,
        ceiling=parse_change(ceiling), until=until, reason="new parser", issue=issue,
    )  # fmt: skip


def worse(change=0.2, status=Status.REGRESSED, **more):
    keys = {"baseline": 1.0, "current": 1.0 + (change or 0.0), "level": "fail", "reason": "worse", **more}
    return finding(status, change=change, **keys)


def waived(found, *waivers, today=TODAY):
    (after,), notes = waive([found], waivers, today)
    return after, [n.slug for n in notes]


def test_a_row_within_its_ceiling_is_waived_and_says_why():
    after, notes = waived(worse(0.3), waiver(issue="https://example.org/7"))
    assert (after.status, after.reason, notes) == (Status.WAIVED, "waived", [])
    assert after.message == "up to +30% until 2026-03-01: new parser (https://example.org/7)"


def test_a_row_beyond_its_ceiling_fails_and_says_so():
    after, notes = waived(worse(0.3001), waiver())
    assert (after.status, after.reason, notes) == (Status.REGRESSED, "beyond-waiver", [])
    assert "+30%" in after.message


@pytest.mark.parametrize(
    ("found", "by", "status"),
    [
        pytest.param(worse(-0.2, better="higher"), waiver("-30%"), Status.WAIVED, id="a-rate-that-fell"),
        pytest.param(worse(-0.2, better="higher"), waiver(), Status.REGRESSED, id="a-ceiling-on-the-better-side"),
        pytest.param(worse(0.2), waiver("-30%"), Status.REGRESSED, id="a-ceiling-on-the-better-side-of-a-time"),
        pytest.param(worse(0.2, baseline=1.0, current=2.3), waiver("+60%"), Status.REGRESSED, id="beyond-as-measured"),
        pytest.param(worse(-0.31, better="higher"), waiver("-30%"), Status.REGRESSED, id="a-rate-that-fell-far"),
        pytest.param(worse(0.2), waiver("+200ms"), Status.WAIVED, id="an-amount"),
        pytest.param(worse(0.21), waiver("+200ms"), Status.REGRESSED, id="beyond-an-amount"),
        pytest.param(worse(0.2), waiver("+900MB"), Status.REGRESSED, id="an-amount-of-something-else"),
        pytest.param(worse(None), waiver(), Status.REGRESSED, id="no-ratio"),
        pytest.param(worse(0.2, baseline=None), waiver("+9s"), Status.REGRESSED, id="no-baseline"),
        pytest.param(worse(0.2, Status.SUSPECTED), waiver(), Status.WAIVED, id="suspected"),
        pytest.param(worse(0.4, Status.SUSPECTED), waiver(), Status.SUSPECTED, id="suspected-beyond"),
        pytest.param(worse(0.2, Status.OVER_BUDGET, method="budget"), waiver(), Status.OVER_BUDGET, id="a-budget"),
        pytest.param(worse(0.2, Status.MISSING), waiver(), Status.MISSING, id="missing"),
        pytest.param(worse(0.2, Status.ADVISORY, level="warn"), waiver(), Status.ADVISORY, id="advisory"),
        pytest.param(worse(0.2, benchmark=WHOLE_SUITE), waiver(benchmark=WHOLE_SUITE), Status.WAIVED, id="the-suite"),
    ],
)
def test_what_a_waiver_allows(found, by, status):
    assert waived(found, by)[0].status is status


def test_one_that_has_ended_counts_as_absent_and_is_told():
    after, notes = waived(worse(), waiver(until="2026-02-28"))
    assert (after, notes) == (worse(), ["waiver-expired"])


@pytest.mark.parametrize("found", [worse(0.0, Status.UNCHANGED), worse(0.2, benchmark="other")])
def test_one_that_is_not_needed_is_told(found):
    assert waived(found, waiver()) == (found, ["waiver-unused"])


@pytest.mark.parametrize("status", [Status.MISSING, Status.NOT_COMPARABLE])
def test_one_whose_row_could_not_be_judged_is_not_called_idle(status):
    assert waived(worse(0.2, status), waiver())[1] == []


STATUSES = st.sampled_from(sorted(Status))
FINDINGS = st.lists(
    st.builds(
        lambda name, metric, statistic, change, status, level: worse(
            change, status, benchmark=name, metric=metric, statistic=statistic, level=level
        ),
        st.sampled_from(["train", "score"]), st.sampled_from(["elapsed", "cpu"]), st.sampled_from(["p50", "p95"]),
        st.floats(-0.5, 2), STATUSES, st.sampled_from(["fail", "warn", "info"]),
    ),
    max_size=8,
)  # fmt: skip


@LAWS
@given(found=FINDINGS, ceiling=st.integers(1, 150), until=st.sampled_from(["2026-02-28", "2026-03-01", "2027-01-01"]))
def test_no_other_row_changes_and_none_beyond_the_ceiling_passes(found, ceiling, until):
    by = waiver(f"+{ceiling}%", until)
    after, _ = waive(found, [by], TODAY)
    for was, now in zip(found, after, strict=True):
        if row_of(was) != by.row or until < TODAY:
            assert now == was
        elif now.status is not was.status:
            assert (was.status in {Status.REGRESSED, Status.SUSPECTED}, now.status) == (True, Status.WAIVED)
            assert was.change <= ceiling / 100 * (1 + 1e-6)
        assert replace(now, status=was.status, reason=was.reason, message=was.message) == was


def test_an_audit_warns_of_what_counts_for_nothing():
    known = [profile({"elapsed": [1.0]})]
    by = [waiver(), waiver(until="2026-02-28"), waiver(benchmark="gone"), waiver(metric="cpu")]
    assert [(d.slug, d.level) for d in idle(by, known, TODAY)] == [
        ("waiver-expired", "warning"), ("waiver-unused", "warning"), ("waiver-unused", "warning"),
    ]  # fmt: skip
    suite = [waiver(benchmark=WHOLE_SUITE), waiver(benchmark=WHOLE_SUITE, metric="cpu")]
    assert len(idle(suite, known, TODAY)) == 1


def test_a_waiver_of_a_row_that_got_worse_on_one_class_of_machine_is_used():
    rows = [worse(0.2), finding(machine_class="class-b")]
    found, notes = waive(rows, [waiver()], TODAY)
    assert [f.status for f in found] == [Status.WAIVED, Status.UNCHANGED]
    assert notes == ()


def test_a_ceiling_on_the_better_side_is_told_once():
    rows = [worse(0.2), worse(0.2, machine_class="class-b")]
    assert [n.slug for n in waive(rows, [waiver("-30%")], TODAY)[1]] == ["waiver-sign"]
    assert [n.slug for n in waive(rows[:1], [waiver("-30%")], TODAY)[1]] == ["waiver-sign"]
