"""What the tests of measuring share: a bare environment, an empty folder, and other Python processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_CI = (
    *("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "TF_BUILD", "CIRCLECI", "BUILDKITE", "TRAVIS"),
    *("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILD_SOURCEVERSION", "CIRCLE_SHA1", "BUILDKITE_COMMIT"),
    *("TRAVIS_COMMIT", "ImageOS", "OMP_NUM_THREADS"),
)


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    for name in [*_CI, *(name for name in os.environ if name.startswith("PERFGATE_"))]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("perfgate.measure.variables._said", set())
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def python():
    """Run a program in a fresh interpreter; gives the completed process, with text output."""

    def run(program, *options, check=True, **env):
        done = subprocess.run(
            [sys.executable, *options, "-c", textwrap.dedent(program)],
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    return run


def summaries(folder="outputs/model_runs"):
    """Return all summaries of a folder, in the order of their names."""
    return [json.loads(path.read_bytes()) for path in sorted(Path(folder).glob("*.json"))]


def resident():
    """Return the present resident set of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def burst(megabytes):
    """Allocate that much, touch all of it, and give it back."""
    block = bytearray(b"x") * (megabytes * 1_000_000)
    del block


def is_alive(pid):
    """Tell whether a process still runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def wait_until(condition):
    """Wait until something becomes true; fail after 20 s."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
