"""Runs and profiles by hand, run files, and git repositories."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from perfgate.core.errors import CannotDecideError, Diagnostic
from perfgate.core.metrics import ELAPSED, PEAK_MEMORY, Metric
from perfgate.core.profile import MetricProfile, Profile, Provenance, Sample, Session
from perfgate.core.run import Environment, Run
from perfgate.core.text.canonical import short_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


DAY = "2026-01-{:02}T00:00:00Z"
GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def refused(call: Callable[..., object], *arguments: Any, **named: Any) -> tuple[Diagnostic, ...]:
    """Return the faults with which a call is refused."""
    with pytest.raises(CannotDecideError) as caught:
        call(*arguments, **named)
    assert str(caught.value)
    assert all(d.level == "error" and d.message for d in caught.value.diagnostics)
    return caught.value.diagnostics


def a_run(run_id: str = "r1", **changes: Any) -> Run:
    """Return a run; any field can be named, `elapsed` and `memory` give its values."""
    elapsed, memory = changes.pop("elapsed", 0.1), changes.pop("memory", 4e7)
    place = changes.pop("machine_class", "ci")
    fields: dict[str, Any] = {
        "benchmark": "train", "labels": (), "status": "ok", "started_at": DAY.format(1), "session": "s1",
        "rows_used": 100, "values": ((ELAPSED, elapsed), (PEAK_MEMORY, memory)), "memory_source": "",
        "environment": Environment(facts=(("os", "linux"),), machine_class=place, machine="m1"),
        "commit": "c1", "command": "", "origin": f"{run_id}.json",
    }  # fmt: skip
    return Run(run_id=run_id, **{**fields, **changes})


def a_profile(sessions: Mapping[str, Sequence[float]] | None = None, **changes: Any) -> Profile:
    """Return a profile of elapsed times by session, the sessions a day apart."""
    stated = {"s1": (0.1, 0.2), "s2": (0.3,)} if sessions is None else sessions
    metric: Metric = changes.pop("metric", ELAPSED)
    rows, sources = changes.pop("rows", (100,)), changes.pop("sources", ())
    fields: dict[str, Any] = {
        "benchmark": "train", "labels": (), "machine_class": "ci", "environment": (("os", "linux"),),
        "sessions": tuple(
            Session(
                id=name, started_at=DAY.format(day), machine="m1", commit=f"c{day}", rows_used=rows,
                runs=tuple(sorted(short_hash(f"{name}-{i}") for i in range(len(values)))),
            )
            for day, (name, values) in enumerate(stated.items(), start=1)
        ),
        "metrics": (
            MetricProfile(
                metric=metric, sources=sources,
                samples=tuple(Sample(session=name, values=tuple(v)) for name, v in stated.items()),
            ),
        ),
        "provenance": Provenance(commit="c1", date=DAY.format(1), tool="perfgate 0", reason=""),
    }  # fmt: skip
    return Profile(**{**fields, **changes})


def summary(run_id: str = "r1", **changes: Any) -> dict[str, Any]:
    """Return a run summary; a key that is None goes."""
    document = {"run_id": run_id, "elapsed_sec": 0.1, "rows_used": 100, "peak_memory_mb": 40.0, **changes}
    return {k: v for k, v in document.items() if v is not None}


def write_json(path: Path, document: object) -> Path:
    """Write a JSON file and the folders on the way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_runs(folder: Path, times: Sequence[float], **changes: Any) -> None:
    """Write one run summary for each time, a second apart."""
    tag = changes.pop("tag", "r")
    for i, elapsed in enumerate(times):
        stated = {"started_at": f"2026-01-01T00:00:{i:02}Z", "session": "s1", **changes}
        write_json(folder / f"{tag}{i}.json", summary(f"{tag}{i}", elapsed_sec=elapsed, **stated))


def git(folder: Path, *arguments: str) -> str:
    """Return what git prints."""
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", "-C", str(folder), *arguments],
        check=True, capture_output=True, text=True, env={**os.environ, **GIT_ENVIRONMENT},
    )  # fmt: skip
    return done.stdout.strip()


def commit_all(folder: Path, message: str = "state") -> str:
    """Commit everything below a folder, which becomes a repository if it is none, and return the id."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")
