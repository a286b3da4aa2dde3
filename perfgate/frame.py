"""Runs and profiles as pandas DataFrames, for people and notebooks. Never on the path of a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from perfgate.core.profile import Profile, title

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.core.run import Run


def runs_frame(runs: Iterable[Run]) -> pd.DataFrame:
    """Return one row for each run, one column for each metric, in base units.

    Columns: run_id, benchmark, status, started_at (UTC timestamps; NaT when unknown),
    session, rows_used, machine_class, commit; a column ``label.<name>`` for each label;
    then the metrics by name (elapsed in s, peak_memory in B, ...; NaN where a run
    lacks one).
    """
    records = [
        {
            "run_id": r.run_id,
            "benchmark": r.benchmark,
            "status": r.status,
            "started_at": r.started_at or None,
            "session": r.session,
            "rows_used": r.rows_used,
            "machine_class": r.environment.machine_class,
            "commit": r.commit,
            **{f"label.{k}": v for k, v in r.labels},
            **{metric.name: value for metric, value in r.values},
        }
        for r in runs
    ]
    frame = pd.DataFrame.from_records(records)
    if "started_at" in frame:
        frame["started_at"] = pd.to_datetime(frame["started_at"], utc=True, format="ISO8601", errors="coerce")
    return frame


def profiles_frame(profiles: Iterable[Profile]) -> pd.DataFrame:
    """Return one row for each value that is kept, tidy: ready for groupby and for plotting.

    Of very many values the quantiles at even shares are kept (`perfgate.stats.cells`).

    Columns: benchmark (with its labels), machine_class, metric, unit, better, session,
    index (order of the run in its session, from 0), value (in `unit`).
    """
    columns = ["benchmark", "machine_class", "metric", "unit", "better", "session", "index", "value"]
    rows = [
        (title(*p.key), p.machine_class, m.metric.name, m.metric.unit, m.metric.better, s.session, i, value)
        for p in profiles
        for m in p.metrics
        for s in m.samples
        for i, value in enumerate(s.values)
    ]
    return pd.DataFrame.from_records(rows, columns=columns)


def summary_frame(profiles: Iterable[Profile]) -> pd.DataFrame:
    """Return n, p50, p95 and p99 by benchmark, machine class, metric and session.

    pandas' own quantiles interpolate linearly, which is perfgate's definition too.
    """
    keys = ["benchmark", "machine_class", "metric", "unit", "session"]
    grouped = profiles_frame(profiles).groupby(keys, sort=True)["value"]
    return grouped.agg(
        n="count",
        p50=lambda v: v.quantile(0.50),
        p95=lambda v: v.quantile(0.95),
        p99=lambda v: v.quantile(0.99),
    ).reset_index()
