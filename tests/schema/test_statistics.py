"""The published schemas and the decoders name the statistics of the table, no more and no fewer."""

from __future__ import annotations

import typing

import msgspec
import pytest

from perfgate import schema
from perfgate.core.statistic import STATISTICS, STORED
from perfgate.schema.baseline_types import StoredMetric
from perfgate.schema.config_types import BudgetTable

STORED_NAMES = [name for name, _ in STORED]
ADVICE = "the schema's list differs from the table in perfgate/core/statistic.py"


def _at(name, *path):
    node = schema.load(name)
    for key in path:
        node = node[key]
    return node


def _quantiles(keys):
    return [k for k in keys if k not in {"unit", "better", "n", "values", "source", "stands_for", "hits", "least"}]


def test_a_budget_may_name_each_statistic():
    assert typing.get_args(typing.get_type_hints(BudgetTable)["statistic"]) == STATISTICS


@pytest.mark.parametrize(
    ("name", "path"), [("baseline", ""), ("profile", "properties profiles items")], ids=["baseline", "profile"]
)
def test_files_of_values_have_a_key_for_each_stored_statistic(name, path):
    metric = _at(name, *path.split(), *["properties", "metrics", "additionalProperties"])
    assert _quantiles(metric["properties"]) == STORED_NAMES, ADVICE
    assert _quantiles(metric["required"]) == STORED_NAMES, ADVICE
    assert _quantiles(f.name for f in msgspec.structs.fields(StoredMetric)) == STORED_NAMES
