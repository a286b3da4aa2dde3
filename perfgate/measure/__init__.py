"""Measuring a program from inside, with the standard library only.

The public names are those in ``__all__``. Importing this package loads no
other module that a bare interpreter would not load soon anyway: a measured
program must not pay for being measured.
"""

from __future__ import annotations

from perfgate.measure import variables as _variables  # noqa: F401 - PERFGATE_ENABLED counts as it is now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from perfgate.measure.identity import deterministic_run_id
    from perfgate.measure.inside.context import measure_run_context
    from perfgate.measure.inside.handle import RunHandle
    from perfgate.measure.inside.wrap import measure_and_run, measured
    from perfgate.measure.profiling.monitor import performance_monitor
    from perfgate.measure.profiling.profiled import profile
    from perfgate.measure.tracing.stage_metrics import get_metrics, init_metrics
    from perfgate.measure.tracing.traced import traced
    from perfgate.measure.tracing.tracer import get_tracer, init_tracer

__all__ = [
    "RunHandle",
    "deterministic_run_id",
    "get_metrics",
    "get_tracer",
    "init_metrics",
    "init_tracer",
    "measure_and_run",
    "measure_run_context",
    "measured",
    "performance_monitor",
    "profile",
    "traced",
]

_HOMES = {
    "RunHandle": "perfgate.measure.inside.handle",
    "deterministic_run_id": "perfgate.measure.identity",
    "get_metrics": "perfgate.measure.tracing.stage_metrics",
    "get_tracer": "perfgate.measure.tracing.tracer",
    "init_metrics": "perfgate.measure.tracing.stage_metrics",
    "init_tracer": "perfgate.measure.tracing.tracer",
    "measure_and_run": "perfgate.measure.inside.wrap",
    "measure_run_context": "perfgate.measure.inside.context",
    "measured": "perfgate.measure.inside.wrap",
    "performance_monitor": "perfgate.measure.profiling.monitor",
    "profile": "perfgate.measure.profiling.profiled",
    "traced": "perfgate.measure.tracing.traced",
}
"""Where each name is defined. It is loaded when it is first asked for: a program pays for what it uses, and so does
a command of perfgate that measures nothing."""


def __getattr__(name: str) -> object:
    """Load a public name."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found
