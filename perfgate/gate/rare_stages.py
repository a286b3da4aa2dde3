"""Stages that not every run enters: what a session has none of is a zero, where the baseline has such zeros too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.measured import CALLS, STAGE
from perfgate.core.metrics import is_of_stage
from perfgate.core.profile import MetricProfile, Sample

if TYPE_CHECKING:
    from perfgate.core.profile import Profile


def with_rare_stages(current: Profile | None, base: Profile | None) -> Profile | None:
    """Return the current profile with zeros for the rare stages of the baseline that none of its traced runs entered.

    A stage that every run of the baseline has is missing, and stays so.

    Args:
        current: what was measured.
        base: what it is compared with.
    """
    if current is None or base is None:
        return current
    traced = next((m for m in current.metrics if is_of_stage(m.metric.name) and m.samples), None)
    if traced is None:
        return current
    zeros = tuple(Sample(session=s.session, values=(0.0,) * len(s.values)) for s in traced.samples)
    present = {m.metric.name for m in current.metrics}
    rare = tuple(
        MetricProfile(metric=m.metric, sources=(), samples=zeros, least=m.least)
        for m in base.metrics
        if m.metric.name.startswith((STAGE, CALLS)) and m.metric.name not in present and 0.0 in m.pooled()
    )
    metrics = sorted((*current.metrics, *rare), key=lambda m: m.metric.name)
    return replace(current, metrics=tuple(metrics)) if rare else current
