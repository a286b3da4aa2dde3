"""Collecting for a table does no work that only a file needs."""

from __future__ import annotations

import json

import pytest

from perfgate.__main__ import run
from perfgate.pipeline import collect


@pytest.fixture
def encoded(tmp_path, monkeypatch):
    """Return the sizes of what is encoded, in a folder with one run."""
    sizes: list[int] = []
    real = collect.encode_profiles

    def counting(*arguments):
        content = real(*arguments)
        sizes.append(len(content))
        return content

    monkeypatch.setattr(collect, "encode_profiles", counting)
    monkeypatch.chdir(tmp_path)
    summary = {"run_id": "a", "elapsed_sec": 0.4, "rows_used": 10, "peak_memory_mb": 50.1}
    (tmp_path / "a.json").write_text(json.dumps(summary))
    return sizes


@pytest.mark.parametrize(
    ("words", "times"),
    [([], 0), (["--format", "json"], 1), (["-o", "p.json"], 1), (["-o", "p.json", "--format", "json"], 1)],
    ids=["table", "json", "file", "both"],
)
def test_the_profile_file_is_encoded_once_where_it_is_asked_for_and_else_never(encoded, words, times):
    assert run(["collect", *words, "a.json"]) == 0
    assert len(encoded) == times
