from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from doc_blocks import RUN_PAGES, bare_environment, blocks, fits, given, run, steps

if TYPE_CHECKING:
    from pathlib import Path

_RUN = {"console", "python"}
_ATTEMPTS = 3


def first_fault(page: Path, place: Path) -> str:
    """Follow a page from its start in an empty folder, and say what went otherwise than it says; empty: nothing."""
    environment = bare_environment(place / "home")
    folder = place / "project"
    folder.mkdir()
    for name, file in given(page).items():
        (shutil.copytree if file.is_dir() else shutil.copy)(file, folder / name)
    for block in blocks(page):
        what, _, name = block.info.partition(":")
        if what == "file":
            (folder / name).write_text(block.text, encoding="utf-8")
        if what == "needs" and shutil.which(name, path=environment["PATH"]) is None:
            continue
        if block.kind == "python":
            code, printed = run([sys.executable, "-W", "error", "-c", block.text], folder, environment)
            if code:
                return f"{block.place} exited with {code}:\n{printed}"
        for step in steps(block) if block.kind == "console" else ():
            code, printed = run(["bash", "-c", step.command], folder, environment)
            if code != step.exit_code:
                return f"{block.place}: `{step.command}` exited with {code}, not {step.exit_code}:\n{printed}"
            if step.shown and not fits(step.shown, printed):
                return f"{block.place}: `{step.command}` printed\n{printed}"
    return ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(p, marks=pytest.mark.heavy if p.parent.name == "guides" else (), id=p.stem)
        for p in RUN_PAGES
        if any(b.kind in _RUN for b in blocks(p))
    ],
)
def test_every_console_and_python_block_of_a_page_does_what_the_page_says(page, tmp_path):
    # The pages measure for real. While something else starts or ends on a small machine, an unchanged
    # program may be half as fast as a second ago, so a page may be tried again; a wrong page never passes.
    faults = []
    for attempt in range(_ATTEMPTS):
        place = tmp_path / str(attempt)
        place.mkdir()
        fault = first_fault(page, place)
        if not fault:
            return
        faults.append(fault)
    pytest.fail("\n".join(faults), pytrace=False)


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        pytest.param(["a"], "a\n", True, id="equal"),
        pytest.param(["a"], "a\nb\n", False, id="a line too many"),
        pytest.param(["a", "..."], "a\nb\nc\n", True, id="any lines"),
        pytest.param(["a", "...", "c"], "a\nc\n", True, id="no lines"),
        pytest.param(["took ... ms"], "took 12.5 ms\n", True, id="any words"),
        pytest.param(["took ... ms"], "took\n12.5 ms\n", False, id="any words, one line"),
        pytest.param(["a    b"], "a b\n", True, id="columns"),
        pytest.param(["(x)"], "x\n", False, id="no pattern"),
    ],
)
def test_a_shown_output_fits_only_what_it_stands_for(shown, printed, same):
    assert fits(shown, printed) is same


@pytest.mark.parametrize(
    ("block", "told"),
    [
        pytest.param("```console\n$ echo one\ntwo\n```", "`echo one` printed", id="another output"),
        pytest.param("```console\n$ exit 1\n```", "exited with 1, not 0", id="fails"),
        pytest.param("```console\n$ true\n[exit 1]\n```", "exited with 0, not 1", id="does not fail as told"),
        pytest.param("```console\n$ exit 1\n[exit 2]\n```", "exited with 1, not 2", id="fails otherwise"),
        pytest.param("```python\nraise SystemExit(3)\n```", "exited with 3", id="a program that fails"),
        pytest.param("```console\n$ cat <<'EOF'\n> one\n> EOF\none\n```", "", id="a heredoc with prompts"),
        pytest.param("```console\n$ echo one \\\ntwo\none ...\n$ exit 1\n[exit 1]\n```", "", id="as it says"),
        pytest.param("```sh\nexit 1\n```", "", id="not meant to be run"),
        pytest.param(
            "<!-- block: file:a.txt -->\n```text\none\n```\n\n```console\n$ cat a.txt\none\n```", "", id="a file"
        ),
        pytest.param("<!-- block: needs:no-such-program -->\n```console\n$ exit 1\n```", "", id="a program is missing"),
        pytest.param("<!-- block: needs:bash -->\n```console\n$ exit 1\n```", "exited with 1, not 0", id="it is there"),
    ],
)
def test_a_page_that_is_wrong_is_found_out(block, told, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n{block}\n", encoding="utf-8")
    fault = first_fault(page, tmp_path)
    assert told in fault
    assert bool(told) == bool(fault)
