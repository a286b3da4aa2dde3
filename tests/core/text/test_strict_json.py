from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS

from perfgate.core.errors import CannotDecideError
from perfgate.core.text.strict_json import has_key_twice, load_json


@pytest.mark.parametrize(("number", "right"), [(".417", "0.417"), ("-.03", "-0.03")])
def test_a_number_that_begins_with_its_point_has_a_hint_of_its_own(number: str, right: str) -> None:
    with pytest.raises(CannotDecideError) as caught:
        load_json(f'{{"a": 1, "elapsed_sec": {number}}}'.encode(), "x.json", "run-invalid", "measure again")
    (fault,) = caught.value.diagnostics
    assert f'found "{number}": a number needs a digit before the point' in fault.message
    assert fault.hint.startswith(f"write {right}, as printf")


JUNK_TEXT = st.text(st.sampled_from('ab":{}[],\\ \n/u0é'), max_size=6)
TREES = st.recursive(
    st.none() | st.integers() | JUNK_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(JUNK_TEXT, inner, max_size=3),
    max_leaves=12,
)


@LAWS
@given(TREES, st.sampled_from([None, 1]), st.booleans())
def test_keys_that_stand_once_are_never_counted_twice(document, indent, is_ascii):
    content = json.dumps(document, indent=indent, ensure_ascii=is_ascii).encode()
    assert not has_key_twice(content, json.loads(content))


@LAWS
@given(st.dictionaries(JUNK_TEXT, TREES, min_size=1, max_size=3), TREES, st.data())
def test_a_key_that_stands_twice_is_found_wherever_it_stands(table, value, data):
    key = data.draw(st.sampled_from(sorted(table)))
    again = f"{{{json.dumps(key)}: {json.dumps(value)}, {json.dumps(table)[1:]}"
    for content in (again, f"[1, {again}]", f'{{"x": [{again}]}}'):
        assert has_key_twice(content.encode(), json.loads(content))


@pytest.mark.parametrize("space", ["", " ", "\t", "\r", "\n"])
@pytest.mark.parametrize("value", ['""', '":"', '"a\\":"', '": :"'])
def test_a_key_that_stands_twice_is_found_beside_texts_that_look_like_keys(space: str, value: str) -> None:
    once, twice = f'{{"a"{space}:{value}}}', f'{{"a"{space}:{value},"a":{value}}}'
    assert not has_key_twice(once.encode(), json.loads(once))
    assert has_key_twice(twice.encode(), json.loads(twice))
