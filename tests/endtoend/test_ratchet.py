"""``on_improved = "fail"``: what the hint of an improved value writes keeps the gain, and a plain refresh does not."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from support import verdict_of

if TYPE_CHECKING:
    from support import Project

DAY = "2026-04-{:02}T09:00:00Z"


def measure(project: Project, day: int, seconds: float) -> None:
    """Measure two benchmarks in a session of their own; `index` always takes as long."""
    project.drop_runs("*")
    for name, elapsed in (("fetch", seconds), ("index", 2.0)):
        project.write_runs(
            10, f"d{day}-{name}", elapsed, benchmark=name, session=f"day-{day}", started_at=DAY.format(day)
        )


@pytest.fixture
def ratchet(project: Project) -> Project:
    """A project whose baseline holds four sessions, and of which one benchmark takes half as long now."""
    project.write("perfgate.toml", '[defaults]\non_improved = "fail"\n')
    for day in range(1, 5):
        measure(project, day, 0.8)
        assert project.cli("baseline", "refresh").code == 0
    measure(project, 5, 0.4)
    return project


def sessions(project: Project, benchmark: str) -> int:
    return project.baseline(benchmark).read_text().count('"started_at"')


def test_the_hint_keeps_the_gain_of_what_improved_alone(ratchet: Project) -> None:
    before = sessions(ratchet, "fetch"), sessions(ratchet, "index")
    outcome = ratchet.cli("check", "--report", "r.json")
    assert outcome.code == 1, str(outcome)
    assert verdict_of(outcome.stdout).startswith(
        'REGRESSION 1 of 4 gated values improved, and on_improved = "fail" asks to record it.'
    )
    told = " ".join(outcome.stdout.split())
    words = shlex.split(told[told.index("perfgate baseline refresh --replace-improved") :])[:5]
    assert ratchet.cli(*words[1:]).code == 0
    assert (sessions(ratchet, "fetch"), sessions(ratchet, "index")) == (1, before[1] + 1)
    measure(ratchet, 6, 0.4)
    assert ratchet.cli("check").code == 0
    measure(ratchet, 7, 0.8)
    assert re.search(r"^Regressed \(1\)\n.*\n  fetch\n  ✗ elapsed ", ratchet.cli("check").stdout, re.MULTILINE)


def test_a_plain_refresh_leaves_the_baseline_at_the_old_speed(ratchet: Project) -> None:
    assert ratchet.cli("baseline", "refresh").code == 0
    assert sessions(ratchet, "fetch") == 5
    measure(ratchet, 6, 0.8)
    outcome = ratchet.cli("check")
    assert outcome.code == 0, str(outcome)
