"""What `perfgate.monitor` offers, and what each part of it loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest

import perfgate
from perfgate import monitor
from perfgate.core.sources import exposed


def loaded_by(code):
    """Return the top-level modules that a process has loaded after some code."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"],
        capture_output=True, text=True, check=True, cwd=perfgate.__path__[0] + "/..",
    )  # fmt: skip
    return {name.split(".")[0] for name in done.stdout.split()}


def test_every_public_name_is_there_and_others_are_not():
    pytest.importorskip("prometheus_client", reason="the extra `serve` is not installed")
    assert {name for name in monitor.__all__ if not isinstance(getattr(monitor, name), (type, FunctionType))} == set()
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = monitor.nothing


@pytest.mark.parametrize("name", ["PredictionLog", "RequestLog", "InputSampleLog", "log_input_sample", "prediction"])
def test_logs_need_no_other_library(name):
    others = {"prometheus_client", "click", "jsonschema", "msgspec", "numpy", "pandas", "tabulate", "fastapi"}
    assert not loaded_by(f"from perfgate.monitor import {name}") & others


def test_the_name_of_a_block_is_not_that_of_a_module():
    import perfgate.monitor.prediction_log
    import perfgate.monitor.timing

    assert callable(monitor.prediction)
    assert perfgate.monitor.timing.prediction is monitor.prediction


def test_the_name_of_an_exposed_metric_is_written_in_one_place():
    names = {value for key, value in vars(exposed).items() if key.isupper() and isinstance(value, str)}
    assert "prediction_latency_seconds" in names
    of_traces = {exposed.PARALLEL}  # a gauge of a trace has the name, too
    for path in Path(perfgate.__path__[0]).rglob("*.py"):
        if path == Path(exposed.__file__):
            continue
        texts = {n.value for n in ast.walk(ast.parse(path.read_bytes())) if isinstance(n, ast.Constant)}
        assert not texts & (names - of_traces), path
