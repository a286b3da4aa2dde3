"""The programs in other languages that the guide for any language shows write run summaries that are read."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys

import pytest
from doc_blocks import DOCS, bare_environment, blocks, run

from perfgate import config

_NAMES = {"bash": "measure.sh", "js": "measure.mjs"}


def write_example(kind, folder):
    """Write the page's program in a language into a folder, with the configuration that the page names."""
    (found,) = (b for b in blocks(DOCS / "guides" / "any-language.md") if b.kind == kind)
    (folder / _NAMES[kind]).write_text(found.text, encoding="utf-8")
    (folder / "perfgate.toml").write_text('exclude = ["*:peak_memory"]\n')
    return bare_environment(folder / "home")


def runs_in(folder):
    return [json.loads(p.read_text()) for p in sorted((folder / "outputs" / "model_runs").iterdir())]


def has_epochrealtime():
    bash = shutil.which("bash")
    return bash is not None and run([bash, "-c", "echo ${EPOCHREALTIME:-none}"], DOCS, {})[1].strip() != "none"


@pytest.mark.skipif(not has_epochrealtime(), reason="needs bash 5, which has EPOCHREALTIME")
def test_the_example_in_bash_writes_runs_that_become_a_baseline(tmp_path):
    environment = write_example("bash", tmp_path)
    for _ in range(3):
        code, printed = run(["bash", "measure.sh", "nap", "12", "sleep", "0.02"], tmp_path, environment)
        assert (code, printed) == (0, "")
    assert run(["bash", "measure.sh", "bad", "1", "false"], tmp_path, environment)[0] == 1
    good = [r for r in runs_in(tmp_path) if r["benchmark"] == "nap"]
    assert len({r["run_id"] for r in good}) == 3
    assert all(0.02 <= r["elapsed_sec"] < 20 and r["rows_used"] == 12 for r in good)
    assert [r["status"] for r in runs_in(tmp_path) if r["benchmark"] == "bad"] == ["failed"]
    code, printed = run(["perfgate", "baseline", "refresh", "--benchmark", "nap"], tmp_path, environment)
    assert code == 0, printed


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node, which this machine does not have")
def test_the_example_in_node_writes_a_run_that_becomes_a_baseline(tmp_path):
    environment = write_example("js", tmp_path)
    code, printed = run([shutil.which("node"), "measure.mjs"], tmp_path, environment)
    assert (code, printed) == (0, "")
    (one,) = runs_in(tmp_path)
    assert one["rows_used"] == 100000
    assert 10 < one["peak_memory_mb"] < 2000
    code, printed = run(["perfgate", "baseline", "refresh"], tmp_path, environment)
    assert code == 0, printed
    assert re.search(r"sort +elapsed p50", printed)


def test_the_example_of_serving_says_what_it_needs_before_it_starts_anything(tmp_path):
    program = DOCS / "examples" / "serving" / "run.py"
    code, printed = run([sys.executable, "-S", str(program)], tmp_path, {"PATH": str(tmp_path)})
    assert code == 1
    assert printed == (
        "this Python has no perfgate, prometheus_client, fastapi, locust, numpy, uvicorn; "
        "not on the PATH: prometheus, promtool. Install what README.md lists, and run .venv/bin/python run.py\n"
    )


def test_the_example_of_serving_takes_the_perfgate_of_its_python_and_none_of_the_path(monkeypatch):
    path = DOCS / "examples" / "serving" / "run.py"
    spec = importlib.util.spec_from_file_location("serving_example", path)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    called = []
    monkeypatch.setattr(example, "call", lambda *command, output=None: called.append(command))
    example.judge("good")
    assert [command[:4] for command in called] == [(sys.executable, "-m", "perfgate", "check")]


def test_the_example_of_a_canary_says_what_it_needs_before_it_starts_anything(tmp_path):
    program = DOCS / "examples" / "serving" / "canary.py"
    code, printed = run([sys.executable, "-S", str(program)], tmp_path, {"PATH": str(tmp_path)})
    assert code == 1
    assert printed == (
        "this Python has no perfgate, prometheus_client, fastapi, locust, numpy, uvicorn. "
        "Install what README.md lists, and run .venv/bin/python canary.py\n"
    )


def test_the_example_of_a_canary_analyses_as_often_as_its_policy_plans():
    folder = DOCS / "examples" / "serving"
    policy = config.parse((folder / "perfgate.toml").read_text(encoding="utf-8"), "perfgate.toml")
    (analyses,) = re.findall(r"^ANALYSES = (\d+)$", (folder / "canary.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert policy.canary.analyses == int(analyses)
