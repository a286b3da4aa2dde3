"""Messages as prose and names: whatever could be more than a word to a reader of markdown is a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws
from verdicts import HOSTILE

from perfgate.report.prose import mark_code, mark_names

SPECIAL = set("`*_[]<>@#&|\\~$/{}^")


def spans(message):
    return [(span.text, span.kind) for span in mark_names(message)]


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("nothing was measured", []),
        ("3 of 20 runs failed, 15 % of them (p95, since 2026-01-31)", []),
        ('no benchmark "train"; did you mean "trains"?', ["train", "trains"]),
        ("outputs/model_runs/a.json is not valid", ["outputs/model_runs/a.json"]),
        ("perfgate run -n 10 -- CMD", ["-n", "--"]),
        ("see @team and #12, or GH-12", ["@team", "#12", "GH-12"]),
        ("www.example.org", ["www.example.org"]),
        ("commit 4558492c0538 and defaced", ["4558492c0538", "defaced"]),
        ("a_b *c* [d](e) x", ["a_b *c* [d](e"]),
        ('"" and ""', []),
    ],
)
def test_what_may_be_more_than_a_word_is_a_name(message, names):
    assert [text for text, kind in spans(message) if kind == "name"] == names


@laws(120)
@given(st.text(max_size=80) | st.sampled_from(HOSTILE))
def test_prose_holds_no_character_that_markdown_reads(message):
    for text, kind in spans(message):
        if kind == "text":
            assert not SPECIAL & set(text)
            assert not text.strip().startswith(("http", "www."))


@laws(120)
@given(st.text(st.characters(exclude_categories=["Z", "C"]), max_size=80))
def test_no_character_is_lost_but_white_space(message):
    assert "".join(text for text, _ in spans(message)) == message


def test_our_own_words_have_their_names_between_backticks():
    assert [(s.text, s.kind) for s in mark_code("type `a b`; or `c`")] == [
        ("type ", "text"), ("a b", "name"), ("; or ", "text"), ("c", "name"),
    ]  # fmt: skip
