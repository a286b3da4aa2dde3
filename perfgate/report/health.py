"""How far a check can be trusted, in one line: sessions and age of the baselines, smallest detectable change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.finding import WHOLE_SUITE
from perfgate.core.sessions import merge_batches
from perfgate.core.text.dates import day_of
from perfgate.gate.audit.wording import cost
from perfgate.report.document import name, text
from perfgate.report.words import count, detectable
from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.finding import Verdict
    from perfgate.core.profile import Profile
    from perfgate.report.document import Line


def health(verdict: Verdict) -> Line:
    """Return the line about the health of the gate; empty when no baseline with sessions was judged.

    Sessions and runs of the baselines, days from their newest run to the newest of these,
    the smallest detectable change of the gated values (median and largest), and the command for details.
    """
    judged = [p for p in merge_batches(verdict.baseline) if any(not s.is_shared for s in p.sessions)]
    if not judged:
        return ()
    runs = [s.count for p in judged for m in p.metrics for s in m.samples]
    facts = f"Baselines hold {_range([len(p.sessions) for p in judged], 'session')}"
    facts += f" of {_range(runs, 'run')}" if runs else ", quantiles alone"
    was, now = _newest(judged), _newest(verdict.current)
    if was is not None and now is not None:
        facts += f", the newest {count(max(0, now - was), 'day')} older than these runs"
    costs = [
        cost(f.detectable)
        for f in verdict.findings
        if f.level == "fail" and f.detectable is not None and f.detectable > -1.0 and f.benchmark != WHOLE_SUITE
    ]
    if costs:
        facts += f"; smallest detectable change of this check: {range_of(costs)}"
    return text(f"{facts}; details: "), name("perfgate audit")


def range_of(costs: Sequence[float]) -> str:
    """Return the median and the largest of some detectable changes, or the one number that both read as."""
    middle, most = detectable(median(costs)), detectable(max(costs))
    return most if middle == most else f"median {middle}, largest {most}"


def _range(counts: Sequence[int], noun: str) -> str:
    least, most = min(counts), max(counts)
    return count(least, noun) if least == most else f"{least:,} to {count(most, noun)}"


def _newest(profiles: Iterable[Profile]) -> int | None:
    return day_of(max((s.started_at for p in profiles for s in p.sessions), default=""))
