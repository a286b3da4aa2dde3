"""Baselines that a change renames: the benchmark is judged under its new name, by what the commit has under the old."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.errors import Diagnostic, warning
from perfgate.core.profile import title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.collect import Selection
    from perfgate.gate.removals import Place
    from perfgate.pipeline.inputs import BaselineSet


def follow_renames(
    baselines: BaselineSet, selection: Selection, renamed: Sequence[tuple[Place, Place]]
) -> tuple[BaselineSet, list[Diagnostic]]:
    """Return baselines under the names that a change gives them, and a warning for each.

    A benchmark that is still measured under its old name was not renamed, whatever the
    change does to its baseline: it would pass as a new one.

    Args:
        baselines: of the commit that judges.
        selection: what was measured.
        renamed: old place and new place of each baseline.
    """
    measured = {p.key for p in selection.profiles}
    known = measured | {s.key for s in selection.selected if s.ok or s.failed}
    names = {old: new[1] for old, new in renamed if new[1] in measured and old[1] not in known}
    if not names:
        return baselines, []
    profiles = []
    for p in baselines.profiles:
        benchmark, labels = names.get((p.machine_class, p.key), p.key)
        profiles.append(replace(p, benchmark=benchmark, labels=labels))
    notes = [
        warning(
            "baseline-renamed",
            f'this change renames "{title(*place[1])}" to "{title(*key)}": judged by the baseline of the old name',
            hint="rules, budgets and waivers of the old name do not apply to the new one",
        )
        for place, key in names.items()
    ]
    return replace(baselines, profiles=tuple(sorted(profiles, key=lambda p: (p.machine_class, p.key)))), notes
