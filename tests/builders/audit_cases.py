"""Baselines to audit, written the way they read."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from gate_cases import policy, profile
from msgspec.structs import replace

from perfgate.gate.audit.overview import audit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.policy import Policy
    from perfgate.core.profile import Profile
    from perfgate.gate.audit.overview import Audit
    from perfgate.gate.audit.sensitivity import Sight

TODAY = "2026-02-01"


def dated(made: Profile, day: int = 20) -> Profile:
    """Return a profile whose sessions began on days of January 2026, the last one on `day`."""
    first = day - len(made.sessions) + 1
    began = [f"2026-01-{first + i:02d}T10:00:00Z" for i in range(len(made.sessions))]
    return replace(
        made, sessions=tuple(replace(s, started_at=b) for s, b in zip(made.sessions, began, strict=True))
    )  # fmt: skip


def sessions(
    luck: Sequence[float], *, runs: int = 8, centre: float = 1.0, within: float = 0.004, seed: int = 1
) -> dict[str, list[float]]:
    """Return a session for each share by which its luck moves all its runs."""
    dice = random.Random(seed)
    return {
        f"s{i}": [centre * (1 + by) * math.exp(dice.gauss(0.0, within)) for _ in range(runs)]
        for i, by in enumerate(luck)
    }


QUIET = (0.0, 0.004, -0.003, 0.006, -0.005)


def baseline(values: Mapping[Any, Any] | None = None, *, day: int = 20, machine: str = "", **more: Any) -> Profile:
    """Return a baseline; quiet times of five sessions when nothing is given."""
    return dated(profile(values or {"elapsed": sessions(QUIET)}, machine=machine, **more), day)


def audited(*profiles: Profile, by: Policy | None = None, today: str = TODAY, machine_class: str = "") -> Audit:
    """Audit baselines."""
    return audit(profiles, by or policy(), today=today, machine_class=machine_class)


def found(result: Audit, slug: str) -> list[Diagnostic]:
    """Return the findings of a slug."""
    return [f for f in result.findings if f.slug == slug]


def only(result: Audit, slug: str) -> Diagnostic:
    """Return the finding of a slug; there must be one and only one."""
    (one,) = found(result, slug)
    return one


def row(result: Audit, metric: str = "elapsed", statistic: str = "p50") -> Sight:
    """Return the row of a metric's statistic; there must be one and only one."""
    (one,) = [r for c in result.classes for r in c.rows if (r.metric, r.statistic) == (metric, statistic)]
    return one
