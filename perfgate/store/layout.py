"""JSON text laid out for people who read a diff."""

from __future__ import annotations

from perfgate.core.text.canonical import dump_line


def layout(value: object, indent: str, key: str) -> str:
    """Return JSON laid out for a readable diff: one line for each session, of values as of facts."""
    deeper = indent + "  "
    if (
        isinstance(value, dict)
        and value
        and (key in {"values", ""} or any(isinstance(v, dict) for v in value.values()))
    ):
        lines = (f"{deeper}{dump_line(k)}: {layout(v, deeper, k)}" for k, v in value.items())
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"{deeper}{layout(v, deeper, '')}" for v in value) + f"\n{indent}]"
    return dump_line(value)
