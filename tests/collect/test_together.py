"""Which sessions of a profile file were measured together, so that all of them are current."""

from __future__ import annotations

import pytest

from perfgate.collect import SessionTally, find_together


def tally(session, benchmark, hour, commit="c0ffee"):
    """Return what one session measured of one benchmark."""
    return SessionTally(
        machine_class="ci", key=(benchmark, ()), session=session, ok=3, failed=0, known=0, commits=(commit,),
        started_at=f"2026-03-04T{hour:02}:00:00.000000Z" if hour is not None else "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tallies", "expected"),
    [
        pytest.param([("j1", "load", 1), ("j2", "save", 1)], ("j1", "j2"), id="shards"),
        pytest.param([("j1", "load", 1), ("j2", "save", 5), ("j3", "scan", 9)], ("j1", "j2", "j3"), id="a-queue"),
        pytest.param([("j1", "load", 1), ("j2", "save", 6)], (), id="hours-apart"),
        pytest.param([("j1", "load", 1), ("j2", "load", 1)], (), id="a-benchmark-in-two"),
        pytest.param([("j1/a", "load", 1), ("j1/b", "load", 1), ("j2", "save", 2)], ("j1", "j2"), id="two-batches"),
        pytest.param([("j1", "load", 1), ("j2", "save", 1, "beef")], (), id="two-commits"),
        pytest.param([("j1", "load", 1, ""), ("j2", "save", 1, "")], (), id="no-commit"),
        pytest.param([("j1", "load", None), ("j2", "save", 1)], (), id="no-time"),
        pytest.param([("j1", "load", None), ("j2", "save", None)], (), id="no-times"),
        pytest.param([("unknown-1", "load", 1), ("j2", "save", 1)], (), id="runs-without-a-session"),
        pytest.param([("j1", "load", 1), ("j1", "save", 1)], (), id="one-session"),
        pytest.param([], (), id="nothing"),
    ],
)
def test_sessions_are_together_where_nothing_speaks_against_it(tallies, expected):
    found = [tally(*t) for t in tallies]
    assert find_together(found) == find_together(found[::-1]) == expected
