"""perfgate: a performance gate for CI that people can trust, with nothing to host.

Importing the package loads nothing else: each public name is fetched on first
use, so that a measured program pays for the standard library alone.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself takes longer to load than all of perfgate.measure
if TYPE_CHECKING:
    from perfgate.measure import (
        RunHandle,
        deterministic_run_id,
        get_metrics,
        get_tracer,
        init_metrics,
        init_tracer,
        measure_and_run,
        measure_run_context,
        measured,
        performance_monitor,
        profile,
        traced,
    )
    from perfgate.pipeline.collect import load_profiles, load_runs

__version__ = "0.1.0"
__all__ = [
    "RunHandle",
    "__version__",
    "deterministic_run_id",
    "get_metrics",
    "get_tracer",
    "init_metrics",
    "init_tracer",
    "load_profiles",
    "load_runs",
    "measure_and_run",
    "measure_run_context",
    "measured",
    "performance_monitor",
    "profile",
    "traced",
]
_FOR_NOTEBOOKS = ("load_profiles", "load_runs")


def __getattr__(name: str) -> object:
    """Fetch a public name on first use."""
    if name not in __all__:
        raise AttributeError(f"module 'perfgate' has no attribute {name!r}")
    from importlib import import_module  # lazily, so that `import perfgate` costs nothing

    home = "perfgate.pipeline.collect" if name in _FOR_NOTEBOOKS else "perfgate.measure"
    found: object = getattr(import_module(home), name)
    globals()[name] = found  # the next look-up is one of a plain name, and adds no calls to a profile
    return found
