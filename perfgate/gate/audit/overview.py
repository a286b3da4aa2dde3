"""The audit of a gate from its baselines alone: expected false alarms, undetectable changes, idle rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.profile import title
from perfgate.gate.audit.creep import of_creep
from perfgate.gate.audit.facts import AuditedClass, facts_of
from perfgate.gate.audit.findings import of_class
from perfgate.gate.audit.rules import of_rules
from perfgate.gate.audit.suite import of_suite
from perfgate.gate.waivers import idle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.errors import Diagnostic, DiagnosticLevel
    from perfgate.core.history.trends import SinceAnchor
    from perfgate.core.policy import Policy, Waiver
    from perfgate.core.profile import Profile

LEVELS: tuple[DiagnosticLevel, ...] = ("error", "warning", "note")
"""Worst first."""


class Audit(Struct, frozen=True, kw_only=True):
    """What the baselines say of the gate."""

    today: str
    """The day of the audit, ``2026-01-31``."""
    accepted: float
    """Accepted share of unchanged pull requests that fail."""
    classes: tuple[AuditedClass, ...]
    """By name."""
    findings: tuple[Diagnostic, ...]
    """Worst first."""

    def has(self, level: DiagnosticLevel) -> bool:
        """Is there a finding of that level, or of a worse one?"""
        return any(LEVELS.index(f.level) <= LEVELS.index(level) for f in self.findings)


def audit(
    profiles: Sequence[Profile],
    policy: Policy,
    *,
    today: str,
    machine_class: str,
    waivers: Sequence[Waiver] = (),
    since: SinceAnchor | None = None,
    is_anchor_asked: bool = False,
) -> Audit:
    """Audit the gate that baselines and configuration make together.

    Args:
        profiles: all baselines.
        policy: what is gated and how strictly.
        today: the day of the audit, ``2026-01-31``.
        machine_class: the class of this machine; empty when it does not matter.
        waivers: what may be worse for a time.
        since: how the newest sessions compare with those of an anchor; None: it is not known.
        is_anchor_asked: was the anchor named?
    """
    judged = [p for p in profiles if not policy.excludes(p.benchmark, title(*p.key))]
    names = sorted({p.machine_class for p in judged})
    classes = tuple(facts_of(n, [p for p in judged if p.machine_class == n], policy, today) for n in names)
    findings = [*of_rules(profiles, classes, policy), *of_suite(classes, machine_class)]
    findings += [f for one in classes for f in of_class(one, policy, today)]
    findings += idle(waivers, profiles, today)
    findings += of_creep(since, names, is_asked=is_anchor_asked) if since is not None else ()
    return Audit(
        today=today,
        accepted=policy.false_alarms,
        classes=classes,
        findings=tuple(sorted(dict.fromkeys(findings), key=lambda f: LEVELS.index(f.level))),
    )
