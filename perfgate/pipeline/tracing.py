"""How measured programs trace themselves: the table ``[trace]`` as the variables that they read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.measure.tracing import settings as names

if TYPE_CHECKING:
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
