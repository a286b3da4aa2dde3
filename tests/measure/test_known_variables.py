"""What the doctor says of a variable is what a measured program says of it."""

from __future__ import annotations

import pytest

from perfgate.measure.known_variables import KNOWN, find_ignored

ANY_TEXT = {
    *("PERFGATE_ASCII", "PERFGATE_DEBUG", "PERFGATE_OUT", "PERFGATE_PROFILE_FILE", "PERFGATE_RECEIPT"),
    "PERFGATE_SESSION",
    *("PERFGATE_COUNTS", "PERFGATE_RUN"),
    *("PERFGATE_SIDE", "PERFGATE_TRACE_FILE", "PERFGATE_TRACE_GOLDEN", "PERFGATE_TRACE_STAGES"),
}
IGNORED = {
    "ENABLE_PERFORMANCE_MONITORING": ["2", "enabled"],
    "PERFGATE_BENCHMARK": ["x" * 501, "a\udcff"],
    "PERFGATE_COMMAND": ["a\udcff"],
    "PERFGATE_COMMIT": ["main", "1a2b3c4"],
    "PERFGATE_ENABLED": ["2"],
    "PERFGATE_MEMORY": ["guess", "poll:0ms"],
    "PERFGATE_PROFILE": ["perhaps"],
    "PERFGATE_ROWS": ["-1", "1e3"],
    "PERFGATE_SHARD": ["5/4", "one"],
    "PERFGATE_TRACE": ["maybe"],
    "PERFGATE_TRACE_DEADLINE_MS": ["0", "1e10", "nan"],
    "PERFGATE_TRACE_GOLDEN_INTERVAL": ["0", "2.5"],
    "PERFGATE_TRACE_SAMPLE_RATE": ["7", "-0.1", "inf"],
    "PERFGATE_WRITE": ["never"],
}
CASES = [(name, value) for name, values in IGNORED.items() for value in values]
USES_ALL = """
import os
import perfgate
from perfgate.measure import init_metrics, init_tracer, measure_run_context

os.environ["PERFGATE_TRACE_GOLDEN"] = "golden"
tracer = init_tracer()
init_metrics(deadline_ms=1.0)
with perfgate.profile(), measure_run_context(out="runs"):
    tracer.enabled = True
    tracer.start_trace("t")
    tracer.finish_trace()
"""


def test_every_variable_either_takes_any_text_or_has_a_value_that_is_ignored():
    assert ANY_TEXT | set(IGNORED) == KNOWN | {"ENABLE_PERFORMANCE_MONITORING"}
    assert find_ignored(dict.fromkeys(ANY_TEXT, "?")) == []


@pytest.mark.parametrize(("name", "value"), CASES, ids=ascii)
def test_a_value_that_is_ignored_is_named_with_what_holds(name, value):
    (line,) = find_ignored({name: value})
    assert line.startswith(name)
    assert any(words in line for words in ("ignored", "the default is used", "it counts as on", "nothing is "))


@pytest.mark.parametrize("name", IGNORED)
def test_a_measured_program_says_the_same(name, python):
    value = IGNORED[name][0]
    assert python(USES_ALL, **{name: value}).stderr.splitlines() == [
        f"perfgate: {line}" for line in find_ignored({name: value})
    ]


def test_what_is_set_well_is_not_named():
    good = {"PERFGATE_COMMIT": "A" * 40, "PERFGATE_SHARD": "2/4", "PERFGATE_TRACE_GOLDEN_INTERVAL": "1e2"}
    assert find_ignored({**good, "PERFGATE_MEMORY": "poll", "PERFGATE_TRACE": "no", "PERFGATE_ENABLED": ""}) == []
