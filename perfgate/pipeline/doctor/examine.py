"""Looks at everything in turn; whatever fails is one of the findings."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, error
from perfgate.measure.inside.context import DEFAULT_OUT, read_mode
from perfgate.measure.machine import facts
from perfgate.measure.machine.limits import read_limits
from perfgate.measure.memory.meters import open_meter
from perfgate.measure.own_costs import measure_costs, read_clock
from perfgate.measure.variables import Variables
from perfgate.pipeline import inputs
from perfgate.pipeline.doctor import costs, machine, software
from perfgate.pipeline.measuring.run import default_out
from perfgate.report.doctor import Check, compose_doctor
from perfgate.store.git import read_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.measure.own_costs import Clock, OwnCosts
    from perfgate.pipeline.doctor.costs import Launches
    from perfgate.report.document import Document

_OUTPUT = "Output"
_LAUNCHER = "wait4-launcher"


def examine(
    *,
    is_quick: bool,
    root: str = "",
    clock: Callable[[], Clock | None] = read_clock,
    launch: Callable[[], Launches] = costs.launch,
) -> tuple[Document, list[Diagnostic]]:
    """Return the report, and why nothing can be measured here, if that is so.

    Args:
        is_quick: leave out the launches.
        root: put before the absolute paths of the machine's files.
        clock: reads the properties of the clock.
        launch: launches a small workload several times.
    """
    checks = [*_check_measuring(root, clock), *_check_output()]
    if not is_quick:
        checks += costs.check_noise(launch())
    checks += machine.check_machine(read_limits(os.environ, root))
    checks += software.check_software(os.environ, git=read_version())
    checks += _check_identity()
    faults = [error("cannot-measure", check.found, place=check.name, hint=check.hint) for check in _errors(checks)]
    return compose_doctor(checks, tool=inputs.TOOL), faults


def _errors(checks: Sequence[Check]) -> Iterator[Check]:
    return (check for check in checks if check.level == "error")


def _check_measuring(root: str, clock: Callable[[], Clock | None]) -> Iterator[Check]:
    try:
        meter = open_meter(read_mode(Variables(os.environ, lambda _: None)))  # `variable-values` says what is ignored
        source = meter.source
        meter.stop()
    except OSError:
        source = ""
    can_reset = read_limits(os.environ, root).can_reset_peak
    yield costs.check_memory(source, _LAUNCHER, can_reset=can_reset)
    found = clock()
    measured: OwnCosts | None = measure_costs() if found is not None else None
    yield costs.check_clock(found, measured)
    if measured is not None:
        yield from costs.check_costs(measured)


def _check_output() -> Iterator[Check]:
    """Yield whether the configuration is valid and run files can be written."""
    fault = ""
    try:
        settings = inputs.read_settings(None)
        source, out = settings.policy.source, os.environ.get("PERFGATE_OUT") or default_out()
    except CannotDecideError as caught:
        first = caught.diagnostics[0]
        fault, source, out = (
            ": ".join(filter(None, (first.place, first.message))),
            "",
            os.environ.get("PERFGATE_OUT") or DEFAULT_OUT,
        )
    except OSError as caught:
        fault, source, out = caught.strerror or str(caught), "", DEFAULT_OUT
    if fault:
        hint = "check and run refuse to work with it: perfgate validate lists all faults."
        yield Check(area=_OUTPUT, name="configuration", level="warning", found=fault, hint=hint)
    else:
        yield Check(area=_OUTPUT, name="configuration", level="ok", found=source, values={"source": source})
    values = {"folder": out}
    if _is_writable(out):
        yield Check(area=_OUTPUT, name="run-files", level="ok", found=f"can be written to {out}", values=values)
    elif _is_temporary_writable():
        hint = "Name another folder: perfgate run --out DIR, or PERFGATE_OUT=DIR for programs."
        yield Check(
            area=_OUTPUT,
            name="run-files",
            level="warning",
            found=f"cannot be written to {out}",
            hint=hint,
            values=values,
        )
    else:
        hint = "Free space on the disk, or set TMPDIR and PERFGATE_OUT to folders that can be written."
        found = f"neither {out} nor a folder for temporary files can be written"
        yield Check(area=_OUTPUT, name="run-files", level="error", found=found, hint=hint, values=values)


def _is_writable(folder: str) -> bool:
    """Can a file be made in a folder, or in the nearest one above it that is there?"""
    try:
        place = os.path.abspath(folder)
        while not os.path.lexists(place) and os.path.dirname(place) != place:
            place = os.path.dirname(place)
        with tempfile.TemporaryFile(dir=place) as file:
            return file.write(b"perfgate") > 0
    except (OSError, ValueError):
        return False


def _is_temporary_writable() -> bool:
    try:
        with tempfile.TemporaryFile() as file:
            return file.write(b"perfgate") > 0
    except OSError:
        return False


def _check_identity() -> Iterator[Check]:
    try:
        machine_class = inputs.read_settings(None).policy.machine_class
    except (CannotDecideError, OSError):
        machine_class = ""
    return software.check_identity(
        os.environ, facts.environment(), session=facts.session_id(), machine_class=machine_class
    )
