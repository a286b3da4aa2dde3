"""Maps of the configuration: what they say, and what is wrong with them."""

from __future__ import annotations

import pytest
from toml_places import place_in

from perfgate import config
from perfgate.core.errors import CannotDecideError
from perfgate.core.sources.field_map import FieldMap, FieldValue

REQUESTS = """
[[map]]
name = "requests"
files = ["logs/*.jsonl"]
benchmark = "{route}/{method}"
labels = ["region"]
ok = "status"
time = "at"
where = { event = "answered", attempt = 1 }
values = [{ value = "took_ms" }, { value = "size", metric = "answer", unit = "B", better = "lower", allow_zero = true }]
"""

TWO = 'name = "a"\nvalues = [{ value = "b" }]\n[[map]]\nname = "a"\nvalues = [{ value = "b" }]'


def test_a_map_says_what_the_file_says():
    assert config.parse(REQUESTS, "perfgate.toml").maps == (
        FieldMap(
            name="requests", files=("logs/*.jsonl",), benchmark="{route}/{method}", labels=("region",), ok="status",
            time="at", where=(("event", "answered"), ("attempt", 1)),
            values=(
                FieldValue(value="took_ms"),
                FieldValue(value="size", metric="answer", unit="B", better="lower", allow_zero=True),
            ),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        (FieldValue(value="latency_ms"), ("latency", "ms", "lower")),
        (FieldValue(value="a.b.size_bytes"), ("size", "B", "lower")),
        (FieldValue(value="elapsed_sec"), ("elapsed", "s", "lower")),
        (FieldValue(value="latency_ms", metric="wait"), ("wait", "ms", "lower")),
        (FieldValue(value="latency_ms", better="higher"), ("latency", "ms", "higher")),
        (FieldValue(value="latency_ms", unit="us"), ("latency_ms", "us", "lower")),
        (FieldValue(value="took"), ("took", None, None)),
        (FieldValue(value="took", unit="ms"), ("took", "ms", None)),
        (FieldValue(value="hit", share=True), ("hit", "1", None)),
    ],
    ids=lambda v: v.value if isinstance(v, FieldValue) else "",
)
def test_what_a_value_does_not_state_comes_from_its_suffix_and_nothing_is_guessed(value, resolved):
    assert value.resolved() == resolved


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('name = "a"', "/map/0", 'the key "values" is missing'),
        ('name = "a"\nvalues = []', "/map/0/values", "must not be empty"),
        ('name = "a"\nvalue = "x_ms"\nvalues = [{ value = "b" }]', "/map/0/value", 'unknown key "value"; did you mean'),
        ('name = "a"\nbenchmark = "{route"\nvalues = [{ value = "b" }]', "/map/0/benchmark", "brace"),
        ('name = "a"\nbenchmark = "{}"\nvalues = [{ value = "b" }]', "/map/0/benchmark", "empty braces"),
        ('name = "a"\nvalues = [{ value = "b_ms" }, { value = "c.b_ms" }]', "/map/0/values/1", '"b" is there twice'),
        ('name = "a"\nok = "o"\nvalues = [{ value = "error_rate" }]', "/map/0/values/0", "is there twice"),
        ('name = "a"\nvalues = [{ value = "b", share = true, unit = "s" }]', "/map/0/values/0/unit", "no unit"),
        (TWO, "/map/1/name", "already"),
        ('name = "a"\nwhere = { b = [1] }\nvalues = [{ value = "b" }]', "/map/0/where/b", "expected"),
    ],
    ids=["no values", "empty values", "typo", "open brace", "empty braces", "twice", "taken", "share", "name", "where"],
)  # fmt: skip
def test_a_faulty_map_is_told_with_its_place(text, place, message):
    with pytest.raises(CannotDecideError) as caught:
        config.parse(f"[[map]]\n{text}\n", "perfgate.toml")
    (found,) = caught.value.diagnostics
    assert found.place == place_in(f"[[map]]\n{text}\n", place)
    assert message in found.message
