"""The published schemas and the decoders name the statistics of the table, no more and no fewer."""

from __future__ import annotations

import typing

import msgspec
import pytest

from perfgate import schema
from perfgate.core.statistic import P50, STATISTICS, STORED
from perfgate.schema.baseline_types import StoredMetric
from perfgate.schema.config_types import BudgetTable

STORED_NAMES = [name for name, _ in STORED]
ADVICE = "the schema's list differs from the table in perfgate/core/statistic.py"
LISTED = f"{', '.join(STATISTICS[:-1])} or {STATISTICS[-1]}"


def _at(name, *path):
    node = schema.load(name)
    for key in path:
        node = node[key]
    return node


def _quantiles(keys):
    return [k for k in keys if k not in {"unit", "better", "n", "values", "source"}]


def test_a_budget_in_config_1_may_name_each_statistic():
    assert _at("config", *["properties", "budget", "items", "properties", "statistic", "enum"]) == [*STATISTICS], ADVICE
    hint = typing.get_type_hints(BudgetTable)["statistic"]
    assert typing.get_args(hint) == STATISTICS


def test_a_rule_in_config_1_describes_each_statistic():
    rule = _at("config", *["properties", "rule", "items", "properties", "statistic"])
    assert (rule["description"], rule["default"]) == (f"Glob on the statistic: {LISTED}.", P50), ADVICE


def test_waivers_1_describes_each_statistic():
    waiver = _at("waivers", *["properties", "waiver", "items", "properties", "statistic"])
    quoted = [f"`{s}`" for s in STATISTICS]
    assert waiver["description"] == f"{', '.join(quoted[:-1])} or {quoted[-1]}.", ADVICE
    assert waiver["default"] == P50


def test_percentiles_1_has_a_key_for_each_statistic():
    row = _at("percentiles", *["properties", "benchmarks", "additionalProperties", "additionalProperties"])
    assert _quantiles(row["properties"]) == [*STATISTICS], ADVICE
    assert row["anyOf"] == [{"required": [s]} for s in STATISTICS], ADVICE


@pytest.mark.parametrize(
    ("name", "path"), [("baseline", ""), ("profile", "properties profiles items")], ids=["baseline", "profile"]
)
def test_files_of_values_have_a_key_for_each_stored_statistic(name, path):
    metric = _at(name, *path.split(), *["properties", "metrics", "additionalProperties"])
    assert _quantiles(metric["properties"]) == STORED_NAMES, ADVICE
    assert _quantiles(metric["required"]) == STORED_NAMES, ADVICE
    assert _quantiles(f.name for f in msgspec.structs.fields(StoredMetric)) == STORED_NAMES
