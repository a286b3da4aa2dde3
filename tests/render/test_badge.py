"""The badge of a verdict: what it says, how it is drawn, and that it loads nothing and claims nothing."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from gate_cases import finding, verdict
from hypothesis import given
from laws import DEAR_LAWS
from msgspec.structs import replace
from situations import SITUATIONS
from verdicts import RICH, VERDICTS

from perfgate.core.errors import error
from perfgate.core.finding import WHOLE_SUITE, ExitCode, Skipped, Status
from perfgate.render import render
from perfgate.render.badge import COLORS, LABEL_COLOR
from perfgate.report.compose import compose
from perfgate.report.document import Headline

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SVG = "{http://www.w3.org/2000/svg}"
WORSE = finding(Status.REGRESSED, benchmark="b")
FAULT = (error("no-runs", "none", place="outputs", hint="measure"),)


def shields(found):
    return json.loads(render(compose(found), "shields"))


def drawing(found):
    return ET.fromstring(render(compose(found), "badge"))  # noqa: S314 - our own text


def texts(root):
    return [element.text for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("found", "message", "tone", "is_error"),
    [
        pytest.param(verdict(finding()), "pass", "good", False, id="pass"),
        pytest.param(verdict(finding(), WORSE), "1 regression", "bad", True, id="one"),
        pytest.param(verdict(finding(Status.OVER_BUDGET), WORSE), "2 regressions", "bad", True, id="two"),
        pytest.param(verdict(WORSE, finding(Status.MISSING)), "cannot decide", "warn", True, id="error-and-worse"),
        pytest.param(verdict(finding(), problems=FAULT), "cannot decide", "warn", True, id="fault"),
        pytest.param(verdict(), "cannot decide", "warn", True, id="nothing-judged"),
        pytest.param(verdict(finding(Status.SUSPECTED)), "pass, 1 suspected", "warn", False, id="suspected"),
        pytest.param(
            verdict(finding(Status.SUSPECTED), fail_suspected=True), "1 regression", "bad", True, id="suspected-fails"
        ),
        pytest.param(verdict(finding(Status.TOO_NOISY)), "pass, 1 too noisy", "warn", False, id="too-noisy"),
        pytest.param(verdict(finding(Status.WAIVED)), "pass, 1 waived", "warn", False, id="waived"),
        pytest.param(
            verdict(finding(Status.IMPROVED), fail_improved=True), "1 improvement to keep", "bad", True, id="improved"
        ),
        pytest.param(verdict(finding(level="warn")), "nothing gated", "plain", False, id="not-gated"),
        pytest.param(verdict(finding(reason="below-least")), "nothing gated", "plain", False, id="too-short"),
        pytest.param(
            verdict(finding(Status.NEW), introduces=True), "first measurement", "plain", False, id="introduces"
        ),
        pytest.param(verdict(skipped=Skipped(paths=("src/**",), changed=2)), "skipped", "plain", False, id="skipped"),
    ],
)
def test_a_verdict_has_its_words_and_its_color(found, message, tone, is_error):
    expected = {"schemaVersion": 1, "label": "perf", "message": message, "color": COLORS[tone][1:],
                "labelColor": LABEL_COLOR[1:], "isError": is_error}  # fmt: skip
    assert shields(found) == expected
    assert texts(drawing(found)) == ["perf", message]
    assert drawing(found)[2].get("fill") == COLORS[tone]


@DEAR_LAWS
@given(found=VERDICTS)
def test_a_badge_is_green_only_of_a_check_that_passes_and_never_without_its_heading(found):
    document = compose(found)
    (headline,) = [block for block in document.blocks if isinstance(block, Headline)]
    if shields(found)["color"] == COLORS["good"][1:]:
        assert found.exit_code is ExitCode.PASS
        assert headline.title == "no performance regressions"
    assert shields(found)["isError"] is (found.exit_code is not ExitCode.PASS)


def test_a_suite_that_got_worse_as_a_whole_is_a_regression_of_the_badge_as_of_the_heading():
    assert shields(verdict(finding(), finding(Status.REGRESSED, benchmark=WHOLE_SUITE)))["message"] == "1 regression"


@pytest.mark.sampled
@pytest.mark.parametrize("name", SITUATIONS)
def test_a_drawing_has_a_name_for_screen_readers_and_loads_nothing(name):
    root = drawing(SITUATIONS[name]())
    label, message = texts(root)
    assert (root.tag, root.get("role"), root.get("aria-label")) == (f"{SVG}svg", "img", f"{label}: {message}")
    assert [e.text for e in root.iter(f"{SVG}title")] == [f"{label}: {message}"]
    assert {e.tag.removeprefix(SVG) for e in root.iter()} == {"svg", "title", "path", "g", "text"}
    assert not re.search(r"href|url\(|@import|<script|<style|<image", render(compose(SITUATIONS[name]()), "badge"))
    ends = [float(e.get("x")) + float(e.get("textLength")) for e in root.iter(f"{SVG}text")]
    assert ends[0] < float(list(root.iter(f"{SVG}text"))[1].get("x"))
    assert ends[1] < float(root.get("width"))


def test_no_name_reaches_a_badge():
    words = 'a" onload="alert(1)"><script>x</script>'
    found = replace(RICH, findings=tuple(replace(f, benchmark=words, message=words) for f in RICH.findings))
    for form in ("badge", "shields"):
        assert "alert" not in render(compose(found), form)


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("color", [LABEL_COLOR, *COLORS.values()])
def test_white_text_can_be_read_on_each_ground(color):
    assert 1.05 / (luminance(color) + 0.05) >= 5.8


@pytest.mark.parametrize("name", ["pass", "regression", "cannot-decide", "suspected"])
def test_the_pictures_of_the_documentation_are_what_is_drawn(name):
    drawn = render(compose(SITUATIONS[name]()), "badge")
    assert (IMAGES / f"badge-{name}.svg").read_text(encoding="utf-8") == drawn, "run `make pictures`"
