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
    from perfgate.pipeline.history.find import load_history

__version__ = "0.1.0"
__all__ = [
    "RunHandle",
    "__version__",
    "deterministic_run_id",
    "get_metrics",
    "get_tracer",
    "init_metrics",
    "init_tracer",
    "load_history",
    "load_profiles",
    "load_runs",
    "measure_and_run",
    "measure_run_context",
    "measured",
    "performance_monitor",
    "profile",
    "traced",
]
_FOR_NOTEBOOKS = {
    "load_history": "perfgate.pipeline.history.find",
    "load_profiles": "perfgate.pipeline.collect",
    "load_runs": "perfgate.pipeline.collect",
}
"""Name -> its module; all others are in `perfgate.measure`."""


def __getattr__(name: str) -> object:
    """Fetch a public name on first use."""
    if name not in __all__:
        raise AttributeError(f"module 'perfgate' has no attribute {name!r}")
    from importlib import import_module  # lazily, so that `import perfgate` costs nothing

    found: object = getattr(import_module(_FOR_NOTEBOOKS.get(name, "perfgate.measure")), name)
    globals()[name] = found  # the next look-up is one of a plain name, and adds no calls to a profile
    return found
