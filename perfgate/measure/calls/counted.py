"""Run a Python program under Valgrind, whose regions are counted, for the plugin of pytest."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial

from perfgate.measure.command.counting import VARIABLES, by_regions, find_counter, identity_of
from perfgate.measure.machine import facts
from perfgate.measure.regions.requests import SOURCE, RegionError
from perfgate.measure.variables import FOLDER_OF_COUNTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_BY_SIGNAL = 128  # exit code of a shell for a program that a signal ended, and its number


def run_under_counter(argv: Sequence[str]) -> int:
    """Run a Python program whose regions are counted, with the streams of this process, and return its exit code.

    Args:
        argv: arguments of the interpreter, such as ``-m pytest``.

    Raises:
        RegionError: there is no Valgrind, or it cannot be started.
    """
    counter = find_counter()
    if counter is None:
        raise RegionError("counting needs Valgrind, which is not here: apt-get install -y valgrind")
    cpu = facts.environment().get("cpu_model", "")
    own = identity_of([sys.executable], os.getcwd(), os.environ)
    fixed = {name: text for name, text in VARIABLES.items() if name not in os.environ}
    with tempfile.TemporaryDirectory(prefix="perfgate-counts-") as folder:
        with open(os.path.join(folder, SOURCE), "w", encoding="utf-8") as file:
            file.write(", ".join(filter(None, (f"callgrind of {counter.version}", cpu, own))))
        words = by_regions(counter, [sys.executable, *argv], folder, follows=False)
        call = partial(subprocess.call, words, env={**os.environ, **fixed, FOLDER_OF_COUNTS: folder})
        try:
            code = call()
        except OSError as error:
            raise RegionError(f"{counter.path} cannot be started ({error.strerror})") from None
    return code if code >= 0 else _BY_SIGNAL - code
