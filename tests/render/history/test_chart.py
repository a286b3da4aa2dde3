"""The picture of a value: grey rules where all moved, the axis of noise, words that do not lie over each other."""

from __future__ import annotations

import re

import pytest
from trend_cases import history, judged, wander

from perfgate.render.history.chart import BOTTOM, draw_suite, draw_trend
from perfgate.render.history.page import render

MOVED = [1.2 if n >= 30 else 1.0 for n in range(60)]


def together():
    """Return five benchmarks that get slower at once."""
    return judged(*(history(f"b{n}", [v * m for v, m in zip(wander(n, 60), MOVED, strict=True)]) for n in range(5)))


def levels(drawn):
    (path,) = re.findall(r'class="level" d="([^"]+)"', drawn)
    return [int(y) for y in re.findall(r"M\d+ (\d+)L\d+ \1", path)]


def test_a_change_of_everything_is_a_grey_rule_between_two_levels():
    both = together()
    for trend in both.trends:
        drawn = draw_trend(trend, both.suites)
        assert drawn.count('<path class="common"') == 1
        assert re.search(r"all \+\d+\.\d%<tspan class=\"minor\"> 2026-01-02</tspan>", drawn)
        before, after = levels(drawn)
        assert before - after > 30  # pixels; the axis points up
    assert '<path class="step worse"' in draw_suite(both.suites[0])


@pytest.mark.parametrize("noise", [0.0, 0.001, 0.01])
def test_noise_looks_flat(noise):
    (trend,) = judged(history("a", [1.0 + noise * (v - 1.0) for v in wander(1, 40)])).trends
    (points,) = re.findall(r'class="history" d="M([^"]+)"', draw_trend(trend, ()))
    heights = [int(point.split()[1]) for point in points.split("L")]
    assert max(heights) - min(heights) <= 20
    assert max(heights) < BOTTOM


def test_words_of_rules_that_lie_close_stand_in_two_rows():
    values = [*wander(1, 20), *(1.3 * v for v in wander(2, 10)), *(1.7 * v for v in wander(3, 20))]
    (trend,) = judged(history("a", values)).trends
    places = re.findall(r'class="(start|end) step \w+" x="([\d.]+)%" y="(\d+)"', draw_trend(trend, ()))
    spans = [(float(x) - (20 if side == "end" else 0), int(y)) for side, x, y in places]
    assert len(spans) == 2
    assert spans[0][1] != spans[1][1] or abs(spans[0][0] - spans[1][0]) >= 20


def test_a_gain_and_what_was_undone_are_no_warning_and_days_keep_their_hyphens():
    gain = history("gain", [*wander(1, 30), *(0.7 * v for v in wander(1, 30))])
    slow = history("slow", [*wander(1, 30), *(1.3 * v for v in wander(1, 30))])
    page = render(judged(gain, slow), tool="perfgate")
    assert page.count('class="card warn"') == 1
    assert "−30." in page
    assert not re.search(r">[^<]*[^\w.-]-\d+\.\d%", page)
    assert "2026-01-02" in page
    assert "<h1>History: 1 open step</h1>" in page
    assert "Steps (2, 1 open)" in page


def test_a_slow_change_stands_in_its_card_and_names_no_commit():
    rising = history("rising", [v * 1.01**n for n, v in enumerate(wander(1, 60))])
    page = render(judged(rising, history("flat", wander(2, 60))), tool="perfgate")
    (card,) = re.findall(r'<article class="card warn">.*?</article>', page)
    assert "slowly from 2026-01-01 to " in card
    assert "no single commit" in card
    assert "perfgate bisect" not in page


def test_the_level_of_a_slow_change_rises_with_it():
    (trend,) = judged(history("a", [v * 1.004**n for n, v in enumerate(wander(1, 60))])).trends
    assert len(trend.slow) == 1
    (path,) = re.findall(r'class="level" d="([^"]+)"', draw_trend(trend, ()))
    lines = [tuple(map(int, line)) for line in re.findall(r"M(\d+) (\d+)L(\d+) (\d+)", path)]
    left, first, right, last = max(lines, key=lambda line: line[2] - line[0])
    assert right - left > 800
    assert first - last > 80  # pixels; the axis points up


def test_the_heading_counts_what_is_worse():
    rising = [v * 1.004**n for n, v in enumerate(wander(1, 60))]
    stepped = [v * (1.3 if n >= 30 else 1.0) for n, v in enumerate(wander(2, 60))]
    assert "<h1>History: 1 open step, 1 slow change</h1>" in render(
        judged(history("a", rising), history("b", stepped)), tool="t"
    )
    assert "<h1>History: no open step</h1>" in render(judged(history("c", wander(3, 60))), tool="t")
    assert "<h1>History: 1 open step</h1>" in render(together(), tool="t")
