"""A finding of ``report.json`` with both sides' values; read without perfgate."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np

P50 = 0.5
ENDS = 1e-9  # a change exactly at its limit is within it

Finding = dict[str, Any]


def sessions_by_batch(profiles: list[dict[str, Any]]) -> dict[str, str]:
    """Return the session of each batch: those of one terminal are one until it rests for more than four hours."""
    began: dict[str, dict[str, float]] = {}
    for profile in profiles:
        for batch, facts in profile["sessions"].items():
            moment = datetime.fromisoformat(facts["started_at"]).timestamp() if facts["started_at"] else 0.0
            batches = began.setdefault(batch.split("/")[0], {})
            batches[batch] = max(moment, batches.get(batch, 0.0))
    found: dict[str, str] = {}
    for terminal, batches in began.items():
        part, last = 0, 0.0
        for batch in sorted(batches, key=lambda b: (batches[b], b)):
            part += batches[batch] - last > 4 * 3600
            last = batches[batch]
            found[batch] = f"{terminal} {part}"
    return found


class Row:
    """A finding with both sides' values."""

    def __init__(self, report: dict[str, Any], finding: Finding) -> None:
        self.finding = finding
        self.base, self.current = (self.side(report, name) for name in ("baseline", "current"))
        self.batches = {n: sessions_by_batch(report["samples"][n]) for n in ("baseline", "current")}
        self.lower = finding["better"] == "lower"
        self.q = int(finding["statistic"][1:]) / 100
        self.group = (finding["machine_class"], finding["metric"], finding["statistic"])

    def side(self, report: dict[str, Any], name: str) -> dict[str, Any]:
        place = [self.finding[k] for k in ("benchmark", "labels")]
        (found,) = [p for p in report["samples"][name] if [p["benchmark"], p["labels"]] == place]
        return {**found, "side": name}

    def sessions(self, side: dict[str, Any]) -> dict[str, list[float]]:
        """Return the values of one side by session, its batches together."""
        found: dict[str, list[float]] = {}
        for batch, values in side["metrics"][self.finding["metric"]]["values"].items():
            found.setdefault(self.batches[side["side"]][batch], []).extend(values)
        return found

    def costs(self, values: list[float]) -> np.ndarray:
        return np.asarray(values) if self.lower else 1 / np.asarray(values)

    def centre(self, values: list[float]) -> float:
        log = math.log(np.quantile(values, self.q))
        return log if self.lower else -log

    def value(self, log: float) -> float:
        return math.exp(log if self.lower else -log)

    def own(self, change: float) -> float:
        """Return a change of costs as a change of the metric."""
        return change if self.lower else 1 / (1 + change) - 1

    def cost(self, share: float) -> float:
        """Return an allowed share of the baseline as a change of costs."""
        return share if self.lower else 1 / (1 - share) - 1

    @property
    def centres(self) -> dict[str, float]:
        return {s: self.centre(v) for s, v in self.sessions(self.base).items()}

    @property
    def middle(self) -> float:
        return float(np.median(list(self.centres.values())))

    @property
    def now(self) -> dict[str, list[float]]:
        return self.sessions(self.current)

    def share(self, baseline: float) -> float:
        """Return the threshold as a share of the baseline."""
        text = self.finding["limit_text"].lstrip("+-")
        if text.endswith("%"):
            return float(text[:-1]) / 100
        return float(text.removesuffix("ms")) / 1000 / baseline

    def allowed(self, baseline: float) -> float:
        """Return the threshold as a change of costs."""
        return self.cost(self.share(baseline))

    def holds(self, worst: float | None, allowed: float, resolution: float) -> str:
        """Return the status of what neither fails nor improved, from the largest worsening that is not excluded."""
        if worst is None or worst > max(resolution, allowed * (1 + ENDS) + ENDS):
            return "too-noisy"
        return "within-noise" if worst > allowed + ENDS else "unchanged"

    def ends(self, low: float, high: float) -> list[float]:
        """Return an interval of a change of costs as one of the metric's own."""
        return sorted([self.own(low), self.own(high)])

    def floor(self) -> float:
        return float(self.finding["evidence"]["floor"])
