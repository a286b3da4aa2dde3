"""What the tests of measuring share: a bare environment, an empty folder, and other Python processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest
from measured_programs import ROOT

from perfgate.measure.machine.ci import MARKERS
from perfgate.measure.machine.commit import COMMIT_VARIABLES

_CI = (
    *MARKERS,
    *COMMIT_VARIABLES,
    *("ImageOS", "OMP_NUM_THREADS"),
)


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    for name in [*_CI, *(name for name in os.environ if name.startswith("PERFGATE_"))]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("perfgate.measure.variables._reported", set())
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
