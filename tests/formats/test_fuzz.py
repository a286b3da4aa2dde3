"""A spoilt file gives records or one clear error, whatever was done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import DATA
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutate import feed, mutated

from perfgate.core.errors import CannotDecideError
from perfgate.formats.detect import detect, formats, named
from perfgate.formats.parsing.source import Source

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random


def real_files() -> dict[str, tuple[str, Path]]:
    """Return the files to spoil: format -> one file of it, detected by its content."""
    found: dict[str, tuple[str, Path]] = {}
    for path in sorted(DATA.rglob("*")):
        if not path.is_file() or path.name.endswith(".expected.json"):
            continue
        try:
            known = detect(Source(str(path)))
        except CannotDecideError:
            continue
        if known:
            found.setdefault(known.name, (known.name, path))
    return found


FILES = real_files()


def test_every_format_of_one_file_has_a_real_one_to_spoil() -> None:
    asked = {"bencher-bmf", "json-counters"}  # found by --from alone; their own tests spoil them
    assert {f.name for f in formats() if not f.files} - FILES.keys() - asked == set()


def spoilt(times: int) -> settings:
    """Return settings for so many examples, the same ones every time."""
    return settings(
        max_examples=times, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )


def assert_records_or_one_error(name: str, random: Random) -> None:
    known, path = FILES[name]
    feed(named(known), path, mutated(random, path.read_bytes()))


@pytest.mark.parametrize("name", sorted(FILES))
@spoilt(times=15)
@given(random=st.randoms(use_true_random=False))
def test_a_spoilt_file_gives_records_or_one_clear_error(name: str, random: Random) -> None:
    assert_records_or_one_error(name, random)


@pytest.mark.sampled
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FILES))
@spoilt(times=100)
@given(random=st.randoms(use_true_random=False))
def test_a_file_spoilt_in_many_ways_gives_records_or_one_clear_error(name: str, random: Random) -> None:
    assert_records_or_one_error(name, random)
