"""The calls of the description that the tracer comes from work word for word, but for their import lines."""

from __future__ import annotations

import json

TRACE = """
from perfgate.measure import init_tracer, get_tracer

def fetch_market_data(): pass
def calculate_spread(): pass
def check_guards(): pass
def emit_orders(): pass

# Initialize
tracer = init_tracer(enabled=True, sample_rate=0.2)

# Start trace
if tracer.should_trace():
    tracer.start_trace("tick_12345", metadata={"symbols": ["BTCUSDT"]})

    # Measure stages
    with tracer.span("stage_fetch_md"):
        fetch_market_data()

    with tracer.span("stage_spread"):
        calculate_spread()

    with tracer.span("stage_guards"):
        check_guards()

    with tracer.span("stage_emit"):
        emit_orders()

    # Finish
    trace = tracer.finish_trace()
"""
METRICS = """
from perfgate.measure import init_metrics

metrics = init_metrics(deadline_ms=200.0)

# Record trace
metrics.record_trace(trace)

# Record guard trip
metrics.record_guard_trip("vol_soft")

# Export summary
summary = metrics.get_summary()
print(f"P95 tick: {summary['stage_percentiles']['tick_total']['p95']:.2f}ms")
print(f"Deadline miss: {summary['deadline_miss_pct']:.2f}%")
"""
GOLDEN = """
from perfgate.measure import get_tracer
import json

tracer = get_tracer()
tracer.start_trace("tick_12345")
with tracer.span("stage_emit"):
    pass
trace = tracer.finish_trace()

# Export to JSON
json_data = tracer.export_to_json(trace)

with open("golden_trace_12345.json", "w") as f:
    json.dump(json_data, f, indent=2)
"""


def test_a_tick_is_traced_stage_by_stage_recorded_and_summarised(python):
    done = python(TRACE + METRICS)
    first, second = done.stdout.splitlines()
    assert first.startswith("P95 tick: ")
    assert first.endswith("ms")
    assert second == "Deadline miss: 0.00%"


def test_a_golden_trace_is_dumped_as_json(python, tmp_path):
    python(TRACE + GOLDEN)
    found = json.loads((tmp_path / "golden_trace_12345.json").read_text())
    assert list(found) == ["trace_id", "duration_ms", "metadata", "spans", "stage_durations"]
    assert list(found["stage_durations"]) == ["stage_emit", "tick_total"]


def test_with_tracing_switched_off_the_same_program_runs_and_records_nothing(python):
    program = TRACE.replace("if tracer.should_trace():", "if True:") + METRICS
    program = program.split("# Export summary", maxsplit=1)[0] + "print(metrics.get_summary()['total_ticks'])"
    assert python(program, PERFGATE_TRACE="0").stdout == "0\n"
