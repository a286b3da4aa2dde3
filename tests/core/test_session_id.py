"""The grammar of session ids has one home, and reads back what it writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.core.session_id import SessionId


@given(st.text(min_size=1).filter(lambda text: "/" not in text), st.text())
def test_an_id_reads_back_as_it_was_written(session, batch):
    written = SessionId(session, batch)
    assert SessionId.parse(str(written)) == written


@pytest.mark.parametrize(
    ("text", "session", "batch"),
    [("ci-7", "ci-7", ""), ("boot/20260101", "boot", "20260101"), ("boot/a/b", "boot", "a/b"), ("", "", "")],
)
def test_what_follows_the_first_slash_is_the_batch(text, session, batch):
    found = SessionId.parse(text)
    assert (found.session, found.batch) == (session, batch)
    assert str(found) == text


def test_interleaved_sides_are_known_by_their_batch():
    shared = SessionId.interleaved("boot", "20260101T000000Z-1")
    assert SessionId.parse(str(shared)) == shared
    assert shared.is_interleaved
    assert not SessionId.parse("ab-boot/20260101").is_interleaved


@pytest.mark.parametrize(
    ("session", "is_named", "is_given"),
    [
        (SessionId.unnamed("0f", of_files=False), False, False),
        (SessionId.unnamed("0f", of_files=True), True, False),
        (SessionId("terminal"), True, True),
    ],
    ids=["summaries", "files", "stated"],
)
def test_runs_that_state_no_session_are_known_by_its_name(session, is_named, is_given):
    assert (session.is_named, session.is_given) == (is_named, is_given)
