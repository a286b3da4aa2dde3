"""The dashboard as data: which limit is drawn where, and what Prometheus is asked."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from dashboard_cases import ALL, SERVICE, without_variables

from perfgate.config import parse
from perfgate.core.errors import CannotDecideError
from perfgate.render.dashboard.compose import compose
from perfgate.render.dashboard.records import GRID, HEIGHT, Panel, Section, lay_out
from perfgate.render.dashboard.stages import StageNames

MM = StageNames()


def made(text, stages=MM):
    return compose(parse(text, "perfgate.toml"), title="Service performance", stages=stages)


def panels(dashboard):
    return [panel for section in dashboard.sections for panel in section.panels]


def lines(panel):
    return [(step.value, step.color) for step in panel.steps]


def limited(text, stages=MM):
    """Return the panels that draw a limit, by what stands before it in their title."""
    return {p.title.partition(":")[0]: p for p in panels(made(text, stages)) if p.steps}


def budget(**keys):
    keys = {"metric": "duration", "statistic": "p95", "limit": "< 100ms"} | keys
    return "[[budget]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())


ODD = budget(series="odd", metric="odd", limit="< 1%")
RATIO = '[[ratio]]\nname = "odd"\npart = "a_total"\nwhole = "b_total"\nbetter = "lower"\nby = ["a b"]\n'


def test_without_any_budget_all_panels_are_there_and_none_draws_a_limit():
    dashboard = made('baselines = "none"')
    assert [section.title for section in dashboard.sections] == ["Performance overview", "Stages", "System health"]
    assert [p.title for p in panels(dashboard)] == [
        "Latency p95 by model", "Latency mean by model", "Inference and logging, mean", "Logging, share of the time",
        "Throughput by model", "Active models", "Cache hit rate by model", "Cache hits and misses",
        "Anomaly rate by model", "Errors by route", "Requests by status", "Response time p95 by route",
        "p95 by stage", "Deadline misses", "Guard trips", "Exchange requests p95", "Exchange requests",
        "Work in parallel", "CPU", "Memory", "Network", "Disk", "CPU by process", "Memory by process",
    ]  # fmt: skip
    assert not any(p.steps for p in panels(dashboard))
    assert [v.name for v in dashboard.variables] == ["model", "series", "node"]


def test_every_budget_of_the_first_document_is_drawn_in_the_panel_of_what_it_limits():
    found = limited(SERVICE)
    assert {title: lines(panel) for title, panel in found.items()} == {
        "Latency p95 by model": [(None, "green"), (0.09, "yellow"), (0.1, "red")],
        "Logging, share of the time": [(None, "green"), (0.3, "orange")],
        "Throughput by model": [(None, "red"), (160.0, "yellow"), (180.0, "green")],
        "Active models": [(None, "red"), (1.0, "green")],
        "Cache hit rate by model": [(None, "red"), (0.8, "green")],
        "Anomaly rate by model": [(None, "green"), (0.05, "red")],
        "Errors by route": [(None, "green"), (0.01, "red")],
        "p95 by stage": [(None, "green"), (200.0, "red")],
        "Deadline misses": [(None, "green"), (0.02, "red")],
    }
    assert len(made(SERVICE).sections) == 3


def test_a_budget_that_no_panel_is_about_has_a_panel_of_its_own_behind_all_others():
    dashboard = made(ALL)
    assert [p.title for p in dashboard.sections[-1].panels] == [
        "prediction_latency_seconds p99: must be below 250ms",
        "queue_depth p50: must be at most 20",
        "jobs_duration_ms p90: must be below 2s, should be below 1500ms",
        "worker_restarts_total total: must be below 3",
        "odd: must be below 10%",
    ]
    assert lines(dashboard.sections[-1].panels[2]) == [(None, "green"), (1500.0, "yellow"), (2000.0, "red")]
    before = [p for section in dashboard.sections[:-1] for p in section.panels]
    assert before == panels(made(SERVICE))


def test_each_budget_with_a_series_is_drawn_exactly_once():
    drawn = [name for p in panels(made(ALL)) for name in re.findall(r'Budget "(\w+)"', p.about)]
    assert sorted(drawn) == sorted(set(drawn)) == sorted(re.findall(r'\[\[budget\]\]\nname = "(\w+)"', ALL))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("< 100ms", "< 95ms"), ("< 90ms", "< 80ms"), ("< 1%", "< 2%"), ("> 80%", "> 81%"), (">= 160/s", ">= 170/s"),
        ("< 30%", "< 31%"), ("< 5%", "< 4%"), ('>= 1"', '>= 2"'), ("< 200ms", "< 210ms"), ("< 2%", "< 3%"),
        ("< 250ms", "< 251ms"), ("<= 20", "<= 21"), ("< 2s", "< 3s"), ('< 3"', '< 4"'), ("< 10%", "< 11%"),
    ],
)  # fmt: skip
def test_a_changed_limit_changes_the_line_and_the_title_of_one_panel_and_nothing_else(old, new):
    assert ALL.count(f'= "{old}') == 1
    pairs = list(zip(panels(made(ALL)), panels(made(ALL.replace(f'= "{old}', f'= "{new}'))), strict=True))
    ((before, after),) = [(a, b) for a, b in pairs if a != b]
    assert before.steps != after.steps
    assert before.title != after.title
    assert (before.queries, before.unit) == (after.queries, after.unit)


def test_what_a_budget_judges_is_among_the_queries_of_its_panel():
    found = limited(SERVICE)
    errors = found["Errors by route"].queries
    assert [q.legend for q in errors] == ["all", "{{method}} {{route}}"]
    assert without_variables(errors[0].expr) == (
        '(sum (rate(http_requests_total{status=~"5.."}[5m])) or 0 * sum (rate(http_requests_total[5m])))'
        " / sum (rate(http_requests_total[5m]))"
    )
    assert [q.legend for q in found["Latency p95 by model"].queries] == ["{{model_version}}"]


def test_each_query_of_the_metrics_of_predictions_follows_the_chosen_series():
    names = r"\b(?:\w+_latency_seconds(?:_\w+)?|model_predictions_total|cache_operations_total|active_models)\b"
    exprs = [q.expr for p in panels(made(ALL)) for q in p.queries]
    followed = [re.findall(names + r"(\{[^}]*\})?", expr) for expr in exprs]
    assert sum(map(len, followed)) > 20
    assert all('series_id=~"$series"' in matchers for found in followed for matchers in found)


def test_a_budget_on_a_mean_is_drawn_as_a_mean():
    text = budget(series="prediction_latency_seconds", metric="duration_mean", statistic="p50", limit="< 50ms")
    text += budget(series="other_seconds", metric="duration_mean", statistic="p50", limit="< 50ms")
    found = limited(text)
    assert list(found) == ["Latency mean by model", "other_seconds mean"]
    assert "other_seconds_sum" in found["other_seconds mean"].queries[0].expr


def test_prefix_and_unit_of_the_stage_metrics_are_those_of_init_metrics():
    stages = StageNames(prefix="shop", unit="seconds")
    exprs = " ".join(q.expr for p in made("", stages).sections[1].panels for q in p.queries)
    assert set(re.findall(r"\b(?:mm|shop)_\w+", exprs)) == {
        "shop_stage_duration_seconds_bucket", "shop_tick_deadline_miss_total", "shop_ticks_total",
        "shop_guard_trips_total", "shop_exchange_req_seconds_bucket", "shop_exchange_req_seconds_count",
        "shop_parallel_symbols",
    }  # fmt: skip
    text = budget(series="shop_stage_duration_seconds", limit="< 200ms")
    assert lines(limited(text, stages)["p95 by stage"]) == [(None, "green"), (0.2, "red")]


@pytest.mark.parametrize(
    ("text", "slug", "words"),
    [
        (ODD, "budget-series", '"a b" is no name of a label, by which "odd" is split'),
        (budget(series="jobs_total"), "budget-series", '"jobs_total" is a counter and has no "duration"'),
        (
            budget(series="size_bytes"),
            "budget-unit",
            '"< 100ms" does not fit "duration" of size_bytes, which is in "B"',
        ),
        (budget(series="queue"), "budget-unit", '"< 100ms" does not fit "duration" of queue, which is in "1"'),
    ],
    ids=["label", "counter", "bytes", "number"],
)
def test_a_budget_that_prometheus_cannot_be_asked_for_is_an_error_with_its_place(text, slug, words):
    with pytest.raises(CannotDecideError) as caught:
        made(text + budget(series="others_total") + RATIO)
    first, second = caught.value.diagnostics
    assert (first.slug, first.place) == (slug, "budget 1 (perfgate.toml)")
    assert words in first.message
    assert second.place == "budget 2 (perfgate.toml)"


def test_what_looks_like_a_variable_of_grafana_in_a_matcher_is_none():
    ratio = RATIO.replace('"a_total"', '\'a_total{v="$model",w="[[x]]"}\'').replace('["a b"]', "[]")
    [panel] = [p for p in panels(made(ODD + ratio)) if p.steps]
    text = " ".join(q.expr for q in panel.queries)
    assert "$model" not in text
    assert 'v="\\u0024model"' in text
    assert "[[" not in text
    assert "$__rate_interval" in text


def test_panels_neither_overlap_nor_leave_the_grid_and_each_row_begins_below_the_last_section():
    taken, top = set(), 0
    for section in made(ALL).sections:
        places, after = lay_out(section, top)
        assert len(places) == len(section.panels)
        for place in places:
            cells = {
                (x, y) for x in range(place.x, place.x + place.width) for y in range(place.y, place.y + place.height)
            }
            assert not cells & taken
            assert place.x + place.width <= GRID
            assert top < place.y <= after - place.height
            taken |= cells
        top = after


def test_a_panel_that_does_not_fit_into_a_line_begins_the_next():
    made_of = [Panel(title="", about="", unit="s", queries=(), width=w) for w in (12, 8, 6)]
    places, after = lay_out(Section(title="", panels=tuple(made_of)), 10)
    assert [(p.x, p.y) for p in places] == [(0, 11), (12, 11), (0, 11 + HEIGHT)]
    assert after == 11 + 2 * HEIGHT


@pytest.mark.tools
@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
@pytest.mark.parametrize("stages", [MM, StageNames(prefix="shop", unit="seconds")], ids=["mm", "shop"])
def test_promtool_parses_every_expression(tmp_path, stages):
    dashboard = made(ALL, stages)
    exprs = [without_variables(q.expr) for p in panels(dashboard) for q in p.queries]
    exprs += [re.sub(r"label_values\((\w+), (\w+)\)", r"count by (\2) (\1)", v.query) for v in dashboard.variables]
    assert not any("$" in expr for expr in exprs)
    assert check_rules(tmp_path, exprs) == (0, "")
    broken = [*exprs, exprs[0].replace("(le", "((le")]
    assert check_rules(tmp_path, broken)[0] == 1


SERIES = {
    'cache_operations_total{model_version="v1",operation="hit"}': "0+8x20",
    'cache_operations_total{model_version="v1",operation="miss"}': "0+2x20",
    'http_requests_total{method="GET",route="/a",status="200"}': "0+60x20",
    'jobs_duration_ms_bucket{kind="k",instance="i",le="1000"}': "0+90x20",
    'jobs_duration_ms_bucket{kind="k",instance="i",le="+Inf"}': "0+100x20",
    'queue_depth{kind="k"}': "7x20",
    "worker_restarts_total": "0+1x20",
    "model_predictions_total": "0+9000x20",
}
"""Ten minutes; a step is 30 seconds."""


@pytest.mark.tools
@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
@pytest.mark.parametrize(
    ("title", "labels", "value"),
    [
        ("Cache hit rate by model", "{}", 0.8),
        ("Errors by route", "{}", 0.0),  # no series of errors: none of the requests, not no line
        ("Throughput by model", "{}", 300.0),
        ("jobs_duration_ms p90", '{kind="k"}', 1000.0),  # a histogram
        ("queue_depth p50", 'queue_depth{kind="k"}', 7.0),  # a gauge
    ],
    ids=lambda x: x if isinstance(x, str) and " " in x else "",
)
def test_prometheus_answers_with_the_judged_value(tmp_path, title, labels, value):
    expr = without_variables(limited(ALL)[title].queries[0].expr)
    case = {
        "interval": "30s",
        "input_series": [{"series": name, "values": values} for name, values in SERIES.items()],
        "promql_expr_test": [{"expr": expr, "eval_time": "10m", "exp_samples": [{"labels": labels, "value": value}]}],
    }
    path = tmp_path / "tests.yml"
    path.write_text(json.dumps({"tests": [case]}))
    done = subprocess.run(["promtool", "test", "rules", path], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def check_rules(folder, exprs):
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(exprs)]
    path = folder / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))  # JSON is YAML
    done = subprocess.run(["promtool", "check", "rules", path], check=False, capture_output=True, text=True)
    return done.returncode, done.stderr
