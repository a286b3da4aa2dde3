"""Lines that are decoded straight to fields say what they say when they are read as a whole."""

from __future__ import annotations

import json
import random
import re

import pytest
from cases import DATA
from mutate import mutated

from perfgate.core.errors import CannotDecideError
from perfgate.core.sources.field_map import FieldMap, FieldValue
from perfgate.formats.contents import read
from perfgate.formats.detect import named
from perfgate.formats.maps import format_of
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.logs import typed
from perfgate.formats.parsing.logs.rows import Broken, json_columns, object_of
from perfgate.formats.parsing.logs.typed import LONGEST_FIT, Shape, decode_lines
from perfgate.formats.parsing.source import Source
from perfgate.formats.readers.mapped import PREDICTION_LOG, REQUEST_LOG

PATHS = ["took", "route", "user.id", "user.plan.name", "a.b", "ok"]
NESTED = FieldMap(
    name="nested",
    benchmark="{route}/{user.plan}",
    labels=("user.zone",),
    ok="ok",
    time="at",
    where=(("kind", "request"), ("level", 3)),
    values=(
        FieldValue(value="took_ms"),
        FieldValue(value="sizes.body_bytes", allow_zero=True),
        FieldValue(value="hit", share=True, better="higher"),
        FieldValue(value="cpu_ms", over="took_ms", metric="cpu_share"),
    ),
)
PADDING = b" " * LONGEST_FIT
"""Behind a line, it makes the line one that is read as a whole, and says nothing."""


def line(rng, i):
    """Return a line of a log as people write it: most are alike, some are odd."""
    odd = rng.random() < 0.2
    row = {
        "kind": "request" if rng.random() < 0.9 else "other",
        "level": rng.choice([3, 3.0, "3", 4]) if odd else 3,
        "at": f"2026-01-31T10:{i % 60:02}:{i % 59:02}" + rng.choice(["", ".5", "Z"]) if odd else 1.77e9 + i,
        "route": rng.choice(["/a", "/b", None, 7, True, ["/a"]]) if odd else "/a",
        "user": rng.choice([{"plan": "x"}, None, "bob", {"plan": {"x": 1}}, {}])
        if odd
        else {"plan": "y", "zone": "eu"},
        "user.zone": rng.choice(["north", None]) if odd else None,
        "ok": rng.choice([True, 1, "ok", 500, None]) if odd else True,
        "took_ms": rng.choice([5, 0, -1, "7", "x", None, 10**400, True]) if odd else rng.gauss(20, 3),
        "sizes": rng.choice([{"body_bytes": 10}, [], {"body_bytes": None}]) if odd else {"body_bytes": i},
        "hit": rng.choice([1, "true", None, "maybe"]) if odd else bool(i % 3),
        "cpu_ms": rng.choice([None, 3, float("nan")]) if odd else rng.gauss(9, 1),
        "other": {"deep": [[i]], "text": "\u00fc\ud83d\ude00"},
    }
    kept = {key: value for key, value in row.items() if rng.random() > 0.01}
    return rng.choice(["INFO 2026-01-31 10:00:00 ", " ", ""]) * odd + json.dumps(kept, ensure_ascii=rng.random() < 0.5)


def lines(seed, count=700):
    rng = random.Random(seed)
    content = "\n".join(line(rng, i) for i in range(count)).encode("utf-8", "surrogatepass")
    return mutated(rng, content) if seed % 3 else content


def outcome(content, known, **options):
    """Return all that a reader says of a log, columns of lines of JSON and the digest left out."""
    source = Source("web.jsonl", content=content)
    try:
        found = read(source, known, ForeignOptions(**options))
    except CannotDecideError as caught:
        return [re.sub(r"\(column \d+\)", "", str(d)) for d in caught.diagnostics]
    return found.records, [re.sub(r"\(column \d+\)", "", str(s)) for s in found.skipped], source.times.periods


def padded(content):
    """Return the same log with lines that are too long to be decoded to fields alone."""
    return re.sub(rb"(?<!\r)(?=\r?\n)|\Z", PADDING, content)


@pytest.mark.parametrize("seed", [*range(16), *(pytest.param(n, marks=pytest.mark.heavy) for n in range(16, 40))])
@pytest.mark.parametrize("mapped", [NESTED, PREDICTION_LOG, REQUEST_LOG], ids=lambda m: m.name)
def test_a_log_says_the_same_when_each_line_is_read_as_a_whole(mapped, seed):
    content = lines(seed)
    if mapped is not NESTED:
        event, value = mapped.where[0]
        names = {"kind": event, "request": value, "took_ms": mapped.values[0].value, "at": "timestamp"}
        content = re.sub(rb'"(kind|request|took_ms|at)"', lambda m: f'"{names[m[1].decode()]}"'.encode(), content)
    options = {"tolerance": 0.9, "split_by": ("hit",) if seed % 2 else (), "direction": "lower"}
    assert outcome(content, format_of(mapped), **options) == outcome(padded(content), format_of(mapped), **options)


@pytest.mark.parametrize("seed", range(60))
def test_points_of_k6_say_the_same_when_each_line_is_read_as_a_whole(seed):
    rng = random.Random(seed)
    content = (DATA / "k6" / "points.ndjson").read_bytes()
    content = re.sub(
        rb'"value":[0-9.]+', lambda _: f'"value":{rng.choice([rng.gauss(20, 3), 0, 1, -0.0])}'.encode(), content
    )
    silent, failed = rng.choice([0.0, 0.3]), rng.choice([0.0, 0.1])
    for share, tag in ((silent, b'"other":"true"'), (failed, b'"expected_response":"false"')):
        content = re.sub(
            rb'"expected_response":"true"', lambda m, s=share, t=tag: t if rng.random() < s else m[0], content
        )
    content = mutated(rng, content)
    known = named("k6-points")
    assert outcome(content, known, tolerance=0.9) == outcome(padded(content), known, tolerance=0.9)


@pytest.mark.parametrize("seed", range(200))
def test_a_line_that_fits_holds_what_it_holds_as_a_whole(seed):
    rng = random.Random(seed)
    row = {
        "took": rng.choice([1, 1.5, -0.0, 10**30, "x", None]),
        "user": {"id": "\u00fc", "plan": {"name": 3}},
        "a.b": 1,
        "a": {"b": 2},
        "ok": True,
        "other": rng.choice(["\\", '"', "\ud800", [1, {"took": 2}], 1e300, {}]),
    }
    content = mutated(rng, json.dumps(row).encode()).decode("utf-8", "replace").encode().replace(b"\n", b" ")
    shape = Shape(PATHS)
    (record,), gaps = decode_lines(shape.decode, [content])
    whole = object_of(content.decode(), 1, Broken(), is_choosy=False)
    if gaps:
        record = shape.record(whole) if whole is not None else None
    if record is None:
        assert whole is None
        return
    expected = json_columns(PATHS)([whole])
    assert repr(list(map(list, shape.columns(PATHS)([record])))) == repr(expected)
    assert repr([list(shape.columns([path])([record])[0]) for path in PATHS]) == repr(expected)


@pytest.mark.parametrize(
    ("content", "is_fit"),
    [
        (b'{"took": 1, "other": [1, 2]}', True),
        (b' {"took": 1} ', True),
        (b'{"took": [1]}', False),
        (b'{"user": 5}', False),
        (b'{"took": 1} {"took": 2}', False),
        (b'{"took": 1', False),
        (b'{"took": NaN}', False),
        (b'{"other": "\\x"}', False),
        (b'{"other": 01}', False),
        (b'{"other": "\x01"}', False),
        (b"[1]", False),
        (b"", False),
        (b'{"other": ' + b"[" * 600 + b"]" * 600 + b"}", True),
        (b'{"other": ' + b"[" * 800 + b"]" * 800 + b"}", False),
        (b'{"other": ' + b"9" * 5000 + b"}", False),
    ],
    ids=range(15),
)
def test_only_a_line_that_is_an_object_with_plain_fields_fits(content, is_fit):
    good = b'{"took": 7}'
    found, gaps = decode_lines(Shape(PATHS).decode, [good, content, good])
    assert gaps == ([] if is_fit else [1])
    assert [record is None for record in found] == [False, not is_fit, False]


@pytest.mark.parametrize("paths", [["a", "a.b"], ["a.b.c", "a.b"], ["a.b", "a"], ['a"b'], ["a\\b"]], ids=str)
def test_fields_that_no_type_has_are_refused(paths):
    with pytest.raises(ValueError, match=r"field|Renamed"):
        Shape(paths)


def test_a_map_with_such_fields_reads_whole_rows():
    mapped = FieldMap(name="m", benchmark="a.b", values=(FieldValue(value="a_ms"),), labels=("a.b.c",))
    rows = b'{"a": {"b": "x"}, "a_ms": 5}\n' * 3
    (record,) = read(Source("web.jsonl", content=rows), format_of(mapped), ForeignOptions()).records
    assert record.count == 3


def test_a_long_log_is_read_by_decoding_its_fields_alone():
    counts = {"fit": 0, "not": 0}
    content = b"".join(b'{"route": "/a", "took_ms": %d.5, "i": %d}\n' % (i % 90 + 1, i) for i in range(20_000))

    class Counting(Shape):
        def record(self, row):
            counts["not"] += 1
            return super().record(row)

    shape = Counting(["route", "took_ms"])
    for some in Source("web.jsonl", content=content).line_batches():
        found, gaps = decode_lines(shape.decode, some)
        counts["fit"] += len(found) - len(gaps)
        counts["not"] += len(gaps)
    assert counts == {"fit": 20_000, "not": 0}
    assert typed.LONGEST_FIT > 1_000
