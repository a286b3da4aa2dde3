"""Histories of made-up sessions, judged: what the report and the page of a history are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfgate.config import BUILT_IN
from perfgate.core.history.past import BenchmarkHistory, Past, Reading
from perfgate.core.metrics import ELAPSED
from perfgate.gate.history.series import make_series
from perfgate.gate.history.trends import judge_trends
from perfgate.report.history.found import Found

if TYPE_CHECKING:
    from collections.abc import Sequence


def found(**changes: Any) -> Found:
    """Return a history of which git knows nothing but what is given."""
    usual = {
        "source": "", "trends": (), "suites": (), "anchor": "", "anchor_ref": "", "described": {}, "distances": {},
        "between": {}, "notes": (),
    }  # fmt: skip
    return Found(**{**usual, **changes})


def history(
    name: str, values: Sequence[float], first: int = 0, *, commits: Sequence[str] = (), rows: Sequence[int] = ()
) -> BenchmarkHistory:
    """Return a benchmark with one session a value, of which the first has this number."""
    sessions = [
        Past(
            session=f"s-{n:03}/batch-{name}", started_at=f"2026-01-{1 + n // 24:02}T{n % 24:02}:00:00Z", recorded_at="",
            machine="", commit=commits[n - first] if commits else f"{n:040x}",
            rows_used=(rows[n - first] if rows else 1000,), environment=(), restart=None,
            readings={"elapsed": Reading(metric=ELAPSED, sources=(), n=5, p50=value, p95=None)},
        )
        for n, value in enumerate(values, first)
    ]  # fmt: skip
    return BenchmarkHistory(machine_class="c", benchmark=name, labels=(), is_present=True, sessions=tuple(sessions))


def wander(seed: int, size: int) -> list[float]:
    """Return values around 1 that differ by up to 1 %."""
    return [1.0 + 0.002 * ((seed * 7 + n * 13) % 11 - 5) for n in range(size)]


def judged(*histories: BenchmarkHistory, anchor: int = 0) -> Found:
    """Return what became of benchmarks, of which so many sessions are those of the anchor."""
    trends, suites = judge_trends(list(make_series(histories, BUILT_IN)), lambda _sessions: anchor)
    return found(trends=tuple(trends), suites=tuple(suites))
