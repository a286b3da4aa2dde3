"""What the classes of machine have to say about each other, and about this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import Diagnostic, note
from perfgate.core.profile import title
from perfgate.core.text.names import list_some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.gate.audit.facts import AuditedClass


def of_suite(classes: Sequence[AuditedClass], machine_class: str) -> Iterator[Diagnostic]:
    """Yield what is worth knowing of the classes of machine together.

    Args:
        classes: those that have baselines.
        machine_class: the class of this machine; empty when it does not matter.
    """
    names = [one.machine_class for one in classes]
    if machine_class and all(names) and machine_class not in names:
        message = f"no baseline is of this machine's class, {machine_class}: those here are of {list_some(names)}"
        yield note("class-foreign", message, hint="to check here as well, measure and refresh here")
    every = {title(*p.key) for one in classes for p in one.profiles}
    for one in classes:
        lacking = sorted(every - {title(*p.key) for p in one.profiles})
        if lacking:
            message = f"lacks benchmarks that other classes of machine have: {list_some(lacking)}"
            hint = "measure them there as well, and refresh"
            yield note("classes-unlike", message, place=one.machine_class, hint=hint)
