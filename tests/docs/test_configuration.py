from __future__ import annotations

import json

import pytest
from generate import BEGIN, LISTS_STATISTICS, PAGE, SCHEMA, SCHEMAS, page, reference, schema_with_statistics


def test_the_reference_of_the_configuration_is_the_schema_of_today():
    present = PAGE.read_text(encoding="utf-8")
    assert present.count(BEGIN) == 1
    assert page(present) == present, "run: make generate"


@pytest.mark.parametrize("name", LISTS_STATISTICS)
def test_a_schema_lists_the_statistics_of_the_table(name):
    assert schema_with_statistics(name) == (SCHEMAS / name).read_text(encoding="utf-8"), "run: make generate"


def test_every_key_of_the_schema_is_in_the_reference():
    def keys(table: object) -> set[str]:
        if isinstance(table, list):
            return set().union(*map(keys, table))
        if not isinstance(table, dict):
            return set()
        named = set(table["properties"]) if isinstance(table.get("properties"), dict) else set()
        return named.union(*map(keys, table.values()))

    assert all(f"`{key}`" in reference() for key in keys(json.loads(SCHEMA.read_text(encoding="utf-8"))))
