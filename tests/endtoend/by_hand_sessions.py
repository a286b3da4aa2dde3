"""Sessions against sessions, computed by the published formulas, without perfgate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from by_hand_row import ENDS, P50, Finding, Row
from scipy import stats


def mad_sigma(logs: np.ndarray) -> float:
    return 1.4826 * float(np.median(np.abs(logs - np.median(logs))))


NOISY = {"peak_memory": (0.01, 0.02, 1.5)}  # on one machine, on others of the class, in spreads inside a session


def limit(report: dict[str, Any], m: int, fresh: int, rows: float = 1) -> float:
    """Return how many standard errors so many sessions have to exceed beside so many rows that got worse."""
    suite = report["suite"]
    h = 1 + 1 / m
    k = 2 * h * math.sqrt(max(1, suite["gated"]) / rows * 0.01 / suite["accepted"])
    found = [h ** (1 - 1 / n) * k ** (1 / n) for n in (min(fresh, 2),)]
    if fresh > 2 and m > 2:
        found.append(1.25 * h ** (2 / 3) * k ** (1 / 3))
    return max(1.0, min(found))


def counted(rows: int, size: int) -> float:
    return min(rows, max(3, size / 4), size)


class Together:
    """The gated rows that are worse than accepted, from whose number the limits follow, by trial."""

    def __init__(self, report: dict[str, Any], groups: list[Group]) -> None:
        self.report, self.size = report, max(1, report["suite"]["gated"])
        self.worse: list[tuple[Row, float, int, int]] = []
        for group in groups:
            for row in group.rows:
                found = [group.compared(row, s) for s in row.now]
                step, base = math.log1p(row.allowed(row.value(row.middle))) + ENDS, row.value(row.middle)
                above = all(abs(row.value(row.middle + f["d"]) - base) >= row.floor() * (1 - ENDS) for f in found)
                raw = max(row.centre(values) - row.middle for values in row.now.values())
                if row.finding["level"] == "fail" and above and min(f["d"] for f in found) > step < raw:
                    k = min(f["d"] / f["se"] for f in found)
                    self.worse.append((row, k, int(found[0]["m"]), len(found)))

    def rows(self, row: Row, fresh: int | None = None) -> int:
        """Return how many rows count beside one that is as bad as can be; of a number of sessions or of its own."""
        others = [one for one in self.worse if one[0] is not row]
        for r in range(len(others) + 1, 1, -1):
            beyond = sum(k > limit(self.report, m, fresh or n, counted(r, self.size)) for _, k, m, n in others)
            if beyond + 1 >= r:
                return r
        return 1


class Group:
    """The rows of one metric and statistic on one class of machine, and what they have in common."""

    def __init__(self, report: dict[str, Any], rows: list[Row]) -> None:
        self.report, self.rows = report, rows
        before: dict[str, list[float]] = {}
        now: dict[str, list[float]] = {}
        for row in rows:
            for session, centre in row.centres.items():
                before.setdefault(session, []).append(centre - row.middle)
            for session, values in row.now.items():
                now.setdefault(session, []).append(row.centre(values) - row.middle)
        is_shared = rows[0].finding["metric"] not in NOISY
        self.before = {s: float(np.median(d)) for s, d in before.items() if len(d) >= 5 and is_shared}
        self.shifts = {s: float(np.median(d)) for s, d in now.items() if len(d) >= 5} if self.before else {}
        left = [[c - self.before.get(s, 0.0) for s, c in row.centres.items()] for row in rows]
        several = [x for x in left if len(x) > 1]
        self.v = self.q = 0.0
        if len(several) >= 5:
            self.v = float(np.median([np.var(x, ddof=1) / (1 - 2 / (9 * (len(x) - 1))) ** 3 for x in several]))
            self.q = sum(len(x) - 1 for x in several) / 2

    def prior(self, row: Row, session: str, within: float) -> float:
        facts = (*row.base["sessions"].values(), *row.current["sessions"].values())
        machines = {s["machine"] for s in facts}
        is_one = len(machines) == 1 and machines != {""}
        if row.finding["metric"] in NOISY:
            one, other, part = NOISY[row.finding["metric"]]
            return math.hypot(one if is_one else other, part * within)
        if is_one:
            return 0.02
        return 0.025 if session in self.shifts else 0.05

    def compared(self, row: Row, session: str) -> dict[str, float]:
        """Return one current session of a row against its baseline."""
        base = [np.log(row.costs(v)) for v in row.sessions(row.base).values()]
        now = np.log(row.costs(row.now[session]))
        w = max(float(np.mean([mad_sigma(b) for b in base])), mad_sigma(now))
        s0 = math.sqrt((4 * self.prior(row, session, w) ** 2 + self.q * self.v) / (4 + self.q))
        left = [c - self.before.get(s, 0.0) for s, c in row.centres.items()]
        m = len(left)
        s = s0 if m == 1 else math.sqrt(max((2 * s0**2 + (m - 1) * np.var(left, ddof=1)) / (m + 1), 0.005**2))
        sampling = 1.571 * w**2 * (1 / len(now) + 1 / sum(map(len, base)))
        if row.q != P50:
            errors = [tail_error(v, row.q) for v in row.sessions(row.base).values()]
            sampling = tail_error(row.now[session], row.q) ** 2 + sum(e**2 for e in errors) / m**2
        se = math.sqrt(s**2 * (1 + 1 / m) + sampling)
        c = max(-0.4, min(0.4, self.shifts.get(session, 0.0)))
        d = row.centre(row.now[session]) - row.middle - c
        return {"se": se, "prior": s0, "spread": s, "within": w, "c": c, "d": d, "m": m}


def tail_ranks(n: int, q: float) -> tuple[int | None, int | None]:
    """Return the ranks, from 0, of the order statistics that bound a quantile from below and above at 95 % each."""
    low = [r for r in range(n) if stats.binom.cdf(r, n, q) <= 0.05 + ENDS]
    high = [r for r in range(n) if stats.binom.cdf(r, n, q) >= 0.95 - ENDS]
    return max(low, default=None), min(high, default=None)


def tail_error(values: list[float], q: float) -> float:
    """Return the error of a tail's log: the width of its 90 % bounds over 2 * 1.645."""
    low, high = tail_ranks(len(values), q)
    assert low is not None
    assert high is not None
    ordered = sorted(values)
    return math.log(ordered[high] / ordered[low]) / (2 * float(stats.norm.ppf(0.95)))


def bounds(row: Row) -> dict[str, float]:
    """Return what a report says of a tail on each side."""
    found: dict[str, float] = {}
    for name, side in (("baseline", row.base), ("current", row.current)):
        sessions = list(row.sessions(side).values())
        found[f"runs_{name}"] = min(map(len, sessions))
        if len(sessions) == 1:
            ranks = zip(("low", "high"), tail_ranks(len(sessions[0]), row.q), strict=True)
            found |= {f"{end}_{name}": sorted(sessions[0])[r] for end, r in ranks if r is not None}
    found["runs_needed"] = math.ceil(math.log(0.05) / math.log(row.q))
    return found


def across(row: Row, group: Group, worse: Together) -> Finding:
    """Return what the report should say of a row whose sessions were compared."""
    found = {session: group.compared(row, session) for session in row.now}
    m, n = len(row.centres), len(found)
    beside = worse.rows(row)
    k_in = limit(group.report, m, 2, counted(worse.rows(row, 2), worse.size))
    k_out = limit(group.report, m, n, counted(beside, worse.size))
    baseline = row.value(row.middle)
    allowed = row.allowed(baseline)
    step = math.log1p(allowed) + ENDS
    session = min(found, key=lambda s: (abs(found[s]["d"]), s))
    one = found[session]
    outer = max(step, k_out * one["se"])
    gain = limit(group.report, m, n)
    low = math.expm1(min(f["d"] - k_out * f["se"] for f in found.values()))
    high = math.expm1(max(f["d"] + k_out * f["se"] for f in found.values()))
    net = row.value(row.middle + one["d"])
    is_above = all(abs(row.value(row.middle + f["d"]) - baseline) >= row.floor() * (1 - ENDS) for f in found.values())
    better = all(-f["d"] > max(step, gain * f["se"]) for f in found.values())
    raw = [row.centre(values) - row.middle for values in row.now.values()]
    # A common gain that was taken off is no worsening: one session has to be worse as measured, too.
    free = step if max(raw) > step else step - min(0.0, one["c"])
    free = max(math.expm1(free), row.cost(row.floor() / baseline))
    status = held = row.holds(high, free, group.report["resolution"])
    if better and is_above and min(raw) < -step:
        status = "improved"
    elif is_above and all(f["d"] > max(step, k_out * f["se"]) for f in found.values()):
        status = "regressed" if max(raw) > step else "suspected"
    elif is_above and all(f["d"] > max(step, k_in * f["se"]) for f in found.values()):
        status = "suspected"
    gained = min(0.0, max(f["c"] for f in found.values()))
    reach = float(stats.t.ppf(0.975, 2 + one["m"] - 1)) * one["se"]
    return {
        "status": status, "held": held, "baseline": baseline, "current": row.value(row.centre(row.now[session])),
        "allowed": row.own(free), "decision_interval": row.ends(low, high),
        "change": net / baseline - 1, "limit": row.own(allowed), "sessions_baseline": one["m"],
        "interval": sorted(row.own(math.expm1(one["d"] + end)) for end in (-reach, reach)),
        "detectable": row.own(max(math.expm1(max(outer, step - gained)), row.cost(row.floor() / baseline))),
        "n_baseline": sum(map(len, row.sessions(row.base).values())), "n_current": sum(map(len, row.now.values())),
        "evidence": {
            **{name: one[name] for name in ("se", "prior", "spread", "within")},
            "k_in": k_in, "k_out": k_out, "together": beside,
            "shift": row.own(math.expm1(one["c"])), "sessions_current": len(found),
        },
    }  # fmt: skip


def together(group: Group) -> Finding:
    """Return what the report should say of a whole suite."""
    gated = [r for r in group.rows if r.finding["level"] == "fail"]
    row = min(gated or group.rows, key=lambda r: r.allowed(r.value(r.middle)))
    allowed = row.allowed(row.value(row.middle))
    step = math.log1p(allowed) + ENDS
    m = len(group.before)
    machines = [{s["machine"] for side in (r.base, r.current) for s in side["sessions"].values()} for r in group.rows]
    prior = 0.02 if all(len(x) == 1 and x != {""} for x in machines) else 0.05
    before = list(group.before.values())
    s = prior if m == 1 else math.sqrt(max((2 * prior**2 + (m - 1) * np.var(before, ddof=1)) / (m + 1), 0.005**2))
    se = s * math.sqrt(1 + 1 / m)
    k_in, k_out = limit(group.report, m, 2), limit(group.report, m, len(group.shifts))
    middle = float(np.median(before))
    d = min(now - middle for now in group.shifts.values())
    # A common change that lifts no gated row above the row's own floor cannot fail.
    floor = min(math.log1p(r.cost(r.floor() / r.value(r.middle))) for r in gated or group.rows)
    beyond = max(step, k_out * se, floor)
    status = "suspected" if d > max(step, k_in * se, floor) else "unchanged"
    if d > beyond:
        status = "regressed"
    reach = float(stats.t.ppf(0.975, m + 1)) * se
    moves = [now - middle for now in group.shifts.values()]
    d = min(moves, key=abs)
    ends = math.expm1(min(moves) - k_out * se), math.expm1(max(moves) + k_out * se)
    return {
        "status": status if gated else "unchanged",
        "change": row.own(math.expm1(d)), "limit": row.own(allowed), "detectable": row.own(math.expm1(beyond)),
        "allowed": row.own(math.expm1(max(step, floor))), "decision_interval": row.ends(*ends),
        "interval": sorted(row.own(math.expm1(d + end)) for end in (-reach, reach)), "sessions_baseline": m,
        "evidence": {"se": se, "k_in": k_in, "k_out": k_out, "rows": len(group.rows)},
    }  # fmt: skip
