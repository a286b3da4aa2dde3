"""How measured programs trace themselves: the table ``[trace]`` as the variables that they read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.core.errors import warning
from perfgate.measure.tracing import settings as names
from perfgate.measure.tracing.cost import MOST_OVERHEAD
from perfgate.measure.tracing.spans import MOST_SPANS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.errors import Diagnostic
    from perfgate.core.policy import Tracing

GOLDEN_FOLDER = "artifacts/traces"
"""Where golden traces are kept, relative to the configuration."""


def variables_of(trace: Tracing, golden: str = "") -> tuple[tuple[str, str], ...]:
    """Return the variables that a table ``[trace]`` stands for; one that is set for this call already wins.

    Args:
        trace: the table.
        golden: the folder of golden traces; empty: none are kept.
    """
    stated = {
        names.SWITCH: None if trace.enabled is None else str(int(trace.enabled)),
        names.SAMPLE_RATE: None if trace.sample_rate is None else f"{trace.sample_rate:g}",
        names.DEADLINE: None if trace.deadline_ms is None else f"{trace.deadline_ms:g}",
        names.GOLDEN: os.path.abspath(golden) if golden and trace.export_golden else None,
        names.GOLDEN_INTERVAL: None if trace.golden_trace_interval is None else str(trace.golden_trace_interval),
    }
    return tuple((name, text) for name, text in stated.items() if text is not None and name not in os.environ)


def overhead_of(summary: Mapping[str, object]) -> float:
    """Return the share of the traced time that the spans of a run summary cost; 0.0 where it states none."""
    traces = summary.get("traces")
    share = traces.get("overhead") if isinstance(traces, dict) else None
    return float(share) if isinstance(share, (int, float)) else 0.0


def dropped_of(summary: Mapping[str, object]) -> int:
    """Return for how many spans of a run summary there was no room."""
    traces = summary.get("traces")
    number = traces.get("dropped_spans") if isinstance(traces, dict) else None
    return number if isinstance(number, int) else 0


def warn_of_dropped(number: int) -> list[Diagnostic]:
    """Return a warning when traces have more spans than they keep: then a run has no times of stages."""
    if not number:
        return []
    message = f"{number:,} spans are beyond the {MOST_SPANS:,} that a trace keeps: no times of stages are known"
    return [warning("spans-dropped", message, hint="trace longer stages, or shorter units of work; calls are exact")]


def warn_of_overhead(share: float) -> list[Diagnostic]:
    """Return a warning when spans cost more of the traced time than `MOST_OVERHEAD`; a program's own may go unread."""
    if share <= MOST_OVERHEAD:
        return []
    message = f"tracing costs about {share * 100:.2g} % of the traced time"
    return [warning("tracing-overhead", message, hint="trace longer stages, or sample fewer traces")]
