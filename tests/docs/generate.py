"""Writes what is derived: statistics in the JSON Schemas, the reference in docs/configuration.md, what pages install.

Run it after a change of a schema, of the table of statistics, of the version or of the repository: ``make generate``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from perfgate import __version__
from perfgate.core.statistic import STATISTICS
from perfgate.core.text.origin import REPOSITORY, requirement

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "configuration.md"
SCHEMAS = ROOT / "perfgate" / "schema"
SCHEMA = SCHEMAS / "config-1.json"
LISTS_STATISTICS = ("config-1.json", "waivers-1.json", "percentiles-1.json")
PINNED_PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BEGIN = "<!-- The reference below is generated from the schema; edit the schema instead. -->"


def schema_with_statistics(name: str) -> str:
    """Return the text of a schema of `LISTS_STATISTICS` with the statistics of the table."""
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    if name == "config-1.json":
        tables = schema["properties"]
        listed = _either([*STATISTICS])
        tables["rule"]["items"]["properties"]["statistic"]["description"] = f"Glob on the statistic: {listed}."
        tables["budget"]["items"]["properties"]["statistic"]["enum"] = list(STATISTICS)
    elif name == "waivers-1.json":
        waiver = schema["properties"]["waiver"]["items"]["properties"]
        waiver["statistic"]["description"] = f"{_either([f'`{statistic}`' for statistic in STATISTICS])}."
    else:
        row = schema["properties"]["benchmarks"]["additionalProperties"]["additionalProperties"]
        listed_so_far = {name for one in row["anyOf"] for name in one["required"]}
        others = {key: stated for key, stated in row["properties"].items() if key not in listed_so_far}
        row["properties"] = {**{statistic: {"type": "number"} for statistic in STATISTICS}, **others}
        row["anyOf"] = [{"required": [statistic]} for statistic in STATISTICS]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def wheel() -> str:
    """Return the wheel of this version's release, which can be pinned by its hash."""
    place = f"{REPOSITORY}/releases/download/v{__version__}"
    return f"perfgate @ {place}/perfgate-{__version__}-py3-none-any.whl"


def with_origin(text: str) -> str:
    """Return the text of a page with every command that installs perfgate, and its hook, as of this version."""
    text = re.sub(r"perfgate(?:\[(\w+)\])? @ git\+[^\s\"'`]+", lambda m: requirement(m[1] or ""), text)
    text = re.sub(r"perfgate @ https://[^\s\"'`]+\.whl", wheel(), text)
    hook = r"(- repo: )\S+(\n +rev: )\S+(?=\n +hooks:\n +- id: perfgate-validate)"
    return re.sub(hook, rf"\g<1>{REPOSITORY}\g<2>v{__version__}", text)


def _either(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def reference() -> str:
    """Return the reference as markdown: one table for each table of the configuration."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    parts = [_section("Top level", "", schema)]
    for name, table in schema["properties"].items():
        if table.get("type") == "object":
            parts += _sections(f"[{name}]", name, table["description"], table)
        elif table.get("items", {}).get("type") == "object":
            parts += _sections(f"[[{name}]]", name, table["description"], table["items"])
    return "\n\n".join(parts) + "\n"


def page(present: str) -> str:
    """Return the page with the reference renewed; what stands before it is written by hand."""
    by_hand, mark, _ = present.partition(BEGIN)
    if not mark:
        raise ValueError(f"{PAGE} lacks the line {BEGIN}")
    return f"{by_hand}{BEGIN}\n\n{reference()}"


def _sections(heading: str, name: str, description: str, table: dict[str, Any]) -> list[str]:
    """Return the section of a table, and those of the tables inside it."""
    inside = {key: each for key, each in table["properties"].items() if each.get("items", {}).get("type") == "object"}
    return [
        _section(f"`{heading}`", description, table),
        *(_section(f"`[[{name}.{key}]]`", each["description"], each["items"]) for key, each in inside.items()),
    ]


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
    for schema_file in LISTS_STATISTICS:
        (SCHEMAS / schema_file).write_text(schema_with_statistics(schema_file), encoding="utf-8")
    for path in PINNED_PAGES:
        path.write_text(with_origin(path.read_text(encoding="utf-8")), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
