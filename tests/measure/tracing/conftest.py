"""A tracer that is switched on, and off again after each test."""

from __future__ import annotations

import pytest

from perfgate.measure.tracing.finished import set_deadline
from perfgate.measure.tracing.tracer import get_tracer, init_tracer


@pytest.fixture(autouse=True)
def _off():
    yield
    get_tracer().finish_trace()
    init_tracer(enabled=False)
    set_deadline(None)


@pytest.fixture
def tracer():
    """Return the tracer of this process, which traces everything."""
    return init_tracer(enabled=True)
