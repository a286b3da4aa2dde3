"""Flat JSON counters: two snapshots, and what was counted between them."""

from __future__ import annotations

import json

import pytest
from cases import values_of
from hypothesis import given, settings
from hypothesis import strategies as st
from mutate import mutated

from perfgate.core.errors import CannotDecideError
from perfgate.formats.contents import read
from perfgate.formats.detect import named
from perfgate.formats.discovery import RunReader
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.source import Source

KNOWN = named("json-counters")


def source(name, held):
    content = held if isinstance(held, bytes) else json.dumps(held).encode()
    return Source(name, content=content)


def contents(before, after, **options):
    return read(source("after.json", after), KNOWN, ForeignOptions(**options), before=source("before.json", before))


def test_the_differences_are_values_in_base_units():
    before = {"request_count": 12, "busy_ms": 500.5, "sent_bytes": "100", "error_count": 3}
    after = {"request_count": 20, "busy_ms": 1500.5, "sent_bytes": "350", "error_count": 3}
    found = {r.metric: (values_of(r)[0], r.unit, r.better, r.payload.kind) for r in contents(before, after).records}
    assert found == {
        "request_count": (8, "1", None, "value"),
        "busy": (1.0, "s", "lower", "value"),
        "sent": (250, "B", "lower", "value"),
        "error_count": (0, "1", None, "value"),
    }
    assert {r.better for r in contents(before, after, direction="higher").records} == {"higher", "lower"}
    assert {r.benchmark for r in contents(before, after).records} == {"counters"}


def test_what_cannot_be_told_apart_is_named_with_its_cause():
    before = {"n": 1, "reset": 9, "gone": 1, "text": "a", "deep": {"a": 1}, "flag": True}
    after = {"n": 2, "reset": 3, "new": 1, "text": "b", "deep": {"a": 2}, "flag": True}
    got = contents(before, after)
    assert [r.metric for r in got.records] == ["n"]
    why = {s.metric: s.why for s in got.skipped}
    assert why.keys() == {"reset", "gone", "new", "text", "deep", "flag"}
    assert why["reset"].startswith("fell from 9 to 3: it began anew")
    assert why["gone"] == "is not in the second snapshot"
    assert why["new"] == "is not in the first snapshot"
    assert why["text"] == why["deep"] == why["flag"] == "is no number"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({"n": 3}, {"n": 3}, "nothing was counted since before.json"),
        ({"n": 3}, {"n": 1}, "nothing was counted since before.json; n: fell from 3 to 1"),
        ({}, {"n": 1}, "holds no counters"),
        ([1], {"n": 1}, "holds no counters"),
        (b"{", {"n": 1}, "not JSON"),
        ({"n": 1}, b"", "is empty"),
    ],
    ids=["nothing", "reset", "empty", "list", "cut", "no bytes"],
)
def test_two_snapshots_that_say_nothing_are_one_clear_error(before, after, message):
    with pytest.raises(CannotDecideError, match=message):
        contents(before, after)


def test_one_snapshot_asks_for_the_second():
    with pytest.raises(CannotDecideError, match="one snapshot of counters") as caught:
        read(source("a.json", {"n": 1}), KNOWN, ForeignOptions())
    assert "before.json after.json" in caught.value.diagnostics[0].hint


def test_two_files_of_a_call_are_before_and_after(tmp_path):
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for path, count in zip(paths, (3, 8), strict=True):
        path.write_text(json.dumps({"request_count": count}))
    reader = RunReader(ForeignOptions(source=KNOWN.name, direction="higher"))
    (run,) = list(reader.read([*map(str, paths)]))
    assert not reader.problems
    assert [(s.metric.name, s.values) for s in run.series] == [("request_count", (5.0,))]


@settings(max_examples=200, derandomize=True, database=None, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_a_spoilt_snapshot_gives_records_or_one_clear_error(random):
    held = b'{"request_count": 12, "busy_ms": 1.5, "deep": {"a": [1, 2]}, "text": "a"}'
    try:
        list(KNOWN.load_between()(source("a", held), source("b", mutated(random, held)), ForeignOptions()))
        list(KNOWN.load_between()(source("a", mutated(random, held)), source("b", held), ForeignOptions()))
    except CannotDecideError:
        pass
