"""The configuration's shape for the fast decoder; equal to config-1.json by a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from perfgate.core.statistic import STATISTICS

_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Level = Literal["fail", "warn", "info"]
_Workload = Literal["same", "rate"]
if TYPE_CHECKING:
    _Statistic = str
else:
    _Statistic = Literal[STATISTICS]  # a tuple stands for its items; type checkers want them written out


class FloorTable(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """``floor = { time = …, bytes = … }``."""

    time: str = ""
    bytes: str = ""
    rate: str = ""


class DefaultsTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[defaults]``."""

    false_alarms: str = ""
    threshold: str = ""
    floor: str | FloorTable = ""
    on_suspected: Literal["pass", "fail"] = "pass"
    workload: _Workload = "same"


class RuleTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[rule]]``."""

    benchmark: _Name = "*"
    metric: _Name = "*"
    statistic: _Name = "p50"
    threshold: str = ""
    floor: str | FloorTable = ""
    method: Literal["auto", "threshold", "exact"] = "auto"
    level: _Level = "fail"
    workload: _Workload = "same"


class BudgetTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[budget]]``."""

    benchmark: _Name
    metric: _Name
    statistic: _Statistic
    limit: str
    warn: str = ""
    level: _Level = "fail"


class ValueTable(msgspec.Struct, forbid_unknown_fields=True):
    """An entry of ``values`` in ``[[map]]``."""

    value: _Name
    metric: _Name = "x"
    unit: _Name = "x"
    better: Literal["lower", "higher"] = "lower"
    share: bool = False


class MapTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[[map]]``."""

    name: _Name
    values: Annotated[list[ValueTable], msgspec.Meta(min_length=1)]
    files: list[_Name] = []
    benchmark: _Name = "x"
    labels: list[_Name] = []
    ok: _Name = "x"
    time: _Name = "x"
    where: dict[str, str | float | bool] = {}


class ConfigFile(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    runs: Annotated[list[_Name], msgspec.Meta(min_length=1)] = []
    baselines: _Name = "baselines"
    machine_class: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$(?!\n)")] = "x"
    exclude: list[_Name] = []
    baseline_changes: Literal["report", "refuse", "allow"] = "report"
    defaults: DefaultsTable = msgspec.field(default_factory=DefaultsTable)
    rule: list[RuleTable] = []
    budget: list[BudgetTable] = []
    map: list[MapTable] = []
