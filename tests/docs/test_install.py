"""No page, message or workflow installs perfgate by a bare name, which is on no index: somebody else could take it."""

from __future__ import annotations

import re
from itertools import product

import pytest
from doc_blocks import ROOT
from generate import PINNED_PAGES, wheel, with_origin

from perfgate import __version__
from perfgate.core.text.origin import REPOSITORY, VERSION, requirement
from perfgate.pipeline.init.parts import Plan
from perfgate.pipeline.init.workflows import github, gitlab

PLACES = ("docs", ".github", ".ci", "perfgate", "README.md", "Makefile", "pyproject.toml")
READ = {".md", ".yml", ".yaml", ".py", ".toml", ".txt", ".json", ".svg", ".sh"}
_NAME = r"(?<![\w./@$-])perfgate(?:\[[\w,]+\])?(?![\w/.\[-])(?! @ )"
BARE = re.compile(
    # a command that installs, up to the end of its line or the next command
    rf"\b(?:pip3?|pipx|uv tool|uv pip)\s+(?:install|download|wheel)\b[^\n|;&`#]*?{_NAME}"
    rf"|\b(?:pipx run|uvx|uv add|poetry add)\s+[\"']?{_NAME}"
    rf"|^{_NAME}\s*(?:[=<>~]=.*)?$"  # a line of requirements.txt
    r"|[\"']perfgate(?:\[[\w,]+\])?\s*[=<>~]=",  # a dependency in TOML
    re.MULTILINE,
)


def bare(text: str) -> list[str]:
    return [found[0] for found in BARE.finditer(text)]


@pytest.mark.parametrize("place", PLACES)
def test_nothing_installs_a_bare_name(place):
    there = ROOT / place
    found = {}
    for path in [there] if there.is_file() else there.rglob("*"):
        if path == there or path.suffix in READ or path.name == "run":
            lines = bare(path.read_text(encoding="utf-8"))
            found[path.name] = [line for line in lines if line != "perfgate" or path.name == "requirements.txt"]
    assert found
    assert {name: lines for name, lines in found.items() if lines} == {}, f'write: pip install "{requirement()}"'


@pytest.mark.parametrize(("runner", "forks"), [*product(["hosted", "own"], [True, False])])
def test_no_workflow_that_init_writes_installs_a_bare_name(runner, forks):
    plan = Plan(runner=runner, forks=forks)
    texts = [*github(plan).values(), *gitlab(plan).values()]
    assert any(requirement() in text for text in texts)
    assert [found for text in texts for found in bare(text)] == []


@pytest.mark.parametrize(
    ("line", "is_bare"),
    [
        pytest.param("pip install perfgate", True, id="pip"),
        pytest.param("python -m pip install --quiet 'perfgate[serve]' fastapi", True, id="an-extra"),
        pytest.param("pip install numpy perfgate==0.1.0", True, id="a-version"),
        pytest.param("uv tool install perfgate", True, id="uv"),
        pytest.param("uvx perfgate demo", True, id="uvx"),
        pytest.param("pipx run perfgate", True, id="pipx-run"),
        pytest.param("perfgate>=0.1", True, id="requirements"),
        pytest.param('dependencies = ["perfgate >= 0.1"]', True, id="toml"),
        pytest.param(f'pip install "{requirement()}"', False, id="repository"),
        pytest.param(f'uvx --from "{requirement()}" perfgate demo', False, id="uvx-from"),
        pytest.param(f'pip install "{wheel()}"', False, id="wheel"),
        pytest.param("pip install . && perfgate demo", False, id="clone"),
        pytest.param("pip install ./perfgate-0.1.0-py3-none-any.whl", False, id="file"),
        pytest.param("perfgate check", False, id="a-command"),
    ],
)
def test_a_bare_name_is_recognised(line, is_bare):
    assert bool(bare(line)) is is_bare


def test_what_is_installed_is_this_version():
    assert __version__ == VERSION
    assert requirement().endswith(f"@v{__version__}")


@pytest.mark.parametrize("page", PINNED_PAGES, ids=lambda p: p.stem)
def test_the_pages_install_this_version_from_its_repository(page):
    text = page.read_text(encoding="utf-8")
    assert with_origin(text) == text, "run: make generate"


def test_the_generator_renews_every_form():
    old = '"perfgate[serve] @ git+https://git.old.org/p@v0.0.1" perfgate @ https://git.old.org/p/perfgate-0.0.1.whl\n'
    old += "  - repo: https://git.old.org/p\n    rev: v0.0.1\n    hooks:\n      - id: perfgate-validate\n"
    new = f'"{requirement("serve")}" {wheel()}\n  - repo: {REPOSITORY}\n'
    renewed = with_origin(old)
    assert renewed.startswith(new)
    assert "old.org" not in renewed
    assert "v0.0.1" not in renewed
