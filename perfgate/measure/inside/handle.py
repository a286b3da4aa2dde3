"""The handle of a measured body: it records in the run what only the program knows."""

from __future__ import annotations

import math
import operator

from perfgate.core.measured import RESERVED
from perfgate.measure.summary import CONTRACT, LONGEST_METRIC, check_text, encode_summary
from perfgate.measure.variables import MOST_ROWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import SupportsFloat, SupportsIndex

    from perfgate.measure.inside.measurement import Measurement


class RunHandle:
    """Access of the measured program to its run. Made by `measure_run_context`, never by hand."""

    __slots__ = ("_measurement",)

    def __init__(self, measurement: Measurement) -> None:
        """Show one measurement."""
        self._measurement = measurement

    @property
    def run_id(self) -> str:
        """The run's own name, and its file's; empty when measuring is switched off."""
        return self._measurement.run_id

    @property
    def path(self) -> str | None:
        """The absolute path of the summary written; None before the end, or when none was written."""
        return self._measurement.path

    @property
    def rows_used(self) -> int:
        """How many rows the workload has had, >= 0; set it, or add to it, before the run ends.

        It is the workload's fingerprint: time and memory are compared between runs
        of as many rows only.

        Raises:
            TypeError: set to something that is no integer.
            ValueError: set to a negative number.
            RuntimeError: set after the run has ended.
        """
        return self._measurement.rows or 0

    @rows_used.setter
    def rows_used(self, rows: SupportsIndex) -> None:
        """Say how many rows the run worked on."""
        count = check_rows(rows)
        self._refuse_if_ended("rows_used")
        self._measurement.rows = count

    def record(self, name: str, value: SupportsFloat, unit: str = "1", better: str = "lower") -> None:
        """Record a value of the program's own, such as an accuracy; the last one of a name counts.

        Args:
            name: the metric's name; not one of those that are measured anyway.
            value: a finite number, in `unit`.
            unit: the base unit: ``1``, ``s``, ``B`` or any other text.
            better: which direction is better, ``lower`` or ``higher``.

        Raises:
            TypeError: the name or unit is no string, or the value no number.
            ValueError: the name is empty or reserved, the value not finite, the unit
                empty, or the direction unknown.
            RuntimeError: the run has ended.
        """
        check_text("a metric's name", name, LONGEST_METRIC)
        if name in RESERVED:
            raise ValueError(f"{name!a} is measured anyway: record yours under another name")
        number = _check_number(name, value)
        check_text(f"the unit of {name!a}", unit)
        if better not in {"lower", "higher"}:
            raise ValueError(f"better={better!a} is unknown: expected 'lower' or 'higher'")
        self._refuse_if_ended(name)
        self._measurement.metrics[name] = {"value": number, "unit": unit, "better": better}

    def to_dict(self) -> dict[str, object]:
        """Return the summary: the values so far inside the body, the final ones after the end."""
        return self._measurement.compose()

    def to_json(self) -> str:
        """Return the summary as one line of JSON, for the program's own ``--format json``."""
        return encode_summary(self.to_dict())

    def _refuse_if_ended(self, name: str) -> None:
        if self._measurement.elapsed_ns is not None:
            raise RuntimeError(f"run {self.run_id} has ended and its summary stands: set {name} inside the body")


class OffHandle(RunHandle):
    """The handle when measuring is switched off: takes everything, keeps nothing."""

    __slots__ = ()

    def __init__(self) -> None:
        """Have nothing behind it."""

    @property
    def run_id(self) -> str:
        """Empty: there is no run."""
        return ""

    @property
    def path(self) -> str | None:
        """None: nothing is written."""
        return None

    @property
    def rows_used(self) -> int:
        """Always 0; what is set is ignored."""
        return 0

    @rows_used.setter
    def rows_used(self, rows: SupportsIndex) -> None:
        """Ignore what is said."""

    def record(self, name: str, value: SupportsFloat, unit: str = "1", better: str = "lower") -> None:
        """Ignore the value."""

    def to_dict(self) -> dict[str, object]:
        """Return the four keys of the contract without values: nobody can take them for a measurement."""
        return dict.fromkeys(CONTRACT)


def check_rows(rows: SupportsIndex) -> int:
    """Return a count of rows as an int >= 0; integers of other libraries are taken too.

    Raises:
        TypeError: it is no integer (a bool is none).
        ValueError: it is negative, or beyond 2^53.
    """
    if isinstance(rows, bool):
        raise TypeError("rows_used must be an integer, not a bool")
    count = operator.index(rows)
    if not 0 <= count <= MOST_ROWS:
        raise ValueError(f"rows_used must be between 0 and 2^53, not {count}")
    return count


def _check_number(name: str, value: SupportsFloat) -> float:
    if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
        raise TypeError(f"the value of {name!a} must be a number, not {type(value).__name__}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"the value of {name!a} must be finite, not {number}")
    return int(value) if isinstance(value, int) else number
