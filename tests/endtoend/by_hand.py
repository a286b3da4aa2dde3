"""Every number of a report, computed again from ``report.json`` alone: by the published formulas, without perfgate."""

from __future__ import annotations

from typing import Any

import numpy as np
from by_hand_ranks import level_of, rank_p, same_session
from by_hand_row import ENDS, P50, Finding, Row
from by_hand_sessions import Group, Together, across, bounds, together

ALL = "(all benchmarks)"
STATISTICAL = ("across-sessions", "same-session")


def plain(row: Row) -> Finding:
    """Return what the report should say of a plain ratio."""
    base, current = ([v for s in row.sessions(side).values() for v in s] for side in (row.base, row.current))
    was, now = float(np.quantile(base, row.q)), float(np.quantile(current, row.q))
    share = row.share(was)
    sign = 1 if row.lower else -1
    is_above = abs(now - was) >= row.floor() * (1 - ENDS)
    worse, better = (x * (now - was) > share * was * (1 + ENDS) and is_above for x in (sign, -sign))
    return {
        "status": "regressed" if worse else "improved" if better else "unchanged", "baseline": was, "current": now,
        "change": now / was - 1, "limit": sign * share, "detectable": sign * max(share, row.floor() / was),
        "allowed": sign * max(share, row.floor() / was), "interval": None,
        "decision_interval": [now / was - 1] * 2 if row.finding["method"] == "exact" else None,
        "n_baseline": len(base), "n_current": len(current), "evidence": {},
    }  # fmt: skip


def of_row(row: Row, groups: dict[tuple[str, str, str], Group], worse: Together, level: float) -> Finding:
    """Return what the report should say of a row."""
    method = row.finding["method"]
    if method == "across-sessions":
        expected = across(row, groups[row.group], worse)
    elif method == "same-session":
        expected = same_session(worse.report, row, level)
    else:
        expected = plain(row)
    if not method:  # a tail that is shown only: no worsening of it fails, and its p50 decides if it is told
        expected |= {"detectable": None, "status": row.finding["status"]}
    elif row.finding["level"] != "fail":
        ungated = {"regressed": "advisory", "suspected": expected.get("held", "within-noise")}
        expected["status"] = ungated.get(expected["status"], expected["status"])
    expected.pop("held", None)
    if row.q != P50:
        expected["evidence"] |= bounds(row)
    return expected


def computed_again(report: dict[str, Any]) -> list[tuple[Finding, Finding]]:
    """Return each finding that compares two values, with what it should say."""
    findings = [f for f in report["findings"] if f["change"] is not None]
    rows = [Row(report, f) for f in findings if f["benchmark"] != ALL]
    members: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row.finding["method"] == "across-sessions":
            members.setdefault(row.group, []).append(row)
    groups = {place: Group(report, of) for place, of in members.items()}
    worse = Together(report, list(groups.values()))
    gated = [r for r in rows if r.finding["method"] == "same-session" and r.finding["level"] == "fail"]
    ps = [rank_p(*(r.costs(next(iter(r.sessions(side).values()))) for side in (r.base, r.current))) for r in gated]
    levels = {id(r): level_of(report, i, ps) for i, r in enumerate(gated)}
    accepted = report["suite"]["accepted"]
    first = min(accepted, 2 * accepted / max(1, report["suite"]["gated"]))
    suites = [f for f in findings if f["benchmark"] == ALL]
    return [
        *((r.finding, of_row(r, groups, worse, levels.get(id(r), first))) for r in rows),
        *((f, together(groups[f["machine_class"], f["metric"], f["statistic"]])) for f in suites),
    ]


def suite_again(report: dict[str, Any]) -> dict[str, Any]:
    """Return what the report should say of the whole check."""
    findings = report["findings"]
    suites = [f for f in findings if f["benchmark"] == ALL]
    judged = [f for f in findings if f["benchmark"] != ALL and f["level"] == "fail"]
    failed = {"regressed", "over-budget"} | ({"suspected"} if report["fail_suspected"] else set())
    code = 1 if any(f["status"] in failed for f in findings) else 0
    keys = ("machine_class", "metric", "statistic", "change")
    return {
        "gated": sum(f["method"] in STATISTICAL for f in judged),
        "common_shift": [{k: f[k] for k in keys} for f in suites],
        "exit_code": code,
        "verdict": ["pass", "regression"][code],
    }
