"""`[canary]`: what its texts mean, and each fault with its place."""

from __future__ import annotations

import pytest
from records import refused
from toml_places import place_in

from perfgate import config
from perfgate.core.policy import CANARY
from perfgate.core.rollout.canary import Phase

STATED = """
[canary]
looks = 24
level = "10%"
p95 = "+30%"
deadline_miss = "<= 1%"
error_rate = "off"
deadline_ms = 200
phases = [{ weight = 5, min_age = "90m", min_samples = 100 }, { weight = 100, min_age = "1d" }]
"""


def read(text):
    return config.parse(text, "perfgate.toml").canary


def test_each_key_is_read_in_its_unit():
    found = read(STATED)
    assert (found.analyses, found.level, found.deadline) == (24, 0.1, 0.2)
    assert (found.p95.amount, found.deadline_miss.amount, found.error_rate) == (0.3, 0.01, None)
    assert found.phases == (Phase(weight=5, min_age=5400.0, min_samples=100), Phase(weight=100, min_age=86_400.0))
    assert found.stated == ("deadline_miss", "error_rate")


def test_without_the_table_the_phases_and_triggers_are_those_of_the_page():
    assert read("") == CANARY
    assert [(p.weight, p.min_age) for p in CANARY.phases] == [(10, 7200.0), (50, 14_400.0), (100, 0.0)]


def test_the_deadline_of_traces_holds_where_the_table_states_none():
    assert read("[trace]\ndeadline_ms = 150").deadline == 0.15
    assert read("[trace]\ndeadline_ms = 150\n[canary]\ndeadline_ms = 200").deadline == 0.2


@pytest.mark.parametrize(
    ("line", "place", "message"),
    [
        ('p95 = "15%"', "/canary/p95", 'did you mean "+15%"?'),
        ('p95 = "+30ms"', "/canary/p95", "not a relative worsening"),
        ('p95 = "-5%"', "/canary/p95", "not a relative worsening"),
        ('deadline_miss = "2%"', "/canary/deadline_miss", "is not a limit"),
        ('deadline_miss = "> 2%"', "/canary/deadline_miss", "not the largest share"),
        ('error_rate = "< 5ms"', "/canary/error_rate", "not the largest share"),
        ('error_rate = "< 200%"', "/canary/error_rate", "not the largest share"),
        ('level = "50%"', "/canary/level", "not a chance between"),
        ("looks = 0", "/canary/looks", ""),
        ("deadline_ms = 0", "/canary/deadline_ms", ""),
        ("phases = []", "/canary/phases", ""),
        ("phases = [{ weight = 101 }]", "/canary/phases/0/weight", ""),
        ('phases = [{ weight = 1, min_age = "soon" }]', "/canary/phases/0/min_age", 'write it like "90m"'),
        ("phases = [{ weight = 1 }, { weight = 1 }]", "/canary/phases/1/weight", "already"),
        ("weight = 1", "/canary/weight", ""),
    ],
)
def test_a_fault_is_named_with_its_place(line, place, message):
    text = f"[canary]\n{line}"
    (problem,) = refused(read, text)
    assert problem.place == place_in(text, place)
    assert message in problem.message
