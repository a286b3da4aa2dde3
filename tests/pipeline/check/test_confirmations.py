"""How many fresh sessions should confirm what a check suspects."""

from __future__ import annotations

import pytest
from gate_cases import finding, profile, verdict
from msgspec.structs import replace

from perfgate.core.errors import error
from perfgate.core.finding import Status
from perfgate.pipeline.check.confirm import MANY_ROWS, count_confirmations, find_too_few

SUSPECTED = finding(Status.SUSPECTED, method="across-sessions", sessions_baseline=5)


def checked(*findings, gated=2, fresh=1, **more):
    """Return a verdict of some fresh sessions."""
    one = verdict(*findings, current=(profile({"elapsed": {f"now{i}": [1.0] for i in range(fresh)}}),), **more)
    return replace(one, suite=replace(one.suite, gated=gated))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param(checked(finding()), 0, id="nothing-suspected"),
        pytest.param(checked(SUSPECTED), 1, id="suspected"),
        pytest.param(checked(SUSPECTED, gated=MANY_ROWS), 1, id="at-the-bound"),
        pytest.param(checked(SUSPECTED, gated=MANY_ROWS + 1), 2, id="many-rows"),
        pytest.param(checked(replace(SUSPECTED, sessions_baseline=1)), 2, id="one-baseline-session"),
        pytest.param(checked(replace(SUSPECTED, sessions_baseline=1), fresh=2), 1, id="one-of-two-is-there"),
        pytest.param(checked(SUSPECTED, fresh=2), 0, id="confirmed-already"),
        pytest.param(checked(replace(SUSPECTED, method="same-session")), 0, id="interleaved"),
        pytest.param(checked(replace(SUSPECTED, method="threshold")), 0, id="by-counts"),
        pytest.param(checked(SUSPECTED, finding(Status.REGRESSED)), 0, id="failed-already"),
        pytest.param(checked(SUSPECTED, problems=(error("x", "y"),)), 0, id="undecided"),
    ],
)
def test_a_suspicion_wants_one_session_and_two_where_one_proves_little(given, wanted):
    assert count_confirmations(given) == wanted


ALONE = replace(SUSPECTED, sessions_baseline=1)


@pytest.mark.parametrize(
    ("given", "reports", "said"),
    [
        pytest.param(checked(ALONE, fresh=2), 1, "the baseline has one session", id="one-baseline-session"),
        pytest.param(checked(replace(ALONE, status=Status.REGRESSED), fresh=2), 1, "one session", id="a-failure"),
        pytest.param(checked(SUSPECTED, gated=MANY_ROWS + 1, fresh=2), 1, "51 values are gated", id="many-rows"),
        pytest.param(checked(SUSPECTED, gated=MANY_ROWS, fresh=2), 1, "", id="at-the-bound"),
        pytest.param(checked(ALONE, fresh=3), 2, "", id="both-are-there"),
        pytest.param(checked(ALONE, fresh=3), 1, "", id="two-measured-now"),
        pytest.param(checked(ALONE), 0, "", id="nothing-to-confirm"),
        pytest.param(checked(replace(ALONE, status=Status.UNCHANGED), fresh=2), 1, "", id="nothing-is-worse"),
        pytest.param(checked(replace(ALONE, method="same-session"), fresh=2), 1, "", id="interleaved"),
    ],
)
def test_one_report_is_said_to_be_too_few_where_two_are_wanted(given, reports, said):
    names = ["first.json", "second.json"][:reports]
    found = find_too_few(given.findings, given.suite.gated, given.current, names)
    assert [(d.slug, d.level) for d in found] == [("confirmations-few", "warning")] * bool(said)
    assert all(said in d.message and "--confirm second.json" in d.hint for d in found)
