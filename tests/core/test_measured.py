"""The table of measured metrics: the published schema, the reader and the names that are taken follow it."""

from __future__ import annotations

import pytest

from perfgate import schema
from perfgate.core import metrics
from perfgate.core.measured import MEASURED, NAME_OF_KEY, RESERVED, Key
from perfgate.core.metrics import canonical_name
from perfgate.core.text.units import to_base
from perfgate.formats.own.run_summary import SummaryReader

KEYS = [key for m in MEASURED for key in m.keys]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_key_is_in_the_published_schema_and_means_its_metric(key):
    stated = schema.load("run")["properties"][key.name]
    assert ("integer" in stated["type"]) == (key.decimals == 0)
    assert canonical_name(key.name) == NAME_OF_KEY[key.name]


@pytest.mark.parametrize("m", [m for m in MEASURED if m.keys], ids=lambda m: m.name)
def test_what_a_key_states_is_read_back_in_base_units(m):
    document = {"run_id": "r", "elapsed_sec": 1, "rows_used": 1, "peak_memory_mb": 1}
    for key in m.keys:
        stated = {**document, **{k.name: k.written(12.5) for k in (m.keys[0], key)}}
        run = SummaryReader().parse(str(stated).replace("'", '"').encode(), "r.json", "")
        (value,) = (value for metric, value in run.values if metric.name == m.name)
        assert abs(value - 12.5) <= key.step / 2


@pytest.mark.parametrize(
    ("key", "value", "written", "step"),
    [
        (Key("a_sec", decimals=3), 1.23456, 1.235, 1e-3),
        (Key("a_ns", decimals=0, times=10**9), 1.5, 1_500_000_000, 1e-9),
        (Key("a_mb", decimals=1, per=10**6), 12_345_678, 12.3, 1e5),
        (Key("a_bytes", decimals=0), 12, 12, 1.0),
    ],
    ids=lambda value: value.name if isinstance(value, Key) else "",
)
def test_a_key_rounds_to_its_decimals_and_knows_its_step(key, value, written, step):
    assert key.written(value) == written
    assert isinstance(key.written(value), int if key.decimals == 0 else float)
    assert key.step == pytest.approx(step, rel=1e-15)


def test_a_name_or_a_key_of_the_table_is_taken():
    assert {"elapsed", "elapsed_ns", "peak_memory_mb", "cpu_sec", "throughput"} <= RESERVED


@pytest.mark.parametrize("m", MEASURED, ids=lambda m: m.name)
def test_every_row_has_a_base_unit_and_its_metric(m):
    assert to_base(1.0, m.unit) == (1.0, m.unit)
    assert (m.unit, m.better) == (metrics.METRICS[m.name].unit, metrics.METRICS[m.name].better)
    assert m.name in RESERVED
