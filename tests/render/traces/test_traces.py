"""Traces as text and as files of other programs."""

from __future__ import annotations

import json
import shutil
import subprocess
from xml.etree import ElementTree as ET

import pytest
from trace_cases import traces

from perfgate.render.traces import chrome, prometheus, svg, text

SLOW = ("tick", 0, 20, ("load", 1, 11, *(("query", 2 + i, 3 + i) for i in range(8))), ("emit", 12, 16))
FAST = ("tick", 0, 4, ("load", 1, 2, ("query", 1, 2)))


def test_the_text_has_the_tree_of_the_slowest_trace_and_a_row_for_each_stage():
    assert text.render(traces(FAST, SLOW)) == (
        "Slowest of 2 traces: 00000000000000000000000000000002, 20 ms\n\n"
        "tick          20 ms\n"
        "  load        10 ms\n"
        "    query x8   8 ms\n"
        "  emit         4 ms\n\n"
        "stage  calls a trace     p50      p95  own time   share\n"
        "query           4.50    1 ms     1 ms      9 ms  37.5 %\n"
        "tick               1   12 ms  19.2 ms      9 ms  37.5 %\n"
        "emit            0.50    4 ms     4 ms      4 ms  16.7 %\n"
        "load               1  5.5 ms  9.55 ms      2 ms   8.3 %\n"
    )


def test_a_tree_of_a_hundred_thousand_spans_is_a_page():
    shown = text.render(traces(("top", 0, 9, *((f"part {i}", 1, 2) for i in range(100_000)))))
    assert len(shown.splitlines()) < 140
    assert "99,941 more" in shown


def test_the_json_has_the_same_in_seconds():
    data = json.loads(text.render_json(traces(FAST, SLOW)))
    assert data["slowest"]["spans"][1] == {
        "name": "load", "parent": 0, "start": 0.001, "duration": 0.01, "own": 0.002, "failed": False,
    }  # fmt: skip
    assert data["stages"][0]["calls_per_trace"] == 4.5


def complete_events(*trees):
    """Return the complete events of a file for trace viewers, each checked against the documented format."""
    document = json.loads(chrome.render(traces(*trees)))
    assert isinstance(document["traceEvents"], list)
    assert document["displayTimeUnit"] in {"ms", "ns"}
    for event in document["traceEvents"]:
        assert event["ph"] in {"X", "M"}
        assert isinstance(event["name"], str)
        assert all(isinstance(event[key], int) for key in ("pid", "tid"))
        assert isinstance(event["args"], dict)
        if event["ph"] == "X":
            assert all(isinstance(event[key], int | float) and event[key] >= 0 for key in ("ts", "dur"))
            assert isinstance(event["cat"], str)
    return [event for event in document["traceEvents"] if event["ph"] == "X"]


def test_the_chrome_trace_has_complete_events_in_microseconds():
    tick, load = complete_events(SLOW)[:2]
    assert (tick["ts"], tick["dur"], load["ts"], load["dur"]) == (0, 20_000, 1_000, 10_000)
    assert (tick["pid"], tick["tid"]) == (load["pid"], load["tid"])


def test_spans_that_overlap_are_on_threads_of_their_own_and_each_thread_nests():
    events = complete_events(("top", 0, 20, ("a", 1, 10, ("a1", 2, 9)), ("b", 5, 15, ("b1", 6, 14)), ("late", 18, 25)))
    assert len({e["tid"] for e in events}) > 1
    for one in events:
        for other in events:
            if one["tid"] == other["tid"] and one["ts"] < other["ts"] < one["ts"] + one["dur"]:
                assert other["ts"] + other["dur"] <= one["ts"] + one["dur"]


def test_the_exposition_counts_spans_and_traces():
    shown = prometheus.render(traces(FAST, SLOW))
    assert 'perfgate_spans_total{span="query"} 9\n' in shown
    assert 'perfgate_span_duration_seconds_count{span="query"} 9\n' in shown
    assert "perfgate_traces_total 2\n" in shown


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_accepts_the_exposition():
    shown = prometheus.render(traces(SLOW, ('a "quoted"\nname\\', 0, 1)))
    done = subprocess.run(["promtool", "check", "metrics"], input=shown, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def parse(image):
    """Return the elements of an image."""
    return ET.fromstring(image)  # noqa: S314 - written by the test itself


def test_the_flame_graph_is_one_image_without_scripts_whose_names_are_text():
    hostile = "<script>alert(1)</script>\x00\x1b&\"'"
    image = svg.render(traces(("top", 0, 10, (hostile, 0, 5), ("b", 5, 10))))
    root = parse(image)
    assert {e.tag.rpartition("}")[2] for e in root.iter()} == {"svg", "title", "style", "rect", "text"}
    assert "href" not in image
    assert "url(" not in image
    assert any("<script>alert(1)" in (e.text or "") for e in root.iter())


def test_widths_of_the_flame_graph_are_shares_of_the_time_and_merge_traces():
    root = parse(svg.render(traces(("top", 0, 10, ("a", 0, 5)), ("top", 0, 10, ("a", 0, 7)))))
    boxes = {(e[0].text or "").partition(":")[0]: float(e.get("width", 0)) for e in root if e.tag.endswith("}svg")}
    assert boxes["a"] / boxes["top"] == pytest.approx(12 / 20, abs=1e-4)


def test_spans_without_any_time_are_an_empty_flame_graph():
    assert parse(svg.render(traces(("top", 5, 1)))) is not None


APART = ("tick", 0, 10, ("load", 1, 4), ("save", 5, 9))
TOGETHER = ("tick", 0, 10, ("load", 1, 9), ("save", 1, 9))


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        pytest.param(APART, "", id="one-after-the-other"),
        pytest.param(
            TOGETHER,
            "Spans ran at the same time: own times add up to 18 ms, the traces took 10 ms.\n",
            id="at-the-same-time",
        ),
    ],
)
def test_the_text_ends_with_the_work_of_spans_that_ran_at_the_same_time(tree, said):
    shown = text.render(traces(tree))
    assert shown.endswith(said)
    assert ("at the same time" in shown) is bool(said)


@pytest.mark.parametrize(
    ("tree", "title"),
    [
        pytest.param(APART, "Flame graph of 1 trace, 10 ms", id="one-after-the-other"),
        pytest.param(
            TOGETHER,
            "Flame graph of 1 trace, 10 ms; work of spans that ran at the same time 18 ms",
            id="at-the-same-time",
        ),
    ],
)
def test_the_title_of_the_flame_graph_states_traces_time_and_work(tree, title):
    stated = parse(svg.render(traces(tree))).find("{http://www.w3.org/2000/svg}title")
    assert stated is not None
    assert stated.text == title
