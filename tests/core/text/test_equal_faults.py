"""Equal faults of many files are one message that counts them; faults that differ in more than a number are not."""

from __future__ import annotations

import pytest

from perfgate.core.errors import error, warning
from perfgate.core.text.equal_faults import group_equal


def bare(number, column=31, pointer=""):
    message = f'not JSON: found ".{number}": a number needs a digit before the point (line 1, column {column})'
    return error("run-invalid", message, place=f"outputs/r{number}.json{pointer}", hint=f"write 0.{number}")


def test_faults_of_many_files_that_differ_in_numbers_are_one_with_the_count_and_the_first_files():
    (found,) = group_equal(bare(100 + i, column=30 + i % 3) for i in range(200))
    assert found.place == "outputs/r100.json"
    assert 'found ".100"' in found.message
    assert found.message.endswith(
        "; the same fault in 200 places: outputs/r100.json, outputs/r101.json, outputs/r102.json, "
        "outputs/r103.json, outputs/r104.json and 195 more"
    )
    assert found.hint == "write 0.100"


def test_the_place_of_the_first_keeps_its_pointer_and_the_others_are_named_by_file():
    (found,) = group_equal(error("run-invalid", "expected a number", place=f"{n}.json: /rows_used") for n in "abc")
    assert found.place == "a.json: /rows_used"
    assert found.message == "expected a number; the same fault in 3 places: a.json, b.json, c.json"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(error("a", "m", place="x: /p"), error("a", "m", place="y: /q"), id="pointer"),
        pytest.param(error("a", "m", place="x: /p"), error("b", "m", place="y: /p"), id="slug"),
        pytest.param(error("a", "m", place="x: /p"), warning("a", "m", place="y: /p"), id="level"),
        pytest.param(error("a", 'no "k"', place="x"), error("a", 'no "l"', place="y"), id="words"),
        pytest.param(error("a", "m", place="x", hint="h"), error("a", "m", place="y", hint="i"), id="hint"),
        pytest.param(error("a", '"m1" is 0', place="x"), error("a", '"m2" is 0', place="x"), id="one-file"),
        pytest.param(error("a", "page 1"), error("a", "page 2"), id="no-place"),
        pytest.param(error("a", '"load-1"', place="x"), error("a", '"load-2"', place="y"), id="names"),
        pytest.param(error("a", '"t[n=1]"', place="x"), error("a", '"t[n=2]"', place="y"), id="labels"),
        pytest.param(error("a", '"v1"', place="x"), error("a", '"v2"', place="y"), id="versions"),
    ],
)
def test_what_differs_in_more_stays_apart_in_its_order(one, other):
    assert group_equal([one, other]) == [one, other]


def test_one_fault_stays_as_it_is():
    assert group_equal([bare(5)]) == [bare(5)]
