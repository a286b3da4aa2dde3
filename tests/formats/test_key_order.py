"""A JSON file is of the same format however its keys are ordered, and however much stands before them."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from cases import DATA

from perfgate.core.errors import CannotDecideError
from perfgate.formats.catalog import json_keys
from perfgate.formats.catalog.format import Head
from perfgate.formats.catalog.json_keys import is_open, outline
from perfgate.formats.contents import read
from perfgate.formats.detect import detect, nearest
from perfgate.formats.options import ForeignOptions
from perfgate.formats.own.imported import is_imported
from perfgate.formats.parsing.source import HEAD, Source

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = "x" * (HEAD + 10)
ORDERS: dict[str, Callable[[dict[str, Any]], list[str]]] = {"sorted": sorted, "reversed": lambda d: list(reversed(d))}


@cache
def documents() -> dict[str, Any]:
    """Return every kept file that is one JSON document of objects, and is read."""
    found = {}
    for path in sorted(DATA.rglob("*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            known = detect(Source(str(path)))
        except (ValueError, CannotDecideError):
            continue
        first = document[0] if isinstance(document, list) else document
        if known and isinstance(first, dict) and not path.name.endswith(".expected.json"):
            found[str(path.relative_to(DATA))] = document
    return found


def reordered(value: Any, order: Callable[[dict[str, Any]], list[str]]) -> Any:
    if isinstance(value, dict):
        return {key: reordered(value[key], order) for key in order(value)}
    return [reordered(v, order) for v in value] if isinstance(value, list) else value


def behind_much(document: Any) -> Any:
    """Return a document whose first keys stand behind a text longer than what detection reads first."""
    if isinstance(document, list):
        return [{"0": LONG, **document[0]}, *document[1:]]
    return {"0": LONG, **document}


def format_of(document: Any) -> str:
    known = detect(Source("given.json", content=json.dumps(document).encode()))
    return known.name if known else "none"


def test_there_are_files_of_many_formats():
    assert len({format_of(d) for d in documents().values()}) >= 14


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_neither_the_order_of_the_keys_nor_what_stands_before_them_changes_the_format(order):
    for name, document in documents().items():
        found = format_of(reordered(document, order)), format_of(behind_much(reordered(document, order)))
        assert set(found) == {format_of(document)}, name


def test_a_document_is_not_taken_for_a_log_that_a_part_of_it_resembles():
    row = {"extra_info": {"performance_metrics": {}}, "fullname": "t::a", "stats": {"data": [0.25] * 20_000}}
    assert format_of({"benchmarks": [row], "machine_info": {}}) == "pytest-benchmark"


def test_the_first_line_of_a_log_may_be_longer_than_what_detection_reads():
    line = {"performance_metrics": {"latency_ms": 3}, "note": LONG}
    log = f"{json.dumps(line)}\n" + '{"machine_info": {}, "benchmarks": []}\n' * 3
    known = detect(Source("given.log", content=log.encode()))
    assert known is not None
    assert known.name == "performance-log"


def test_what_was_looked_through_for_keys_counts_once_in_the_digest():
    document = behind_much({"status": "success", "data": {"result": [], "resultType": "vector"}})
    content = json.dumps(document).encode()
    looked, plain = Source("a.json", content=content), Source("a.json", content=content)
    known = detect(looked)
    assert known is not None
    for source in (looked, plain):
        with pytest.raises(CannotDecideError):
            read(source, known, ForeignOptions())
    assert looked.digest() == plain.digest()


def test_an_imported_run_is_known_by_its_schema_wherever_it_stands():
    assert is_imported(json.dumps({"benchmark": "b" * 500, "schema": "perfgate/series/1"}).encode())
    assert not is_imported(b'{"run_id": "perfgate/series/1", "schema": "perfgate/run/1"}')


def test_of_a_list_behind_the_beginning_one_entry_is_looked_at_and_then_what_follows_it():
    text = '{"a": 1, "rows": [{"b": [[1, {"c": "]}"}]]}, {"d": 1}, "\\"]", [{"e": 2}]], "z": {"y": 0}}'
    assert outline(text, every=3) == {"a", "rows", "rows[]", "rows[].b", "rows[].b[]", "rows[].b[][]", "z", "z.y"}
    assert "rows[].d" in outline(text)


def test_an_outline_of_a_whole_document_ends_with_it():
    assert outline('{"a": {}}\n{"b": 1}', every=0) == {"a"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", True),
        ("{}", False),
        ('{"a": [1, {}], "b": "}', True),
        ('{"a": [1, {"c": "]}"}]', True),
        ('{"a": [1, {"c": "]}"}]}', False),
        ('[{"a": 1}]\n[', False),
        ("[" * 5000 + "]" * 5000, True),
    ],
)
def test_a_document_is_open_until_its_last_bracket(text, expected):
    assert is_open(text) is expected


def test_a_document_of_very_many_tokens_is_not_looked_through_to_its_end(monkeypatch):
    monkeypatch.setattr(json_keys, "_MOST_STEPS", 50)
    assert "z" not in outline('{"a": [' + "[[[]]]," * 100 + '0], "z": 1}', every=0)
    assert "k99" not in outline("{" + ",".join(f'"k{i}": 0' for i in range(100)), every=0)


def test_a_large_file_in_no_known_format_is_gone_through_once(tmp_path):
    class Counting(Source):
        skims = 0

        def skim(self):
            self.skims += 1
            return super().skim()

    path = tmp_path / "large.json"
    path.write_text(json.dumps({f"group{i}": {f"key{i}": i, "inner": [i]} for i in range(5000)}))
    source = Counting(str(path))
    assert source.is_cut
    assert detect(source) is None
    nearest(source)
    assert "group4999.inner" in Head(source).complete().keys
    assert source.skims == 1
