"""The real command line on the same draws: does it say what the decision in process says?"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import adapter
from draws import slowed
from experiment import IN_TURNS, Scale, Setting, Task
from gate import SUITE, Outcome, name_of, outcomes

from perfgate.core.finding import WHOLE_SUITE

if TYPE_CHECKING:
    from draws import PullRequest

FACTOR = 1.25
"""Every pull request is checked as drawn, and with its first benchmark slowed by so much."""
_STEPS = ("current", "second", "third")


def differences(data: Path, names: list[str], settings: list[Setting], count: int, seed: int) -> tuple[int, list[str]]:
    """Return how many pull requests were checked both ways, and what differs, one sentence each."""
    told, checked = [], 0
    for name in names:
        for setting in settings:
            for place, drawn in enumerate(Task(data, name, setting, Scale(count, count, seed), peers=False).requests()):
                for factor in (1.0, FACTOR):
                    request = slowed(drawn, factor)
                    here = outcomes(request, setting.threshold, in_turns=setting.sessions == IN_TURNS)
                    there = checked_by_process(request, setting)
                    checked += 1
                    if here != there:
                        told.append(f"{name}, {setting}, pull request {place} x {factor}: {here} but {there}")
    return checked, told


def checked_by_process(request: PullRequest, setting: Setting) -> list[Outcome]:
    """Return what `perfgate check` reports of a pull request, session after session."""
    in_turns = setting.sessions == IN_TURNS
    os.environ |= {"EVAL_MODE": "same" if in_turns else "confirm2", "EVAL_THRESHOLD": setting.threshold}
    with tempfile.TemporaryDirectory() as folder:
        adapter.write(Path(folder), family_of(request))
        done = subprocess.run(adapter.command(Path(folder)), cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode not in {0, 1}:
            raise RuntimeError(f"perfgate check exited with {done.returncode}: {done.stderr}")
        said = adapter.statuses(Path(folder))
    rows = {WHOLE_SUITE: SUITE, **{name_of(row): row for row in range(len(request.rows))}}
    return [
        Outcome(*(frozenset(rows[name] for name, s in check if s == status) for status in ("regressed", "suspected")))
        for check in said
    ]


def family_of(request: PullRequest) -> dict[str, dict[str, list[adapter.Run]]]:
    """Return a pull request in the form that `adapter.write` takes: sessions count down in time."""
    return {
        name_of(row): {
            "baseline": [r for i, runs in enumerate(base) for r in _runs(runs, f"{row}-base{i}", len(base) - i)],
            **{step: _runs(runs, f"{row}-{step}", 0) for step, runs in zip(_STEPS, current, strict=False)},
        }
        for row, (base, current) in enumerate(request.rows)
    }


def _runs(values: list[float], side: str, age: int) -> list[adapter.Run]:
    return [{"run_id": f"{side}-{i}", "session": f"s{age}", "elapsed_sec": value} for i, value in enumerate(values)]
