"""A repository whose baselines were refreshed after every commit: what each value did is made up."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perfgate.core.metrics import ELAPSED
from perfgate.core.profile import MetricProfile, Profile, Provenance, Sample, Session
from perfgate.store.codec import encode_baseline, file_name

if TYPE_CHECKING:
    from pathlib import Path

Level = Callable[[int], float]
"""Number of a commit -> true time of a benchmark there, in seconds."""
CLASS = "debian-12-x64-4cpu"
KEEP = 10
FIRST = 1_767_225_600  # 2026-01-01
HOUR = 3600


def steady(seconds: float) -> Level:
    return lambda _commit: seconds


def step(seconds: float, at: int, factor: float) -> Level:
    return lambda commit: seconds * (factor if commit >= at else 1.0)


def creep(seconds: float, per_commit: float) -> Level:
    return lambda commit: seconds * (1.0 + per_commit) ** commit


def date(commit: int) -> str:
    return dt.datetime.fromtimestamp(FIRST + HOUR * commit, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Suite:
    """Benchmarks by name, and what else changes at some commits."""

    levels: Mapping[str, Level]
    noise: float = 0.02
    between: float = 0.0
    """Spread between sessions, common to all benchmarks."""
    runs: int = 6
    seed: int = 1
    environment: Callable[[int], Mapping[str, str]] = lambda _commit: {"python": "3.11.7"}
    rows: Callable[[int], int] = lambda _commit: 1000
    anew: Mapping[int, str] = field(default_factory=dict)
    """Commits at which the baseline is started anew, and why."""

    def versions(self, commits: int) -> list[dict[str, bytes]]:
        """Return the baseline files as each commit has them, by path."""
        draw = random.Random(self.seed)
        held: dict[str, list[tuple[Session, tuple[float, ...]]]] = {name: [] for name in self.levels}
        found = []
        for commit in range(commits):
            common = draw.lognormvariate(0.0, self.between) if self.between else 1.0
            files = {}
            for name, level in self.levels.items():
                values = tuple(
                    float(f"{level(commit) * common * draw.lognormvariate(0.0, self.noise):.6g}")
                    for _ in range(self.runs)
                )
                if commit in self.anew:
                    held[name] = []
                held[name] = [*held[name], (self._session(commit, name), values)][-KEEP:]
                profile = self._profile(name, held[name], commit)
                files[f"baselines/{CLASS}/{file_name(name, ())}"] = encode_baseline(profile)
            found.append(files)
        return found

    def _session(self, commit: int, name: str) -> Session:
        runs = tuple(
            sorted(hashlib.sha256(f"{commit} {name} {run}".encode()).hexdigest()[:12] for run in range(self.runs))
        )
        return Session(
            id=f"gha-{commit}-perf",
            started_at=date(commit),
            machine=f"{commit:08x}",
            commit=commit_marker(commit),
            rows_used=(self.rows(commit),),
            runs=runs,
        )

    def _profile(self, name: str, held: Sequence[tuple[Session, tuple[float, ...]]], commit: int) -> Profile:
        samples = tuple(Sample(session=s.id, values=values) for s, values in held)
        reason = next((self.anew[c] for c in range(commit, -1, -1) if c in self.anew), "")
        return Profile(
            benchmark=name,
            labels=(),
            machine_class=CLASS,
            sessions=tuple(s for s, _ in held),
            metrics=(MetricProfile(metric=ELAPSED, sources=(), samples=samples),),
            environment=tuple(sorted(self.environment(commit).items())),
            provenance=Provenance(commit="", date=date(commit), tool="perfgate 0.1.0", reason=reason),
        )


STEP, CHANGED = 120, 160
"""Commits at which a benchmark of `three_changes` gets slower, and at which the interpreter changes."""


def three_changes() -> Suite:
    """Return a suite with a step, a gain, a creep, and an interpreter that makes everything slower."""
    own = {
        "encode": creep(0.004, 0.0006),
        "load": steady(0.11),
        "parse": steady(0.02),
        "sort": step(0.05, 60, 0.8),
        "train": step(0.31, STEP, 1.12),
        "write": steady(0.9),
    }
    levels = {name: lambda c, level=level: level(c) * (1.08 if c >= CHANGED else 1.0) for name, level in own.items()}
    return Suite(levels, between=0.01, environment=lambda c: {"python": "3.12.1" if c >= CHANGED else "3.11.7"})


def commit_marker(commit: int) -> str:
    """Return what stands for the hash of a commit until git has given it one: of the same length."""
    return f"{commit:040d}"


def write(
    folder: Path, suite: Suite, commits: int, *, tags: Mapping[int, str] = {}, subject: str = "Change part {}"
) -> list[str]:
    """Make the repository and return the hashes of its commits of code, the oldest first.

    Each commit of code is followed by one that refreshes the baselines, and measured it.
    """
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    hashes: list[str] = []
    with subprocess.Popen(
        ["git", "-C", str(folder), "fast-import", "--quiet"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as git:
        assert git.stdin is not None
        assert git.stdout is not None
        for number, files in enumerate(suite.versions(commits)):
            git.stdin.write(_commit(number, subject.format(number), {"src/part.py": f"# {number}\n".encode()}))
            git.stdin.write(b"get-mark :1\n")
            git.stdin.flush()
            hashes.append(git.stdout.readline().decode().strip())
            told = {path: _name_commits(content, hashes) for path, content in files.items()}
            git.stdin.write(_commit(number, "perfgate: refresh baselines", told))
        git.stdin.close()
    assert git.returncode == 0
    for number, name in tags.items():
        subprocess.run(["git", "-C", str(folder), "tag", name, hashes[number]], check=True)
    subprocess.run(["git", "-C", str(folder), "reset", "-q", "--hard"], check=True)
    return hashes


def _name_commits(content: bytes, hashes: Sequence[str]) -> bytes:
    for number in range(max(0, len(hashes) - KEEP), len(hashes)):
        content = content.replace(commit_marker(number).encode(), hashes[number].encode())
    return content


def _commit(number: int, subject: str, files: Mapping[str, bytes]) -> bytes:
    lines = [b"commit refs/heads/main\nmark :1\n"]
    lines.append(b"committer Dev <dev@example.org> %d +0000\n" % (FIRST + HOUR * number))
    lines.append(b"data %d\n%s\n" % (len(subject.encode()), subject.encode()))
    for path, content in files.items():
        lines.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
    return b"".join(lines)
