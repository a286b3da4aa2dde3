"""What a command loads: a clean check reads its own files, and pays for nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from records import write_runs
from support import RUNS, clean_environment

MOST = 235
"""Modules of perfgate that a clean check loads; each one more costs a third of a millisecond."""
LATER = {
    *("click.testing", "csv", "dataclasses", "difflib", "email", "gzip", "hashlib", "importlib.metadata"),
    *("jsonschema", "numpy", "pandas", "shutil", "tabulate", "tomllib"),
    *("perfgate.core.sources.field_map", "perfgate.formats.contents", "perfgate.formats.convert"),
    *("perfgate.gate.attribution.attribute", "perfgate.measure.inside.context", "perfgate.pipeline.drift.compare"),
    *("perfgate.report.codec", "perfgate.store.checkouts.tree"),
}
"""What only some inputs need: faults, a configuration, files of other tools, drift, other reports."""


@pytest.fixture
def checked(tmp_path):
    """Return a function that runs a command and returns the modules that it loaded."""
    write_runs(tmp_path / RUNS, [0.4 + i / 1000 for i in range(20)])
    environ = clean_environment(tmp_path)

    def run(*words):
        call = [sys.executable, "-X", "importtime", "-m", "perfgate", *words]
        done = subprocess.run(call, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        lines = (line for line in done.stderr.splitlines() if line.startswith("import time:"))
        return {line.rpartition("|")[2].strip() for line in lines}

    run("baseline", "refresh")
    write_runs(tmp_path / RUNS, [0.401 + i / 1000 for i in range(20)], tag="now", session="s2")
    return run


def test_a_clean_check_loads_no_module_that_only_other_inputs_need(checked):
    assert checked("check") & LATER == set()


def test_a_clean_check_loads_few_modules(checked):
    names = [name for name in checked("check") if name.startswith("perfgate")]
    assert 150 < len(names) <= MOST


def test_a_configuration_is_read_by_what_only_it_needs(checked, tmp_path):
    (tmp_path / "perfgate.toml").write_text('[defaults]\nthreshold = "+5%"\n')
    assert checked("check") & LATER == {"tomllib"}


@pytest.mark.parametrize("module", sorted(name for name in LATER if name.startswith("perfgate")))
def test_what_is_loaded_later_is_there(module):
    __import__(module)
