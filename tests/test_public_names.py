"""What `import perfgate` offers."""

import json
import subprocess
import sys

import pytest

import perfgate
from perfgate.core.errors import CannotDecideError


def test_every_public_name_is_there_and_others_are_not():
    assert all(getattr(perfgate, name) is not None for name in perfgate.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = perfgate.nothing


def test_importing_the_package_loads_no_other_library():
    code = "import sys, perfgate, perfgate.measure; perfgate.measure_run_context; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=perfgate.__path__[0] + "/.."
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"click", "jsonschema", "msgspec", "numpy", "pandas", "prometheus_client", "tabulate", "yaml"}


def test_runs_and_profiles_are_loaded_for_notebooks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CannotDecideError, match="no run files were found"):
        perfgate.load_runs()
    summary = {"run_id": "a", "elapsed_sec": 1.5, "rows_used": 3, "peak_memory_mb": 2.0, "benchmark": "train"}
    (tmp_path / "a.json").write_text(json.dumps(summary))
    assert [run.benchmark for run in perfgate.load_runs("a.json")] == ["train"]
    assert [profile.benchmark for profile in perfgate.load_profiles("a.json")] == ["train"]
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(CannotDecideError) as caught:
        perfgate.load_runs("a.json", "b.json")
    (fault,) = caught.value.diagnostics
    assert fault.message.startswith('the keys "run_id", "elapsed_sec", ')


def test_the_history_is_loaded_for_notebooks(tmp_path, monkeypatch):
    from history_cases import CLASS, Suite, creep, write

    write(tmp_path, Suite(levels={"encode": creep(0.004, 0.02)}), 12)
    monkeypatch.chdir(tmp_path)
    (trend,) = perfgate.load_history("encode", metric="elapsed", last=11)
    assert (trend.series.benchmark.machine_class, len(trend.series.points)) == (CLASS, 11)
    with pytest.raises(CannotDecideError, match="no session measured the benchmark") as caught:
        perfgate.load_history("decode")
    assert caught.value.__notes__ == ["hint: did you mean encode?"], "Python shows it below the traceback"
    with pytest.warns(
        UserWarning, match="too few sessions for a comparison with HEAD.*; name an earlier commit"
    ) as said:
        perfgate.load_history("encode", anchor="HEAD")
    assert said[0].filename == __file__
    with pytest.raises(ValueError, match="last is 0"):
        perfgate.load_history(last=0)
