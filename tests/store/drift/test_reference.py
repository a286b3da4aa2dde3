"""References as files: canonical, readable, and refused when they do not agree with themselves."""

from __future__ import annotations

import json

import pytest
from drift_cases import CLIENT, all_kinds, summary_of
from records import refused

from perfgate.store.drift.reference import decode, encode

COLUMNS = {**all_kinds(400), CLIENT: [i % 20 for i in range(400)]}
REFERENCE = summary_of(COLUMNS)


def changed(path, value):
    document = json.loads(encode(REFERENCE))
    node = document
    for key in path[:-1]:
        node = node[key]
    if value is None:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return json.dumps(document).encode()


def test_no_level_of_fewer_rows_is_in_the_file_and_no_extreme_number():
    content = encode(REFERENCE).decode()
    assert "id-17" not in content
    stored = json.loads(content)["features"]["lognormal"]["values"]
    ordered = sorted(COLUMNS["lognormal"])
    assert (stored[0], stored[-1]) == (ordered[9], ordered[-10])
    assert all(rows >= 10 for f in json.loads(content)["features"].values() for rows in f.get("levels", {}).values())


def test_equal_samples_have_equal_bytes_and_a_level_is_a_line():
    content = encode(REFERENCE)
    assert encode(summary_of({**all_kinds(400), CLIENT: [i % 20 for i in range(400)]})) == content
    assert '        "a": ' in content.decode()
    assert len(content) < 80_000


@pytest.mark.parametrize(
    ("content", "slug", "words"),
    [
        pytest.param(b"", "drift-reference-invalid", "is empty", id="empty"),
        pytest.param(b"{", "drift-reference-invalid", "not JSON", id="torn"),
        pytest.param(b"[]", "drift-reference-version", "it states none", id="list"),
        pytest.param(
            changed(("schema",), "perfgate/drift-reference/2"), "drift-reference-version",
            'found "perfgate/drift-reference/2"', id="another-version",
        ),
        pytest.param(changed(("rows",), 0), "drift-reference-invalid", "expected at least 1", id="no-rows"),
        pytest.param(changed(("rows",), None), "drift-reference-invalid", '"rows" is missing', id="key-missing"),
        pytest.param(changed(("extra",), 1), "drift-reference-invalid", 'unknown key "extra"', id="unknown-key"),
        pytest.param(changed(("rows",), 401), "drift-reference-invalid", "not 401 rows together", id="sum"),
        pytest.param(
            changed(("features", "normal", "values"), [2, 1]), "drift-reference-invalid", "do not ascend", id="lengths"
        ),
        pytest.param(
            changed(("features", "ties", "below", 0), 399), "drift-reference-invalid", "do not ascend", id="order"
        ),
        pytest.param(
            changed(("features", "normal", "values"), None), "drift-reference-invalid", "all three", id="no-points"
        ),
        pytest.param(
            changed(("features", "levels", "hidden"), None), "drift-reference-invalid", "all four", id="half-a-category"
        ),
        pytest.param(
            changed(("features", "levels", "levels", "a"), 1), "drift-reference-invalid", "rows of the levels",
            id="level-edited",
        ),
        pytest.param(
            changed(("features", "tags", "values"), [1]), "drift-reference-invalid", "belong to a number", id="points"
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_not_valid_is_refused_with_its_place(content, slug, words):
    found = refused(lambda: decode(content, "r.json"))
    assert {d.slug for d in found} == {slug}
    assert any(words in d.message for d in found)
    assert all(d.place.startswith("r.json") for d in found)


def test_whole_numbers_may_be_written_with_a_point():
    assert decode(changed(("rows",), 400.0), "r.json") == REFERENCE
