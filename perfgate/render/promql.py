"""Selectors and texts as PromQL has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfgate.core.sources.series import Selector


def select(selector: Selector, *more: str) -> str:
    """Return a selector of the configuration, with further matchers such as ``job="api"``."""
    return select_name(selector.name, *(f"{m.label}{m.op}{quoted(m.text)}" for m in selector.matchers), *more)


def select_name(name: str, *matchers: str) -> str:
    """Return a selector of the series of a name, such as ``up{job="api"}``; empty matchers are left out."""
    inside = ",".join(m for m in matchers if m)
    return f"{name}{{{inside}}}" if inside else name


def quoted(text: str) -> str:
    """Return a text as a string, whose escapes include those of JSON."""
    return json.dumps(text, ensure_ascii=False)
