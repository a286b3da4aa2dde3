"""`perfgate audit`: evaluate configuration and baselines as a check reads them, without runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.run import class_of
from perfgate.gate.audit import overview as gate
from perfgate.measure.machine import facts
from perfgate.pipeline import inputs, verdicts
from perfgate.pipeline.diagnostics import COMMIT_ONE
from perfgate.pipeline.history.find import Asked, find_creep_since
from perfgate.report.audit import compose_audit

if TYPE_CHECKING:
    from perfgate.core.errors import Diagnostic
    from perfgate.core.history.trends import SinceAnchor
    from perfgate.pipeline.inputs import Settings
    from perfgate.report.document import Document


def audit(
    *, baseline: str | None, config: str | None, machine_class: str, today: str, anchor: str
) -> tuple[gate.Audit, Document]:
    """Return the audit of the gate by its baselines, and its report.

    Args:
        baseline: folder or file of baselines; None: the configured folder.
        config: configuration file; None: look for one.
        machine_class: the class of this machine, named by option; empty: derived from its environment.
        today: the day of the audit, ``2026-01-31``; empty: today in UTC.
        anchor: the commit, or how many sessions back, with which the newest sessions are compared; empty: the
            newest tag, else 50 sessions back, where git has so many.

    Raises:
        CannotDecideError: there is no baseline, baselines or configuration are not valid, or nothing can be
            compared with an anchor that was named.
    """
    settings = inputs.read_settings(config, machine_class=machine_class)
    if baseline is not None:
        side = inputs.from_path(baseline)
    else:
        side = inputs.from_folder(os.path.join(settings.root, settings.policy.baselines))
    if side.problems:
        raise CannotDecideError(side.problems)
    if not side.profiles:
        raise cannot_decide("no-baseline", "there is no baseline to audit", place=side.source, hint=COMMIT_ONE)
    since, notes = _compare_with_anchor(baseline, settings, anchor)
    found = gate.audit(
        side.profiles,
        settings.policy,
        today=today or verdicts.today(),
        machine_class="" if side.is_machine_unknown else settings.policy.machine_class or class_of(facts.environment()),
        waivers=side.waivers,
        since=since,
        is_anchor_asked=anchor != "",
    )
    found = replace(found, findings=(*found.findings, *notes))
    return found, compose_audit(found, tool=inputs.TOOL, policy=settings.policy.source, baselines=side.source)


def _compare_with_anchor(
    baseline: str | None, settings: Settings, anchor: str
) -> tuple[SinceAnchor | None, tuple[Diagnostic, ...]]:
    """Return how the newest sessions compare with those of the anchor, and what is not known of the history.

    Without git or a history there is nothing to compare, which only counts where an anchor was named.

    Raises:
        CannotDecideError: an anchor was named, and nothing can be compared with it.
    """
    if baseline is not None and not os.path.isdir(baseline):
        if anchor:
            hint = "leave it out, or name a folder: --baseline DIR"
            raise cannot_decide("usage", "a file has no history to compare with", place="--anchor", hint=hint)
        return None, ()
    if baseline is not None:
        folder = os.path.relpath(baseline, settings.root or ".")
        settings = replace(settings, policy=replace(settings.policy, baselines=folder))
    try:
        since, notes = find_creep_since(Asked(anchor=anchor), settings)
    except CannotDecideError:
        if anchor:
            raise
        return None, ()
    return since, notes if anchor else ()
