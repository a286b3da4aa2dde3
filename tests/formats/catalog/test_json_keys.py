"""The keys by which a JSON text is recognised cost no more than the text, whatever its shape."""

from __future__ import annotations

import pytest

from perfgate.formats.catalog import json_keys
from perfgate.formats.catalog.json_keys import outline
from perfgate.formats.detect import formats

SIZE = 64 * 1024


def test_keys_are_named_by_their_path_and_lists_marked():
    text = '{"results": [{"times": [1, {"s": 2}]}], "a\\"b": 1'
    assert outline(text) == {
        "results",
        "results[]",
        "results[].times",
        "results[].times[]",
        'a\\"b',
    }


def test_a_key_of_the_sixth_level_is_left_out_and_the_next_one_above_is_not():
    assert outline('{"a":{"b":{"c":{"d":{"e":{"f":1}}},"g":1}}}') == {"a", "a.b", "a.b.c", "a.b.c.d", "a.b.g"}


def test_after_lists_that_are_too_deep_the_levels_are_counted_right():
    assert outline('{"a":{"b":' + "[" * 100 + "]" * 100 + ',"c":1}}') >= {"a.b", "a.c", "a.b[]"}
    assert len(outline("[" * 100)) == 2 * json_keys._DEEPEST_KEY


SHAPES = {
    "lists": "[" * SIZE,
    "objects": '{"a":' * (SIZE // 5),
    "objects in lists": '[{"a":' * (SIZE // 6),
    "long keys on the way down": ('{"' + "k" * 5000 + '":') * 12,
    "many keys below a long one": '{"' + "k" * (SIZE // 2) + '":{' + ",".join(f'"{i}":1' for i in range(4000)),
    "many keys": "{" + ",".join(f'"key{i}":1' for i in range(5000)),
    "many lists": "{" + ",".join(f'"key{i}":[]' for i in range(4000)),
    "wide and deep": ('{"a":' * 20 + "1" + "}" * 20 + ",") * 500,
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_what_is_kept_is_bounded_by_the_text_and_not_by_its_depth(text):
    keys = outline(text)
    assert max(map(len, keys)) <= 2 * json_keys._DEEPEST_KEY * (json_keys._LONGEST_KEY + 3)
    assert sum(map(len, keys)) <= 50 * len(text)


@pytest.mark.parametrize("unit", ['\\"', '"\\\n', '"\n', '" ', '"a" '])
def test_a_string_without_an_end_is_gone_through_once(unit):
    tokens = sum(1 for _ in json_keys._TOKEN.finditer('{"' + unit * 1000))
    assert tokens <= 2 * 1000 + 2
    longest = max(len(m[0]) for m in json_keys._TOKEN.finditer('{"' + '\\"' * 1000))
    assert longest == 2001


def test_every_format_is_recognised_by_keys_within_the_bounds():
    keys = [key for f in formats() for alternatives in f.keys for key in alternatives.split("|")]
    assert keys
    assert all(len(part) <= json_keys._LONGEST_KEY for key in keys for part in key.split("."))
