"""--direction beside what files state: what is stated holds, and a contradiction is an error."""

from __future__ import annotations

import json

import pytest

from perfgate.formats.foreign import ForeignReader
from perfgate.formats.options import ForeignOptions

EXPORT = {
    "root_group": {},
    "metrics": {
        "http_req_duration": {"avg": 40, "med": 38.5, "p(95)": 71},
        "http_reqs": {"count": 900, "rate": 45},
    },
}
CUSTOM = {"root_group": {}, "metrics": EXPORT["metrics"] | {"batch_size": {"avg": 7, "med": 7, "p(95)": 9}}}
GO = "pkg: shop/cart\nBenchmarkAdd-4 \t 1000 \t 812 ns/op\n"


def entries(*units):
    return [{"name": f"n{i}", "unit": unit, "value": 5 + i} for i, unit in enumerate(units)]


@pytest.fixture
def read(tmp_path):
    def reading(direction, *documents):
        reader = ForeignReader(ForeignOptions(direction=direction))
        runs = []
        for i, document in enumerate(documents):
            path = tmp_path / f"f{i}.json"
            path.write_text(document if isinstance(document, str) else json.dumps(document))
            runs += reader.read(str(path), None)
        runs += reader.rest()
        found = {(r.benchmark, s.metric.name): s.metric.better for r in runs for s in r.series}
        return found, [(p.slug, p.message, p.hint) for p in reader.problems]

    return reading


def test_a_direction_that_no_file_needs_and_one_contradicts_names_both(read):
    found, ((slug, message, hint),) = read("higher", EXPORT)
    assert slug == "direction-contradicts"
    assert message == '--direction says higher, and the file states lower for "duration" of "http_req_duration"'
    assert hint.startswith("leave out --direction")
    assert found["http_req_duration", "duration"] == "lower"
    ((_, message, _),) = read("higher", GO)[1]
    assert 'states lower for "time"' in message


def test_a_direction_that_agrees_with_what_is_gated_is_no_fault(read):
    assert read("lower", EXPORT)[1] == []
    assert read("lower", GO)[1] == []
    assert read(None, EXPORT)[1] == []


@pytest.mark.parametrize("direction", ["lower", "higher"])
def test_a_direction_that_some_value_needs_leaves_what_is_stated(read, direction):
    found, problems = read(direction, CUSTOM)
    assert problems == []
    assert found["batch_size", "value"] == direction
    assert (found["http_req_duration", "duration"], found["http_reqs", "throughput"]) == ("lower", "higher")
    assert read(direction, EXPORT, entries("points"))[1] == []


@pytest.mark.parametrize(
    ("direction", "units", "hint"),
    [
        ("higher", ["ms"], "give --direction lower"),
        ("higher", ["seconds", "points"], "give --direction lower"),
        ("lower", ["ops/sec"], "give --direction higher"),
        ("lower", ["MB/s"], "give --direction higher"),
        ("lower", ["us", "iter/s"], "give times and rates in files of their own"),
        ("higher", ["us", "iter/s"], "give times and rates in files of their own"),
    ],
    ids=["time", "time and more", "rate", "bytes a second", "both, lower", "both, higher"],
)
def test_a_direction_against_a_unit_names_both(read, direction, units, hint):
    ((slug, message, told),) = read(direction, entries(*units))[1]
    assert slug == "direction-contradicts"
    assert f"--direction says {direction}, and " in message
    assert told.startswith(hint)


@pytest.mark.parametrize(
    ("direction", "units"),
    [("lower", ["ms", "MB"]), ("higher", ["ops/sec", "points"]), ("higher", ["MB"]), ("lower", ["errors/day", "%"])],
)
def test_units_that_say_nothing_against_it_take_the_direction(read, direction, units):
    found, problems = read(direction, entries(*units))
    assert (set(found.values()), problems) == ({direction}, [])
