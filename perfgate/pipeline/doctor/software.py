"""What the interpreter, git, the variables and the CI system mean for measuring."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from perfgate.core.run import class_of
from perfgate.measure.known_variables import KNOWN, PREFIX, SWITCHES, find_ignored
from perfgate.measure.machine.ci import name_ci
from perfgate.measure.profiling.settings import switched_on_by
from perfgate.measure.variables import Variables
from perfgate.report.doctor import Check, gravest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perfgate.report.doctor import Level

AREA = "Software"
IDENTITY = "Runs"
_LONGEST_VALUE = 60
_MOST_NAMES = 10


def check_software(environ: Mapping[str, str], *, git: str | None) -> Iterator[Check]:
    """Yield what the interpreter, git and the variables say.

    Args:
        environ: the environment variables.
        git: version of git; None: there is none.
    """
    yield _python()
    yield _bytecode()
    yield _hash_seed(environ)
    yield _git(git)
    yield _variables(environ)
    yield _values(environ)


def _python() -> Check:
    version = sys.version.split()[0]
    found = f"{sys.implementation.name} {version}"
    values = {"implementation": sys.implementation.name, "version": version}
    slow = "a debug build" if hasattr(sys, "gettotalrefcount") else ""
    if sys.gettrace() is not None or sys.getprofile() is not None:
        slow = "a tracer or profiler is active"
    if slow:
        hint = "All times include it: measure without coverage, debuggers and debug builds."
        return Check(area=AREA, name="python", level="warning", found=f"{found}, {slow}", hint=hint, values=values)
    return Check(area=AREA, name="python", level="ok", found=found, values=values)


def _bytecode() -> Check:
    values = {"written": not sys.dont_write_bytecode}
    if sys.dont_write_bytecode:
        hint = (
            "Each run may compile modules again: unset PYTHONDONTWRITEBYTECODE, or set PYTHONPYCACHEPREFIX to a folder."
        )
        return Check(area=AREA, name="bytecode", level="note", found="is not written", hint=hint, values=values)
    return Check(area=AREA, name="bytecode", level="ok", found="is written", values=values)


def _hash_seed(environ: Mapping[str, str]) -> Check:
    seed = environ.get("PYTHONHASHSEED", "")
    values = {"seed": seed if seed.isdigit() else None}
    if seed.isdigit():
        return Check(area=AREA, name="hash-seed", level="ok", found=f"fixed ({seed[:_LONGEST_VALUE]})", values=values)
    hint = "The order of sets differs from run to run: set PYTHONHASHSEED=0 where counts are gated."
    return Check(area=AREA, name="hash-seed", level="note", found="random", hint=hint, values=values)


def _git(version: str | None) -> Check:
    if version is None:
        hint = "--baseline-ref, perfgate ab and the commit of a run need it: install git."
        return Check(area=AREA, name="git", level="warning", found="not found", hint=hint, values={"version": None})
    return Check(area=AREA, name="git", level="ok", found=version, values={"version": version})


def _variables(environ: Mapping[str, str]) -> Check:
    """Return the variables in effect; the value of one that is not ours is never shown."""
    names = sorted(name for name in environ if name.startswith(PREFIX))
    known = {name: environ[name][:_LONGEST_VALUE] for name in names if name in KNOWN}
    foreign = [name[:_LONGEST_VALUE] for name in names if name not in KNOWN]
    read = Variables(environ, _say_nothing)
    off = [name for name in SWITCHES if not read.read_switch(name)]
    profiling = switched_on_by(read)
    parts = [f"{name}={value}" for name, value in known.items()] + [f"{name} (unknown)" for name in foreign]
    found = ", ".join(parts[:_MOST_NAMES]) or "none is set"
    found += f" and {len(parts) - _MOST_NAMES} more" if len(parts) > _MOST_NAMES else ""
    remarks: list[tuple[Level, str]] = []  # warnings first
    if off:
        remarks.append(("warning", f"Programs leave no run files: unset {' and '.join(off)}."))
    if foreign:
        hint = "Variables with an unknown name have no effect: correct or unset them (docs/measuring.md lists all)."
        remarks.append(("warning", hint))
    if profiling:
        found = found if profiling in known else f"{found}, {profiling}"
        hint = f"Programs profile themselves, which slows them down: unset {profiling} where times are measured."
        remarks.append(("note", hint))
    return Check(
        area=AREA,
        name="variables",
        level=gravest(level for level, _ in remarks),
        found=found,
        hint=" ".join(hint for _, hint in remarks),
        values={"known": known, "unknown": foreign},
    )


def _say_nothing(_: str) -> None:
    """Leave what is ignored to the check of the values."""


def _values(environ: Mapping[str, str]) -> Check:
    """Return whether a measured program ignores the value of a variable."""
    ignored = find_ignored(environ)
    values = {"ignored": ignored}
    if ignored:
        found, hint = "; ".join(ignored), "Correct or unset what is ignored (docs/measuring.md lists what is expected)."
        return Check(area=AREA, name="variable-values", level="warning", found=found, hint=hint, values=values)
    return Check(area=AREA, name="variable-values", level="ok", found="none is ignored", values=values)


def check_identity(
    environ: Mapping[str, str], facts: Mapping[str, str], *, session: str, machine_class: str
) -> Iterator[Check]:
    """Yield the CI system, and the machine class and the session that runs would get here.

    Args:
        environ: the environment variables.
        facts: of this machine, as `perfgate.measure.machine.facts` has them.
        session: the id of the session.
        machine_class: given by the configuration; empty: it follows from the facts.
    """
    system = name_ci(environ)
    values: dict[str, object] = {"system": system}
    if system == "ci":
        hint = "CI is set, and the system is not known: give each job a name, PERFGATE_SESSION=NAME."
        yield Check(area=IDENTITY, name="ci", level="note", found="an unknown system", hint=hint, values=values)
    else:
        found = f"known ({system})" if system else "this is no CI job"
        yield Check(area=IDENTITY, name="ci", level="ok", found=found, values=values)
    derived = machine_class or class_of(dict(facts))
    origin = "configured" if machine_class else "from the machine"
    values = {"class": derived, "is_configured": bool(machine_class)}
    found = f"{derived} ({origin})"
    yield Check(area=IDENTITY, name="machine-class", level="ok", found=found, values=values)
    yield Check(area=IDENTITY, name="session", level="ok", found=session, values={"session": session})
