"""Which benchmarks the runs of a command measured: each of them shall be in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import cannot_decide

if TYPE_CHECKING:
    from collections.abc import Collection


class Presence:
    """The benchmarks of the runs of one side."""

    def __init__(self) -> None:
        """Begin without a run."""
        self._times: dict[str, int] = {}  # benchmark with its labels -> runs that have it
        self._runs = 0

    def add(self, names: Collection[str]) -> None:
        """Add what one run measured.

        Args:
            names: benchmarks with their labels, each once.
        """
        self._runs += 1
        for name in names:
            self._times[name] = self._times.get(name, 0) + 1

    def require_steady(self, whose: str = "") -> None:
        """Return when every run measured the same benchmarks.

        Args:
            whose: side that was measured, such as `` of the base``; empty: there is one.

        Raises:
            CannotDecideError: one did not.
        """
        unsteady = {name: times for name, times in self._times.items() if times < self._runs}
        if unsteady:
            name, times = next(iter(sorted(unsteady.items())))
            more = f", and {len(unsteady) - 1:,} others likewise" if len(unsteady) > 1 else ""
            message = f'"{name}" is in the results of {times} of {self._runs} runs{whose}{more}'
            hint = "let every run measure the same benchmarks: no random choice, no skipping"
            raise cannot_decide("benchmark-unsteady", message, hint=hint)
