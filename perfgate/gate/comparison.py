"""One value whose two sides are present and comparable: what every method judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from perfgate.core.finding import RowKey
    from perfgate.core.metrics import Metric
    from perfgate.core.policy import Ruling
    from perfgate.core.profile import MetricProfile, Session
    from perfgate.gate.rows import Row


class Comparison(Struct, frozen=True, kw_only=True):
    """A row with both sides. It is made once, so that no method asks again whether a side exists."""

    row: Row
    """What is judged, and what governs it."""
    base: MetricProfile
    """The metric in the baseline."""
    current: MetricProfile
    """The metric as it was measured now."""
    was: float
    """The statistic of the baseline, in the metric's base unit."""
    now: float
    """The statistic of the current values, in the metric's base unit."""
    sessions: tuple[Session, ...]
    """The sessions of both sides, the baseline's first."""

    @property
    def metric(self) -> Metric:
        """What is compared."""
        return self.row.metric

    @property
    def statistic(self) -> str:
        """Which statistic of the values: ``p50``, ``p95``, …."""
        return self.row.statistic

    @property
    def ruling(self) -> Ruling:
        """What governs it."""
        return self.row.ruling

    @property
    def is_gated(self) -> bool:
        """Does a worsening fail?"""
        return self.ruling.level == "fail"

    @property
    def is_lower_better(self) -> bool:
        """Is a smaller value an improvement?"""
        return self.metric.better == "lower"

    @property
    def key(self) -> RowKey:
        """Which value this is, as in its finding."""
        profile = self.row.profile
        return profile.benchmark, profile.labels, profile.machine_class, self.metric.name, self.statistic
