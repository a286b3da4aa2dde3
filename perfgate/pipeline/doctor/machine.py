"""What a machine's processors, memory and load mean for measuring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.report.doctor import Check
from perfgate.report.words import amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.measure.machine.limits import Limits

AREA = "Machine"
_STEADY = frozenset({"performance"})
_LITTLE_MEMORY = 512 * 2**20  # bytes: less ends many programs instead of slowing them
_WARM = "The clock rate falls when the processor gets warm: switch turbo off on a machine of your own."
_SHARED = "Two threads share a core: run nothing else beside the measured program, or switch it off."
_BUSY = 0.5  # share of the processors that others used in the last minute
_SWAPPED = 0.1  # share of the swap space: much has been moved out, not only what nobody needs


def check_machine(limits: Limits) -> Iterator[Check]:
    """Yield what the machine says of itself, each with what to do."""
    yield _cpus(limits)
    yield _governor(limits)
    yield _switch("turbo", is_on=limits.turbo, hint=_WARM)
    yield _switch("smt", is_on=limits.smt, hint=_SHARED)
    yield _host(limits)
    yield _memory(limits)
    yield _swap(limits)
    yield _load(limits)


def _cpus(limits: Limits) -> Check:
    quota, present = limits.cpu_quota, limits.cpus_present
    found = f"{limits.cpus:g} usable of {'an unknown number' if present is None else present} present"
    values = {"usable": limits.cpus, "allowed": limits.cpus_allowed, "quota": quota, "present": present}
    if quota is not None and quota < limits.cpus_allowed:
        hint = "A quota pauses a program that uses it up: give the container whole processors, or gate CPU time."
        return Check(area=AREA, name="cpus", level="warning", found=f"{found} (quota)", hint=hint, values=values)
    if limits.cpus <= 1:
        hint = "One processor runs the measured program and all else: give it a second one, or measure more runs."
        return Check(area=AREA, name="cpus", level="note", found=found, hint=hint, values=values)
    return Check(area=AREA, name="cpus", level="ok", found=found, values=values)


def _governor(limits: Limits) -> Check:
    values = {"governors": list(limits.governors)}
    if not limits.governors:
        found = "the clock rate's governor is not visible"
        return Check(area=AREA, name="governor", level="ok", found=found, values=values)
    found = ", ".join(limits.governors)
    if _STEADY.issuperset(limits.governors):
        return Check(area=AREA, name="governor", level="ok", found=found, values=values)
    hint = "The clock rate follows the load: set it while you measure, sudo cpupower frequency-set -g performance."
    return Check(area=AREA, name="governor", level="note", found=found, hint=hint, values=values)


def _switch(name: str, *, is_on: bool | None, hint: str) -> Check:
    """Return the check of something that is better off; `is_on` is None where it is not visible.

    Args:
        name: of the check.
        is_on: as the machine says.
        hint: what to do where it is on.
    """
    values = {name: is_on}
    if is_on:
        return Check(area=AREA, name=name, level="note", found="on", hint=hint, values=values)
    return Check(area=AREA, name=name, level="ok", found="not visible" if is_on is None else "off", values=values)


def _host(limits: Limits) -> Check:
    values = {"container": limits.container, "virtual_machine": limits.machine}
    kinds = [f"container ({limits.container})"] if limits.container else []
    kinds += [f"virtual machine ({limits.machine})"] if limits.machine else []
    found = ", ".join(kinds) or "no container and no virtual machine, as far as is visible"
    if limits.machine:
        hint = "Neighbours on the host share its processors: measure several sessions, or compare with perfgate ab."
        return Check(area=AREA, name="host", level="note", found=found, hint=hint, values=values)
    return Check(area=AREA, name="host", level="ok", found=found, values=values)


def _memory(limits: Limits) -> Check:
    limit, total = limits.memory_limit, limits.memory_total
    values = {"limit": limit, "total": total}
    known = [size for size in (limit, total) if size is not None]
    found = "not visible" if total is None else f"{amount(total, 'B')} in the machine"
    if limit is not None:
        found += f", {amount(limit, 'B')} allowed by the control group"
    if known and min(known) < _LITTLE_MEMORY:
        hint = "A program that needs more is killed (signal 9): raise the limit of the container."
        return Check(area=AREA, name="memory-limit", level="warning", found=found, hint=hint, values=values)
    return Check(area=AREA, name="memory-limit", level="ok", found=found, values=values)


def _swap(limits: Limits) -> Check:
    total, used = limits.swap_total, limits.swap_used
    values = {"total": total, "used": used}
    if not total or used is None:
        found = "not visible" if total is None else "none" if not total else f"{amount(total, 'B')}"
        return Check(area=AREA, name="swap", level="ok", found=found, values=values)
    found = f"{amount(used, 'B')} of {amount(total, 'B')} in use"
    if used > _SWAPPED * total:
        hint = "A program whose memory is swapped out is slow, and its peak is too small: free memory first."
        return Check(area=AREA, name="swap", level="warning", found=found, hint=hint, values=values)
    return Check(area=AREA, name="swap", level="ok", found=found, values=values)


def _load(limits: Limits) -> Check:
    values = {"load": limits.load}
    if limits.load is None:
        return Check(area=AREA, name="load", level="ok", found="not visible", values=values)
    found = f"{limits.load:g} on average of the last minute, for {limits.cpus:g} usable processors"
    if limits.load > _BUSY * limits.cpus:
        hint = "Other programs take time from the measured one: stop them, or measure when they have ended."
        return Check(area=AREA, name="load", level="warning", found=found, hint=hint, values=values)
    return Check(area=AREA, name="load", level="ok", found=found, values=values)
