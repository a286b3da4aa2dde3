"""A folder as `check` finds it: runs, baselines and a configuration on disk."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from gate_cases import profile

from perfgate.core.run import UNSPECIFIED
from perfgate.measure.machine.ci import MARKERS
from perfgate.pipeline.check.check import Request, check
from perfgate.store.codec import encode_baseline, file_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from perfgate.core.finding import Verdict
    from perfgate.core.profile import Profile

SESSIONS = {f"s{i}": [1.001, 1.002, 1.0031] for i in range(5)}
MEMORY = {f"s{i}": [57.3e6, 57.3e6, 57.3e6] for i in range(5)}
CALM = [1.001, 1.0023, 1.0031]


class Folder:
    """A working folder."""

    def __init__(self, path: Path) -> None:
        """Start with an empty one."""
        self.path = path
        self.count = 0

    def run(self, elapsed: float, **more: Any) -> None:
        """Write a run summary."""
        self.count += 1
        content = {
            "run_id": f"run-{self.count:03}", "elapsed_sec": elapsed, "rows_used": 100, "peak_memory_mb": 57.3,
            "benchmark": "train", "session": "now", "started_at": "2026-01-02T00:00:00Z", **more,
        }  # fmt: skip
        self.write(f"outputs/model_runs/{content['run_id']}.json", json.dumps(content))

    def runs(self, values: Sequence[float], **more: Any) -> None:
        """Write a run summary for each value."""
        for value in values:
            self.run(value, **more)

    def baseline(self, profile: Profile, kind: str = UNSPECIFIED) -> None:
        """Commit a baseline."""
        path = self.path / "baselines" / kind / file_name(profile.benchmark, profile.labels)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_baseline(profile))

    def write(self, name: str, content: str) -> str:
        """Write a file and return its path."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return str(path)

    def commit(self) -> None:
        """Commit everything, in a repository of its own."""
        names = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        shut = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "--allow-empty", "-m", "all"]):
            subprocess.run(["git", *words], cwd=self.path, check=True, env={**os.environ, **names, **shut})

    def check(self, *paths: str, **more: Any) -> Verdict:
        """Check what lies here."""
        return check(Request(paths=paths, reproduce="perfgate check", **more))


def outside_ci(path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Return an empty folder as the working one, in a process that no CI system runs."""
    for name in MARKERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(path)
    return Folder(path)


def reasons(verdict: Verdict) -> set[tuple[str, str]]:
    """Return status and reason of all findings."""
    return {(f.status.value, f.reason) for f in verdict.findings}


def slugs(diagnostics: Sequence[Any]) -> list[str]:
    """Return the slugs of diagnostics."""
    return [d.slug for d in diagnostics]


def baseline(name: str = "train", **more: Any) -> Profile:
    """Return a baseline of five sessions."""
    return profile(
        {"elapsed": SESSIONS, "peak_memory": MEMORY}, name=name, machine="", **{"kind": "unspecified", **more}
    )
