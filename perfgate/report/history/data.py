"""What a history holds -> JSON data (schema ``perfgate/trends/1``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.history.past import Past
    from perfgate.core.history.trends import Commits, Mark, SlowChange, SuiteTrend, Trend
    from perfgate.report.history.found import Found

SCHEMA = "perfgate/trends/1"


def to_data(found: Found, tool: str) -> dict[str, Any]:
    """Return a history as JSON data."""
    return {
        "schema": SCHEMA,
        "tool": tool,
        "source": found.source,
        "anchor": found.anchor_ref or None,
        "suites": [_suite(s, found) for s in found.suites],
        "series": [_series(t, found) for t in found.trends],
    }


def _suite(suite: SuiteTrend, found: Found) -> dict[str, Any]:
    return {
        "machine_class": suite.machine_class,
        "metric": suite.metric,
        "better": suite.better,
        "sessions": [
            {"session": s.session, "started_at": s.when, "commit": s.commit, "shift": shift}
            for s, shift in zip(suite.sessions, suite.shifts, strict=True)
        ],
        "steps": [_mark(m, found) for m in suite.marks],
        "slow_changes": [_slow(s, suite.sessions) for s in suite.slow],
        "since_anchor": suite.since_anchor,
    }


def _series(trend: Trend, found: Found) -> dict[str, Any]:
    series = trend.series
    crept = trend.crept
    return {
        "machine_class": series.benchmark.machine_class,
        "benchmark": series.benchmark.benchmark,
        "labels": dict(series.benchmark.labels),
        "metric": series.metric.name,
        "unit": series.metric.unit,
        "better": series.metric.better,
        "threshold": series.threshold.text,
        "gated": series.is_gated,
        "sessions": [
            {
                "session": p.past.session,
                "started_at": p.past.when,
                "commit": p.past.commit,
                "rows_used": list(p.past.rows_used),
                "n": p.reading.n,
                "p50": p.reading.p50,
                "p95": p.reading.p95,
            }
            for p in series.points
        ],
        "sections": [{"start": s.start, "cause": s.cause} for s in series.sections],
        "steps": [_mark(m, found) for m in trend.marks],
        "slow_changes": [_slow(s, [p.past for p in series.points]) for s in trend.slow],
        "creep": crept
        and {
            "anchor": crept.anchor.session,
            "before": crept.before,
            "after": crept.after,
            "change": crept.change,
            "is_worse": crept.is_worse,
        },
    }


def _mark(mark: Mark, found: Found) -> dict[str, Any]:
    return {
        "at": mark.at,
        "range": [mark.first, mark.last],
        "likely": _commits(mark.likely, found),
        "widest": _commits(mark.widest, found),
        "before": mark.before,
        "after": mark.after,
        "change": mark.change,
        "shift": mark.shift,
        "p": mark.p,
        "n_before": mark.n_before,
        "n_after": mark.n_after,
        "is_worse": mark.is_worse,
        "is_open": mark.is_open,
        "is_ended": mark.is_ended,
        "environment": list(mark.environment),
        "nearby": list(mark.nearby),
    }


def _commits(commits: Commits, found: Found) -> dict[str, Any]:
    """Return the ends of a range of commits, and how many of it change more than baselines, where git knows them."""
    return {
        "older": commits.older,
        "newer": commits.newer,
        "commits": len(found.between.get(commits, ())) or found.distances.get(commits),
    }


def _slow(slow: SlowChange, sessions: Sequence[Past]) -> dict[str, Any]:
    return {
        "start": slow.start,
        "end": slow.end,
        "since": sessions[slow.start].when,
        "until": sessions[slow.end - 1].when,
        "sessions": slow.sessions,
        "before": slow.before,
        "after": slow.after,
        "change": slow.change,
        "shift": slow.shift,
        "is_worse": slow.is_worse,
        "is_open": slow.is_open,
        "is_ended": slow.is_ended,
    }
