"""What crept away from the last release, below every threshold: a note, since the machine may have changed as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import note
from perfgate.core.history.trends import prove_creep
from perfgate.core.text.names import list_some
from perfgate.gate.audit.wording import cost, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perfgate.core.errors import Diagnostic
    from perfgate.core.history.trends import SinceAnchor

_MOST = 3
"""Values that are named, the worst first."""


def of_creep(since: SinceAnchor, classes: Iterable[str], *, is_asked: bool) -> Iterator[Diagnostic]:
    """Yield a note for each class of machine whose newest sessions are worse than those of the anchor.

    Args:
        since: the comparison of each gated value.
        classes: names of the classes of machine.
        is_asked: was the anchor named? Then it is said where nothing can be compared with it.
    """
    for machine_class in classes:
        values = [(s, crept) for s, crept in since.values if s.benchmark.machine_class == machine_class]
        worse = [(s, crept) for s, crept in values if crept is not None and crept.is_worse]
        worse.sort(key=lambda v: -cost(v[1].change))
        if worse:
            names = [f"{s.titled} {s.metric.name} {percent(crept.change)}" for s, crept in worse]
            message = f"the newest sessions are worse than {since.anchor}: {list_some(names, _MOST)}"
            proof = prove_creep(since.anchor_ref, worse[0][1])
            hint = f"the machine may have changed as well; to measure both now: {proof}"
            yield note("baseline-creep", message, place=machine_class, hint=hint)
        elif is_asked and not any(crept for _, crept in values):
            message = f"too few sessions for a comparison with {since.anchor}"
            hint = "it takes ten up to the anchor and five after it: perfgate history"
            yield note("creep-unknown", message, place=machine_class, hint=hint)
