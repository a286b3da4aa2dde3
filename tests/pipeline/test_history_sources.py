"""A ledger that was named and is not in the clone: what is said, with a remote and without one."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from history_cases import Suite, steady, write
from ledger_cases import sessions
from ledger_cases import write as write_ledger
from support import clean_environment

from perfgate.__main__ import run
from perfgate.core.policy import LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a repository with baselines, and without a ledger."""
    for name, value in clean_environment(tmp_path).items():
        if name != "PATH":
            monkeypatch.setenv(name, value)
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "project"
    write(folder, Suite({"train": steady(1.0)}), 3)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.usefixtures("inside")
def test_an_absent_ledger_that_nobody_names_is_no_remark(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["history"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("remote", "hint"),
    [("", f"perfgate history append --ref {LEDGER}"), ("there", f"git fetch there {LEDGER}:{LEDGER}")],
)
def test_an_absent_ledger_that_is_named_is_a_note_with_what_to_do(
    inside: Path, capsys: pytest.CaptureFixture[str], remote: str, hint: str
) -> None:
    if remote:
        subprocess.run(["git", "-C", str(inside), "remote", "add", remote, "file:///nowhere"], check=True)
    assert run(["history", "--ref", LEDGER]) == 0
    said = capsys.readouterr().err
    assert f"note: {LEDGER}: no ledger is in this clone [history-not-fetched]" in said
    assert hint in said


def test_a_benchmark_that_is_asked_for_and_seldom_measured_is_read_from_older_records(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def records() -> Iterator[tuple[str, bytes]]:
        for number, (path, content) in enumerate(sessions(120, 1, metrics=1)):
            yield path, content if number % 20 else content.replace(b"bench_00", b"weekly")

    write_ledger(inside, records())
    assert run(["history", "weekly", "--last", "5", "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + 5
    assert run(["history", "--last", "5", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["source"].endswith(f" and the newest 20 of 120 records of {LEDGER}")
