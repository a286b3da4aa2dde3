from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from perfgate import config
from perfgate.core.errors import CannotDecideError
from perfgate.pipeline.alerts import count_events_for
from perfgate.render.monitoring.alerts import render_alerts
from perfgate.render.monitoring.expressions import edge_texts, watch
from perfgate.render.monitoring.rules import Settings

GOLDEN = Path(__file__).parent / "golden"
needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")

RATIOS = """
[[ratio]]
name = "cache_hit_rate"
part = 'cache_operations_total{operation="hit"}'
whole = "cache_operations_total"
better = "higher"

[[ratio]]
name = "failed"
part = 'http_requests_total{status=~"5..|4[0-9]9"}'
whole = "http_requests_total"
better = "lower"
by = ["route"]

[[ratio]]
name = "logging"
part = "logging_latency_seconds_sum"
whole = "prediction_latency_seconds_sum"
better = "lower"
"""


def budget(series, metric, limit, warn="", statistic="p50", **keys):
    lines = {"series": series, "metric": metric, "limit": limit, "statistic": statistic, **keys}
    if warn:
        lines["warn"] = warn
    return "[[budget]]\n" + "".join(f'{key} = "{text}"\n' for key, text in lines.items())


KINDS = {
    "p95": (budget("prediction_latency_seconds", "latency_total", "< 100ms", "< 90ms", "p95", name="latency"), ""),
    "milliseconds": (budget("took_milliseconds", "took", "<= 1s", statistic="p99"), ""),
    "bytes": (budget("answer_bytes", "size", "< 1MB", "< 0.5MB", "p90"), ""),
    "hits": (budget("cache_hit_rate", "cache_hit_rate", "> 80%", "> 85%", name="hits"), RATIOS),
    "failures": (budget("failed", "failed", "< 1%", "< 0.5%", name="errors", level="warn"), RATIOS),
    "no failures": (budget("failed", "failed", "<= 0%"), RATIOS),
    "all hits": (budget("cache_hit_rate", "cache_hit_rate", ">= 100%"), RATIOS),
    "quotient": (budget("logging", "logging", "< 30%", "< 25%"), RATIOS),
    "mean": (budget("prediction_latency_seconds", "duration_mean", "< 50ms"), ""),
    "throughput": (budget("model_predictions_total", "throughput", ">= 160/s", ">= 180/s", name="rps"), ""),
    "gauge above": (budget("active_models", "active_models", ">= 3", level="info"), ""),
    "gauge below": (budget("process_resident_memory_bytes", "value", "< 500MB", "< 400MB", "p95"), ""),
}
STEPPED = {
    "p95": ('"< 100ms"', '"< 101ms"'),
    "milliseconds": ('"<= 1s"', '"<= 1.001s"'),
    "bytes": ('"< 1MB"', '"< 1.01MB"'),
    "hits": ('"> 80%"', '"> 79%"'),
    "failures": ('"< 1%"', '"< 1.1%"'),
    "no failures": ('"<= 0%"', '"<= 1%"'),
    "all hits": ('">= 100%"', '">= 99%"'),
    "quotient": ('"< 30%"', '"< 31%"'),
    "mean": ('"< 50ms"', '"< 51ms"'),
    "throughput": ('">= 160/s"', '">= 159/s"'),
    "gauge above": ('">= 3"', '">= 2"'),
    "gauge below": ('"< 500MB"', '"< 501MB"'),
}


def settings(window=300, hold=300, age=300, fixed_fewest=None, runbook=""):
    return Settings(
        window=window, hold=hold, age=age, fewest=count_events_for, fixed_fewest=fixed_fewest, runbook=runbook
    )


def render(text, job="", **keys):
    policy = config.parse(text, "perfgate.toml")
    return render_alerts(policy, settings(**keys), job=job, rules="rules.yml")


def promtool(folder, rules, tests):
    """Return what promtool says of rules and of tests; empty: all is well."""
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    (folder / "rules_test.yml").write_text(tests, encoding="utf-8")
    for words in (("check", "rules", "rules.yml"), ("test", "rules", "rules_test.yml")):
        done = subprocess.run(["promtool", *words], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stdout + done.stderr
    return ""


def alerts_of(found):
    """Return the alerts of rules by name."""
    groups = yaml.safe_load(found.rules)["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


@pytest.mark.parametrize("kind", ["p95", "hits", "throughput"])
def test_rules_and_tests_are_as_reviewed(kind):
    found = render("".join(KINDS[kind]))
    for name, text in ((f"{kind}.rules.yml", found.rules), (f"{kind}.tests.yml", found.tests)):
        path = GOLDEN / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.with_name(f"{name}.actual").write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text


@pytest.mark.sampled
@needs_promtool
@pytest.mark.tools
@pytest.mark.parametrize("kind", KINDS)
def test_promtool_accepts_the_rules_and_their_tests_pass(kind, tmp_path):
    found = render("".join(KINDS[kind]))
    assert promtool(tmp_path, found.rules, found.tests) == ""
    assert found.remarks == ()


@needs_promtool
@pytest.mark.tools
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"window": 60, "age": 60, "hold": 0}, id="shortest", marks=pytest.mark.heavy),
        pytest.param({"window": 180, "age": 600, "hold": 60}, id="three minutes", marks=pytest.mark.heavy),
        pytest.param({"window": 3_600, "age": 300, "hold": 600}, id="an hour"),
        pytest.param({"fixed_fewest": 1_000, "runbook": "https://wiki.example/{{x}}/", "job": 'a"b\\c'}, id="by hand"),
    ],
)
def test_the_tests_pass_with_other_times(keys, tmp_path):
    some = ("hits", "throughput", "gauge above")  # one of each shape: promtool takes minutes for all of them
    found = render("".join(KINDS[kind][0] for kind in some) + RATIOS, **keys)
    assert promtool(tmp_path, found.rules, found.tests) == ""


@needs_promtool
@pytest.mark.tools
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.heavy) if n % 2 else kind for n, kind in enumerate(KINDS)]
)
def test_old_tests_fail_against_the_rules_of_a_budget_that_changed_by_a_step(kind, tmp_path):
    old, new = ("".join(KINDS[kind]), "".join(KINDS[kind]).replace(*STEPPED[kind]))
    assert old != new
    assert "FAILED" in promtool(tmp_path, render(new).rules, render(old).tests)
    assert promtool(tmp_path, render(new).rules, render(new).tests) == ""


@pytest.mark.sampled
@needs_promtool
@pytest.mark.tools
@pytest.mark.parametrize(
    ("kind", "part", "by", "test"),
    [
        pytest.param("p95", ">= 59", ">= 0", "is silent with three requests", id="events"),
        pytest.param("throughput", ">= 59", ">= 0", "is silent with three requests", id="events of a throughput"),
        pytest.param("p95", " and on() count(prediction_latency_seconds_count offset 5m)", "", "are young", id="age"),
        pytest.param("hits", " or sum(increase(cache_operations_total[5m])) * 0", "", "ever counted", id="no hit"),
        pytest.param("p95", "> 0.72", "> 0.721", "just beyond", id="burn rate"),
        pytest.param("p95", 'or absent(prediction_latency_seconds_bucket{le="0.1"})', "", "no bucket", id="le"),
    ],
)
def test_a_rule_that_lost_a_guard_fails_the_test_of_it(kind, part, by, test, tmp_path):
    found = render("".join(KINDS[kind]).replace('warn = "< 90ms"\n', ""))
    assert part in found.rules
    assert promtool(tmp_path, found.rules.replace(part, by), found.tests)
    failing = [t for t in yaml.safe_load(found.tests)["tests"] if test in t["name"]]
    alone = yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": failing})
    assert "FAILED" in promtool(tmp_path, found.rules.replace(part, by), alone)


@needs_promtool
@pytest.mark.tools
def test_names_labels_and_templates_of_any_kind_are_shown_as_they_are(tmp_path):
    text = r"""
[[budget]]
series = "odd"
metric = "{{ $value }} \"quoted\" \\ \n: - 'x' é \u0000"
statistic = "p50"
limit = "< 5"

[[budget]]
series = "odd"
metric = "日本"
statistic = "p50"
limit = "< 5"

[[budget]]
series = "share of odd"
metric = "share {{ of }}"
statistic = "p50"
limit = "< 5%"

[[ratio]]
name = "share {{ of }}"
part = 'odd_total{path="/a\"b\\c{{x}}",host!="é"}'
whole = "odd_total"
better = "lower"
by = ["host", "path_of"]
""".replace('series = "share of odd"', 'series = "odd_total"')
    found = render(text)
    assert promtool(tmp_path, found.rules, found.tests) == ""
    labels = {rule["labels"]["budget"] for rule in alerts_of(found).values()}
    assert "日本 p50" in labels


def test_budgets_without_a_name_have_one_of_metric_and_statistic_and_all_differ():
    one = budget("active_models", "active_models", ">= 3")
    found = render(one + one.replace(">= 3", ">= 2") + budget("x_seconds", "x", "< 1s", name="active_models-p50"))
    over = [name for name in alerts_of(found) if name.endswith("OverBudget")]
    assert over == ["ActiveModelsP50OverBudget", "ActiveModelsP502OverBudget", "ActiveModelsP503OverBudget"]


def test_a_budget_without_a_series_is_a_note_and_one_with_a_total_too():
    found = render(
        KINDS["p95"][0]
        + '[[budget]]\nbenchmark = "job"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< 1s"\n'
        + budget("requests_total", "total", ">= 1000")
    )
    assert [(r.slug, r.level) for r in found.remarks] == [("alert-none", "note")] * 2
    assert found.budgets == 1


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        pytest.param("", "alerts-nothing", id="no budget"),
        pytest.param(budget("latency", "latency", "< 100ms", statistic="p95"), "budget-unit", id="no unit"),
        pytest.param(budget("x_seconds", "x", "> 100ms"), "budget-sign", id="slow is better"),
        pytest.param(budget("failed", "failed", "> 1%") + RATIOS, "budget-sign", id="a ratio turned round"),
        pytest.param(budget("x_total", "throughput", "< 5/s"), "budget-sign", id="less throughput"),
        pytest.param(budget("x_seconds{job='a'}", "x", "< 1s"), "config-invalid", id="a series with labels"),
        pytest.param(budget("x_total", "throughput", ">= 1ms"), "budget-unit", id="throughput in milliseconds"),
        pytest.param(budget("failed", "failed", "< 100%") + RATIOS, "budget-impossible", id="all may fail"),
        pytest.param(budget("x_total", "throughput", ">= 0.01/s"), "alert-impossible", id="three events in a window"),
        pytest.param(
            budget("failed", "failed", "< 1%") + RATIOS.replace('["route"]', '["a b"]'), "alert-impossible", id="label"
        ),
    ],
)
def test_a_budget_that_no_alert_can_watch_is_an_error(text, slug):
    with pytest.raises(CannotDecideError) as caught:
        render(text)
    assert [p.slug for p in caught.value.diagnostics] == [slug]


def test_a_ratio_whose_part_is_no_less_than_its_whole_has_rules_and_a_note_that_it_has_no_tests():
    same = RATIOS.replace('{operation="hit"}', '{operation=~".+"}')
    same = same.replace('whole = "cache_operations_total"', "whole = 'cache_operations_total{operation!=\"\"}'")
    found = render(budget("cache_hit_rate", "cache_hit_rate", "> 80%") + same)
    assert [r.slug for r in found.remarks] == ["alert-untested"]
    assert yaml.safe_load(found.tests)["tests"] == []


@pytest.mark.parametrize(
    ("edge", "texts"),
    [
        (0.1, ("0.1",)), (0.09, ("0.09",)), (1.0, ("1", "1.0")), (250.0, ("250", "250.0")),
        (1e5, ("100000", "100000.0")), (1e6, ("1e+06",)), (1.5e9, ("1.5e+09",)), (1234567.0, ("1.234567e+06",)),
        (1e-4, ("0.0001",)), (1e-5, ("1e-05",)),
    ],
)  # fmt: skip
def test_an_edge_is_written_as_go_and_openmetrics_write_it(edge, texts):
    assert edge_texts(edge) == texts


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("p95", "p95 < 100ms = slow share < 5%"),
        ("bytes", "p90 < 1MB = large share < 10%"),
        ("hits", "cache_hit_rate > 80% = all others < 20%"),
        ("throughput", "throughput >= 160/s = >= 48000 in 5m"),
    ],
)
def test_a_limit_stands_in_both_forms_in_each_alert(kind, words):
    found = render("".join(KINDS[kind]), runbook="https://runbooks.example/#")
    for alert in alerts_of(found).values():
        assert alert["annotations"]["limit"] == words
        assert alert["annotations"]["runbook_url"].startswith("https://runbooks.example/#")


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("p95", [f"Latency{end}" for end in ("OverBudget", "NearBudget", "BudgetBurn1h", "BudgetBurn6h", "NoData")]),
        ("hits", ["HitsOverBudget", "HitsNearBudget", "HitsNoData"]),
        ("throughput", ["RpsOverBudget", "RpsNearBudget", "RpsNoData"]),
    ],
)  # fmt: skip
def test_only_an_error_budget_has_burn_rates(kind, names):
    assert list(alerts_of(render("".join(KINDS[kind])))) == names


def test_the_events_that_a_budget_needs_follow_from_its_limit():
    needed = {"p95": 59, "failures": 299, "hits": 14}
    for kind, events in needed.items():
        assert f">= {events} " in next(iter(alerts_of(render("".join(KINDS[kind]))).values()))["expr"]


def test_only_the_series_of_a_job_are_watched():
    found = render("".join(KINDS["hits"]), job="shop")
    policy = config.parse("".join(KINDS["hits"]), "perfgate.toml")
    (each,), _ = watch(policy.budgets, policy.ratios, job="shop")
    assert each.events(300) == 'sum(increase(cache_operations_total{job="shop"}[5m]))'
    groups = yaml.safe_load(found.rules)["groups"]
    expressions = [rule["expr"] for group in groups for rule in group["rules"]]
    names = ("cache_operations_total{", "perfgate:budget_value{", "perfgate:budget_events{")
    assert all(e.count('job="shop"') == sum(map(e.count, names)) for e in expressions)
    assert all(rule["labels"]["job"] == "shop" for group in groups for rule in group["rules"])


TWO_SERVICES = """
rule_files: [{files}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
{series}
    alert_rule_test:
      - eval_time: 30m
        alertname: LatencyOverBudget
        exp_alerts: {alerts}
    promql_expr_test:
      - expr: perfgate:budget_value{{window="5m"}}
        eval_time: 30m
        exp_samples: {samples}
"""


@needs_promtool
@pytest.mark.tools
def test_of_two_services_in_one_prometheus_each_file_watches_its_own_and_without_a_job_both_are_one(tmp_path):
    """A tenth of all requests are those of a service of which a fifth is slow: 2 % of all are."""
    series = [
        f"      - {{series: 'prediction_latency_seconds_{part}', values: '0+{step}x40'}}"
        for job, fast, all_of_it in (("slow", 80, 100), ("fast", 900, 900))
        for part, step in (
            (f'bucket{{job="{job}",instance="{job}:80",le="0.1"}}', fast),
            (f'bucket{{job="{job}",instance="{job}:80",le="0.09"}}', fast),
            (f'count{{job="{job}",instance="{job}:80"}}', all_of_it),
        )
    ]
    for name, job in (("slow.yml", "slow"), ("fast.yml", "fast"), ("both.yml", "")):
        (tmp_path / name).write_text(render(KINDS["p95"][0], job=job).rules, encoding="utf-8")
    alert = {
        "exp_labels": {"budget": "latency", "job": "slow", "severity": "critical", "window": "5m"},
        "exp_annotations": alerts_of(render(KINDS["p95"][0], job="slow"))["LatencyOverBudget"]["annotations"]
        | {"description": "20% over 5m"},
    }
    recorded = 'perfgate:budget_value{{budget="latency",{}window="5m"}}'
    for files, shares, alerts in (
        ("slow.yml, fast.yml", {'job="fast",': 0.0, 'job="slow",': 0.2}, [alert]),
        ("both.yml", {"": 0.02}, []),
    ):
        samples = [{"labels": recorded.format(job), "value": share} for job, share in shares.items()]
        text = TWO_SERVICES.format(
            files=files, series="\n".join(series), alerts=json.dumps(alerts), samples=json.dumps(samples)
        )
        (tmp_path / "two.yml").write_text(text, encoding="utf-8")
        words = ["promtool", "test", "rules", "two.yml"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stdout + done.stderr
