"""Golden files: what is written is read again, and what was edited wrongly is refused."""

from __future__ import annotations

import json

import pytest
from trace_cases import traces

from perfgate.core.errors import CannotDecideError
from perfgate.gate.golden import group, to_golden
from perfgate.store.golden import decode, encode, file_name

TREE = ("GET /a/../b", 0, 9, ("q\u00e9", {"table": "x"}, 1, 2), ("q\u00e9", {"table": "y"}, 3, 4))


def golden(*trees):
    """Return the golden trace of one root."""
    ((root, structures),) = group(traces(*trees), ("table",)).items()
    return to_golden(root, ("table",), structures)


def test_a_golden_file_is_read_as_it_was_written_and_the_order_of_traces_changes_no_byte():
    other = ("GET /a/../b", 0, 9)
    one = encode(golden(TREE, other))
    assert decode(one, "g.json") == golden(TREE, other)
    assert one == encode(golden(other, TREE))


def test_a_file_name_leads_nowhere_and_differs_for_names_that_look_alike():
    names = {file_name(root) for root in ("../../etc/x", "etc x", "", "..", "a" * 500, "\x00")}
    assert len(names) == 6
    assert all("/" not in name and not name.startswith(".") and len(name) < 100 for name in names)


@pytest.mark.parametrize(
    "change",
    [
        {"golden_version": 2}, {"root": 1}, {"root": "other"}, {"attributes": "table"}, {"structures": []},
        {"structures": [{"traces": 0, "spans": [[0, "GET /a/../b", 1]]}]},
        {"structures": [{"traces": 1, "spans": [[0, "GET /a/../b", 1], [2, "deep", 1]]}]},
        {"structures": [{"traces": 1, "spans": [[0, "GET /a/../b", 1], [0, "second root", 1]]}]},
        {"structures": [{"traces": 1, "spans": [[0, "GET /a/../b", True]]}]},
        {"structures": [{"traces": 1, "spans": [[0, "GET /a/../b", 1, {"table": ["x"]}]]}]},
        {"structures": [7]},
    ],
    ids=str,
)  # fmt: skip
def test_a_golden_file_that_says_something_else_is_refused(change):
    content = json.dumps(json.loads(encode(golden(TREE))) | change).encode()
    with pytest.raises(CannotDecideError, match=r"golden|/root|structure"):
        decode(content, "g.json")
