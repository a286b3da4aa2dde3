"""Writes the reference in docs/configuration.md from the configuration's JSON Schema.

Run it after a change of the schema: ``python tests/docs/generate_configuration.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "configuration.md"
SCHEMA = ROOT / "perfgate" / "schema" / "config-1.json"
BEGIN = "<!-- The reference below is generated from the schema; edit the schema instead. -->"


def reference() -> str:
    """Return the reference as markdown: one table for each table of the configuration."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    parts = [_section("Top level", "", schema)]
    for name, table in schema["properties"].items():
        if table.get("type") == "object":
            parts.append(_section(f"`[{name}]`", table["description"], table))
        elif table.get("items", {}).get("type") == "object":
            parts.append(_section(f"`[[{name}]]`", table["description"], table["items"]))
            for key, inner in table["items"]["properties"].items():
                if inner.get("items", {}).get("type") == "object":
                    parts.append(_section(f"`[[{name}.{key}]]`", inner["description"], inner["items"]))
    return "\n\n".join(parts) + "\n"


def page(present: str) -> str:
    """Return the page with the reference renewed; what stands before it is written by hand."""
    by_hand, mark, _ = present.partition(BEGIN)
    if not mark:
        raise ValueError(f"{PAGE} lacks the line {BEGIN}")
    return f"{by_hand}{BEGIN}\n\n{reference()}"


def _section(heading: str, description: str, table: dict[str, Any]) -> str:
    required = set(table.get("required", ()))
    lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for key, stated in table["properties"].items():
        default = "**required**" if key in required else _default(stated)
        lines.append(f"| `{key}` | {_value(stated)} | {default} | {_meaning(stated)} |")
    told = [f"### {heading}", description, "\n".join(lines)]
    return "\n\n".join(t for t in told if t)


def _default(stated: dict[str, Any]) -> str:
    return f"`{json.dumps(stated['default'])}`" if "default" in stated else "–"


def _value(stated: dict[str, Any]) -> str:
    if "enum" in stated:
        return ", ".join(f"`{json.dumps(v)}`" for v in stated["enum"])
    if "oneOf" in stated:
        return " or ".join(_value(s) for s in stated["oneOf"])
    if stated["type"] == "array":
        items = stated["items"]
        return "tables, see below" if items["type"] == "object" else f"list of {items['type']}s"
    if stated["type"] == "object":
        return "table"
    return str(stated["type"])


def _meaning(stated: dict[str, Any]) -> str:
    said = str(stated.get("description", ""))
    for kind in stated.get("oneOf", ()):
        parts = [
            f"`{k}` {v['description'][:1].lower()}{v['description'][1:]}" for k, v in kind.get("properties", {}).items()
        ]
        said += " In a table: " + " ".join(parts) if parts else ""
    return said


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
