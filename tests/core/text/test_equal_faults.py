"""Equal faults of many files are one message that counts them; faults that differ in more than a number are not."""

from __future__ import annotations

import pytest

from perfgate.core.errors import error, warning
from perfgate.core.text.equal_faults import group_equal, summarize


def bare(number, column=31, pointer=""):
    message = f'is not JSON: found ".{number}": a number needs a digit before the point (line 1, column {column})'
    return error("run-invalid", message, place=f"outputs/r{number}.json{pointer}", hint=f"write 0.{number}")


def test_faults_of_many_files_that_differ_in_numbers_are_one_with_the_count_and_what_each_file_has():
    (found,) = group_equal(bare(100 + i, column=30 + i % 3) for i in range(200))
    assert (found.message, found.place, found.hint) == (
        "200 run files are not JSON",
        "outputs/r100.json, outputs/r101.json, outputs/r102.json and 197 more",
        "write 0.100",
    )
    assert found.details[1] == (
        'outputs/r101.json: found ".101": a number needs a digit before the point (line 1, column 31)'
    )
    assert len(found.details) == 200
    head, *details, more, hint = found.lines()
    assert head == "cannot decide: 200 run files are not JSON [run-invalid]"
    assert (len(details), more, hint) == (3, "  ... and 197 more", "  hint: write 0.100")
    assert len(found.lines(whole=True)) == 202


def test_one_more_than_is_shown_is_shown_as_well():
    (found,) = group_equal(bare(100 + i) for i in range(4))
    assert len(found.lines()) == 6


def test_the_pointer_of_equal_faults_stands_behind_each_file():
    (found,) = group_equal(error("a-slug", "expected a number", place=f"{n}.json: /rows_used") for n in "abc")
    assert found.message == "3 files: expected a number"
    assert found.details == ("a.json: /rows_used", "b.json: /rows_used", "c.json: /rows_used")


def test_places_that_are_no_files_are_places():
    (found,) = group_equal(error("a-slug", "cannot be read", place=n) for n in ("one", "two"))
    assert found.message == "2 places cannot be read"


def test_faults_of_one_file_with_one_hint_are_one_in_their_order():
    faults = [error("a-slug", m, place=f"p.toml:{n}", hint="h") for n, m in ((3, "too long"), (7, "unknown"))]
    (found,) = summarize(faults)
    assert group_equal(faults) == faults
    assert found.lines() == (
        "cannot decide: p.toml has 2 faults [a-slug]",
        "  p.toml:3: too long",
        "  p.toml:7: unknown",
        "  hint: h",
    )


def test_what_is_grouped_stays_so_when_it_is_grouped_again():
    faults = [*map(bare, range(100, 110)), *(error("a-slug", m, place="p.toml:3", hint="h") for m in "mn")]
    once = summarize(faults)
    assert len(once) == 2
    assert summarize(once) == once == summarize(group_equal(faults))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(error("a", "m", place="x: /p"), error("a", "m", place="y: /q"), id="pointer"),
        pytest.param(error("a", "m", place="x: /p", hint="h"), error("a", "n", place="x: /q", hint="i"), id="hints"),
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


def test_a_fault_that_is_reported_twice_is_one():
    assert group_equal([bare(5), bare(5)]) == [bare(5)]
