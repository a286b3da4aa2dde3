"""Rules of the house that imports cannot show."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "perfgate").rglob("*.py"))
LONGEST_FILE = 400
"""Lines of code: docstrings, comments and blank lines are not counted."""
LONGEST_FUNCTION = 60
"""Lines from `def` to the last one."""
MOST_MODULES = 16
"""In one folder, `__init__.py` not counted."""
ONE_FILE_EACH = {"perfgate/cli", "perfgate/formats/readers"}
"""Folders as long as a list of commands and of formats."""
MOST_FORMAT_SKIPS, MOST_LINT_EXCEPTIONS = 30, 100
_LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
    tokenize.ENDMARKER,
}  # fmt: skip
_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict)


def place(path):
    return path.relative_to(ROOT).as_posix()


def tokens(text):
    return tokenize.generate_tokens(io.StringIO(text).readline)


def comments(pattern):
    """Return place, line and text of the comments in the package that match."""
    return [
        (path, token.start[0], token.string)
        for path in SOURCES
        for token in tokens(path.read_text(encoding="utf-8"))
        if token.type == tokenize.COMMENT and re.search(pattern, token.string)
    ]


def lines_of_code(text):
    """Count the lines that hold anything but comments, docstrings and layout."""
    lines = {n for t in tokens(text) if t.type not in _LAYOUT for n in range(t.start[0], t.end[0] + 1)}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, node.end_lineno + 1))
    return len(lines)


def closes_a_table(path, line):
    """Does a display of at least four items, or of rows, end at a line, or the call around it?"""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, _DISPLAYS) and node.end_lineno in {line, line - 1}:
            items = node.keys if isinstance(node, ast.Dict) else node.elts
            if len(items) >= 4 or any(isinstance(i, (*_DISPLAYS, ast.Call)) for i in items):
                return True
    return False


@pytest.mark.parametrize("path", SOURCES, ids=place)
def test_files_and_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert lines_of_code(text) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno + 1 <= LONGEST_FUNCTION, node.name


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("a = 1\n\n# why\nb = 2\n", 2, id="comment"),
        pytest.param('"""Says.\n\nMore.\n"""\n', 0, id="docstring"),
        pytest.param('a = """x\n\ny"""\n', 3, id="text"),
        pytest.param("a = [\n    1,  # one\n    # two\n\n]\n", 3, id="brackets"),
        pytest.param('class A:\n    """Says."""\n\n    b: int\n    """A field."""\n', 2, id="fields"),
    ],
)
def test_only_lines_of_code_are_counted(text, lines):
    assert lines_of_code(text) == lines


def test_no_folder_holds_more_modules_than_a_reader_takes_in():
    modules = Counter(place(path.parent) for path in SOURCES if path.name != "__init__.py")
    assert {folder: n for folder, n in modules.items() if n > MOST_MODULES and folder not in ONE_FILE_EACH} == {}


def test_only_tables_are_kept_from_the_formatter_and_few():
    skips = comments(r"fmt:\s*(skip|off)")
    assert [f"{place(path)}:{line}" for path, line, _ in skips if not closes_a_table(path, line)] == []
    assert len(skips) <= MOST_FORMAT_SKIPS


def test_exceptions_to_lint_rules_are_few_and_each_has_its_reason():
    exceptions = comments(r"noqa")
    bare = [
        (path, line) for path, line, text in exceptions if not re.search(r"noqa: [A-Z\d]+(, ?[A-Z\d]+)* - \S", text)
    ]
    assert [f"{place(path)}:{line}" for path, line in bare] == []
    assert len(exceptions) <= MOST_LINT_EXCEPTIONS


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
    assert not loaded & {"numpy", "pandas", "jsonschema", "msgspec", "prometheus_client", "scipy", "tabulate", "yaml"}


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
    assert not loaded & {"numpy", "pandas", "jsonschema", "prometheus_client", "scipy", "yaml"}


def test_only_the_command_that_writes_a_dashboard_loads_its_builders(tmp_path):
    pytest.importorskip("grafana_foundation_sdk", reason="the extra `rollout` is not installed")
    builders = "grafana_foundation_sdk"
    for words in (["--help"], ["check"], ["dashboard", "--help"], ["dashboard", "--grafana", "9"]):
        assert builders not in loaded_by(*words, folder=tmp_path), words
    assert builders in loaded_by("dashboard", "-o", "d.json", folder=tmp_path)


def test_no_source_names_a_place_of_this_machine():
    for path in (p for p in SOURCES if p.name != "__init__.py"):
        assert str(ROOT) not in path.read_text(encoding="utf-8")
