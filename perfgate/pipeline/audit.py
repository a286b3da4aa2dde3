"""`perfgate audit`: evaluate configuration and baselines as a check reads them, without runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.run import class_of
from perfgate.gate.audit import overview as gate
from perfgate.measure.machine import facts
from perfgate.pipeline import inputs, verdicts
from perfgate.pipeline.diagnostics import COMMIT_ONE
from perfgate.report.audit import compose_audit

if TYPE_CHECKING:
    from perfgate.report.document import Document


def audit(*, baseline: str | None, config: str | None, machine_class: str, today: str) -> tuple[gate.Audit, Document]:
    """Return the audit of the gate by its baselines, and its report.

    Args:
        baseline: folder or file of baselines; None: the configured folder.
        config: configuration file; None: look for one.
        machine_class: the class of this machine, named by option; empty: derived from its environment.
        today: the day of the audit, ``2026-01-31``; empty: today in UTC.

    Raises:
        CannotDecideError: there is no baseline, or baselines or configuration are not valid.
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
    found = gate.audit(
        side.profiles,
        settings.policy,
        today=today or verdicts.today(),
        machine_class="" if side.is_machine_unknown else settings.policy.machine_class or class_of(facts.environment()),
        waivers=side.waivers,
    )
    return found, compose_audit(found, tool=inputs.TOOL, policy=settings.policy.source, baselines=side.source)
