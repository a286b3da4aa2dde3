"""The configuration file as records, decoded once; a key that the file does not state is None or empty.

A test holds the shape equal to config-1.json. What a text such as ``+5%`` means, and what
holds where a key is absent, is `perfgate.config`'s to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from perfgate.core.policy import LEDGER_NAME
from perfgate.core.statistic import STATISTICS

_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Level = Literal["fail", "warn", "info"]
_Workload = Literal["same", "rate"]
if TYPE_CHECKING:
    _Statistic = str
else:
    _Statistic = Literal[STATISTICS]  # a tuple stands for its items; type checkers want them written out


class FloorTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``floor = { time = …, bytes = … }``."""

    time: str | None = None
    bytes: str | None = None
    rate: str | None = None


class DefaultsTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[defaults]``."""

    false_alarms: str | None = None
    threshold: str | None = None
    floor: str | FloorTable | None = None
    on_suspected: Literal["pass", "fail"] | None = None
    on_too_noisy: Literal["pass", "error"] | None = None
    resolution: str | None = None
    on_improved: Literal["pass", "fail"] | None = None
    threshold_is: Literal["measured", "excluded"] | None = None
    workload: _Workload | None = None


class RuleTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[[rule]]``."""

    benchmark: _Name | None = None
    metric: _Name | None = None
    statistic: _Name | None = None
    threshold: str | None = None
    floor: str | FloorTable | None = None
    method: Literal["auto", "threshold", "exact"] | None = None
    level: _Level | None = None
    workload: _Workload | None = None


class BudgetTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[[budget]]``."""

    metric: _Name
    statistic: _Statistic
    limit: str
    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,99}$(?!\n)")] | None = None
    benchmark: _Name | None = None
    series: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_:][A-Za-z0-9_:]{0,199}$(?!\n)")] | None = None
    warn: str | None = None
    level: _Level | None = None


class ValueTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An entry of ``values`` in ``[[map]]``."""

    value: _Name
    metric: _Name | None = None
    unit: _Name | None = None
    better: Literal["lower", "higher"] | None = None
    over: _Name | None = None
    share: bool = False
    allow_zero: bool = False


class MapTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[[map]]``."""

    name: _Name
    values: Annotated[tuple[ValueTable, ...], msgspec.Meta(min_length=1)]
    files: tuple[_Name, ...] = ()
    benchmark: _Name | None = None
    labels: tuple[_Name, ...] = ()
    ok: _Name | None = None
    time: _Name | None = None
    where: dict[str, str | int | float | bool] = {}


class RatioTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[[ratio]]``."""

    name: _Name
    part: _Name
    whole: _Name
    better: Literal["lower", "higher"]
    by: tuple[_Name, ...] = ()


class TraceTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[trace]``."""

    enabled: bool | None = None
    sample_rate: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    deadline_ms: Annotated[float, msgspec.Meta(gt=0, le=1e9)] | None = None
    export_golden: bool = False
    golden_trace_interval: Annotated[int, msgspec.Meta(ge=1, le=10**9)] | None = None


class PhaseTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An entry of ``phases`` in ``[canary]``."""

    weight: Annotated[int, msgspec.Meta(ge=1, le=100)]
    min_age: str | None = None
    min_samples: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 0


class CanaryTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[canary]``."""

    phases: Annotated[tuple[PhaseTable, ...], msgspec.Meta(min_length=1, max_length=100)] | None = None
    looks: Annotated[int, msgspec.Meta(ge=1, le=10**6)] | None = None
    level: str | None = None
    p95: str | None = None
    deadline_miss: str | None = None
    error_rate: str | None = None
    deadline_ms: Annotated[float, msgspec.Meta(gt=0, le=1e9)] | None = None


class DriftTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[drift]``."""

    reference: _Name | None = None
    samples: tuple[_Name, ...] = ()
    cluster_field: _Name | None = None
    fields: tuple[_Name, ...] = ()
    level: _Level | None = None


class HistoryTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[history]``."""

    ref: Annotated[str, msgspec.Meta(pattern=LEDGER_NAME)] | None = None


class ConfigFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    runs: Annotated[tuple[_Name, ...], msgspec.Meta(min_length=1)] | None = None
    baselines: _Name | None = None
    machine_class: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$(?!\n)")] | None = None
    exclude: tuple[_Name, ...] = ()
    baseline_changes: Literal["report", "refuse", "allow"] | None = None
    defaults: DefaultsTable = DefaultsTable()
    trace: TraceTable = TraceTable()
    canary: CanaryTable = CanaryTable()
    drift: DriftTable = DriftTable()
    history: HistoryTable = HistoryTable()
    rule: tuple[RuleTable, ...] = ()
    budget: tuple[BudgetTable, ...] = ()
    map: tuple[MapTable, ...] = ()
    ratio: tuple[RatioTable, ...] = ()
