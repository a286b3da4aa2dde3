"""perfgate: a performance gate for CI that people can trust, with nothing to host.

Importing the package loads nothing else: each public name is fetched on first
use, so that a measured program pays for the standard library alone.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself takes longer to load than all of perfgate.measure
if TYPE_CHECKING:
    from perfgate.measure import RunHandle, measure_and_run, measure_run_context, measured

__version__ = "0.1.0"
__all__ = ["RunHandle", "__version__", "measure_and_run", "measure_run_context", "measured"]


def __getattr__(name: str) -> object:
    """Fetch a public name from `perfgate.measure` on first use."""
    if name in __all__:
        from perfgate import measure  # noqa: PLC0415 - lazily, so that `import perfgate` costs nothing

        return getattr(measure, name)
    raise AttributeError(f"module 'perfgate' has no attribute {name!r}")
