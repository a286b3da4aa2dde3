from __future__ import annotations

import hashlib
import re
import time

import pytest

from perfgate.measure import deterministic_run_id, measure_run_context
from perfgate.measure.identity import check_run_id, file_name, hex_digest, new_run_id


def test_a_default_run_id_is_utc_time_and_eight_hex(monkeypatch):
    monkeypatch.setattr(time, "gmtime", lambda: time.struct_time((2026, 11, 21, 1, 58, 44, 5, 325, 0)))
    assert re.fullmatch(r"20261121T015844Z-[0-9a-f]{8}", new_run_id())
    assert new_run_id() != new_run_id()


@pytest.mark.parametrize(
    "run_id",
    ["a", "0", "A.b_c:d@e+f=g-h", "x" * 200, new_run_id()],
    ids=["letter", "digit", "signs", "longest", "default"],
)
def test_these_run_ids_are_allowed(run_id):
    assert check_run_id(run_id) == run_id


@pytest.mark.parametrize(
    "run_id",
    ["", ".", "-a", "_a", "a/b", "../a", "a b", "a\n", "a\0", "é", "a\\b", "x" * 201, "٣"],
    ids=ascii,
)
def test_these_run_ids_are_refused_and_the_message_says_what_is_allowed(run_id):
    with pytest.raises(ValueError, match=r"ASCII letters, digits or one of \. _ : @ \+ = -"):
        check_run_id(run_id)


def test_a_colon_stands_in_the_file_name_but_on_windows():
    assert file_name("a:b", "posix") == "a:b.json"
    assert file_name("a:b", "nt") == "a-b.json"
    assert file_name("a:b") == "a:b.json"


def test_the_same_parts_give_the_same_run_id_in_every_process():
    assert deterministic_run_id("commit", "bench", "1") == deterministic_run_id("commit", "bench", "1")
    assert deterministic_run_id("a") == hashlib.sha256(b"1:a").hexdigest()[:32]
    assert deterministic_run_id("é", "") == hashlib.sha256("2:é0:".encode()).hexdigest()[:32]


def test_parts_do_not_run_into_each_other():
    ids = {deterministic_run_id(*p) for p in [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("1:a",), ("a",)]}
    assert len(ids) == 6


def test_a_deterministic_run_id_is_allowed_as_a_run_id():
    with measure_run_context(deterministic_run_id("x", "\ud800"), write=False) as run:
        pass
    assert re.fullmatch("[0-9a-f]{32}", run.run_id)


def test_parts_must_be_texts_and_there_must_be_one():
    with pytest.raises(TypeError, match="int"):
        deterministic_run_id("a", 1)
    with pytest.raises(ValueError, match="at least one"):
        deterministic_run_id()


def test_the_hash_is_sha_256():
    assert hex_digest(b"abc") == hashlib.sha256(b"abc").hexdigest()
