from __future__ import annotations

import sys

import pytest
from doc_blocks import PAGES, bare_environment, blocks, expected_exit, fits, run, steps

_RUN = {"console", "python"}


@pytest.mark.parametrize("page", [p for p in PAGES if any(b.kind in _RUN for b in blocks(p))], ids=lambda p: p.stem)
def test_every_console_and_python_block_of_a_page_does_what_the_page_says(page, tmp_path):
    environment = bare_environment(tmp_path / "home")
    folder = tmp_path / "project"
    folder.mkdir()
    for block in blocks(page):
        if block.kind == "python":
            code, printed = run([sys.executable, "-W", "error", "-c", block.text], folder, environment)
            assert code == 0, f"{block.place} exited with {code}:\n{printed}"
        if block.kind != "console":
            continue
        todo = steps(block)
        for step in todo:
            wanted = expected_exit(block) if step is todo[-1] else 0
            code, printed = run(["bash", "-c", step.command], folder, environment)
            assert code == wanted, f"{block.place}: `{step.command}` exited with {code}, not {wanted}:\n{printed}"
            if step.shown:
                assert fits(step.shown, printed), f"{block.place}: `{step.command}` printed\n{printed}"


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
