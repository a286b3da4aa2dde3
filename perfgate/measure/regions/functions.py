"""Count the instructions of functions, one after another, for the plugin of pytest."""

from __future__ import annotations

import gc
import os

from perfgate.measure.regions.requests import BLOCKS, SOURCE, RegionError, Requests, spare_memory, usage_of_children

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_ENOUGH = 1_000_000
"""Instructions of a region that is counted as it is; of a shorter one the requests themselves would be a part."""


def is_for_functions(folder: str) -> bool:
    """Does Callgrind write into a folder for functions? Else `perfgate run --counts` runs the whole program."""
    return not os.path.exists(os.path.join(folder, BLOCKS))


class Regions:
    """Counts regions of this process, one after another."""

    def __init__(self, folder: str) -> None:
        """Find the Valgrind around this process.

        Args:
            folder: into which Callgrind writes.

        Raises:
            RegionError: there is none, or this machine allows no requests.
        """
        self._folder = folder
        self._requests = Requests(folder)
        self._spare = spare_memory()

    @property
    def source(self) -> str:
        """What a count depends on beside the code, as whoever started Valgrind wrote it."""
        with open(os.path.join(self._folder, SOURCE), encoding="utf-8") as file:
            return file.read()

    def count_once(self, call: Callable[[], object]) -> float:
        """Return the instructions of one call that cannot be repeated.

        Raises:
            RegionError: Callgrind left no count.
        """
        return float(self._count(call, 1))

    def count(self, call: Callable[[], object]) -> float:
        """Return the instructions of one call; a short one is repeated.

        The caller has called it before, which filled caches. Garbage is collected before, and not meanwhile.

        Raises:
            RegionError: Callgrind left no count.
        """
        was_on = gc.isenabled()
        gc.collect()
        gc.disable()
        try:
            call()  # leaves memory as the next one will: garbage was collected in the ones before
            loops, found = 1, self._count(call, 1)
            if found < _ENOUGH:
                loops = -(-_ENOUGH // max(found, 1))
                found = self._count(call, loops)
        finally:
            if was_on:
                gc.enable()
        return found / loops

    def _count(self, call: Callable[[], object], loops: int) -> int:
        children = usage_of_children()
        found = self._requests.count(call, loops)
        if usage_of_children() != children:
            raise RegionError("the function starts processes, whose instructions are not counted: perfgate ab --counts")
        return found
