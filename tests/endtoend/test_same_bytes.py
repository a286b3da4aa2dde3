"""The same inputs give the same bytes, whatever the process, the hash seed and the order of the files."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from support import RUNS, Project

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = {"os": "linux", "arch": "x64", "cpus": "4", "ci": "gha", "distro": "ubuntu-24.04", "python": "3.12.1"}
WRITTEN = ("p.json", "r.json", "r.md", "r.txt")


def summaries(session: str, day: int, slower: float) -> dict[str, str]:
    """Return run files of six benchmarks, some with labels, metrics and unknown keys."""
    dice = random.Random(day)
    files = {}
    for i in range(60):
        run_id, took = f"{session}-{i:02d}", dice.gauss(slower, 0.02)
        summary = {
            "run_id": run_id, "benchmark": f"stage-{i % 3}", "labels": {"size": "big", "kind": "ä"} if i % 2 else {},
            "elapsed_sec": round(took, 3), "elapsed_ns": round(1e9 * took), "rows_used": 10,
            "peak_memory_mb": round(dice.gauss(80, 0.1), 1), "session": session, "unknown": {"b": [1], "a": None},
            "started_at": f"2026-01-{day:02d}T00:00:{i:02d}Z", "environment": ENVIRONMENT, "commit": f"{day:040x}",
            "metrics": {"loss": {"value": dice.random()}, "hits": {"value": dice.random(), "better": "higher"}},
        }  # fmt: skip
        files[run_id] = json.dumps(summary)
    return files


def work_through(root: Path, order: int, hash_seed: str) -> dict[str, bytes]:
    """Collect, refresh and check, with the files made in an order of their own."""
    project = Project(root)
    env = {"PYTHONHASHSEED": hash_seed}
    for session, day, slower in (("s-1", 1, 1.0), ("s-2", 2, 1.01), ("s-3", 3, 2.0)):
        files = list(summaries(session, day, slower).items())
        random.Random(order).shuffle(files)
        for run_id, content in files:
            project.write(f"{RUNS}/{run_id}.json", content)
        if day == 2:
            assert project.cli("baseline", "refresh", "--sessions", "all", "--reason", "first", env=env).code == 0
    assert project.cli("collect", "--output", "p.json", env=env).code == 0
    reports = [word for name in WRITTEN[1:] for word in ("--report", name)]
    outcome = project.cli("check", *reports, env=env)
    assert outcome.code == 1, str(outcome)
    written = {name: project.path(name).read_bytes() for name in WRITTEN}
    return {**written, **project.baseline_files(), "stdout": outcome.stdout.encode()}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What is written when the files are made in one order, with hashes of no known seed."""
    return work_through(tmp_path_factory.mktemp("first") / "somewhere", 1, "random")


@pytest.mark.parametrize(
    ("order", "hash_seed"),
    [
        (2, "0"),
        pytest.param(3, "1", marks=pytest.mark.slow),
        pytest.param(4, "12345", marks=pytest.mark.slow),
    ],
)
def test_two_processes_write_the_same_bytes(
    first: dict[str, bytes], tmp_path: Path, order: int, hash_seed: str
) -> None:  # fmt: skip
    second = work_through(tmp_path / "second", order, hash_seed)
    assert len(first) == 4 + 6 + 1
    assert [name for name in first if first[name] != second.get(name)] == []
    assert first.keys() == second.keys()


def test_no_report_and_no_baseline_holds_the_place_or_the_time_of_its_making(
    first: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name, content in first.items():
        assert str(tmp_path_factory.getbasetemp()).encode() not in content, name
        assert b"somewhere" not in content, name
