from __future__ import annotations

import pytest

from perfgate.core.text.near_names import find_near, hint_among


@pytest.mark.parametrize(
    ("name", "near"),
    [("TRAIN", "train"), ("tran", "train"), ("Serve[SIZE=9]", "serve[size=9]"), ("zzz", ""), ("STRASSE", "straße")],
)
def test_the_nearest_name_is_found_whatever_its_case(name, near):
    assert find_near(name, ["trail", "train", "serve[size=9]", "straße"]) == near


def test_a_hint_names_what_is_meant_or_what_there_is():
    names = [f"b{i}" for i in range(10)]
    assert hint_among("B3", names, where_none="measure") == 'did you mean "b3"?'
    assert hint_among("zzz", names, where_none="measure") == "there are b0, b1, b2, b3, b4, b5, b6, b7 and 2 more"
    assert hint_among("zzz", [], where_none="measure") == "measure"
