"""What a file of another tool states of the machine, in the words of perfgate's own runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.run import STATED_BY
from perfgate.formats.parsing.values import to_number
from perfgate.measure.machine.facts import ARCHITECTURES, clean_cpu_model

if TYPE_CHECKING:
    from perfgate.core.run import Labels

_SYSTEMS = {"darwin": "macos", "win32": "windows"}
_LONGEST = 100  # characters of a fact: the longest names of processors have about 60
_MOST_CPUS = 1_000_000


def state_machine(
    tool: str, *, system: str = "", arch: str = "", cpus: object = None, cpu_model: str = "", python: str = ""
) -> Labels:
    """Return the facts that name a machine class, sorted; none when the file states nothing of it.

    Args:
        tool: the format, so that nobody takes them for what perfgate measured itself.
        system: of the operating system, as Python's `platform.system` gives it.
        arch: of the processor, in any of its names.
        cpus: number of processors, a number or a text.
        cpu_model: the processor's name; clock rates in it are left out.
        python: version of the interpreter.
    """
    count = to_number(cpus)
    system = system.strip().lower()
    arch = arch.strip().lower()
    facts = {
        "os": _SYSTEMS.get(system, system),
        "arch": ARCHITECTURES.get(arch, arch),
        "cpus": f"{count:.0f}" if count is not None and 1 <= count <= _MOST_CPUS else "",
        "cpu_model": clean_cpu_model(cpu_model),
    }
    stated = {name: fact[:_LONGEST] for name, fact in facts.items() if fact}
    if not stated:
        return ()
    return tuple(sorted({**stated, **({"python": python[:_LONGEST]} if python else {}), STATED_BY: tool}.items()))
