"""Rules and their tests -> YAML, which people can read and edit."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from perfgate.core.errors import cannot_decide
from perfgate.core.text.origin import requirement


def to_yaml(data: dict[str, Any]) -> str:
    """Return a document as YAML, its keys in the given order.

    Raises:
        CannotDecideError: PyYAML is not installed.
    """
    try:
        yaml = import_module("yaml")
    except ImportError:
        hint = f"pip install '{requirement('rollout')}'"
        raise cannot_decide("extra-missing", "PyYAML is not installed: rules are YAML", hint=hint) from None
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10_000)
    return text
