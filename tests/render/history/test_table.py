"""A history as CSV."""

from __future__ import annotations

import csv
import io

import pytest
from trend_cases import history, judged, wander

from perfgate.render.history.table import render


@pytest.mark.parametrize("name", ["=1+1", "\n=1", "\t+1", " -1", "\u200b@A1", "\u00a0=1", "\uff1d1+1", "\v=1"])
def test_no_name_is_a_formula_to_a_spreadsheet(name):
    (first, *_) = csv.DictReader(io.StringIO(render(judged(history(name, wander(1, 8))))))
    assert first["benchmark"].startswith("'")
    assert first["benchmark"].isprintable()


def test_other_names_stay_as_they_are():
    (first, *_) = csv.DictReader(io.StringIO(render(judged(history('a=1, "b"', wander(1, 8))))))
    assert first["benchmark"] == 'a=1, "b"'
