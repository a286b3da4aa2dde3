"""Profiling that is switched on."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _unset(monkeypatch):
    monkeypatch.delenv("ENABLE_PERFORMANCE_MONITORING", raising=False)


@pytest.fixture
def on(monkeypatch):
    """Switch profiling on."""
    monkeypatch.setenv("PERFGATE_PROFILE", "1")
