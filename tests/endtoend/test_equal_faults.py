"""What a script writes wrong in every run file is reported once, by every command that reads them."""

from __future__ import annotations

import pytest
from support import RUNS, Project, make_green


@pytest.mark.parametrize(
    "command", [["check"], ["collect"], ["baseline", "refresh"], ["check", "--format", "markdown"]], ids=" ".join
)
@pytest.mark.parametrize(
    ("seconds", "cause", "hint"),
    [
        pytest.param(".{:06d}", 'found ".400000"', "write 0.400000", id="bare-point"),
        pytest.param('"0.{:06d}"', "/elapsed_sec", "perfgate schema run", id="a-text"),
    ],
)
def test_forty_run_files_with_one_fault_give_one_message(
    project: Project, command: list[str], seconds: str, cause: str, hint: str
) -> None:
    make_green(project)
    for i in range(40):
        number = seconds.format(400_000 + i)
        text = f'{{"run_id": "sh{i}", "elapsed_sec": {number}, "rows_used": 2, "peak_memory_mb": 3.5}}'
        project.write(f"{RUNS}/sh{i:02d}.json", text)
    outcome = project.cli(*command)
    assert outcome.code == 2, str(outcome)
    assert outcome.stderr.count("[run-invalid]") == 1, str(outcome)
    assert "40 run files" in outcome.cause
    assert cause in outcome.block
    assert f"{RUNS}/sh01.json" in outcome.block
    assert "  ... and 37 more\n  hint: " in outcome.block
    assert hint in outcome.block
    assert outcome.stdout.count("40 run files") <= 1
