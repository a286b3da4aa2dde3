"""Runs, profiles and the history of values as pandas DataFrames, for people and notebooks; never for a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from perfgate.core.profile import Profile, title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perfgate.core.history.trends import Trend
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


def history_frame(trends: Iterable[Trend]) -> pd.DataFrame:
    """Return one row for each value and session, tidy: ready for plotting over time.

    Columns: machine_class, benchmark, metric, unit, better, session, started_at (UTC timestamps;
    when git got to know it where that is unknown), commit, rows_used (missing unless all runs had the
    same rows), n (0: only quantiles are known), p50 and p95 (in `unit`; NaN: too few values), section (from
    0; values of different sections cannot be compared), step (change of the level, on the first session
    after it; as a ratio less one, or the difference where a value is zero; else NaN) and is_open (beside a
    step: is the newest level still worse than the one before it? else missing); then a column
    ``label.<name>`` for each label.
    """
    rows = list(_history_rows(trends))
    names = sorted({name for row in rows for name in row if name not in _HISTORY})
    frame = pd.DataFrame(rows, columns=[*_HISTORY, *names])
    frame["started_at"] = pd.to_datetime(frame["started_at"], utc=True, format="ISO8601", errors="coerce")
    return frame.astype(
        {
            "rows_used": "Int64",
            "n": "int64",
            "p50": float,
            "p95": float,
            "section": "int64",
            "step": float,
            "is_open": "boolean",
        }
    )


_HISTORY = (
    "machine_class",
    "benchmark",
    "metric",
    "unit",
    "better",
    "session",
    "started_at",
    "commit",
    "rows_used",
    "n",
    "p50",
    "p95",
    "section",
    "step",
    "is_open",
)


def _history_rows(trends: Iterable[Trend]) -> Iterator[dict[str, object]]:
    for trend in trends:
        series = trend.series
        marks = {mark.at: mark for mark in trend.marks}
        for number, section in enumerate(series.sections):
            for place in range(section.start, section.end):
                past, reading = series.points[place].past, series.points[place].reading
                mark = marks.get(place)
                yield {
                    "machine_class": series.benchmark.machine_class,
                    "benchmark": series.benchmark.benchmark,
                    "metric": reading.metric.name,
                    "unit": reading.metric.unit,
                    "better": reading.metric.better,
                    "session": past.session,
                    "started_at": past.when or None,
                    "commit": past.commit,
                    "rows_used": past.rows_used[0] if len(past.rows_used) == 1 else None,
                    "n": reading.n,
                    "p50": reading.p50,
                    "p95": reading.p95,
                    "section": number,
                    "step": mark.change if mark else None,
                    "is_open": mark.is_open if mark else None,
                    **{f"label.{name}": value for name, value in series.benchmark.labels},
                }
