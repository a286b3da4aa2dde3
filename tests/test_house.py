"""Rules of the house that imports cannot show."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "perfgate").rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 400, 60  # lines; of a file without docstrings, comments and blanks


def lines_of_code(text):
    """Return the number of lines that hold code."""
    strings = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)]
    prose = {line for n in strings if isinstance(n.value.value, str) for line in range(n.lineno, n.end_lineno + 1)}
    lines = enumerate(text.splitlines(), start=1)
    return sum(bool(line.strip()) and not line.strip().startswith("#") and i not in prose for i, line in lines)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert lines_of_code(text) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno + 1 <= LONGEST_FUNCTION, node.name


def loaded_by(*arguments, folder=None):
    """Return the top-level modules that a process has loaded when it ends."""
    code = "import sys, atexit; atexit.register(lambda: print(*sorted(sys.modules), file=sys.__stderr__))\n"
    code += f"sys.argv = ['perfgate', *{arguments!r}]\nfrom perfgate.__main__ import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )
    return {name.split(".")[0] for name in done.stderr.split()}


def test_help_loads_click_and_no_other_library():
    loaded = loaded_by("--help")
    assert "click" in loaded
    assert not loaded & {"numpy", "pandas", "jsonschema", "msgspec", "tabulate", "scipy"}


def test_a_clean_check_loads_neither_pandas_nor_jsonschema(tmp_path):
    for name in ("a", "b"):
        folder = tmp_path / "outputs" / "model_runs"
        folder.mkdir(parents=True, exist_ok=True)
        text = f'{{"run_id": "{name}", "elapsed_sec": 1.0, "rows_used": 5, "peak_memory_mb": 9.0}}'
        (folder / f"{name}.json").write_text(text)
        if name == "a":
            loaded_by("baseline", "refresh", folder=tmp_path)
    loaded = loaded_by("check", "--report", "r.json", folder=tmp_path)
    assert (tmp_path / "r.json").exists()
    assert "msgspec" in loaded
    assert not loaded & {"numpy", "pandas", "jsonschema", "scipy"}


def test_no_source_names_a_place_of_this_machine():
    for path in (p for p in SOURCES if p.name != "__init__.py"):
        assert str(ROOT) not in path.read_text(encoding="utf-8")
