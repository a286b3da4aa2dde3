"""The inputs of a check, where the policy names samples of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError
from perfgate.core.text.steps import log_step
from perfgate.gate.drift.in_check import Inputs

if TYPE_CHECKING:
    from perfgate.pipeline.inputs import Settings
    from perfgate.store.git import Commit


def compare_inputs(settings: Settings, commit: Commit | None) -> Inputs | None:
    """Return what is to be said of the inputs; None: the policy names no samples.

    Args:
        settings: the configuration, and the folder in the working tree that samples are relative to.
        commit: which has the reference; None: the working tree has it.
    """
    asked = settings.policy.drift
    if not asked.samples:
        return None
    from perfgate.pipeline.drift import references
    from perfgate.pipeline.drift.compare import compare

    origin = f"drift ({settings.policy.source})"
    try:
        path = os.path.join(settings.root, references.path_in(settings.policy))
        reference = references.load_from(commit, settings) if commit else references.load(path)
        verdict = compare(
            reference,
            f"{commit.shown}:{path}" if commit else path,
            (asked.samples, settings.root),
            cluster_field=asked.cluster_field,
            fields=asked.fields,
            level=asked.level,
        )
    except CannotDecideError as caught:
        return Inputs(level=asked.level, verdict=None, faults=caught.diagnostics, origin=origin)
    log_step("inputs: %s samples, %s fields drifted", verdict.rows[1], len(verdict.drifted))
    return Inputs(level=asked.level, verdict=verdict, origin=origin)
