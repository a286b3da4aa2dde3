"""The JSON of Grafana 11.6: word for word, the same each time, and valid by Grafana's own types."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from dashboard_cases import ALL, SERVICE
from grafana_types import complaints, missing

from perfgate.config import parse
from perfgate.render.dashboard.compose import compose
from perfgate.render.dashboard.stages import StageNames

pytest.importorskip("grafana_foundation_sdk", reason="the extra `rollout` is not installed")
from perfgate.render.dashboard.grafana import render

GOLDEN = Path(__file__).parents[2] / "golden"


def drawn(text=ALL, title="Service performance"):
    return render(compose(parse(text, "perfgate.toml"), title=title, stages=StageNames()))


def test_the_dashboard_is_word_for_word_the_golden_one():
    text, beside = drawn(), GOLDEN / "dashboard.json.actual"
    if text != (GOLDEN / "dashboard.json").read_text(encoding="utf-8"):
        beside.write_text(text, encoding="utf-8")
        pytest.fail(f"dashboard.json differs; what came out is in {beside.name}")
    beside.unlink(missing_ok=True)


def test_the_same_policy_gives_the_same_bytes_wherever_it_stands():
    elsewhere = compose(parse(ALL, "sub/perfgate.toml"), title="Service performance", stages=StageNames())
    assert render(elsewhere) == drawn()


def test_ids_are_unique_and_those_of_known_panels_do_not_change_with_the_budgets():
    few, many = (json.loads(drawn(text))["panels"] for text in ('baselines = "none"', ALL))
    assert len({p["id"] for p in many}) == len(many) > len(few)
    for before, after in zip(few, many, strict=False):
        assert after["title"].startswith(before["title"])
        assert (before["id"], before["gridPos"]) == (after["id"], after["gridPos"])


def test_the_uid_follows_the_title_alone_and_is_as_long_as_grafana_allows():
    one, same, other = (json.loads(drawn(t, n))["uid"] for t, n in ((ALL, "a"), (SERVICE, "a"), (ALL, "b")))
    assert one == same != other
    assert 8 <= len(one) <= 40


def test_limits_are_lines_and_the_axis_reaches_beyond_them():
    panels = {p["title"]: p["fieldConfig"]["defaults"] for p in json.loads(drawn())["panels"] if p["type"] != "row"}
    latency = panels["Latency p95 by model: must be below 100ms, should be below 90ms"]
    assert [step["value"] for step in latency["thresholds"]["steps"]] == [None, 0.09, 0.1]
    assert latency["custom"]["thresholdsStyle"] == {"mode": "dashed+area"}
    assert latency["custom"]["axisSoftMax"] == 0.11
    assert "thresholds" not in panels["Latency mean by model"]


def test_every_query_asks_the_chosen_prometheus_and_all_of_a_choice_takes_series_without_the_label():
    dashboard = json.loads(drawn())
    source = {"type": "prometheus", "uid": "${datasource}"}
    targets = [target for panel in dashboard["panels"] for target in panel.get("targets", ())]
    assert {json.dumps(target["datasource"]) for target in targets} == {json.dumps(source)}
    first, *others = dashboard["templating"]["list"]
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
    assert [(v["name"], v["allValue"], v["includeAll"]) for v in others] == [
        (name, ".*", True) for name in ("model", "series", "node")
    ]


@pytest.mark.tools
@pytest.mark.skipif(bool(missing()), reason=missing() or "there")
@pytest.mark.parametrize("text", ['baselines = "none"', ALL], ids=["no-budget", "all"])
def test_the_json_is_valid_by_the_types_of_grafana_11_6(tmp_path, text):
    assert complaints(json.loads(drawn(text)), tmp_path) == ""


def spoil(dashboard, place, value):
    *folders, key = place
    for folder in folders:
        dashboard = dashboard[folder]
    dashboard[key] = value


@pytest.mark.tools
@pytest.mark.skipif(bool(missing()), reason=missing() or "there")
@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("refreshed",), "30s"),
        (("graphTooltip",), 9),
        (("panels", 0, "colapsed"), True),
        (("panels", 1, "gridPos", "w"), "8"),
        (("panels", 1, "options", "legend", "placement"), "middle"),
        (("panels", 1, "fieldConfig", "defaults", "custom", "thresholdsStyle", "mode"), "dotted"),
        (("panels", 1, "fieldConfig", "defaults", "thresholds", "steps", 1, "value"), "0.1"),
        (("templating", "list", 1, "refresh"), 7),
    ],
    ids=lambda x: str(x[-1]) if isinstance(x, tuple) else "",
)
def test_the_types_find_an_unknown_key_and_a_wrong_value(tmp_path, place, value):
    dashboard = copy.deepcopy(json.loads(drawn()))
    spoil(dashboard, place, value)
    assert "error TS" in complaints(dashboard, tmp_path)
