"""The comparison of two checkouts: inputs that a seed determines, and differences down to a byte."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from same_inputs import SHARES, build, kind_of
from same_results import ROOT, Outcome, differences, listing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", sorted(SHARES))
def test_a_seed_gives_the_same_files_and_commands_each_time(tmp_path: Path, kind: str) -> None:
    steps = [build(kind, 1, 7, tmp_path / name) for name in ("one", "other")]
    assert steps[0] == steps[1]
    assert any(step[0] == "cli" for step in steps[0])
    files = [sorted(p for p in (tmp_path / name).rglob("*") if p.is_file()) for name in ("one", "other")]
    assert [p.read_bytes() for p in files[0]] == [p.read_bytes() for p in files[1]]
    assert files[0]


def test_the_inputs_are_of_every_kind() -> None:
    assert {kind_of(1, number) for number in range(300)} == set(SHARES)


def outcome(**parts: object) -> Outcome:
    return Outcome(arguments=("check",), parts={"exit code": 0, "stdout": b"", "stderr": b"", **parts})


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        pytest.param({}, {}, [], id="equal"),
        pytest.param({"exit code": 2}, {}, ["exit code", "line 1, this: 2", "line 1, other: 0"], id="exit-code"),
        pytest.param({"stdout": b"a\nb\n"}, {"stdout": b"a\nc\n"}, ["stdout", "this: b'b'", "other: b'c'"], id="line"),
        pytest.param({"stderr": b"a\n"}, {"stderr": b"a"}, ["stderr", "ends of lines", "ends of lines"], id="end"),
        pytest.param({"stdout": b"a\n"}, {}, ["stdout", "this: b'a'", "other: (ends)"], id="shorter"),
        pytest.param({"file a": b"x"}, {}, ["file a", "this: b'x'", "other: 'not written'"], id="file"),
        pytest.param({"file a": b"x"}, {"file a": "removed"}, ["file a", "b'x'", "'removed'"], id="removed"),
    ],
)
def test_whatever_differs_is_named_with_its_first_lines(one: dict, other: dict, shown: list[str]) -> None:
    found = differences(outcome(**one), outcome(**other))
    assert len(found) == len(shown)
    assert all(text in line for text, line in zip(shown, found, strict=True)), found


def test_a_file_that_is_written_again_or_removed_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("1")
    before = listing(tmp_path)
    (tmp_path / "a").write_text("22")
    (tmp_path / "b").unlink()
    (tmp_path / "c").mkdir()
    after = listing(tmp_path)
    assert {n for n in before.keys() | after.keys() if before.get(n) != after.get(n)} == {"a", "b", "c"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("CANNOT DECIDE", 0, id="equal", marks=pytest.mark.heavy),
        pytest.param("CANNOT DECIDe", 1, id="one-letter"),
    ],
)
def test_one_letter_that_differs_is_exit_code_1(tmp_path: Path, text: str, code: int) -> None:
    shutil.copytree(ROOT / "perfgate", tmp_path / "perfgate")
    for path in (tmp_path / "perfgate").rglob("*.py"):
        path.write_text(path.read_text().replace("CANNOT DECIDE", text))
    words = ["--other", str(tmp_path), "--inputs", "3", "--only", "percentiles"]
    script = ROOT / "tests" / "evaluation" / "same_results.py"
    done = subprocess.run([sys.executable, str(script), *words], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout
    assert ("stdout" in done.stdout) == bool(code)
