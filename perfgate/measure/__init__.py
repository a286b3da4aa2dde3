"""Measuring a program from inside, with the standard library only.

The public names are those in ``__all__``. Importing this package loads no
other module that a bare interpreter would not load soon anyway: a measured
program must not pay for being measured.
"""

from __future__ import annotations

from perfgate.measure.identity import deterministic_run_id
from perfgate.measure.inside.context import measure_run_context
from perfgate.measure.inside.handle import RunHandle
from perfgate.measure.inside.wrap import measure_and_run, measured

__all__ = ["RunHandle", "deterministic_run_id", "measure_and_run", "measure_run_context", "measured"]
