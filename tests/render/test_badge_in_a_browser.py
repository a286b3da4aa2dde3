"""The badge as Chromium draws it: every letter in its part, nothing asked for."""

from __future__ import annotations

import pytest
from browser import CHROMIUM, Browser
from situations import SITUATIONS

from perfgate.render import render
from perfgate.report.compose import compose

pytestmark = [
    pytest.mark.tools,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
BOXES = """[...document.querySelectorAll('text')].map(text => {
  const {x, width} = text.getBBox();
  text.removeAttribute('textLength');
  return [x, x + width, width / text.getComputedTextLength()];
})"""


@pytest.fixture(scope="module")
def browser():
    with Browser() as found:
        yield found


@pytest.mark.sampled
@pytest.mark.parametrize("name", SITUATIONS)
def test_each_part_holds_its_words_which_are_neither_squeezed_nor_torn_apart(browser, tmp_path, name):
    path = tmp_path / "badge.svg"
    path.write_text(render(compose(SITUATIONS[name]()), "badge"), encoding="utf-8")
    browser.open(path)
    assert browser.messages == []
    assert browser.requests == [f"file://{path}"]
    (left, label_end, label_stretch), (start, end, stretch) = browser.run(BOXES)
    label_part = browser.run("document.querySelector('path').getBBox().width")
    width = browser.run("Number(document.documentElement.getAttribute('width'))")
    assert 4 <= left < label_end <= label_part - 4
    assert label_part + 4 <= start < end <= width - 4
    assert all(0.8 <= found <= 1.25 for found in (label_stretch, stretch))
