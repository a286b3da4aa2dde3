"""Statistics are one table: a row is all that a new one takes, and no quantile is read out of a name."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import ROOT, clean_environment

from perfgate.core import statistic

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = ROOT / "perfgate"

WITH_ANOTHER_ROW = """
import sys, types
from pathlib import Path

table = Path({table!r})
text = table.read_text(encoding="utf-8")
row = '    Statistic(name="tail", q=0.999),\\n)\\n'
module = types.ModuleType("perfgate.core.statistic")
sys.modules["perfgate.core.statistic"] = module
exec(compile(text.replace("\\n)\\n", "\\n" + row, 1), str(table), "exec"), module.__dict__)
import perfgate.core
perfgate.core.statistic = module
assert module.STATISTICS[-1] == "tail"
from perfgate.__main__ import run
sys.exit(run(sys.argv[1:]))
"""

CONFIGURATION = """
[[rule]]
statistic = "tail"
metric = "elapsed"
method = "threshold"

[[budget]]
benchmark = "train"
metric = "elapsed"
statistic = "tail"
limit = "< 100ms"
"""


def _with_another_row(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run perfgate with a statistic more, whose name says nothing of its quantile."""
    program = WITH_ANOTHER_ROW.format(table=str(PACKAGE / "core" / "statistic.py"))
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder, env=clean_environment(folder), capture_output=True, text=True, check=False,
    )  # fmt: skip


def _write_runs(folder: Path, name: str, seconds: list[float]) -> None:
    (folder / name).mkdir()
    for i, value in enumerate(seconds):
        summary = {"run_id": f"{name}-{i}", "elapsed_sec": value, "rows_used": 1, "peak_memory_mb": 1.0}
        more = {"benchmark": "train", "session": name, "memory_source": "x"}
        (folder / name / f"{i}.json").write_text(json.dumps(summary | more), encoding="utf-8")


def test_a_row_in_the_table_is_all_that_a_rule_a_budget_and_a_waiver_of_a_new_statistic_take(tmp_path):
    _write_runs(tmp_path, "before", [0.1] * 19 + [1.0])
    _write_runs(tmp_path, "after", [0.1] * 19 + [2.0])
    (tmp_path / "perfgate.toml").write_text(CONFIGURATION, encoding="utf-8")
    refreshed = _with_another_row(tmp_path, "baseline", "refresh", "before", "--reason", "first")
    assert refreshed.returncode == 0, refreshed.stderr
    outcome = _with_another_row(tmp_path, "check", "after", "--report", "r.json")
    assert outcome.returncode == 1, outcome.stderr
    findings = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["findings"]
    status = {(f["metric"], f["statistic"], f["method"]): f["status"] for f in findings}
    assert status["elapsed", "tail", "threshold"] == "regressed"
    assert status["elapsed", "tail", "budget"] == "over-budget"
    waived = _with_another_row(
        tmp_path, "waive", "train", "elapsed", "--statistic", "tail",
        "--ceiling", "+30%", "--until", "2030-01-31", "--reason", "known",
    )  # fmt: skip
    assert waived.returncode == 0, waived.stderr
    assert 'statistic = "tail"' in (tmp_path / "baselines" / "waivers.toml").read_text(encoding="utf-8")


def test_the_table_ascends_and_starts_with_the_median():
    quantiles = [s.q for s in statistic.TABLE]
    assert quantiles == sorted(set(quantiles))
    assert (statistic.P50, quantiles[0]) == ("p50", 0.5)
    assert all(0 < q < 1 for q in quantiles)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_quantile_is_read_out_of_a_name(path):
    """``int(name[1:])`` and the like: a number made of a text without its first letter."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"int", "float"}:
            words = "".join(ast.unparse(a) for a in node.args)
            assert not re.search(r"\[1:\]|(removeprefix|lstrip|strip)\(['\"]p['\"]\)", words), ast.unparse(node)
