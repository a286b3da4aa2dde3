from __future__ import annotations

import json

from generate_configuration import BEGIN, PAGE, SCHEMA, page, reference


def test_the_reference_of_the_configuration_is_the_schema_of_today():
    present = PAGE.read_text(encoding="utf-8")
    assert present.count(BEGIN) == 1
    assert page(present) == present, "run: python tests/docs/generate_configuration.py"


def test_every_key_of_the_schema_is_in_the_reference():
    def keys(table: object) -> set[str]:
        if isinstance(table, list):
            return set().union(*map(keys, table))
        if not isinstance(table, dict):
            return set()
        named = set(table["properties"]) if isinstance(table.get("properties"), dict) else set()
        return named.union(*map(keys, table.values()))

    assert all(f"`{key}`" in reference() for key in keys(json.loads(SCHEMA.read_text(encoding="utf-8"))))
