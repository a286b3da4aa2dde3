"""The section of the stage metrics that `perfgate.measure.get_metrics` exposes."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from perfgate.core.sources.exposed import DEADLINE_MISSES, EXCHANGE, GUARD_TRIPS, PARALLEL, STAGE_DURATION, TICKS
from perfgate.core.statistic import QUANTILE_OF
from perfgate.render.dashboard.promql import legend, quantile, rate, share
from perfgate.render.dashboard.records import Panel, Query, Section, Subject

BY_STAGE, BY_EXCHANGE = ("stage",), ("verb", "api")
_P95 = QUANTILE_OF["p95"]


class StageNames(Struct, frozen=True, kw_only=True):
    """What the names of the stage metrics begin and end with, as `init_metrics` has it."""

    prefix: str = "mm"
    """Before all of them."""
    unit: Literal["ms", "seconds"] = "ms"
    """Of durations."""

    @property
    def stage(self) -> str:
        """The histogram of the time in stages."""
        return f"{self.prefix}_{STAGE_DURATION}_{self.unit}"

    @property
    def exchange(self) -> str:
        """The histogram of the time of requests to other systems."""
        return f"{self.prefix}_{EXCHANGE}_{self.unit}"

    @property
    def parallel(self) -> str:
        """The gauge of the work that goes on at the same time."""
        return f"{self.prefix}_{PARALLEL}"


def make_stages(names: StageNames) -> Section:
    """Return the panels of the stage metrics."""
    unit: Literal["ms", "s"] = "ms" if names.unit == "ms" else "s"
    misses, ticks, trips = (f"{names.prefix}_{name}" for name in (DEADLINE_MISSES, TICKS, GUARD_TRIPS))
    return Section(
        title="Stages",
        panels=(
            Panel(
                title="p95 by stage",
                about="Time in a stage of a trace: 95 % are faster. tick_total is the whole trace.",
                unit=unit,
                queries=(Query(expr=quantile(_P95, names.stage, "", BY_STAGE), legend=legend(BY_STAGE)),),
                subject=Subject("quantile", names.stage, "p95"),
            ),
            Panel(
                title="Deadline misses",
                about="Traces beyond their deadline, of all.",
                unit="percentunit",
                queries=(Query(expr=share(misses, ticks), legend="misses"),),
                subject=Subject("share", misses, ticks),
            ),
            Panel(
                title="Guard trips",
                about="Guards that stopped something, a minute, by their reason.",
                unit="cpm",
                queries=(Query(expr=f"60 * {rate(trips, ('reason',))}", legend=legend(("reason",))),),
            ),
            Panel(
                title="Exchange requests p95",
                about="Time of a request to another system: 95 % are faster.",
                unit=unit,
                queries=(Query(expr=quantile(_P95, names.exchange, "", BY_EXCHANGE), legend=legend(BY_EXCHANGE)),),
                subject=Subject("quantile", names.exchange, "p95"),
            ),
            Panel(
                title="Exchange requests",
                about="Requests to other systems a second.",
                unit="reqps",
                queries=(Query(expr=rate(f"{names.exchange}_count", BY_EXCHANGE), legend=legend(BY_EXCHANGE)),),
                subject=Subject("rate", f"{names.exchange}_count"),
            ),
            Panel(
                title="Work in parallel",
                about="Units of work that go on at the same time.",
                unit="short",
                queries=(Query(expr=names.parallel, legend="__auto"),),
                subject=Subject("gauge", names.parallel),
            ),
        ),
    )
